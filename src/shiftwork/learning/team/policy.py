"""A team's policies: what each agent remembers, prefers and chooses, on its own clock."""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from shiftwork.learning.team.events import Packed, pack, walk
from shiftwork.learning.team.nets import Actor, Encoder
from shiftwork.learning.team.senses import Senses


class Rows(NamedTuple):
    """What a team saw: T primitive steps of E copies of a plant with N agents.

    Attributes:
        observation: (T, N, E, D), each agent's last one, refreshed where it decides.
        decided: (T, N, E), the agent chooses a macro-action at the beginning of this step.
        fresh: (T, E), an episode begins with this step.
        clock: (T, E), primitive steps since the episode's beginning.
    """

    observation: Float[Array, "T N E D"]
    decided: Bool[Array, "T N E"]
    fresh: Bool[Array, "T E"]
    clock: Float[Array, "T E"]


class Policies(eqx.Module):
    """The actors of a team; agents of one role may share one.

    Attributes:
        actor: One set of weights for each group of agents.
        groups: Which set each agent uses.
        senses: How what an agent sees becomes its net's inputs.
    """

    actor: Actor
    groups: tuple[int, ...] = eqx.field(static=True)
    senses: Senses

    def unshared(self) -> Actor:
        """Return the weights agent by agent: a leading axis of N."""
        if self.groups == tuple(range(len(self.groups))):
            return self.actor
        index = jnp.array(self.groups)
        actor: Actor = jax.tree.map(lambda x: x[index], self.actor)
        return actor

    def preferences(self, rows: Rows) -> tuple[Float[Array, "K N E A"], Packed]:
        """Return unnormalized log-probabilities at all decisions, and where these stand."""
        actor, packed = self.unshared(), pack(rows.decided)
        inputs = packed_inputs(rows, packed, self.senses)
        begin = self.memory(rows.clock.shape[-1])
        return walk(Actor.walk, actor, begin, inputs, packed.events), packed

    def step(
        self,
        memory: Float[Array, "N E F"],
        observation: Float[Array, "N E D"],
        decided: Bool[Array, "N E"],
        clock: Float[Array, " E"],
    ) -> tuple[Float[Array, "N E F"], Float[Array, "N E A"]]:
        """Take in one step: new memories, moved where decided, and preferences."""
        actor = self.unshared()
        gates = actor.encoder.gates(self.senses.inputs(observation, clock))
        moved = actor.encoder.memory.step(gates, memory)
        memory = jnp.where(decided[..., None], moved, memory)
        return memory, actor.head(memory)

    def memory(self, copies: int) -> Float[Array, "N E F"]:
        """Nothing remembered yet."""
        return jnp.zeros((len(self.groups), copies, self.actor.encoder.memory.width))


def packed_inputs(
    rows: Rows, packed: Packed, senses: Senses
) -> tuple[Float[Array, "K N E I"], Bool[Array, "K N E"]]:
    """What an encoder takes in at the events, and whether an episode begins with them."""
    seen = senses.look(packed.take(rows.observation))
    coded = packed.take(senses.code(rows.clock[:, None]))
    return jnp.concatenate([seen, coded], -1), packed.take(rows.fresh[:, None])


def remembered(encoder: Encoder, rows: Rows, senses: Senses) -> Float[Array, "T N E F"]:
    """Encode every agent's own history: moved at its own events, carried forward between."""
    packed = pack(rows.decided)
    inputs = packed_inputs(rows, packed, senses)
    begin = jnp.zeros((*packed.events.shape, encoder.memory.width))
    return packed.carried(walk(Encoder.walk, encoder, begin, inputs, packed.events))


def log_probabilities(
    preferences: Float[Array, "*B A"], mask: Bool[Array, "*B A"], epsilon: float | Array
) -> Float[Array, "*B A"]:
    """Mix the policy with epsilon of the uniform one over the allowed macro-actions, in logs.

    The mixture is the policy: what acts, and what both probabilities of a ratio are taken from.
    Where nothing is allowed, because nobody decides, everything counts as allowed.
    """
    mask = mask | ~mask.any(-1, keepdims=True)
    policy = jax.nn.softmax(jnp.where(mask, preferences, -1e9), -1)
    uniform = mask / mask.sum(-1, keepdims=True)
    mixed = (1.0 - epsilon) * policy + epsilon * uniform
    return jnp.where(mask, jnp.log(jnp.maximum(mixed, 1e-12)), -1e9)


def choose(
    key: PRNGKeyArray, log_probability: Float[Array, "*B A"]
) -> tuple[Int[Array, "*B"], Float[Array, "*B"]]:
    """Draw macro-actions; return them with their log-probabilities."""
    macro = jax.random.categorical(key, log_probability)
    taken = jnp.take_along_axis(log_probability, macro[..., None], -1)[..., 0]
    return macro, taken
