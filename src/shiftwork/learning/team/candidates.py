"""Whole episodes of many teams at once that differ in their last weights only.

A team decides seldom: of the furnaces of a centre, nobody in most hours. So each set of weights is computed
only in steps in which some agent that uses it decides, in some episode of some candidate; and all but the
last layer at once for all candidates. ``plants.run_team.run_episodes`` gives the same returns, one candidate
after the other.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from shiftwork.learning.team.policy import Policies, drawn, log_probabilities
from shiftwork.learning.team.straight import brought
from shiftwork.plants.run import ACT
from shiftwork.plants.run_team import episode_keys
from shiftwork.plants.team_plant import TeamPlant, TeamStep, prospects_of

FEW = 8
"""Up to one of so many rows, those that decide are picked out; beyond that all are computed."""


class Heads(NamedTuple):
    """The last weights of C candidates, as ``policy.last_weights`` gives those of one.

    Attributes:
        weights: Of the head, (C, N, W, A).
        biases: (C, N, 1, A).
        direct: From inputs, (C, N, I, A).
        squares: Of prospects, (C, N, K).
    """

    weights: Float[Array, "C N W A"]
    biases: Float[Array, "C N 1 A"]
    direct: Float[Array, "C N I A"]
    squares: Float[Array, "C N K"]


class Seen(NamedTuple):
    """What the agents that share a set of weights, n of them, see in a step, in E episodes of each candidate.

    Attributes:
        inputs: (C, n, E, I).
        decided: (C, n, E).
        mask: Of their own macro-actions, (C, n, E, A).
        chance: By which they choose, (C, n, E, 1) in [0, 1).
    """

    inputs: Float[Array, "C n E I"]
    decided: Bool[Array, "C n E"]
    mask: Bool[Array, "C n E A"]
    chance: Float[Array, "C n E 1"]


def candidate_returns(
    plant: TeamPlant, policies: Policies, heads: Heads, key: PRNGKeyArray, episodes: int
) -> Float[Array, "C E"]:
    """Run all candidates through the same episodes; return their undiscounted returns; pure.

    Args:
        plant: The plant.
        policies: All of the candidates but their last weights; its actor has weights straight from what is seen.
        heads: Their last weights.
        key: Random key; episode e has the e-th of its parts.
        episodes: E.
    """
    count = len(heads.weights)
    reset_keys, step_keys = jax.vmap(lambda one: episode_keys(plant, one))(
        jax.random.split(key, episodes)
    )
    first = jax.vmap(plant.reset)(reset_keys)._replace(info={})
    # All candidates begin alike.
    begin: TeamStep = jax.tree.map(lambda x: jnp.broadcast_to(x[None], (count, *x.shape)), first)
    each = jax.vmap(plant.step, (0, 0, 0))
    of_all = jax.vmap(each, (0, 0, None))
    users = [
        np.flatnonzero(np.array(policies.groups) == number)
        for number in range(max(policies.groups) + 1)
    ]
    width = policies.actor.encoder.memory.width
    agents = len(policies.groups)

    def one(carry: tuple[Any, ...], keys: Array) -> tuple[tuple[Any, ...], None]:
        step, memories, clock, alive, total = carry
        inputs = _looked(policies, step.observation, clock)
        chance = jax.vmap(
            lambda key: jax.random.uniform(jax.random.fold_in(key, ACT), (agents, 1, 1))
        )(keys)
        chance = jnp.moveaxis(chance[:, :, 0], 0, 1)
        macro = jnp.zeros((count, agents, episodes), jnp.int32)
        kept = []
        for number, (own, memory) in enumerate(zip(users, memories, strict=True)):
            actions = len(plant.macro_actions[own[0]])
            seen = Seen(
                inputs[:, own],
                jnp.moveaxis(step.decided[:, :, own], 1, 2),
                jnp.moveaxis(step.mask[:, :, own, :actions], 1, 2),
                jnp.broadcast_to(chance[None, own], (count, len(own), episodes, 1)),
            )
            memory, chosen = _chosen(plant, policies, heads, number, seen, memory)
            macro = macro.at[:, own].set(chosen)
            kept.append(memory)
        after = of_all(step.state, jnp.moveaxis(macro, 1, 2), keys)
        total = total + jnp.where(alive, after.reward, 0.0)
        alive = alive & ~after.terminal
        return (after._replace(info={}), tuple(kept), clock + 1.0, alive, total), None

    memories = tuple(jnp.zeros((count, len(own), episodes, width)) for own in users)
    shape = (count, episodes)
    start = (begin, memories, jnp.zeros(()), jnp.ones(shape, bool), jnp.zeros(shape))
    after, _ = jax.lax.scan(one, start, jnp.swapaxes(step_keys, 0, 1))
    return after[-1]


def _looked(
    policies: Policies, observation: Float[Array, "C E N D"], clock: Float[Array, ""]
) -> Float[Array, "C N E I"]:
    count, episodes = observation.shape[:2]
    flat = observation.reshape(count * episodes, *observation.shape[2:])
    inputs = policies.look(flat, jnp.broadcast_to(clock, len(flat)))
    return jnp.moveaxis(inputs.reshape(len(inputs), count, episodes, -1), 0, 1)


def _chosen(
    plant: TeamPlant,
    policies: Policies,
    heads: Heads,
    number: int,
    seen: Seen,
    memory: Float[Array, "C n E F"],
) -> tuple[Float[Array, "C n E F"], Int[Array, "C n E"]]:
    """Let the agents of a set of weights decide; what is chosen where nobody decides means nothing."""
    count, agents, episodes, actions = seen.mask.shape
    each = agents * episodes
    rows, most = count * each, -(-count * each // FEW)
    flat: Seen = jax.tree.map(lambda x: x.reshape(rows, *x.shape[3:]), seen)
    own = Heads(
        heads.weights[:, number, :, :actions],
        heads.biases[:, number, :, :actions],
        heads.direct[:, number, :, :actions],
        heads.squares[:, number],
    )

    def everybody(memory: Array) -> tuple[Array, Array]:
        wide = jax.tree.map(lambda x: x.reshape(count, each, *x.shape[1:]), flat)
        moved, macro = _decide(plant, policies, own, number, wide, memory.reshape(count, each, -1))
        return moved.reshape(memory.shape), macro.reshape(rows)

    def few(memory: Array) -> tuple[Array, Array]:
        # Beyond the last one that decides stands a row that does not exist: what is written there is dropped.
        at = jnp.nonzero(flat.decided, size=most, fill_value=rows)[0]
        row = jnp.minimum(at, rows - 1)
        some, before = jax.tree.map(lambda x: x[row][:, None], (flat, memory))
        mine = jax.tree.map(lambda x: x[row // each], own)
        moved, macro = _decide(plant, policies, mine, number, some, before)
        return (
            memory.at[at].set(moved[:, 0], mode="drop"),
            jnp.zeros(rows, jnp.int32).at[at].set(macro[:, 0], mode="drop"),
        )

    def nobody(memory: Array) -> tuple[Array, Array]:
        return memory, jnp.zeros(rows, jnp.int32)

    deciding = flat.decided.sum()
    way = (deciding > 0).astype(jnp.int32) + (deciding > most).astype(jnp.int32)
    flat_memory, macro = jax.lax.switch(way, (nobody, few, everybody), memory.reshape(rows, -1))
    return flat_memory.reshape(memory.shape), macro.reshape(seen.decided.shape)


def _decide(
    plant: TeamPlant,
    policies: Policies,
    heads: Heads,
    number: int,
    seen: Seen,
    memory: Float[Array, "C r F"],
) -> tuple[Float[Array, "C r F"], Int[Array, "C r"]]:
    """Compute a set of weights: r rows of each of C candidates, whose last weights have no axis of sets."""
    count, rows, actions = seen.mask.shape
    actor = policies.actor
    encoder, head = jax.tree.map(lambda x: x[number : number + 1], (actor.encoder, actor.head))
    flat = seen.inputs.reshape(1, count * rows, -1)
    moved = encoder.memory.step(encoder.gates(flat), memory.reshape(1, count * rows, -1))
    memory = jnp.where(seen.decided[..., None], moved.reshape(memory.shape), memory)
    hidden = head.hidden(memory.reshape(1, count * rows, -1)).reshape(count, rows, -1)
    preferences = (
        jnp.matmul(hidden, heads.weights) + heads.biases + jnp.matmul(seen.inputs, heads.direct)
    )
    told = prospects_of(plant, policies.groups.index(number))
    if told is not None:
        assert actor.straight is not None
        things, numbers = told.columns.shape
        shares = actor.straight.shares[number, :actions, :things]
        would = brought(flat[0], shares, actor.straight.columns[number, :things, :numbers])
        squared = jnp.square(would).reshape(count, rows, actions, numbers)
        preferences = preferences + jnp.einsum("crak,ck->cra", squared, heads.squares[:, :numbers])
    logs = log_probabilities(preferences, seen.mask, 0.0)
    return memory, drawn(seen.chance, logs)[0].astype(jnp.int32)
