"""Whole episodes of a team's plant under any operator, every one that is begun counted."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from shiftwork.agents.team import Team
from shiftwork.errors import UserError
from shiftwork.plants.operator import TeamOperator
from shiftwork.plants.run_team import Outcome, outcome_of, run_episodes, run_team_stepwise
from shiftwork.plants.team_plant import TeamPlant, TeamStep


class SavedTeam:
    """A team from its folder as an operator; it acts with NumPy, so it is run step by step.

    Attributes:
        team: The team, which keeps its own memory of the episode.
    """

    pure = False

    def __init__(self, team: Team) -> None:
        """Take over a team."""
        self.team = team

    def begin(self, key: jax.Array) -> Any:
        """Let the team forget the last episode."""
        self.team.begin(int(jax.random.randint(key, (), 0, 2**31 - 1)))
        return ()

    def act(self, memory: Any, step: TeamStep, key: jax.Array) -> tuple[Any, np.ndarray]:
        """Decide as the team does, which draws by its own seed."""
        del key
        return memory, self.team.act(
            np.asarray(step.observation), np.asarray(step.decided), np.asarray(step.mask)
        )


def evaluate_team(
    plant: TeamPlant, operator: TeamOperator | Team, episodes: int, seed: int
) -> Outcome:
    """Run whole episodes.

    Args:
        plant: The plant.
        operator: Whoever acts: people, random choices, a team, a scheduler.
        episodes: Number of episodes.
        seed: Seed of the episodes: the same seed gives the same ones, whoever acts.

    Raises:
        UserError: No episode is asked for.
    """
    if episodes < 1:
        raise UserError(f"episodes is {episodes}; run at least one")
    key = jax.random.key(seed)
    acting: Any = SavedTeam(operator) if isinstance(operator, Team) else operator
    if getattr(acting, "pure", True):
        return jax.tree.map(np.asarray, _episodes(plant, acting, key, episodes))
    runs = [_stepwise(plant, acting, one) for one in jax.random.split(key, episodes)]
    return jax.tree.map(lambda *rows: np.concatenate(rows), *runs)


_episodes = eqx.filter_jit(run_episodes)


def _stepwise(plant: TeamPlant, operator: TeamOperator, key: jax.Array) -> Outcome:
    def kept(before: TeamStep, after: TeamStep, memory: object) -> tuple[jax.Array, ...]:
        del before, memory
        return after.reward, after.info["success"], after.terminal

    _, (reward, success, terminal) = run_team_stepwise(plant, operator, key, kept)
    rows = (jnp.asarray(row)[:, None] for row in (reward, success, terminal))
    found = outcome_of(*rows)
    if not bool(found.success[0]):
        found = found._replace(success_step=found.success_step * 0 + plant.horizon)
    return jax.tree.map(np.asarray, found)
