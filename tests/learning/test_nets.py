"""Nets: derivatives that are written out by hand against automatic ones, and the shared cycle."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.learning.critic import Critic
from shiftwork.learning.learner import Sizes, Values
from shiftwork.learning.nets import normalized, product
from shiftwork.learning.offline import rebrac, td3bc
from shiftwork.learning.replay import Batch

KEYS = jax.random.split(jax.random.key(0), 4)
BATCH = 8


def plainly_normalized(x):
    """LayerNorm as its paper writes it."""
    centred = x - x.mean(-1, keepdims=True)
    return centred / jnp.sqrt(jnp.square(centred).mean(-1, keepdims=True) + 1e-5)


@pytest.mark.parametrize("scale", [1e-2, 1.0, 100.0])
def test_layer_norm_and_its_derivative(scale):
    x = scale * jax.random.normal(KEYS[0], (3, 5, 16)) + 2.0
    weight = jax.random.normal(KEYS[1], x.shape)
    np.testing.assert_allclose(normalized(x), plainly_normalized(x), rtol=2e-3, atol=2e-4)
    ours, plain = (
        jax.grad(lambda x, f=f: (weight * f(x)).sum())(x) for f in (normalized, plainly_normalized)
    )
    np.testing.assert_allclose(ours, plain, rtol=2e-3, atol=2e-3 * float(jnp.abs(plain).max()))


@pytest.mark.parametrize("shape", [(5, 7), (3, 5, 7)], ids=["one batch for all", "one for each"])
def test_product_and_its_derivatives(shape):
    x, weight = jax.random.normal(KEYS[0], shape), jax.random.normal(KEYS[1], (3, 7, 4))
    out = jax.random.normal(KEYS[2], (3, 5, 4))
    np.testing.assert_allclose(product(x, weight), jnp.matmul(x, weight), rtol=1e-5)
    for argument in (0, 1):
        ours, plain = (
            jax.grad(lambda *a, f=f: (out * f(*a)).sum(), argument)(x, weight)
            for f in (product, jnp.matmul)
        )
        assert ours.shape == (x, weight)[argument].shape
        np.testing.assert_allclose(ours, plain, rtol=1e-4, atol=1e-5)


def test_the_first_member_alone():
    critic = Critic.create(KEYS[0], 3, 8, Values(2.0, 0.0, 4.0, 1.0), nets=4)
    observation, action = jnp.ones((5, 2)), jnp.zeros((5, 1))
    alone = critic.first(observation, action)
    assert alone.shape == (1, 5)
    np.testing.assert_allclose(alone[0], critic(observation, action)[0], rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("delay", [1, 3])
@pytest.mark.parametrize("algorithm", [td3bc, rebrac])
def test_a_cycle_is_so_many_critic_steps_and_one_of_the_rest(algorithm, delay):
    """Batches are counted, targets stand still meanwhile, and then move by their rate."""
    learner = (algorithm.TD3BC if algorithm is td3bc else algorithm.ReBRAC).create(
        KEYS[0],
        Sizes(2, 1),
        algorithm.Config(
            discount=0.9, target_rate=0.005, actor_delay=delay, batch=BATCH, width=4, actor_width=4
        ),
        Values(0.0, -1.0, 1.0, 1.0),
    )

    def sample(key):
        a, b = jax.random.split(key)
        rows = jax.random.normal(a, (BATCH, 2))
        zeros = jnp.zeros(BATCH)
        act = jax.random.uniform(b, (BATCH, 1))
        return Batch(rows, act, zeros, rows, act, zeros + 1.0, zeros)

    moved, _ = learner.update(sample, KEYS[1], jnp.asarray(1.0))
    assert int(moved.critic_adam.moments.count) == delay
    assert int(moved.actor_adam.moments.count) == 1
    for target, before, now in (
        (moved.critic_target, learner.critic_target, moved.critic),
        (moved.actor_target, learner.actor_target, moved.actor),
    ):
        for t, b, n in zip(*map(jax.tree.leaves, (target, before, now)), strict=True):
            np.testing.assert_allclose(t, b + 0.005 * (n - b), rtol=1e-5, atol=1e-7)


def test_every_step_of_a_cycle_learns_from_its_own_batch():
    """Two steps of a cycle are two steps of Adam on two batches, each with its own target."""
    learner = td3bc.TD3BC.create(
        KEYS[0],
        Sizes(2, 1),
        td3bc.Config(
            discount=0.9, target_rate=0.005, batch=BATCH, width=4, actor_width=4, policy_noise=0.0
        ),
        Values(0.0, -1.0, 1.0, 1.0),
    )

    def sample(key):
        rows = jax.random.normal(key, (BATCH, 2))
        zeros = jnp.zeros(BATCH)
        return Batch(rows, rows[:, :1], rows[:, 1], rows, rows[:, :1], zeros + 1.0, zeros)

    moved, _ = learner.update(sample, KEYS[1], jnp.asarray(1.0))
    critic, adam = learner.critic, learner.critic_adam
    for key in jax.random.split(jax.random.split(KEYS[1], 3)[0], 2):
        batch = sample(key)
        gradient = jax.grad(learner.critic_loss, has_aux=True)(
            critic, batch, learner.target(batch, KEYS[2])
        )[0]
        critic, adam = adam.step(critic, gradient, jnp.asarray(1e-3))
    for a, b in zip(*map(jax.tree.leaves, (moved.critic, critic)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_td3bc_weighs_values_as_published():
    """Eq. 5 with alpha 2.5: the mean over rows and columns, and values by their own mean size."""
    learner = td3bc.TD3BC.create(
        KEYS[0],
        Sizes(2, 3),
        td3bc.Config(discount=0.9, target_rate=0.005, batch=BATCH, width=4, actor_width=4),
        Values(7.0, -1.0, 9.0, 1.0),
    )
    seen, done = jax.random.normal(KEYS[1], (BATCH, 2)), jax.random.uniform(KEYS[2], (BATCH, 3))
    zeros = jnp.zeros(BATCH)
    loss, _ = learner.actor_loss(
        learner.actor, learner.critic, Batch(seen, done, zeros, seen, done, zeros, zeros)
    )
    action = np.asarray(learner.actor(seen))
    value = np.asarray(learner.critic(seen, jnp.asarray(action))[0])
    assert abs(value.mean()) > 3.0
    wanted = np.square(action - np.asarray(done)).mean() - 2.5 * value.mean() / np.abs(value).mean()
    np.testing.assert_allclose(loss, wanted, rtol=1e-4)
