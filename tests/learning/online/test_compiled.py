"""Learning by experience: every step counted, every row true, and resumable.

The plant carries a counter of its steps, so that rows tell where and when they were lived.
"""

import dataclasses
import os
import signal
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.errors import Stopped, UserError
from shiftwork.learning.config import replaced
from shiftwork.learning.learner import Sizes, Values
from shiftwork.learning.loop import create_members
from shiftwork.learning.offline import pars
from shiftwork.learning.online.compiled import improve, run_steps
from shiftwork.learning.online.steps import Online, begin, mixed, online_learner
from shiftwork.learning.replay import Batch, Replay, Scaling
from shiftwork.plants.plant import Step
from shiftwork.records.episodes import Episodes
from shiftwork.records.tags import Tag, numbered

SEEDS = (0, 1)
NUMBERS = 2**20
ONLINE = Online(steps=40, updates_per_step=3, piece=10, ramp=20)


class CounterState(NamedTuple):
    step: jax.Array
    birth: jax.Array


@dataclasses.dataclass(frozen=True)
class Counter:
    """Shows its step and the number that the episode drew at birth.

    Episodes whose number is even end by themselves after 4 steps, the others are cut after 7.
    """

    name: str = "counter"
    horizon: int = 7
    score: None = None
    targets: tuple[tuple[int, int], ...] = ()
    observation = numbered("obs", 2)
    action = (Tag("valve", "%", 0.0, 100.0),)

    def reset(self, key):
        state = CounterState(jnp.zeros((), jnp.int32), jax.random.randint(key, (), 0, NUMBERS))
        return state, self._observe(state)

    def step(self, state, action, key):
        moved = CounterState(state.step + 1, state.birth)
        terminal = (moved.step >= 4) & (state.birth % 2 == 0)
        reward = action[0] / 100.0 + moved.step.astype(jnp.float32)
        return Step(moved, self._observe(moved), reward, terminal, {})

    def _observe(self, state):
        return jnp.stack([state.step.astype(jnp.float32), state.birth.astype(jnp.float32)])


PLANT = Counter()


def recorded():
    """Records whose rows can be told from experience: their step is -1."""
    rng = np.random.default_rng(0)
    return Episodes(
        np.stack([np.full(70, -1.0), rng.uniform(0, NUMBERS, 70)], 1).astype(np.float32),
        rng.uniform(10, 90, (60, 1)).astype(np.float32),
        rng.normal(size=60).astype(np.float32),
        np.full(10, 6, np.int64),
        np.zeros(10, bool),
        PLANT.observation,
        PLANT.action,
    )


CONFIG = pars.Config(
    discount=0.9,
    target_rate=0.005,
    cloning=0.1,
    width=8,
    actor_width=8,
    batch=16,
    penalty_batch=4,
    critics=2,
    subset=2,
)


@pytest.fixture(scope="module")
def members():
    return create_members(
        pars.PARS,
        Sizes(2, 1),
        [CONFIG] * 2,
        [Values(mean=1.0, worst=-5.0, best=5.0, spread=1.0)] * 2,
        SEEDS,
    )


@pytest.fixture(scope="module")
def scaling():
    """By powers of two, so that plant units can be read off the store exactly."""
    return dataclasses.replace(
        Scaling.of(recorded()),
        observation_mean=np.zeros(2, np.float32),
        observation_std=np.array([1.0, NUMBERS], np.float32),
        reward_unit=2.0,
    )


@pytest.fixture(scope="module")
def records(scaling):
    return Replay.of(recorded().transitions, scaling)


@pytest.fixture(scope="module")
def runs(members, scaling, records):
    """Everything after 40 steps of two members, in pieces of 10 as ``improve`` makes them."""
    keys = jnp.stack([jax.random.fold_in(jax.random.key(seed), 2) for seed in SEEDS])
    runs = jax.vmap(lambda one, key: begin(one, PLANT, records, ONLINE, key))(members, keys)
    lasts, totals = [], []
    for done in range(0, 40, 10):
        piece = jax.vmap(lambda key, n=done: jax.random.fold_in(key, n))(keys)
        runs, (_, last, earned) = run_steps(runs, piece, PLANT, scaling, records, ONLINE, 10)
        lasts.append(np.asarray(last))
        totals.append(np.asarray(earned))
    return runs, np.concatenate(lasts), np.concatenate(totals)


