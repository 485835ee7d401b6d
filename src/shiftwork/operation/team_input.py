"""A team at the plant: who decides now, what it sees, and what the team remembers.

The plant says who decides: whose macro-action has ended. It counts the primitive steps of a campaign,
and begins again at 0; the team decides once in each of them, however often it is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from shiftwork.agents.team import Team
from shiftwork.agents.team_memory import TeamMemory
from shiftwork.errors import UserError
from shiftwork.operation.audit import Audit
from shiftwork.operation.settings import TeamAgentRules, TeamRules
from shiftwork.records.historian.plant_file.model import PlantFile


@dataclass
class TeamInput:
    """Puts a plant's tags into the rows that a team was learned with.

    Attributes:
        team: The team.
        plant: The plant file.
        rules: Its table ``[operation.team]``.
    """

    team: Team
    plant: PlantFile
    rules: TeamRules
    agents: tuple[TeamAgentRules, ...] = field(init=False)
    names: tuple[str, ...] = field(init=False)
    needed: frozenset[str] = field(init=False)
    _rows: tuple[int, ...] = field(init=False)
    _scales: tuple[tuple[np.ndarray, np.ndarray], ...] = field(init=False)

    def __post_init__(self) -> None:
        where = f"{self.plant.path}: operation.team.agents"
        if sorted(self.team.agents) != sorted(self.rules.agents):
            raise UserError(
                f"{where}: are {', '.join(self.rules.agents)}, but the team's are "
                f"{', '.join(self.team.agents)}; give the team's own plant file"
            )
        for number, name in enumerate(self.team.agents):
            agent, team = self.rules.agents[name], self.team
            for what, given, needs in (
                ("sees", len(agent.sees), team.observation_sizes[number]),
                ("may", len(agent.may), len(team.macro_actions[number])),
            ):
                if given != needs:
                    raise UserError(
                        f"{where}.{name}.{what}: has {given} tags, but the team needs {needs}; "
                        "give the team's own plant file"
                    )
        by_action = {agent.action: name for name, agent in self.rules.agents.items()}
        names = [by_action[tag.key] for tag in self.plant.of_role("action")]
        self.names = tuple(names)
        self.agents = tuple(self.rules.agents[name] for name in names)
        self._rows = tuple(self.team.agents.index(name) for name in names)
        self._scales = tuple(self._scale(name) for name in names)
        keys = {self.rules.step}
        for agent in self.agents:
            keys |= {agent.action, agent.decides, *agent.sees, *agent.may}
        self.needed = frozenset(keys)

    def _scale(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """What is taken from each tag that an agent sees, and by what the rest is divided.

        A team that learned from an export saw its tags like that; a simulator shows its own as they are.
        """
        sees = self.rules.agents[name].sees
        shown = {one["agent"]: one for one in self.team.about.get("shown", ())}
        if name not in shown:
            return np.zeros(len(sees)), np.ones(len(sees))
        columns = tuple(shown[name]["columns"])
        if columns != tuple(sees):
            raise UserError(
                f"{self.plant.path}: operation.team.agents.{name}.sees: is {', '.join(sees)}, but the team "
                f"learned with {', '.join(columns)}; give these, in this order"
            )
        return np.array(shown[name]["middle"]), np.array(shown[name]["half"])

    def idle(self, observation: Mapping[str, float]) -> frozenset[str]:
        """Actions of the agents whose macro-actions have not ended."""
        return frozenset(
            agent.action for agent in self.agents if observation.get(agent.decides) != 1.0
        )

    def decide(self, observation: Mapping[str, float]) -> np.ndarray:
        """Let the team decide once in a step; numbers of macro-actions by action, (A,).

        Of agents that do not decide it is the number in force.
        """
        team, step = self.team, round(observation[self.rules.step])
        memory = team.recall()
        if step < memory.step - 1:  # another campaign has begun
            memory = replace(
                memory, recurrent=np.zeros_like(memory.recurrent), step=0,
                macro_action=np.full_like(memory.macro_action, -1),
            )  # fmt: skip
        if step >= memory.step:
            self._act(observation, replace(memory, step=step))
        chosen = self.team.recall().macro_action
        idle = self.idle(observation)
        return np.array(
            [
                observation[agent.action] if agent.action in idle else float(chosen[row])
                for agent, row in zip(self.agents, self._rows, strict=True)
            ]
        )

    def _act(self, observation: Mapping[str, float], memory: TeamMemory) -> None:
        team = self.team
        seen = np.zeros((len(self.agents), max(team.observation_sizes)), np.float32)
        masks = np.zeros((len(self.agents), max(map(len, team.macro_actions))), bool)
        decides = np.zeros(len(self.agents), bool)
        in_force = memory.macro_action.copy()
        for agent, row, (middle, half) in zip(self.agents, self._rows, self._scales, strict=True):
            tags = np.array([observation[key] for key in agent.sees])
            seen[row, : len(agent.sees)] = (tags - middle) / half
            masks[row, : len(agent.may)] = [observation[key] == 1.0 for key in agent.may]
            decides[row] = observation[agent.decides] == 1.0
            in_force[row] = round(observation[agent.action])
        # What is in force may be another's choice: a person's, or the plant's own.
        team.resume(replace(memory, macro_action=in_force))
        team.act(seen, decides, masks)

    def memory(self) -> dict[str, Any]:
        """What the team remembers, for the record of its decision."""
        return {"team": self.team.recall().body()}

    def resume(self, audit: Audit) -> None:
        """Go on from the memory of the last decision on record, if it has one of this team.

        Raises:
            UserError: The record's memory is of another team: another folder is needed.
        """
        found = [entry for kind in ("decision", "intent") if (entry := audit.last(kind))]
        found = [entry for entry in found if "team" in entry.body]
        if found:
            last = max(found, key=lambda entry: entry.number)
            try:
                self.team.resume(TeamMemory.read(last.body["team"]))
            except UserError as error:
                raise UserError(f"{audit.path}: record {last.number}: {error}") from None
