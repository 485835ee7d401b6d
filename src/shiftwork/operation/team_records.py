"""What a team, or the people beside it, decided at the plant, as team records to learn from.

The plant's own history holds whatever a team is shown: who decides, what each agent sees and may choose,
which macro-action is in force, the count of steps. So nothing is rebuilt by rule as from an export
(``records/historian/cut_team.py``): each decision is one that the plant asked for.

Step t lasts from stamp t to stamp t + 1. Its macro-action is the number in force at t + 1, whoever set
it: the team, or a person. No episode reaches over a cycle that was missed, a step that was read twice or
a value that was unknown; one that begins in the midst of a campaign knows at which step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float32, Int64

from shiftwork.errors import UserError
from shiftwork.operation.settings import TeamAgentRules, TeamRules
from shiftwork.records.historian.cut import Cut, cut_episodes
from shiftwork.records.historian.grid import Grid
from shiftwork.records.historian.plant_file.durations import spelled
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.team_episodes import NOTHING, Decisions, Task, TeamEpisodes, TeamPlace


@dataclass(frozen=True)
class Read:
    """How one agent's decisions were read.

    Attributes:
        agent: Its name.
        made: Decisions that the plant asked for.
        carried: Rows at an episode's beginning where it did not decide: what was in force goes on, and is
            all that the mask allows, so that nobody learns a choice from it.
        opened: Decisions for something that the plant did not permit; the mask is opened there.
        moved: Steps in which its set-point moved while its sequence ran, which begins nothing.
    """

    agent: str
    made: int
    carried: int
    opened: int
    moved: int


@dataclass(frozen=True, eq=False)
class Operated:
    """Team records read from a history.

    Attributes:
        records: The episodes.
        read: How each agent's decisions were read.
        stamp_us: When each step began, (T,), microseconds since 1970 UTC.
        lost: Steps that are in no episode because the count of steps did not go up by one, or because a
            macro-action in force is none of the agent's.
        cut: The plant's episodes as a whole, with what else was left out.
    """

    records: TeamEpisodes
    read: tuple[Read, ...]
    stamp_us: Int64[np.ndarray, " T"]
    lost: int
    cut: Cut


def operated_team(grid: Grid, plant: PlantFile, team: TeamRules) -> Operated:
    """Read team records from the grid of a history.

    Args:
        grid: Of the same plant file.
        plant: The plant file.
        team: Its table ``[operation.team]``.

    Raises:
        UserError: No episode is left; the message says what is missing.
    """
    cut = cut_episodes(grid, plant)
    columns, agents = cut.columns, tuple(team.agents.items())
    chosen = np.stack([_chosen(columns[agent.action], agent) for _, agent in agents], 1)
    pieces, lost = _pieces(cut, grid, team, chosen, plant)
    decisions, read = [], []
    for number, (name, agent) in enumerate(agents):
        found, counts = _decided(pieces, columns, agent, chosen[:, number])
        decisions.append(found)
        read.append(Read(name, *counts))
    first, length = pieces[:, 0], pieces[:, 1] - pieces[:, 0]
    steps = np.concatenate([np.arange(*piece) for piece in pieces])
    began = columns[team.step][first].round().astype(np.int64)
    records = TeamEpisodes(
        _place(plant, team, team.campaign or int((began + length).max())),
        tuple(decisions),
        _rewards(cut, grid, team)[steps],
        length,
        _terminal(pieces, cut, grid),
        f"history of {plant.path}",
        began,
    )
    stamps = grid.time[steps].astype("datetime64[us]").astype(np.int64)
    return Operated(records, tuple(read), stamps, lost, cut)


def at_place(records: TeamEpisodes, place: TeamPlace, plant: PlantFile) -> TeamEpisodes:
    """Take records for those of another description of the same plant, such as its simulator's.

    Args:
        records: From ``operated_team``.
        place: The other description.
        plant: The plant file; a tag's source must end with the name of the column that it is there.

    Raises:
        UserError: Agents, roles, macro-actions or columns differ.
    """
    where = f"{records.source}: is not of '{place.plant}'"
    mine = [(task.agent, task.role, task.macro_actions) for task in records.place.tasks]
    theirs = [(task.agent, task.role, task.macro_actions) for task in place.tasks]
    if sorted(mine) != sorted(theirs):
        raise UserError(
            f"{where}: agents, roles or macro-actions of operation.team are others; give the plant that was "
            "operated, or leave --plant out"
        )
    order = [mine.index(one) for one in theirs]
    for number, task in zip(order, place.tasks, strict=True):
        keys = records.place.tasks[number].observations
        sources = [plant.tags[key].source for key in keys]
        fits = len(keys) == len(task.observations) and all(
            source == name or source.endswith(f" {name}")
            for source, name in zip(sources, task.observations, strict=True)
        )
        if not fits:
            raise UserError(
                f"{where}: agent '{task.agent}' sees other columns there, or in another order; give the plant "
                "that was operated, or leave --plant out"
            )
    return replace(
        records, place=place, decisions=tuple(records.decisions[number] for number in order)
    )


def _place(plant: PlantFile, team: TeamRules, horizon: int) -> TeamPlace:
    tasks = tuple(
        Task(
            name,
            agent.role or name,
            tuple(agent.sees),
            tuple(agent.macro_actions or agent.may),
        )
        for name, agent in team.agents.items()
    )
    period = spelled(plant.period_s)
    version = f"{plant.name}, {period}, {team.earned or plant.objective.text}"
    return TeamPlace(plant.name, version, tasks, horizon, period, plant.goal.unit or "1")


def _chosen(in_force: np.ndarray, agent: TeamAgentRules) -> Int64[np.ndarray, " T"]:
    """Number of the macro-action in force at each stamp, ``NOTHING`` where it is none."""
    with np.errstate(invalid="ignore"):
        exists = (in_force == np.floor(in_force)) & (in_force >= 0) & (in_force < len(agent.may))
    return np.where(exists, in_force, NOTHING).astype(np.int64)


def _spans(cut: Cut, grid: Grid) -> Int64[np.ndarray, "E 2"]:
    return np.searchsorted(grid.time, cut.spans)


def _pieces(
    cut: Cut,
    grid: Grid,
    team: TeamRules,
    chosen: Int64[np.ndarray, "T N"],
    plant: PlantFile,
) -> tuple[Int64[np.ndarray, "E 2"], int]:
    """First and last stamp of each stretch in which every step followed the one before, and steps lost."""
    columns = cut.columns
    needed = {team.step, *([team.earned] if team.earned else [])}
    for agent in team.agents.values():
        needed |= {agent.decides, *agent.sees, *agent.may}
    known = np.all([np.isfinite(columns[key]) for key in sorted(needed)], axis=0)
    step = columns[team.step]
    fits = known[:-1] & known[1:] & (step[1:] == step[:-1] + 1) & (chosen[1:] >= 0).all(1)
    pieces, lost = [], 0
    for first, end in _spans(cut, grid).tolist():
        inside = np.concatenate([[False], fits[first:end], [False]])
        begins = np.flatnonzero(inside[1:] & ~inside[:-1])
        ends = np.flatnonzero(~inside[1:] & inside[:-1])
        long = ends - begins >= plant.episodes.shortest
        pieces += [(first + a, first + b) for a, b in zip(begins[long], ends[long], strict=True)]
        lost += end - first - int((ends - begins)[long].sum())
    if not pieces:
        raise UserError(
            f"history of {plant.path}: no team episode is left: in no two periods in a row does '{team.step}' "
            f"go up by one with all that the team is shown ({lost:,} steps lost); operate for longer, with a "
            "cycle in each of the plant's steps"
        )
    return np.array(pieces, np.int64), lost


def _terminal(pieces: Int64[np.ndarray, "E 2"], cut: Cut, grid: Grid) -> Bool[np.ndarray, " E"]:
    """Whether the plant itself ended each of them."""
    spans = _spans(cut, grid)
    of_span = np.searchsorted(spans[:, 0], pieces[:, 0], side="right") - 1
    ended: np.ndarray = cut.episodes.terminal[of_span] & (spans[of_span, 1] == pieces[:, 1])
    return ended


def _rewards(cut: Cut, grid: Grid, team: TeamRules) -> Float32[np.ndarray, " T"]:
    """What the step from each stamp earned; NaN where it is in no episode of the plant."""
    if team.earned:
        return np.append(cut.columns[team.earned][1:], np.nan).astype(np.float32)
    found = np.full(len(grid.time), np.nan, np.float32)
    steps = np.concatenate([np.arange(*span) for span in _spans(cut, grid)])
    found[steps] = cut.episodes.reward
    return found


def _decided(
    pieces: Int64[np.ndarray, "E 2"],
    columns: dict[str, np.ndarray],
    agent: TeamAgentRules,
    chosen: Int64[np.ndarray, " T"],
) -> tuple[Decisions, tuple[int, int, int, int]]:
    """Read one agent's decisions, and count those made, carried and opened, and set-points that moved."""
    decides = columns[agent.decides] == 1.0
    rows, moved = [], 0
    for episode, (first, end) in enumerate(pieces.tolist()):
        at = np.union1d([first], first + np.flatnonzero(decides[first : end + 1]))
        made = at[at < end]
        during = chosen[first + 1 : end + 1]
        changed = np.flatnonzero(during[1:] != during[:-1]) + first + 1
        moved += int((~np.isin(changed, made)).sum())
        macro = np.append(chosen[made + 1], np.full(len(at) - len(made), NOTHING))
        rows.append(
            np.stack([np.full(len(at), episode), at - first, at, macro, np.diff(at, append=end)], 1)
        )
    table = np.concatenate(rows).astype(np.int64)
    stamp, macro = table[:, 2], table[:, 3]
    row, chose = np.arange(len(table)), macro != NOTHING
    mask = np.stack([columns[key][stamp] == 1.0 for key in agent.may], 1)
    carried = chose & ~decides[stamp]
    mask[carried] = False
    opened = chose & ~carried & ~mask[row, np.maximum(macro, 0)]
    mask[row[chose], macro[chose]] = True
    # Behind an episode's end something may always be chosen, or nothing could be said of it.
    mask[~mask.any(1)] = True
    seen = np.stack([columns[key][stamp] for key in agent.sees], 1).astype(np.float32)
    decisions = Decisions(table[:, 0], table[:, 1], seen, mask, macro, table[:, 4])
    return decisions, (
        int((chose & ~carried).sum()),
        int(carried.sum()),
        int(opened.sum()),
        moved,
    )
