"""Settings from the records alone: horizon, cloning, value range."""

import dataclasses

import numpy as np
import pytest

from shiftwork.learning.offline import bc, iql, pars
from shiftwork.learning.offline.evidence import (
    LONGEST,
    SHORTEST,
    UNKNOWN,
    gather_evidence,
)
from shiftwork.learning.offline.settings import (
    FULL_CLONING,
    cloning,
    explained,
    settle,
    value_range,
)
from shiftwork.records.episodes import Episodes
from shiftwork.records.formats.load import load_records
from shiftwork.records.tags import Tag, numbered
from support.goals import line


def make_records(observation, action, reward, terminal=False, length=None):
    """Episodes of one length from arrays (E, n + 1, O), (E, n, A), (E, n)."""
    episodes, steps = reward.shape
    return Episodes(
        observation.reshape(-1, observation.shape[-1]).astype(np.float32),
        action.reshape(-1, action.shape[-1]).astype(np.float32),
        reward.reshape(-1).astype(np.float32),
        np.full(episodes, steps, np.int64),
        np.broadcast_to(np.asarray(terminal), episodes).copy(),
        numbered("obs", observation.shape[-1]),
        tuple(Tag(f"action{i}", "", -1.0, 1.0) for i in range(action.shape[-1])),
    )


def autoregressive(memory, effect=0.0, seed=0, episodes=100, steps=120):
    """The reward is an AR(1) process that is seen; an action adds ``effect`` times itself.

    Without effect, reward k steps later is predicted with R2(k) = memory^(2 k): an integral scale
    of about 1 / (1 - memory^2) - 1/2.
    """
    rng = np.random.default_rng(seed)
    action = rng.uniform(-1, 1, (episodes, steps, 1))
    state = np.empty((episodes, steps + 1))
    state[:, 0] = rng.normal(size=episodes)
    noise = np.sqrt(1 - memory**2) * rng.normal(size=(episodes, steps))
    for t in range(steps):
        state[:, t + 1] = memory * state[:, t] + noise[:, t]
    reward = state[:, :-1] + effect * action[..., 0]
    return make_records(state[..., None], action, reward)


@pytest.mark.slow
@pytest.mark.parametrize("memory", [0.95, 0.98])
def test_the_horizon_is_the_time_over_which_rewards_can_be_foreseen(memory):
    wanted = 1 / (1 - memory**2) - 0.5
    found = gather_evidence(autoregressive(memory))
    assert wanted / 1.3 < found.horizon < wanted * 1.3
    assert found.discount == pytest.approx(1 - 1 / found.horizon)
    # Lag by lag: what is foreseen falls off as it should.
    early = found.lags <= wanted
    np.testing.assert_allclose(found.r2[early], memory ** (2 * found.lags[early]), atol=0.1)


@pytest.mark.slow
def test_a_longer_memory_gives_a_longer_horizon_inside_the_bounds():
    horizons = [gather_evidence(autoregressive(memory)).horizon for memory in (0.5, 0.95, 0.98)]
    assert horizons[0] == SHORTEST  # 0.8 steps, by the formula
    assert horizons[0] < horizons[1] < horizons[2] < LONGEST


def test_no_lag_reaches_over_an_episode_end():
    """The reward repeats the episode's number: foreseeable inside an episode, not beyond it.

    Cut into single steps, the same rows carry no future at all: only lag 0 is left.
    """
    whole = autoregressive(0.95, episodes=20, steps=100)
    one = Episodes(
        np.repeat(whole.transitions.observation, 2, axis=0),
        whole.action,
        whole.reward,
        np.ones(len(whole.reward), np.int64),
        np.zeros(len(whole.reward), bool),
        whole.observation_tags,
        whole.action_tags,
    )
    assert gather_evidence(whole).lags.max() > 50
    assert gather_evidence(one).lags.tolist() == [0]
    assert gather_evidence(one).horizon == SHORTEST


