"""Whole episodes of a team's plant under any operator, every one that is begun counted."""

from __future__ import annotations

import equinox as eqx
import jax
import numpy as np

from shiftwork.agents.team import Team
from shiftwork.errors import UserError
from shiftwork.plants.operator import TeamOperator
from shiftwork.plants.run_team import Outcome, outcome_of, run_episodes, run_team_stepwise
from shiftwork.plants.team_plant import TeamPlant, TeamStep


def evaluate_team(plant: TeamPlant, operator: TeamOperator, episodes: int, seed: int) -> Outcome:
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
    if isinstance(operator, Team):
        operator = SavedTeam(operator)
    if getattr(operator, "pure", True):
        return jax.tree.map(np.asarray, _episodes(plant, operator, key, episodes))
    runs = [_stepwise(plant, operator, one) for one in jax.random.split(key, episodes)]
    return jax.tree.map(lambda *rows: np.concatenate(rows), *runs)


_episodes = eqx.filter_jit(run_episodes)


def _stepwise(plant: TeamPlant, operator: TeamOperator, key: jax.Array) -> Outcome:
    def kept(before: TeamStep, after: TeamStep, memory: object) -> tuple[jax.Array, ...]:
        del before, memory
        return after.reward, after.info["success"], after.terminal

    _, (reward, success, terminal) = run_team_stepwise(plant, operator, key, kept)
    found = outcome_of(reward[:, None], success[:, None], terminal[:, None])
    if not bool(found.success[0]):
        found = found._replace(success_step=found.success_step * 0 + plant.horizon)
    return jax.tree.map(np.asarray, found)
