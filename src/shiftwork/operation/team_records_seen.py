"""What the records hold that a team learned from: the file that goes with it to the plant.

``team learn --records`` writes it into the team's folder. It says which choices lie outside the records, and
which agents see something that drifts away from them. Agents of one role share it.

A choice is compared with the same choice in the records: how far is what its agent sees from what was seen
where that macro-action was chosen. What nobody ever chose is outside, whatever is seen.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int64

from shiftwork.errors import UserError
from shiftwork.operation.envelope import Envelope, Held, Observation, in_force
from shiftwork.operation.records_seen import FILE, drifting_tag, range_of_means, read_seen
from shiftwork.operation.settings import TeamAgentRules
from shiftwork.operation.support import (
    LEAST_ROWS,
    MOST_ROWS,
    OUTSIDE,
    QUANTILE,
    nearest,
    scales,
)
from shiftwork.operation.team_input import TeamInput
from shiftwork.records.team_episodes import Task, TeamEpisodes

BLOCK = 50
"""Decisions of a mean whose range is remembered; as many of an agent make the mean at the plant."""


@dataclass(frozen=True)
class RoleSeen:
    """What the records hold of one role.

    Attributes:
        rows: What was seen at kept decisions, in units of the tags, (N, O).
        chose: The macro-action then, (N,).
        mean: Of each column, (O,).
        std: Deviation of each column, (O,).
        limit: Distance to the nearest kept decision for the same macro-action within which 99 % of held-out
            decisions lie, in deviations.
        low: Least mean of a block of decisions of one agent, -inf where there were too few, (O,).
        high: Greatest mean, (O,).
    """

    rows: Float64[np.ndarray, "N O"]
    chose: Int64[np.ndarray, " N"]
    mean: Float64[np.ndarray, " O"]
    std: Float64[np.ndarray, " O"]
    limit: float
    low: Float64[np.ndarray, " O"]
    high: Float64[np.ndarray, " O"]

    @classmethod
    def learn(
        cls, role: str, agents: Sequence[tuple[np.ndarray, np.ndarray, np.ndarray]]
    ) -> RoleSeen:
        """Learn from the decisions of a role's agents, in the order of time.

        Args:
            role: Its name.
            agents: Of each agent the episode (K,), what it saw (K, O) and what it chose (K,).

        Raises:
            UserError: There are too few decisions to judge by.
        """
        episode, rows, chose = (np.concatenate(parts) for parts in zip(*agents, strict=True))
        if len(rows) < LEAST_ROWS:
            raise UserError(
                f"role '{role}': {len(rows)} decisions are too few to judge what lies outside them; give records "
                f"with at least {LEAST_ROWS}"
            )
        # Whole episodes are held out, so that neighbours do not vouch for each other.
        late = episode >= np.quantile(episode, 2 / 3)
        late = late if late.any() and not late.all() else np.arange(len(rows)) >= 2 * len(rows) // 3
        kept, held_out = np.flatnonzero(~late), np.flatnonzero(late)
        kept = kept[:: -(-len(kept) // MOST_ROWS)]
        held_out = held_out[:: -(-len(held_out) // MOST_ROWS)]
        mean, std = scales(rows[kept])
        low, high = range_of_means([seen for _, seen, _ in agents], BLOCK)
        found = cls(rows[kept], chose[kept], mean, std, np.inf, low, high)
        distance = found.distance(rows[held_out], chose[held_out])
        known = distance[np.isfinite(distance)]
        limit = float(np.quantile(known, QUANTILE)) if len(known) else 0.0
        return cls(rows[kept], chose[kept], mean, std, limit, low, high)

    def distance(
        self, seen: Float64[np.ndarray, "M O"], chosen: Int64[np.ndarray, " M"]
    ) -> Float64[np.ndarray, " M"]:
        """Distance to the nearest decision for the same macro-action, deviations; inf where there is none."""
        found = np.full(len(chosen), np.inf)
        with np.errstate(all="ignore"):  # what overflows is far from everything
            scaled, kept = (seen - self.mean) / self.std, (self.rows - self.mean) / self.std
            for number in np.unique(chosen):
                mine, like = np.flatnonzero(chosen == number), kept[self.chose == number]
                if len(like):
                    found[mine] = nearest(scaled[mine], like)
        return np.where(np.isnan(found), np.inf, found)


@dataclass(frozen=True)
class TeamSupport:
    """Forbids a choice that lies outside what people chose and saw; what is in force already stays.

    Attributes:
        agents: One for each action, in the order of the action's columns.
        seen: What the records hold of each one's role.
    """

    agents: tuple[TeamAgentRules, ...]
    seen: tuple[RoleSeen, ...]

    def observe(self, observation: Observation) -> None:
        """The records do not change."""

    def hold(self, observation: Observation, action: np.ndarray) -> Held:
        """Forbid to write what lies outside the records."""
        given, choice = _choices(self.agents, observation, action)
        outside = np.zeros(given.shape, bool)
        for column, (agent, seen) in enumerate(zip(self.agents, self.seen, strict=True)):
            where = choice[..., column]
            looks = [
                np.broadcast_to(np.asarray(observation.get(key, np.nan), np.float64), where.shape)
                for key in agent.sees
            ]
            rows = np.stack([look[where] for look in looks], -1)
            number = np.nan_to_num(given[..., column][where], nan=-1.0, posinf=-1.0, neginf=-1.0)
            far = ~(seen.distance(rows, number.astype(np.int64)) <= seen.limit)
            outside[..., column][where] = far
        return _held(given, outside, np.full(given.shape, OUTSIDE, object))


@dataclass
class TeamDrift:
    """Forbids an agent's choices while the mean of a column over its last decisions is beyond all of the records.

    Attributes:
        agents: One for each action, in the order of the action's columns.
        seen: What the records hold of each one's role.
        step: The tag that counts steps: a step that is read twice counts once.
    """

    agents: tuple[TeamAgentRules, ...]
    seen: tuple[RoleSeen, ...]
    step: str
    _last: float = np.nan
    _kept: tuple[deque[np.ndarray], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._kept = tuple(deque(maxlen=BLOCK) for _ in self.agents)

    def observe(self, observation: Observation) -> None:
        """Keep what those see who decide."""
        step = float(np.asarray(observation.get(self.step, np.nan)))
        if step == self._last:
            return
        self._last = step
        for agent, kept in zip(self.agents, self._kept, strict=True):
            row = np.array([observation.get(key, np.nan) for key in agent.sees], np.float64)
            if observation.get(agent.decides) == 1.0 and np.isfinite(row).all():
                kept.append(row)

    def hold(self, observation: Observation, action: np.ndarray) -> Held:
        """Forbid the choices of agents that see something drift; what is in force already stays."""
        given, choice = _choices(self.agents, observation, action)
        reason = np.full(given.shape, "", object)
        for column, (agent, seen, kept) in enumerate(
            zip(self.agents, self.seen, self._kept, strict=True)
        ):
            drifting = drifting_tag(agent.sees, kept, seen.low, seen.high)
            reason[..., column] = f"{OUTSIDE}: {drifting} drifts" if drifting else ""
        return _held(given, choice & (reason != ""), reason)


def _choices(
    agents: Sequence[TeamAgentRules], observation: Observation, action: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The action, and where it is a choice: its agent decides, and wants something else than is in force."""
    given = np.asarray(action, np.float64)
    now = in_force(observation, [agent.action for agent in agents], given.shape)
    decides = in_force(observation, [agent.decides for agent in agents], given.shape) == 1.0
    return given, decides & (given != now)


