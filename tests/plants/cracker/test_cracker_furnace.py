import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shiftwork.errors import UserError
from shiftwork.plants.cracker.feed import HEAVY, LIGHT, OPEN
from shiftwork.plants.cracker.furnace import GAS, LIQUID, Cracked, crack, crack_ethane
from shiftwork.plants.cracker.prices import LEADERS, TYPICAL, Prices, margin_per_h, prices_of
from shiftwork.plants.cracker.yields import ETHYLENE, PRODUCTS

USUAL = {"coke_mm": 0.0, "clean_h": 500.0, "feed": 47.0, "cot": 840.0, "steam": 0.5}
CRACK = jax.jit(crack, static_argnums=0)
CRACK_ETHANE = jax.jit(crack_ethane, static_argnums=0)


def cracked(piona=OPEN, design=LIQUID, **changed):
    values = (jnp.asarray(v, jnp.float32) for v in (USUAL | changed).values())
    return CRACK(design, *values, jnp.asarray(piona))


def test_activation_energy_counts_from_the_design_point_and_heat_of_reaction_everywhere():
    eager = dataclasses.replace(LIQUID, coking_kj_per_mol=220.0)
    hot, cool = {"cot": 860.0}, {"cot": 820.0}
    for point, more in ((hot, True), (cool, False)):
        usual, other = cracked(**point), cracked(design=eager, **point)
        assert (other.coke_mm_per_h > usual.coke_mm_per_h) == more
        assert other.tube_c == usual.tube_c
    warm = dataclasses.replace(LIQUID, reaction_heat=1.1)
    usual, other = cracked(coke_mm=5.0), cracked(design=warm, coke_mm=5.0)
    assert 5.0 < other.tube_c - usual.tube_c < 30.0
    assert other.fuel_gj_per_h > usual.fuel_gj_per_h
    assert jnp.array_equal(other.products_t_per_h, usual.products_t_per_h)


@jax.jit
def run_4h(feed, cot, steam, piona):
    """From clean tubes on, every 4 h for 200 days: tube temperature and fuel."""

    def step(carry, _):
        coke_mm, clean_h = carry
        now = crack(LIQUID, coke_mm, clean_h, feed, cot, steam, piona)
        return (coke_mm + 4 * now.coke_mm_per_h, clean_h + 4), (now.tube_c, now.fuel_gj_per_h)

    zero = jnp.zeros(())
    return jax.lax.scan(step, (zero, zero), None, length=1200)[1]


def run(feed=47.0, cot=840.0, steam=0.5, piona=OPEN):
    """Days to the limit, and the tube temperatures and fuel until then."""
    tube_c, fuel = map(np.asarray, run_4h(*(jnp.asarray(v) for v in (feed, cot, steam, piona))))
    end = int((tube_c < LIQUID.tube_limit_c).sum())
    assert end < len(tube_c)
    return end / 6, tube_c[:end], fuel[:end]


def test_a_run_at_normal_load_lasts_40_to_70_days_and_warms_by_2_c_a_day():
    days, tube_c, fuel = run()
    assert 40 < days < 70
    assert 960 < tube_c[0] < 1000
    later = tube_c[4 * 6 :]
    assert (later[-1] - later[0]) / (len(later) / 6) == pytest.approx(2.0, abs=0.4)
    assert 1.01 < fuel[-1] / fuel[0] < 1.02
    assert tube_c[0] == pytest.approx(LIQUID.clean_tube_c, abs=1.0)


@pytest.mark.parametrize("cot", [820.0, 830.0, 840.0, 850.0])
def test_ten_degrees_of_cot_cost_12_to_18_percent_of_the_run(cot):
    before, after = run(cot=cot)[0], run(cot=cot + 10)[0]
    assert 0.12 < 1 - after / before < 0.18


def test_rings_load_and_little_steam_shorten_the_run():
    days = run()[0]
    assert run(piona=LIGHT)[0] > days + 10
    assert run(feed=49.0)[0] < days - 2
    assert run(steam=0.4)[0] < days - 5
    richer = OPEN + np.array([-0.06, 0.0, 0.0, 0.0, 0.06], np.float32)
    assert run(piona=richer)[0] < days - 3


