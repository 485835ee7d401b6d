"""A team's policies: what each agent remembers, prefers and chooses, on its own clock."""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from shiftwork.learning.team.events import Packed, pack, walk
from shiftwork.learning.team.nets import Actor, Encoder
from shiftwork.learning.team.senses import TimeCode, look, with_time
from shiftwork.places import Places


class Rows(NamedTuple):
    """What a team saw: T primitive steps of E copies of a plant with N agents.

    Attributes:
        seen: (T, N, E, S), each agent's last observation, refreshed where it decides, with which of
            its places coincide (``Policies.look``).
        decided: (T, N, E), the agent chooses a macro-action at the beginning of this step.
        fresh: (T, E), an episode begins with this step.
        clock: (T, E), primitive steps since the episode's beginning.
    """

    seen: Float[Array, "T N E S"]
    decided: Bool[Array, "T N E"]
    fresh: Bool[Array, "T E"]
    clock: Float[Array, "T E"]


class Policies(eqx.Module):
    """The actors of a team; agents of one role may share one.

    Attributes:
        actor: One set of weights for each group of agents.
        groups: Which set each agent uses.
        code: How time becomes features.
        places: Of which agents are told where they coincide, as columns of an observation.
    """

    actor: Actor
    groups: tuple[int, ...] = eqx.field(static=True)
    code: TimeCode = eqx.field(static=True)
    places: Places = eqx.field(static=True)

    def unshared(self) -> Actor:
        """Return the weights agent by agent: a leading axis of N."""
        if self.groups == tuple(range(len(self.groups))):
            return self.actor
        index = jnp.array(self.groups)
        actor: Actor = jax.tree.map(lambda x: x[index], self.actor)
        return actor

    def look(self, observation: Float[Array, "E N D"]) -> Float[Array, "N E S"]:
        """Make of observations what rows and steps hold; agents come first."""
        return look(by_agent(observation), self.places)

    def preferences(self, rows: Rows) -> tuple[Float[Array, "K N E A"], Packed]:
        """Return unnormalized log-probabilities at all decisions, and where these stand."""
        actor, packed = self.unshared(), pack(rows.decided)
        inputs = packed_inputs(rows, packed, self.code)
        begin = self.memory(rows.clock.shape[-1])
        return walk(Actor.walk, actor, begin, inputs, packed.events), packed

    def step(
        self,
        memory: Float[Array, "N E F"],
        seen: Float[Array, "N E S"],
        decided: Bool[Array, "N E"],
        clock: Float[Array, " E"],
    ) -> tuple[Float[Array, "N E F"], Float[Array, "N E A"]]:
        """Take in one step: new memories, moved where decided, and preferences."""
        actor = self.unshared()
        gates = actor.encoder.gates(with_time(seen, clock[None], self.code))
        moved = actor.encoder.memory.step(gates, memory)
        memory = jnp.where(decided[..., None], moved, memory)
        return memory, actor.head(memory)

    def memory(self, copies: int) -> Float[Array, "N E F"]:
        """Nothing remembered yet."""
        return jnp.zeros((len(self.groups), copies, self.actor.encoder.memory.width))


def by_agent(x: Array) -> Array:
    """Put agents before copies: (E, N, ...) to (N, E, ...)."""
    return jnp.swapaxes(x, 0, 1)


def packed_inputs(
    rows: Rows, packed: Packed, code: TimeCode
) -> tuple[Float[Array, "K N E I"], Bool[Array, "K N E"]]:
    """What an encoder takes in at the events: what was seen with the time code, and fresh starts."""
    inputs = packed.take(with_time(rows.seen, rows.clock[:, None], code))
    return inputs, packed.take(rows.fresh[:, None])


def remembered(encoder: Encoder, rows: Rows, code: TimeCode) -> Float[Array, "T N E F"]:
    """Encode every agent's own history: moved at its own events, carried forward between."""
    packed = pack(rows.decided)
    inputs = packed_inputs(rows, packed, code)
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
