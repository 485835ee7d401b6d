"""What records show about the future and about what actions do, with what they cannot show.

Rows are cut into blocks (episodes, or pieces of a long run), nothing reaches over a block's end,
and every estimate is made on one half of the blocks and judged on the other, both ways. So one long
run and many episodes are measured alike, and what is said comes with a lower bound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial import cKDTree

from shiftwork.learning.offline.blocks import (
    FEWEST_BLOCKS,
    FEWEST_ROWS,
    SHORTEST_BLOCK,
    blocks_of,
    halves_and_draws,
)
from shiftwork.learning.offline.outside_rewards import what_actions_earn
from shiftwork.learning.offline.rare_events import ByHash, with_expected_rewards
from shiftwork.learning.offline.regression import Errors, missed_across_halves
from shiftwork.learning.replay import Scaling
from shiftwork.records.episodes import Episodes

FEATURES = 200
ROWS = 10_000
SHORTEST, LONGEST = 5.0, 200.0
"""Bounds of the horizon in steps: discounts 0.8 to 0.995."""

UNKNOWN = 100.0
"""Horizon where nothing is predictable or nothing could be measured: the usual discount of 0.99."""

FORESEEN = 0.01
"""Share of the rewards' variance below which, at every lag, none can be foreseen."""

ECHO = 0.999
"""Correlation from which an observation only repeats the action."""

LOWER = 0.05
"""Quantile of the bootstrap over blocks that is called the lower bound."""

MOST_HELD, FORGOTTEN = 500, 0.05
"""Longest lag at which moves are compared, and the correlation below which they are others."""

NEIGHBOURS = 12
"""Rows among which a like state of another block is looked for."""


@dataclass(frozen=True)
class Evidence:
    """What records tell about the future, by lag, and about what actions do.

    Attributes:
        lags: (K,) steps.
        r2: (K,) share of the variance of the reward that much later which observation and action
            predict on blocks kept apart, not below 0.
        r2_without_action: (K,) the same from the observation alone.
        horizon: Integral scale of ``r2`` in steps, inside the bounds.
        reward_share: Lower bound of the share of the predictable reward that only the action
            explains.
        state_share: Lower bound of the share that only the action explains of what is left open of
            one step's change by what is seen, of the observation where it is the largest.
        state_tag: Name of that observation.
        variation: How far people's moves differ in like states, in half-widths of the box that they
            used: the deviation, of the action where it is the least.
        held: Steps over which such a difference lasts, of the action where it lasts longest.
        rows: Recorded steps.
        not_measurable: Why nothing was measured, empty where it was.
    """

    lags: np.ndarray
    r2: np.ndarray
    r2_without_action: np.ndarray
    horizon: float
    reward_share: float
    state_share: float
    state_tag: str
    variation: float
    held: float
    rows: int
    not_measurable: str = ""

    @property
    def foreseen(self) -> bool:
        """Whether any reward can be foreseen."""
        return bool(self.r2.max(initial=0.0) >= FORESEEN)

    @property
    def discount(self) -> float:
        """The discount whose mean look-ahead is the horizon."""
        return 1.0 - 1.0 / self.horizon


def gather_evidence(records: Episodes, seed: int = 0) -> Evidence:
    """Measure how far into the future, and by what, the records' rewards can be predicted.

    Ridge regression on random ReLU features at lags 0, 1, 2, 3, 4, 6, 8, 11, 16, ...; the ridge by
    cross-validation inside the half that is fitted. Rare, large rewards count by their expectation
    (``learning/offline/rare_events.py``): none is clipped. What follows from outside is taken off
    (``learning/offline/outside_rewards.py``).

    Args:
        records: What people did.
        seed: Of features, halves and bootstrap.
    """
    return _gather(ByHash(records), seed)


@lru_cache(maxsize=8)
def _gather(key: ByHash, seed: int) -> Evidence:
    left, outside = what_actions_earn(key.records)
    found = _measured(left, seed)
    if outside is None or found.foreseen:
        return found
    # Beside what comes from outside nothing can be foreseen: so what comes from outside is what is.
    return _measured(with_expected_rewards(key.records)[0], seed)


