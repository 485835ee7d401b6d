"""A scenario's numbers are data of a program; only its shapes make another one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.numbers import numbers_in, with_numbers
from support.centre_builders import centre

KEY = jax.random.key(3)
OTHER_NUMBERS = {
    "name": "another",
    "costs.switch_usd": 123_456.0,
    "costs.demurrage_usd_per_d": 77_000.0,
    "prices.naphtha": 0.05,
    "prices.passed_on": 0.3,
    "limits.compressor_t_per_h": 61.0,
    "furnaces.decoke_h": 31,
    "furnaces.cot_ramp_c_per_h": 4.0,
    "release.lab_h": 9,
    "ships.cargo_t": (1_400.0, 1_600.0),
    "berths.wait_h": 4,
}


def hours(plant: Centre, key: jax.Array) -> tuple[jax.Array, ...]:
    """Play 30 hours at random."""
    first = plant.reset(key)

    def hour(carry, key):
        draw_key, step_key = jax.random.split(key)
        macro = jax.random.categorical(draw_key, jnp.where(carry.mask, 0.0, -1e9))
        after = plant.step(carry.state, macro.astype(jnp.int32), step_key)
        return after._replace(info={}), (after.reward, after.observation, after.mask)

    return jax.lax.scan(hour, first._replace(info={}), jax.random.split(key, 30))[1]


@pytest.mark.slow
def test_other_numbers_run_in_the_same_program_and_count():
    traces = []

    @jax.jit
    def run(plant, key):
        traces.append(plant)
        return hours(plant, key)

    plants = centre({}), centre(OTHER_NUMBERS)
    found = [run(plant, KEY) for plant in plants]
    assert len(traces) == 1, "another scenario of the same shapes made another program"
    assert not np.allclose(found[0][0], found[1][0])
    for plant, (reward, observation, mask) in zip(plants, found, strict=True):
        alone = jax.jit(lambda key, plant=plant: hours(plant, key))(KEY)
        np.testing.assert_allclose(reward, alone[0], rtol=1e-4, atol=1e-3)
        np.testing.assert_allclose(observation, alone[1], rtol=1e-4, atol=1e-4)
        np.testing.assert_array_equal(mask, alone[2])


@pytest.mark.parametrize("change", [{"horizon_d": 12}, {"furnace_agents": "all"}])
def test_another_shape_is_another_program(change):
    plants = centre({}), centre(change)
    shapes = [jax.tree.structure(plant) for plant in plants]
    assert shapes[0] != shapes[1]
    assert shapes[0] == jax.tree.structure(centre({"costs.switch_usd": 1.0}))


def test_every_number_is_put_back_and_names_stay():
    plant = centre({})
    back = jax.tree.map(lambda number: number, plant)
    assert (back.name, back.agents, back.macro_actions) == (
        plant.name,
        plant.agents,
        plant.macro_actions,
    )
    numbers = numbers_in(plant.scenario)
    doubled = with_numbers(plant.scenario, jax.tree.map(lambda number: 2 * number, numbers))
    jax.tree.map(lambda twice, once: np.testing.assert_array_equal(twice, 2 * once),
                 numbers_in(doubled), numbers)  # fmt: skip
    assert doubled.furnaces.count == plant.scenario.furnaces.count