def test_load_and_cot_and_coke_raise_the_tube_temperature():
    base = cracked().tube_c
    assert cracked(feed=49.0).tube_c > base + 1
    assert cracked(cot=850.0).tube_c > base + 3
    per_mm = cracked(coke_mm=1.0).tube_c - base
    assert per_mm == pytest.approx(LIQUID.layer_c_per_mm, rel=0.03)


def test_catalytic_coking_dies_out_in_2_to_4_days():
    fresh, two, four, later = (cracked(clean_h=h).coke_mm_per_h for h in (0.0, 48.0, 96.0, 1e4))
    assert fresh > 3 * later
    assert two / later > 1.1
    assert four / later < 1.1


def test_heat_of_reaction_and_firing_are_those_of_naphtha_cracking():
    now = cracked()
    assert 4.5 < now.fuel_gj_per_h / 47.0 < 6.5  # GJ per tonne
    assert cracked(cot=850.0).fuel_gj_per_h > now.fuel_gj_per_h
    assert cracked(steam=0.6).fuel_gj_per_h > now.fuel_gj_per_h
    assert now.steam_t_per_h == pytest.approx(23.5)
    assert now.products_t_per_h[ETHYLENE] == pytest.approx(0.296 * 47, abs=0.3)


def test_more_flow_passes_faster_and_is_cracked_less():
    slow, fast = cracked(feed=35.0), cracked(feed=49.0)
    assert cracked().residence_s == pytest.approx(0.30, abs=1e-4)
    assert slow.residence_s == pytest.approx(0.30 * 47 / 35, abs=1e-3)
    assert fast.products_t_per_h[ETHYLENE] / 49 < slow.products_t_per_h[ETHYLENE] / 35
    assert cracked(feed=1.0).residence_s == pytest.approx(0.6)


@pytest.mark.parametrize("ethane", [False, True], ids=["naphtha", "ethane"])
def test_hot_standby_has_no_flows_and_no_coking(ethane):
    values = [jnp.asarray(v, jnp.float32) for v in (USUAL | {"feed": 0.0}).values()]
    now = CRACK_ETHANE(GAS, *values) if ethane else cracked(feed=0.0)
    assert (now.products_t_per_h == 0).all()
    assert now.fuel_gj_per_h == now.steam_t_per_h == now.coke_mm_per_h == 0
    assert np.isfinite(jax.tree.leaves(now)[3])
    assert now.tube_c < LIQUID.clean_tube_c


def test_the_gas_furnace_converts_ethane_and_cokes_as_slowly():
    values = [jnp.asarray(v, jnp.float32) for v in (0.0, 500.0, 12.0, 845.0, 0.33)]
    now = CRACK_ETHANE(GAS, *values)
    left = now.products_t_per_h[PRODUCTS.index("ethane")] / 12.0
    assert 0.30 < left < 0.40
    assert 960 < now.tube_c < 1000
    days = (GAS.tube_limit_c - now.tube_c) / (24 * now.coke_mm_per_h * GAS.layer_c_per_mm)
    assert 40 < days < 100
    assert now.products_t_per_h.sum() == pytest.approx(12.0, rel=1e-6)


@settings(max_examples=150, deadline=None)
@given(
    coke_mm=st.floats(0.0, 30.0),
    clean_h=st.floats(0.0, 1e4),
    feed=st.floats(0.0, 80.0, width=32),
    cot=st.floats(600.0, 1000.0),
    steam=st.floats(0.1, 1.5),
    parts=st.lists(st.floats(0.01, 1.0), min_size=5, max_size=5),
)
def test_numbers_are_finite_and_mass_is_kept_at_any_conditions(parts, **conditions):
    piona = (np.array(parts) / np.sum(parts)).astype(np.float32)
    now = cracked(piona, **conditions)
    for value in jax.tree.leaves(now):
        assert np.isfinite(value).all()
    assert (now.products_t_per_h >= 0).all()
    assert now.coke_mm_per_h >= 0
    lost = now.products_t_per_h.sum() - conditions["feed"]
    assert abs(lost) <= 2e-6 * conditions["feed"] + 1e-30  # below which float32 has no digits


