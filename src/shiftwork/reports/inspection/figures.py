"""The pictures of an inspection, each a function from data to a Matplotlib ``Figure``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float64
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from shiftwork.records.historian.deadband import WIDE
from shiftwork.reports.inspection.contents import Foresight, Support, TagRecord
from shiftwork.reports.inspection.coverage import runs, share_known
from shiftwork.reports.inspection.practice import Practice
from shiftwork.reports.paper.style import (
    COLOURS,
    INK,
    MOST_PANELS,
    MUTED,
    RECORDS,
    WIDTH_IN,
    short,
    styled,
)

MOST_LINES = 4
"""Actions that the timeline draws."""

MOST_STRIPS = 12
"""Incomplete tags that it draws, the worst first."""

MOST_BANDS = 30
"""Tags in the picture of dead-bands, the widest first."""

BINS, STRIP_BINS = 600, 300
"""Parts into which the time is cut for lines and strips."""

GREY, BLUE, ORANGE = COLOURS[RECORDS], COLOURS["offline"], COLOURS["online"]


@styled
def timeline(
    time: np.ndarray,
    lines: Sequence[tuple[str, Float64[np.ndarray, " T"]]],
    strips: Sequence[tuple[str, Bool[np.ndarray, " T"]]],
    incomplete: Sequence[tuple[str, Bool[np.ndarray, " T"]]],
) -> Figure:
    """Draw lines and strips over the time of the records.

    Args:
        time: Stamps, (T,) datetime64.
        lines: What stands at the axis, and values, NaN where there is none.
        strips: Name, and where it holds.
        incomplete: Name of a tag, and where it is known.
    """
    heights = [1.35] * len(lines) + [0.26 * (len(strips) + len(incomplete)) + 0.1]
    figure = Figure((WIDTH_IN, sum(heights) + 0.7), layout="constrained")
    panels = figure.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)[
        :, 0
    ]
    days = date2num(time)
    for axes, (name, value) in zip(panels, lines, strict=False):
        _envelope(axes, days, value)
        axes.set_ylabel(name, rotation=0, ha="right", va="center", labelpad=8)
        axes.grid(axis="y")
    base = panels[-1]
    step = (days[-1] - days[0]) / max(len(days) - 1, 1) or 1 / 1440  # a lone stamp is a minute
    for row, (_, holds) in enumerate(strips):
        first, end = runs(holds)
        _bars(base, row, days[first], (end - first) * step, GREY, 0.75)
    for row, (_, known) in enumerate(incomplete, len(strips)):
        bins = min(STRIP_BINS, len(known))
        share, width = share_known(known, bins), (days[-1] - days[0] + step) / bins
        _bars(base, row, days[:1], np.array([days[-1] - days[0] + step]), GREY, 0.3)
        for part, opacity in ((share < 1, 0.4), (share < 0.5, 1.0)):
            first, end = runs(part)
            _bars(base, row, days[0] + width * first, width * (end - first), ORANGE, opacity)
    names = [name for name, _ in (*strips, *incomplete)]
    base.set_yticks(range(len(names)), [short(name, 24) for name in names])
    base.tick_params(axis="y", length=0, labelcolor=INK, labelsize=10)
    base.set_ylim(len(names) - 0.4, -0.6)
    base.spines["left"].set_visible(False)
    locator = AutoDateLocator(minticks=4, maxticks=9)
    base.xaxis.set_major_locator(locator)
    base.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    base.set_xlim(days[0], days[-1] + step)
    return figure


def _envelope(axes: Axes, days: np.ndarray, value: Float64[np.ndarray, " T"]) -> None:
    """A line for short records; for long ones the band between least and most of each part."""
    if len(value) <= 2 * BINS:
        axes.plot(days, value, color=GREY, linewidth=1.2)
        return
    edges = np.linspace(0, len(value), BINS + 1).astype(int)
    parts = [value[a:b][~np.isnan(value[a:b])] for a, b in pairwise(edges)]
    low, middle, high = (
        np.array([f(part) if len(part) else np.nan for part in parts])
        for f in (np.min, np.median, np.max)
    )
    at = days[(edges[:-1] + edges[1:]) // 2]
    axes.fill_between(at, low, high, color=GREY, alpha=0.35, linewidth=0)
    axes.plot(at, middle, color=GREY, linewidth=1.2)


def _bars(
    axes: Axes, row: int, start: np.ndarray, width: np.ndarray, colour: str, opacity: float
) -> None:
    spans = list(zip(start.tolist(), width.tolist(), strict=True))
    axes.broken_barh(spans, (row - 0.32, 0.64), facecolor=colour, alpha=opacity, linewidth=0)


@styled
def action_use(practices: Sequence[Practice]) -> Figure:
    """Where each action was put, and how far it was moved at a time, a row for each."""
    shown = practices[:MOST_PANELS]
    figure = Figure((WIDTH_IN, 1.9 * len(shown) + 0.5), layout="constrained")
    grid = figure.subplots(len(shown), 2, squeeze=False)
    for (left, right), practice in zip(grid, shown, strict=True):
        unit = f" [{short(practice.tag.unit, 12)}]" if practice.tag.unit else ""
        name = short(practice.tag.key, 24)
        _histogram(left, practice.setting, f"{name}{unit}")
        _histogram(right, practice.move[practice.moved], f"one move of {name}{unit}")
        left.set_ylabel("steps (%)")
        right.set_ylabel("moves (%)")
        right.axvline(0, color=MUTED, linewidth=0.8)
        for end in practice.bounds:
            _mark(left, end)
        for end in practice.rate:
            _mark(right, end)
    return figure


def _mark(axes: Axes, limit: float) -> None:
    """Draw a limit, unless what was used would shrink to a line beside it."""
    low, high = axes.get_xlim()
    if low - 10 * (high - low) < limit < high + 10 * (high - low):
        axes.axvline(limit, color=INK, linewidth=1.0, linestyle=":")


def _histogram(axes: Axes, values: np.ndarray, label: str) -> None:
    axes.set_xlabel(label)
    if len(values):
        share, edges = np.histogram(values, 40)
        axes.stairs(100 * share / len(values), edges, fill=True, color=GREY, alpha=0.6, linewidth=0)
    axes.margins(x=0.03)


@styled
def foresight_curve(foresight: Foresight, unit: str, factor: float) -> Figure:
    """Draw how well a reward is foretold against how much later it is.

    Args:
        foresight: What was measured.
        unit: Of the axis of time.
        factor: Seconds in it.
    """
    figure = Figure((WIDTH_IN, 3.0), layout="constrained")
    axes = figure.subplots()
    after = np.array(foresight.after_s) / factor
    by_all, by_seen = 100 * np.array(foresight.by_all), 100 * np.array(foresight.by_seen)
    axes.fill_between(
        after, by_seen, np.maximum(by_all, by_seen), color=BLUE, alpha=0.25, linewidth=0
    )
    axes.plot(after, by_seen, color=GREY, linewidth=2, label="by what was seen")
    axes.plot(after, by_all, color=BLUE, linewidth=2, label="by what was seen and done")
    axes.axvline(foresight.horizon_s / factor, color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
    axes.annotate(
        "horizon",
        (foresight.horizon_s / factor, 1),
        xycoords=("data", "axes fraction"),
        xytext=(4, -2),
        textcoords="offset points",
        va="top",
        color=INK,
    )
    axes.set_xlabel(f"how much later the reward is ({unit})")
    axes.set_ylabel("of its variance foretold (%)")
    axes.set_ylim(0, max(5.0, 1.08 * float(max(by_all.max(), by_seen.max()))))
    axes.set_xlim(0, min(after[-1], 5 * foresight.horizon_s / factor))
    axes.grid(axis="y")
    axes.legend(loc="upper right")
    return figure


@styled
def support_bars(support: Support) -> Figure:
    """Draw the supported share of each episode."""
    figure = Figure((WIDTH_IN, 2.3), layout="constrained")
    axes = figure.subplots()
    share = 100 * np.array(support.by_episode)
    number = np.arange(len(share))
    axes.bar(number, share, width=0.8, color=GREY, alpha=0.6, linewidth=0)
    axes.bar(number, 100 - share, 0.8, share, color=ORANGE, alpha=0.85, linewidth=0)
    axes.set_xlabel("episode")
    axes.set_ylabel("supported (%)")
    axes.set_ylim(0, 100)
    axes.set_xlim(-0.6, len(share) - 0.4)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


@styled
def dead_bands(tags: Sequence[TagRecord]) -> Figure:
    """Draw each dead-band against its tag's standard deviation, the widest first."""
    shown = widest(tags)
    figure = Figure((WIDTH_IN, 0.27 * len(shown) + 0.9), layout="constrained")
    axes = figure.subplots()
    for row, tag in enumerate(shown):
        colour = ORANGE if tag.hidden else GREY
        axes.plot([0, _ratio(tag)], [row, row], color=colour, linewidth=1.5, alpha=0.6)
        axes.plot([_ratio(tag)], [row], "o", color=colour, markersize=7)
    axes.axvline(WIDE, color=MUTED, linewidth=1, linestyle=":")
    axes.set_yticks(range(len(shown)), [short(tag.key, 24) for tag in shown])
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xlim(0, None)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("effective dead-band, in standard deviations of the tag")
    return figure


def widest(tags: Sequence[TagRecord]) -> list[TagRecord]:
    """The tags with a dead-band, the widest against its tag's variation first."""
    found = [tag for tag in tags if tag.dead_band and tag.deviation]
    return sorted(found, key=_ratio, reverse=True)[:MOST_BANDS]


def _ratio(tag: TagRecord) -> float:
    return (tag.dead_band or 0.0) / (tag.deviation or 1.0)
