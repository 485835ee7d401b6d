"""What a team's policies draw."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.learning.team.policy import choose, log_probabilities


def test_macro_actions_are_drawn_as_often_as_they_are_probable_and_never_masked_ones():
    draws = 200_000
    mask = jnp.array([False, True, True, False, True, False])
    logs = log_probabilities(jnp.array([9.0, 0.0, 1.0, 9.0, -1.0, 9.0]), mask, 0.1)
    macro, taken = choose(jax.random.key(0), jnp.broadcast_to(logs, (draws, 6)))
    often = np.bincount(macro, minlength=6) / draws
    expected = np.where(mask, np.exp(logs), 0.0)
    np.testing.assert_allclose(often, expected, atol=4 * np.sqrt(0.25 / draws))
    assert (often[~np.asarray(mask)] == 0).all()
    np.testing.assert_array_equal(taken, logs[macro])


@pytest.mark.parametrize("number", [0.0, np.nextafter(np.float32(1), np.float32(0))])
def test_the_least_and_the_greatest_number_fall_on_what_is_allowed(monkeypatch, number):
    monkeypatch.setattr(jax.random, "uniform", lambda key, shape: jnp.full(shape, number))
    mask = jax.random.bernoulli(jax.random.key(1), 0.4, (10_000, 15))
    mask = mask.at[jnp.arange(10_000), jax.random.randint(jax.random.key(2), (10_000,), 0, 15)].set(
        True
    )
    preferences = 10.0 * jax.random.normal(jax.random.key(3), mask.shape)
    macro, _ = choose(jax.random.key(4), log_probabilities(preferences, mask, 0.0))
    allowed = np.asarray(mask)[np.arange(10_000), np.asarray(macro)]
    assert allowed.all()
