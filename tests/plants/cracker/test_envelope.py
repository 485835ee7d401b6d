"""The envelope: no set-points of anybody burn the tubes, and whoever keeps clear is left alone."""

import dataclasses
from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.people.furnace.people import People
from shiftwork.plants.cracker.coke_estimate import MARGIN_C, estimate, foreseen
from shiftwork.plants.cracker.envelope import FurnaceWithinEnvelope, hold
from shiftwork.plants.cracker.furnace import LIQUID, crack
from shiftwork.plants.cracker.furnace_plant import Furnace, read
from shiftwork.plants.plant import Plant
from shiftwork.plants.run import run
from support.compile_options import QUICK
from support.reckless import Reckless

FURNACE = Furnace(horizon=1440)
PLANT = FurnaceWithinEnvelope(FURNACE)
COPIES = 8
"""240 days of 8 furnaces: 1,920 days."""


class Watched(NamedTuple):
    """What reckless steps brought: (H, E) each."""

    violation: np.ndarray
    held: np.ndarray
    tube_c: np.ndarray
    error_c: np.ndarray
    judged: np.ndarray


@cache
def reckless() -> Watched:
    """Run it, and compare what the envelope foresaw with what came."""
    operator = Reckless()

    def one(carry: Any, key: Any) -> Any:
        state, memory = carry
        memory, action = operator.act(memory, state.seen, key)
        seen = read(state.seen)
        within, _ = hold(LIQUID, seen, state.coke_mm, action)
        expected = foreseen(LIQUID, seen, state.coke_mm, within[None, :3])[0]
        step = PLANT.step(state, action, key)
        # Feed that swings in or out moves at another rate, over tubes that are not hot.
        judged = (seen.feed_t_per_h >= LIQUID.feed_low_t_per_h) & ~step.info["decoking"]
        info = step.info
        return (step.state, memory), Watched(
            info["violation"], info["held"], info["tube_c"], info["tube_c"] - expected, judged
        )

    @partial(jax.jit, compiler_options=QUICK)
    @jax.vmap
    def copy(key):
        state, _ = PLANT.reset(key)
        begin = (state, operator.begin(key))
        return jax.lax.scan(one, begin, jax.random.split(key, PLANT.horizon))[1]

    return jax.tree.map(np.asarray, copy(jax.random.split(jax.random.key(0), COPIES)))


def lived(plant, operator, copies=4):
    """Let an operator run copies of a plant."""
    ran = jax.jit(lambda: run(plant, operator, jax.random.key(0), copies), compiler_options=QUICK)
    return ran()


def test_without_it_reckless_set_points_trip_the_furnace():
    assert lived(FURNACE, Reckless()).info["violation"].sum() >= 4


def test_within_it_nobody_trips():
    assert not reckless().violation.any()
    # It had to work for it.
    assert reckless().held.mean() > 0.1
    assert reckless().tube_c.max() > LIQUID.tube_limit_c - MARGIN_C


def test_the_margin_covers_whatever_was_not_foreseen():
    error_c = reckless().error_c[reckless().judged]
    assert len(error_c) > 5_000
    assert abs(error_c.mean()) < 1.0
    assert error_c.max() < MARGIN_C


def test_people_hardly_notice_it():
    assert lived(PLANT, People(LIQUID)).info["held"].mean() < 0.03


def test_a_step_that_is_not_held_is_the_furnaces_own():
    key, action = jax.random.key(5), jnp.array([45.0, 835.0, 0.5, 1085.0])
    (ours, also), (theirs, seen) = PLANT.reset(key), FURNACE.reset(key)
    assert np.array_equal(np.asarray(also), np.asarray(seen))
    within = jax.jit(PLANT.step, compiler_options=QUICK)(ours, action, key)
    bare = jax.jit(FURNACE.step, compiler_options=QUICK)(theirs, action, key)
    assert not within.info["held"]
    assert within.reward == pytest.approx(float(bare.reward), rel=1e-5)
    assert np.allclose(within.observation, bare.observation, rtol=1e-5)


def panel(tube_c=1000.0, feed=47.0, cot=840.0, left=0.0):
    """A panel by hand, open-spec naphtha."""
    naphtha, prices = [51.0, 22.0, 0.5, 19.0, 7.5], [632.0, 860.0, 980.0, 1050.0, 7.0]
    return read(jnp.array([feed, cot, 0.5, tube_c, 500.0, left, *naphtha, *prices, 29.0, 15.0]))


