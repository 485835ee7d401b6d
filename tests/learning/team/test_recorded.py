"""Records as nets take them in, and the parts of learning from them, each against what is known by hand."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.errors import UserError
from shiftwork.learning.team import acac
from shiftwork.learning.team.actor_critic import TeamLearner
from shiftwork.learning.team.clone import (
    Regressed,
    at_looks,
    best_looks,
    clone_loss,
    drawn,
    rarity,
    regress,
)
from shiftwork.learning.team.from_records import folds, weights
from shiftwork.learning.team.from_records_settings import Config
from shiftwork.learning.team.recorded import RecordedTeam, batch_of, in_pieces, last_where
from shiftwork.learning.team.recorded_critic import advantages, explained
from shiftwork.learning.team.returns import event_advantages
from shiftwork.records.team_episodes import Decisions, Task, TeamEpisodes, TeamPlace
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
    found = eqx.filter_jit(TeamLearner.advantages)(learner, batch)
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
    one, alike = jnp.ones(batch.reward.shape), jnp.ones((2, 3))
    first, second = (jnp.array(counts, jnp.float32) for counts in ([1, 0], [0, 1]))
    # In episode 0 blending had only "light": nothing to learn from. Berths had three decisions with two.
    loss = eqx.filter_jit(clone_loss)
    assert float(loss(learner.policies, batch, alike, one, first)[1]) == 0.0
    assert float(loss(learner.policies, batch, alike, one, first)[0]) == pytest.approx(
        np.log(2), 0.5
    )
    twice = loss(learner.policies, batch, alike, 2 * one, second)
    assert twice == pytest.approx(2 * loss(learner.policies, batch, alike, one, second))


def test_a_rare_macro_action_weighs_as_much_as_it_is_rare(batch):
    # Berths chose 0, 1 (episode 0), 2 and what follows; "several" decisions alone are counted.
    mask, decided = np.asarray(batch.mask), np.asarray(batch.rows.decided)[:-1]
    several = decided & (mask.sum(-1) > 1)
    berth = np.asarray(batch.macro)[:, 0][several[:, 0]]
    counts = np.bincount(berth, minlength=3)
    found = np.asarray(rarity(batch, (0, 1), 50.0))
    chosen = counts > 0
    assert found[0][chosen] * counts[chosen] == pytest.approx(
        np.full(chosen.sum(), (found[0][chosen] * counts[chosen])[0])
    )
    for agent in (0, 1):
        own = np.asarray(batch.macro)[:, agent][several[:, agent]]
        assert found[agent][own].mean() == pytest.approx(1.0)
    assert (np.asarray(rarity(batch, (0, 1), 1.0)) == 1.0).all()


def signs(sign, chosen):
    """One agent decides in each step of (E, T) and sees whether there is a sign."""
    episodes, steps = sign.shape
    task = Task("watch", "watching", ("sign",), ("stay", "turn", "stop"))
    number = np.arange(episodes * steps)
    made = Decisions(
        number // steps,
        number % steps,
        sign.reshape(-1, 1).astype(np.float32),
        np.ones((len(number), 3), bool),
        chosen.reshape(-1),
        np.ones(len(number), np.int64),
    )
    return TeamEpisodes(
        TeamPlace("watch", "Watch()", (task,), steps, "1 h", "1 $"),
        (made,),
        np.zeros(len(number), np.float32),
        np.full(episodes, steps),
        np.zeros(episodes, bool),
        "signs",
    )


def test_a_rare_choice_is_learned_as_often_as_it_is_made():
    """One decision in 60 is the rare one, and what is seen tells when; its probability comes out right."""
    rng = np.random.default_rng(0)
    sign = rng.random((96, 4)) < 1 / 20
    rare = sign & (rng.random(sign.shape) < 0.5)
    episodes = signs(sign, np.where(rare, 2, (rng.random(sign.shape) < 0.3).astype(int)))
    shape = RecordedTeam(episodes.place)
    learner = jax.jit(lambda key: acac.create(key, shape, TINY))(jax.random.key(1))
    batch = batch_of(episodes, learner.policies)
    settings = Config(minibatch=32, updates=150, looks=1, actor_rate=1e-2, folds=2)
    everybody = jnp.ones((1, 96), bool)
    found = regress(
        jax.tree.map(lambda x: x[None], learner.policies),
        batch,
        rarity(batch, learner.policies.groups, 50.0),
        jnp.ones(batch.reward.shape),
        everybody,
        ~everybody,
        jax.random.split(jax.random.key(2), 1),
        settings,
    )
    policies = jax.tree.map(lambda x: x[-1, 0], found.policies)
    rows = jax.tree.map(lambda x: x[:-1], batch.rows)
    chance = jax.nn.softmax(policies.preferences(rows)[0])[:4, 0].swapaxes(0, 1)
    assert float(chance[sign][:, 2].mean()) == pytest.approx(0.5, abs=0.12)
    assert float(chance[~sign][:, 2].mean()) < 0.02
    assert float(chance[~sign][:, 1].mean()) == pytest.approx(0.3, abs=0.08)


def test_pieces_hold_every_decision_and_reward_once_and_go_on_where_the_last_ended(batch):
    cut = in_pieces(batch, 2)
    assert cut.reward.shape == (2, 4)
    assert cut.reward.T.tolist() == [[0, 1], [0, 4], [2, 3], [5, 6]]
    assert cut.ended.T.tolist() == [[False, False]] * 3 + [[False, True]]
    # The second piece of an episode begins as one does, and so does the first of an episode that begins in time.
    assert cut.rows.fresh[0].tolist() == [True, False, True, True]
    decided, whole = np.asarray(cut.rows.decided), np.asarray(batch.rows.decided)
    assert decided[0][:, 2:].all()
    # What follows a piece is the next one's beginning as it was, without the look that is no decision.
    assert (decided[2][:, :2] == whole[2]).all()
    several = np.asarray(cut.rows.decided[:-1]) & (np.asarray(cut.mask).sum(-1) > 1)
    before = whole[:-1] & (np.asarray(batch.mask).sum(-1) > 1)
    assert several.sum((0, 2)).tolist() == before.sum((0, 2)).tolist()
    assert (np.asarray(cut.rows.inputs)[2, :, :2] == np.asarray(batch.rows.inputs)[2]).all()


def test_an_episode_no_longer_than_a_piece_is_left_as_it_is(batch):
    assert in_pieces(batch, 4) is batch


def test_pieces_that_do_not_divide_begin_late(batch):
    cut = in_pieces(batch, 3)
    assert cut.reward.T.tolist() == [[0, 0, 0], [0, 0, 0], [1, 2, 3], [4, 5, 6]]
    assert cut.rows.fresh.T[:2].tolist() == [
        [False, False, True, False],
        [False, False, False, True],
    ]
    assert not np.asarray(cut.rows.decided)[0, :, :2].any()


def test_long_records_ask_for_as_many_passes():
    assert Config().for_pieces(128) == Config()
    longer = Config().for_pieces(576)
    assert longer.updates == 540
    assert longer.round_updates == 54
    assert longer.updates % longer.looks == 0


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
        ({"rarest": 0.5}, "config 'rarest' is 0.5; give 1 (all alike) or more"),
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
