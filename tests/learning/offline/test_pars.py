"""PARS: its pieces against numbers made by hand, and what it does to values beyond the data."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from matplotlib.figure import Figure

from shiftwork.evaluation.extrapolation import (
    COVERED,
    VARIANTS,
    extrapolate,
    extrapolation_figure,
    true_reward,
)
from shiftwork.learning.learner import Sizes, Values
from shiftwork.learning.offline.pars import PARS, Config
from shiftwork.learning.offline.td3 import value_weight
from shiftwork.learning.replay import Batch

KEY = jax.random.key(0)
ROWS = 6
CONFIG = Config(
    discount=0.9,
    target_rate=0.005,
    cloning=0.3,
    reward_scale=4.0,
    penalty=0.5,
    distance=10.0,
    policy_noise=0.0,
    bins=0,
    critics=3,
    subset=2,
    width=8,
    actor_width=8,
    batch=ROWS,
    penalty_batch=2,
)


def make(config=CONFIG, mean=2.0, worst=-5.0):
    """A learner with two observation and two action columns, whose critics disagree."""
    learner = PARS.create(KEY, Sizes(2, 2), config, Values(mean, worst, 10.0, 1.0))
    heads = tuple(w + 0.3 * jax.random.normal(KEY, w.shape) for w in learner.critic.mlp.weights)
    mlp = dataclasses.replace(learner.critic.mlp, weights=heads)
    critic = dataclasses.replace(learner.critic, mlp=mlp)
    return dataclasses.replace(learner, critic=critic, critic_target=critic)


@pytest.fixture(scope="module")
def batch():
    rng = np.random.default_rng(0)

    def draw(*shape):
        return jnp.asarray(rng.uniform(-1, 1, shape), jnp.float32)

    return Batch(
        observation=draw(ROWS, 2),
        action=draw(ROWS, 2),
        reward=draw(ROWS),
        next_observation=draw(ROWS, 2),
        next_action=draw(ROWS, 2),
        continues=jnp.array([1.0, 1.0, 0.0, 1.0, 0.0, 1.0]),
        last=jnp.zeros(ROWS),
    )


def critic_oracle(critic, observation, action):
    """All members' values in NumPy, (N, B): Linear, LayerNorm, ReLU, twice; Linear; offset."""
    x = np.concatenate([observation, action], axis=1)[None]
    weights = [np.asarray(w, np.float64) for w in critic.mlp.weights]
    biases = [np.asarray(b, np.float64) for b in critic.mlp.biases]
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        x = x @ weight + bias
        x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        x = np.maximum(x, 0.0)
    return (x @ weights[-1] + biases[-1])[..., 0] + float(critic.offset)


def test_values_begin_at_the_records_mean_in_scaled_rewards():
    learner = PARS.create(KEY, Sizes(2, 2), CONFIG, Values(2.0, -5.0, 10.0, 1.0))
    assert learner.critic.offset == 8.0
    assert learner.q_min == -20.0  # c_reward * r_min / (1 - discount), as the records' worst is
    value = learner.value(jnp.zeros((1, 2)), jnp.zeros((1, 2)))
    np.testing.assert_allclose(value, 2.0, atol=0.02)  # back in reward units


