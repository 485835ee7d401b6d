"""How sure: interquartile means with stratified bootstrap intervals.

Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice", NeurIPS
2021, arXiv 2108.13264: with few runs, report the interquartile mean with an interval, not the
best run or a mean that one run can move.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from shiftwork.errors import UserError


class Interval(NamedTuple):
    """An estimate with the bounds of its bootstrap interval."""

    estimate: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.estimate:.1f} [{self.low:.1f}, {self.high:.1f}]"


def interquartile_mean(scores: np.ndarray, axis: int = -1) -> np.ndarray:
    """Mean of the middle half of the scores along ``axis``.

    Scores at the quartiles count by the share of them that lies inside, so that the result is
    exact for any number of scores: with 5, one quarter of the second and the fourth is cut.
    """
    ordered = np.moveaxis(np.sort(np.asarray(scores, np.float64), axis=axis), axis, -1)
    count = ordered.shape[-1]
    edges = np.arange(count)
    inside = np.clip(np.minimum(edges + 1, 0.75 * count) - np.maximum(edges, 0.25 * count), 0, 1)
    return np.asarray((ordered * inside).sum(-1) / inside.sum())


def iqm_interval(
    scores: ArrayLike, *, confidence: float = 0.95, resamples: int = 2_000, seed: int = 0
) -> Interval:
    """Interquartile mean over seeds (and tasks) with a stratified bootstrap interval.

    Args:
        scores: (seeds,) or (tasks, seeds). Seeds are drawn again within each task (stratified),
            and the interquartile mean is taken over all of them.
        confidence: Share of the interval.
        resamples: How often to draw.
        seed: Of the draws; the result is reproducible.

    Raises:
        UserError: There is no score, or one is not a number.
    """
    table = np.atleast_2d(np.asarray(scores, np.float64))
    if table.size == 0 or table.ndim != 2:
        raise UserError(f"scores have shape {table.shape}; needed: (seeds,) or (tasks, seeds)")
    if not np.isfinite(table).all():
        raise UserError(
            "a score is not a number; every run counts, so mend or explain that run first"
        )
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, table.shape[1], (resamples, *table.shape))
    samples = np.take_along_axis(np.broadcast_to(table, drawn.shape), drawn, axis=2)
    centre = float(interquartile_mean(table.reshape(-1)))
    spread = interquartile_mean(samples.reshape(resamples, -1))
    tail = 50 * (1 - confidence)
    low, high = np.percentile(spread, [tail, 100 - tail])
    return Interval(centre, float(low), float(high))


def mean_interval(
    values: ArrayLike, *, confidence: float = 0.95, resamples: int = 2_000, seed: int = 0
) -> Interval:
    """Mean of independent values (episode returns, say) with a bootstrap interval.

    Raises:
        UserError: There is no value, or one is not a number.
    """
    sample = np.asarray(values, np.float64).reshape(-1)
    if not len(sample):
        raise UserError("no episode to average over; run at least one")
    if not np.isfinite(sample).all():
        raise UserError(
            "a value is not a number; every episode counts, so mend or explain that one first"
        )
    rng = np.random.default_rng(seed)
    means = sample[rng.integers(0, len(sample), (resamples, len(sample)))].mean(1)
    tail = 50 * (1 - confidence)
    low, high = np.percentile(means, [tail, 100 - tail])
    return Interval(float(sample.mean()), float(low), float(high))
