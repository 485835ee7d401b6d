"""Every agent's own events, packed to the front: the nets work at decisions only.

An agent decides in a third to a half of the primitive steps. Its history is therefore packed, event
behind event, and walked in blocks of a few events, as many blocks as the longest history takes. That
number is only known while running; a loop of unknown length has no automatic derivative, so it is
written here, with each block computed again on the way back.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.custom_batching import custom_vmap
from jaxtyping import Array, Bool, Int

BLOCK = 10
"""Events of a block: enough for products of good size, few enough to end close to the longest."""

Carry = Any
Block = Callable[[Any, Carry, Any], tuple[Carry, Any]]
"""Parameters, carry and a block's inputs to the carry after it and its outputs."""


class Packed(NamedTuple):
    """Where each agent's events stand: K places for its first, second, ... event, K >= T.

    Attributes:
        step: Primitive step of the event, (K, N, E); 0 behind the last one.
        latest: Place of the latest event at each step, (T, N, E).
        events: How many, (N, E).
    """

    step: Int[Array, "K N E"]
    latest: Int[Array, "T N E"]
    events: Int[Array, "N E"]

    @property
    def real(self) -> Bool[Array, "K N E"]:
        """Whether an event stands in a place."""
        return jnp.arange(len(self.step))[:, None, None] < self.events[None]

    def of(self, copies: slice) -> Packed:
        """Return those of some copies alone."""
        return Packed(self.step[..., copies], self.latest[..., copies], self.events[..., copies])

    def take(self, x: Array) -> Array:
        """Take what stands at the events: (T, N or 1, E, ...) to (K, N, E, ...)."""
        return _along_time(
            jnp.broadcast_to(x, (len(x), *self.events.shape, *x.shape[3:])), self.step
        )

    def carried(self, x: Array) -> Array:
        """Put each event's result at its step and those after it: (K, N, E, ...) to (T, N, E, ...)."""
        return _along_time(x, self.latest)


def pack(decided: Bool[Array, "T N E"]) -> Packed:
    """Pack events; every agent has one at the first step."""
    steps, agents, copies = decided.shape
    places = -(-steps // BLOCK) * BLOCK
    latest = jnp.cumsum(decided, axis=0) - 1
    index = (
        jnp.where(decided, latest, places),
        jnp.arange(agents)[:, None],
        jnp.arange(copies),
    )
    at = jnp.broadcast_to(jnp.arange(steps)[:, None, None], decided.shape)
    step = jnp.zeros((places, agents, copies), jnp.int32).at[index].set(at, mode="drop")
    return Packed(step, jnp.maximum(latest, 0), latest[-1] + 1)


@custom_vmap
def longest(count: Array) -> Array:
    """Return the longest history of all seeds, so that side by side they share one loop."""
    return count


@longest.def_vmap
def _of_all(size: int, batched: list[bool], count: Array) -> tuple[Array, bool]:
    del size, batched
    return longest(count.max()), False


def _along_time(x: Array, index: Int[Array, "K N E"]) -> Array:
    extra = x.ndim - index.ndim
    return jnp.take_along_axis(x, index.reshape(*index.shape, *[1] * extra), 0)


def walk(block: Block, params: Any, begin: Carry, inputs: Any, count: Int[Array, "N E"]) -> Any:
    """Walk over blocks of events; what the blocks behind the last one give is 0.

    Args:
        block: One block; a static function.
        params: What gradients move.
        begin: The first block's carry.
        inputs: Data, (K, ...) each; they get no gradient.
        count: Events; the longest history says how many blocks there are to walk over.

    Returns:
        The outputs, (K, ...) each.
    """
    blocks = -(-longest(count.max()) // BLOCK)
    shaped = jax.tree.map(lambda x: x.reshape(-1, BLOCK, *x.shape[1:]), inputs)
    outputs = _walk(block, params, begin, shaped, blocks)
    return jax.tree.map(lambda y: y.reshape(-1, *y.shape[2:]), outputs)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _walk(block: Block, params: Any, begin: Carry, inputs: Any, blocks: Array) -> Any:
    return _forward(block, params, begin, inputs, blocks)[0]


def _at(x: Any, number: Array) -> Any:
    return jax.tree.map(lambda a: jax.lax.dynamic_index_in_dim(a, number, keepdims=False), x)


def _put(x: Any, value: Any, number: Array) -> Any:
    return jax.tree.map(lambda a, v: jax.lax.dynamic_update_index_in_dim(a, v, number, 0), x, value)


def _forward(
    block: Block, params: Any, begin: Carry, inputs: Any, blocks: Array
) -> tuple[Any, tuple[Any, ...]]:
    count = len(jax.tree.leaves(inputs)[0])

    def room(like: Any) -> Any:
        return jax.tree.map(lambda a: jnp.zeros((count, *a.shape), a.dtype), like)

    _, like = jax.eval_shape(block, params, begin, _at(inputs, jnp.zeros((), jnp.int32)))

    def one(number: Array, kept: tuple[Any, ...]) -> tuple[Any, ...]:
        carry, carries, outputs = kept
        after, output = block(params, carry, _at(inputs, number))
        return after, _put(carries, carry, number), _put(outputs, output, number)

    _, carries, outputs = jax.lax.fori_loop(0, blocks, one, (begin, room(begin), room(like)))
    return outputs, (params, carries, inputs, blocks)


def _backward(block: Block, kept: tuple[Any, ...], gradient: Any) -> tuple[Any, ...]:
    params, carries, inputs, blocks = kept

    def one(done: Array, sofar: tuple[Any, Any]) -> tuple[Any, Any]:
        number = blocks - 1 - done
        total, carry_gradient = sofar
        _, back = jax.vjp(
            lambda params, carry: block(params, carry, _at(inputs, number)),
            params,
            _at(carries, number),
        )
        more, carry_gradient = back((carry_gradient, _at(gradient, number)))
        return jax.tree.map(jnp.add, total, more), carry_gradient

    nothing = (
        jax.tree.map(jnp.zeros_like, params),
        jax.tree.map(lambda a: jnp.zeros_like(a[0]), carries),
    )
    total, carry_gradient = jax.lax.fori_loop(0, blocks, one, nothing)
    return total, carry_gradient, None, None


_walk.defvjp(_forward, _backward)
