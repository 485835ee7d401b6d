"""The one loop in which an operator runs a team's plant: compiled, or hour by hour in Python.

An episode is a key: its starts, arrivals and prices are the same whoever acts, so that operators
can be compared episode by episode.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from shiftwork.plants.operator import TeamOperator
from shiftwork.plants.run import ACT, BEGIN
from shiftwork.plants.team_plant import TeamPlant, TeamStep

Keep = Callable[[TeamStep, TeamStep, Any], Any]
"""What is kept of a primitive step: (step before, step after with ``info``, memory) -> pytree."""


class Outcome(NamedTuple):
    """How whole episodes went, each (E,).

    Attributes:
        returns: Undiscounted returns.
        success: Whether the plant's purpose was reached.
        length: Primitive steps until the end or the time limit.
        success_step: Primitive steps until the purpose was reached; the horizon if never.
    """

    returns: Float[Array, " E"]
    success: Bool[Array, " E"]
    length: Int[Array, " E"]
    success_step: Int[Array, " E"]


def episode_keys(plant: TeamPlant, key: PRNGKeyArray) -> tuple[PRNGKeyArray, Array]:
    """Split an episode's key into that of the reset and those of all steps, (T,)."""
    reset_key, step_key = jax.random.split(key)
    return reset_key, jax.random.split(step_key, plant.horizon)


def run_team(
    plant: TeamPlant,
    operator: TeamOperator,
    key: PRNGKeyArray,
    keep: Keep,
    steps: int | None = None,
) -> tuple[TeamStep, Any]:
    """Run one episode to the horizon; pure, for ``jit`` and ``vmap``.

    Args:
        plant: The plant. What follows a terminal step is not part of the episode.
        operator: Whoever acts, a pure operator.
        key: Key of the episode.
        keep: What is kept of each step.
        steps: Number of steps, if not the whole horizon.

    Returns:
        The first step, and what was kept with a leading axis of T.
    """
    reset_key, step_keys = episode_keys(plant, key)
    first = plant.reset(reset_key)
    memory = operator.begin(jax.random.fold_in(reset_key, BEGIN))

    def one(carry: Any, key: PRNGKeyArray) -> tuple[Any, Any]:
        before, memory = carry
        memory, macro_action = operator.act(memory, before, jax.random.fold_in(key, ACT))
        after = plant.step(before.state, jnp.asarray(macro_action), key)
        return (after._replace(info={}), memory), keep(before, after, memory)

    _, kept = jax.lax.scan(one, (first._replace(info={}), memory), step_keys[:steps])
    return first, kept


def run_episodes(
    plant: TeamPlant, operator: TeamOperator, key: PRNGKeyArray, episodes: int
) -> Outcome:
    """Run whole episodes side by side, every one that is begun counted; pure.

    Args:
        plant: The plant.
        operator: Whoever acts, a pure operator.
        key: Random key; episode e has the e-th of its parts.
        episodes: Number of episodes.
    """

    def one(key: PRNGKeyArray) -> tuple[Array, Array, Array]:
        def kept(before: TeamStep, after: TeamStep, memory: Any) -> Any:
            del before, memory
            return after.reward, after.info["success"], after.terminal

        rewards, success, terminal = run_team(plant, operator, key, kept)[1]
        return rewards, success, terminal

    reward, success, terminal = jax.vmap(one, out_axes=1)(jax.random.split(key, episodes))
    return outcome_of(reward, success, terminal)


def outcome_of(
    reward: Float[Array, "T E"], success: Bool[Array, "T E"], terminal: Bool[Array, "T E"]
) -> Outcome:
    """Sum up episodes; what follows a terminal step does not count."""
    over = jnp.cumsum(terminal, 0) - terminal.astype(jnp.int32) > 0
    success = success & ~over
    reached = success.any(0)
    return Outcome(
        returns=jnp.where(over, 0.0, reward).sum(0),
        success=reached,
        length=(~over).sum(0),
        success_step=jnp.where(reached, success.argmax(0) + 1, len(reward)),
    )


@eqx.filter_jit
def _reset(plant: TeamPlant, key: PRNGKeyArray) -> TeamStep:
    return plant.reset(key)


@eqx.filter_jit
def _step(plant: TeamPlant, state: Any, macro_action: Array, key: PRNGKeyArray) -> TeamStep:
    return plant.step(state, macro_action, key)


def run_team_stepwise(
    plant: TeamPlant,
    operator: TeamOperator,
    key: PRNGKeyArray,
    keep: Keep,
    steps: int | None = None,
) -> tuple[TeamStep, Any]:
    """Run the same episode as ``run_team`` step by step, for operators that are not pure.

    A scheduler that solves a program, or a team that acts with NumPy, is such an operator: its
    ``act`` gets concrete arrays and may return NumPy. It is called in each step, and may look at
    ``step.decided`` to see whether there is anything to decide. The run ends at a terminal step.
    """
    reset_key, step_keys = episode_keys(plant, key)
    first = step = _reset(plant, reset_key)
    memory = operator.begin(jax.random.fold_in(reset_key, BEGIN))
    kept = []
    for step_key in step_keys[:steps]:
        memory, macro_action = operator.act(memory, step, jax.random.fold_in(step_key, ACT))
        after = _step(plant, step.state, jnp.asarray(macro_action, jnp.int32), step_key)
        kept.append(jax.tree.map(np.asarray, keep(step, after, memory)))
        step = after
        if bool(after.terminal):
            break
    stack: Any = functools.partial(jax.tree.map, lambda *rows: np.stack(rows))
    return first, stack(*kept)
