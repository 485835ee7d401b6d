"""Records as nets take them in, and the parts of learning from them, each against what is known by hand."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.errors import UserError
from shiftwork.learning.team import acac
from shiftwork.learning.team.clone import (
    Regressed,
    at_looks,
    best_looks,
    clone_loss,
    drawn,
)
from shiftwork.learning.team.from_records import folds, weights
from shiftwork.learning.team.from_records_settings import Config
from shiftwork.learning.team.recorded import RecordedTeam, batch_of, last_where
from shiftwork.learning.team.recorded_critic import advantages, explained
from shiftwork.learning.team.returns import event_advantages
from support.team_record_builders import PLACE, records

TINY = acac.Config(
    best_runs=0, places=False, share=True, epsilon=0.0, discount=0.9, trace=0.8,
    actor_width=8, actor_memory=4, critic_width=8, critic_memory=4,
)  # fmt: skip


@pytest.fixture(scope="module")
def learner():
    return jax.jit(lambda key: acac.create(key, RecordedTeam(PLACE), TINY))(jax.random.key(0))


@pytest.fixture(scope="module")
def batch(learner):
    return batch_of(records(), learner.policies)


def test_episodes_end_together_and_a_shorter_one_begins_later(batch):
    assert batch.reward.T.tolist() == [[0, 1, 2, 3], [0, 4, 5, 6]]
    assert batch.ended.T.tolist() == [[False] * 4, [False, False, False, True]]
    assert batch.rows.fresh.T.tolist() == [[True] + [False] * 4, [False, True, False, False, False]]


def test_an_episode_from_the_midst_of_a_campaign_shows_nets_the_campaigns_time(learner):
    seen, policies = records(), learner.policies
    late = batch_of(dataclasses.replace(seen, began=np.array([0, 1])), policies).rows.inputs
    plain = batch_of(seen, policies).rows.inputs
    np.testing.assert_array_equal(late[:, :, 0], plain[:, :, 0])
    many = policies.code.features
    # The second episode begins later in the batch; its step n is the campaign's step n + 1.
    np.testing.assert_array_equal(late[1:4, :, 1, -many:], plain[2:5, :, 1, -many:])
    assert (late[1:, :, 1, -many:] != plain[1:, :, 1, -many:]).any()


def test_decisions_stand_at_their_steps(batch):
    berth, blend = (np.asarray(batch.rows.decided)[:, agent] for agent in (0, 1))
    assert berth.T.tolist() == [[1, 0, 1, 0, 1], [0, 1, 0, 0, 0]]
    assert blend.T.tolist() == [[1, 0, 0, 0, 0], [0, 1, 1, 0, 0]]
    assert np.asarray(batch.macro)[[0, 2], 0, 0].tolist() == [0, 1]
    assert int(batch.macro[1, 0, 1]) == 2
    assert int(batch.macro[1, 1, 1]) == 1
    # Blending has two macro-actions, so that the third is never allowed.
    assert not batch.mask[:, 1, :, 2].any()
    assert batch.mask[1, 1, 1].tolist() == [True, True, False]


def test_what_was_seen_is_kept_until_the_next_decision(batch):
    seen = np.asarray(batch.rows.inputs)
    # Everything seen in the builder is the row's number within its agent's table.
    assert seen[:, 0, 0, 0].tolist() == [0, 0, 1, 1, 2]
    assert seen[1:, 1, 1, 0].tolist() == [1, 2, 2, 2]
    # The last feature is time over horizon, from each episode's own beginning.
    assert seen[:, 0, 0, -1] == pytest.approx(np.arange(5) / 4)
    assert seen[1:, 0, 1, -1] == pytest.approx(np.arange(4) / 4)


def test_last_where_holds_the_latest():
    decided = np.array([[1, 0, 1, 0], [0, 0, 1, 0]], bool).T
    assert last_where(decided).T.tolist() == [[0, 0, 2, 2], [0, 0, 2, 2]]


def test_advantages_of_a_shorter_episode_are_those_of_the_episode_alone(learner, batch):
    found = learner.advantages(batch)
    value = learner.target.values(batch.rows)[0]
    event = np.asarray(batch.rows.decided.any(1))
    for episode, late in ((0, 0), (1, 1)):
        alone = event_advantages(
            batch.reward[late:, episode],
            batch.ended[late:, episode],
            jnp.asarray(event[late:-1, episode]),
            value[late:-1, episode],
            value[-1, episode],
            TINY.discount,
            TINY.trace,
        )
        assert np.allclose(found.target[0, late:, episode], alone.target, atol=1e-5)


def test_the_loss_counts_only_choices_and_chosen_episodes(learner, batch):
    one = jnp.ones(batch.reward.shape)
    first, second = (jnp.array(counts, jnp.float32) for counts in ([1, 0], [0, 1]))
    # In episode 0 blending had only "light": nothing to learn from. Berths had three decisions with two.
    assert float(clone_loss(learner.policies, batch, one, first)[1]) == 0.0
    assert float(clone_loss(learner.policies, batch, one, first)[0]) == pytest.approx(
        np.log(2), 0.5
    )
    twice = clone_loss(learner.policies, batch, 2 * one, second)
    assert twice == pytest.approx(2 * clone_loss(learner.policies, batch, one, second))


def test_minibatches_hold_only_what_may_be_learned_from():
    learns = jnp.arange(20) % 2 == 0
    for seed in range(5):
        chosen = drawn(jax.random.key(seed), learns, 10).tolist()
        assert len(set(chosen)) == 10
        assert not any(number % 2 for number in chosen)


def test_each_group_is_taken_from_its_own_best_look(learner):
    looks = jnp.arange(3.0)
    policies = jax.tree.map(
        lambda x: jnp.broadcast_to(looks.reshape(3, 1, *[1] * x.ndim), (3, 2, *x.shape)),
        learner.policies,
    )
    loss = np.array([[[1.0, 5.0]] * 2, [[0.5, 2.0]] * 2, [[0.9, 1.0]] * 2])
    chosen = best_looks(loss[:, 0])
    assert chosen.tolist() == [1, 2]
    head = at_looks(Regressed(policies, jnp.asarray(loss)), chosen).actor.head.weights[0]
    assert head.shape[:2] == (2, 2)
    assert (np.asarray(head[:, 0]) == 1.0).all()
    assert (np.asarray(head[:, 1]) == 2.0).all()


def test_every_episode_is_held_out_once():
    held = folds(10, 3, seed=4)
    assert held.shape == (3, 10)
    assert held.sum(0).tolist() == [1] * 10
    assert sorted(held.sum(1).tolist()) == [3, 3, 4]


def test_advantages_say_how_much_more_than_expected_followed(learner, batch):
    flat = eqx.tree_at(lambda c: c.weight, learner.critic, jnp.zeros_like(learner.critic.weight))
    flat = flat.rescaled(jnp.asarray(0.0), jnp.asarray(1.0))
    event = np.asarray(batch.rows.decided[:-1].any(1))

    def by(expected):
        critic = eqx.tree_at(lambda c: c.mean, flat, jnp.asarray(expected))
        return np.asarray(advantages(learner, critic, batch))

    nothing, much = by(0.0), by(100.0)
    for found in (nothing, much):
        assert found[event].mean() == pytest.approx(0.0, abs=1e-4)
        assert (found[~event] == 0.0).all()
    # Who expects 100 behind the end that the plant made is disappointed there, and nowhere else so much.
    assert (much - nothing)[2, 1] < (much - nothing)[0, 0] - 50


def test_a_constant_explains_nothing_and_a_worse_one_less(learner, batch):
    def constant(value):
        flat = eqx.tree_at(
            lambda it: (it.weight, it.mean),
            learner.target,
            (jnp.zeros_like(learner.target.weight), jnp.asarray(value)),
        )
        return jax.tree.map(lambda x: x[None], flat)

    second = jnp.array([[False, True]])
    # Episode 1 is ended by the plant, so that what follows an event is known: its two events.
    to_go = np.array([4 + 0.9 * 5 + 0.81 * 6, 5 + 0.9 * 6])
    for value in (float(to_go.mean()), 3.0):
        wrong = np.square(to_go - value).mean() / np.square(to_go - to_go.mean()).mean()
        found = explained(learner, constant(value), batch, second)
        assert float(found[0]) == pytest.approx(1 - wrong, abs=1e-3)


def test_weights_are_bounded_and_have_a_mean_of_1():
    advantage = jnp.array([[-100.0, 0.0], [100.0, 0.0]])
    event = jnp.array([[True, True], [True, False]])
    found = np.asarray(weights(advantage, event, 1.0, Config()))
    assert found[np.asarray(event)].mean() == pytest.approx(1.0)
    assert found[1, 0] / found[0, 1] == pytest.approx(20.0)
    assert found[0, 0] / found[0, 1] == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"folds": 1}, "'folds' is 1, but there are 9 episodes; give 2 to 4"),
        ({"folds": 5}, "'folds' is 5, but there are 9"),
        ({"updates": 25}, "which 'look_every' (10) does not divide"),
        ({"minibatch": 0}, "'minibatch' is 0; it must be at least 1"),
        ({"discount": 1.5}, "'discount' is 1.5; it must lie from 0 to 1"),
        ({"temperature": 0.0}, "'temperature' is 0.0; give a number above 0"),
        ({"sharpness": -1.0}, "'sharpness' is -1.0; give a number above 0"),
    ],
    ids=["one-fold", "many-folds", "looks", "minibatch", "discount", "temperature", "sharpness"],
)
def test_settings_that_cannot_be_are_refused(changes, line):
    with pytest.raises(UserError) as refused:
        dataclasses.replace(Config(), **changes).check("weighted", 9)
    assert line in str(refused.value)


def test_too_few_episodes_are_refused():
    with pytest.raises(
        UserError, match="there are 3 episodes, too few to hold some out; record at"
    ):
        dataclasses.replace(Config(), folds=2).check("weighted", 3)


def test_an_unknown_method_is_refused():
    with pytest.raises(UserError, match="unknown method 'cql'; give weighted or clone"):
        Config().check("cql", 9)