def test_a_terminal_ends_all_rewards_which_is_foreseen():
    """On a line with a goal, nothing but the end of the costs tells one place from another.

    Without what follows the end, every reward that is known is the same -1, but for those at the goal.
    """
    records = line(runs=40)
    found = gather_evidence(records)
    whole = 2.0 / 0.05  # steps from end to end at full pace
    assert whole < found.horizon <= 2 * whole + 20
    assert found.r2[found.lags <= whole].min() > 0.5
    cut = dataclasses.replace(records, terminal=np.zeros_like(records.terminal))
    assert gather_evidence(cut).horizon == SHORTEST


@pytest.mark.parametrize(("discount", "wanted"), [(0.9, 0.005), (0.99, 0.025), (0.999, 0.05)])
def test_targets_are_as_fast_as_the_way_from_an_end_is_far(discount, wanted):
    records = line(runs=4)
    settled = settle(pars.Config(discount=discount, cloning=0.1), records)
    assert settled.target_rate == pytest.approx(wanted)
    endless = dataclasses.replace(records, terminal=np.zeros_like(records.terminal))
    settled = settle(pars.Config(discount=discount, cloning=0.1), endless)
    assert settled.target_rate == 0.005


def test_rewards_that_never_vary_show_nothing():
    rng = np.random.default_rng(0)
    records = make_records(
        rng.normal(size=(20, 51, 2)), rng.uniform(-1, 1, (20, 50, 1)), np.full((20, 50), -1.0)
    )
    found = gather_evidence(records)
    assert not found.foreseen
    assert found.horizon == UNKNOWN


def test_what_cannot_be_foreseen_leaves_the_usual_discount_and_full_cloning():
    rng = np.random.default_rng(0)
    shape = (50, 100)
    records = make_records(
        rng.normal(size=(50, 101, 2)), rng.uniform(-1, 1, (*shape, 1)), rng.normal(size=shape)
    )
    found = gather_evidence(records)
    assert found.horizon == UNKNOWN
    assert found.reward_share == 0.0
    assert found.state_share < 0.01
    assert cloning(found) == FULL_CLONING


@pytest.mark.slow
def test_actions_without_effect_are_cloned_and_clear_effects_are_trusted():
    none = gather_evidence(autoregressive(0.95, effect=0.0, steps=60))
    clear = gather_evidence(autoregressive(0.95, effect=2.0, steps=60))
    assert none.reward_share < 0.01
    assert cloning(none) == FULL_CLONING
    # Reward variance 1 + 4/3, of which at lag 0 the action explains 4/7.
    assert clear.r2_without_action[0] == pytest.approx(3 / 7, abs=0.05)
    assert clear.r2[0] == pytest.approx(1.0, abs=0.02)
    assert cloning(clear) < 0.1


def test_people_who_vary_nothing_show_nothing_however_their_rule_bends():
    """Their action is a function of what is seen, and earns by it: no sign of what other moves do."""
    rng = np.random.default_rng(0)
    state = rng.normal(size=(60, 101, 1))
    action = np.clip(np.sin(2 * state[:, :-1]), -0.7, 0.7)
    reward = np.abs(action[..., 0]) + 0.1 * rng.normal(size=(60, 100))
    found = gather_evidence(make_records(state, action, reward))
    assert cloning(found) == FULL_CLONING


