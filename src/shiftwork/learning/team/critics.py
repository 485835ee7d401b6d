"""Critics of a team: what each knows, on whose clock it speaks, and the scale of its values.

A critic turns ``Rows`` into values (K, T, E): K is 1 where the team has one, N where every agent has
its own. Its clock says at which steps a value is meant, (K, T, E): the joint clock (any agent
decides) or each agent's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from shiftwork.learning.nets import MLP, normalized
from shiftwork.learning.team.events import longest, pack
from shiftwork.learning.team.nets import Attention, Encoder
from shiftwork.learning.team.policy import Rows, by_group, remembered
from shiftwork.learning.team.returns import durations
from shiftwork.learning.team.time_code import TimeCode


class AgentCentric(eqx.Module):
    """ACAC's critic: encoded histories of all agents, each moved at its own events only.

    No agent's history is padded with stale copies of others': at a joint event the carried
    encodings get together, attend to each other and are averaged.

    Attributes:
        encoder: One for each group of agents.
        groups: Which encoder each agent uses.
        attention: The block over the agents; None for the plain mean of their encodings.
        ages: Embedding of the steps since each agent decided; None as in the paper.
        code: How time becomes features.
        own_clock: Advantages go from each agent's decision to its next one (the paper's micro-GAE)
            instead of from one joint event to the next.
    """

    encoder: Encoder
    groups: tuple[int, ...] = eqx.field(static=True)
    attention: Attention | None
    ages: MLP | None
    code: TimeCode = eqx.field(static=True)
    own_clock: bool = eqx.field(static=True)

    @property
    def width(self) -> int:
        """Features handed to the value's head."""
        return self.encoder.memory.width

    def features(self, rows: Rows) -> Float[Array, "1 T E F"]:
        """Encode a batch."""
        states = remembered(by_group(self.encoder, self.groups), rows)
        if self.ages is not None:
            age = durations(rows.decided).reshape(1, -1)
            states = states + self.ages(self.code(age)).reshape(states.shape)
        tokens = jnp.moveaxis(states, 1, 2)
        if self.attention is None:
            return normalized(tokens).mean(2)[None]
        return at_events(self.attention, tokens, rows.decided.any(1))[None]

    def clock(self, decided: Bool[Array, "T N E"]) -> Bool[Array, "K T E"]:
        """The joint clock, or everybody's own."""
        return jnp.swapaxes(decided, 0, 1) if self.own_clock else decided.any(1)[None]


PIECE = 5
"""Events of a piece: few, so that those of several seeds side by side still fit into the cache."""


