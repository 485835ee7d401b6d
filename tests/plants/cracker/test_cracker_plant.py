import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.plants.catalogue import make_plant
from shiftwork.plants.cracker.disturbances import Tank, leaders
from shiftwork.plants.cracker.feed import OPEN
from shiftwork.plants.cracker.furnace_plant import (
    COT_RATE,
    DECOKE_COST_KUSD,
    FEED_RATE,
    STANDBY_COT_C,
    STEAM_RATE,
    STEP_H,
    SWING_RATE,
    TRIP_COST_KUSD,
    TRIP_H,
    TUBE_NOISE_C,
    Furnace,
    FurnaceState,
)
from shiftwork.plants.cracker.prices import TYPICAL
from shiftwork.records.tags import box

PLANT = Furnace()
KEY = jax.random.key(0)
USUAL = (47.0, 840.0, 0.5, 1095.0)
NAMES = [tag.name for tag in PLANT.observation]
STEP = jax.jit(PLANT.step)


def column(observation, name):
    return np.asarray(observation)[..., NAMES.index(name)]


def make_state(**changed):
    values = {
        "feed_t_per_h": 47.0,
        "cot_c": 840.0,
        "steam_ratio": 0.5,
        "coke_mm": 2.0,
        "clean_h": 300.0,
        "decoke_left_h": 0.0,
        "measured_tube_c": 1000.0,
    } | changed
    return FurnaceState(
        **{name: jnp.asarray(value, jnp.float32) for name, value in values.items()},
        tank=Tank(jnp.zeros(()), jnp.asarray(OPEN), jnp.asarray(OPEN)),
        price_deviation=jnp.zeros(5),
    )


@jax.jit
def play(state, actions, key):
    """Step through actions (T, 4); all steps."""

    def one(state, inputs):
        step = PLANT.step(state, *inputs)
        return step.state, step

    return jax.lax.scan(one, state, (actions, jax.random.split(key, len(actions))))[1]


def hold(action, steps):
    return jnp.tile(jnp.asarray(action, jnp.float32), (steps, 1))


