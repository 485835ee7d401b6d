"""Cases small enough to be worked out by hand."""

import math

import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.plants.centre.blending import choose_recipe, may_blend
from shiftwork.plants.centre.harbour import CARGO, drawable_t, expected_h, level_m3, look_out
from shiftwork.plants.centre.layout import layout_of
from shiftwork.plants.centre.scenario_checks import tonnes_per_m3
from shiftwork.plants.centre.start import draw_harbour, unpacked
from support.centre_builders import (
    KEY,
    LIGHT,
    OPEN,
    PLANT,
    STEP,
    TOLD,
    TROUBLED,
    centre,
    play,
    start,
    step,
    until_decided,
)

# Macro-actions of the small centre: one berth, two tanks, two furnaces of 5 x 3 set-points.
WAIT, INTO_T1, INTO_T2 = 0, 1, 2
NONE, T1, T2, HALF, T1_THREE_QUARTERS = 0, 1, 2, 3, 4
HOLD = 7
DECOKE, STAND_BY_8_H = 15, 16
OPEN_T_PER_M3 = tonnes_per_m3(tuple(OPEN))


def test_names_say_what_the_numbers_mean():
    berth, blending, furnace, _ = PLANT.macro_actions
    assert berth[INTO_T2] == "first ship into tank T2"
    assert berth[3] == "second ship into tank T1"
    assert blending == ("none", "T1 100%", "T2 100%", "T1 50% + T2 50%", "T1 75% + T2 25%",
                        "T2 75% + T1 25%")  # fmt: skip
    assert furnace[HOLD] == "840 C, 44 t/h"
    assert furnace[DECOKE:] == ("decoke now", "stand-by 8 h")


def test_a_discharge_lasts_as_long_as_its_cargo():
    # 2,000 t at 400 m3/h after 1 h of berthing; T2 has room for it.
    hours, made = until_decided(PLANT, start(), [INTO_T2, T1, HOLD, HOLD], 0)
    assert hours == 1 + math.ceil(2000 / OPEN_T_PER_M3 / 400)
    last = made[-1].state
    before, after = start().tanks.mass_t[1].sum(), last.tanks.mass_t[1].sum()
    assert float(after - before) == pytest.approx(2000, rel=1e-5)
    assert float(last.harbour.berthed[0, CARGO]) == 0
    assert float(made[0].info["received_t"]) == 0
    assert float(made[1].info["received_t"]) == pytest.approx(400 * OPEN_T_PER_M3, rel=1e-5)


def test_a_tank_rests_and_is_released_before_it_may_feed():
    _, made = until_decided(PLANT, start(), [INTO_T2, T1, HOLD, HOLD], 0)
    rest = [int(s.state.tanks.rest_h[1]) for s in play(PLANT, made[-1].state, [WAIT, T1, 7, 7], 7)]
    assert rest == [5, 4, 3, 2, 1, 0, 0]
    mask = [bool(s.state.seen.may_blend[T2]) for s in made]
    assert not any(mask)
    released = play(PLANT, made[-1].state, [WAIT, T1, 7, 7], 6)
    assert [bool(s.state.seen.may_blend[T2]) for s in released] == [False] * 5 + [True]


def test_a_discharge_ends_at_the_high_level_and_the_berth_decides_for_the_same_ship():
    # T1 has 13 % of 6,000 m3 left; T2 feeds.
    hours, made = until_decided(PLANT, start(), [INTO_T1, T2, HOLD, HOLD], 0)
    assert hours == 1 + math.ceil(780 / 400)
    state = made[-1].state
    assert float(level_m3(state.tanks)[0]) == pytest.approx(0.93 * 6000, abs=0.5)
    assert float(state.harbour.berthed[0, CARGO]) == pytest.approx(2000 - 780 * OPEN_T_PER_M3, 1e-4)
    # T1 is full, T2 feeds: only waiting is left, until T2 is free for the ship at the berth.
    assert made[-1].mask[0, :5].tolist() == [True, False, False, False, False]
    assert int(state.tanks.rest_h[0]) == 6
    freed = state._replace(blend=state.blend._replace(share=jnp.zeros(2)))
    assert TOLD(PLANT, freed).seen.may_berth[0].tolist() == [True, False, True, False, False]


def test_demurrage_of_a_ship_that_waits_ten_hours_beyond_its_laytime():
    # Laytime of 14 h from hour 0, a second ship after 48 h.
    made = play(PLANT, start(), [WAIT, T1, HOLD, HOLD], 24)
    paid = [float(s.info["demurrage"]) for s in made]
    assert paid[:14] == [0] * 14
    assert sum(paid) == pytest.approx(10 * 25_000 / 24, rel=1e-5)


