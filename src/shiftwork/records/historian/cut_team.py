"""From the time grid to team episodes: what each agent of the plant file decided, and what it saw then.

Step t lasts from stamp t to stamp t + 1, as in ``cut.py``. An agent's macro-action of step t is the first one
whose condition holds at t + 1, just before the next stamp: what the operator made of it meanwhile.

An export shows what was done, not when somebody decided. So decisions are rebuilt by rule: an agent decides at
the beginning of an episode, where its macro-action becomes another, and ``every`` so often where it goes on.
How many are of which kind is counted, because a decision to go on is one only if somebody could have changed it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from shiftwork.errors import UserError
from shiftwork.records.historian.cut import Cut, cut_episodes
from shiftwork.records.historian.grid import Grid
from shiftwork.records.historian.plant_file.durations import spelled
from shiftwork.records.historian.plant_file.model import PlantFile, PlantTag
from shiftwork.records.historian.plant_file.team import Conditions, TeamTask
from shiftwork.records.team_episodes import NOTHING, Decisions, Task, TeamEpisodes, TeamPlace

LEAST_HALF = 1e-9
"""A tag that does not move is shown as it is, less its value."""


@dataclass(frozen=True)
class Rebuilt:
    """How one agent's decisions were rebuilt.

    Attributes:
        agent: Its name.
        starts: Decisions at the beginning of an episode,
        changes: where its macro-action became another,
        goes_on: and where it went on for so long that it counts as decided.
        unknown: Steps in which none of its conditions held, or could not be told; no episode has them.
        opened: Decisions for something that ``allowed`` did not allow; the mask is opened there.
    """

    agent: str
    starts: int
    changes: int
    goes_on: int
    unknown: int
    opened: int


@dataclass(frozen=True, eq=False)
class TeamCut:
    """Team episodes cut from a grid.

    Attributes:
        records: The episodes. What an agent sees is each tag less ``Task.middle``, in ``Task.half``.
        rebuilt: How each agent's decisions were rebuilt.
        cut: The episodes of the plant as a whole that they were made of.
        unscaled: Tags without a span in the plant file, shown by the range that was recorded.
    """

    records: TeamEpisodes
    rebuilt: tuple[Rebuilt, ...]
    cut: Cut
    unscaled: tuple[str, ...]


def cut_team(grid: Grid, plant: PlantFile) -> TeamCut:
    """Cut a grid into team episodes.

    Args:
        grid: Of the same plant file.
        plant: With a table [team].

    Raises:
        UserError: It has none, or no episode is left; the message says what is missing.
    """
    if plant.team is None:
        raise UserError(
            f"{plant.path}: says nothing of a team; write a table [[team.tasks]] for each agent, with its "
            "role, every, and macro_actions"
        )
    tasks = plant.team.tasks
    cut = cut_episodes(grid, plant)
    columns = cut.columns
    done = np.stack([_in_force(task.macro_actions, columns, len(grid.time)) for task in tasks], 1)
    pieces, terminal, rewards, lost = _pieces(cut, grid, done, plant)
    seen = np.concatenate([np.arange(first, end + 1) for first, end in pieces])
    observed = [tag for tag in plant.tags.values() if tag.observed]
    scale, unscaled = _scales(observed, columns, seen)
    described, decisions, rebuilt = [], [], []
    for number, task in enumerate(tasks):
        keys = task.sees or tuple(tag.key for tag in observed)
        described.append(
            Task(
                task.agent,
                task.role,
                keys,
                tuple(task.macro_actions),
                tuple(scale[key][0] for key in keys),
                tuple(scale[key][1] for key in keys),
            )
        )
        look = np.stack([(columns[key] - scale[key][0]) / scale[key][1] for key in keys], 1)
        may = _allowed(task, columns, len(grid.time))
        found, counts = _decided(pieces, done[:, number], look, may, _periods(task, plant))
        decisions.append(found)
        rebuilt.append(Rebuilt(task.agent, *counts[:3], int(lost[number]), counts[3]))
    length = pieces[:, 1] - pieces[:, 0]
    rules = "; ".join(
        f"{task.agent} every {spelled(task.every_s)}: "
        + ", ".join(f"{name} if {one.text}" for name, one in task.macro_actions.items())
        for task in tasks
    )
    place = TeamPlace(
        plant.name,
        f"{plant.name}, {spelled(plant.period_s)}, {plant.objective.text}, {rules}",
        tuple(described),
        _horizon(plant, length),
        spelled(plant.period_s),
        plant.goal.unit or "1",
    )
    records = TeamEpisodes(
        place, tuple(decisions), rewards, length, terminal, f"records of {plant.path}"
    )
    return TeamCut(records, tuple(rebuilt), cut, unscaled)


def _in_force(
    conditions: Conditions, columns: dict[str, np.ndarray], count: int
) -> Int64[np.ndarray, " T"]:
    """Number of the first condition that holds at each stamp, ``NOTHING`` where none does."""
    found = np.full(count, NOTHING, np.int64)
    for number, condition in reversed(tuple(enumerate(conditions.values()))):
        found[np.broadcast_to(condition.evaluate(columns), (count,)) == 1] = number
    return found


def _allowed(task: TeamTask, columns: dict[str, np.ndarray], count: int) -> Bool[np.ndarray, "T A"]:
    """What may be chosen at each stamp; what cannot be told is taken for allowed."""
    may = np.ones((count, len(task.macro_actions)), bool)
    for number, name in enumerate(task.macro_actions):
        if name in task.allowed:
            may[:, number] = np.broadcast_to(task.allowed[name].evaluate(columns), (count,)) != 0
    return may


def _pieces(
    cut: Cut, grid: Grid, done: Int64[np.ndarray, "T N"], plant: PlantFile
) -> tuple[Int64[np.ndarray, "E 2"], Bool[np.ndarray, " E"], np.ndarray, Int64[np.ndarray, " N"]]:
    """Split episodes where a macro-action is unknown.

    Returns:
        First and last stamp of each, whether the plant ended it, the rewards of all steps, and the
        steps lost to each agent.
    """
    pieces, terminal, rewards = [], [], []
    lost = np.zeros(done.shape[1], np.int64)
    begin = 0
    for first, length, ended in zip(
        np.searchsorted(grid.time, cut.spans[:, 0]).tolist(),
        cut.episodes.length.tolist(),
        cut.episodes.terminal.tolist(),
        strict=True,
    ):
        during = done[first + 1 : first + length + 1].copy()
        if ended:  # a plant that trips may take its measurements along
            during[-1] = np.where(during[-1] < 0, done[first + length - 1], during[-1])
            done[first + length] = during[-1]
        lost += (during < 0).sum(0)
        fit = np.concatenate([[False], (during >= 0).all(1), [False]])
        starts = np.flatnonzero(fit[1:] & ~fit[:-1]).tolist()
        ends = np.flatnonzero(~fit[1:] & fit[:-1]).tolist()
        for start, end in zip(starts, ends, strict=True):
            if end - start >= plant.episodes.shortest:
                pieces.append((first + start, first + end))
                terminal.append(ended and end == length)
                rewards.append(cut.episodes.reward[begin + start : begin + end])
        begin += length
    if not pieces:
        worst = int(lost.argmax())
        task = plant.team.tasks[worst] if plant.team else None
        raise UserError(
            f"records of {plant.path}: no team episode is left: in {lost[worst]:,} of {begin:,} steps no "
            f"macro-action of '{task.agent if task else ''}' could be told; widen its conditions, or add the "
            "macro-action that is missing"
        )
    return (
        np.array(pieces, np.int64),
        np.array(terminal, bool),
        np.concatenate(rewards).astype(np.float32),
        lost,
    )


def _scales(
    observed: list[PlantTag], columns: dict[str, np.ndarray], seen: Int64[np.ndarray, " S"]
) -> tuple[dict[str, tuple[float, float]], tuple[str, ...]]:
    """Middle and half of each tag's range: its span, else its bounds, else what was recorded."""
    found, unscaled = {}, []
    for tag in observed:
        ends = tag.span or tag.bounds
        if ends is None or any(isinstance(end, str) for end in ends):
            unscaled.append(tag.key)
            ends = tuple(np.quantile(columns[tag.key][seen], (0.01, 0.99)).tolist())
        low, high = (float(end) for end in ends)
        half = (high - low) / 2
        found[tag.key] = (low + high) / 2, half if half > LEAST_HALF else 1.0
    return found, tuple(unscaled)