def _held(given: np.ndarray, outside: np.ndarray, reason: np.ndarray) -> Held:
    return Held(np.where(outside, np.nan, given), outside, np.where(outside, reason, ""))


@dataclass(frozen=True)
class TeamRecordsSeen:
    """What the records hold of each role, and which role each agent has.

    Attributes:
        roles: Of each agent, by its name.
        seen: By role.
    """

    roles: Mapping[str, str]
    seen: Mapping[str, RoleSeen]

    @classmethod
    def learn(cls, records: TeamEpisodes) -> TeamRecordsSeen:
        """Read it from team records.

        Raises:
            UserError: A role has too few decisions to judge by.
        """
        decisions: dict[str, list[tuple[np.ndarray, np.ndarray, np.ndarray]]] = {}
        for task, found in zip(records.place.tasks, records.decisions, strict=True):
            made = found.made
            decisions.setdefault(task.role, []).append(
                (
                    found.episode[made],
                    in_units(task, found.observation[made]),
                    found.macro_action[made],
                )
            )
        return cls(
            {task.agent: task.role for task in records.place.tasks},
            {role: RoleSeen.learn(role, agents) for role, agents in decisions.items()},
        )

    def envelopes(self, agents: Mapping[str, TeamAgentRules], step: str) -> list[Envelope]:
        """What holds a team at the plant.

        Args:
            agents: By name, in the order of the plant file's actions.
            step: The tag that counts steps.
        """
        tags = tuple(agents.values())
        seen = tuple(self.seen[self.roles[name]] for name in agents)
        return [TeamSupport(tags, seen), TeamDrift(tags, seen, step)]

    def save(self, folder: Path) -> None:
        """Write it into a team's folder."""
        arrays: dict[str, np.ndarray] = {
            "agents": np.array([*self.roles]),
            "roles": np.array([*self.roles.values()]),
        }
        for role, seen in self.seen.items():
            arrays |= {f"{role}/{name}": np.asarray(value) for name, value in vars(seen).items()}
        np.savez_compressed(folder / FILE, **arrays)  # type: ignore[arg-type]

    @classmethod
    def load(cls, folder: Path) -> TeamRecordsSeen | None:
        """Read it from a team's folder; None if the team came without.

        Raises:
            UserError: The file holds something else.
        """

        def read(file: Mapping[str, np.ndarray]) -> TeamRecordsSeen:
            agents, roles = ([str(name) for name in file[which]] for which in ("agents", "roles"))
            seen = {
                role: RoleSeen(
                    file[f"{role}/rows"],
                    file[f"{role}/chose"],
                    file[f"{role}/mean"],
                    file[f"{role}/std"],
                    float(file[f"{role}/limit"]),
                    file[f"{role}/low"],
                    file[f"{role}/high"],
                )
                for role in dict.fromkeys(roles)
            }
            return cls(dict(zip(agents, roles, strict=True)), seen)

        return read_seen(folder, read, "team learn", "team")


def held_to_records(team: TeamInput, folder: Path) -> list[Envelope]:
    """What holds a team to the records that it learned from; nothing if it came without them.

    Args:
        team: At its plant.
        folder: The team's.

    Raises:
        UserError: The file is damaged, or is another team's.
    """
    found = TeamRecordsSeen.load(folder)
    if found is None:
        return []
    agents = dict(zip(team.names, team.agents, strict=True))
    fits = sorted(found.roles) == sorted(agents) and all(
        found.seen[found.roles[name]].rows.shape[1] == len(agent.sees)
        for name, agent in agents.items()
    )
    if not fits:
        raise UserError(
            f"{folder / FILE}: is of another team than its folder's; learn the team again, or remove it"
        )
    return found.envelopes(agents, team.rules.step)


def in_units(task: Task, observation: np.ndarray) -> Float64[np.ndarray, "K O"]:
    """What an agent saw, (K, O), in the units of the tags."""
    rows = observation.astype(np.float64)
    return rows * np.array(task.half) + np.array(task.middle) if task.middle else rows
