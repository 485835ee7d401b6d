"""Who does what when: ships at anchor and at berths, tanks, furnaces, each a lane."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from shiftwork.people.centre.signals import TANK_WORDS
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.state import DECOKING, QUEUED, STAND_BY
from shiftwork.plants.centre.trace import CentreTrace
from shiftwork.plants.cracker.furnace import LIQUID
from shiftwork.reports.centre.shown import (
    COSTS_COLOUR,
    CRACKING_COLOUR,
    DECOKING_COLOUR,
    FREE_COLOUR,
    STAND_BY_COLOUR,
    TANK_COLOURS,
    TOO_HOT_COLOUR,
    area,
    on_days,
    shown_hours,
    spans,
    tank_doings,
)
from shiftwork.reports.paper.style import INK, MUTED, RULE, WIDTH_IN, styled

LANE_IN, BAR = 0.29, 0.76
"""Height of a lane in inches, and the share of it that is drawn on."""
MOST_AT_ANCHOR = 4
STOPPED = (
    (DECOKING, "decoke", DECOKING_COLOUR),
    (STAND_BY, "stand-by", STAND_BY_COLOUR),
    (QUEUED, "too hot", TOO_HOT_COLOUR),
)


@styled
def gantt(plant: Centre, trace: CentreTrace) -> Figure:
    """Draw the lanes of an episode.

    A tank's lane is filled to its level, a furnace's to its feed: half full is half a lane.

    Args:
        plant: The centre.
        trace: One episode, as NumPy arrays.
    """
    layout, count = plant.layout, shown_hours(trace)
    anchor = _anchor_lanes(trace, count)
    groups = (max(1, 1 + max((lane for *_, lane in anchor), default=0)), layout.berths,
              layout.tanks, layout.furnaces)  # fmt: skip
    # A gap as wide as a lane between groups.
    height = LANE_IN * (sum(groups) + 0.7 * (len(groups) - 1))
    figure = Figure((WIDTH_IN, height + 1.15), layout="constrained")
    axes = figure.subplots()
    names: list[tuple[float, str]] = []
    at = 0.0
    for group, size in enumerate(groups):
        for lane in range(size):
            y = at + lane
            names.append((y, _name(plant, group, lane, size)))
            axes.axhline(y + BAR / 2, color=RULE, linewidth=0.6, zorder=0)
        if group == 0:
            _anchored(axes, anchor, at)
        elif group == 1:
            _berths(axes, trace, count, at)
        elif group == 2:
            _tanks(axes, plant, trace, count, at)
        else:
            _furnaces(axes, trace, count, at)
        at += size + 0.7
    axes.set_ylim(at - 0.9, -0.7)
    axes.set_yticks([y for y, _ in names], [name for _, name in names])
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.spines["left"].set_visible(False)
    on_days(axes, count)
    axes.grid(axis="x")
    _legend(figure)
    return figure


def _name(plant: Centre, group: int, lane: int, size: int) -> str:
    if group == 0:
        return "at anchor" if lane == 0 else ""
    if group == 1:
        return "berth" if size == 1 else f"berth {lane + 1}"
    if group == 2:
        return f"tank {plant.scenario.tanks[lane].name}"
    return f"furnace {lane + 1}"


def _anchor_lanes(trace: CentreTrace, count: int) -> list[tuple[int, float, float, float, int]]:
    """Ships at anchor: (ship, from, begins to cost, until, lane), hours; the first free lane."""
    ships, called = trace.ships, trace.hours.called[:count]
    lanes: list[tuple[int, float, float, float, int]] = []
    free_from: list[float] = []
    for ship in np.argsort(ships.arrival_h, kind="stable"):
        begin = float(ships.arrival_h[ship])
        end = float(np.flatnonzero(called[:, ship])[0]) if called[-1, ship] else float(count)
        if begin >= count or end <= begin:
            continue
        open_lanes = [k for k, until in enumerate(free_from) if until <= begin]
        lane = open_lanes[0] if open_lanes else len(free_from)
        free_from += [0.0] * (lane + 1 - len(free_from))
        free_from[lane] = end
        lanes.append((int(ship), begin, float(ships.free_until_h[ship]), end, lane))
    # Beyond some lanes a queue is told by the bars that lie over each other.
    return [(*bar, min(lane, MOST_AT_ANCHOR - 1)) for *bar, lane in lanes]  # type: ignore[misc]


def _anchored(axes: Axes, lanes: list[tuple[int, float, float, float, int]], at: float) -> None:
    for ship, begin, costs_from, end, lane in lanes:
        middle = min(max(costs_from, begin), end)
        for since, until, colour in ((begin, middle, FREE_COLOUR), (middle, end, COSTS_COLOUR)):
            if until > since:
                _bar(axes, at + lane, since / 24, (until - since) / 24, colour)
        if end - begin >= 20:
            _number(axes, at + lane, (begin + end) / 48, ship)


def _berths(axes: Axes, trace: CentreTrace, count: int, at: float) -> None:
    hours = trace.hours
    for berth in range(hours.ship.shape[1]):
        there, tank = hours.ship[:count, berth], hours.tank[:count, berth]
        for ship in np.unique(there[there >= 0]):
            here = there == ship
            costs = np.arange(count) >= trace.ships.free_until_h[ship]
            for where, colour in (
                (here & (tank >= 0), TANK_COLOURS[0]),
                (here & (tank < 0), FREE_COLOUR),
                (here & costs & (tank < 0), COSTS_COLOUR),
            ):
                for begin, length in spans(where):
                    _bar(axes, at + berth, begin, length, colour)
            inside = np.flatnonzero(here)
            _number(axes, at + berth, (inside[0] + inside[-1] + 1) / 48, int(ship))


def _tanks(axes: Axes, plant: Centre, trace: CentreTrace, count: int, at: float) -> None:
    doing = tank_doings(trace)[:count]
    full = trace.hours.level_m3[:count] / plant.layout.capacity_m3
    for k in range(plant.layout.tanks):
        area(axes, full[:, k], doing[:, k], TANK_COLOURS, at + k + BAR / 2, -BAR)


def _furnaces(axes: Axes, trace: CentreTrace, count: int, at: float) -> None:
    mode = trace.hours.mode[:count]
    full = trace.hours.feed_t_per_h[:count] / LIQUID.feed_high_t_per_h
    cracks = np.zeros(count, np.int32)
    for f in range(mode.shape[1]):
        area(axes, full[:, f], cracks, (CRACKING_COLOUR,), at + f + BAR / 2, -BAR)
        for number, _, colour in STOPPED:
            for begin, length in spans(mode[:, f] == number):
                _bar(axes, at + f, begin, length, colour)


def _bar(axes: Axes, y: float, begin: float, length: float, colour: str) -> None:
    axes.barh(y, length, left=begin, height=BAR, color=colour, linewidth=0)


def _number(axes: Axes, y: float, x: float, ship: int) -> None:
    axes.text(x, y, str(ship + 1), fontsize=7.5, color="#1d2329", ha="center", va="center_baseline",
              clip_on=True, zorder=5)  # fmt: skip


def _legend(figure: Figure) -> None:
    words = [word.lower() for word in TANK_WORDS]
    parts = [("ship waits", FREE_COLOUR), ("waits and costs", COSTS_COLOUR)]
    words[0] += ", ship unloads"
    parts += [(f"tank {word}", colour) for word, colour in zip(words, TANK_COLOURS, strict=True)]
    parts += [("furnace cracks", CRACKING_COLOUR)]
    parts += [(f"furnace: {name}", colour) for _, name, colour in STOPPED]
    handles = [Patch(facecolor=colour, label=name) for name, colour in parts]
    figure.legend(handles=handles, loc="outside upper left", ncols=5, fontsize=8.5,
                  handlelength=1.1, handletextpad=0.5, columnspacing=1.4, labelcolor=MUTED)  # fmt: skip