def test_demurrage_counts_at_the_berth_too_and_ends_with_the_last_drop():
    # Called at hour 11, unloading from 12 to 20; the laytime ends at 14.
    waited = state = play(PLANT, start(), [WAIT, T1, HOLD, HOLD], 12)[-1].state
    assert int(waited.hour) == 12
    hours, made = until_decided(PLANT, state, [INTO_T2, T1, HOLD, HOLD], 0)
    paid = [float(s.info["demurrage"]) > 0 for s in made]
    assert paid == [12 + hour >= 14 for hour in range(hours)]
    later = play(PLANT, made[-1].state, [WAIT, T1, HOLD, HOLD], 3)
    assert not any(float(s.info["demurrage"]) for s in later)


def test_laytime_does_not_begin_before_the_laycan():
    scenario = centre({"ships.eta_sigma_d": 1.0}).scenario
    ships = unpacked(draw_harbour(scenario, layout_of(scenario), KEY).table)
    window = np.floor(ships.planned_h - 6)
    assert (ships.arrival_h < window).any()
    assert (ships.arrival_h > window).any()
    begin = np.maximum(ships.arrival_h, window)
    np.testing.assert_array_equal(ships.free_until_h, begin + 14)
    assert (np.diff(ships.arrival_h) >= 0).all()


def test_a_blend_has_the_composition_of_its_shares():
    made = step(PLANT, start(), [WAIT, T1_THREE_QUARTERS, HOLD, HOLD])
    expected = (0.75 * np.array(OPEN) + 0.25 * np.array(LIGHT)) / 100
    np.testing.assert_allclose(made.state.blend.piona, expected, atol=1e-5)
    drawn = np.asarray(start().tanks.mass_t - made.state.tanks.mass_t).sum(-1)
    # Set to 44 from 46 t/h: within one hour's ramp.
    np.testing.assert_allclose(drawn, [0.75 * 88, 0.25 * 88], rtol=1e-3)


def test_a_recipe_is_reconsidered_after_a_day_and_keeping_it_is_no_switch():
    hours, made = until_decided(PLANT, start(), [WAIT, T1, HOLD, HOLD], 1)
    assert hours == 24
    kept = step(PLANT, made[-1].state, [WAIT, T1, HOLD, HOLD])
    assert float(kept.info["switch"]) == float(kept.info["quality_step"]) == 0
    switched = step(PLANT, made[-1].state, [WAIT, T2, HOLD, HOLD])
    assert float(switched.info["switch"]) == 500
    # Open to light: 16.5 wt % more isoparaffins, less of the others.
    assert float(switched.info["quality_step"]) == pytest.approx(16.5 * 200, rel=1e-3)
    assert not any(float(s.info["switch"]) for s in made)


def test_a_recipe_ends_before_it_undercuts_the_heel():
    # T2: 23 % of 6,000 m3 above the heel, less than a day at 88 t/h.
    hours, made = until_decided(PLANT, start(), [WAIT, T2, HOLD, HOLD], 1)
    left = float(drawable_t(PLANT.layout, made[-1].state.tanks)[1])
    assert 0 <= left < PLANT.layout.most_feed_t_per_h
    assert (
        hours
        == math.floor((1380 * tonnes_per_m3(tuple(LIGHT)) - PLANT.layout.most_feed_t_per_h) / 88)
        + 1
    )
    assert not made[-1].state.seen.may_blend[T2]
    assert made[-1].state.seen.may_blend[T1]


def test_the_later_of_two_berths_that_want_the_same_waits_for_an_hour():
    state = start(TROUBLED)._replace(hour=jnp.array(48, jnp.int32))
    state = play(TROUBLED, state, [WAIT, WAIT, T1, HOLD, HOLD, HOLD], 6)[-1].state
    assert state.decided[:2].all()
    assert state.seen.may_berth[0].tolist() == [True, False, True, False, True]
    made = step(TROUBLED, state, [2, 4, T1, HOLD, HOLD, HOLD])
    assert made.state.harbour.tank.tolist() == [1, -1]
    assert made.info["macro_action"][:2].tolist() == [2, WAIT]
    assert made.decided[:2].tolist() == [False, True]
    assert made.state.harbour.called[:2].tolist() == [True, False]


