"""How the operators used each action: how often, how far, by which rule, and with what effect."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64

from shiftwork.errors import UserError
from shiftwork.learning.offline.evidence import FEATURES, Evidence, gather_evidence
from shiftwork.learning.offline.settings import cloning
from shiftwork.records.episodes import Episodes
from shiftwork.records.historian.cut import Cut
from shiftwork.records.historian.grid import Grid
from shiftwork.records.historian.plant_file.model import PlantTag
from shiftwork.records.limits import MovingLimits
from shiftwork.reports.inspection.contents import Foresight

TAIL = 0.005
"""Share of steps at either end that no range counts, as in learning."""

FEWEST_ROWS = 4 * FEATURES
"""Steps below which no rule of the operators is looked for."""

MOST_ROWS = 20_000
"""Steps that a regression is made of; more are thinned out evenly."""

EDGE = 1e-3
"""Part of the box within which an action is at its end."""


@dataclass(frozen=True, eq=False)
class Practice:
    """The moves of one action, step by step.

    Attributes:
        tag: The action.
        setting: Where it was put, (S,), tag units.
        move: Change from the setting before, (S,), tag units.
        low: Lower end of its box, (S,), or None if no episode could be cut.
        high: Upper end.
        bounds: Its absolute limits, NaN where they are unknown or move.
        rate: The most it may fall and rise in a decision period, NaN where that is unknown or moves.
    """

    tag: PlantTag
    setting: Float64[np.ndarray, " S"]
    move: Float64[np.ndarray, " S"]
    low: Float64[np.ndarray, " S"] | None
    high: Float64[np.ndarray, " S"] | None
    bounds: tuple[float, float]
    rate: tuple[float, float]

    @property
    def least(self) -> float:
        """Change that counts as a move: more than rounding in float32, or than the dead-band."""
        largest = float(np.abs(self.setting).max(initial=0.0))
        return max(1e-6 * largest, self.tag.dead_band or 0.0)

    @property
    def moved(self) -> np.ndarray:
        """Whether it was moved, (S,)."""
        return np.abs(self.move) > self.least

    @property
    def share(self) -> Float64[np.ndarray, " W"]:
        """Where in its box it was put, 0 to 1, in the steps in which the box was no point.

        Empty without episodes.
        """
        if self.low is None or self.high is None:
            return np.zeros(0)
        width = self.high - self.low
        wide = width > 0
        return (self.setting - self.low)[wide] / width[wide]


def practices(grid: Grid, cut: Cut | None) -> tuple[Practice, ...]:
    """Collect the moves of every action: in the episodes, or in all of the grid without any."""
    actions = grid.plant.of_role("action")
    if cut is None:
        return tuple(_of_grid(grid, tag) for tag in actions)
    episodes = cut.episodes
    rows = np.searchsorted(grid.time, cut.stamps)
    begins = episodes.starts + np.arange(len(episodes.length))
    first = np.delete(rows, begins + episodes.length)  # each episode's last stamp begins no step
    limits = MovingLimits.find(episodes.observation_tags, episodes.action_tags, episodes.source)
    low, high = limits.box(episodes.transitions.observation)
    found = []
    for column, tag in enumerate(actions):
        before = grid.value[first, grid.keys.index(tag.key)]
        setting = episodes.action[:, column].astype(np.float64)
        move = np.nan_to_num(setting - before.astype(np.float32))
        ends = (low[:, column].astype(np.float64), high[:, column].astype(np.float64))
        found.append(Practice(tag, setting, move, *ends, *_lasting(grid, tag)))
    return tuple(found)


def _of_grid(grid: Grid, tag: PlantTag) -> Practice:
    value = grid.value[:, grid.keys.index(tag.key)]
    known = ~np.isnan(value[1:]) & ~np.isnan(value[:-1])
    return Practice(tag, value[1:][known], np.diff(value)[known], None, None, *_lasting(grid, tag))


def _lasting(grid: Grid, tag: PlantTag) -> tuple[tuple[float, float], tuple[float, float]]:
    """Bounds and rate limits (of a decision period) that stay the same all the time."""

    def lasting(end: float | str) -> float:
        if not isinstance(end, str):
            return end
        column = grid.value[:, grid.keys.index(end)]
        known = column[~np.isnan(column)]
        return float(known[0]) if len(known) and (known == known[0]).all() else np.nan

    low, high = tag.bounds or (np.nan, np.nan)
    fall, rise = tag.rate or (np.nan, np.nan)
    share = grid.plant.period_s / tag.rate_per_s
    return (lasting(low), lasting(high)), (lasting(fall) * share, lasting(rise) * share)


def foretold(cut: Cut, practice: Practice) -> float | None:
    """Share of the variance of an action's moves that follows from what was seen.

    Ridge regression on the standardized observation and random ReLU features of it, fitted on every
    other episode and judged on the rest; None where there are too few steps for that.
    """
    episodes = cut.episodes
    steps = len(practice.move)
    rows = np.linspace(0, steps - 1, min(steps, MOST_ROWS)).astype(np.int64)
    odd, target = episodes.episode_of_step[rows] % 2 == 1, practice.move[rows]
    enough = steps >= FEWEST_ROWS and odd.any() and not odd.all()
    if not enough or target[odd].var() == 0 or target[~odd].var() == 0:
        return None
    seen = episodes.transitions.observation[rows].astype(np.float64)
    deviation = seen.std(0)
    seen = np.clip((seen - seen.mean(0)) / np.where(deviation > 0, deviation, 1.0), -5, 5)
    rng = np.random.default_rng(0)
    weight = rng.normal(size=(seen.shape[1], FEATURES)) / np.sqrt(seen.shape[1])
    hidden = np.maximum(seen @ weight + rng.uniform(-2, 2, FEATURES), 0.0)
    design = np.concatenate([np.ones((len(seen), 1)), seen, hidden], axis=1)
    known = design[~odd]
    gram = known.T @ known + np.eye(design.shape[1])
    fitted = design[odd] @ np.linalg.solve(gram, known.T @ target[~odd])
    missed = np.square(target[odd] - fitted).mean() / target[odd].var()
    return float(max(0.0, 1.0 - missed))


def foresight(
    episodes: Episodes, period_s: float
) -> tuple[Foresight | None, tuple[Evidence | None, ...]]:
    """Measure how far rewards can be foreseen, and what the records show of each action alone.

    Args:
        episodes: The records.
        period_s: Of a step.

    Returns:
        None and Nones where there are too few steps or episodes, or nothing was moved.
    """
    columns = range(len(episodes.action_tags))
    if len(episodes.length) < 2 or len(episodes.reward) < FEWEST_ROWS:
        return None, (None,) * len(columns)
    each = tuple(_evidence(episodes, [column]) for column in columns)
    moved = [column for column in columns if each[column]]
    evidence = _evidence(episodes, moved) if moved else None
    if evidence is None or evidence.not_measurable:
        return None, each
    return Foresight(
        after_s=tuple(float(lag) * period_s for lag in evidence.lags),
        by_all=_floats(evidence.r2),
        by_seen=_floats(evidence.r2_without_action),
        horizon_s=evidence.horizon * period_s,
        discount=evidence.discount,
        action_share=evidence.reward_share,
        cloning=cloning(evidence),
    ), each


def _evidence(episodes: Episodes, columns: list[int]) -> Evidence | None:
    """Gather evidence for some actions; None if one of them was never moved."""
    one = dataclasses.replace(
        episodes,
        action=np.ascontiguousarray(episodes.action[:, columns]),
        action_tags=tuple(episodes.action_tags[column] for column in columns),
    )
    try:
        return gather_evidence(one)
    except UserError:  # an action that was never moved has no scale
        return None


def _floats(values: Float[np.ndarray, " K"]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
