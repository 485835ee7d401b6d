"""The optimum of the furnace: its program is converged, and nobody simple beats it on the plant."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.people.furnace.people import run_by_people
from shiftwork.plants.cracker.disturbances import first_prices, first_tank, leaders
from shiftwork.plants.cracker.furnace import LIQUID, crack
from shiftwork.plants.cracker.furnace_plant import STEP_H, Furnace
from shiftwork.plants.cracker.prices import margin_per_h, prices_of
from shiftwork.plants.run import run
from shiftwork.yardsticks.furnace_optimum import (
    Grid,
    OptimalOperator,
    candidates,
    offers,
    rouwenhorst,
    solve,
)

PLANT = Furnace(horizon=1080)
COPIES = 12
KEY = jax.random.key(11)


@cache
def optimum():
    return solve(LIQUID)


@cache
def best_lived():
    """Half a year of a dozen furnaces."""
    operator = OptimalOperator(optimum(), LIQUID, (3, 11, 5))
    return jax.jit(lambda: run(PLANT, operator, KEY, COPIES))()


class Fixed:
    """Holds set-points that never change."""

    def __init__(self, action):
        self.action = action

    def begin(self, key):
        return jnp.zeros(())

    def act(self, memory, observation, key):
        return memory, self.action


def test_the_markov_chain_reverts_and_scatters_as_the_process_does():
    moves = rouwenhorst(11, 0.9)
    points = np.sqrt(10) * np.linspace(-1, 1, 11)
    mean = moves @ points
    assert np.allclose(moves.sum(1), 1)
    assert np.allclose(mean, 0.9 * points)
    assert np.allclose(moves @ points**2 - mean**2, 1 - 0.9**2)


def test_offers_are_the_plants_own_margin_tube_and_coke():
    actions = jnp.asarray(candidates(LIQUID, 5, 21, 9))
    keys = jax.random.split(jax.random.key(0), 21)
    prices = jax.vmap(lambda key: leaders(first_prices(key)))(keys)
    piona = jax.vmap(lambda key: first_tank(key).piona)(keys)
    # All at once and compiled, as the program does it, against one after the other.
    made = jax.jit(lambda: offers(LIQUID, actions, prices, piona))()
    coke_mm = 4.0
    for row in (0, 10, 20):
        u = 400 + row
        feed, cot, steam = actions[u]
        there = crack(LIQUID, jnp.float32(coke_mm), jnp.float32(1e6), feed, cot, steam, piona[row])
        margin = float(margin_per_h(there, feed, prices_of(prices[row]))) / 1000
        got = float(made.margin[row, u] + coke_mm * made.margin_per_mm[row, u])
        assert got == pytest.approx(margin, abs=0.01)
        tube_c = float(made.tube_c[row, u] + coke_mm * made.tube_c_per_mm[row, u])
        assert tube_c == pytest.approx(float(there.tube_c), abs=0.05)
        assert float(made.growth[row, u]) == pytest.approx(float(there.coke_mm_per_h), rel=1e-4)


@pytest.mark.parametrize(
    "finer",
    [
        Grid(coke=81, spread=41),
        Grid(feed=5, cot=21, steam=9),
        Grid(steps_per_day=2),
    ],
    ids=["coke and market", "candidates", "time"],
)
def test_a_grid_twice_as_fine_changes_the_margin_by_less_than_a_fifth_of_a_percent(finer):
    coarse, fine = float(optimum().gain), float(solve(LIQUID, finer).gain)
    assert fine == pytest.approx(coarse, rel=0.002)


def test_coke_is_dearer_in_a_good_market():
    shadow = np.asarray(optimum().shadow)
    middle, clean = shadow.shape[1] // 2, 5
    assert shadow[clean, middle] > 0
    assert shadow[clean, middle + 2] > shadow[clean, middle] > shadow[clean, middle - 2]


def test_it_burns_no_tube_and_decokes_in_time():
    lived = best_lived()
    assert not lived.info["violation"].any()
    days = COPIES * PLANT.horizon * STEP_H / 24
    assert 35 < days / int((lived.info["decoke_kusd"] > 0).sum()) < 100


def test_it_beats_the_people_by_four_to_fourteen_percent():
    people = float(run_by_people(PLANT, KEY, COPIES).reward.mean())
    best = float(best_lived().reward.mean())
    assert 0.86 * best < people < 0.96 * best


def test_it_beats_all_constant_set_points():
    actions = [
        (feed, cot, steam, 1085.0)
        for feed in (42.0, 49.0)
        for cot in (825.0, 840.0, 855.0)
        for steam in (0.4, 0.55)
    ]

    def earned(action):
        return run(PLANT, Fixed(action), KEY, COPIES).reward.mean()

    constant = jax.jit(lambda rows: jax.lax.map(earned, rows))(jnp.array(actions))
    assert float(best_lived().reward.mean()) > 1.03 * float(constant.max())