def test_blending_comes_before_a_berth_that_wants_its_tank():
    made = step(PLANT, start(), [INTO_T1, T1, HOLD, HOLD])
    assert made.info["macro_action"].tolist() == [WAIT, T1, HOLD, HOLD]
    assert made.state.harbour.tank.tolist() == [-1]
    assert made.decided.tolist() == [True, False, False, False]
    assert not made.state.harbour.called.any()


def test_outside_the_mask_means_what_harms_least():
    bad = [99, NONE, -4, 17]
    made = step(PLANT, start(), bad)
    assert made.info["macro_action"][:2].tolist() == [WAIT, T1]
    assert made.decided.tolist() == [True, False, True, True]
    assert made.state.furnaces.cot_set_c.tolist() == [840, 840]
    # Later the recipe in force goes on.
    _, steps = until_decided(PLANT, start(), [WAIT, T1_THREE_QUARTERS, HOLD, HOLD], 1)
    kept = step(PLANT, steps[-1].state, [WAIT, 77, HOLD, HOLD])
    assert int(kept.info["macro_action"][1]) == T1_THREE_QUARTERS


@pytest.mark.parametrize(
    ("isoparaffins", "allowed", "off_spec"),
    # T1 alone has 16 % of isoparaffins, three quarters of it 20 %, half and half 24 %.
    [
        (20.0, [T2, HALF, T1_THREE_QUARTERS, 5], False),
        (24.0, [T2, HALF, 5], False),
        (34.0, [1, 2, 3, 4, 5], True),
    ],
)
def test_specification_keeps_recipes_out_unless_nothing_else_is_left(
    isoparaffins, allowed, off_spec
):
    plant = centre({"blending.spec_low": [40.0, isoparaffins, 0.0, 8.0, 2.0]})
    scenario, layout, state = plant.scenario, plant.layout, start()
    may = may_blend(scenario, layout, state.tanks, state.harbour)
    assert np.flatnonzero(may).tolist() == allowed
    chosen = choose_recipe(
        scenario, layout, state.blend, state.tanks, jnp.array(True), jnp.array(HALF), may
    )
    assert bool(chosen.off_spec) == off_spec


def test_composition_is_known_by_the_certificate_until_the_laboratory_tells():
    state = start()
    declared = jnp.array(LIGHT) / 100
    harbour = state.harbour._replace(table=state.harbour.table.at[:, 12:].set(declared))
    state = state._replace(harbour=look_out(PLANT.scenario, harbour, state.hour))
    _, made = until_decided(PLANT, state, [INTO_T2, T1, HOLD, HOLD], 0)
    made += play(PLANT, made[-1].state, [WAIT, T1, HOLD, HOLD], 6)
    # Open-spec naphtha came as "light" into a tank of light naphtha.
    for hour in made[:-1]:
        np.testing.assert_allclose(hour.state.tanks.known[1], declared, atol=1e-5)
    released = made[-1].state.tanks
    share = 2000 / float(released.mass_t[1].sum())
    really = share * np.array(OPEN) + (1 - share) * np.array(LIGHT)
    np.testing.assert_allclose(released.known[1], really / 100, atol=1e-4)


def test_announced_arrivals_are_corrected_as_ships_come_near():
    scenario = centre({"ships.eta_sigma_d": 1.0}).scenario
    ships = unpacked(draw_harbour(scenario, layout_of(scenario), KEY).table)
    for ship in range(4):
        arrival = int(ships.arrival_h[ship])
        seen = [
            float(expected_h(ships, jnp.array(arrival - ahead))[ship])
            for ahead in (169, 168, 73, 72, 25, 24, 0)
        ]
        plan, notices = float(ships.planned_h[ship]), np.cumsum(ships.revision_h[ship])
        expected = [plan, *np.repeat(plan + notices, [2, 2, 2])]
        np.testing.assert_allclose(seen, expected, atol=1e-3)
        # Hours are whole, and nobody arrives before the start.
        assert arrival - 1 <= seen[-1] <= arrival or arrival == 0


def test_success_is_an_episode_without_shortage_or_forced_decoke():
    state = start()._replace(hour=jnp.array(239, jnp.int32))
    good = STEP(PLANT, state, jnp.array([WAIT, T1, HOLD, HOLD]), KEY)
    assert bool(good.info["success"])
    assert not bool(step(PLANT, start(), [WAIT, T1, HOLD, HOLD]).info["success"])
    failed = STEP(PLANT, state._replace(failed=jnp.array(True)), jnp.array([WAIT, T1, 7, 7]), KEY)
    assert not bool(failed.info["success"])
