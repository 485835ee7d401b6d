"""Critics: values that begin at the records' mean and are means, whatever the loss."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.learning.critic import Critic, two_hot
from shiftwork.learning.learner import Values
from shiftwork.learning.nets import Adam

KEY = jax.random.key(0)
VALUES = Values(mean=20.0, worst=-300.0, best=80.0, spread=4.0)


def critic(bins):
    return Critic.create(KEY, 2, 16, VALUES, nets=2, bins=bins)


def test_two_hot_weighs_two_neighbours_and_keeps_the_mean():
    support = jnp.array([-10.0, -1.0, 0.0, 3.0, 50.0])
    value = jnp.array([-10.0, -4.0, 0.0, 1.0, 49.0, 50.0, 70.0, -99.0])
    weight = two_hot(value, support)
    np.testing.assert_allclose(weight @ support, jnp.clip(value, -10, 50), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(weight.sum(1), 1.0, rtol=1e-6)
    assert ((weight > 0).sum(1) <= 2).all()
    assert (weight >= 0).all()


@pytest.mark.parametrize("bins", [0, 65, 129])
def test_values_begin_at_the_mean_and_bins_reach_beyond_every_return(bins):
    made = critic(bins)
    value = made(jnp.zeros((3, 1)), jnp.zeros((3, 1)))
    np.testing.assert_allclose(value, VALUES.mean, atol=10 * VALUES.spread / max(bins, 65))
    if bins:
        assert made.support[0] < VALUES.worst - 300.0
        assert made.support[-1] > VALUES.best + 100.0
        assert (jnp.diff(made.support) > 0).all()


@pytest.mark.parametrize("bins", [0, 65])
def test_what_is_learned_is_the_mean_of_skewed_targets(bins):
    """Of 25 returns one is -300: the mean is 7.2. A robust loss would learn nearly 20."""
    target = jnp.where(jnp.arange(400) % 25 == 0, -300.0, 20.0)
    seen, done = jnp.zeros((400, 1)), jnp.zeros((400, 1))

    def step(carry, rate):
        made, adam = carry
        gradient = jax.grad(lambda c: c.value_and_error(seen, done, target)[1].mean())(made)
        return adam.step(made, gradient, rate), None

    made = critic(bins)
    (made, _), _ = jax.lax.scan(step, (made, Adam.create(made)), jnp.linspace(0.1, 0, 2_000))
    np.testing.assert_allclose(made(seen[:1], done[:1]), float(target.mean()), atol=0.5)


def test_gradients_are_bounded_with_bins_and_not_with_squares():
    seen, done = jnp.zeros((1, 1)), jnp.zeros((1, 1))

    def slope(bins, target):
        made = critic(bins)

        def loss(bias):
            mlp = made.mlp.__class__(
                made.mlp.weights, (*made.mlp.biases[:-1], bias), made.mlp.layer_norm
            )
            whole = made.__class__(mlp, made.offset, made.support)
            return whole.value_and_error(seen, done, jnp.full(1, target))[1].sum()

        return float(jnp.abs(jax.grad(loss)(made.mlp.biases[-1])).max())

    assert slope(65, -300.0) <= 1.0
    assert slope(0, -300.0) > 100.0


def test_the_loss_by_hand():
    made = critic(5)
    seen, done = jnp.ones((2, 1)), jnp.zeros((2, 1))
    value, error = made.value_and_error(seen, done, jnp.array([10.0, 30.0]))
    logits = np.asarray(made.mlp(jnp.concatenate([seen, done], 1)), np.float64)
    share = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    np.testing.assert_allclose(value, share @ np.asarray(made.support), rtol=1e-4)
    weight = np.asarray(two_hot(jnp.array([10.0, 30.0]), made.support))
    np.testing.assert_allclose(error, -(weight * np.log(share)).sum(-1), rtol=1e-4)