def _measured(records: Episodes, seed: int) -> Evidence:
    block, end = blocks_of(records)
    blocks, steps = int(block.max()) + 1, len(block)
    nothing = np.zeros(0)
    if blocks < FEWEST_BLOCKS or steps < FEWEST_ROWS:
        reason = (
            f"{steps:,} steps in {blocks} episodes, or pieces of {SHORTEST_BLOCK} steps of long "
            f"ones, are too few: {FEWEST_BLOCKS} with {FEWEST_ROWS} steps in all are needed"
        )
        return Evidence(
            nothing.astype(np.int64),
            nothing,
            nothing,
            UNKNOWN,
            0.0,
            0.0,
            "",
            0.0,
            1.0,
            steps,
            reason,
        )
    rows, scaling = records.transitions, Scaling.of(records)
    rng = np.random.default_rng(seed)
    half, draws = halves_and_draws(blocks, rng)
    done = np.asarray(scaling.recorded(rows.action, rows.observation))
    spread = done.std(0) + 1e-6
    done = np.clip((done - done.mean(0)) / spread, -5, 5)
    part, width = rows.observation.shape[1], rows.observation.shape[1] + done.shape[1]
    weight = (rng.normal(size=(width, FEATURES)) / np.sqrt(width)).astype(np.float32)
    shift = rng.uniform(-2, 2, FEATURES).astype(np.float32)
    some, first = rng.permutation(steps)[: 3 * ROWS], np.arange(min(steps, 2 * ROWS))
    # Only these rows are looked at; all of them at once would be many times the records' size.
    used = np.union1d(some, first)
    place = np.zeros(steps, np.int64)
    place[used] = np.arange(len(used))
    seen = np.clip(scaling.observe(rows.observation[used]), -5, 5)
    both = np.concatenate([seen, done[used]], axis=1).astype(np.float32)

    def missed(
        inputs: np.ndarray, columns: int, known: np.ndarray, target: np.ndarray
    ) -> np.ndarray:
        """What the first columns of the inputs leave unexplained of a target, (T, C)."""
        return missed_across_halves(
            inputs[place[known], :columns],
            weight[:columns],
            shift,
            target,
            half[block[known]],
            block[known],
        )

    def judged(
        known: np.ndarray, target: np.ndarray, inputs: np.ndarray = both
    ) -> tuple[Errors, Errors]:
        """Errors with and without the action, of each column of ``target``, by block."""
        whole = target - target.mean(0)
        return (
            Errors.of(missed(inputs, width, known, target), whole, block[known], blocks),
            Errors.of(missed(inputs, part, known, target), whole, block[known], blocks),
        )

    def beyond_habit(known: np.ndarray) -> np.ndarray:
        """Observation, and what of the action does not follow from it, of the rows used, (rows, O + A)."""
        inputs = both.copy()
        inputs[place[known], part:] = missed(both, part, known, done[known])
        return inputs

    reward = rows.reward.astype(np.float64)
    # Behind a terminal nothing is earned any more, which is known; behind a cut nothing is known.
    ended = rows.terminal[end - 1]

    def later(at: np.ndarray, lag: int) -> np.ndarray:
        """Rewards that many steps later, 0 behind a terminal, (rows, 1)."""
        inside = at + lag < end[at]
        return np.where(inside, reward[np.minimum(at + lag, steps - 1)], 0.0)[:, None]

    lags = _lags(int(min(np.bincount(block).max() - 1, 2 * LONGEST)))
    beyond = beyond_habit(some)
    with_action, without = [], []
    for lag in lags:
        known = some[(some + lag < end[some]) | ended[some]][:ROWS]
        if len(np.unique(block[known])) < FEWEST_BLOCKS or len(known) < FEWEST_ROWS:
            break
        pair = judged(known, later(known, int(lag)), beyond)
        with_action.append(pair[0])
        without.append(pair[1])
    lags = lags[: len(with_action)]
    r2 = np.array([e.share()[0] for e in with_action])
    less = np.array([e.share()[0] for e in without])
    some = some[:ROWS]
    state_share, state_tag = _effect_on_state(records, scaling, judged, beyond, draws, some)
    at = place[some]
    free = _differing(seen[at], beyond[at, part:], block[some])
    variation = float((free * spread).min())
    held = _held(beyond_habit(first)[place[first], part:], block[first])
    if r2.max(initial=0.0) < FORESEEN:
        return Evidence(
            lags, r2, less, UNKNOWN, 0.0, state_share, state_tag, variation, held, steps
        )
    horizon = float(np.trapezoid(r2, lags) / r2.max()) if len(lags) > 1 else SHORTEST
    shares = [
        _share(
            lags,
            np.array([e.share(d)[0] for e in with_action]),
            np.array([e.share(d)[0] for e in without]),
        )
        for d in draws
    ]
    return Evidence(
        lags,
        r2,
        less,
        float(np.clip(horizon, SHORTEST, LONGEST)),
        float(np.quantile(shares, LOWER)),
        state_share,
        state_tag,
        variation,
        held,
        steps,
    )


