import csv
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shiftwork.plants.cracker.disturbances import TYPICAL_NAPHTHAS
from shiftwork.plants.cracker.feed import (
    CLASSES,
    HEAVY,
    LIGHT,
    OPEN,
    density_t_per_m3,
    hydrogen_content,
)
from shiftwork.plants.cracker.yields import (
    CONTROL_POINTS,
    ETHYLENE,
    OTHER_PYGAS,
    PRODUCT_HYDROGEN,
    PRODUCTS,
    PROPYLENE,
    PYGAS_HYDROGEN,
    ethane_yields,
    naphtha_yields,
    pygas_hydrogen,
    severity,
    to_plant_scale,
)

NAPHTHA = jax.jit(naphtha_yields)
PLANT_SCALE = jax.jit(lambda *inputs: to_plant_scale(naphtha_yields(*inputs)))
ETHANE = jax.jit(ethane_yields)
COT_C = jnp.linspace(780.0, 880.0, 101)

compositions = st.lists(st.floats(0.0, 1.0), min_size=5, max_size=5).filter(lambda x: sum(x) > 0.1)
anywhere = {
    "cot": st.floats(700.0, 1000.0),
    "steam": st.floats(0.05, 1.5),
    "time": st.floats(0.02, 2.0),
}


def f32(value):
    return jnp.asarray(value, jnp.float32)


def fractions(parts):
    return f32(np.array(parts) / np.sum(parts))


def along_cot(piona, steam=0.5, time=0.3, of=NAPHTHA):
    n = len(COT_C)
    return of(jnp.tile(f32(piona), (n, 1)), COT_C, jnp.full(n, steam), jnp.full(n, time))


@pytest.fixture(scope="module")
def tables():
    from benchmarks import cracker_fit

    return cracker_fit


def errors(compared, kind, product):
    return np.array([r["error"] for r in compared if (r["kind"], r["product"]) == (kind, product)])


def test_tables_are_met(tables):
    compared = tables.compare(jnp.asarray(CONTROL_POINTS), tables.tables())
    for product in ("ethylene", "propylene"):
        error = errors(compared, "yield", product)
        assert len(error) == 13
        assert np.abs(error).mean() < 0.7
    feed_b = [r for r in compared if r["case"] == "feed B"]
    assert len(feed_b) == 45
    assert max(abs(r["error"]) for r in feed_b) < 0.9
    hydrogen = errors(compared, "yield", "hydrogen")
    assert np.abs(hydrogen).max() < 0.05


def test_the_written_results_are_those_of_these_constants(tables):
    compared = tables.compare(jnp.asarray(CONTROL_POINTS), tables.tables())
    path = Path(tables.__file__).parent / "results" / "cracker_fit.csv"
    with path.open(newline="", encoding="utf-8") as file:
        written = list(csv.DictReader(file))
    assert len(written) == len(compared) == 64 + 9
    for row, old in zip(compared, written, strict=True):
        assert (row["case"], row["product"]) == (old["case"], old["product"])
        assert row["model"] == pytest.approx(float(old["model"]), abs=1e-3)


def test_sensitivities_have_the_tables_sign_and_size(tables):
    compared = tables.compare(jnp.asarray(CONTROL_POINTS), tables.tables())
    changes = [r for r in compared if r["kind"] == "change"]
    assert len(changes) == 9
    for row in changes:
        assert row["table"] * row["model"] > 0, row
        # Propylene near its maximum has a slope that is small and changes fast.
        assert abs(row["error"]) < max(0.25 * abs(row["table"]), 0.25), row


@settings(max_examples=200, deadline=None)
@given(parts=compositions, **anywhere)
def test_mass_is_kept_and_nothing_is_negative_anywhere(parts, cot, steam, time):
    conditions = (f32(cot), f32(steam), f32(time))
    for yields in (
        NAPHTHA(fractions(parts), *conditions),
        PLANT_SCALE(fractions(parts), *conditions),
        ETHANE(*conditions),
    ):
        assert yields.shape == (11,)
        assert np.isfinite(yields).all()
        assert (yields >= 0).all()
        assert abs(np.asarray(yields, np.float64).sum() - 1) < 1e-6


@settings(max_examples=50, deadline=None)
@given(one=compositions, other=compositions, share=st.floats(0.0, 1.0), **anywhere)
def test_yields_blend_linearly(one, other, share, cot, steam, time):
    one, other, conditions = fractions(one), fractions(other), (f32(cot), f32(steam), f32(time))
    blend = NAPHTHA(share * one + (1 - share) * other, *conditions)
    parts = share * NAPHTHA(one, *conditions) + (1 - share) * NAPHTHA(other, *conditions)
    np.testing.assert_allclose(blend, parts, atol=2e-6)


@settings(max_examples=50, deadline=None)
@given(
    parts=compositions,
    steam=st.floats(0.35, 0.7),
    time=st.floats(0.15, 0.5),
)
def test_every_composition_gives_more_ethylene_when_hotter(parts, steam, time):
    ethylene = along_cot(fractions(parts), steam, time)[:, ETHYLENE]
    assert (jnp.diff(ethylene) > -1e-6).all()


