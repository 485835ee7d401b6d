"""Tags that are moved from outside are found, others are left alone; batches draw their moves anew."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.learning.jumps import Jumps
from shiftwork.learning.offline.from_outside import moved_from_outside
from shiftwork.learning.offline.learn import replay_of
from shiftwork.learning.replay import Scaling
from shiftwork.records.tags import Tag
from support.record_builders import of_equal_length

ACTION = (Tag("valve", "%", -1.0, 1.0),)


def lived(columns, steps=100, episodes=60, seed=0):
    """Records of a level under people, with more columns: name -> f(before, level, valve, rng)."""
    rng = np.random.default_rng(seed)
    level, others = rng.normal(size=episodes), {name: np.zeros(episodes) for name in columns}
    seen, done, paid = [np.stack([level, *others.values()], 1)], [], []
    for _ in range(steps):
        valve = np.clip(rng.normal(size=episodes) - 0.3 * level, -1, 1)
        others = {n: move(others[n], level, valve, rng) for n, move in columns.items()}
        level = 0.9 * level + 0.3 * valve + 0.05 * rng.normal(size=episodes)
        row = [level if others[n] is None else others[n] for n in others]
        seen.append(np.stack([level, *row], 1))
        done.append(valve[:, None])
        paid.append(-np.abs(level))
    tags = tuple(Tag(name, "") for name in ("level", *columns))
    return of_equal_length(seen, done, paid, tags, ACTION)


def set_point(before, level, valve, rng):
    return np.where(rng.random(len(before)) < 0.02, rng.normal(size=len(before)), before)


def price(before, level, valve, rng):
    return before + np.where(rng.random(len(before)) < 0.05, 0.1 * rng.normal(size=len(before)), 0)


def trip(before, level, valve, rng):
    """Trips where the level is high, and is back at once or later."""
    tripped = rng.random(len(before)) < 0.2 * (level > 1.5)
    return np.where(before > 0, rng.random(len(before)) > 0.5, tripped).astype(float)


def reset_by_action(before, level, valve, rng):
    return np.where(valve > 0.99, rng.normal(size=len(before)), before)


def rare(before, level, valve, rng):
    return np.where(rng.random(len(before)) < 0.001, rng.normal(size=len(before)), before)


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"wanted": set_point}, ("wanted",)),
        ({"price": price}, ("price",)),
        ({"wanted": set_point, "price": price}, ("wanted", "price")),
        ({"trip": trip}, ()),
        ({"reset": reset_by_action}, ()),
        ({"feed": rare}, ()),
        ({}, ()),
    ],
    ids=["set-point", "price", "both", "trip", "by the action", "too rare", "none"],
)
def test_what_is_moved_from_outside_is_found_and_nothing_else(columns, found):
    assert moved_from_outside(lived(columns)) == found


def test_a_set_point_whose_distance_stands_beside_it_is_left_alone():
    records = lived({"wanted": set_point})
    apart = records.observation[:, 1] - records.observation[:, 0]
    beside = of_equal_length(
        np.concatenate([records.observation, apart[:, None]], 1).reshape(60, 101, 3).swapaxes(0, 1),
        records.action.reshape(60, 100, 1).swapaxes(0, 1),
        records.reward.reshape(60, 100).swapaxes(0, 1),
        (*records.observation_tags, Tag("distance", "")),
        ACTION,
    )
    assert moved_from_outside(records) == ("wanted",)
    assert moved_from_outside(beside) == ()


def test_batches_hold_as_many_moves_as_the_records_wherever_they_came():
    records = lived({"wanted": set_point, "price": price})
    replay = replay_of(records, Scaling.of(records))
    batch = replay.sample(jax.random.key(0), 50_000)
    moved = np.abs(np.asarray(batch.next_observation - batch.observation)) > 1e-6
    plain = np.abs(np.diff(records.observation.reshape(60, 101, 3), axis=1)).reshape(-1, 3) > 0
    np.testing.assert_allclose(moved.mean(0), plain.mean(0), rtol=0.08)
    # Moves come in all rows alike: the level before them is as everywhere.
    seen = np.asarray(batch.observation[:, 0])
    assert abs(seen[moved[:, 1]].mean() - seen.mean()) < 0.1
    rows = np.asarray(batch.next_observation[:, 0])
    kept = np.asarray(replay.rows.next_observation[:, 0])
    assert np.isin(rows, kept).all()


def test_a_price_goes_on_from_where_it_is_and_a_set_point_does_not():
    jumps = Jumps(
        jnp.array([True, True]),
        jnp.array(1.0),
        jnp.array([[5.0, 0.5]]),
        jnp.array([[True, True]]),
        jnp.array([False, True]),
    )
    seen = jnp.array([[1.0, 2.0], [3.0, 4.0]])
    there = jumps.drawn_anew(seen, seen + 100.0, jax.random.key(0))
    np.testing.assert_allclose(there, [[5.0, 2.5], [5.0, 4.5]])
    # Means and deviations are taken off values, and deviations alone off steps.
    scaled = jumps.scaled(np.array([1.0, 1.0], np.float32), np.array([2.0, 2.0], np.float32))
    there = scaled.drawn_anew((seen - 1.0) / 2.0, seen, jax.random.key(0))
    np.testing.assert_allclose(there * 2.0 + 1.0, [[5.0, 2.5], [5.0, 4.5]])
