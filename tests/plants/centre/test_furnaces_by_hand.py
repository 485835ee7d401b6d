"""The centre's furnaces in cases small enough to be worked out by hand."""

import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.plants.centre.cracking import crack_hour
from shiftwork.plants.centre.state import CRACKING, DECOKING, QUEUED, STAND_BY
from support.centre_builders import (
    CERTAIN,
    PLANT,
    TOLD,
    TROUBLED,
    centre,
    play,
    start,
    step,
    until_decided,
)

# Macro-actions of the small centre: one berth, two tanks, two furnaces of 5 x 3 set-points.
WAIT = 0
NONE, T1, T2 = 0, 1, 2
HOLD = 7
DECOKE, STAND_BY_8_H = 15, 16


def test_without_a_tank_the_furnaces_lose_their_feed_and_the_hour_costs():
    state = start()
    state = TOLD(PLANT, state._replace(tanks=state.tanks._replace(rest_h=jnp.array([3, 3]))))
    state = state._replace(decided=jnp.ones(4, bool))
    assert state.seen.may_blend.tolist() == [True] + [False] * 5
    made = play(PLANT, state, [WAIT, NONE, HOLD, HOLD], 3)
    assert [float(s.info["shortage"]) for s in made] == [12000] * 3
    assert [float(s.info["feed_t"]) for s in made] == [0] * 3
    assert float(made[0].info["stand_by"]) == 2 * 500
    assert made[0].decided[1]
    # Released after three hours; the feed comes back by its ramp.
    fed = step(PLANT, made[2].state, [WAIT, T1, HOLD, HOLD])
    assert float(fed.info["feed_t"]) == pytest.approx(2 * 6)
    assert bool(fed.state.failed)


def test_a_decoke_takes_its_ramp_and_its_hours_and_costs_once():
    # 46 t/h go out by 6 t/h per hour: seven hours with feed, then 36 h without.
    hours, made = until_decided(PLANT, start(), [WAIT, T1, DECOKE, HOLD], 2)
    assert hours == 7 + 36
    assert [float(s.state.furnaces.feed_t_per_h[0]) for s in made[:8]] == [
        40,
        34,
        28,
        22,
        16,
        10,
        4,
        0,
    ]
    assert sum(float(s.info["decoke"]) for s in made) == 60_000
    assert sum(float(s.info["stand_by"]) for s in made) == 0
    state = made[-1].state
    assert float(state.furnaces.coke_mm[0]) == float(state.furnaces.clean_h[0]) == 0
    assert int(state.furnaces.mode[0]) == CRACKING
    assert all(int(s.info["macro_action"][2]) == DECOKE for s in made)
    assert not bool(state.failed)


def test_too_hot_a_tube_forces_a_decoke_at_once_and_at_extra_cost():
    state = start()
    state = state._replace(furnaces=state.furnaces._replace(coke_mm=jnp.array([30.0, 1.0])))
    first = step(PLANT, state, [WAIT, T1, HOLD, HOLD])
    assert float(first.info["forced_decoke"]) == 150_000
    assert float(first.info["decoke"]) == 60_000
    assert float(first.state.furnaces.feed_t_per_h[0]) == 0
    assert int(first.state.furnaces.mode[0]) == DECOKING
    assert int(first.info["macro_action"][2]) == DECOKE
    assert not first.decided[2]
    hours, made = until_decided(PLANT, first.state, [WAIT, T1, HOLD, HOLD], 2)
    assert hours == 36
    assert sum(float(s.info["decoke"] + s.info["forced_decoke"]) for s in made) == 0
    assert bool(made[-1].state.failed)


def test_a_second_hot_furnace_waits_for_its_place():
    state = start()
    state = state._replace(furnaces=state.furnaces._replace(coke_mm=jnp.array([30.0, 30.0])))
    first = step(PLANT, state, [WAIT, T1, HOLD, HOLD])
    assert first.state.furnaces.mode.tolist() == [DECOKING, QUEUED]
    assert float(first.info["decoke"]) == 60_000
    made = play(PLANT, first.state, [WAIT, T1, HOLD, HOLD], 40)
    modes = [s.state.furnaces.mode.tolist() for s in made]
    assert modes[34] == [DECOKING, QUEUED]
    assert modes[35] == [CRACKING, DECOKING]
    assert float(made[35].info["decoke"]) == 60_000