def test_clean_tubes_leave_any_action_alone():
    action = jnp.array([49.0, 880.0, 0.35, 1100.0])
    within, held = hold(LIQUID, panel(), jnp.float32(0.0), action)
    assert not held
    assert np.array_equal(np.asarray(within), np.asarray(action))


def test_hot_tubes_hold_feed_and_cot_back_only_as_far_as_needed():
    action = jnp.array([49.0, 850.0, 0.5, 1100.0])
    coke = 9.3
    within, held = hold(LIQUID, panel(), jnp.float32(coke), action)
    assert held
    assert within[0] < 49.0 and within[1] < 850.0  # noqa: PT018
    assert within[3] == 1100.0
    limit = LIQUID.tube_limit_c - MARGIN_C
    tube_c = foreseen(LIQUID, panel(), jnp.float32(coke), jnp.stack([within[:3], action[:3]]))
    assert tube_c[0] <= limit < tube_c[1]
    assert tube_c[0] > limit - 5.0


def test_a_wider_margin_holds_back_further():
    action = jnp.array([49.0, 850.0, 0.5, 1100.0])
    usual, _ = hold(LIQUID, panel(), jnp.float32(9.3), action)
    wide, held = hold(LIQUID, panel(), jnp.float32(9.3), action, MARGIN_C + 8.0)
    assert held
    tube_c = foreseen(LIQUID, panel(), jnp.float32(9.3), jnp.stack([usual[:3], wide[:3]]))
    assert tube_c[0] > LIQUID.tube_limit_c - MARGIN_C - 8.0 >= tube_c[1]


def test_the_envelope_goes_by_its_own_law_and_margin():
    """For a furnace whose coke shows less, the same reading means more coke: it is held earlier."""
    thin = dataclasses.replace(LIQUID, layer_c_per_mm=6.5)
    key, action = jax.random.key(3), jnp.array([49.0, 850.0, 0.5, 1100.0])
    plants = [FurnaceWithinEnvelope(FURNACE, law) for law in (None, LIQUID, thin)]
    own, same, other = (jax.jit(p.reset, compiler_options=QUICK)(key)[0].coke_mm for p in plants)
    assert float(own) == float(same)
    assert float(other) == pytest.approx(2.0 * float(own), rel=1e-3)
    wide = dataclasses.replace(PLANT, margin_c=60.0)
    assert jax.jit(wide.step, compiler_options=QUICK)(
        wide.reset(key)[0]._replace(coke_mm=jnp.float32(7.0)), action, key
    ).info["held"]
    assert not jax.jit(PLANT.step, compiler_options=QUICK)(
        PLANT.reset(key)[0]._replace(coke_mm=jnp.float32(7.0)), action, key
    ).info["held"]


def test_when_no_pull_back_is_fast_enough_a_decoke_is_asked_for():
    within, held = hold(LIQUID, panel(), jnp.float32(12.0), jnp.array([49.0, 850.0, 0.5, 1100.0]))
    assert held
    assert within[3] == Furnace().action[3].low
    assert within[0] == 47.0 - 8.0


def test_without_feed_there_is_nothing_to_hold():
    idle = panel(feed=0.0, left=20.0)
    _, held = hold(LIQUID, idle, jnp.float32(20.0), jnp.array([49.0, 850.0, 0.5, 1100.0]))
    assert not held


def test_the_estimate_of_coke_starts_at_the_first_reading_and_then_trusts_the_law():
    seen = panel()
    hot = crack(LIQUID, jnp.float32(5.0), jnp.float32(500.0), seen.feed_t_per_h, seen.cot_c,
                seen.steam_ratio, seen.piona).tube_c  # fmt: skip
    read_5mm = panel(tube_c=float(hot))
    zero = jnp.zeros(())
    coke_mm, readings = estimate(LIQUID, zero, zero, read_5mm.piona, read_5mm)
    assert float(coke_mm) == pytest.approx(5.0, abs=0.01)
    assert readings == 1
    # After many readings one that is 13 C off moves it by a tenth of a mm only.
    off = panel(tube_c=float(hot) + 13.0)
    moved, _ = estimate(LIQUID, jnp.float32(5.0), jnp.float32(500.0), off.piona, off)
    assert 0.05 < float(moved) - 5.0 < 0.2
    clean, certain = estimate(
        LIQUID, jnp.float32(5.0), readings, seen.piona, panel(feed=0.0, left=20.0)
    )
    assert clean == 0.0
    assert certain > 100


def test_it_is_a_plant():
    assert isinstance(PLANT, Plant)
    assert FurnaceWithinEnvelope(Furnace(horizon=1440)) == PLANT
    assert hash(PLANT) == hash(FurnaceWithinEnvelope(Furnace(horizon=1440)))
