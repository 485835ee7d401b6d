"""The pictures of a report, each a function from data to a Matplotlib ``Figure``.

Records are grey, what learned offline is blue, what went on learning online is vermillion, in every
picture (Okabe and Ito's colours, told apart by the colour-blind). Nothing here touches pyplot,
so that no global state is left behind. Save with ``save``, which keeps the style.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from shiftwork.plants.plant import ScoreRange
from shiftwork.records.tags import Tag, Tags
from shiftwork.reports.agent.contents import Trace, ValueCheck
from shiftwork.reports.agent.trajectories import Track, trajectories
from shiftwork.reports.paper.measures import mean_of, number, shown_span
from shiftwork.reports.paper.style import (
    COLOURS,
    INK,
    MOST_PANELS,
    MUTED,
    RECORDS,
    WIDTH_IN,
    colours,
    label,
    save,
    short,
    styled,
    svg,
)

__all__ = [
    "Track",
    "action_histograms",
    "learning_curves",
    "offset_curves",
    "online_progress",
    "return_distributions",
    "save",
    "svg",
    "trajectories",
    "value_checks",
]


@styled
def return_distributions(returns: Mapping[str, np.ndarray]) -> Figure:
    """Distribution of episode returns, one row for each source, on one axis.

    Args:
        returns: "records" or an agent's name -> returns, (E,).
    """
    figure = Figure((WIDTH_IN, 0.95 * len(returns) + 0.75), layout="constrained")
    rows = figure.subplots(len(returns), 1, sharex=True, squeeze=False)[:, 0]
    pooled = np.concatenate(list(returns.values()))
    low, high = float(pooled.min()), float(pooled.max())
    room = 0.03 * (high - low) or max(abs(high), 1.0) * 0.05
    edges = np.linspace(low - room, high + room, 61)
    for axes, (name, colour) in zip(rows, colours(returns).items(), strict=True):
        share = np.histogram(returns[name], edges)[0] / len(returns[name])
        mean = float(np.mean(returns[name]))
        axes.stairs(share, edges, fill=True, color=colour, alpha=0.45, linewidth=0)
        axes.axvline(mean, color=colour, linewidth=2)
        axes.annotate(
            f"mean {number(mean)}",
            (mean, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            color=INK,
        )
        axes.set_ylabel(label(name), rotation=0, ha="right", va="center", labelpad=8)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="x", length=3 if axes is rows[-1] else 0)
    rows[-1].set_xlabel("return of an episode (sum of its rewards)")
    return figure


@styled
def online_progress(trace: Trace, records_mean: float, score: ScoreRange | None = None) -> Figure:
    """Mean return against plant steps, with its interval, from the offline agent on.

    Args:
        trace: Learning on the plant.
        records_mean: Mean return of the records.
        score: Puts the published scale at the right.
    """
    figure = Figure((WIDTH_IN, 3.7), layout="constrained")
    axes = figure.subplots()
    whole = np.isfinite(trace.returns).all(1)
    steps, means = trace.steps[whole], [mean_of(row) for row in trace.returns[whole]]
    offline, online = COLOURS["offline"], COLOURS["online"]
    ended = (trace.training_end >= 0) & np.isfinite(trace.training_return)
    axes.scatter(
        trace.training_end[ended],
        trace.training_return[ended],
        s=12,
        color=online,
        alpha=0.45,
        linewidth=0,
        rasterized=int(ended.sum()) > 1_500,
        label="training episode, with its trials",
    )
    axes.fill_between(
        steps,
        [m.low for m in means],
        [m.high for m in means],
        color=online,
        alpha=0.22,
        linewidth=0,
    )
    axes.plot(
        steps,
        [m.estimate for m in means],
        color=online,
        linewidth=2,
        marker="o",
        markersize=3.5,
        label="evaluation: mean, 95 % interval",
    )
    if len(means):
        axes.plot(
            steps[:1],
            [means[0].estimate],
            "o",
            color=offline,
            markersize=7,
            zorder=5,
            label="offline agent",
            clip_on=False,
        )
    axes.axhline(
        records_mean,
        color=COLOURS[RECORDS],
        linewidth=1.6,
        linestyle=(0, (5, 3)),
        label=f"records, mean {number(records_mean)}",
    )
    axes.set_xlabel("steps made on the plant")
    axes.set_ylabel("return of an episode")
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.grid(axis="y")
    if score:
        right = axes.secondary_yaxis(
            "right", functions=(score.normalized, partial(_unscaled, score))
        )
        right.set_ylabel("normalized score")
        right.spines["right"].set_visible(True)
    figure.legend(loc="outside upper left", ncols=4, fontsize=9, handletextpad=0.5)
    return figure


def _unscaled(score: ScoreRange, normalized: np.ndarray) -> np.ndarray:
    return score.low + (score.high - score.low) / 100 * np.asarray(normalized)


@styled
def value_checks(checks: Mapping[str, ValueCheck]) -> Figure:
    """Estimated value from records beside what came true, as dots with intervals.

    Args:
        checks: Name of an agent -> its check. One axis if all have the same discount.
    """
    count = len(checks)
    one_axis = len({check.discount for check in checks.values()}) == 1
    figure = Figure((WIDTH_IN, 1.25 * count + 0.75), layout="constrained")
    rows = figure.subplots(count, 1, sharex=one_axis, squeeze=False)[:, 0]
    for axes, (name, colour) in zip(rows, colours(checks).items(), strict=True):
        check = checks[name]
        lines = [
            ("records: what people earned", check.records, COLOURS[RECORDS], "full"),
            ("estimated from records", check.estimate, colour, "none"),
            ("came true on the plant", check.outcome, colour, "full"),
        ]
        known = [line for line in lines if line[1] and np.isfinite(line[1]).all()]
        for height, (_, interval, shade, fill) in enumerate(known):
            assert interval is not None
            axes.plot([interval.low, interval.high], [height, height], color=shade, linewidth=2.2)
            axes.plot(
                [interval.estimate],
                [height],
                "o",
                color=shade,
                markersize=8,
                fillstyle="full",
                markeredgewidth=1.8,
                markerfacecolor="white" if fill == "none" else shade,
            )
            axes.annotate(
                number(interval.estimate),
                (interval.high, height),
                xytext=(9, 0),
                textcoords="offset points",
                va="center",
                color=INK,
            )
        axes.set_yticks(range(len(known)), [line[0] for line in known])
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.set_ylim(len(known) - 0.4, -0.6)
        axes.margins(x=0.12)
        axes.grid(axis="x")
        axes.spines["left"].set_visible(False)
        axes.set_title(f"{label(name)}, discount {check.discount:.4g}")
    rows[-1].set_xlabel("discounted return from the beginning of an episode (plant reward)")
    return figure


@styled
def offset_curves(offsets: Sequence[tuple[Tag, Mapping[str, np.ndarray]]]) -> Figure:
    """Share of set-point periods that end nearer to the target than a distance.

    Args:
        offsets: For each target pair the value's tag, and source -> steady offsets, (N,).
    """
    figure = Figure((WIDTH_IN, 3.3), layout="constrained")
    panels = figure.subplots(1, len(offsets), squeeze=False, sharey=True)[0]
    share = np.linspace(0, 100, 201)
    for axes, (tag, series) in zip(panels, offsets, strict=True):
        pooled = np.concatenate(list(series.values()))
        floor = max(float(np.percentile(pooled, 0.5)), 1e-4 * float(pooled.max()), 1e-12)
        for name, colour in colours(series).items():
            distance = np.maximum(np.percentile(series[name], share), floor)
            axes.plot(distance, share, color=colour, linewidth=2, label=label(name))
            axes.plot(
                [max(float(np.median(series[name])), floor)], [50], "o", color=colour, markersize=7
            )
        axes.set_xscale("log")
        if pooled.max() < 30 * floor:  # else there may be a single tick
            axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
        axes.xaxis.set_minor_formatter(lambda x, _: "")
        axes.set_xlabel(
            f"|{short(tag.name, 24)} − its target|"
            + (f" [{short(tag.unit, 12)}]" if tag.unit else "")
        )
        axes.grid(axis="both")
    panels[0].set_ylabel("periods that end nearer (%)")
    _one_legend(figure, panels[0])
    return figure


def _one_legend(figure: Figure, axes: Axes) -> None:
    handles, names = axes.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper left", ncols=max(len(names), 1), fontsize=9)


@styled
def learning_curves(history: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """Metrics of offline learning as small multiples; gaps where a value is not a number.

    Args:
        history: Metric -> (updates, values), each (P,).
    """
    count = len(history)
    columns = 2 if count == 4 else min(count, 3)
    lines = -(-count // columns)
    figure = Figure((WIDTH_IN, 2.2 * lines + 0.4), layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False).reshape(-1)
    for axes, (name, (updates, values)) in zip(panels, history.items(), strict=False):
        shown = np.where(np.isfinite(values), values, np.nan)
        axes.plot(updates, shown, color=COLOURS["offline"], linewidth=1.6)
        axes.set_title(short(name.replace("_", " ")), color=INK)
        axes.set_xlabel("updates")
        axes.xaxis.set_major_formatter(lambda x, _: f"{x / 1000:g}k" if x else "0")
        axes.grid(axis="y")
    for axes in panels[count:]:
        axes.set_visible(False)
    return figure


@styled
def action_histograms(
    tags: Tags,
    actions: Mapping[str, np.ndarray],
    ranges: tuple[np.ndarray, np.ndarray] | None = None,
) -> Figure:
    """How often each action was taken, a panel for each tag.

    Args:
        tags: Of the actions.
        actions: "records" or an agent's name -> actions, (T, A), plant units.
        ranges: Lowest and highest action that the agents can propose, (A,) each.
    """
    count = min(len(tags), MOST_PANELS)
    columns = min(count, 3)
    lines = -(-count // columns)
    figure = Figure((WIDTH_IN, 2.6 * lines + 0.3), layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False).reshape(-1)
    for column, (axes, tag) in enumerate(zip(panels, tags[:count], strict=False)):
        span = shown_span([taken[:, column] for taken in actions.values()], (tag.low, tag.high))
        edges = np.linspace(*span, 42)
        for name, colour in colours(actions).items():
            taken = np.clip(actions[name][:, column].astype(np.float64), *span)
            share = 100 * np.histogram(taken, edges)[0] / len(taken)
            filled = name == RECORDS
            axes.stairs(
                share,
                edges,
                fill=filled,
                color=colour,
                alpha=0.45 if filled else 1,
                linewidth=0 if filled else 1.7,
                label=label(name),
            )
        for end in (ranges[0][column], ranges[1][column]) if ranges else ():
            if span[0] <= end <= span[1]:
                axes.axvline(float(end), color=MUTED, linewidth=0.9, linestyle=":")
        axes.set_xlabel(short(tag.label, 34))
        if column % columns == 0:
            axes.set_ylabel("steps (%)")
    for axes in panels[count:]:
        axes.set_visible(False)
    _one_legend(figure, panels[0])
    return figure
