"""How much of the time the plant stood still, and where records leave their limits."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64

from shiftwork.records.historian.cut import Cut
from shiftwork.records.historian.grid import Grid
from shiftwork.reports.inspection.contents import Breach, Steadiness
from shiftwork.reports.inspection.coverage import iso

WINDOW = 10
"""Decision periods before and after a stamp that are compared."""

LEAST = 0.1
"""Change between them, in standard deviations, that counts as none."""


def standing_still(grid: Grid) -> tuple[Steadiness | None, Bool[np.ndarray, " T"]]:
    """Find the stamps at which the plant stood still.

    It stands still where the observations' means over the ten periods before and after differ by
    less than a tenth of a standard deviation (root mean square over those tags that vary and are
    known throughout).
    """
    still = np.zeros(len(grid.time), bool)
    square, count = np.zeros(len(grid.time)), np.zeros(len(grid.time))
    for tag in grid.plant.of_role("observation"):
        value = grid.value[:, grid.keys.index(tag.key)]
        known = value[~np.isnan(value)]
        deviation = known.std() if len(known) else 0.0
        if len(value) <= 2 * WINDOW or deviation <= 1e-6 * np.abs(known).max(initial=0.0):
            continue
        change = _change(value) / deviation
        there = ~np.isnan(change)
        square += np.where(there, np.square(np.nan_to_num(change)), 0.0)
        count += there
    told = count > 0
    if not told.any():
        return None, still
    still[told] = np.sqrt(square[told] / count[told]) < LEAST
    window_s = WINDOW * grid.plant.period_s
    return Steadiness(float(still[told].mean()), window_s, LEAST), still


def _change(value: Float64[np.ndarray, " T"]) -> Float64[np.ndarray, " T"]:
    """Mean over the window from each stamp on, minus that over the window before; NaN at the ends."""
    means = np.convolve(value, np.full(WINDOW, 1 / WINDOW), mode="valid")  # NaN where any value is
    change = np.full(len(value), np.nan)
    change[WINDOW : len(value) - WINDOW + 1] = means[WINDOW:] - means[:-WINDOW]
    return change


def breaches(grid: Grid, cut: Cut | None) -> tuple[Breach, ...]:
    """Tell where actions left their box, and other tags the bounds that the plant file gives them."""
    plant = grid.plant
    steps = len(cut.episodes.reward) if cut else 0
    found = [
        Breach(
            v.tag,
            plant.tags[v.tag].unit,
            v.limit,
            v.count,
            v.count / steps,
            v.worst,
            iso(v.example),
        )
        for v in (cut.violations if cut else ())
    ]
    columns = dict(zip(grid.keys, grid.value.T, strict=True))
    for tag in plant.tags.values():
        if tag.role == "action" or tag.bounds is None:
            continue
        low, high = (columns[end] if isinstance(end, str) else end for end in tag.bounds)
        value = columns[tag.key]
        for limit, beyond in (("low", low - value), ("high", value - high)):
            told = ~np.isnan(beyond)
            rows = np.flatnonzero(
                told & (np.nan_to_num(beyond) > 1e-9 * np.abs(np.nan_to_num(value)))
            )
            if rows.size:
                worst, share = float(beyond[rows].max()), rows.size / int(told.sum())
                first = iso(grid.time[rows[0]])
                found.append(Breach(tag.key, tag.unit, limit, rows.size, share, worst, first))
    return tuple(found)
