"""A team's policies: what each agent remembers, prefers and chooses, on its own clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from shiftwork.learning.team.events import Packed, pack, walk
from shiftwork.learning.team.nets import Actor, Encoder
from shiftwork.learning.team.time_code import TimeCode, with_time
from shiftwork.plants.team_plant import TeamStep
from shiftwork.records.positions import Places, sense

Nets = TypeVar("Nets")


class Rows(NamedTuple):
    """What a team saw: T primitive steps of E copies of a plant with N agents.

    Attributes:
        inputs: (T, N, E, I), each agent's last observation, refreshed where it decides, which of its
            places coincide, and what time it is (``Policies.look``).
        decided: (T, N, E), the agent chooses a macro-action at the beginning of this step.
        fresh: (T, E), an episode begins with this step.
    """

    inputs: Float[Array, "T N E I"]
    decided: Bool[Array, "T N E"]
    fresh: Bool[Array, "T E"]


class Policies(eqx.Module):
    """The actors of a team; agents of one role may share one.

    Attributes:
        actor: One set of weights for each group of agents.
        groups: Which set each agent uses.
        code: How time becomes features.
        places: Of which agents find their own first and are told where they coincide.
    """

    actor: Actor
    groups: tuple[int, ...] = eqx.field(static=True)
    code: TimeCode = eqx.field(static=True)
    places: Places = eqx.field(static=True)

    def look(
        self, observation: Float[Array, "E N D"], clock: Float[Array, " E"]
    ) -> Float[Array, "N E I"]:
        """Make of observations, so many steps after the beginning, what nets take in."""
        return with_time(sense(by_agent(observation), self.places), clock, self.code)

    def preferences(self, rows: Rows) -> tuple[Float[Array, "K N E A"], Packed]:
        """Return unnormalized log-probabilities at all decisions, and where these stand."""
        packed = pack(rows.decided)
        actor = by_group(self.actor, self.groups)
        return walk_own(Actor.walk, actor, actor.encoder, packed, rows), packed

    def step(
        self,
        memory: Float[Array, "N E F"],
        inputs: Float[Array, "N E I"],
        decided: Bool[Array, "N E"],
    ) -> tuple[Float[Array, "N E F"], Float[Array, "N E A"]]:
        """Take in one step: new memories, moved where decided, and preferences."""
        actor, agents = by_group(self.actor, self.groups), len(self.groups)
        nets = actor.encoder.nets
        gates = actor.encoder.gates(split(inputs, nets, 0))
        moved = actor.encoder.memory.step(gates, split(memory, nets, 0))
        memory = jnp.where(decided[..., None], split(moved, agents, 0), memory)
        preferences = actor.head(split(memory, nets, 0))
        if actor.straight is not None:
            preferences = preferences + actor.straight(split(inputs, nets, 0))
        return memory, split(preferences, agents, 0)

    def sharpened(self, times: float | Array) -> Policies:
        """Make every preference count so many times as much."""
        return eqx.tree_at(last_weights, self, replace_fn=lambda x: x * times)

    def begin(self, key: PRNGKeyArray) -> tuple[Float[Array, "N 1 F"], Float[Array, " 1"]]:
        """Remember nothing, at hour 0: what a ``TeamOperator`` begins an episode with."""
        del key
        return self.memory(1), jnp.zeros(1)

    def act(
        self,
        memory: tuple[Float[Array, "N 1 F"], Float[Array, " 1"]],
        step: TeamStep,
        key: PRNGKeyArray,
    ) -> tuple[tuple[Float[Array, "N 1 F"], Float[Array, " 1"]], Int[Array, " N"]]:
        """Decide for one plant, without the uniform part that explores."""
        remembered, clock = memory
        inputs = self.look(step.observation[None], clock)
        decided, mask = step.decided[:, None], step.mask[:, None]
        remembered, preferences = self.step(remembered, inputs, decided)
        macro, _ = choose(key, log_probabilities(preferences, mask, 0.0))
        return (remembered, clock + 1.0), macro[:, 0].astype(jnp.int32)

    def memory(self, copies: int) -> Float[Array, "N E F"]:
        """Nothing remembered yet."""
        return jnp.zeros((len(self.groups), copies, self.actor.encoder.memory.width))


def last_weights(policies: Policies) -> list[Any]:
    """All that preferences are sums of products with."""
    head, straight = policies.actor.head, policies.actor.straight
    searched = [] if straight is None else [straight.direct, straight.squares]
    return [head.weights[-1], head.biases[-1], *searched]


def by_agent(x: Array) -> Array:
    """Put agents before copies: (E, N, ...) to (N, E, ...)."""
    return jnp.swapaxes(x, 0, 1)


def by_group(nets: Nets, groups: tuple[int, ...]) -> Nets:
    """Give each agent the weights of its group: a leading axis of N, or of 1 where all share one."""
    if groups == tuple(range(len(groups))) or not any(groups):
        return nets
    return unshared(nets, groups)


def firsts(groups: tuple[int, ...]) -> tuple[int, ...]:
    """The first agent that uses each set of weights."""
    return tuple(groups.index(number) for number in range(max(groups) + 1))


def unshared(nets: Nets, groups: tuple[int, ...]) -> Nets:
    """Give each agent weights of its own: a leading axis of N."""
    index = jnp.array(groups)
    given: Nets = jax.tree.map(lambda x: x[index], nets)
    return given


def split(x: Array, nets: int, axis: int) -> Array:
    """Split agents and their copies, two axes, into as many as there are nets.

    What agents share one net then are copies of one agent, and one product does for all of them.
    With as many nets as agents it is undone.
    """
    return x.reshape(*x.shape[:axis], nets, -1, *x.shape[axis + 2 :])


def walk_own(
    block: Callable[..., Any],
    nets: Any,
    encoder: Encoder,
    packed: Packed,
    rows: Rows,
) -> Float[Array, "K N E F"]:
    """Walk with nets, of which the encoder is one, over every agent's own events."""
    agents, copies = packed.events.shape
    inputs = packed.take(rows.inputs)
    fresh = packed.take(rows.fresh[:, None])
    count = encoder.nets
    begin = jnp.zeros((count, agents * copies // count, encoder.memory.width))
    events = split(inputs, count, 1), split(fresh, count, 1)
    return split(walk(block, nets, begin, events, packed.events), agents, 1)


def remembered(encoder: Encoder, rows: Rows) -> Float[Array, "T N E F"]:
    """Encode every agent's own history: moved at its own events, carried forward between."""
    packed = pack(rows.decided)
    return packed.carried(walk_own(Encoder.walk, encoder, encoder, packed, rows))


def log_probabilities(
    preferences: Float[Array, "*B A"], mask: Bool[Array, "*B A"], epsilon: float | Array
) -> Float[Array, "*B A"]:
    """Mix the policy with epsilon of the uniform one over the allowed macro-actions, in logs.

    The mixture is the policy: what acts, and what both probabilities of a ratio are taken from.
    Where nothing is allowed, because nobody decides, everything counts as allowed.
    """
    mask = mask | ~mask.any(-1, keepdims=True)
    policy = jax.nn.softmax(jnp.where(mask, preferences, -1e9), -1)
    allowed = mask.astype(jnp.float32)
    uniform = allowed / allowed.sum(-1, keepdims=True)
    mixed = (1.0 - epsilon) * policy + epsilon * uniform
    return jnp.where(mask, jnp.log(jnp.maximum(mixed, 1e-12)), -1e9)


def choose(
    key: PRNGKeyArray, log_probability: Float[Array, "*B A"]
) -> tuple[Int[Array, "*B"], Float[Array, "*B"]]:
    """Draw macro-actions; return them with their log-probabilities."""
    return drawn(jax.random.uniform(key, (*log_probability.shape[:-1], 1)), log_probability)


def drawn(
    chance: Float[Array, "*B 1"], log_probability: Float[Array, "*B A"]
) -> tuple[Int[Array, "*B"], Float[Array, "*B"]]:
    """Choose macro-actions by uniform numbers in [0, 1); return them with their log-probabilities.

    One number for each draw is looked up in the sums of the probabilities: a Gumbel number
    for every macro-action, as JAX draws, would take as long as a fourth of the plant's steps.
    """
    sums = jnp.cumsum(jnp.exp(log_probability), -1)
    # What has no probability adds nothing to the sums, so that no draw falls on it.
    macro = (sums <= chance * sums[..., -1:]).sum(-1)
    taken = jnp.take_along_axis(log_probability, macro[..., None], -1)[..., 0]
    return macro, taken
