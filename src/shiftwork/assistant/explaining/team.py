"""A team that is open for questions, with recorded episodes of its plant, and what it makes of them.

The team's nets walk through a recorded episode: what they would have done at each decision, had they
seen and decided all that was recorded before it. Their memories rest on what was seen, not on who
acted, so people's episodes do as well as the team's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Float64

from shiftwork.agents import team_critic
from shiftwork.agents.team import ABOUT, POLICIES, Team
from shiftwork.errors import UserError
from shiftwork.files import sha256
from shiftwork.records.formats.team_folder import ABOUT as RECORDS_ABOUT
from shiftwork.records.formats.team_folder import load_team_records
from shiftwork.records.formats.team_yardsticks import FILE as YARDSTICKS
from shiftwork.records.formats.team_yardsticks import Yardsticks
from shiftwork.records.team_episodes import TeamEpisodes


@dataclass(frozen=True, eq=False)
class Walked:
    """What a team makes of a recorded episode of T steps; N agents, A macro-actions.

    Attributes:
        chances: Probabilities at each agent's own decisions, (T, N, A); 0 elsewhere.
        value: The team's own estimate at the joint decisions, (T,), in the plant's reward; NaN
            elsewhere, and everywhere without a critic.
        decided: Who decides at the beginning of each step, (T, N).
    """

    chances: Float[np.ndarray, "T N A"]
    value: Float64[np.ndarray, " T"]
    decided: Bool[np.ndarray, "T N"]


@dataclass(frozen=True)
class OpenYardsticks:
    """What recorded episodes earned and might have earned, with the hash of its file.

    Attributes:
        profits: Of each episode.
        hashes: SHA-256 of the file.
    """

    profits: Yardsticks
    hashes: tuple[str, ...]

    @classmethod
    def open(cls, records: Path) -> OpenYardsticks | None:
        """Read it from a folder of team records; None if it came without.

        Raises:
            UserError: The file is damaged.
        """
        found = Yardsticks.load(records)
        return None if found is None else cls(found, (sha256(records / YARDSTICKS),))


@dataclass(frozen=True, eq=False)
class OpenTeam:
    """A team with what explaining it needs.

    Attributes:
        team: Who acts.
        critic: What it thinks its situation is worth; None where it came without.
        records: Episodes of its plant.
        hashes: SHA-256 of the files that all this was read from, sorted.
    """

    team: Team
    critic: team_critic.TeamCritic | None
    records: TeamEpisodes
    hashes: tuple[str, ...]

    @classmethod
    def open(cls, folder: Path, records: Path) -> OpenTeam:
        """Read a team's folder and a folder of team records.

        Args:
            folder: As ``team learn`` or ``team improve`` wrote it.
            records: As ``team people`` or ``team rebuild`` wrote it.

        Raises:
            UserError: A folder cannot be read, or the records are of other agents than the team's.
        """
        team, recorded = Team.load(folder), load_team_records(records)
        tasks = recorded.place.tasks
        theirs = tuple((t.agent, len(t.observations), t.macro_actions) for t in tasks)
        own = tuple(zip(team.agents, team.observation_sizes, team.macro_actions, strict=True))
        if theirs != own:
            raise UserError(
                f"{records}: records of other agents, or of agents that see or may choose something else, "
                f"than the team's in {folder}; give records of the plant that the team is for "
                f"({team.about.get('plant', 'which it does not name')})"
            )
        files = [folder / name for name in (ABOUT, POLICIES, team_critic.FILE)]
        files += [records / RECORDS_ABOUT, *sorted(records.glob("*.parquet"))]
        return cls(
            team,
            team_critic.TeamCritic.load(folder, team),
            recorded,
            tuple(sorted({sha256(file) for file in files if file.exists()})),
        )

    @property
    def discount(self) -> float:
        """Per primitive step, as the team learned; 1 where its folder does not say."""
        config = self.team.about.get("config")
        return float(config.get("discount", 1.0)) if isinstance(config, dict) else 1.0

    @cached_property
    def _walks(self) -> dict[int, Walked]:
        return {}

    def walked(self, episode: int) -> Walked:
        """Walk through a recorded episode, once.

        Args:
            episode: From 0, below the number of episodes.
        """
        if episode not in self._walks:
            self._walks[episode] = _walk(self, episode)
        return self._walks[episode]


def _walk(opened: OpenTeam, episode: int) -> Walked:
    team, records, critic = opened.team, opened.records, opened.critic
    steps, agents = int(records.length[episode]), len(team.agents)
    actions = max(map(len, team.macro_actions))
    seen = np.zeros((steps, agents, max(team.observation_sizes)), np.float32)
    decided = np.zeros((steps, agents), bool)
    mask = np.zeros((steps, agents, actions), bool)
    for agent, found in enumerate(records.decisions):
        rows = np.flatnonzero((found.episode == episode) & found.made)
        at = found.step[rows]
        seen[at, agent, : found.observation.shape[1]] = found.observation[rows]
        decided[at, agent] = True
        mask[at, agent, : found.mask.shape[1]] = found.mask[rows]
    chances = np.zeros((steps, agents, actions), np.float32)
    value = np.full(steps, np.nan)
    memory = np.zeros_like(team.actors.candidate_bias)
    judging = critic.begin() if critic is not None else memory
    last = np.zeros(agents, np.int64)
    for step in np.flatnonzero(decided.any(1)):
        decides = decided[step]
        looked = team.looked(seen[step], int(step))
        memory = team.remembered(memory, looked, decides)
        chances[step] = np.where(decides[:, None], team.chances(memory, looked, mask[step]), 0.0)
        last = np.where(decides, step, last)
        if critic is not None:
            judging = critic.moved(judging, looked, decides)
            value[step] = critic.value(team, judging, step - last)
    return Walked(chances, value, decided)
