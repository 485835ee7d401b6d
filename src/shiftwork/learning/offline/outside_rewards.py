"""What of recorded rewards follows from tags that nobody at the plant can move, found and taken off.

A price or the feed's quality moves a plant's earnings far more than its operators can. To a critic that is
noise on top of what actions earn, and to the rule for settings a sign that actions hardly matter. But a
reward that is the same whatever is done changes no comparison between two ways to run the plant, so it is
taken off (``learning/outside.py``). That is safe only where no action moves these tags, ever:

1. *Which tags.* All are candidates at first. One is dropped if its change over 1, 4, 16 or 64 steps can be
   predicted better, on blocks of time kept apart, when the action and the tags that were dropped are known
   beside the other candidates: first if that is clear, then if the records cannot exclude a gain of a
   hundredth (of one step, from moves that do not follow from the candidates). So coke that slowly follows severity
   is no outside tag, and few records, or people who follow a rule to the letter, show none. A tag that
   the plant file declares to be one stays, whatever the records show.
2. *Which part.* A quadratic function of them by ridge regression. Any function of such tags may be taken
   off, so that it need not fit well.
3. *Not where the plant ends episodes*: there what is done settles how long rewards from outside come.
   And not where less than three tenths of the rewards follow from such tags, or all of them.
"""

from __future__ import annotations

import dataclasses
from functools import lru_cache

import numpy as np

from shiftwork.learning.offline.blocks import (
    FEWEST_BLOCKS,
    FEWEST_ROWS,
    blocks_of,
    halves_and_draws,
)
from shiftwork.learning.offline.rare_events import ByHash, with_expected_rewards
from shiftwork.learning.offline.regression import Errors, missed_across_halves
from shiftwork.learning.outside import Outside
from shiftwork.records.columns import Columns
from shiftwork.records.episodes import Episodes

LAGS = (1, 4, 16, 64)
ROWS, FEATURES = 20_000, 100

SHOWN, CLEAR = 0.001, 0.99
"""A gain that is an effect, and the share of bootstrapped blocks that must show it: large, because many tags and
lags are tried."""

UNSEEN, SURE = 0.01, 0.95
"""A gain of free moves that the records must exclude, and the share of bootstrapped blocks that must do so."""

WORTH, NOTHING_ELSE = 0.3, 0.999
"""Least and largest share of the rewards' variance that is taken off."""

RIDGE = 1.0
"""In rows: only so that columns that repeat each other share their weight."""


def what_actions_earn(records: Episodes) -> tuple[Episodes, Outside | None]:
    """Take off rewards what follows from outside; rare, large ones count by their expectation.

    Args:
        records: What people did.

    Returns:
        The records to learn from, and what was taken off; None if nothing was.
    """
    return _what_actions_earn(ByHash(records))


@lru_cache(maxsize=4)
def _what_actions_earn(key: ByHash) -> tuple[Episodes, Outside | None]:
    expected, _ = with_expected_rewards(key.records)
    columns = outside_columns(expected)
    if not columns:
        return expected, None
    outside = _fitted(expected, columns)
    taken = outside(expected.transitions.observation)
    if not WORTH <= 1.0 - (expected.reward - taken).var() / expected.reward.var() <= NOTHING_ELSE:
        return expected, None
    left = (expected.reward - taken).astype(np.float32)
    return dataclasses.replace(expected, reward=left), outside


def doubtful(records: Episodes) -> tuple[str, ...]:
    """Name the tags that are declared to come from outside, but are moved by what is done."""
    _, doubted = _search(ByHash(with_expected_rewards(records)[0]), 0)
    return tuple(records.observation_tags[column].name for column in doubted)


def outside_columns(records: Episodes, seed: int = 0) -> tuple[int, ...]:
    """Find the observations that no action moves, now or later.

    Args:
        records: What people did.
        seed: Of rows, halves, features and bootstrap.
    """
    return _search(ByHash(records), seed)[0]


