"""Two operators on the same episodes: what each earns, and the difference with its interval."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from shiftwork.agents.agent import Agent
from shiftwork.agents.team import Team
from shiftwork.evaluation.rollout import rollout
from shiftwork.evaluation.statistics import Interval, mean_interval
from shiftwork.evaluation.team_rollout import evaluate_team
from shiftwork.plants.adapters.from_gymnasium import ForeignPlant
from shiftwork.plants.operator import Operator, TeamOperator
from shiftwork.plants.plant import Plant
from shiftwork.plants.team_plant import TeamPlant


class Comparison(NamedTuple):
    """What two operators earn on the same episodes, returns of whole episodes.

    Attributes:
        first: Mean return of the first operator.
        second: Mean return of the second operator.
        difference: Mean of second less first, episode by episode.
        returns: Returns of both, (2, E).
    """

    first: Interval
    second: Interval
    difference: Interval
    returns: Float[np.ndarray, "2 E"]


def returns_of(
    plant: Plant | TeamPlant | ForeignPlant,
    operator: Agent | Team | Operator | TeamOperator,
    *,
    episodes: int,
    seed: int,
) -> Float[np.ndarray, " E"]:
    """Run whole episodes; return their undiscounted returns.

    Args:
        plant: A plant with one decision maker or with a team.
        operator: Whoever acts on such a plant.
        episodes: Number of episodes.
        seed: Seed of the episodes: the same seed gives the same ones, whoever acts.

    Raises:
        UserError: Operator and plant do not fit, or no episode is asked for.
    """
    if isinstance(plant, TeamPlant):
        team: Any = operator
        return np.asarray(evaluate_team(plant, team, episodes, seed).returns, np.float64)
    one: Any = operator
    return np.asarray(rollout(plant, one, episodes=episodes, seed=seed).returns, np.float64)


def evaluate_on_plant(
    operator: Agent | Team | Operator | TeamOperator,
    plant: Plant | TeamPlant | ForeignPlant,
    *,
    episodes: int = 200,
    seed: int = 0,
) -> Interval:
    """Run whole episodes; return the mean return with its interval.

    Args:
        operator: Whoever acts.
        plant: Where.
        episodes: Number of episodes.
        seed: Seed of the episodes: the same seed gives the same ones, whoever acts.
    """
    return mean_interval(returns_of(plant, operator, episodes=episodes, seed=seed))


def compare(
    plant: Plant | TeamPlant | ForeignPlant,
    first: Agent | Team | Operator | TeamOperator,
    second: Agent | Team | Operator | TeamOperator,
    *,
    episodes: int = 200,
    seed: int = 0,
) -> Comparison:
    """Compare two operators on the same episodes.

    Episodes differ more than operators do, so the difference is taken episode by episode: its
    interval is much narrower than those of the two means.

    Args:
        plant: Where both act.
        first: The operator to compare with.
        second: The operator in question.
        episodes: Number of episodes, the same for both.
        seed: Seed of the episodes.
    """
    earned = np.stack(
        [returns_of(plant, one, episodes=episodes, seed=seed) for one in (first, second)]
    )
    return compared(*earned)


def compared(first: Float[np.ndarray, " E"], second: Float[np.ndarray, " E"]) -> Comparison:
    """Compare returns of the same episodes."""
    return Comparison(
        mean_interval(first),
        mean_interval(second),
        mean_interval(second - first),
        np.stack([first, second]),
    )