def at_events(
    attention: Callable[[Array], Array],
    tokens: Float[Array, "T E N F"],
    event: Bool[Array, "T E"],
) -> Float[Array, "T E F"]:
    """Let agents attend to each other wherever one of them decides, some events after the others.

    Between events what was found at the last one stands; no value is asked for there. After the last
    step one is, so that step counts as an event. Pieces behind the longest history cost nothing: where
    somebody decides in a third of the steps, the critic takes about as much less time.
    """
    _, copies, agents, width = tokens.shape
    packed = pack(event.at[-1].set(True)[:, None])
    places = len(packed.step)
    pieces = -(-places // PIECE)
    padding = ((0, pieces * PIECE - places), *((0, 0),) * 3)
    some = jnp.pad(packed.take(tokens[:, None])[:, 0], padding)
    used = longest(packed.events.max())

    def piece(number: Array, some: Array) -> Array:
        return jax.lax.cond(
            number * PIECE < used,
            lambda some: attention(some),  # nets have no hash to be known by
            lambda some: jnp.zeros((len(some), width)),
            some,
        )

    mixed = jax.lax.map(
        lambda x: piece(*x),
        (jnp.arange(pieces), some.reshape(pieces, PIECE * copies, agents, width)),
    )
    return packed.carried(mixed.reshape(pieces * PIECE, 1, copies, width))[:, 0]


class JointHistory(eqx.Module):
    """The padded critics of Mac-IAICC and Mac-NIACC (Xiao et al. 2022).

    At every joint event the last observations of all agents stand side by side, stale ones
    repeated, and one memory walks over that.

    Attributes:
        encoder: K of them: one for the team (Mac-NIACC), or one for each agent (Mac-IAICC).
        individual: Whether each agent has its own, which then speaks on the agent's own clock.
        code: How time becomes features.
    """

    encoder: Encoder
    individual: bool = eqx.field(static=True)
    code: TimeCode = eqx.field(static=True)

    @property
    def width(self) -> int:
        """Features handed to the value's head."""
        return self.encoder.memory.width

    def features(self, rows: Rows) -> Float[Array, "K T E F"]:
        """Encode a batch."""
        steps, _, copies, columns = rows.inputs.shape
        seen, time = jnp.split(rows.inputs, [columns - self.code.features], axis=-1)
        joint = jnp.moveaxis(seen, 1, 2).reshape(steps, 1, copies, -1)
        joint = jnp.concatenate([joint, time[:, :1]], axis=-1)
        count = self.encoder.nets
        whole = Rows(
            jnp.broadcast_to(joint, (steps, count, *joint.shape[2:])),
            jnp.broadcast_to(rows.decided.any(1, keepdims=True), (steps, count, copies)),
            rows.fresh,
        )
        return jnp.swapaxes(remembered(self.encoder, whole), 0, 1)

    def clock(self, decided: Bool[Array, "T N E"]) -> Bool[Array, "K T E"]:
        """The joint clock, or everybody's own."""
        return jnp.swapaxes(decided, 0, 1) if self.individual else decided.any(1)[None]


class OwnHistory(eqx.Module):
    """Independent learning: each agent judges by what it saw itself, on its own clock.

    Attributes:
        encoder: One for each group of agents.
        groups: Which encoder each agent uses.
    """

    encoder: Encoder
    groups: tuple[int, ...] = eqx.field(static=True)

    @property
    def width(self) -> int:
        """Features handed to the value's head."""
        return self.encoder.memory.width

    def features(self, rows: Rows) -> Float[Array, "N T E F"]:
        """Encode a batch."""
        encoder = by_group(self.encoder, self.groups)
        return jnp.swapaxes(remembered(encoder, rows), 0, 1)

    def clock(self, decided: Bool[Array, "T N E"]) -> Bool[Array, "N T E"]:
        """Everybody's own."""
        return jnp.swapaxes(decided, 0, 1)


class Valued(eqx.Module):
    """A critic with its value head on an adaptive scale (PopArt, van Hasselt et al. 2016).

    Attributes:
        critic: Any of the above.
        weight: Of the head, (K, F, 1).
        bias: Of the head, (K, 1, 1).
        mean: Of the targets seen so far, ().
        std: Of the targets seen so far, ().
    """

    critic: Any
    weight: Float[Array, "K F 1"]
    bias: Float[Array, "K 1 1"]
    mean: Float[Array, ""]
    std: Float[Array, ""]

    @classmethod
    def create(cls, key: PRNGKeyArray, critic: Any, values: int) -> Valued:
        """Put a head that says 0 on a critic."""
        shape = (values, critic.width, 1)
        weight = 1e-2 * jax.random.normal(key, shape)
        return cls(critic, weight, jnp.zeros((values, 1, 1)), jnp.zeros(()), jnp.ones(()))

    def units(self, rows: Rows) -> Float[Array, "K T E"]:
        """Return values in the adaptive scale's units."""
        features = self.critic.features(rows)
        values, steps, copies, width = features.shape
        flat = features.reshape(values, steps * copies, width)
        return (flat @ self.weight + self.bias).reshape(values, steps, copies)

    def values(self, rows: Rows) -> Float[Array, "K T E"]:
        """Return values in reward."""
        return self.units(rows) * self.std + self.mean

    def rescaled(self, mean: Float[Array, ""], std: Float[Array, ""]) -> Valued:
        """Change the scale and leave every value as it is."""
        ratio = self.std / std
        return Valued(
            self.critic,
            self.weight * ratio,
            self.bias * ratio + (self.mean - mean) / std,
            mean,
            std,
        )