def test_moves_that_last_are_told_from_new_ones():
    rng = np.random.default_rng(0)
    state = rng.normal(size=(20, 401, 1))
    for steps, low, high in ((1, 1.0, 1.5), (40, 25.0, 60.0)):
        moves = np.repeat(rng.uniform(-1, 1, (20, 400 // steps, 1)), steps, 1)
        found = gather_evidence(make_records(state, moves, rng.normal(size=(20, 400))))
        assert low <= found.held < high


def test_cloning_fades_with_the_evidence_and_with_rows():
    found = gather_evidence(autoregressive(0.95))

    def weight(share, rows=10**9, state=0.0, variation=0.5, held=1.0):
        return cloning(
            dataclasses.replace(
                found,
                reward_share=share,
                state_share=state,
                variation=variation,
                held=held,
                rows=rows,
            )
        )

    rows = (1, 1_700, 20_000)
    np.testing.assert_allclose([weight(0.4, r) for r in rows], [300, 0.1, 0.0025], rtol=0.02)
    # Half of the way from nothing to clear, half of the rows count.
    assert weight(0.06, 3_400) == pytest.approx(0.1)
    assert weight(0.02, 10**5) == FULL_CLONING
    # Seen in the state alone, in proportion.
    assert weight(0.0, 1_700, state=0.6) == pytest.approx(0.1)
    assert weight(0.0, 3_400, state=0.03) == pytest.approx(0.1)
    # But however many rows: what only the state shows is worth something only far ahead.
    assert weight(0.0, 10**6, state=0.6) == 0.003
    assert weight(0.4, 10**6, state=0.6) < 1e-4
    # Moves held four times as long as a few steps, a quarter of the rows.
    assert weight(0.4, 6_800, held=48.0) == pytest.approx(0.1)
    # Moves half as free, a quarter of the rows.
    assert weight(0.0, 6_800, state=0.6, variation=0.1) == pytest.approx(0.1)
    assert weight(0.0, 17_000, state=0.0) == FULL_CLONING
    assert cloning(dataclasses.replace(found, not_measurable="of that")) == FULL_CLONING


def test_too_little_is_not_measured_and_said():
    records = autoregressive(0.95, effect=2.0, episodes=4, steps=90)
    settled = settle(pars.Config(), records)
    assert (settled.discount, settled.cloning) == (0.99, FULL_CLONING)
    line = explained(settled, gather_evidence(records))
    assert line.startswith("Not measurable because 360 steps in 4 episodes")
    assert "0 %" not in line


@pytest.mark.slow
def test_one_long_run_gives_the_same_answer_as_its_episodes():
    records = autoregressive(0.95, effect=1.0, episodes=100, steps=100)
    rows = records.transitions
    run = Episodes(
        np.concatenate([rows.observation, rows.next_observation[-1:]]),
        records.action,
        records.reward,
        np.array([len(records.reward)]),
        np.array([False]),
        records.observation_tags,
        records.action_tags,
    )
    apart, together = gather_evidence(records), gather_evidence(run)
    assert together.horizon == pytest.approx(apart.horizon, rel=0.3)
    assert together.reward_share == pytest.approx(apart.reward_share, abs=0.1)
    assert cloning(together) == pytest.approx(cloning(apart), abs=1.5)


@pytest.mark.slow
def test_on_a_plant_that_integrates_the_effect_is_seen_in_the_state():
    """The action moves a level by a little; the reward is the level's distance from 0."""
    rng = np.random.default_rng(0)
    action = rng.uniform(-1, 1, (60, 200, 1))
    level = np.concatenate([rng.normal(size=(60, 1)), np.zeros((60, 200))], axis=1)
    for t in range(200):
        level[:, t + 1] = 0.98 * level[:, t] + 0.02 * action[:, t, 0] + 0.02 * rng.normal(size=60)
    observation = np.stack([level, np.roll(np.pad(action[..., 0], ((0, 0), (0, 1))), 1, 1)], -1)
    found = gather_evidence(make_records(observation, action, -np.square(level[:, :-1])))
    assert found.reward_share < 0.02
    assert found.state_share > 0.1
    assert found.state_tag == "obs0"  # obs1 only repeats the action
    assert cloning(found) < 0.02


@pytest.mark.slow
def test_published_records_of_dmsd():
    """What the documentation states: a discount of 0.95, no cloning."""
    found = gather_evidence(load_records("dmsd"))
    assert 0.94 <= found.discount <= 0.96
    assert cloning(found) < 0.001


def hand_made(lengths, terminal, reward):
    steps, episodes = sum(lengths), len(lengths)
    return Episodes(
        np.zeros((steps + episodes, 1), np.float32),
        np.linspace(-1, 1, steps, dtype=np.float32)[:, None],
        np.array(reward, np.float32),
        np.array(lengths, np.int64),
        np.array(terminal),
        numbered("obs", 1),
        (Tag("action", "", -1.0, 1.0),),
    )


def test_value_range_of_ends_by_hand():
    records = hand_made([2, 1], [True, True], [1.0, -2.0, 4.0])
    # Returns to go at discount 0.5: 1 - 2/2, -2, 4. An end may earn -2; going on, 1 for ever.
    mean, worst, *_ = value_range(records, 0.5, 1.0)
    assert mean == pytest.approx((0.0 - 2.0 + 4.0) / 3)
    assert worst == pytest.approx(-2.0)
    _, _, best, spread = value_range(records, 0.5, 1.0)
    assert best == pytest.approx(4.0)  # an end may earn 4; going on, 1 for ever is 2
    assert spread == pytest.approx(np.std([0.0, -2.0, 4.0]))


def test_value_range_of_cuts_by_hand():
    records = hand_made([2], [False], [1.0, 3.0])
    # m = mean(1 + 3/2 + m/4, 3 + m/2) = 2.75 + 0.375 m.
    mean, worst, *_ = value_range(records, 0.5, 1.0)
    assert mean == pytest.approx(2.75 / 0.625)
    assert worst == pytest.approx(1.0 / 0.5)


def test_value_range_of_a_mixture_by_hand():
    records = hand_made([2, 2], [True, False], [-1.0, -8.0, 2.0, 2.0])
    # To go: -1 - 4, -8 | 2 + 1 + m/4, 2 + m/2. So m = (-5 - 8 + 3 + 2) / 4 + (3/16) m.
    mean, worst, *_ = value_range(records, 0.5, 1.0)
    assert mean == pytest.approx(-2.0 / (1 - 3 / 16))
    assert worst == pytest.approx(-8.0)  # the end is worse than -1 for ever, -2
    # In units of 2, all of it is half as much.
    assert value_range(records, 0.5, 2.0)[:2] == pytest.approx((mean / 2, worst / 2))


def test_a_constant_reward_without_end_is_worth_what_it_is():
    mean, worst, *_ = value_range(hand_made([3, 2], [False, False], [1.0] * 5), 0.9, 1.0)
    assert mean == pytest.approx(10.0)
    assert worst == pytest.approx(10.0)


def test_settle_fills_what_is_open_and_nothing_else():
    records = autoregressive(0.95, effect=2.0, steps=60)
    found = gather_evidence(records)
    assert settle(pars.Config(), records) == pars.Config(
        discount=found.discount, cloning=cloning(found), target_rate=0.005
    )
    assert settle(pars.Config(cloning=3.0), records) == pars.Config(
        discount=found.discount, cloning=3.0, target_rate=0.005
    )
    assert settle(pars.Config(discount=0.0), records).discount == 0.0  # 0 is a value, not open
    whole = pars.Config(discount=0.5, cloning=0.1, target_rate=0.02, width=7)
    assert settle(whole, records) is whole
    assert settle(iql.Config(), records) == iql.Config(discount=found.discount, target_rate=0.005)
    assert settle(bc.Config(), records) == bc.Config(discount=found.discount)


@pytest.mark.slow
def test_evidence_is_reproducible():
    records, again = (autoregressive(0.95, 0.3, steps=60) for _ in range(2))
    assert gather_evidence(records) is gather_evidence(again)  # equal records, gathered once
    other = gather_evidence(records, seed=1)
    assert other.horizon == pytest.approx(gather_evidence(records).horizon, rel=0.1)
    assert other.horizon != gather_evidence(records).horizon