def _lags(last: int) -> np.ndarray:
    """Every lag at first, then ever sparser: 2 for each doubling."""
    lags = np.unique(np.round(np.concatenate([np.arange(4), 2.0 ** np.arange(2, 12, 1 / 2)])))
    return lags[lags <= max(last, 0)].astype(np.int64)


def _share(lags: np.ndarray, r2: np.ndarray, less: np.ndarray) -> float:
    """Share of the predictable reward, over all lags, that only the action explains."""
    gain = np.clip(r2 - less, 0.0, None)
    if len(lags) < 2:
        return float(gain.sum() / max(r2.sum(), 1e-12))
    return float(np.trapezoid(gain, lags) / max(float(np.trapezoid(r2, lags)), 1e-12))


def _effect_on_state(
    records: Episodes,
    scaling: Scaling,
    judged: Callable[..., tuple[Errors, Errors]],
    beyond: np.ndarray,
    draws: np.ndarray,
    known: np.ndarray,
) -> tuple[float, str]:
    """The largest lower bound of what the action explains of an observation's next change.

    On a plant that integrates, one action explains almost nothing of the next rewards and nearly
    everything in sum; but it is seen in what the state does next. What follows from the state anyway
    (a pendulum's fall) says nothing of actions, so the share is of what is left. An observation that
    only repeats the action, as a share of its box or in its own unit (a set-point in force, a limit
    that moves with it), is no evidence and is left out. Nor is an action that follows from what is
    seen, as a controller's does: only what goes beyond it counts.
    """
    rows = records.transitions
    seen, action = rows.observation[known], rows.action[known]
    following = np.asarray(scaling.observe(rows.next_observation[known]))
    change = np.clip((following - scaling.observe(seen)).astype(np.float64), -5, 5)
    action = np.concatenate([action, np.asarray(scaling.recorded(action, seen))], axis=1)
    columns = [
        j
        for j in range(change.shape[1])
        if change[:, j].std() > 1e-6
        and all(correlation(following[:, j], a) < ECHO for a in action.T)
    ]
    if not columns:
        return 0.0, ""
    whole, less = judged(known, change[:, columns], beyond)
    left = np.array([(d @ whole.left) / np.maximum(d @ less.left, 1e-12) for d in draws])
    low = np.quantile(np.clip(1.0 - left, 0.0, 1.0), LOWER, axis=0)
    best = int(low.argmax())
    return float(low[best]), records.observation_tags[columns[best]].name


def _differing(
    seen: Float[np.ndarray, "N O"], beyond: Float[np.ndarray, "N A"], block: Int[np.ndarray, " N"]
) -> Float[np.ndarray, " A"]:
    """How far actions differ in like states of different blocks: their deviation, (A,).

    Args:
        seen: Scaled observations.
        beyond: What of the actions does not follow from them by regression; what is left of a habit
            that bends is nearly the same in like states.
        block: Blocks of the rows.
    """
    near = cKDTree(seen).query(seen, NEIGHBOURS)[1]
    other = block[near] != block[:, None]
    first = near[np.arange(len(near)), np.where(other.any(1), other.argmax(1), 1)]
    return np.asarray(np.sqrt(np.square(beyond - beyond[first]).mean(0) / 2.0))


def _held(beyond: Float[np.ndarray, "N A"], block: Int[np.ndarray, " N"]) -> float:
    """Integral time of what of the actions is not habit, steps, at least 1; of the slowest action."""
    longest = 1.0
    for column in (beyond - beyond.mean(0)).T:
        total = 1.0
        for lag in range(1, MOST_HELD):
            inside = block[lag:] == block[:-lag]
            alike = (column[lag:] * column[:-lag])[inside]
            if len(alike) < FEWEST_ROWS or alike.mean() < FORGOTTEN * column.var():
                break
            total += 2.0 * float(alike.mean() / column.var())
        longest = max(longest, total)
    return longest


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Size of the correlation of two columns, 0 where one does not vary."""
    spread = float(a.std() * b.std())
    return abs(float(((a - a.mean()) * (b - b.mean())).mean())) / spread if spread > 1e-12 else 0.0