def go_on(members, scaling, records, online=ONLINE, **options):
    return improve(members, PLANT, scaling, records, online, SEEDS, **options)


def same(a, b):
    pairs = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return all(np.array_equal(x, y) for x, y in pairs)


@pytest.mark.slow
def test_every_step_of_the_plant_is_a_row_and_is_counted(runs, members, scaling, records):
    store = runs[0].store
    assert store.size.tolist() == [ONLINE.steps, ONLINE.steps]
    assert store.rows.reward.shape == (2, ONLINE.steps)
    # The plant's own counter goes up by one from row to row, and to 0 by a reset alone.
    for step, last in zip(store.rows.observation[..., 0], store.rows.last, strict=True):
        wanted, at = [], 0
        for ended in np.asarray(last):
            wanted.append(at)
            at = 0 if ended else at + 1
        np.testing.assert_array_equal(step, wanted)

    better, history = go_on(members, scaling, records)
    assert history.steps == ONLINE.steps
    assert same(better, runs[0].learner)
    # Three critic steps and one of the actor follow each of them.
    assert better.critic_adam.moments.count.tolist() == [120, 120]
    assert better.actor_adam.moments.count.tolist() == [40, 40]
    # Every finished episode stands in the history with its end and its return.
    _, last, earned = runs
    for number in (0, 1):
        ends = np.flatnonzero(last[:, number])
        kept = history.episode_end[number] >= 0
        assert history.episode_end[number][kept].tolist() == (ends + 1).tolist()
        np.testing.assert_allclose(history.episode_return[number][kept], earned[ends, number])


@pytest.mark.slow
def test_ends_and_cuts_are_told_apart(runs):
    rows = jax.tree.map(np.asarray, runs[0].store.rows)
    even = NUMBERS * rows.observation[..., 1] % 2 == 0
    step = rows.next_observation[..., 0]
    np.testing.assert_array_equal(rows.continues == 0, even & (step == 4))
    np.testing.assert_array_equal(rows.last == 1, (even & (step == 4)) | (~even & (step == 7)))
    for kind in (even, ~even):  # both kinds of end were lived
        assert (rows.last[kind] == 1).any()


@pytest.mark.slow
def test_the_last_observation_of_an_episode_is_kept(runs):
    """Its number is the episode's own; the next episode's would be another."""
    rows = jax.tree.map(np.asarray, runs[0].store.rows)
    np.testing.assert_array_equal(rows.next_observation[..., 1], rows.observation[..., 1])
    np.testing.assert_array_equal(rows.next_observation[..., 0], rows.observation[..., 0] + 1)
    # Resets draw again, for each member and each episode.
    births = rows.observation[..., 1][rows.observation[..., 0] == 0]
    assert (
        len(set(births.tolist()))
        == len(births)
        == (rows.last == 1).sum() + 2 - (rows.last[:, -1] == 1).sum()
    )


@pytest.mark.slow
def test_rows_hold_what_was_done_and_earned(runs, scaling):
    rows = jax.tree.map(np.asarray, runs[0].store.rows)
    valve = scaling.act(rows.action, rows.observation)[..., 0]
    assert valve.std() > 1.0  # it explores
    assert (valve >= scaling.action_low).all()
    assert (valve <= scaling.action_high).all()
    # The reward, in units of 2, of the action in plant units.
    np.testing.assert_allclose(
        2.0 * rows.reward, valve / 100.0 + rows.next_observation[..., 0], rtol=1e-5
    )


@pytest.mark.slow
def test_the_next_action_is_the_next_rows_unless_the_episode_ended(runs):
    rows = jax.tree.map(np.asarray, runs[0].store.rows)
    going_on = rows.last[:, :-1] == 0
    np.testing.assert_array_equal(rows.next_action[:, :-1][going_on], rows.action[:, 1:][going_on])
    assert (rows.next_action[:, :-1][~going_on] != rows.action[:, 1:][~going_on]).all()


