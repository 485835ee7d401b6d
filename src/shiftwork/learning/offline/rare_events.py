"""Rare, large rewards: what they cost on average, estimated carefully before anything learns.

A plant trips in four of a thousand hours. Of 8,000 recorded hours that makes a dozen trips, and a
net that learns them one by one learns where they happened to fall: between two of them it sees an
action that pays and never trips. So before learning, each such reward is spread over all rows, by
an estimate of how often it happens where. That changes no mean: what was recorded of the events
in sum is what the rows hold in sum, and an action's value depends on mean rewards alone.

1. *Which.* A reward beyond the 10 % or the 90 % quantile by more than five times the distance
   between them. Where rewards hardly differ otherwise (a prize at the goal and nothing else) there
   is no ordinary reward to compare with, and nothing is changed.
2. *Can they be foreseen?* If a third of the recorded neighbours of such rows (by observation and
   action) are such rows too, they are no rarity where they happen: the event follows from what is seen
   and done, and a critic learns it as it stands.
3. *How often, where.* Poisson regression of the excess, in units of its mean, on observation,
   action, broken lines of each and random features of both, with normal priors on the weights; the
   weights' uncertainty by Laplace's approximation, widened by the events' own spread in size.
4. *Care.* For losses the upper bound of the rate counts, the highest one within a few per cent of
   the action's box; for prizes a lower one. Where the records hold a handful of events, the bounds
   are wide, and what is known to be harmless wins.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import special
from scipy.spatial import cKDTree

from shiftwork.learning.replay import Scaling
from shiftwork.records.episodes import Episodes

TAIL, BEYOND = 0.1, 5.0
NEIGHBOURS = 5
FEATURES = 128
MIXED = 16.0
ROWS = 20_000
"""Ordinary rows that the regression sees; each stands for as many as were left out."""

LOSS_BOUND = 0.95
"""Quantile of a loss's rate that counts."""

PRIZE_BOUND = 0.25
"""Quantile of a prize's rate that counts. To miss one is no disaster."""

MARGIN = 0.2
"""Half-widths of the action's box within which the worst rate counts: nobody acts at an edge."""

SHOWN = 1 / 3
"""Share of the events' neighbours that are events too, from which a critic sees where they come. On a
furnace, whose decokes are settled in single rows, it is 0.45: to spread these cost 4 % of its margin."""

FEW = 10
"""Events from which on the records say something about what causes them."""


class ByHash:
    """Lets a cache recognize records by their hash."""

    def __init__(self, records: Episodes) -> None:
        self.records = records

    def __hash__(self) -> int:
        return hash(self.records.hash)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ByHash) and self.records.hash == other.records.hash


@dataclass(frozen=True)
class RareEvents:
    """Rare, large rewards of one sign.

    Attributes:
        count: Rows with such a reward.
        rows: All rows.
        size: What such a row earns beyond its ordinary neighbours, on average, plant reward.
        foreseen: The share of such rows' neighbours that are such rows as well.
        spread: Whether they were spread over the rows.
    """

    count: int
    rows: int
    size: float
    foreseen: float
    spread: bool

    def __str__(self) -> str:
        """One or two sentences for the console."""
        kind = "losses" if self.size < 0 else "prizes"
        line = f"{self.count:,} of {self.rows:,} rewards are rare, large {kind} ({self.size:+.4g} on average)"
        if not self.spread:
            return f"{line}; the records show when they come, so they are learned as they stand"
        bound = "upper" if self.size < 0 else "lower"
        line += f"; the {bound} bound of their rate counts, by state and action"
        if self.count >= FEW:
            return line
        care = "keeps away from what was done then" if self.size < 0 else "does not count on them"
        return f"{line}. So few cannot show what causes them, so the agent {care}"


def with_expected_rewards(
    records: Episodes, *, careful: bool = True
) -> tuple[Episodes, tuple[RareEvents, ...]]:
    """Replace rare, large rewards by what they are expected to be, row by row.

    Args:
        records: What people did.
        careful: Whether bounds of the rates count, as is right for who learns; otherwise the
            rates themselves, as is right for who judges.

    Returns:
        The records to learn from, and what was found; the very same records if nothing was.
    """
    return _expected(ByHash(records), careful)