def test_the_later_of_two_furnaces_that_decoke_at_once_holds_for_an_hour():
    made = step(TROUBLED, start(TROUBLED), [WAIT, WAIT, T1, DECOKE, DECOKE, HOLD])
    assert made.state.furnaces.mode.tolist() == [DECOKING, CRACKING, CRACKING]
    assert made.decided.tolist()[3:] == [False, True, False]
    assert int(made.info["macro_action"][4]) == HOLD
    assert not made.mask[4, DECOKE]
    # One of three furnaces must crack: the first two may go, the third not.
    out = step(TROUBLED, start(TROUBLED), [WAIT, WAIT, T1, DECOKE, STAND_BY_8_H, STAND_BY_8_H])
    assert out.state.furnaces.mode.tolist() == [DECOKING, STAND_BY, CRACKING]
    assert not out.mask[5, STAND_BY_8_H]


@pytest.mark.parametrize(("key", "number"), [("compressor_t_per_h", 0), ("steam_t_per_h", 1)])
def test_shared_limits_cut_all_furnaces_alike(key, number):
    state = start()
    free = crack_hour(PLANT.scenario, state.furnaces, state.gas, state.blend.piona, jnp.array(True))
    plant = centre(CERTAIN | {f"limits.{key}": 30.0})
    cut = crack_hour(plant.scenario, state.furnaces, state.gas, state.blend.piona, jnp.array(True))
    assert float(cut.load[number]) == pytest.approx(1.0, abs=1e-5)
    share = np.asarray(cut.feed_t_per_h / free.feed_t_per_h)
    assert share[0] == pytest.approx(share[1])
    assert share[0] < 0.7
    assert float(cut.feed_t_per_h.sum() + cut.cut_t_per_h) == pytest.approx(92)
    drum = float(cut.gas.ethane_t - state.gas.ethane_t)
    made = float(cut.total.products_t_per_h.sum() + cut.ethane_to_fuel_t_per_h) + drum
    assert made == pytest.approx(float(cut.feed_t_per_h.sum()), rel=1e-5)


def test_the_reward_is_the_account_in_thousands():
    costs = ("demurrage", "switch", "quality_step", "shortage", "off_spec", "decoke",
             "forced_decoke", "curtailed", "stand_by")  # fmt: skip
    for made in play(PLANT, start(), [WAIT, T1, DECOKE, HOLD], 20):
        profit = float(made.info["margin"]) - sum(float(made.info[name]) for name in costs)
        assert float(made.reward) == pytest.approx(profit / 1000, rel=1e-5)


def test_set_points_are_reached_by_their_ramps():
    made = play(PLANT, start(), [WAIT, T1, 14, 0], 8)
    assert [float(s.state.furnaces.cot_c[0]) for s in made[:6]] == [844, 848, 852, 856, 860, 860]
    assert [float(s.state.furnaces.feed_t_per_h[1]) for s in made[:2]] == [40, 40]
    assert [bool(s.decided[2]) for s in made] == [False] * 7 + [True]


def test_one_agent_for_all_furnaces_decokes_the_oldest_or_the_hottest():
    plant = centre(
        CERTAIN | {"furnace_agents": "all", "furnaces.count": 3, "ships.interval_d": 1.1}
    )
    state = start(plant)
    assert plant.agents == ("berth 1", "blending", "furnaces")
    assert plant.macro_actions[2][15:] == ("decoke the oldest", "decoke the hottest")
    furnaces = state.furnaces._replace(
        clean_h=jnp.array([10.0, 30.0, 20.0]), tube_c=jnp.array([1000.0, 1010.0, 1050.0])
    )
    state = state._replace(furnaces=furnaces)
    oldest, hottest = (step(plant, state, [WAIT, T1, 15 + k]) for k in range(2))
    assert oldest.state.furnaces.mode.tolist() == [CRACKING, DECOKING, CRACKING]
    assert hottest.state.furnaces.mode.tolist() == [CRACKING, CRACKING, DECOKING]
    assert oldest.decided[2]
    assert not oldest.mask[2, 15:17].any()
    held = step(plant, oldest.state, [WAIT, T1, 0])
    assert held.state.furnaces.cot_set_c.tolist() == [820] * 3
    assert not held.decided[2]