def test_a_cut_store_knows_that_nothing_follows():
    like = Batch(
        *(jnp.zeros((1, 1)),) * 2, jnp.zeros(1), *(jnp.zeros((1, 1)),) * 2, *(jnp.zeros(1),) * 2
    )
    two = jax.tree.map(lambda x: jnp.repeat(x, 2, axis=0), like)
    store = Replay.empty(like, 8).add(two).add(two)
    assert store.cut(2).rows.last.tolist() == [0, 0, 1, 1, 0, 0, 0, 0]
    assert Replay.empty(like, 4).cut(2).rows.last.tolist() == [0, 0, 0, 0]


@pytest.mark.slow
def test_the_share_of_experience_grows_with_the_store(runs, records):
    """Nearly none at first, one half from the ramp's end on: 20 of 40 rows are enough."""
    store = jax.tree.map(lambda x: x[0], runs[0].store)
    for size, share in ((1, 0.025), (10, 0.25), (20, 0.5), (40, 0.5)):
        part = dataclasses.replace(store, size=jnp.asarray(size))
        batch = mixed(records, part, ONLINE, 8_000)(jax.random.key(size))
        found = _lived(batch, records)
        assert found.mean() == pytest.approx(share, abs=0.02)  # 3.5 deviations
    tenth = dataclasses.replace(ONLINE, records_share=0.9)
    batch = mixed(records, store, tenth, 8_000)(jax.random.key(0))
    assert _lived(batch, records).mean() == pytest.approx(0.1, abs=0.012)


def _lived(batch, records):
    """Whether each row is experience; whole rows are taken, never parts of two."""
    lived = np.asarray(batch.observation[:, 0]) >= 0
    known = set(np.asarray(records.rows.reward).tolist())
    assert np.array_equal(lived, [r not in known for r in np.asarray(batch.reward).tolist()])
    return lived


def test_online_settings_go_into_the_learner(members):
    changed = online_learner(members, ONLINE)
    assert changed.config.actor_delay == ONLINE.updates_per_step
    assert changed.config.pessimistic is False
    assert members.config.actor_delay == CONFIG.actor_delay
    assert same(changed, members)  # no weight and no float has changed
    assert replaced(CONFIG, cloning=5.0) == dataclasses.replace(CONFIG, cloning=5.0)


@pytest.mark.slow
def test_improving_stopped_and_resumed_is_the_same(runs, members, scaling, records, tmp_path):
    checkpoint = tmp_path / "online.npz"
    calls = []

    def interrupt(amount, note=""):
        calls.append(amount)
        if len(calls) == 2:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Stopped, match="stopped after 20 of 40 plant steps"):
        go_on(members, scaling, records, advance=interrupt, checkpoint=checkpoint)

    other = dataclasses.replace(ONLINE, noise=0.2)
    with pytest.raises(UserError, match="belongs to another agent, plant or settings"):
        go_on(members, scaling, records, other, checkpoint=checkpoint)

    watched, calls = [], []
    better, history = go_on(
        members,
        scaling,
        records,
        checkpoint=checkpoint,
        advance=lambda amount, note="": calls.append(amount),
        watch=lambda done, members: watched.append(done),
    )
    assert same(better, runs[0].learner)
    assert calls == [20, 10, 10]
    assert watched == [30, 40]
    assert (history.episode_end >= 0).sum() == runs[1].sum()


@pytest.mark.parametrize(
    ("key", "values"),
    {
        "steps": [0, -1],
        "updates_per_step": [0],
        "noise": [-0.1, float("nan")],
        "records_share": [-0.1, 1.1],
        "ramp": [0],
        "rate": [-1.0],
        "piece": [0],
    }.items(),
)
def test_bad_online_settings_are_told_by_their_name(key, values, members, scaling, records):
    for value in values:
        online = dataclasses.replace(ONLINE, **{key: value})
        with pytest.raises(UserError, match=f"online '{key}' is ") as error:
            go_on(members, scaling, records, online)
        assert "\n" not in str(error.value)