@lru_cache(maxsize=4)
def _expected(key: ByHash, careful: bool) -> tuple[Episodes, tuple[RareEvents, ...]]:
    records = key.records
    reward = records.reward.astype(np.float64)
    low, high = find(reward)
    if not (low.any() or high.any()):
        return records, ()
    rows, scaling = records.transitions, Scaling.of(records)
    seen = np.clip(np.asarray(scaling.observe(rows.observation), np.float64), -5, 5)
    done = np.asarray(scaling.recorded(rows.action, rows.observation), np.float64)
    inputs = np.concatenate([seen, done], axis=1)
    ordinary = ~(low | high)
    spread, found = reward.copy(), []
    for event, bound in ((low, LOSS_BOUND), (high, PRIZE_BOUND)):
        if not event.any():
            continue
        usual = _means_of_neighbours(inputs[ordinary], reward[ordinary], inputs[event])
        excess = reward[event] - usual
        foreseen = _alike(inputs, event)
        kept = foreseen > SHOWN
        found.append(
            RareEvents(int(event.sum()), len(reward), float(excess.mean()), foreseen, not kept)
        )
        if not kept:
            spread[event] = usual
            share = np.zeros(len(reward))
            share[event] = excess / excess.mean()
            spread += excess.mean() * _rate(seen, done, share, bound if careful else None)
    return dataclasses.replace(records, reward=spread.astype(np.float32)), tuple(found)


