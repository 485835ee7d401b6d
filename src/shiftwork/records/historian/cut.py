"""From the time grid to episodes, with the feasible action box of each step among what is seen.

Step t lasts from stamp t to stamp t + 1. Its observation is what was known at t, the set-points
then in force among it. Its action is the set-point in force at t + 1, just before the next
decision: what the operator made of it meanwhile. Its reward is the objective over the means of the
period, and its next observation is what was known at t + 1.

No step reaches over a gap, a shutdown, a change of mode or an episode's fixed length. Only a
shutdown is a terminal: after it the future is worth nothing, after a cut it is merely unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Bool, Float64, Int64, Shaped

from shiftwork.errors import UserError
from shiftwork.records.episodes import Episodes
from shiftwork.records.historian.action_limits import Box, Violation
from shiftwork.records.historian.grid import Grid
from shiftwork.records.historian.plant_file.expression import Expression
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.tags import Tag


@dataclass(frozen=True, eq=False)
class Cut:
    """Episodes cut from a grid, and what was left out.

    Attributes:
        episodes: Observation columns are the observed tags in the plant file's order, then
            "<action> low" and "<action> high" for each action.
        stamps: When each observation was, (T + E,) datetime64[us], UTC.
        spans: First and last stamp of each episode, (E, 2).
        dropped: Reason: grid periods that are no step of any episode because of it.
        filled: Tag: stamps at which a short gap was filled with the value before it.
        violations: Where recorded actions broke their limits; in the episodes they are clipped.
        columns: By tag what was known at each stamp of the grid, short gaps filled, (T,) float64; of
            state tags their texts, None where unknown.
    """

    episodes: Episodes
    stamps: Shaped[np.ndarray, " TE"]
    spans: Shaped[np.ndarray, "E 2"]
    dropped: dict[str, int]
    filled: dict[str, int]
    violations: tuple[Violation, ...]
    columns: dict[str, np.ndarray]


def cut_episodes(grid: Grid, plant: PlantFile) -> Cut:
    """Cut a grid into episodes.

    A gap no longer than the plant file allows is filled with the value before it.

    Args:
        grid: Of the same plant file.
        plant: Its objective, roles, limits, and what starts and ends an episode.

    Raises:
        UserError: An action's moves are hidden by its dead-band, or no episode is left; the
            message says what hides them or what is missing.
    """
    _refuse_hidden(grid, plant)
    gap = int(plant.episodes.gap_s / plant.period_s + 1e-9)
    value, filled = _filled(grid.value, gap)
    mean, _ = _filled(grid.mean, gap)
    states = {name: _filled_text(grid.states[name], gap) for name in grid.states.columns}

    columns = dict(zip(grid.keys, value.T, strict=True)) | states
    down = _evaluated(plant.episodes.shutdown, columns, len(grid.time), absent=0.0)
    trips = _next((down[:-1] == 0) & (down[1:] == 1))
    # A plant that trips may take its measurements along; what was known just before it stands.
    _fill_behind(value, np.flatnonzero(trips) + 1)
    _fill_behind(mean, np.flatnonzero(trips))

    means = dict(zip(grid.keys, mean.T, strict=True)) | states
    reward = _evaluated(plant.objective, means, len(grid.time), absent=np.nan)
    boxes = [Box.of(tag, columns, plant.period_s) for tag in plant.of_role("action")]
    losses = _losses(plant, columns, boxes, down, trips, reward)
    pieces = _pieces(losses, plant)
    if not len(pieces):
        reason, count = max(losses.counted().items(), key=lambda item: item[1])
        raise UserError(
            f"records of {plant.path}: no episode is left of {len(grid.time)} periods, most lost "
            f"to '{reason}' ({count} periods); export what is missing, or fix the plant file (a tag "
            "that is kept on change only needs a longer max_age)"
        )
    steps = np.concatenate([np.arange(*piece) for piece in pieces])
    seen = np.concatenate([np.arange(first, end + 1) for first, end in pieces])
    observed = [tag for tag in plant.tags.values() if tag.observed]
    action = np.stack([np.clip(b.action, b.low, b.high)[steps] for b in boxes], 1)
    episodes = Episodes(
        observation=_narrow(
            [columns[tag.key][seen] for tag in observed]
            + [end[seen] for box in boxes for end in (box.low, box.high)]
        ),
        action=action.astype(np.float32),
        reward=reward[steps].astype(np.float32),
        length=pieces[:, 1] - pieces[:, 0],
        terminal=trips[pieces[:, 1] - 1],
        observation_tags=(
            *(Tag(t.key, t.unit, *(t.span or ()), outside=t.outside) for t in observed),
            *(tag for box in boxes for tag in box.limit_tags),
        ),
        action_tags=tuple(box.action_tag(steps, plant) for box in boxes),
        source=f"records of {plant.path}",
    )
    return Cut(
        episodes=episodes,
        stamps=grid.time[seen],
        spans=grid.time[pieces],
        dropped=losses.counted(),
        filled={key: n for key, n in zip(grid.keys, filled.tolist(), strict=True) if n},
        violations=tuple(v for box in boxes for v in box.violations(steps, grid.time)),
        columns=columns,
    )


class _Losses:
    """For each stamp, the first reason why the period from it is no step of an episode."""

    def __init__(self, count: int) -> None:
        self.code = np.full(count, -1)
        self.names: list[str] = []

    def note(self, reason: str, where: Bool[np.ndarray, " T"]) -> None:
        if reason not in self.names:
            self.names.append(reason)
        self.code[where & (self.code < 0)] = self.names.index(reason)

    def counted(self) -> dict[str, int]:
        counts = np.bincount(self.code[self.code >= 0], minlength=len(self.names))
        return {name: n for name, n in zip(self.names, counts.tolist(), strict=True) if n}


def _losses(
    plant: PlantFile,
    columns: Mapping[str, np.ndarray],
    boxes: list[Box],
    down: Float64[np.ndarray, " T"],
    trips: Bool[np.ndarray, " T"],
    reward: Float64[np.ndarray, " T"],
) -> _Losses:
    """Find the periods that are no steps."""
    losses = _Losses(len(down))
    mode = plant.episodes.mode
    # First what makes a stamp unfit to be observed ...
    losses.note("shutdown", down == 1)
    losses.note("unknown whether it runs", np.isnan(down))
    if mode is not None:
        losses.note(f"{mode} missing", np.array([text is None for text in columns[mode]]))
    for tag in plant.tags.values():
        if tag.observed:
            losses.note(f"{tag.key} missing", np.isnan(columns[tag.key]))
    for box in boxes:
        losses.note(f"limits of {box.tag.key} missing", np.isnan(box.low + box.high))
        crossed = (box.floor > box.ceiling) | (box.fall > box.rise)
        losses.note(f"limits of {box.tag.key} crossed", crossed)
    # ... then what makes the step from it unfit: a next stamp that is, unless the plant tripped.
    unfit = losses.code.copy()
    for code, name in enumerate(tuple(losses.names)):
        losses.note(name, _next(unfit[1:] == code) & ~trips)
    losses.note("end of the records", np.arange(len(down)) == len(down) - 1)
    if mode is not None:
        switched = _next(columns[mode][1:] != columns[mode][:-1])
        losses.note(f"{mode} changes", switched & ~trips)
    for box in boxes:
        losses.note(f"{box.tag.key} missing", np.isnan(box.action))
    losses.note("objective missing", np.isnan(reward))
    return losses


def _pieces(losses: _Losses, plant: PlantFile) -> Int64[np.ndarray, "E 2"]:
    """First step of each episode, and the one after its last; short ones are lost."""
    rules = plant.episodes
    fit = np.concatenate([[False], losses.code < 0, [False]])
    first, end = np.flatnonzero(fit[1:] & ~fit[:-1]), np.flatnonzero(~fit[1:] & fit[:-1])
    longest = len(fit)
    if rules.length_s is not None:
        longest = max(int(rules.length_s / plant.period_s + 1e-9), 1)
    pieces = np.array(
        [
            (start, min(start + longest, stop))
            for begin, stop in zip(first.tolist(), end.tolist(), strict=True)
            for start in range(begin, stop, longest)
        ],
        np.int64,
    ).reshape(-1, 2)
    short = pieces[:, 1] - pieces[:, 0] < rules.shortest
    lost = np.zeros(len(losses.code), bool)
    for start, stop in pieces[short]:
        lost[start:stop] = True
    losses.note(f"shorter than {rules.shortest} periods", lost)
    return pieces[~short]


def _refuse_hidden(grid: Grid, plant: PlantFile) -> None:
    for tag in plant.of_role("action"):
        band = grid.dead_bands[tag.key]
        if band.hidden:
            raise UserError(
                f"{plant.path}: tags.{tag.key}: the historian's dead-band hides its moves: "
                f"{band.reason}; export its set-point or output as kept on change, or, if it is "
                "that, write its true dead_band"
            )


def _next(holds: Bool[np.ndarray, " S"]) -> Bool[np.ndarray, " T"]:
    """What holds from each stamp to the next, at the last stamp nothing."""
    return np.concatenate([holds, [False]])


def _evaluated(
    expression: Expression | None, columns: Mapping[str, np.ndarray], count: int, *, absent: float
) -> Float64[np.ndarray, " T"]:
    if expression is None:
        return np.full(count, absent)
    return np.array(np.broadcast_to(expression.evaluate(columns), (count,)))


def _filled(
    values: Float64[np.ndarray, "T K"], gap: int
) -> tuple[Float64[np.ndarray, "T K"], Int64[np.ndarray, " K"]]:
    """Fill gaps of at most ``gap`` stamps with the value before, and count what was filled.

    A gap that never ends is none: nothing tells that the tag came back.
    """
    values = values.copy(order="F")
    count = np.zeros(values.shape[1], np.int64)
    for k in np.flatnonzero(np.isnan(values).any(0)):
        column = values[:, k]
        absent = np.concatenate([[False], np.isnan(column), [False]])
        first = np.flatnonzero(absent[1:] & ~absent[:-1])
        end = np.flatnonzero(~absent[1:] & absent[:-1])
        short = (end - first <= gap) & (first > 0) & (end < len(column))
        for start, stop in zip(first[short].tolist(), end[short].tolist(), strict=True):
            column[start:stop] = column[start - 1]
            count[k] += stop - start
    return values, count


def _filled_text(states: pl.Series, gap: int) -> np.ndarray:
    """Fill gaps of a state as ``_filled`` does; (T,) objects, None where unknown."""
    known = states.unique().drop_nulls().sort()
    code = states.replace_strict(known, np.arange(len(known), dtype=np.float64), default=None)
    number, _ = _filled(code.cast(pl.Float64).fill_null(np.nan).to_numpy()[:, None], gap)
    text = np.array([*known.to_list(), None], object)
    return text[np.where(np.isnan(number), len(known), number)[:, 0].astype(np.int64)]


def _fill_behind(values: Float64[np.ndarray, "T K"], rows: Int64[np.ndarray, " S"]) -> None:
    """Fill what is missing in some rows with what the row before each holds."""
    here, before = values[rows], values[np.maximum(rows - 1, 0)]
    values[rows] = np.where(np.isnan(here), before, here)


def _narrow(columns: list[np.ndarray]) -> np.ndarray:
    with np.errstate(over="ignore"):  # Episodes names the row and tag of an infinity
        return np.stack(columns, 1).astype(np.float32)
