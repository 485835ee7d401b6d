"""The live rows that may judge an agent: people's own, and none that taught it.

The plant's own history is cut into steps by the code that cuts every export. Left out are the steps in
closed loop, which are the agent's own practice, and the days of which it has learned.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float32, Int64

from shiftwork.agents.agent import Agent
from shiftwork.errors import UserError
from shiftwork.files import sha256
from shiftwork.operation.history import OPEN, day_name, files_until
from shiftwork.operation.history_rows import DAY_US
from shiftwork.operation.inputs import AgentInput
from shiftwork.operation.settings import TeamRules
from shiftwork.operation.shadow.day import in_closed_loop
from shiftwork.operation.team_records import operated_team
from shiftwork.records.episodes import Episodes
from shiftwork.records.held_out import ALIKE, only, rows_that_taught
from shiftwork.records.historian.cut import cut_episodes
from shiftwork.records.historian.grid import to_grid
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.historian.samples import read_samples


@dataclass(frozen=True)
class LiveRows:
    """The steps of the history up to a day's end, under the names that the agent's tags have.

    Attributes:
        steps: All of them.
        stamp_us: When each step was decided, (T,).
        closed: Whether it was decided in closed loop, (T,).
        files: Each file of the history, and the SHA-256 of what was read of it.
    """

    steps: Episodes
    stamp_us: Int64[np.ndarray, " T"]
    closed: Bool[np.ndarray, " T"]
    files: tuple[tuple[str, str], ...]

    def on(self, day: int) -> Bool[np.ndarray, " T"]:
        """Steps of people on one day (days since 1970, UTC), (T,)."""
        return (self.stamp_us // DAY_US == day) & ~self.closed

    def judging(self, agent: Path) -> tuple[Episodes, tuple[str, ...]]:
        """Find the steps that may judge an agent, and the days left out because they taught it.

        Raises:
            UserError: No step is left, or the agent's folder does not say which rows taught it.
        """
        taught, day = rows_that_taught(self.steps, agent), self.stamp_us // DAY_US
        days = [one for one in np.unique(day) if taught[day == one].mean() > ALIKE]
        keep = ~self.closed & ~np.isin(day, days)
        return only(self.steps, keep), tuple(day_name(int(one)) for one in days)


def live_rows(
    folder: Path, plant: PlantFile, agent: Agent, day: int, closed_us: frozenset[int]
) -> LiveRows:
    """Read the history up to the end of a day.

    Args:
        folder: Where operate writes.
        plant: The plant file.
        agent: Names the columns.
        day: Days since 1970, UTC.
        closed_us: Stamps of the decisions in closed loop.

    Raises:
        UserError: There is no history, or nothing in it is a step.
    """
    with files_until(folder, plant, (day + 1) * DAY_US) as found:
        files = _hashes(found)
        cut = cut_episodes(to_grid(read_samples([*found.values()], plant), plant), plant)
    steps = cut.episodes
    row = np.arange(len(steps.reward)) + steps.episode_of_step
    stamp_us = cut.stamps[row].astype("datetime64[us]").astype(np.int64)
    closed = in_closed_loop(stamp_us, closed_us)
    return LiveRows(_named(steps, agent, plant), stamp_us, closed, files)


@dataclass(frozen=True)
class TeamRows:
    """What people earned at a team's plant on one day.

    Attributes:
        people: Rewards of their steps, (N,).
        closed: Steps in closed loop, which are left out.
        files: Each file that was read, and the SHA-256 of what was read of it.
    """

    people: Float32[np.ndarray, " N"]
    closed: int
    files: tuple[tuple[str, str], ...]


def team_rows(
    folder: Path, plant: PlantFile, team: TeamRules, day: int, closed_us: frozenset[int]
) -> TeamRows:
    """Read one day of a team's history.

    Args:
        folder: Where operate writes.
        plant: The plant file.
        team: Its table ``[operation.team]``.
        day: Days since 1970, UTC.
        closed_us: Stamps of the decisions in closed loop.

    Raises:
        UserError: There is no history.
    """
    today = (f"{day_name(day)}.parquet", OPEN)
    with files_until(folder, plant, (day + 1) * DAY_US) as found:
        mine = {name: file for name, file in found.items() if name in today}
        files = _hashes(mine)
        if not mine:
            return TeamRows(np.zeros(0, np.float32), 0, files)
        grid = to_grid(read_samples([*mine.values()], plant), plant)
    try:
        operated = operated_team(grid, plant, team)
    except UserError:  # too few steps in a row: nothing says what they earned
        return TeamRows(np.zeros(0, np.float32), 0, files)
    closed = in_closed_loop(operated.stamp_us, closed_us)
    on = operated.stamp_us // DAY_US == day
    return TeamRows(operated.records.reward[on & ~closed], int((on & closed).sum()), files)


def _hashes(files: Mapping[str, Path]) -> tuple[tuple[str, str], ...]:
    """Each file's name and the SHA-256 of what is in it."""
    return tuple((name, sha256(file)) for name, file in files.items())


def _named(steps: Episodes, agent: Agent, plant: PlantFile) -> Episodes:
    """The agent's columns, in its order and under its names; the units are the records'."""
    keys = AgentInput(agent, plant).keys
    seen = [tag.name for tag in steps.observation_tags]
    done = [tag.name for tag in steps.action_tags]
    observed = [seen.index(keys[tag.name]) for tag in agent.observation_tags]
    acted = [done.index(keys[tag.name]) for tag in agent.action_tags]
    return replace(
        steps,
        observation=steps.observation[:, observed],
        action=steps.action[:, acted],
        observation_tags=tuple(
            replace(steps.observation_tags[column], name=tag.name)
            for column, tag in zip(observed, agent.observation_tags, strict=True)
        ),
        action_tags=tuple(
            replace(
                steps.action_tags[column],
                name=tag.name,
                low_tag=tag.low_tag,
                high_tag=tag.high_tag,
            )
            for column, tag in zip(acted, agent.action_tags, strict=True)
        ),
    )
