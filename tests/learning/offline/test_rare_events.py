"""Rare, large rewards: no algorithm may prefer an action whose mean is worse because of them."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.learning.learner import Sizes
from shiftwork.learning.loop import create_members, member, train
from shiftwork.learning.offline import iql, pars, rebrac, td3bc
from shiftwork.learning.offline.learn import learn
from shiftwork.learning.offline.rare_events import find, with_expected_rewards
from shiftwork.learning.offline.settings import cloning, gather_evidence, value_range
from shiftwork.learning.replay import Replay, Scaling
from shiftwork.records.episodes import Episodes
from shiftwork.records.tags import Tag
from support.gambles import gamble

BEFORE = {"actor_width": 32, "batch": 128}
CRITIC = BEFORE | {"width": 32}
CONFIGS = {
    "td3bc": td3bc.Config(**CRITIC),
    "iql": iql.Config(**CRITIC),
    "rebrac": rebrac.Config(**CRITIC),
    "pars": pars.Config(**CRITIC, penalty_batch=16),
}


def best(records, valve):
    """Middle of the tenth of the valve's span whose expected reward is the highest."""
    edges = np.linspace(-1, 1, 21)
    part = np.clip(np.digitize(valve, edges) - 1, 0, 19)
    mean = np.bincount(part, records.reward, 20) / np.bincount(part, minlength=20)
    return edges[mean.argmax()] + 0.05


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("rate", "size"), [(0.04, -60.0), (0.004, -600.0)])
def test_expected_rewards_show_that_the_gamble_loses(rate, size, turned):
    right = []
    for seed in range(5):
        records, valve = gamble(rate, size, seed=seed, turned=turned)
        expected, (found,) = with_expected_rewards(records)
        assert found.spread
        assert found.size == pytest.approx(size, rel=0.01)
        right.append(best(expected, valve) < 0)
    assert np.mean(right) >= 0.8 if rate < 0.01 else all(right)


def test_expected_rewards_keep_a_prize_that_pays():
    records, valve = gamble(0.04, 60.0, gain=-1.0)
    expected, (found,) = with_expected_rewards(records)
    assert "prizes" in str(found)
    assert best(expected, valve) > 0


def test_a_risk_worth_taking_is_taken():
    """0.4 % of -60 costs 0.24 of the 1 that is earned."""
    records, valve = gamble(0.004, -60.0)
    assert best(with_expected_rewards(records)[0], valve) > 0


def test_a_handful_of_events_makes_the_agent_careful_and_says_so():
    records, valve = gamble(0.0005, -5_000.0, seed=3)
    expected, (found,) = with_expected_rewards(records)
    assert found.count < 10
    assert "So few cannot show what causes them, so the agent keeps away" in str(found)
    assert best(expected, valve) < 0


@pytest.mark.parametrize("turned", [False, True])
def test_two_events_are_enough_to_keep_away(turned):
    right = []
    for seed in range(300, 308):
        records, valve = gamble(0.0005, -5_000.0, seed=seed, turned=turned)
        if (records.reward < 0).sum() >= 2:
            right.append(best(with_expected_rewards(records)[0], valve) < 0)
    assert len(right) >= 4
    assert all(right)


def test_the_bound_on_what_was_never_recorded_stays_within_what_counting_allows():
    """One event bounds the rows' rate by 4.7 in all (95 %); a bound that is normal in logarithms gave 80."""
    draws = (gamble(0.0005, -5_000.0, seed=seed)[0] for seed in range(300, 330))
    records = next(draw for draw in draws if (draw.reward < 0).sum() == 1)
    cost = records.reward.sum() - with_expected_rewards(records)[0].reward.sum()
    assert 0 < cost / 5_000 < 12


def test_what_was_recorded_of_the_events_is_not_lost():
    """The mean over all rows is at most what was recorded: bounds only make losses larger."""
    records, _ = gamble(0.04, -60.0)
    expected, _ = with_expected_rewards(records)
    assert expected.reward.mean() < records.reward.mean()
    assert expected.reward.mean() > 4 * records.reward.mean()
    assert expected.reward.min() > -60.0  # no row keeps a whole event


