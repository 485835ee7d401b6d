"""One day of a team: how often each role would have chosen what people chose, and in which states."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int64

from shiftwork.operation.settings import TeamRules
from shiftwork.operation.shadow.day import ActionDay, Day


@dataclass(frozen=True)
class Choices:
    """One agent's decisions that are compared; A macro-actions.

    Attributes:
        key: Of its action.
        names: Of its macro-actions.
        before: In force before, (M,).
        would: What the envelope left of the team's choice, (M,); -1 where nothing.
        did: What people had in force one period later, (M,).
        permitted: By the plant, (M, A).
        all: Decisions of the day, with those that cannot be compared.
    """

    key: str
    names: tuple[str, ...]
    before: Int64[np.ndarray, " M"]
    would: Int64[np.ndarray, " M"]
    did: Int64[np.ndarray, " M"]
    permitted: Bool[np.ndarray, "M A"]
    all: int


@dataclass(frozen=True)
class Row:
    """Decisions of one kind.

    Attributes:
        name: Of the kind.
        permitted: How often the macro-action of this name was permitted; of a state, decisions in it.
        people: How often people chose it.
        team: How often the team would have.
        both: How often both.
    """

    name: str
    permitted: int
    people: int
    team: int
    both: int


@dataclass(frozen=True)
class RoleDay:
    """One role.

    Attributes:
        role: Its name.
        agents: Decisions of each of its agents.
        compared: Decisions that are compared.
        all: Decisions of the day.
        single: Compared ones in which one macro-action alone was permitted.
        several: All others,
        same: those of them in which both chose alike,
        even: and in how many an even draw among those permitted would agree, on average.
        permitted: Mean share of macro-actions that were permitted.
        outside: Choices of people that the plant had not permitted.
        held: Decisions of which the envelope left nothing.
        accepted: Proposals that people accepted.
        rejected: Proposals that people rejected.
        choices: By macro-action, those that anybody chose.
        states: By the macro-action that had just ended, where several were permitted; ``people`` and
            ``team`` count choices of something else than that.
    """

    role: str
    agents: tuple[Choices, ...]
    compared: int
    all: int
    single: int
    several: int
    same: int
    even: float
    permitted: float
    outside: int
    held: int
    accepted: int
    rejected: int
    choices: tuple[Row, ...]
    states: tuple[Row, ...]


def keys_of(team: TeamRules) -> tuple[str, ...]:
    """Tags whose values ``roles_of`` needs at each decision."""
    own = (
        key for agent in team.agents.values() for key in (agent.action, agent.decides, *agent.may)
    )
    return (team.step, *own)


def roles_of(day: Day, team: TeamRules) -> tuple[RoleDay, ...]:
    """Count by role.

    A decision is compared where the plant's count of steps went up by one until the next cycle, so
    that what was in force then is what was chosen.

    Args:
        day: Read with the keys of ``keys_of``.
        team: The plant file's table ``[operation.team]``.
    """
    actions = {action.key: action for action in day.actions}
    roles: dict[str, list[tuple[Choices, ActionDay]]] = {}
    followed = day.after[team.step] == day.seen[team.step] + 1
    for name, agent in team.agents.items():
        action = actions[agent.action]
        decides = day.seen[agent.decides] == 1.0
        whole = np.isfinite(action.did) & np.isfinite(day.seen[agent.action])
        use = decides & followed & whole
        choices = Choices(
            agent.action,
            tuple(agent.macro_actions or agent.may),
            day.seen[agent.action][use].astype(np.int64),
            np.nan_to_num(action.would[use], nan=-1.0).astype(np.int64),
            action.did[use].astype(np.int64),
            np.stack([day.seen[key][use] == 1.0 for key in agent.may], 1),
            int(decides.sum()),
        )
        roles.setdefault(agent.role or name, []).append((choices, action))
    return tuple(_role(name, found) for name, found in roles.items())


def _role(name: str, found: list[tuple[Choices, ActionDay]]) -> RoleDay:
    agents = tuple(choices for choices, _ in found)
    counts = np.concatenate([one.permitted.sum(1) for one in agents])
    alike = np.concatenate([one.would == one.did for one in agents])
    several = counts > 1
    shares = np.concatenate([one.permitted.mean(1) for one in agents])
    return RoleDay(
        role=name,
        agents=agents,
        compared=len(counts),
        all=sum(one.all for one in agents),
        single=int((~several).sum()),
        several=int(several.sum()),
        same=int((alike & several).sum()),
        even=float((1 / counts[several]).sum()),
        permitted=float(shares.mean()) if len(shares) else 0.0,
        outside=sum(int((~_chosen(one.permitted, one.did)).sum()) for one in agents),
        held=sum(int((one.would < 0).sum()) for one in agents),
        accepted=sum(action.accepted for _, action in found),
        rejected=sum(action.rejected for _, action in found),
        choices=_merged(row for one in agents for row in _by_choice(one)),
        states=_merged(row for one in agents for row in _by_state(one)),
    )


def _chosen(
    permitted: Bool[np.ndarray, "M A"], number: Int64[np.ndarray, " M"]
) -> Bool[np.ndarray, " M"]:
    inside = (number >= 0) & (number < permitted.shape[1])
    safe = np.where(inside, number, 0)
    found: np.ndarray = inside & permitted[np.arange(len(number)), safe]
    return found


def _by_choice(one: Choices) -> Iterable[Row]:
    for number, name in enumerate(one.names):
        people, team = one.did == number, one.would == number
        yield Row(
            name,
            int(one.permitted[:, number].sum()),
            int(people.sum()),
            int(team.sum()),
            int((people & team).sum()),
        )


def _by_state(one: Choices) -> Iterable[Row]:
    several = one.permitted.sum(1) > 1
    for number, name in enumerate(one.names):
        mine = several & (one.before == number)
        yield Row(
            name,
            int(mine.sum()),
            int((mine & (one.did != number)).sum()),
            int((mine & (one.would != number)).sum()),
            int((mine & (one.did == one.would)).sum()),
        )


def _merged(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Put agents of one role together, the most frequent first; what nobody chose is left out."""
    found: dict[str, Row] = {}
    for row in rows:
        old = found.get(row.name, Row(row.name, 0, 0, 0, 0))
        found[row.name] = Row(
            row.name,
            old.permitted + row.permitted,
            old.people + row.people,
            old.team + row.team,
            old.both + row.both,
        )
    used = [row for row in found.values() if row.people or row.team or row.both]
    return tuple(sorted(used, key=lambda row: -max(row.people, row.team)))
