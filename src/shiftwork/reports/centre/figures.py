"""Curves of an episode: tank levels, money, furnaces, feed and prices."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from shiftwork.people.centre.signals import TANK_WORDS
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.state import CRACKING
from shiftwork.plants.centre.trace import CentreTrace
from shiftwork.plants.cracker.furnace import LIQUID
from shiftwork.reports.centre.shown import (
    TANK_COLOURS,
    area,
    daily,
    days,
    on_days,
    shown_hours,
    tank_doings,
    thinned,
)
from shiftwork.reports.paper.style import INK, MUTED, WIDTH_IN, styled

BLUE, VERMILLION, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#7b7f84"
COST_GROUPS = {
    "shortage of feed": (("shortage",), "#d55e00"),
    "decokes": (("decoke", "forced_decoke"), "#7b7f84"),
    "demurrage": (("demurrage",), "#e69f00"),
    "feed off its specification": (("off_spec",), "#cc79a7"),
    "changes of feed": (("switch", "quality_step"), "#56b4e9"),
    "cut feed, stand-by": (("curtailed", "stand_by"), "#009e73"),
}
"""Costs as they are drawn: name -> (items of the account, colour)."""


@styled
def tank_levels(plant: Centre, trace: CentreTrace) -> Figure:
    """Draw each tank's level between heel and high level, coloured by what it does."""
    layout, count = plant.layout, shown_hours(trace)
    lines = -(-layout.tanks // 2)
    figure = Figure((WIDTH_IN, 1.25 * lines + 0.85), layout="constrained")
    panels = figure.subplots(lines, 2, squeeze=False, sharex=True, sharey=True).reshape(-1)
    doing, most_m3 = tank_doings(trace)[:count], float(layout.capacity_m3.max())
    level = trace.hours.level_m3[:count] / most_m3
    for k, axes in enumerate(panels):
        if k >= layout.tanks:
            axes.set_visible(False)
            continue
        area(axes, level[:, k], doing[:, k], TANK_COLOURS, scale=most_m3 / 1000.0)
        for limit in (layout.heel_m3[k], layout.high_m3[k]):
            axes.axhline(limit / 1000.0, color=INK, linewidth=0.8, linestyle=":")
        axes.set_title(f"tank {plant.scenario.tanks[k].name}", color=INK)
        axes.set_ylim(0, 1.02 * most_m3 / 1000.0)
        if k % 2 == 0:
            axes.set_ylabel("1,000 m³")
    for axes in panels[max(layout.tanks - 2, 0) : layout.tanks]:
        on_days(axes, count)
        axes.tick_params(labelbottom=True)
    handles = [
        Patch(facecolor=colour, label=word.lower())
        for word, colour in zip(TANK_WORDS, TANK_COLOURS, strict=True)
    ]
    figure.legend(handles=handles, loc="outside upper left", ncols=4, fontsize=9, handlelength=1.1)
    return figure


@styled
def money(trace: CentreTrace) -> Figure:
    """Draw margin and profit by the day, and below what lies between them, by its kind."""
    count = shown_hours(trace) // 24 * 24
    account = {name: daily(v[:count]) for name, v in trace.hours.account._asdict().items()}
    costs = sum(value for name, value in account.items() if name != "margin")
    figure = Figure((WIDTH_IN, 4.6), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(1.25, 1.0))
    edges = np.arange(count // 24 + 1)
    for value, colour, name in (
        (account["margin"], GREY, "margin"),
        (account["margin"] - costs, BLUE, "profit: margin less costs"),
    ):
        upper.stairs(value / 24e3, edges, baseline=None, color=colour, linewidth=1.7, label=name)
    upper.axhline(0.0, color=MUTED, linewidth=0.8)
    upper.set_ylabel("1,000 $/h, mean of a day")
    upper.grid(axis="y")
    upper.legend(loc="upper left", bbox_to_anchor=(0, 1.22), ncols=2, fontsize=9)
    base = np.zeros(count // 24)
    for name, (items, colour) in COST_GROUPS.items():
        value = sum((account[item] for item in items), np.zeros_like(base)) / 24e3
        lower.bar(edges[:-1] + 0.5, value, 0.86, bottom=base, color=colour, label=name)
        base = base + value
    lower.set_ylim(0, max(1.08 * float(base.max(initial=0.0)), 0.1))
    lower.set_ylabel("costs, 1,000 $/h")
    lower.grid(axis="y")
    lower.legend(loc="upper left", bbox_to_anchor=(0, 1.34), ncols=3, fontsize=9,
                 handlelength=1.1)  # fmt: skip
    on_days(lower, count)
    return figure


@styled
def furnaces(plant: Centre, trace: CentreTrace) -> Figure:
    """Draw tube temperatures up to their limit, outlet temperatures, feed and shared limits."""
    hours, count = trace.hours, shown_hours(trace)
    x = thinned(days(count))
    # Below its least load a furnace only ramps.
    cracks = hours.mode[:count] == CRACKING
    cracks = cracks & (hours.feed_t_per_h[:count] >= LIQUID.feed_low_t_per_h)
    figure = Figure((WIDTH_IN, 6.2), layout="constrained")
    tubes, outlet, feed, load = figure.subplots(4, 1, sharex=True, height_ratios=(1.5, 1, 1, 1))
    for f in range(plant.layout.furnaces):
        # While it is decoked its tubes tell nothing.
        shown = np.where(cracks[:, f], hours.tube_c[:count, f], np.nan)
        tubes.plot(x, thinned(shown), color=BLUE, linewidth=1.1, alpha=0.75)
    _limit(tubes, LIQUID.tube_limit_c, f"limit {LIQUID.tube_limit_c:,.0f} °C")
    tubes.set_ylabel("tube metal, °C")
    cot = np.where(cracks, hours.cot_c[:count], np.nan)
    some = cracks.any(1)
    low, high = (
        np.where(some, np.nan_to_num(f(cot), nan=0.0), np.nan) for f in (_lowest, _highest)
    )
    outlet.fill_between(x, thinned(low), thinned(high), color=BLUE, alpha=0.25, linewidth=0)
    mean = np.where(cracks, hours.cot_c[:count], 0.0).sum(1) / np.maximum(cracks.sum(1), 1)
    outlet.plot(x, thinned(np.where(some, mean, np.nan)), color=BLUE, linewidth=1.4)
    outlet.set_ylabel("outlet, °C")
    feed.plot(x, thinned(hours.fed_t[:count]), color=INK, linewidth=1.2, drawstyle="steps-post")
    feed.set_ylim(bottom=0)
    feed.set_ylabel("feed, t/h")
    for column, colour, name in ((0, VERMILLION, "compressor"), (1, GREEN, "steam")):
        value = 100.0 * hours.load[:count, column]
        load.plot(x, thinned(value), color=colour, linewidth=1.2, label=name)
    _limit(load, 100.0, "limit")
    load.set_ylim(50, 106)
    load.set_ylabel("load, %")
    load.legend(loc="lower left", ncols=2, fontsize=9)
    for axes in (tubes, outlet, feed, load):
        axes.grid(axis="y")
    on_days(load, count)
    figure.align_ylabels([tubes, outlet, feed, load])
    return figure


@styled
def feed_and_prices(trace: CentreTrace) -> Figure:
    """Draw what the feed is made of and what naphtha and products cost."""
    hours, count = trace.hours, shown_hours(trace)
    x = thinned(days(count))
    figure = Figure((WIDTH_IN, 4.2), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True)
    blend = 100.0 * hours.blend[:count]
    for value, colour, name in (
        (blend[:, 0] + blend[:, 1], BLUE, "paraffins"),
        (blend[:, 3], GREEN, "naphthenes"),
        (blend[:, 4], VERMILLION, "aromatics"),
    ):
        upper.plot(x, thinned(value), color=colour, linewidth=1.5, drawstyle="steps-post")
        upper.annotate(name, (x[-1], value[-1]), xytext=(5, 0), textcoords="offset points",
                       color=colour, fontsize=9, va="center", annotation_clip=False)  # fmt: skip
    upper.set_ylim(0, 100)
    upper.set_ylabel("feed, wt %")
    for column, colour, name in ((2, VERMILLION, "propylene"), (1, BLUE, "ethylene"),
                                 (0, GREY, "naphtha")):  # fmt: skip
        price = hours.prices[:count, column]
        lower.plot(x, thinned(price), color=colour, linewidth=1.5)
        lower.annotate(name, (x[-1], price[-1]), xytext=(5, 0), textcoords="offset points",
                       color=colour, fontsize=9, va="center", annotation_clip=False)  # fmt: skip
    lower.set_ylabel("price, $/t")
    for axes in (upper, lower):
        axes.grid(axis="y")
    on_days(lower, count)
    return figure


def _limit(axes: Axes, value: float, name: str) -> None:
    axes.axhline(value, color=INK, linewidth=1.0, linestyle=(0, (4, 3)))
    axes.annotate(name, (1, value), xycoords=("axes fraction", "data"), xytext=(-2, 2),
                  textcoords="offset points", ha="right", color=MUTED, fontsize=9)  # fmt: skip


def _lowest(value: Float[np.ndarray, "T F"]) -> Float[np.ndarray, " T"]:
    return np.where(np.isnan(value), np.inf, value).min(1)


def _highest(value: Float[np.ndarray, "T F"]) -> Float[np.ndarray, " T"]:
    return np.where(np.isnan(value), -np.inf, value).max(1)