def test_events_that_can_be_foreseen_stay_as_they_are():
    """A trip whenever what is seen exceeds a limit: nothing is random about it."""
    records, _ = gamble(0.0, 0.0)
    limit = np.quantile(records.transitions.observation[:, 1], 0.97)
    tripped = records.transitions.observation[:, 1] > limit
    reward = np.where(tripped, -60.0, records.reward).astype(np.float32)
    records = dataclasses.replace(records, reward=reward)
    expected, (found,) = with_expected_rewards(records)
    assert not found.spread
    assert "learned as they stand" in str(found)
    np.testing.assert_array_equal(expected.reward, records.reward)


@pytest.mark.parametrize(
    "reward",
    [
        np.zeros(1_000),
        np.where(np.arange(1_000) % 100 == 0, 1.0, 0.0),  # a prize and nothing else
        np.random.default_rng(0).normal(size=1_000),
        np.random.default_rng(0).exponential(size=1_000),
    ],
    ids=["constant", "sparse", "normal", "exponential"],
)
def test_ordinary_rewards_hold_no_event(reward):
    low, high = find(reward)
    assert not low.any()
    assert not high.any()


def test_the_rule_sees_the_action_behind_the_trips():
    """Single trips hide it: the rule saw nothing predictable and cloned, or clipped them away."""
    for rate, size in ((0.04, -60.0), (0.004, -600.0)):
        assert cloning(gather_evidence(gamble(rate, size)[0])) < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize(("rate", "size", "steps"), [(0.04, -60.0, 8), (0.004, -600.0, 1)])
def test_no_algorithm_gambles_with_its_default_settings(name, rate, size, steps):
    records, _ = gamble(rate, size, steps=steps, terminal=steps == 1)
    learned = learn(records, name, CONFIGS[name], updates=4_000)
    action = learned.agent().act(records.observation[:500])[:, 0]
    # The slope at 0 is a cliff, and a smooth policy may end on its edge by a little.
    assert (action <= 0.05).mean() >= 0.95


@pytest.mark.slow
def test_the_old_loss_gambled():
    """Huber's loss, which grows linearly above one deviation, learns a median: kept as a warning."""

    class Huber(pars.PARS):
        def critic_loss(self, critic, batch, aim):
            target, _ = aim
            size = jnp.abs(critic(batch.observation, batch.action) - target[None])
            return jnp.where(size < 1, size**2, 2 * size - 1).mean(1).sum(), {}

    records, _ = gamble(0.04, -60.0)
    scaling = Scaling.of(records)
    config = dataclasses.replace(
        CONFIGS["pars"], discount=0.8, cloning=0.0, target_rate=0.005, bins=0
    )
    values = value_range(records, 0.8, scaling.reward_unit)
    replay = Replay.of(records.transitions, scaling)
    chosen = {}
    for learner in (Huber, pars.PARS):
        members = create_members(learner, Sizes(2, 1), [config], [values], [0])
        members, _ = train(members, replay, [0], 4_000)
        seen = jnp.asarray(scaling.observe(records.observation[:500]))
        chosen[learner] = np.asarray(member(members, 0).policy(seen))
    assert (chosen[Huber] > 0).all()
    assert (chosen[pars.PARS] <= 0.05).mean() > 0.9  # squares give the mean


def test_who_judges_counts_the_rate_itself():
    """In sum the rows hold what was recorded; care adds to the losses, judging does not."""
    rng = np.random.default_rng(0)
    count = 4_000
    action = rng.uniform(0, 1, (count, 1)).astype(np.float32)
    trip = rng.random(count) < 0.02 * (action[:, 0] > 0.5)
    records = Episodes(
        rng.normal(size=(count + 1, 1)).astype(np.float32),
        action,
        (action[:, 0] - 60.0 * trip).astype(np.float32),
        np.array([count]),
        np.array([False]),
        (Tag("level", "m"),),
        (Tag("load", "", 0.0, 1.0),),
    )
    plain = with_expected_rewards(records, careful=False)[0].reward
    careful = with_expected_rewards(records)[0].reward
    assert plain.sum() == pytest.approx(records.reward.sum(), rel=0.15)
    assert careful.sum() < plain.sum() - 100
    low, high = action[:, 0] < 0.4, action[:, 0] > 0.6
    recorded = -60.0 * trip[high].mean()
    assert (plain - action[:, 0])[high].mean() == pytest.approx(recorded, rel=0.2)
    assert (plain - action[:, 0])[low].mean() > 0.3 * recorded