def test_furnaces_side_by_side_are_the_furnaces_alone():
    feed = jnp.array([0.0, 30.0, 47.0])
    piona = jnp.stack([jnp.asarray(p) for p in (LIGHT, OPEN, HEAVY)])
    steam, cot = jnp.array([0.4, 0.5, 0.6]), jnp.array([800.0, 840.0, 860.0])
    coke, clean = jnp.array([0.0, 3.0, 8.0]), jnp.array([0.0, 100.0, 1000.0])
    together = CRACK(LIQUID, coke, clean, feed, cot, steam, piona)
    for i in range(3):
        alone = CRACK(LIQUID, coke[i], clean[i], feed[i], cot[i], steam[i], piona[i])
        jax.tree.map(
            lambda a, b, i=i: np.testing.assert_allclose(a[i], b, rtol=1e-5), together, alone
        )


def test_one_feed_serves_all_furnaces():
    one = CRACK(LIQUID, *(jnp.full(2, v) for v in USUAL.values()), jnp.asarray(OPEN))
    np.testing.assert_allclose(one.tube_c, cracked().tube_c, rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"feed_low_t_per_h": 50.0}, "feed_low_t_per_h"),
        ({"design_feed_t_per_h": 60.0}, "design_feed_t_per_h"),
        ({"cot_low_c": 900.0}, "cot_low_c"),
        ({"design_cot_c": 700.0}, "design_cot_c"),
        ({"steam_low": 0.8}, "steam_low"),
        ({"cot_high_c": 1150.0}, "cot_high_c"),
        ({"tube_limit_c": 950.0}, "tube_limit_c"),
        ({"decoke_h": 0.0}, "decoke_h"),
        ({"steam_high": -1.0}, "steam_high"),
        ({"coke_mm_per_h": float("nan")}, "coke_mm_per_h"),
        ({"feed_high_t_per_h": float("inf")}, "feed_high_t_per_h"),
        ({"decoke_h": True}, "decoke_h"),
    ],
)
def test_impossible_designs_are_refused_by_the_key(change, key):
    with pytest.raises(UserError, match=rf"{key}.*; (set|move|give) ") as caught:
        dataclasses.replace(LIQUID, **change)
    assert "\n" not in str(caught.value)


def test_margin_by_hand():
    now = cracked()
    prices = TYPICAL
    by_hand = sum(
        float(t) * float(p) for t, p in zip(now.products_t_per_h, prices.products, strict=True)
    )
    by_hand -= 47 * 632 + float(now.fuel_gj_per_h) * 7 + 23.5 * 14
    assert margin_per_h(now, jnp.float32(47), prices) == pytest.approx(by_hand, rel=1e-4)


def test_products_are_priced_by_the_leader_that_they_follow():
    leaders = jnp.array([600.0, 900.0, 1000.0, 1100.0, 8.0])
    prices = prices_of(leaders)
    named = dict(zip(PRODUCTS, map(float, prices.products), strict=True))
    assert LEADERS == ("naphtha", "ethylene", "propylene", "butadiene", "fuel")
    assert (named["ethylene"], named["propylene"], named["butadiene"]) == (900, 1000, 1100)
    assert named["methane"] == 400
    assert named["hydrogen"] == 960
    assert named["other pygas"] == pytest.approx(570)
    assert (float(prices.naphtha), float(prices.steam_per_t)) == (600, 16)
    assert prices_of(jnp.tile(leaders, (3, 2, 1))).products.shape == (3, 2, 11)


def test_margins_of_many_conditions_at_many_prices_are_summed_rightly():
    # jax 0.10.2 compiles the plain sum of products wrongly at this size, without an error.
    keys = jax.random.split(jax.random.key(0), 4)
    products = jax.random.uniform(keys[0], (3, 672, 11))
    flows = jax.random.uniform(keys[1], (3, 3, 672))
    price = jax.random.uniform(keys[2], (48, 11))
    others = jax.random.uniform(keys[3], (3, 48))

    def margins(products, flows, price, others):
        feed, fuel, steam = flows[:, None]
        nothing = jnp.zeros_like(feed)
        made = Cracked(products[None], fuel, steam, nothing, nothing, nothing)
        naphtha, per_gj, per_t = others[:, :, None, None]
        prices = Prices(naphtha, price[:, None, None], per_gj, per_t)
        return margin_per_h(made, feed, prices)

    got = jax.jit(margins)(products, flows, price, others)
    products, flows, price, others = (
        np.asarray(x, np.float64) for x in (products, flows, price, others)
    )
    bought = np.einsum("xij,xk->kij", flows, others)
    want = np.einsum("ijp,kp->kij", products, price) - bought
    np.testing.assert_allclose(got, want, atol=1e-4)
