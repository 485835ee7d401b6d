"""Agents run in a model of the plant, and the model tried on what people really did."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from shiftwork.evaluation.gate.world import World
from shiftwork.evaluation.plans import Plans, acting
from shiftwork.evaluation.rollout import AgentOperator
from shiftwork.records.episodes import Episodes


class Rolled(NamedTuple):
    """What P agents earn in the members' eyes.

    Attributes:
        earned: Discounted rewards up to the horizon, (P, M, B), plant reward.
        plain: The same rewards, undiscounted.
        observation: States on the way by the first member, (P, S, B, O), plant units.
    """

    earned: Float[np.ndarray, "P M B"]
    plain: Float[np.ndarray, "P M B"]
    observation: Float[np.ndarray, "P S B O"]


VISITED = 8
"""Moments of a rollout that are kept for support and events."""


def roll(
    world: World,
    plans: Plans,
    start: Float[np.ndarray, "B O"],
    discount: float,
    steps: int,
    seed: int,
) -> Rolled:
    """Let agents run in the model; all meet the same surprises."""
    given = (jnp.asarray(start), jnp.asarray(discount, jnp.float32), jax.random.key(seed))
    rolled = [_roll(world, plans.operator(i), *given, steps) for i in range(len(plans))]
    earned, plain, visited = (jnp.stack(parts) for parts in zip(*rolled, strict=True))
    return Rolled(
        np.asarray(earned, np.float64), np.asarray(plain, np.float64), np.asarray(visited)
    )


@eqx.filter_jit
def _roll(
    world: World,
    operator: AgentOperator,
    start: Float[Array, "B O"],
    discount: Float[Array, ""],
    key: PRNGKeyArray,
    steps: int,
) -> tuple[Float[Array, "M B"], Float[Array, "M B"], Float[Array, "S B O"]]:
    members = world.change.shape[0]

    def one(observation: Array, given: tuple[Array, Array]) -> tuple[Array, tuple[Array, ...]]:
        key, weight = given
        rows = jax.random.randint(key, (len(start),), 0, len(world.residual))
        later, reward = world.step(observation, acting(operator, observation), rows)
        return later, (weight * reward, reward, later[0])

    begin = jnp.broadcast_to(start, (members, *start.shape))
    weights = discount ** jnp.arange(steps, dtype=jnp.float32)
    _, (earned, plain, seen) = jax.lax.scan(one, begin, (jax.random.split(key, steps), weights))
    kept = np.unique(np.linspace(0, steps - 1, VISITED).astype(int))
    return earned.sum(0), plain.sum(0), seen[kept]


def replay(
    world: World,
    records: Episodes,
    blocks: Int[np.ndarray, " T"],
    first: Int[np.ndarray, " B"],
    discount: float,
    steps: int,
) -> Float[np.ndarray, " B"]:
    """Let the model replay recorded actions; return how much more it promises than was earned, (B,).

    Columns that are moved from outside move as they did, and nothing else surprises: recorded actions
    answered to what happened then. Only members that did not learn from a row's block answer for it.

    Args:
        world: The model.
        records: Where actions and rewards come from.
        blocks: Block of each row, (T,).
        first: Rows at which replays begin; ``steps`` rows of the same episode must follow each.
        discount: Per step.
        steps: Length of each replay.
    """
    rows = first + np.arange(steps)[:, None]
    weights = discount ** np.arange(steps)
    lived = records.transitions
    promised = _replay(
        world,
        jnp.asarray(lived.observation[first]),
        jnp.asarray(lived.next_observation[rows]),
        jnp.asarray(records.action[rows]),
        jnp.asarray(weights, jnp.float32),
    )
    apart = ~np.asarray(world.drawn)[:, blocks[first]]
    answered = np.maximum(apart.sum(0), 1)
    earned = (weights[:, None] * records.reward[rows].astype(np.float64)).sum(0)
    error = (np.asarray(promised, np.float64) * apart).sum(0) / answered - earned
    return np.where(apart.any(0), error, np.nan)


@eqx.filter_jit
def _replay(
    world: World,
    start: Float[Array, "B O"],
    following: Float[Array, "S B O"],
    action: Float[Array, "S B A"],
    weights: Float[Array, " S"],
) -> Float[Array, "M B"]:
    members = world.change.shape[0]

    def one(observation: Array, given: tuple[Array, ...]) -> tuple[Array, Array]:
        weight, done, next_seen = given
        calm = dataclasses.replace(world, residual=jnp.zeros_like(next_seen), jump=next_seen)
        moves = jnp.broadcast_to(done, (members, *done.shape))
        later, reward = calm.step(observation, moves, jnp.arange(len(start)))
        return later, weight * reward

    begin = jnp.broadcast_to(start, (members, *start.shape))
    return jax.lax.scan(one, begin, (weights, action, following))[1].sum(0)