def find(reward: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mark rare, large losses and prizes, (T,) bool each.

    Args:
        reward: (T,), any unit.
    """
    low, high = np.quantile(reward, [TAIL, 1.0 - TAIL])
    reach = BEYOND * (high - low)
    if reach <= 1e-6 * max(abs(low), abs(high)):
        nothing = np.zeros(len(reward), bool)
        return nothing, nothing
    return reward < low - reach, reward > high + reach


def _means_of_neighbours(inputs: np.ndarray, reward: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Mean reward of the nearest rows to each of ``at``, (K,)."""
    near = min(NEIGHBOURS, len(inputs))
    _, rows = cKDTree(inputs).query(at, k=near)
    return np.asarray(reward[rows].reshape(len(at), -1).mean(1))


def _alike(inputs: np.ndarray, event: np.ndarray) -> float:
    """Share of the events' nearest rows, themselves left out, that are events too."""
    near = min(NEIGHBOURS + 1, len(inputs))
    _, rows = cKDTree(inputs).query(inputs[event], k=near)
    return float(event[rows[:, 1:]].mean())


def _rate(
    seen: np.ndarray, done: np.ndarray, share: np.ndarray, quantile: float | None
) -> np.ndarray:
    """Bound of the events' rate at every row, (T,).

    Args:
        seen: (T, O), scaled.
        done: (T, A) in [-1, 1].
        share: (T,), 0 where nothing happened, about 1 where something did.
        quantile: Of the rate, or None for the rate itself.
    """
    rng = np.random.default_rng(0)
    features = _Features.draw(seen, done, rng)
    event = np.flatnonzero(share)
    other = np.flatnonzero(share == 0)
    taught = rng.permutation(other)[:ROWS]
    rows = np.concatenate([event, taught])
    weight = np.concatenate([np.ones(len(event)), np.full(len(taught), len(other) / len(taught))])
    mean, covariance = _poisson(
        features(seen[rows], done[rows]), share[rows], weight, features.prior
    )
    # Losses of unlike size say less about their sum than as many of one size.
    covariance *= np.square(share).sum() / share.sum()

    def bounded(part: slice, moved: np.ndarray) -> np.ndarray:
        design = features(seen[part], np.clip(done[part] + moved, -1.0, 1.0))
        variance = np.einsum("ni,ij,nj->n", design, covariance, design, optimize=True)
        rate = np.exp(np.clip(design @ mean, -50.0, 0.0))
        return np.minimum(rate * _times(variance, quantile), 1.0)

    worst = np.maximum if quantile and quantile > 0.5 else np.minimum
    moves = [m * np.eye(done.shape[1])[i] for i in range(done.shape[1]) for m in (-MARGIN, MARGIN)]
    rate = np.empty(len(share))
    for begin in range(0, len(share), ROWS):
        part = slice(begin, begin + ROWS)
        rate[part] = bounded(part, np.zeros(done.shape[1]))
        for move in moves if quantile else ():
            rate[part] = worst(rate[part], bounded(part, move))
    return rate


@dataclass(frozen=True)
class _Features:
    """What a rate may depend on: each column, straight and broken, and random mixtures of all.

    Attributes:
        seen_knots: (3, O) where the lines of observations bend.
        done_knots: (9, A) the same for actions.
        weight: (O + A, FEATURES) of the mixtures.
        shift: (FEATURES,).
    """

    seen_knots: np.ndarray
    done_knots: np.ndarray
    weight: np.ndarray
    shift: np.ndarray

    @classmethod
    def draw(cls, seen: np.ndarray, done: np.ndarray, rng: np.random.Generator) -> _Features:
        columns = seen.shape[1] + done.shape[1]
        return cls(
            np.quantile(seen, [0.25, 0.5, 0.75], axis=0),
            np.quantile(done, np.linspace(0.1, 0.9, 9), axis=0),
            rng.normal(size=(columns, FEATURES)) / np.sqrt(columns),
            rng.uniform(-2, 2, FEATURES),
        )

    @property
    def prior(self) -> np.ndarray:
        """Variance of each feature's weight; the constant's is wide."""
        columns = len(self.weight)
        seen, done = self.seen_knots.size, self.done_knots.size
        return np.concatenate(
            [
                [100.0],
                np.ones(columns + seen),
                np.full(done, 4.0),
                np.ones(self.seen_knots.shape[1] * self.done_knots.shape[1]),
                np.full(FEATURES, MIXED / FEATURES),
            ]
        )

    def __call__(self, seen: np.ndarray, done: np.ndarray) -> np.ndarray:
        both = np.concatenate([seen, done], axis=1)
        bent = [
            np.maximum(x[:, None] - knots, 0.0).reshape(len(x), -1)
            for x, knots in ((seen, self.seen_knots), (done, self.done_knots))
        ]
        together = (seen[:, :, None] * done[:, None, :]).reshape(len(both), -1)
        mixed = np.maximum(both @ self.weight + self.shift, 0.0)
        return np.concatenate([np.ones((len(both), 1)), both, *bent, together, mixed], axis=1)


def _times(variance: np.ndarray, quantile: float | None) -> np.ndarray:
    """How many times its mode in logarithms a rate's quantile is, (T,).

    A rate of which k events tell is distributed like a gamma of shape k, whose logarithm bends by k at its
    mode; so Laplace's variance is 1 / k. The quantile of a normal of that variance would grow without
    bound where next to nothing was recorded.

    Args:
        variance: (T,) of the rate's logarithm.
        quantile: None for the rate itself.
    """
    if quantile is None:
        return np.ones_like(variance)
    grid = np.geomspace(1e-4, 1e2, 200)
    times = special.gammaincinv(1.0 / grid, quantile) * grid
    return np.interp(np.log(variance), np.log(grid), times)


def _poisson(
    design: np.ndarray, share: np.ndarray, weight: np.ndarray, prior: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Fit a Poisson regression with normal priors by Newton's method.

    Args:
        design: (T, F), the first column constant.
        share: (T,) what happened.
        weight: (T,) rows that each row stands for.
        prior: (F,) variance of each weight around 0, the constant's around the overall rate.

    Returns:
        The weights, (F,), and their covariance by Laplace's approximation, (F, F).
    """
    centre = np.zeros(design.shape[1])
    centre[0] = np.log(share.sum() / weight.sum())
    mean = centre.copy()
    for _ in range(100):
        rate = weight * np.exp(np.clip(design @ mean, -50.0, 3.0))
        slope = design.T @ (share - rate) - (mean - centre) / prior
        curvature = (design * rate[:, None]).T @ design + np.diag(1.0 / prior)
        step = np.linalg.solve(curvature, slope)
        # A step changes no rate by more than a factor of e^2, else Newton's method may run away.
        step *= min(1.0, 2.0 / max(np.abs(design @ step).max(), 1e-12))
        mean += step
        if np.abs(step).max() < 1e-5:
            break
    return mean, np.linalg.inv(curvature)