def test_target_is_the_least_of_a_random_subset(batch):
    learner = make()
    action = np.asarray(learner.actor_target(batch.next_observation))
    future = critic_oracle(learner.critic_target, batch.next_observation, action)
    assert (np.abs(future[0] - future[1]) > 1e-3).all()
    pairs = [np.minimum(future[i], future[j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    wanted = [4.0 * batch.reward + 0.9 * batch.continues * pair for pair in pairs]

    drawn = set()
    for key in jax.random.split(KEY, 30):
        target = np.asarray(learner.target(batch, key)[0])
        errors = [np.abs(target - w).max() for w in wanted]
        assert min(errors) < 1e-4
        drawn.add(int(np.argmin(errors)))
    assert drawn == {0, 1, 2}  # no pair is preferred for ever


def test_target_at_a_terminal_is_the_scaled_reward_alone(batch):
    target, _ = make().target(batch, KEY)
    ends = np.array([2, 4])
    np.testing.assert_allclose(target[ends], 4.0 * batch.reward[ends], rtol=1e-6)
    assert (np.abs(target - 4.0 * batch.reward) > 0.1)[np.array([0, 1, 3, 5])].all()


def test_target_of_the_whole_ensemble_is_its_least(batch):
    learner = make(dataclasses.replace(CONFIG, subset=3))
    action = np.asarray(learner.actor_target(batch.next_observation))
    future = critic_oracle(learner.critic_target, batch.next_observation, action).min(0)
    np.testing.assert_allclose(
        learner.target(batch, KEY)[0],
        4.0 * batch.reward + 0.9 * batch.continues * future,
        rtol=1e-4,
    )


def test_target_policy_smoothing_stays_in_the_box(batch):
    """The jitter is clipped at 0.5 and the action at the box, so that values stay feasible."""
    learner = make(dataclasses.replace(CONFIG, policy_noise=100.0, subset=3))
    action = np.asarray(learner.actor_target(batch.next_observation))
    # With noise this large every coordinate moves by +-0.5: four corners around each action.
    corners = [
        critic_oracle(
            learner.critic_target, batch.next_observation, np.clip(action + np.array([a, b]), -1, 1)
        ).min(0)
        for a in (-0.5, 0.5)
        for b in (-0.5, 0.5)
    ]
    wanted = 4.0 * batch.reward[None] + 0.9 * batch.continues[None] * np.stack(corners)
    target, _ = learner.target(batch, jax.random.key(1))
    assert (np.abs(wanted - target[None]).min(0) < 1e-3).all()


def test_infeasible_actions_keep_the_guard_interval_in_every_column():
    learner = make(dataclasses.replace(CONFIG, penalty_batch=2_000, batch=2_000))
    action = np.asarray(learner.infeasible_actions(KEY, 3))
    assert action.shape == (2_000, 3)
    size = np.abs(action)
    assert size.min() >= 10.0
    assert size.max() <= 20.0
    # Uniform on both sides, in every column by itself.
    np.testing.assert_allclose(size.mean(0), 15.0, atol=0.3)
    np.testing.assert_allclose((action > 0).mean(0), 0.5, atol=0.05)
    np.testing.assert_allclose(np.corrcoef(np.sign(action).T), np.eye(3), atol=0.08)


@pytest.mark.parametrize("penalty", [0.0, 0.5])
def test_critic_loss_by_hand(batch, penalty):
    learner = make(dataclasses.replace(CONFIG, penalty=penalty))
    target = jnp.arange(6.0)
    infeasible = jnp.array([[12.0, -15.0], [-19.0, 11.0]])
    loss, metrics = learner.critic_loss(learner.critic, batch, (target, infeasible))

    value = critic_oracle(learner.critic, batch.observation, batch.action)
    unseen = critic_oracle(learner.critic, batch.observation[:2], infeasible)
    error = np.square(value - np.arange(6.0)).mean(1)
    wanted = (error + penalty * np.square(unseen + 20.0).mean(1)).sum()
    np.testing.assert_allclose(loss, wanted, rtol=1e-5)
    np.testing.assert_allclose(metrics["value"], value.mean() / 4, rtol=1e-4)
    np.testing.assert_allclose(metrics["value_infeasible"], unseen.mean() / 4, rtol=1e-4)
    np.testing.assert_allclose(metrics["td_error"], np.sqrt(error.mean()) / 4, rtol=1e-4)


@pytest.mark.parametrize("pessimistic", [True, False])
def test_actor_loss_by_hand(batch, pessimistic):
    learner = make(dataclasses.replace(CONFIG, pessimistic=pessimistic))
    loss, _ = learner.actor_loss(learner.actor, learner.critic, batch)
    action = np.asarray(learner.actor(batch.observation), np.float64)
    values = critic_oracle(learner.critic, batch.observation, action)
    value = values.min(0) if pessimistic else values.mean(0)
    distance = np.square(action - batch.action).sum(1).mean()
    wanted = 0.3 * distance - value.mean() / np.abs(value - 8.0).mean()
    np.testing.assert_allclose(loss, wanted, rtol=1e-4)


def test_the_actor_does_not_see_a_shift_of_all_rewards(batch):
    """Ours: adding a constant to every reward moves values and offset alike."""

    def climb(learner):
        return jax.grad(lambda actor: learner.actor_loss(actor, learner.critic, batch)[0])(
            learner.actor
        )

    here, there = climb(make(mean=2.0)), climb(make(mean=50.0))
    for a, b in zip(jax.tree.leaves(here), jax.tree.leaves(there), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-2, atol=1e-4)
    assert any(np.abs(leaf).max() > 1e-3 for leaf in jax.tree.leaves(here))
    # As published, with offset 0, the weight of values would shrink.
    value = jnp.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(
        value_weight(value, 2.0), value_weight(value + 100, 102.0), rtol=1e-4
    )
    assert value_weight(value + 100) < 0.1 * value_weight(value)


@pytest.fixture(scope="module")
def found():
    return extrapolate((0, 1, 2), updates=2_000, width=32)


def at(found, name, action):
    """A variant's value at an action, for each seed."""
    return np.array([np.interp(action, found.action, row) for row in found.values[name]])


@pytest.mark.slow
def test_every_variant_fits_where_there_are_data(found):
    recorded = np.abs(found.action) < 0.9 * COVERED
    for name in VARIANTS:
        error = found.values[name][:, recorded] - true_reward(found.action[recorded])[None]
        assert np.abs(error).max() < 0.05, name


@pytest.mark.slow
def test_a_plain_critic_extrapolates_upward_without_end(found):
    """The reason for the method: the best value lies where nobody has been."""
    inside, edge, beyond, far = (at(found, "plain critic", x) for x in (COVERED, 1.0, 3.0, 15.0))
    assert (edge > inside + 0.15).all()
    assert (beyond > edge + 0.5).all()
    assert (far > 4.0).all()


@pytest.mark.slow
def test_penalty_makes_values_fall_outside_and_tend_to_q_min(found):
    for name in ("PA", "RS-LN and PA (PARS)"):
        inside, far = at(found, name, COVERED), at(found, name, 15.0)
        assert (at(found, name, 5.0) < inside - 0.15).all(), name
        np.testing.assert_allclose(far, found.q_min, atol=0.15)
        np.testing.assert_allclose(at(found, name, -15.0), found.q_min, atol=0.15)
        # The best value of all lies in the box or at its edge.
        best = found.action[found.values[name].argmax(1)]
        assert (np.abs(best) < 2.0).all(), name


@pytest.mark.slow
def test_scaling_with_layer_norm_lowers_unrecorded_actions_in_the_box(found):
    """At the box's edge, measured by the value where the data end."""
    for with_it, without in (("RS-LN", "plain critic"), ("RS-LN and PA (PARS)", "PA")):
        relative = [at(found, name, 1.0) / at(found, name, COVERED) for name in (with_it, without)]
        assert (relative[0] < relative[1] - 0.1).all()
    # Bounded features bound values: far out nothing rises any more.
    assert (np.abs(found.values["RS-LN"]) < 1.2).all()


@pytest.mark.slow
def test_only_both_together_fall_towards_the_edge_from_inside(found):
    """What keeps the actor inside the data: Q falls before the box ends."""
    edge, inside = at(found, "RS-LN and PA (PARS)", 1.0), at(found, "RS-LN and PA (PARS)", COVERED)
    assert (edge < inside - 0.05).all()
    for name in ("plain critic", "RS-LN", "PA"):
        assert (at(found, name, 1.0) > at(found, name, COVERED) - 0.02).mean() > 0.5, name


@pytest.mark.slow
def test_the_picture_holds_every_variant(found):
    figure = extrapolation_figure(found)
    assert isinstance(figure, Figure)
    near, far = figure.axes
    assert [line.get_label() for line in near.get_lines()][:4] == list(VARIANTS)
    for line, name in zip(far.get_lines(), VARIANTS, strict=True):
        np.testing.assert_allclose(line.get_ydata(), found.values[name].mean(0))
    figure.draw_without_rendering()
