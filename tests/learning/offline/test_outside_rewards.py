"""What follows from outside is found and taken off rewards; what actions move, however slowly, is not."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.learning.offline import pars
from shiftwork.learning.offline.evidence import gather_evidence
from shiftwork.learning.offline.learn import learn, load_learner, replay_of
from shiftwork.learning.offline.outside_rewards import doubtful, outside_columns, what_actions_earn
from shiftwork.learning.offline.rare_events import with_expected_rewards
from shiftwork.learning.online.steps import experience
from shiftwork.learning.outside import FARTHEST, MOST_PRODUCTS, Outside
from shiftwork.learning.replay import Scaling
from shiftwork.records.tags import Tag
from support.record_builders import of_equal_length

SMALL = pars.Config(discount=0.9, cloning=0.1, width=16, actor_width=16, batch=64, penalty_batch=8)


def lived(
    *, weight=3.0, effect=0.3, wear=0.0, hands=0.5, follow=0.5, steps=100, episodes=200, seed=0
):
    """People move a valve by level and price; the reward is the price's and what the level is worth.

    Args:
        weight: Of the price in the reward.
        effect: Of the valve on the level.
        wear: How much a step with the valve open adds to what is worn, beside noise of 0.02.
        hands: Deviation of people's moves from their rule.
        follow: How much the valve is opened for the price.
        steps: Of an episode.
        episodes: How many.
        seed: Of all draws.
    """
    rng = np.random.default_rng(seed)
    level, price, worn = (rng.normal(size=episodes) for _ in range(3))
    seen, done, paid = [np.stack([level, price, worn], 1)], [], []
    for _ in range(steps):
        valve = np.clip(follow * price - 0.3 * level + hands * rng.normal(size=episodes), -1, 1)
        paid.append(weight * price - np.square(level) - 0.5 * worn)
        level = 0.9 * level + effect * valve + 0.05 * rng.normal(size=episodes)
        price = 0.95 * price + 0.3 * rng.normal(size=episodes)
        worn = 0.99 * worn + wear * valve + 0.02 * rng.normal(size=episodes)
        seen.append(np.stack([level, price, worn], 1))
        done.append(valve[:, None])
    tags = (Tag("level", ""), Tag("price", ""), Tag("worn", ""))
    return of_equal_length(seen, done, paid, tags, (Tag("valve", "", -1.0, 1.0),))


def test_a_price_is_found_although_people_follow_it():
    records = lived(wear=0.005)
    assert outside_columns(records) == (1,)
    left, outside = what_actions_earn(records)
    assert outside.columns == (1,)
    assert left.reward.var() < 0.3 * records.reward.var()


@pytest.mark.parametrize("wear", [0.003, 0.005, 0.02])
def test_what_is_worn_slowly_is_not_from_outside(wear):
    """The least wears by a seventh of the noise: 1 % of its variance in one step."""
    for seed in range(2):
        assert outside_columns(lived(wear=wear, seed=seed)) == (1,)


@pytest.mark.parametrize("hands", [0.0, 0.05])
def test_people_who_follow_a_rule_to_the_letter_do_not_hide_what_they_wear(hands):
    """What they wear follows from the price that they follow, as if nobody moved it."""
    for seed in range(3):
        assert 2 not in outside_columns(lived(wear=0.005, hands=hands, seed=seed))


def test_what_is_taken_off_is_the_same_whatever_is_done():
    records = lived(wear=0.005)
    _, outside = what_actions_earn(records)
    seen = records.transitions.observation
    moved = seen + np.array([5.0, 0.0, -3.0], np.float32)
    np.testing.assert_array_equal(outside(seen), outside(moved))
    assert np.ptp(outside(seen)) > 1.0


def declared(records, name):
    tags = (dataclasses.replace(tag, outside=tag.name == name) for tag in records.observation_tags)
    return dataclasses.replace(records, observation_tags=tuple(tags))


def test_a_declared_tag_counts_where_records_show_nothing():
    few, strict = lived(steps=20, episodes=10), lived(effect=0.05, wear=0.005, hands=0.05)
    for records in (few, strict):
        assert outside_columns(records) == ()
        assert outside_columns(declared(records, "price")) == (1,)
        assert doubtful(declared(records, "price")) == ()
    assert (
        outside_columns(declared(dataclasses.replace(few, terminal=few.length > 0), "price")) == ()
    )


def test_a_tag_that_is_moved_but_declared_is_doubted():
    records = declared(lived(wear=0.02, episodes=100), "worn")
    assert doubtful(records) == ("worn",)
    assert 2 in outside_columns(records)


@pytest.mark.parametrize(
    "records",
    [
        lived(steps=20, episodes=10),
        lived(weight=0.01, wear=0.005, follow=0.0),
        lived(effect=0.05, wear=0.005, hands=0.05),
        dataclasses.replace(lived(wear=0.005), terminal=np.arange(200) < 3),
    ],
    ids=["few rows", "a price that hardly counts", "hands that hardly stray", "ends"],
)
def test_nothing_is_taken_off(records):
    left, outside = what_actions_earn(records)
    assert outside is None
    np.testing.assert_array_equal(left.reward, with_expected_rewards(records)[0].reward)


@pytest.mark.slow
def test_the_rule_sees_what_it_would_see_without_the_price():
    priced, plain = gather_evidence(lived(wear=0.02)), gather_evidence(lived(wear=0.02, weight=0.0))
    assert priced.horizon == pytest.approx(plain.horizon, rel=0.3)
    assert priced.reward_share == pytest.approx(plain.reward_share, abs=0.05)


def test_rewards_met_later_are_scaled_as_those_of_the_records():
    records = lived(wear=0.005)
    left, outside = what_actions_earn(records)
    scaling = dataclasses.replace(Scaling.of(left), outside=outside)
    rows, kept = records.transitions, replay_of(records, scaling).rows
    lives = experience(
        scaling,
        jnp.asarray(rows.observation),
        kept.action,
        jnp.asarray(rows.reward),
        jnp.asarray(rows.next_observation),
        jnp.asarray(rows.terminal),
        jnp.asarray(rows.last),
    )
    np.testing.assert_allclose(lives.reward, kept.reward, atol=1e-5)
    assert float(jnp.std(kept.reward)) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.slow
def test_an_agent_remembers_what_was_taken_off(tmp_path):
    """Learning goes on with the same rewards, also where nothing was taken off."""
    for name, records, columns in (
        ("priced", lived(wear=0.005), [1]),
        ("strict", lived(hands=0.0), None),
    ):
        learned = learn(records, "pars", SMALL, updates=2)
        agent = learned.save(tmp_path / name)
        kept, again = learned.scaling.outside, load_learner(tmp_path / name)[2].outside
        assert (agent.about["outside"] or {}).get("columns") == columns
        if columns is None:
            assert kept is None
            assert again is None
        else:
            seen = records.transitions.observation
            np.testing.assert_array_equal(again(seen), kept(seen))


@pytest.mark.parametrize("count", [1, 3, MOST_PRODUCTS + 1])
def test_terms_are_squares_and_products_by_hand(count):
    columns = tuple(range(1, count + 1))
    mean, std = np.arange(count, dtype=np.float32), np.full(count, 2.0, np.float32)
    seen = np.random.default_rng(0).normal(size=(4, count + 2)).astype(np.float32) * 9
    blank = Outside(mean, std, np.zeros(1, np.float32), columns)
    at = np.clip((seen[:, 1 : count + 1] - mean) / std, -FARTHEST, FARTHEST)
    pairs = [(i, j) for i in range(count) for j in range(i, count)]
    if count > MOST_PRODUCTS:
        pairs = [(i, i) for i in range(count)]
    wanted = [*at.T, *(at[:, i] * at[:, j] for i, j in pairs)]
    found = blank.terms(seen)
    assert len(found) == len(wanted)
    np.testing.assert_allclose(np.stack(found), np.stack(wanted), rtol=1e-6)
    weight = np.arange(1, len(wanted) + 2, dtype=np.float32)
    whole = dataclasses.replace(blank, weight=weight)
    np.testing.assert_allclose(whole(seen), 1.0 + weight[1:] @ np.stack(wanted), rtol=1e-4)
    compiled = jax.jit(lambda outside, seen: outside(seen))
    np.testing.assert_allclose(compiled(whole, jnp.asarray(seen)), whole(seen), rtol=1e-4)
    assert Outside.of(whole.about()).columns == columns
