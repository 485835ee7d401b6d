"""Packed events give what a walk over every primitive step gives, and so do their gradients."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from shiftwork.learning.team.events import BLOCK, pack, walk
from shiftwork.learning.team.nets import Actor, Encoder
from shiftwork.learning.team.policy import Rows, remembered

AGENTS, COPIES, WIDTH = 2, 3, 4
ENCODER = Encoder.create(jax.random.key(0), AGENTS, WIDTH, 5, 6)


def rows_of(steps, share, seed):
    """Random events and episodes; everybody has an event where an episode begins."""
    rng = np.random.default_rng(seed)
    fresh = rng.random((steps, COPIES)) < 0.1
    fresh[0] = True
    decided = (rng.random((steps, AGENTS, COPIES)) < share) | fresh[:, None]
    observation = rng.normal(size=(steps, AGENTS, COPIES, WIDTH)).astype(np.float32)
    return jax.tree.map(jnp.asarray, Rows(observation, decided, fresh))


def step_by_step(encoder, rows):
    """The same, primitive step by primitive step."""

    def one(state, row):
        gates = encoder.gates(row.inputs)
        state = jnp.where(row.fresh[None, :, None], 0.0, state)
        state = jnp.where(row.decided[..., None], encoder.memory.step(gates, state), state)
        return state, state

    return jax.lax.scan(one, jnp.zeros((AGENTS, COPIES, 6)), rows)[1]


def summed(encode, weight, encoder, rows):
    """A number that depends on every state, so that its gradient shows any that is wrong."""
    return (encode(encoder, rows) * weight[: len(rows.fresh)]).sum()


fast = jax.jit(remembered)
slow = jax.jit(step_by_step)
WEIGHT = jax.random.normal(jax.random.key(1), (64, AGENTS, COPIES, 6))
fast_gradient = jax.jit(jax.grad(functools.partial(summed, remembered, WEIGHT)))
slow_gradient = jax.jit(jax.grad(functools.partial(summed, step_by_step, WEIGHT)))


@settings(max_examples=25, deadline=None)
@given(st.sampled_from([2 * BLOCK, 23]), st.floats(0, 1), st.integers(0, 2**16))
def test_packed_histories_are_those_of_a_walk_over_every_step(steps, share, seed):
    rows = rows_of(steps, share, seed)
    np.testing.assert_allclose(fast(ENCODER, rows), slow(ENCODER, rows), atol=2e-6)
    for packed, plain in zip(
        jax.tree.leaves(fast_gradient(ENCODER, rows)),
        jax.tree.leaves(slow_gradient(ENCODER, rows)),
        strict=True,
    ):
        np.testing.assert_allclose(packed, plain, atol=2e-5 * (1 + np.abs(plain).max()))


def test_every_event_is_in_its_place():
    decided = jnp.array([[1, 1], [0, 1], [1, 0], [0, 0], [1, 1]], bool).reshape(5, 1, 2)
    packed = pack(decided)
    steps = jnp.arange(5)[:, None, None]
    assert packed.events.tolist() == [[3, 3]]
    assert packed.take(steps)[packed.real].tolist() == [0, 0, 2, 1, 4, 4]
    latest_step = packed.carried(packed.take(steps))
    assert latest_step[:, 0].T.tolist() == [[0, 0, 2, 2, 4], [0, 1, 1, 1, 4]]
    # Wide things keep their columns together.
    wide = jnp.stack([steps, -steps], -1)
    np.testing.assert_array_equal(packed.take(wide)[..., 1], -packed.take(steps))


def test_a_walk_ends_with_the_longest_history():
    actor = Actor.create(jax.random.key(0), AGENTS, WIDTH + 2, 5, 6, 3)
    inputs = (
        jnp.ones((3 * BLOCK, AGENTS, COPIES, WIDTH + 2)),
        jnp.zeros((3 * BLOCK, AGENTS, COPIES), bool),
    )
    begin = jnp.zeros((AGENTS, COPIES, 6))
    count = jnp.full((AGENTS, COPIES), 2).at[1, 2].set(BLOCK + 1)
    made = walk(Actor.walk, actor, begin, inputs, count)
    assert (made[: 2 * BLOCK] != 0).all()
    assert (made[2 * BLOCK :] == 0).all()


def test_seeds_side_by_side_walk_as_one_by_one():
    rows = [rows_of(23, share, 5) for share in (0.1, 0.9)]
    encoders = [ENCODER, jax.tree.map(lambda x: 2 * x, ENCODER)]
    both = (
        jax.tree.map(lambda *x: jnp.stack(x), *encoders),
        jax.tree.map(lambda *x: jnp.stack(x), *rows),
    )
    together = jax.jit(jax.vmap(jax.grad(functools.partial(summed, remembered, WEIGHT))))
    alone = [fast_gradient(*pair) for pair in zip(encoders, rows, strict=True)]
    alone = jax.tree.map(lambda *x: jnp.stack(x), *alone)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-4), alone, together(*both))
