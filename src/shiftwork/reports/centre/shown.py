"""What of an episode is drawn: its first days, and not more points than a page can show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Array, Bool, Float, Int, Shaped
from matplotlib.axes import Axes

from shiftwork.plants.centre.trace import CentreTrace, tank_status

MOST_DAYS = 90
"""A longer episode is shown to here; more would be a smear."""
MOST_POINTS = 540

LEAST_MOVE = 0.025
"""Of a height: what can be seen."""

FILLING, RESTING, RELEASED, FEEDING = "#56b4e9", "#b4bac0", "#a9d8c8", "#0072b2"
TANK_COLOURS = (FILLING, RESTING, RELEASED, FEEDING)
"""In the order of ``TANK_WORDS``."""
CRACKING_COLOUR, DECOKING_COLOUR, STAND_BY_COLOUR, TOO_HOT_COLOUR = (
    "#8dbbdd", "#e69f00", "#cc79a7", "#d55e00",
)  # fmt: skip
FREE_COLOUR, COSTS_COLOUR = "#b4bac0", "#d55e00"


def shown_hours(trace: CentreTrace) -> int:
    """How many hours of an episode are drawn."""
    return min(len(trace.hours.hour), 24 * MOST_DAYS)


def tank_doings(trace: CentreTrace) -> Int[np.ndarray, "T K"]:
    """What each tank does, index into ``TANK_WORDS``."""
    return tank_status(trace.hours.tank, trace.hours.rest_h, trace.hours.share)


def days(count: int) -> Float[np.ndarray, " T"]:
    """Hours as days."""
    return np.arange(count) / 24.0


def thinned(values: Shaped[Array | np.ndarray, " T"]) -> Shaped[np.ndarray, " P"]:
    """Every n-th value, always including the last."""
    stride = -(-len(values) // MOST_POINTS)
    return np.append(np.asarray(values)[::stride], values[-1:])


def telling(
    height: Float[Array | np.ndarray, " T"], doing: Int[Array | np.ndarray, " T"]
) -> Int[np.ndarray, " P"]:
    """The hours that an area needs: where its height has moved visibly, or its colour changes.

    Args:
        height: Share of what is drawn at most.
        doing: What its colour tells.
    """
    heights, doings = np.asarray(height).tolist(), np.asarray(doing).tolist()
    kept = [0]
    for t in range(1, len(heights)):
        moved = abs(heights[t] - heights[kept[-1]]) >= LEAST_MOVE
        if moved or doings[t] != doings[t - 1]:
            kept.append(t)
    return np.array(kept)


def area(
    axes: Axes,
    height: Float[Array | np.ndarray, " T"],
    doing: Int[Array | np.ndarray, " T"],
    colours: Sequence[str],
    floor: float = 0.0,
    scale: float = 1.0,
) -> None:
    """Fill a stepped area from a floor on, coloured by what is done.

    Args:
        axes: Over days.
        height: Share of what is drawn at most.
        doing: Index into ``colours``.
        colours: Of what is done.
        floor: Where a height of 0 is drawn.
        scale: What a height of 1 is drawn as; negative on an axis that points down.
    """
    kept = telling(height, doing)
    x = np.append(kept, len(np.asarray(height))) / 24.0
    tops = floor + scale * np.asarray(height)[kept]
    does = np.asarray(doing)[kept]
    begins = np.flatnonzero(np.diff(does, prepend=-1))
    for first, last in zip(begins, np.append(begins[1:], len(kept)), strict=True):
        steps = np.append(tops[first:last], tops[last - 1])
        axes.fill_between(x[first : last + 1], floor, steps, step="post", linewidth=0,
                          color=colours[does[first]])  # fmt: skip


def spans(where: Bool[Array | np.ndarray, " T"]) -> list[tuple[float, float]]:
    """Stretches in which something holds, as (beginning, length) in days."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], where, [False]]).astype(np.int8)))
    return [(a / 24.0, (b - a) / 24.0) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def daily(values: Float[Array | np.ndarray, " T"]) -> Float[np.ndarray, " D"]:
    """Sum over each whole day."""
    whole = len(values) // 24
    return np.asarray(values, np.float64)[: 24 * whole].reshape(whole, 24).sum(1)


def on_days(axes: Axes, count: int) -> None:
    """Give an axis of days its ends and its name."""
    axes.set_xlim(0, count / 24.0)
    axes.set_xlabel("day")
