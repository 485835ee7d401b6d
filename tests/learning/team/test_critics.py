"""What a team's critic says at the events of a batch."""

import jax
import jax.numpy as jnp
import numpy as np

from shiftwork.learning.team.critics import PIECE, at_events
from shiftwork.learning.team.nets import Attention

STEPS, COPIES, AGENTS, WIDTH = 23, 3, 4, 8


def made(seed: int, chance: float) -> tuple[Attention, jax.Array, np.ndarray]:
    """An attention block, histories, and when somebody decided."""
    a, b = jax.random.split(jax.random.key(seed))
    tokens = jax.random.normal(a, (STEPS, COPIES, AGENTS, WIDTH))
    event = np.random.default_rng(seed).random((STEPS, COPIES)) < chance
    return Attention.create(b, AGENTS, WIDTH), tokens, event


def at_each(attention: Attention, tokens: jax.Array) -> jax.Array:
    """The plain way: all steps at once."""
    return jax.vmap(attention)(tokens)


def test_at_events_and_behind_the_end_it_is_what_all_steps_at_once_would_say():
    for seed, chance in enumerate((0.05, 0.4, 1.0)):
        attention, tokens, event = made(seed, chance)
        found = np.asarray(at_events(attention, tokens, jnp.asarray(event)))
        event[-1] = True
        np.testing.assert_allclose(
            found[event], np.asarray(at_each(attention, tokens))[event], rtol=1e-4, atol=1e-5
        )


def test_gradients_are_those_of_all_steps_at_once():
    attention, tokens, event = made(3, 0.3)

    def loss(tokens, way):
        return jnp.square(way(tokens)).mean(-1).sum(where=jnp.asarray(event))

    plain = jax.grad(lambda x: loss(x, lambda x: at_each(attention, x)))(tokens)
    packed = jax.grad(lambda x: loss(x, lambda x: at_events(attention, x, jnp.asarray(event))))(
        tokens
    )
    np.testing.assert_allclose(packed, plain, rtol=1e-4, atol=1e-6)


def test_side_by_side_every_seed_says_what_it_says_alone():
    attention, tokens, _ = made(4, 0.3)
    events = jnp.asarray(
        np.stack([made(seed, chance)[2] for seed, chance in ((5, 0.05), (6, 0.9))])
    )
    together = jax.vmap(lambda event: at_events(attention, tokens, event))(events)
    for event, found in zip(events, together, strict=True):
        alone = at_events(attention, tokens, event)
        np.testing.assert_allclose(found, alone, rtol=1e-5, atol=1e-6)


def test_pieces_behind_the_longest_history_cost_nothing():
    _, tokens, event = made(7, 0.0)
    event[:7] = True
    counted = []

    def mean(some):
        jax.debug.callback(lambda: counted.append(len(some)))
        return some.mean(1)

    at_events(mean, tokens, jnp.asarray(event)).block_until_ready()
    jax.effects_barrier()
    assert len(counted) == -(-8 // PIECE) < -(-STEPS // PIECE)
