"""The furnace's accounts: the market's luck is out, coke is charged as it grows, and no sum shifts."""

from functools import cache
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.people.furnace.people import run_by_people, to_episodes
from shiftwork.plants.cracker.furnace import LIQUID
from shiftwork.plants.cracker.furnace_plant import (
    DECOKE_COST_KUSD,
    STEP_H,
    SWING_RATE,
    TRIP_H,
    Furnace,
    read,
)
from shiftwork.plants.cracker.standard import (
    FurnaceAgainstStandard,
    accounted,
    against_standard,
    coke_kusd_per_mm,
    first_provision,
    idle_kusd_per_h,
    next_provision,
    standard_margin,
)
from shiftwork.records.episodes import Episodes
from support.compile_options import QUICK

PLANT = Furnace(horizon=1080)


@cache
def records() -> Episodes:
    """Half a year of four furnaces."""
    return to_episodes(PLANT, run_by_people(PLANT, jax.random.key(4), 4))


@cache
def accounts() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Standard, growth of the provision, and decoke hours left after each step, (4, H) each."""
    rows = records().transitions
    last = jnp.asarray(rows.last, jnp.float32)
    usual, growth = accounted(
        LIQUID, jnp.asarray(rows.observation), jnp.asarray(rows.next_observation), last
    )
    left = rows.next_observation[:, 5]
    return tuple(np.asarray(x).reshape(4, -1) for x in (usual, growth, left))


def panel(run_h=500.0, left=0.0, feed=47.0, cot=840.0, steam=0.5):
    """A panel by hand, feed B."""
    naphtha, prices = [59.0, 13.0, 0.0, 20.0, 8.0], [632.0, 860.0, 980.0, 1050.0, 7.0]
    return read(jnp.array([feed, cot, steam, 1040.0, run_h, left, *naphtha, *prices, 29.0, 15.0]))


@pytest.mark.slow
def test_the_reward_is_margin_less_standard_less_growth_of_the_provision():
    usual, growth, _ = accounts()
    against = against_standard(records(), LIQUID)
    expected = records().reward - usual.ravel() - growth.ravel()
    assert np.allclose(against.reward, expected, atol=1e-3)
    # Most of the variance is gone.
    assert against.reward.std() < 0.4 * records().reward.std()


def test_over_a_run_from_decoke_to_decoke_the_provision_shifts_no_sum():
    _, growth, left = accounts()
    runs = 0
    for grown, hours in zip(growth, left, strict=True):
        ends = np.flatnonzero((hours[1:] == 0) & (hours[:-1] > 0)) + 1
        for begin, end in pairwise(ends):
            # From the first reading after a decoke to the first one after the next; what the new
            # run has set aside in the step that ends the decoke is all that differs.
            first, last = grown[begin + 1 : end + 1], grown[begin]
            assert abs(first.sum()) < 8.0
            assert np.abs(first).sum() > 200.0
            assert abs(last) < 30.0
            runs += 1
    assert runs >= 4


def test_at_design_a_run_sets_one_usual_decoke_aside():
    seen = panel()
    grown = float(next_provision(LIQUID, jnp.float32(50.0), seen, seen)) - 50.0
    steps = LIQUID.coke_room_mm / (LIQUID.coke_mm_per_h * STEP_H)
    lost_h = LIQUID.decoke_h + LIQUID.design_feed_t_per_h / SWING_RATE
    decoke = DECOKE_COST_KUSD + lost_h * float(idle_kusd_per_h(LIQUID))
    assert grown * steps == pytest.approx(decoke, rel=0.01)
    assert 100 < decoke < 250


def test_severity_is_charged_when_it_cokes_and_the_decoke_pays_it_back():
    gentle, harsh = panel(cot=820.0), panel(cot=860.0)
    mild = next_provision(LIQUID, jnp.float32(50.0), gentle, gentle)
    dear = next_provision(LIQUID, jnp.float32(50.0), harsh, harsh)
    assert dear - 50.0 > 1.2 * (mild - 50.0) > 0
    begun = next_provision(LIQUID, jnp.float32(150.0), panel(), panel(left=36.0, feed=23.0))
    assert float(begun) == pytest.approx(36.0 * float(idle_kusd_per_h(LIQUID)), rel=1e-5)
    half = next_provision(LIQUID, begun, panel(left=36.0, feed=0.0), panel(left=32.0, feed=0.0))
    assert float(begun - half) == pytest.approx(4.0 * float(idle_kusd_per_h(LIQUID)), rel=1e-4)
    # The loss of a trip is charged with it.
    tripped = next_provision(LIQUID, jnp.float32(150.0), panel(), panel(left=TRIP_H, feed=0.0))
    assert tripped == pytest.approx(2 * float(begun))
    over = panel(left=0.0, feed=20.0, run_h=2.0)
    assert 0 < next_provision(LIQUID, half, panel(left=4.0, feed=0.0), over) < 20.0


def test_the_account_opens_with_the_hours_run():
    room_h = LIQUID.coke_room_mm / LIQUID.coke_mm_per_h
    full = first_provision(LIQUID, panel(run_h=room_h))
    assert float(full) == pytest.approx(float(coke_kusd_per_mm(LIQUID)) * LIQUID.coke_room_mm)
    idle = first_provision(LIQUID, panel(left=10.0, run_h=room_h))
    assert float(idle) == pytest.approx(10 * float(idle_kusd_per_h(LIQUID)), rel=1e-5)


def test_the_plant_gives_the_records_rewards():
    plain, against = Furnace(), FurnaceAgainstStandard()
    state, seen = plain.reset(jax.random.key(1))
    kept, also = against.reset(jax.random.key(1))
    assert np.array_equal(np.asarray(seen), np.asarray(also))
    action = jnp.array([40.0, 830.0, 0.45, 1080.0])
    ours = jax.jit(against.step, compiler_options=QUICK)
    theirs = jax.jit(plain.step, compiler_options=QUICK)
    seens, rewards, plains = [seen], [], []
    for number in range(3):
        key = jax.random.key(number)
        mine, other = ours(kept, action, key), theirs(state, action, key)
        kept, state = mine.state, other.state
        rewards.append(float(mine.reward))
        plains.append(float(other.reward))
        seens.append(other.observation)
        assert np.array_equal(np.asarray(mine.observation), np.asarray(other.observation))
    last = jnp.array([0.0, 0.0, 1.0])
    usual, growth = accounted(LIQUID, jnp.stack(seens[:-1]), jnp.stack(seens[1:]), last)
    assert np.allclose(rewards, np.array(plains) - usual - growth, atol=1e-3)
    first = read(seen)
    standard = float(standard_margin(LIQUID, first.piona, first.leaders))
    assert float(usual[0]) == pytest.approx(standard, abs=1e-3)