@lru_cache(maxsize=4)
def _search(key: ByHash, seed: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Columns from outside, and those declared so that clearly are not."""
    records = key.records
    declared = np.array([tag.outside for tag in records.observation_tags])
    block, end = blocks_of(records)
    blocks, steps = int(block.max()) + 1, len(block)
    if records.terminal.any():
        return (), ()
    if blocks < FEWEST_BLOCKS or steps < FEWEST_ROWS:
        return tuple(int(column) for column in np.flatnonzero(declared)), ()
    rows, rng = records.transitions, np.random.default_rng(seed)
    mean, deviation, largest = Columns.of(rows.observation)
    moving = deviation > 1e-6 * largest
    unit = np.where(moving, deviation, 1.0)
    done = rows.action.astype(np.float64)
    done = np.clip((done - done.mean(0)) / (done.std(0) + 1e-6), -5, 5)
    half, draws = halves_and_draws(blocks, rng)
    some = rng.permutation(steps)

    def seen(at: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Some columns of some rows; all of them at once would be many times the records' size."""
        chosen = rows.observation[at][:, columns].astype(np.float64)
        return np.clip((chosen - mean[columns]) / unit[columns], -5, 5)

    def missed(inputs: np.ndarray, at: np.ndarray, target: np.ndarray) -> Errors:
        """What inputs at some rows leave unexplained of a target, by block."""
        width = inputs.shape[1]
        drawn = np.random.default_rng(seed)
        weight = (drawn.normal(size=(width, FEATURES)) / np.sqrt(width)).astype(np.float32)
        shift = drawn.uniform(-2, 2, FEATURES).astype(np.float32)
        left = missed_across_halves(
            inputs.astype(np.float32), weight, shift, target, half[block[at]], block[at]
        )
        return Errors.of(left, target - target.mean(0), block[at], blocks)

    def helped_by_others(kept: np.ndarray) -> np.ndarray:
        """How much the action and other columns help to foresee the kept ones, by one step's measure, (2, kept).

        The least and the most that the records allow; infinite if not even one step can be seen.
        """
        least, most = np.full(kept.sum(), -np.inf), np.full(kept.sum(), -np.inf)
        for lag in LAGS:
            at = some[some + lag < end[some]][:ROWS]
            if len(np.unique(block[at])) < FEWEST_BLOCKS or len(at) < FEWEST_ROWS:
                return np.stack([least, most if lag > LAGS[0] else -most])
            alone = seen(at, kept)
            all_known = np.concatenate([seen(at, np.ones_like(kept)), done[at]], 1)
            change = seen(at + lag, kept) - alone
            less, more = missed(alone, at, change), missed(all_known, at, change)
            gain = np.array(
                [1.0 - (d @ more.left) / np.maximum(d @ less.left, 1e-9) for d in draws]
            )
            # What is done gathers, so that a longer lag shows more of it.
            low, high = np.quantile(gain, [1.0 - CLEAR, SURE], axis=0) / np.sqrt(lag)
            least, most = np.maximum(least, low), np.maximum(most, high)
        return np.stack([least, most])

    def moved_freely(kept: np.ndarray) -> float:
        """Share of the actions' variance that does not follow from the kept columns; of the least free one."""
        at = some[:ROWS]
        left = missed(seen(at, kept), at, done[at])
        return float((left.left.sum(0) / np.maximum(left.whole.sum(0), 1e-9)).min())

    kept, doubted = moving, np.zeros(len(moving), bool)
    while kept.any():
        least, most = helped_by_others(kept)
        stays = declared[kept]
        doubted[kept] = stays & (least > UNSEEN)
        dropped = (least > SHOWN) & ~stays
        if not dropped.any():
            # People who follow these columns closely show little of what another move would do to them.
            dropped = (most > UNSEEN * moved_freely(kept)) & ~stays
        if not dropped.any():
            break
        kept = kept.copy()
        kept[np.flatnonzero(kept)[dropped]] = False
    if kept.sum() == moving.sum():
        # Actions that show nowhere were not moved freely enough to tell what they move.
        kept = kept & declared
    columns, doubts = (np.flatnonzero(which) for which in (kept, doubted))
    return tuple(map(int, columns)), tuple(map(int, doubts))


def _fitted(records: Episodes, columns: tuple[int, ...]) -> Outside:
    """Fit the quadratic function of some columns to the rewards."""
    seen = records.transitions.observation
    mean, std = seen[:, columns].mean(0), seen[:, columns].std(0)
    blank = Outside(mean, std, np.zeros(1, np.float32), columns)
    terms = np.stack([np.ones(len(seen)), *blank.terms(seen)], 1).astype(np.float64)
    reward = records.reward.astype(np.float64)
    gram = terms.T @ terms + RIDGE * np.eye(terms.shape[1])
    gram[0, 0] -= RIDGE
    weight = np.linalg.solve(gram, terms.T @ reward)
    return dataclasses.replace(blank, weight=weight.astype(np.float32))
