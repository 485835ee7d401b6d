"""Set-points of the liquid furnaces in cells, as the bound sees them: what each cell earns and cokes at best."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float64, Int

from shiftwork.plants.centre.scenario import Scenario
from shiftwork.plants.cracker.furnace import CATALYTIC
from shiftwork.yardsticks.centre.economics import Tonne, coking, mixture_share, tonne_of

FEED_CELLS = 5
"""Intervals of feed from the lowest level up; one more holds all feeds below it."""
ROOMS = 8
"""Limits of coke that are kept of all that cells have; leaving some out is looser, never wrong."""


class Cells(NamedTuple):
    """Set-points in cells, each cell at the best of its set-points. M set-points, C cells, G groups.

    Attributes:
        tonne: Of all set-points, cell by cell.
        starts: First set-point of each cell, (C,).
        most_t_per_h: A furnace in the cell, (C,).
        growth: Least coking, mm/h of a furnace, (C, G); 0 while ramping.
        room: Thickest layer with which the cell can be run, mm, (C,), with what may still grow in
            the hour in which the tubes reach their limit; inf while ramping.
        least_t_per_h: The lowest feed level; below it a furnace only ramps.
        top_t_per_h: The most that a furnace takes.
    """

    tonne: Tonne
    starts: Int[np.ndarray, " C"]
    most_t_per_h: Float64[np.ndarray, " C"]
    growth: Float64[np.ndarray, "C G"]
    room: Float64[np.ndarray, " C"]
    least_t_per_h: float
    top_t_per_h: float

    @property
    def rooms(self) -> Float64[np.ndarray, " R"]:
        """Some of the cells' rooms, the largest among them, (R,)."""
        rooms = np.unique(self.room[np.isfinite(self.room)])
        return rooms[np.unique(np.linspace(0, len(rooms) - 1, ROOMS).round().astype(int))]


class Prices(NamedTuple):
    """What tonnes are worth in slots whose prices move. s slots, C cells, G groups.

    Attributes:
        mean: Margin of a tonne, $: mean over the slot of the hourly best, (s, C, G).
        idle: What an hour without feed may gain by falling on the worst hour of a slot, $ of a
            furnace, (s,).
        constant: What all furnaces may gain by what they do in which hour of a slot, $.
    """

    mean: Float64[np.ndarray, "s C G"]
    idle: Float64[np.ndarray, " s"]
    constant: float


def cells_of(
    scenario: Scenario,
    piona: Float64[np.ndarray, "P 5"],
    group: Int[np.ndarray, " P"],
    cot_cells: int,
) -> Cells:
    """Sort every set-point that ramps can reach into cells: by feed, then by temperature.

    Args:
        scenario: Of the centre.
        piona: Of all parcels that may be cracked, mass fractions.
        group: Of each parcel.
        cot_cells: Intervals of outlet temperature.
    """
    ours = scenario.furnaces
    cots = _reachable((*ours.cot_levels_c, ours.cot_c), ours.cot_ramp_c_per_h)
    top = (*ours.feed_levels_t_per_h, ours.feed_t_per_h)
    feeds = _reachable((0.0, *top), ours.feed_ramp_t_per_h)[1:]
    least = float(ours.feed_levels_t_per_h[0])
    cracks = feeds >= least
    feed_cell = np.zeros(len(feeds), int)
    feed_cell[cracks] = 1 + np.arange(cracks.sum()) * FEED_CELLS // cracks.sum()
    cot_cell = np.arange(len(cots)) * cot_cells // len(cots)
    feed, cot = (x.ravel() for x in np.meshgrid(feeds, cots, indexing="ij"))
    _, of = np.unique(
        np.stack([x.ravel() for x in np.meshgrid(feed_cell, cot_cell, indexing="ij")]),
        axis=1, return_inverse=True,
    )  # fmt: skip
    growth, room = coking(scenario, cot, feed, piona)
    ramps = feed < least
    # As fast as on bare metal, which is generous: a thick layer has covered the metal long since.
    room = np.where(ramps, np.inf, room + (1 + CATALYTIC) * growth.max())
    growth = np.where(ramps, 0.0, growth * mixture_share(growth, piona))
    order = np.argsort(of, kind="stable")
    tonne = tonne_of(scenario, cot[order], feed[order])
    starts = np.flatnonzero(np.diff(of[order], prepend=-1))
    slowest = np.minimum.reduceat(growth[:, order], starts, axis=1)  # (P, C)
    return Cells(
        tonne=tonne,
        starts=starts,
        most_t_per_h=np.maximum.reduceat(feed[order], starts),
        growth=np.stack([slowest[group == g].min(0) for g in range(group.max() + 1)], -1),
        room=np.maximum.reduceat(room[:, order], starts, axis=1).max(0),
        least_t_per_h=least,
        top_t_per_h=float(feeds.max()),
    )


def prices_in(
    cells: Cells,
    middle: Float64[np.ndarray, "G 5"],
    leaders: Float[np.ndarray, "T 5"],
    ends: Int[np.ndarray, " s"],
    furnaces: int,
) -> Prices:
    """Weigh tonnes at the mean of each slot's hourly best, and bound what is gained by the hour.

    In each hour a tonne is worth the slot's mean, a movement that all cells share (their mean), and
    what its own cell differs from that. Of the movement, whose sum is 0, a furnace gains by feeding
    more in better hours: from the least to the most feed if it cracks, all of the least feed if not.

    Args:
        cells: All set-points.
        middle: Composition of each group.
        leaders: Prices in each hour.
        ends: Of each slot, h.
        furnaces: How many there are.
    """
    worth = np.einsum("mcl,gc->lmg", cells.tonne.worth, middle)
    each = (leaders @ worth.reshape(len(worth), -1)).reshape(len(leaders), *worth.shape[1:])
    hourly = np.maximum.reduceat(each, cells.starts, axis=1)  # (T, C, G)
    hours = np.diff(ends, prepend=0)
    mean = np.add.reduceat(hourly, ends - hours) / hours[:, None, None]
    off = hourly - np.repeat(mean, hours, 0)
    shared = off[:, cells.most_t_per_h >= cells.least_t_per_h].mean((1, 2))
    own = (off - shared[:, None, None]) * cells.most_t_per_h[:, None]
    half_range = (cells.top_t_per_h - cells.least_t_per_h) / 2
    by_the_hour = np.maximum(own.max((1, 2)), 0.0) + half_range * np.abs(shared)
    return Prices(
        mean=mean,
        idle=cells.least_t_per_h * np.maximum.reduceat(-shared, ends - hours),
        constant=float(furnaces * by_the_hour.sum()),
    )


def _reachable(levels: tuple[float, ...], ramp: float) -> Float64[np.ndarray, " X"]:
    """Every value between the levels that goes from one to another in steps of the ramp."""
    low, high = min(levels), max(levels)
    steps = ramp * np.arange(-np.ceil((high - low) / ramp), np.ceil((high - low) / ramp) + 1)
    values = np.unique(np.round(np.add.outer(levels, steps), 4))
    return values[(values >= low) & (values <= high)]