@pytest.fixture(scope="module")
def random_play():
    """Eight episodes of random set-points that change every few days."""
    low, high = box(PLANT.action, PLANT.name)

    def one(key):
        reset_key, action_key, play_key = jax.random.split(key, 3)
        state, observation = PLANT.reset(reset_key)
        draws = jax.random.uniform(action_key, (PLANT.horizon // 20, 4), minval=low, maxval=high)
        return observation, play(state, jnp.repeat(draws, 20, axis=0), play_key)

    first, steps = jax.jit(jax.vmap(one))(jax.random.split(KEY, 8))
    seen = np.concatenate([first[:, None], steps.observation], axis=1)
    return seen, steps


def test_one_step_at_rest_by_hand():
    step = STEP(make_state(), jnp.array(USUAL), KEY)
    tonnes = np.asarray(step.info["products_t"], np.float64)
    by_hand = (tonnes * TYPICAL.products).sum() - 4 * 47 * 632
    by_hand -= float(step.info["fuel_gj"]) * 7 + 4 * 47 * 0.5 * 14

    assert step.info["feed_t"] == 4 * 47
    assert step.reward == pytest.approx(by_hand / 1000, rel=1e-3)
    assert step.reward == step.info["margin_kusd"]
    assert 5 < step.reward < 20  # thousand dollars in four hours
    assert step.state.clean_h == 304
    assert 0.02 < step.state.coke_mm - 2.0 < 0.04  # 4 h at 0.0070 mm/h
    assert not step.info["violation"]
    assert not step.info["decoking"]


def test_actual_values_follow_their_set_points_at_limited_rates():
    steps = play(
        make_state(feed_t_per_h=40.0, cot_c=820.0), hold((48.0, 850.0, 0.6, 1095.0), 5), KEY
    )
    np.testing.assert_allclose(column(steps.observation, "feed"), [48, 48, 48, 48, 48])
    np.testing.assert_allclose(column(steps.observation, "COT"), [828, 836, 844, 850, 850])
    np.testing.assert_allclose(
        column(steps.observation, "steam ratio"), [0.54, 0.58, 0.6, 0.6, 0.6], atol=1e-6
    )
    first_hours = 42.0 + 44.0 + 46.0 + 48.0
    assert steps.info["feed_t"][0] == first_hours


def test_rates_are_kept_whatever_is_asked(random_play):
    seen, _ = random_play
    feed, cot, steam = (column(seen, name) for name in ("feed", "COT", "steam ratio"))
    idle = column(seen, "decoke time left") > 0
    free = ~(idle[:, 1:] | idle[:, :-1]) & (feed[:, :-1] >= PLANT.design.feed_low_t_per_h)
    assert free.mean() > 0.5
    assert np.abs(np.diff(feed))[free].max() <= STEP_H * FEED_RATE + 1e-4
    assert np.diff(feed).max() <= STEP_H * SWING_RATE + 1e-4
    assert np.abs(np.diff(cot)).max() <= STEP_H * COT_RATE + 1e-3
    assert np.abs(np.diff(steam)).max() <= STEP_H * STEAM_RATE + 1e-6


def test_what_goes_in_comes_out_over_whole_episodes(random_play):
    _, steps = random_play
    feed = np.asarray(steps.info["feed_t"], np.float64).sum(1)
    products = np.asarray(steps.info["products_t"], np.float64).sum((1, 2))
    np.testing.assert_allclose(products, feed, rtol=1e-6)
    assert np.abs(steps.info["mass_residual"]).max() < 1e-6
    assert np.abs(steps.info["hydrogen_residual"]).max() < 0.005
    assert (np.asarray(steps.info["products_t"]) >= 0).all()
    np.testing.assert_allclose(
        steps.reward, steps.info["margin_kusd"] - steps.info["decoke_kusd"], atol=1e-4
    )
    assert not steps.terminal.any()


def test_a_decoke_from_its_begin_to_the_next_run():
    hot = make_state(coke_mm=9.0, measured_tube_c=1096.0, cot_c=850.0)
    steps = play(hot, hold((47.0, 850.0, 0.5, 1095.0), 30), KEY)
    feed, left = (column(steps.observation, name) for name in ("feed", "decoke time left"))
    cot, run_time = (column(steps.observation, name) for name in ("COT", "run time"))

    # 47 t/h are swung out at 6 t/h per hour: 7 h with feed, the last 36 h begin with the 8th.
    np.testing.assert_allclose(feed[:3], [23, 0, 0])
    np.testing.assert_allclose(left[:3], [36, 35, 31])
    out = np.flatnonzero(feed == 0)
    assert out[0] == 1
    assert left[out[-1] + 1] == 0
    # An hour of the first of these steps, and three of the one whose fourth hour has feed again.
    assert 1 + (len(out) - 1) * STEP_H + 3 == 36
    np.testing.assert_allclose(feed[out[-1] + 1], 6.0 * 1)
    assert cot[out[-1]] == STANDBY_COT_C
    assert run_time[out[-1] + 1] == 1
    assert steps.state.coke_mm[out[-1] + 1] < 0.05
    assert feed[-1] == 47
    np.testing.assert_array_equal(
        np.flatnonzero(steps.info["decoke_kusd"]), [0], "paid once, when it begins"
    )
    assert steps.info["decoke_kusd"][0] == DECOKE_COST_KUSD
    assert (np.asarray(steps.info["products_t"])[2 : out[-1]] == 0).all()
    assert not steps.info["violation"].any()


def test_the_reading_ends_a_run_and_not_the_truth():
    below = STEP(make_state(measured_tube_c=1079.9), jnp.array([47.0, 840, 0.5, 1080.0]), KEY)
    reached = STEP(make_state(measured_tube_c=1080.0), jnp.array([47.0, 840, 0.5, 1080.0]), KEY)
    assert not below.info["decoking"]
    assert reached.info["decoking"]
    assert reached.reward < below.reward - DECOKE_COST_KUSD


def test_a_tube_beyond_its_limit_trips_the_furnace():
    step = STEP(make_state(coke_mm=11.0), jnp.array(USUAL), KEY)
    assert step.info["violation"]
    assert step.info["tube_c"] > PLANT.design.tube_limit_c
    assert step.state.feed_t_per_h == 0
    assert step.state.decoke_left_h == TRIP_H - (STEP_H - 1)
    assert step.info["feed_t"] == 47  # one hour
    assert step.info["decoke_kusd"] == DECOKE_COST_KUSD + TRIP_COST_KUSD

    steps = play(step.state, hold(USUAL, 20), KEY)
    assert not steps.info["violation"].any()
    assert (column(steps.observation, "feed") == 0).sum() == (TRIP_H - 3) // STEP_H
    assert steps.info["decoke_kusd"].sum() == 0


def test_the_tube_is_measured_with_noise_and_the_noise_is_what_is_compared():
    steps = jax.jit(jax.vmap(PLANT.step, in_axes=(None, None, 0)))(
        make_state(), jnp.array(USUAL), jax.random.split(KEY, 4000)
    )
    reading = column(steps.observation, "tube temperature")
    np.testing.assert_array_equal(reading, steps.state.measured_tube_c)
    assert reading.std() == pytest.approx(TUBE_NOISE_C, rel=0.05)
    assert reading.mean() == pytest.approx(float(steps.info["tube_c"][0]), abs=0.3)
    for name, product in (("ethylene", 2), ("propylene", 4)):
        made = 100 * float(steps.info["products_t"][0, product] / steps.info["feed_t"][0])
        assert column(steps.observation, f"yield {name}").mean() == pytest.approx(made, abs=0.05)


def test_laboratory_and_prices_of_the_next_step_are_seen():
    step = STEP(make_state(), jnp.array(USUAL), KEY)
    lab = [column(step.observation, name) for name in NAMES if name.startswith("lab ")]
    prices = [column(step.observation, name) for name in NAMES if name.startswith("price ")]
    np.testing.assert_allclose(lab, 100 * step.state.tank.lab_piona, rtol=1e-6)
    np.testing.assert_allclose(prices, leaders(step.state.price_deviation), rtol=1e-6)


def test_episodes_begin_anywhere_in_a_run_and_never_beyond_it():
    state, seen = jax.jit(jax.vmap(PLANT.reset))(jax.random.split(KEY, 2000))
    age_d = column(seen, "run time") / 24
    assert age_d.min() < 2
    assert 25 < age_d.max() < 45
    assert column(seen, "tube temperature").max() < PLANT.design.tube_limit_c - 5
    assert (column(seen, "decoke time left") == 0).all()
    assert state.coke_mm.max() <= 0.6 * PLANT.design.coke_room_mm


def test_the_catalogue_knows_the_furnace():
    assert make_plant("furnace") == PLANT
    assert PLANT.horizon * STEP_H == 120 * 24


GRID = {
    "COT": [(49, c, 0.45, 1090, 0) for c in (800, 840, 880)],
    "steam ratio": [(49, 840, s, 1090, 0) for s in (0.35, 0.45, 0.70)],
    "end of run": [(49, 840, 0.45, e, 0) for e in (1060, 1090, 1100)],
    "constant": [(49, c, 0.45, 1090, 0) for c in (830, 840, 850)],
    "following": [(49, c, 0.45, 1090, 75) for c in (840, 850)],
}
"""Rules: feed, COT, steam ratio, end of run, and COT per ln(ethylene / propylene)."""


@pytest.fixture(scope="module")
def mean_returns():
    """Of every rule of the grid, over the same 64 episodes."""
    typical = np.log(TYPICAL.products[2] / TYPICAL.products[4])
    ethylene, propylene = NAMES.index("price ethylene"), NAMES.index("price propylene")

    def episode(rule, key):
        def one(carry, key):
            state, seen = carry
            swing = jnp.log(seen[ethylene] / seen[propylene]) - typical
            step = PLANT.step(state, rule[:4].at[1].add(rule[4] * swing), key)
            return (step.state, step.observation), step.reward

        reset_key, key = jax.random.split(key)
        keys = jax.random.split(key, PLANT.horizon)
        return jax.lax.scan(one, PLANT.reset(reset_key), keys)[1].sum()

    keys = jax.random.split(jax.random.key(11), 64)
    rules = jnp.asarray(np.concatenate(list(GRID.values())), jnp.float32)
    every = jax.jit(lambda r: jax.lax.map(lambda one: jax.vmap(episode, (None, 0))(one, keys), r))
    means = iter(np.asarray(every(rules).mean(1)))
    return {name: np.array([next(means) for _ in of]) for name, of in GRID.items()}


@pytest.mark.parametrize("name", ["COT", "steam ratio", "end of run"])
def test_the_best_constant_set_point_lies_inside_its_limits(mean_returns, name):
    assert mean_returns[name].argmax() == 1, mean_returns[name]


def test_following_prices_gains_over_the_best_constant(mean_returns):
    assert mean_returns["following"].max() > 1.02 * mean_returns["constant"].max()