@settings(max_examples=50, deadline=None)
@given(
    weights=st.lists(st.floats(0.0, 1.0), min_size=3, max_size=3).filter(lambda x: sum(x) > 0.1),
    steam=st.floats(0.35, 0.7),
    time=st.floats(0.2, 0.45),
)
def test_naphthas_give_less_propylene_over_ethylene_when_hotter(weights, steam, time):
    yields = along_cot(fractions(weights) @ TYPICAL_NAPHTHAS, steam, time)
    ratio = yields[:, PROPYLENE] / yields[:, ETHYLENE]
    assert (jnp.diff(ratio) < 0).all()
    assert ratio[0] - ratio[-1] > 0.15


def test_paraffinic_naphtha_gives_more_ethylene_than_naphthenic_or_branched():
    n_paraffins, isoparaffins, _, naphthenes, aromatics = NAPHTHA(
        jnp.eye(5), jnp.full(5, 840.0), jnp.full(5, 0.5), jnp.full(5, 0.3)
    )[:, ETHYLENE]
    assert n_paraffins > 0.38
    assert 0.17 < naphthenes < 0.24
    assert 0.03 < isoparaffins < 0.12
    assert aromatics < 0.06


def test_severity_is_held_at_its_ends_and_the_residence_time_acts_like_heat():
    assert severity(f32(500.0), f32(0.3)) == 0
    assert severity(f32(1200.0), f32(0.3)) == 1
    longer = severity(f32(830.0), f32(0.3 * 1.2375))
    # exp(26160 K (1 / 1103.15 - 1 / 1113.15)) = 1.2375: ten degrees more.
    np.testing.assert_allclose(longer, severity(f32(840.0), f32(0.3)), atol=1e-4)


@pytest.mark.parametrize("piona", [LIGHT, OPEN, HEAVY], ids=["light", "open", "heavy"])
@pytest.mark.parametrize("scale", [NAPHTHA, PLANT_SCALE], ids=["tables", "plant"])
def test_hydrogen_and_carbon_close_for_naphthas(piona, scale):
    yields = along_cot(piona, of=scale)
    content, residual = pygas_hydrogen(hydrogen_content(f32(piona)), yields)
    np.testing.assert_allclose(residual, 0.0, atol=0.002)
    assert (content >= PYGAS_HYDROGEN[0] - 1e-6).all()
    assert (jnp.diff(content) < 1e-5).all()  # less and less unconverted paraffin

    known = np.nan_to_num(PRODUCT_HYDROGEN)
    known[OTHER_PYGAS] = 0.0
    hydrogen = (yields * known[None]).sum(-1) + yields[:, OTHER_PYGAS] * content
    np.testing.assert_allclose(hydrogen + residual, hydrogen_content(f32(piona)), atol=1e-6)


def test_plant_scale_has_the_levels_of_plants():
    yields = PLANT_SCALE(f32(OPEN), f32(840.0), f32(0.5), f32(0.3))
    wt = {name: 100 * float(y) for name, y in zip(PRODUCTS, yields, strict=True)}
    usual = {
        "ethylene": (28, 32),
        "propylene": (14, 17),
        "hydrogen": (0.9, 1.1),
        "methane": (14, 17),
        "butadiene": (4.5, 5.5),
        "butenes": (4, 5),
        "benzene": (5, 8),
        "toluene": (2.5, 4),
        "fuel oil": (3, 5),
    }
    for name, (low, high) in usual.items():
        assert low <= wt[name] <= high, name
    pygas = wt["benzene"] + wt["toluene"] + wt["other pygas"]
    assert 18 <= pygas <= 25.5


def test_plant_scale_leaves_ethylene_and_propylene():
    inputs = (f32(OPEN), f32(850.0), f32(0.4), f32(0.25))
    kept = jnp.array([ETHYLENE, PROPYLENE])
    np.testing.assert_array_equal(NAPHTHA(*inputs)[kept], PLANT_SCALE(*inputs)[kept])


def test_ethane_at_design_and_its_trends():
    yields = ETHANE(f32([840.0, 845.0, 850.0]), jnp.full(3, 0.33), jnp.full(3, 0.36))
    converted = 1 - yields[:, PRODUCTS.index("ethane")]
    selectivity = yields[:, ETHYLENE] / converted
    assert ((converted > 0.60) & (converted < 0.70)).all()
    np.testing.assert_allclose(selectivity, 0.80, atol=0.02)
    assert (jnp.diff(converted) > 0).all()
    assert (jnp.diff(selectivity) < 0).all()
    _, residual = pygas_hydrogen(0.2011, yields)
    np.testing.assert_allclose(residual, 0.0, atol=0.002)


def test_density_is_that_of_naphtha_and_volumes_add():
    densities = density_t_per_m3(f32(TYPICAL_NAPHTHAS))
    assert ((densities > 0.66) & (densities < 0.73)).all()
    assert (jnp.diff(densities) > 0).all()
    half = density_t_per_m3(f32([0.5, 0, 0, 0.5, 0]))
    np.testing.assert_allclose(half, 2 / (1 / 0.668 + 1 / 0.772), rtol=1e-6)


def test_constants_are_yields_of_every_class():
    assert CONTROL_POINTS.shape == (len(CLASSES), 5, len(PRODUCTS))
    assert (CONTROL_POINTS >= 0).all()
    np.testing.assert_allclose(CONTROL_POINTS.sum(-1), 1.0, atol=2e-7)
