"""Nets of a team: one set of weights for each agent (or role) on a leading axis.

Axes: N agents, T primitive steps, E copies of the plant, F features. A net is applied to all agents
in one batched product. Only the recurrence walks from event to event; what comes before and after
it is computed for many events at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from shiftwork.learning.nets import MLP, normalized, product
from shiftwork.learning.team.straight import Straight

Made = TypeVar("Made")


class Gates(NamedTuple):
    """What belongs to a GRU's gates: three arrays of one shape.

    Not the columns of one array, over which compiled loops are slow on a CPU: a walk forward takes
    half the time.
    """

    reset: Array
    update: Array
    candidate: Array


class GRU(eqx.Module):
    """A gated recurrent unit (Cho et al. 2014) for N agents, which moves at their events only.

    Attributes:
        inputs: (N, I, 3F), for reset gate, update gate and candidate.
        hidden: (N, F, 3F).
        bias: (N, 1, 3F).
        candidate_bias: (N, 1, F), inside the reset gate.
    """

    inputs: Float[Array, "N I G"]
    hidden: Float[Array, "N F G"]
    bias: Float[Array, "N 1 G"]
    candidate_bias: Float[Array, "N 1 F"]

    @classmethod
    def create(cls, key: PRNGKeyArray, nets: int, inputs: int, width: int) -> GRU:
        """Draw uniform inputs' weights and orthogonal recurrent ones."""
        a, b = jax.random.split(key)
        limit = width**-0.5
        recurrent = orthogonal(jax.random.normal(b, (nets, 3, width, width)))
        return cls(
            jax.random.uniform(a, (nets, inputs, 3 * width), minval=-limit, maxval=limit),
            recurrent.swapaxes(1, 2).reshape(nets, width, 3 * width),
            jnp.zeros((nets, 1, 3 * width)),
            jnp.zeros((nets, 1, width)),
        )

    @property
    def width(self) -> int:
        """Features of the hidden state."""
        return self.candidate_bias.shape[-1]

    def gates(self, x: Float[Array, "N B I"]) -> Gates:
        """Compute what of the gates does not depend on the past."""
        weights, biases = _by_gate(self.inputs), _by_gate(self.bias)
        made = [product(x, weight) + bias for weight, bias in zip(weights, biases, strict=True)]
        return Gates(*made)

    def step(self, gates: Gates, state: Float[Array, "N E F"]) -> Array:
        """Return the state after one event, (N, E, F)."""
        return _moved(_by_gate(self.hidden), self.candidate_bias, gates, state)

    def scan(
        self, state: Float[Array, "N E F"], gates: Gates, fresh: Bool[Array, "K N E"]
    ) -> tuple[Float[Array, "N E F"], Float[Array, "K N E F"]]:
        """Walk over events, (K, N, E, F), and forget where an episode begins.

        Returns:
            The state after the last event and after each.
        """
        hidden, kept = _by_gate(self.hidden), jnp.where(fresh, 0.0, 1.0)[..., None]

        def one(state: Array, event: tuple[Gates, Array]) -> tuple[Array, Array]:
            gates, kept = event
            state = _moved(hidden, self.candidate_bias, gates, state * kept)
            return state, state

        return jax.lax.scan(one, state, (gates, kept))


def _by_gate(x: Float[Array, "N _ G"]) -> Gates:
    return Gates(*jnp.split(x, 3, -1))


def _moved(hidden: Gates, bias: Array, gates: Gates, state: Array) -> Array:
    reset = jax.nn.sigmoid(gates.reset + jnp.matmul(state, hidden.reset))
    update = jax.nn.sigmoid(gates.update + jnp.matmul(state, hidden.update))
    past = jnp.matmul(state, hidden.candidate) + bias
    candidate = jnp.tanh(gates.candidate + reset * past)
    return candidate + update * (state - candidate)


def orthogonal(x: Float[Array, "*B F F"]) -> Float[Array, "*B F F"]:
    """Return the orthogonal matrices closest to square ones; of normal ones, uniformly drawn.

    Newton's iteration (Higham 1986) in products alone. JAX's own initializer calls LAPACK's batched
    QR, which waits inside the thread pool that is to do its work: two at once stop a program for
    good on a machine with two cores (jaxlib 0.10.2).
    """

    def closer(_: Array, x: Array) -> Array:
        return 1.5 * x - 0.5 * x @ (x.swapaxes(-1, -2) @ x)

    # Small singular values grow by half in each round; 60 rounds lift even 1e-8 to 1.
    size = jnp.sqrt(jnp.square(x).sum((-2, -1), keepdims=True))
    made: Array = jax.lax.fori_loop(0, 60, closer, x / size)
    return made


