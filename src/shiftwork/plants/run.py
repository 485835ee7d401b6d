"""The one loop in which an operator runs a plant; compiled, many episodes side by side."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from shiftwork.plants.operator import Operator
from shiftwork.plants.plant import Plant

BEGIN, ACT = 1, 2
"""What the operator's keys are folded with, so that the plant's keys are the same whoever acts."""


class Trajectory(NamedTuple):
    """What E plants went through in T steps; what follows a terminal step is not part of an episode.

    Attributes:
        observation: Observations, the last one after the last step, (T + 1, E, O), plant units.
        action: Actions as the operator chose them, (T, E, A), plant units.
        reward: Rewards, (T, E).
        terminal: Whether the plant ended the episode with the step, (T, E).
        info: Further signals of the plant, each (T, E, ...).
    """

    observation: Float[Array, "T1 E O"]
    action: Float[Array, "T E A"]
    reward: Float[Array, "T E"]
    terminal: Bool[Array, "T E"]
    info: dict[str, Array]

    @property
    def returns(self) -> Float[Array, " E"]:
        """Undiscounted returns of the episodes, each up to its end, (E,)."""
        over = jnp.cumsum(self.terminal, 0) - self.terminal.astype(jnp.int32) > 0
        return jnp.where(over, 0.0, self.reward).sum(0)


def run(plant: Plant, operator: Operator, key: PRNGKeyArray, episodes: int) -> Trajectory:
    """Let an operator run ``episodes`` plants to the horizon; pure, so it can be jitted.

    The same key gives the same episodes (starts, disturbances, prices), whoever acts.

    Args:
        plant: The plant.
        operator: Whoever acts; each episode has a memory of its own.
        key: Random key.
        episodes: Number of episodes, side by side.
    """
    reset_key, step_key = jax.random.split(key)
    state, first = jax.vmap(plant.reset)(jax.random.split(reset_key, episodes))
    begin_keys = jax.random.split(jax.random.fold_in(reset_key, BEGIN), episodes)
    memory = jax.vmap(operator.begin)(begin_keys)

    def one(carry: Any, key: PRNGKeyArray) -> tuple[Any, Any]:
        state, observation, memory = carry
        act_keys = jax.random.split(jax.random.fold_in(key, ACT), episodes)
        memory, action = jax.vmap(operator.act)(memory, observation, act_keys)
        step = jax.vmap(plant.step)(state, action, jax.random.split(key, episodes))
        after = (step.state, step.observation, memory)
        return after, (step.observation, action, step.reward, step.terminal, step.info)

    _, (later, *rest) = jax.lax.scan(
        one, (state, first, memory), jax.random.split(step_key, plant.horizon)
    )
    return Trajectory(jnp.concatenate([first[None], later]), *rest)
