"""The centre's page: true numbers, pictures that can be drawn of anything that may happen."""

import functools

import jax
import numpy as np
import pytest

from shiftwork.errors import UserError
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.load import load_scenario
from shiftwork.plants.centre.market import Account
from shiftwork.plants.centre.state import DECOKING, QUEUED, STAND_BY
from shiftwork.plants.centre.trace import one_copy, profit_usd, run_centre
from shiftwork.plants.cracker.yields import PRODUCTS
from shiftwork.plants.drawing.centre_scene import scene_of
from shiftwork.plants.run_team import episode_keys
from shiftwork.reports.centre.gantt import gantt
from shiftwork.reports.centre.page import ITEMS, centre_page, sums_of
from shiftwork.reports.centre.plant_picture import plant_picture, scene_at
from shiftwork.reports.centre.shown import daily, spans, thinned
from shiftwork.reports.paper.style import save
from shiftwork.yardsticks.simple import RandomLegal
from support.compile_options import QUICK
from support.page_reader import read_page


@functools.lru_cache(maxsize=1)
def episode():
    """A small centre and ten days of it, run by chance."""
    plant = Centre(load_scenario("centre-small"))
    run = jax.jit(
        jax.vmap(lambda key: run_centre(plant, RandomLegal(), key)), compiler_options=QUICK
    )
    return plant, one_copy(run(jax.random.split(jax.random.key(3), 1)), 0)


def test_the_sums_are_those_of_the_hours():
    plant, trace = episode()
    found = sums_of(plant, trace)
    account = trace.hours.account
    assert found.hours == 240
    assert found.profit_usd_per_h == pytest.approx(float(np.mean(profit_usd(account))), abs=0.5)
    costs = sum(found.items_usd_per_h[name] for name in ITEMS)
    assert found.items_usd_per_h["margin"] - costs == pytest.approx(found.profit_usd_per_h)
    assert set(ITEMS) | {"margin"} == set(Account._fields)
    ethylene = trace.hours.products_t[:, PRODUCTS.index("ethylene")].sum()
    assert found.ethylene_t == pytest.approx(float(ethylene), rel=1e-5)
    costs_of = plant.scenario.costs
    assert found.switches * costs_of.switch_usd == pytest.approx(float(account.switch.sum()))
    assert found.shortage_h * costs_of.shortage_usd_per_h == pytest.approx(
        float(account.shortage.sum())
    )
    assert found.decokes * costs_of.decoke_usd == pytest.approx(float(account.decoke.sum()))
    # Chance does enough for most of this to say something.
    assert min(found.switches, found.shortage_h, found.demurrage_h) > 0


def test_the_page_tells_the_sums_and_who_ran_it(tmp_path):
    plant, trace = episode()
    found = centre_page(plant, trace, tmp_path / "page.html", "<b>nobody</b> & chance")
    text, _ = read_page((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert "centre-small, run by <b>nobody</b> & chance" in text
    assert f"{found.profit_usd_per_h:,.0f} $ of profit an hour" in text
    assert f"{found.ethylene_t:,.0f} t of ethylene" in text
    assert f"−{found.items_usd_per_h['demurrage']:,.0f}" in text
    assert "no plant was measured" in text


def test_a_page_that_cannot_be_written_is_one_line(tmp_path):
    plant, trace = episode()
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        centre_page(plant, trace, tmp_path / "file" / "page.html")


def test_lanes_are_named_and_ships_carry_their_numbers():
    plant, trace = episode()
    axes = gantt(plant, trace).axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert [name for name in names if name] == [
        "at anchor", "berth", "tank T1", "tank T2", "furnace 1", "furnace 2",
    ]  # fmt: skip
    told = {text.get_text() for text in axes.texts}
    at_berth = {str(ship + 1) for ship in np.unique(trace.hours.ship) if ship >= 0}
    assert at_berth <= told
    assert axes.get_xlim() == (0.0, 10.0)


def test_every_state_of_ships_tanks_and_furnaces_can_be_drawn(tmp_path):
    plant, trace = episode()
    words = set()
    for hour in range(0, 240, 12):
        figure = plant_picture(plant, trace, hour)
        words |= {text.get_text() for text in figure.axes[0].texts}
    assert {"at sea", "at anchor", "released", "feed"} <= {
        word for text in words for word in (text, text.split(", ")[-1])
    }
    hours = trace.hours._replace(mode=trace.hours.mode.copy())
    hours.mode[100] = [STAND_BY, QUEUED]
    hours.mode[101] = [DECOKING, DECOKING]
    told = [
        {t.get_text() for t in plant_picture(plant, trace._replace(hours=hours), h).axes[0].texts}
        for h in (100, 101)
    ]
    assert {"stand-by", "too hot"} <= told[0]
    assert "decoke" in told[1]
    save(figure, tmp_path / "plant.png")
    assert (tmp_path / "plant.png").stat().st_size > 10_000


def test_state_and_trace_show_the_same_plant():
    plant, trace = episode()
    # The first step of the same episode: what was decided is in force an hour later.
    reset_key = episode_keys(plant, jax.random.split(jax.random.key(3), 1)[0])[0]
    state = jax.device_get(jax.jit(plant.reset, compiler_options=QUICK)(reset_key).state)
    one, other = scene_of(plant, state), scene_at(plant, trace, 0)
    for name in ("full", "paraffins", "rest_h", "feed_t_per_h", "cot_c", "tube_c", "clean_h",
                 "prices"):  # fmt: skip
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-5)
    for ship, same in zip(one.announced, other.announced, strict=True):
        assert ship == pytest.approx(same, rel=1e-5)
    assert len(one.anchored) == len(other.anchored)


def test_stretches_days_and_thinning():
    assert spans(np.array([True, True, False, True])) == [(0.0, 2 / 24), (3 / 24, 1 / 24)]
    assert spans(np.zeros(5, bool)) == []
    np.testing.assert_array_equal(daily(np.ones(50)), [24.0, 24.0])
    kept = thinned(np.arange(2160))
    assert len(kept) <= 721
    assert kept[0] == 0
    assert kept[-1] == 2159
