"""Settings from the records alone: discount, value range, cloning.

A plant cannot be tried with twenty settings. The rule, in short (reasons and figures:
docs/settings.md):

1. *Discount.* Beyond the lag at which a recorded reward can still be predicted from what was
   seen and done, the future is noise to the learner, whatever it does. The integral scale of this
   predictability, H = sum_k R2(k) / max_k R2(k), is the horizon that the records can carry, and
   the discount is 1 - 1/H.
2. *Where values begin.* At the records' mean discounted return, so that nets need not crawl.
3. *Where infeasible actions are pushed.* To the worst return that recorded rewards allow.
4. *Cloning.* By the evidence that actions matter: the share of the predictable reward that only
   the action explains. Where there is none, differences between the values of actions are noise,
   and an agent that climbs them leaves people's practice for nothing; it had better stay near.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from shiftwork.learning.learner import Values
from shiftwork.learning.replay import Scaling
from shiftwork.records.episodes import Episodes

FEATURES = 200
ROWS = 20_000
SHORTEST, LONGEST = 5.0, 200.0
"""Bounds of the horizon in steps: discounts 0.8 to 0.995."""

UNKNOWN = 100.0
"""Horizon where nothing is predictable: the usual discount of 0.99."""

NO_EVIDENCE, CLEAR_EVIDENCE = 0.01, 0.05
FULL_CLONING = 10.0
"""Ten times the weight of values: what remains of them is a nudge."""


@dataclass(frozen=True)
class Evidence:
    """What the records tell about the future, by lag.

    Attributes:
        lags: (K,) steps.
        r2: (K,) share of the variance of the reward that much later which observation and action
            predict on held-out episodes, not below 0.
        r2_without_action: (K,) the same from the observation alone.
        horizon: Integral scale of ``r2`` in steps, inside the bounds.
        action_share: Share of the predictable reward that only the action explains.
    """

    lags: np.ndarray
    r2: np.ndarray
    r2_without_action: np.ndarray
    horizon: float
    action_share: float

    @property
    def discount(self) -> float:
        """The discount whose mean look-ahead is the horizon."""
        return 1.0 - 1.0 / self.horizon

    @property
    def cloning(self) -> float:
        """Weight of cloning: none with clear evidence that actions matter, full without any."""
        doubt = (CLEAR_EVIDENCE - self.action_share) / (CLEAR_EVIDENCE - NO_EVIDENCE)
        return FULL_CLONING * float(np.clip(doubt, 0.0, 1.0))


def gather_evidence(records: Episodes, seed: int = 0) -> Evidence:
    """Measure how far into the future, and by what, the records' rewards can be predicted.

    Ridge regression on random ReLU features, fitted on every other episode and judged on the
    rest, at lags 0, 1, 2, 3, 4, 5, 6, 8, 10, ... The rarest half per cent of rewards at either
    end is clipped: a catastrophe's size would drown all else.
    """
    return _gather(_Key(records), seed)


class _Key:
    """Lets a cache tell records apart by their hash."""

    def __init__(self, records: Episodes) -> None:
        self.records = records

    def __hash__(self) -> int:
        return hash(self.records.hash)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.records.hash == other.records.hash


@lru_cache(maxsize=8)
def _gather(key: _Key, seed: int) -> Evidence:
    records = key.records
    rows, scaling = records.transitions, Scaling.of(records)
    rng = np.random.default_rng(seed)
    seen = np.clip(scaling.observe(rows.observation), -5, 5)
    done = np.asarray(scaling.recorded(rows.action, rows.observation))
    done = (done - done.mean(0)) / (done.std(0) + 1e-6)
    both = np.concatenate([seen, np.clip(done, -5, 5)], axis=1).astype(np.float32)
    weight = (rng.normal(size=(both.shape[1], FEATURES)) / np.sqrt(both.shape[1])).astype(
        np.float32
    )
    shift = rng.uniform(-2, 2, FEATURES).astype(np.float32)

    reward = rows.reward.astype(np.float64)
    reward = np.clip(reward, *np.quantile(reward, [0.005, 0.995]))
    end = (records.starts + records.length)[records.episode_of_step]
    odd = records.episode_of_step % 2 == 1
    step = np.arange(len(reward))
    lags = _lags(int(min(records.length.max() - 1, 2 * LONGEST)))
    r2, without = np.zeros(len(lags)), np.zeros(len(lags))
    for i, lag in enumerate(lags):
        known = np.flatnonzero(step + lag < end)
        known = known[rng.permutation(len(known))[:ROWS]]
        if len(known) < 4 * FEATURES or odd[known].all() or not odd[known].any():
            continue
        future = reward[known + lag]
        r2[i] = _held_out_r2(both[known], weight, shift, future, odd[known])
        columns = seen.shape[1]
        without[i] = _held_out_r2(
            both[known, :columns], weight[:columns], shift, future, odd[known]
        )
    if r2.max() < 0.01:
        return Evidence(lags, r2, without, UNKNOWN, 0.0)
    horizon = float(np.trapezoid(r2, lags) / r2.max()) if len(lags) > 1 else SHORTEST
    gain = np.clip(r2 - without, 0.0, None).sum() / r2.sum()
    return Evidence(lags, r2, without, float(np.clip(horizon, SHORTEST, LONGEST)), float(gain))


def _lags(last: int) -> np.ndarray:
    """Every lag at first, then ever sparser: 3 for each doubling."""
    lags = np.unique(np.round(np.concatenate([np.arange(4), 2.0 ** np.arange(2, 12, 1 / 3)])))
    return lags[lags <= max(last, 0)].astype(np.int64)


def _held_out_r2(
    inputs: np.ndarray,
    weight: np.ndarray,
    shift: np.ndarray,
    target: np.ndarray,
    held_out: np.ndarray,
) -> float:
    """Fit on one part of the rows; return the share of variance predicted on the other."""
    features = np.maximum(inputs @ weight + shift, 0.0)
    design = np.concatenate([np.ones((len(inputs), 1), np.float32), inputs, features], axis=1)
    known = design[~held_out]
    gram = (known.T @ known).astype(np.float64) + 10.0 * np.eye(design.shape[1])
    solution = np.linalg.solve(gram, known.T @ target[~held_out])
    variance = target[held_out].var()
    if variance < 1e-12:
        return 0.0
    residual = target[held_out] - design[held_out] @ solution
    return max(0.0, 1.0 - float(np.square(residual).mean() / variance))


def value_range(records: Episodes, discount: float, reward_unit: float) -> Values:
    """Mean and worst discounted return to go, in reward units.

    The mean is over all recorded steps; where an episode was cut, the future is taken to be the
    mean itself, so that m = mean(A + B m) with A the discounted rewards up to the cut and B the
    discount at it. The worst is the lower bound of any return that recorded rewards allow:
    the worst ordinary reward for ever, or an end with the worst terminal reward.
    """
    rows = records.transitions
    reward = rows.reward.astype(np.float64) / reward_unit
    earned, carried = np.empty_like(reward), np.empty_like(reward)
    a, b = 0.0, 0.0
    for t in range(len(reward) - 1, -1, -1):
        if rows.last[t]:
            a, b = 0.0, 0.0 if rows.terminal[t] else 1.0
        a, b = reward[t] + discount * a, discount * b
        earned[t], carried[t] = a, b
    mean = earned.mean() / max(1.0 - carried.mean(), 1e-9)
    ordinary = reward[~rows.terminal].min() / (1.0 - discount) if (~rows.terminal).any() else np.inf
    ending = reward[rows.terminal].min() if rows.terminal.any() else np.inf
    return Values(float(mean), float(min(ordinary, ending)))


def settle(config: Any, records: Episodes) -> Any:
    """Fill what a configuration leaves open (None) from the records.

    Args:
        config: Any algorithm's configuration.
        records: What it will learn from.
    """
    still_open = [f.name for f in dataclasses.fields(config) if getattr(config, f.name) is None]
    if not still_open:
        return config
    evidence = gather_evidence(records)
    return dataclasses.replace(config, **{name: getattr(evidence, name) for name in still_open})
