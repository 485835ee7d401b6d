"""A team at its plant: pieces of experience to learn from."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key, PRNGKeyArray

from shiftwork.learning.team.policy import Policies, Rows, by_agent, choose, log_probabilities
from shiftwork.plants.team_plant import BeginsHalfWay, TeamPlant, TeamStep


class Batch(NamedTuple):
    """T primitive steps of E copies that all began with a fresh episode.

    Attributes:
        rows: What was seen, T + 1 rows: the last one is what follows the last step.
        mask: Macro-actions that were allowed, (T, N, E, A).
        macro: What was chosen where ``rows.decided``, (T, N, E).
        log_probability: Of that choice by the policy that made it, (T, N, E).
        reward: Of each step, shared by the team, (T, E).
        ended: The plant ended an episode with this step, (T, E).
    """

    rows: Rows
    mask: Bool[Array, "T N E A"]
    macro: Int[Array, "T N E"]
    log_probability: Float[Array, "T N E"]
    reward: Float[Array, "T E"]
    ended: Bool[Array, "T E"]


COPIES = Batch._make([Rows._make([2, 2, 1]), 2, 2, 2, 1, 1])
"""Which axis of each array of a batch is that of the copies, in the order of its fields."""


def take(batch: Batch, copies: Int[Array, " M"] | slice) -> Batch:
    """Take some copies out of a batch."""
    return jax.tree.map(lambda axis, x: x[(slice(None),) * axis + (copies,)], COPIES, batch)


def beside(batch: Batch, other: Batch) -> Batch:
    """Put the copies of another batch behind those of one."""
    return jax.tree.map(lambda axis, a, b: jnp.concatenate([a, b], axis), COPIES, batch, other)


FRESH_STARTS = 8
"""Starts drawn for each copy before a batch; a copy with more episodes uses them again.

Drawing one in each step, in case it is needed, costs more than the step itself on some plants.
"""


def collect(
    plant: TeamPlant,
    policies: Policies,
    key: PRNGKeyArray,
    copies: int,
    epsilon: float | Array,
    half_way: float | Array = 0.0,
) -> Batch:
    """Run E copies for one horizon, beginning again wherever the plant ends an episode.

    A copy's first episode cannot be cut before the last step, nor can any later one: so the time
    limit falls on the end of the batch alone, and every executed step is in it.

    Args:
        plant: Where.
        policies: The team.
        key: Random key.
        copies: E.
        epsilon: Share of uniform choices, of all copies or of each, (E,).
        half_way: Share of episodes that begin half-way, where the plant can.
    """
    begin_key, run_key = jax.random.split(key)

    def start(key: Key[Array, ""]) -> TeamStep:
        first = plant.reset(key)
        if isinstance(plant, BeginsHalfWay):
            key, draw_key = jax.random.split(key)
            chosen = jax.random.bernoulli(draw_key, half_way)
            later = plant.reset_half_way(key)
            first = jax.tree.map(lambda new, old: jnp.where(chosen, new, old), later, first)
        return first._replace(info={})

    starts = jax.vmap(jax.vmap(start))(jax.random.split(begin_key, (FRESH_STARTS, copies)))
    each = jnp.arange(copies)
    chance = jnp.broadcast_to(epsilon, copies)[None, :, None]

    def one(carry: tuple[Any, ...], key: Key[Array, ""]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        step, memory, fresh, clock, begun = carry
        choose_key, step_key = jax.random.split(key)
        inputs = policies.look(step.observation, clock)
        decided, mask = by_agent(step.decided), by_agent(step.mask)
        memory = jnp.where(fresh[None, :, None], 0.0, memory)
        memory, preferences = policies.step(memory, inputs, decided)
        macro, taken = choose(choose_key, log_probabilities(preferences, mask, chance))
        following = jax.vmap(plant.step)(
            step.state, by_agent(macro), jax.random.split(step_key, copies)
        )
        ended = following.terminal
        kept: TeamStep = jax.tree.map(
            lambda new, old: jnp.where(
                ended.reshape(-1, *[1] * (old.ndim - 1)), new[begun % FRESH_STARTS, each], old
            ),
            starts,
            following._replace(info={}),
        )
        row = Rows(inputs, decided, fresh)
        after = (
            kept,
            memory,
            ended,
            jnp.where(ended, 0.0, clock + 1.0),
            begun + ended.astype(jnp.int32),
        )
        return after, (row, mask, macro, taken, following.reward, ended)

    begin = (
        jax.tree.map(lambda x: x[0], starts),
        policies.memory(copies),
        jnp.ones(copies, bool),
        jnp.zeros(copies),
        jnp.ones(copies, jnp.int32),
    )
    after, (rows, *rest) = jax.lax.scan(one, begin, jax.random.split(run_key, plant.horizon))
    step, _, fresh, clock, _ = after
    last = Rows(policies.look(step.observation, clock), by_agent(step.decided), fresh)
    whole = jax.tree.map(lambda a, b: jnp.concatenate([a, b[None]]), rows, last)
    return Batch(whole, *rest)
