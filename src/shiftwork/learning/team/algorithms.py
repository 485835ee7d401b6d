"""The algorithms for teams by name."""

from __future__ import annotations

from typing import Any, NamedTuple

from shiftwork.errors import unknown
from shiftwork.learning.team import acac, actor_critic, baselines, mappo


class TeamAlgorithm(NamedTuple):
    """How a team's learner begins, and the class of its configuration."""

    create: Any
    config: Any


TEAM_ALGORITHMS: dict[str, TeamAlgorithm] = {
    "acac": TeamAlgorithm(acac.create, acac.Config),
    "mac-iaicc": TeamAlgorithm(baselines.create_iaicc, actor_critic.Config),
    "mac-niacc": TeamAlgorithm(baselines.create_niacc, actor_critic.Config),
    "independent": TeamAlgorithm(baselines.create_independent, actor_critic.Config),
    "mappo": TeamAlgorithm(mappo.create, mappo.Config),
}


def team_algorithm(name: str) -> TeamAlgorithm:
    """Look an algorithm up.

    Raises:
        UserError: There is none of that name.
    """
    if name not in TEAM_ALGORITHMS:
        raise unknown("team algorithm", name, TEAM_ALGORITHMS)
    return TEAM_ALGORITHMS[name]