class Encoder(eqx.Module):
    """[observation, time code] -> two linear layers -> GRU over an agent's own events."""

    layers: MLP
    memory: GRU

    @classmethod
    def create(cls, key: PRNGKeyArray, nets: int, inputs: int, width: int, memory: int) -> Encoder:
        """Draw the encoders of so many agents."""
        a, b = jax.random.split(key)
        layers = MLP.create(a, (inputs, width, width), nets=nets, head=(3.0 / width) ** 0.5)
        return cls(layers, GRU.create(b, nets, width, memory))

    @property
    def nets(self) -> int:
        """How many there are."""
        return len(self.memory.bias)

    def gates(self, x: Float[Array, "N B I"]) -> Gates:
        """Compute what of the GRU's gates does not depend on the past."""
        return self.memory.gates(jax.nn.relu(self.layers(x)))

    def walk(
        self, state: Float[Array, "N E F"], events: tuple[Float[Array, "K N E I"], Array]
    ) -> tuple[Float[Array, "N E F"], Float[Array, "K N E F"]]:
        """Encode some events of every agent, (K, N, E): inputs, and whether an episode begins."""
        inputs, fresh = events
        return self.memory.scan(state, over_agents(self.gates, inputs), fresh)


def over_agents(net: Callable[[Array], Made], x: Float[Array, "K N E F"]) -> Made:
    """Apply nets to all events in one batched product, (K, N, E, F) to (K, N, E, ...)."""
    places, agents, copies, width = x.shape
    made = net(x.swapaxes(0, 1).reshape(agents, places * copies, width))
    return jax.tree.map(lambda y: y.reshape(agents, places, copies, -1).swapaxes(0, 1), made)


class Actor(eqx.Module):
    """Encoder -> linear -> LayerNorm -> macro-action preferences.

    Attributes:
        encoder: From what an agent saw to its memory.
        head: From its memory to preferences.
        straight: From what it saw last straight to preferences: what a search found (search.py). None
            where nothing was searched.
    """

    encoder: Encoder
    head: MLP
    straight: Straight | None = None

    @classmethod
    def create(
        cls,
        key: PRNGKeyArray,
        nets: int,
        inputs: int,
        width: int,
        memory: int,
        actions: int,
        straight: Straight | None = None,
    ) -> Actor:
        """Draw policies that are nearly uniform at first."""
        a, b = jax.random.split(key)
        return cls(
            Encoder.create(a, nets, inputs, width, memory),
            MLP.create(b, (memory, width, actions), nets=nets, layer_norm=True, head=1e-2),
            straight,
        )

    def walk(
        self, state: Float[Array, "N E F"], events: tuple[Float[Array, "K N E I"], Array]
    ) -> tuple[Float[Array, "N E F"], Float[Array, "K N E A"]]:
        """Prefer at some events of every agent; otherwise as ``Encoder.walk``."""
        state, states = self.encoder.walk(state, events)
        preferences = over_agents(self.head, states)
        if self.straight is not None:
            preferences = preferences + over_agents(self.straight, events[0])
        return state, preferences


class Attention(eqx.Module):
    """One pre-norm transformer block over the agents, then their mean (two heads, MLP x 4).

    Attributes:
        agent: Learned embedding of each agent, (N, F).
        mix: Query, key and value, (1, F, 3F).
        out: (1, F, F).
        feed: The block's perceptron.
        heads: Of the attention.
    """

    agent: Float[Array, "N F"]
    mix: Float[Array, "1 F G"]
    out: Float[Array, "1 F F"]
    feed: MLP
    heads: int = eqx.field(static=True)

    @classmethod
    def create(cls, key: PRNGKeyArray, agents: int, width: int, heads: int = 2) -> Attention:
        """Draw the block."""
        a, b, c, d = jax.random.split(key, 4)
        limit = width**-0.5
        return cls(
            0.1 * jax.random.normal(a, (agents, width)),
            jax.random.uniform(b, (1, width, 3 * width), minval=-limit, maxval=limit),
            jax.random.uniform(c, (1, width, width), minval=-limit, maxval=limit),
            MLP.create(d, (width, 4 * width, width), head=0.5 * (4 * width) ** -0.5),
            heads,
        )

    def __call__(self, x: Float[Array, "B N F"]) -> Float[Array, "B F"]:
        """Let every agent's history attend to all, and average."""
        rows, agents, width = x.shape
        x = x + self.agent[None]
        flat = normalized(x).reshape(1, rows * agents, width)
        split = product(flat, self.mix).reshape(rows, agents, 3, self.heads, width // self.heads)
        query, key, value = split[:, :, 0], split[:, :, 1], split[:, :, 2]
        score = jnp.einsum("bnhf,bmhf->bhnm", query, key) * (width // self.heads) ** -0.5
        seen = jnp.einsum("bhnm,bmhf->bnhf", jax.nn.softmax(score, -1), value)
        x = x + product(seen.reshape(1, rows * agents, width), self.out).reshape(x.shape)
        x = x + self.feed(normalized(x).reshape(1, rows * agents, width)).reshape(x.shape)
        return normalized(x).mean(1)
