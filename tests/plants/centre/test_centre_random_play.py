"""Whatever the agents choose, legal or not, the centre keeps its rules and its balances."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shiftwork.plants.centre.rules import broken_rules
from support.centre_builders import KEY, OPEN, RESET, STEP, centre
from support.compile_options import QUICK

CROWDED = {
    # Two berths, three tanks, ships at anchor all the time, furnaces near the end of their run.
    "berths.count": 2,
    "tanks": [
        {"name": f"T{k}", "capacity_m3": 4000.0, "heel": 0.1, "high": 0.9, "level": level,
         "piona": OPEN}
        for k, level in enumerate((0.9, 0.5, 0.1))
    ],
    "ships.interval_d": 0.7,
    "ships.eta_sigma_d": 1.0,
    "blending.recipe_parts": 3,
    "furnaces.count": 3,
    "furnaces.age_d": [30.0, 70.0],
    "furnaces.decoke_h": 12,
    "gas_furnaces.count": 2,
    "gas_furnaces.age_d": [20.0, 60.0],
    "ships.cargo_t": [1000.0, 1900.0],
    "limits.compressor_t_per_h": 95.0,
}  # fmt: skip
CASES = {
    "small": (centre(), 220, 240),
    "crowded": (centre(CROWDED), 64, 240),
    "one furnace agent": (centre(CROWDED | {"furnace_agents": "all"}), 64, 240),
    "steady": (centre((), "centre-steady"), 8, 400),
}


def roll(plant, copies, hours):
    """Half of the copies choose among what is allowed, the others anything at all."""
    n = len(plant.agents)
    actions = max(map(len, plant.macro_actions))

    def episode(key, free):
        first = plant.reset(key)

        def hour(before, key):
            legal_key, wild_key, plant_key = jax.random.split(key, 3)
            drawn = jax.random.uniform(legal_key, before.mask.shape)
            legal = jnp.argmax(jnp.where(before.mask, drawn, 0.0), -1)
            wild = jax.random.randint(wild_key, (n,), -3, actions + 4)
            macro = jnp.where(free, wild, legal)
            after = plant.step(before.state, macro, plant_key)
            broken = broken_rules(plant, before.state, after)
            told = {k: after.info[k] for k in ("feed_t", "products_t", "ethane_to_fuel_t", "fed",
                                               "forced", "residual_t")}  # fmt: skip
            return after._replace(info={}), (broken, told, after.reward)

        last, out = jax.lax.scan(hour, first._replace(info={}), jax.random.split(key, hours))
        return first.state, last.state, out

    keys = jax.random.split(KEY, copies)
    return jax.jit(jax.vmap(episode), compiler_options=QUICK)(keys, jnp.arange(copies) % 2 == 1)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_random_play_keeps_every_rule_and_the_balances(case):
    plant, copies, hours = CASES[case]
    first, last, (broken, told, reward) = roll(plant, copies, hours)
    found = {name: int(where.sum()) for name, where in broken.items() if where.any()}
    assert not found

    def stock(state):
        port = state.harbour
        at_sea = np.where(port.called, 0.0, port.table[..., 3]).sum(-1, dtype=np.float64)
        tanks = np.asarray(state.tanks.mass_t, np.float64).sum((-1, -2))
        return tanks + at_sea + np.asarray(port.berthed[..., 3], np.float64).sum(-1)

    feed = np.asarray(told["feed_t"], np.float64).sum(1)
    np.testing.assert_allclose(stock(first) - stock(last), feed, rtol=1e-4, atol=1.0)
    drum = np.asarray(last.gas.ethane_t - first.gas.ethane_t, np.float64)
    made = np.asarray(told["products_t"], np.float64).sum((1, 2)) + drum
    made += np.asarray(told["ethane_to_fuel_t"], np.float64).sum(1)
    np.testing.assert_allclose(made, feed, rtol=1e-4, atol=0.1)
    # The play has been where it matters.
    assert feed.min() > 0
    assert np.asarray(last.harbour.called).sum(1).min() > 0
    if case == "crowded":
        assert told["forced"].any()
        assert not told["fed"].all()
    assert np.isfinite(reward).all()


@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 2**31 - 1),
    st.lists(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=4, max_size=4), max_size=40),
)
def test_any_integers_as_decisions_break_no_rule(seed, decisions):
    plant = CASES["small"][0]
    key = jax.random.key(seed)
    state = RESET(plant, key).state
    for macro in decisions:
        after = STEP(plant, state, jnp.array(macro, jnp.int32), key)
        broken = CHECK(plant, state, after)
        assert not [name for name, where in broken.items() if where]
        state = after.state


CHECK = jax.jit(broken_rules, compiler_options=QUICK)


def test_same_key_is_the_same_episode_and_busy_agents_are_not_asked():
    plant = CASES["small"][0]
    one = other = RESET(plant, KEY)
    for hour in range(60):
        key = jax.random.fold_in(KEY, hour)
        macro = jnp.argmax(one.mask, -1)
        junk = jnp.where(one.decided, macro, 3)
        one, other = STEP(plant, one.state, macro, key), STEP(plant, other.state, junk, key)
        jax.tree.map(np.testing.assert_array_equal, one, other)
    assert not jnp.array_equal(RESET(plant, KEY).state.harbour.table,
                               RESET(plant, key).state.harbour.table)  # fmt: skip
