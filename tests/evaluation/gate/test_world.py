"""The model of a plant: what it learns of a plant whose law is known, and what it refuses to promise."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.evaluation import columns
from shiftwork.evaluation.columns import alike, distances
from shiftwork.evaluation.gate.rollouts import replay
from shiftwork.evaluation.gate.world import fit_world
from shiftwork.records.tags import Tag
from support.record_builders import of_equal_length

EPISODES, STEPS = 40, 50
TAGS = (Tag("level", "m"), Tag("wanted", "m"), Tag("load", "t/h"))


def tank(seed=0, episodes=EPISODES):
    """level' = level + 0.2 (valve - 0.5) - 0.1 load; the set-point jumps; paid by the distance."""
    rng = np.random.default_rng(seed)
    level, wanted = rng.uniform(-1, 1, episodes), rng.uniform(-1, 1, episodes)
    load = np.zeros(episodes)
    seen, done, paid = [np.stack([level, wanted, load], 1)], [], []
    for _ in range(STEPS):
        valve = np.clip(0.5 + wanted - level + 0.3 * rng.normal(size=episodes), 0, 1)
        level = level + 0.2 * (valve - 0.5) - 0.1 * load
        load = 0.8 * load + 0.1 * rng.normal(size=episodes)
        jumps = rng.random(episodes) < 0.03
        wanted = np.where(jumps, rng.uniform(-1, 1, episodes), wanted)
        seen.append(np.stack([level, wanted, load], 1))
        done.append(valve[:, None])
        paid.append(-np.abs(level - wanted))
    return of_equal_length(seen, done, paid, TAGS, (Tag("valve", "", 0.0, 1.0),))


@pytest.fixture(scope="module")
def records():
    return tank()


@pytest.fixture(scope="module")
def world(records):
    return fit_world(records, records.episode_of_step, updates=500, members=4)


def stepped(world, observation, action):
    """One step without surprises, by each member."""
    quiet = jnp.zeros((1, *world.residual.shape[1:]))
    still = jnp.full_like(quiet, jnp.nan)
    calm = dataclasses.replace(world, residual=quiet, jump=still)
    begin = jnp.broadcast_to(jnp.asarray(observation, jnp.float32), (4, len(observation), 3))
    move = jnp.broadcast_to(jnp.asarray(action, jnp.float32), (4, len(action), 1))
    later, reward = calm.step(begin, move, jnp.zeros(len(observation), jnp.int32))
    return np.asarray(later), np.asarray(reward)


def test_the_law_is_found_also_where_nobody_was(world):
    """The levels of the records lie within about 1.2; the law is linear, and goes on as such."""
    seen = np.array([[0.0, 0.5, 0.0], [-0.5, 0.5, 0.2], [1.6, 0.0, 0.0]])
    move = np.array([[0.5], [1.0], [0.0]])
    later, _ = stepped(world, seen, move)
    true = seen[:, 0] + 0.2 * (move[:, 0] - 0.5) - 0.1 * seen[:, 2]
    np.testing.assert_allclose(later[..., 0], np.broadcast_to(true, (4, 3)), atol=0.02)


def test_a_set_point_stands_still_and_jumps_only_as_it_did(world, records):
    assert np.asarray(world.held).tolist() == [0.0, 1.0, 0.0]
    jumps = np.asarray(world.jump)[:, 1]
    assert np.isnan(jumps).mean() == pytest.approx(0.97, abs=0.02)
    later, _ = stepped(world, np.array([[0.0, 0.37, 0.0]]), np.array([[0.5]]))
    np.testing.assert_allclose(later[:, 0, 1], 0.37, atol=1e-6)
    assert np.isin(jumps[~np.isnan(jumps)], records.observation[:, 1]).all()


def test_what_pays_is_the_distance_and_no_more_than_the_best_was_ever_seen(world, records):
    wanted = np.linspace(-0.8, 0.8, 9)
    apart = np.array([0.0, 0.1, 0.4])
    seen = np.array([[w + d, w, 0.0] for w in wanted for d in apart])
    _, reward = stepped(world, seen, np.full((len(seen), 1), 0.5))
    np.testing.assert_allclose(
        reward.mean(0).reshape(9, 3).mean(0), -apart, atol=0.06
    )  # fmt: skip
    assert reward.max() <= records.reward.max() + 1e-6


def test_where_nobody_has_been_a_poor_reward_counts(world, records):
    _, reward = stepped(world, np.array([[1.9, 1.9, 0.0]]), np.array([[0.5]]))
    assert (reward <= np.quantile(records.reward, 0.01) + 1e-3).all()


def test_replay_of_recorded_actions_earns_what_was_earned(world, records):
    first = records.starts
    error = replay(world, records, records.episode_of_step, first, 0.9, 20)
    known = error[~np.isnan(error)]
    assert len(known) >= 0.5 * len(first)
    # Twenty steps at 0.9 weigh 8.8: less than a tenth of what people lost.
    assert abs(known.mean()) < 0.1 * 8.8 * np.abs(records.reward).mean()


def test_members_answer_only_for_blocks_that_they_have_not_seen(world, records):
    drawn = np.asarray(world.drawn)
    assert drawn.shape == (4, EPISODES)
    assert 0.5 < drawn.mean() < 0.75
    error = replay(world, records, records.episode_of_step, records.starts, 0.9, 20)
    np.testing.assert_array_equal(np.isnan(error), drawn.all(0))


def test_distances_are_of_tags_of_one_unit():
    assert alike(TAGS).tolist() == [[0], [1]]
    assert alike((Tag("a"), Tag("b"))).shape == (2, 0)
    found = distances(np.array([[1.0, 3.0, 9.0]]), np.array([2.0, 4.0, 1.0]), alike(TAGS))
    assert found.tolist() == [[0.5]]


def test_of_very_many_rows_some_stand_for_all(monkeypatch):
    monkeypatch.setattr(columns, "MOST_ROWS", 300)
    records = of_equal_length(
        np.arange(1_002.0).reshape(501, 2, 1),
        np.zeros((500, 2, 1)),
        np.arange(1_000.0).reshape(500, 2),
        (Tag("x", ""),),
        (Tag("u", "", -1.0, 1.0),),
    )
    rows, kept = columns.some_rows(records.transitions, seed=0)
    assert len(kept) == 300
    assert (np.diff(kept) > 0).all()
    np.testing.assert_array_equal(rows.reward, records.reward[kept])
    np.testing.assert_array_equal(rows.next_observation, records.transitions.next_observation[kept])
    monkeypatch.setattr(columns, "MOST_ROWS", 1_000)
    rows, kept = columns.some_rows(records.transitions, seed=0)
    assert rows is records.transitions
    assert len(kept) == 1_000