def _periods(task: TeamTask, plant: PlantFile) -> int:
    return round(task.every_s / plant.period_s)


def _horizon(plant: PlantFile, length: Int64[np.ndarray, " E"]) -> int:
    """Steps of an episode's fixed length, so that records of several exports have the same."""
    if plant.episodes.length_s is None:
        return int(length.max())
    return max(int(plant.episodes.length_s / plant.period_s + 1e-9), 1)


def _decided(
    pieces: Int64[np.ndarray, "E 2"],
    done: Int64[np.ndarray, " T"],
    look: Float64[np.ndarray, "T O"],
    may: Bool[np.ndarray, "T A"],
    every: int,
) -> tuple[Decisions, tuple[int, int, int, int]]:
    """Rebuild one agent's decisions, and count starts, changes, those that go on, and opened masks."""
    rows: list[tuple[int, int, int, int, int]] = []  # episode, step, stamp, macro-action, duration
    starts, changes = len(pieces), 0
    for episode, (first, end) in enumerate(pieces.tolist()):
        during = done[first + 1 : end + 1]
        at = [0]
        for step in range(1, len(during)):
            changed = during[step] != during[step - 1]
            changes += int(changed)
            if changed or step - at[-1] >= every:
                at.append(step)
        until = [*at[1:], len(during)]
        rows += [
            (episode, step, first + step, int(during[step]), stop - step)
            for step, stop in zip(at, until, strict=True)
        ]
        rows.append((episode, len(during), end, NOTHING, 0))
    table = np.array(rows, np.int64)
    stamp, macro = table[:, 2], table[:, 3]
    mask = may[stamp]
    chose = macro != NOTHING
    opened = chose & ~mask[np.arange(len(mask)), np.maximum(macro, 0)]
    mask[opened, macro[opened]] = True
    # Behind an episode's end something may always be chosen, or nothing could be said of it.
    mask[~mask.any(1)] = True
    decisions = Decisions(
        table[:, 0], table[:, 1], look[stamp].astype(np.float32), mask, macro, table[:, 4]
    )
    goes_on = int(chose.sum()) - starts - changes
    return decisions, (starts, changes, goes_on, int(opened.sum()))
