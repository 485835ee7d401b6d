"""The numbers behind a report: intervals, steady offsets, and which episode to show."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from shiftwork.agents.agent import Agent
from shiftwork.evaluation.statistics import Interval, mean_interval
from shiftwork.records.episodes import Episodes

BOOTSTRAP_UP_TO = 5_000
"""Values above which the bootstrap's table would not fit in memory, and a normal one is as good."""

SHORTEST_PERIOD = 10
"""Steps that a target must stand still for its offset to be called steady."""

LATE = 0.2
"""Share of a set-point period, at its end, in which the offset is measured."""


def number(value: float | int | None, digits: int | None = None) -> str:
    """Write a number for a person: three significant places, thousands apart, a dash for none.

    Args:
        value: Any number; what is not finite has no digits to show.
        digits: Decimals, where several numbers are to be written alike.
    """
    if value is None or not math.isfinite(value):
        return "–"
    if value != 0 and not 1e-4 <= abs(value) < 1e9:
        return f"{value:.3g}".replace("-", "−")
    text = f"{value:,.{decimals(value) if digits is None else digits}f}"
    return (text[1:] if text.startswith("-") and not text.strip("-0.,") else text).replace("-", "−")


def decimals(*values: float | int) -> int:
    """Decimals that leave three significant places to the largest of the values."""
    largest = max((abs(v) for v in values if math.isfinite(v)), default=0.0)
    return min(max(2 - math.floor(math.log10(largest)), 0), 6) if largest > 0 else 0


def spread(interval: Interval) -> str:
    """Write an interval's bounds, or nothing if it has none."""
    if not all(map(math.isfinite, interval)) or interval.low == interval.high:
        return ""
    digits = decimals(*interval)
    return f"[{number(interval.low, digits)},\N{NO-BREAK SPACE}{number(interval.high, digits)}]"


def with_interval(interval: Interval) -> str:
    """Write an estimate and, if there is more than one value behind it, its interval."""
    return f"{number(interval.estimate, decimals(*interval))} {spread(interval)}".rstrip()


def mean_of(values: np.ndarray) -> Interval:
    """Mean with its 95 % interval; of a single value the interval is the value itself."""
    sample = np.asarray(values, np.float64).reshape(-1)
    if len(sample) <= BOOTSTRAP_UP_TO:
        return mean_interval(sample)
    half = 1.96 * float(sample.std(ddof=1)) / math.sqrt(len(sample))
    return Interval(float(sample.mean()), float(sample.mean()) - half, float(sample.mean()) + half)


def difference(ours: np.ndarray, theirs: np.ndarray) -> Interval | None:
    """Difference of two means with its 95 % interval; None where one value allows none."""
    if min(len(ours), len(theirs)) < 2:
        return None
    gap = float(np.mean(ours) - np.mean(theirs))
    error = math.sqrt(np.var(ours, ddof=1) / len(ours) + np.var(theirs, ddof=1) / len(theirs))
    return Interval(gap, gap - 1.96 * error, gap + 1.96 * error)


def shown_span(
    values: Sequence[np.ndarray], limits: tuple[float, float], part: float = 0.2
) -> tuple[float, float]:
    """The span of an axis for actions: their limits, or what was used where that is a small part.

    Args:
        values: Actions of each series, plant units.
        limits: Lower and upper limit.
        part: Part of the limits below which the axis shows what was used alone, and room.
    """
    low, high = limits
    least = max(low, float(min(v.min() for v in values)))
    most = min(high, float(max(v.max() for v in values)))
    if not 0 < most - least < part * (high - low):
        return limits
    room = 0.5 * (most - least)
    return max(low, least - room), min(high, most + room)


def nearest_to_median(episodes: Episodes) -> int:
    """The episode whose return is nearest to the median return."""
    return int(np.abs(episodes.returns - np.median(episodes.returns)).argmin())


def steady_offsets(episodes: Episodes, pair: tuple[int, int]) -> Float[np.ndarray, " N"]:
    """Mean distance from the target late in each set-point period, (N,), in the tag's unit.

    A period is a stretch of one episode in which the target stands still, of at least
    ``SHORTEST_PERIOD`` rows; its last fifth counts. Empty if the target never stands still.

    Args:
        episodes: What was run.
        pair: Columns of the value and of its target.
    """
    value, target = (episodes.observation[:, column].astype(np.float64) for column in pair)
    begins = np.zeros(len(target), bool)
    begins[episodes.starts + np.arange(len(episodes.length))] = True
    begins[1:] |= np.abs(np.diff(target)) > 1e-4 * max(float(np.ptp(target)), 1e-12)
    period = np.cumsum(begins) - 1
    length = np.bincount(period)
    position = np.arange(len(target)) - np.flatnonzero(begins)[period]
    late = position >= np.floor((1 - LATE) * length)[period]
    offset = np.bincount(period, np.abs(value - target) * late) / np.bincount(period, late)
    return np.asarray(offset[length >= SHORTEST_PERIOD])


def moving_tags(episodes: Episodes, count: int = 3) -> Int[np.ndarray, " K"]:
    """The observation columns that move most inside episodes, for their own spread, in order."""
    seen = episodes.observation.astype(np.float64)
    seen = (seen - seen.mean(0)) / np.maximum(seen.std(0), 1e-12)
    begin, rows = episodes.starts + np.arange(len(episodes.length)), episodes.length[:, None] + 1
    mean = np.add.reduceat(seen, begin) / rows
    inside = np.add.reduceat(seen**2, begin) / rows - mean**2
    most = np.argsort(-inside.mean(0), kind="stable")[:count]
    return np.sort(most)


def proposals(agent: Agent, records: Episodes, rows: int = 20_000) -> Float[np.ndarray, "K A"]:
    """What an agent would have done where people acted, on up to ``rows`` recorded moments."""
    seen = records.transitions.observation
    chosen = np.linspace(0, len(seen) - 1, min(rows, len(seen))).astype(np.int64)
    return agent.act(seen[chosen])


def count(amount: int, thing: str) -> str:
    """Write a number of things."""
    return f"{amount:,} {thing}" + ("" if amount == 1 else "s")


def joined(parts: Sequence[str], last: str = "and") -> str:
    """Join words with commas and a last word."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"
