"""A team against people on the same episodes: figures counted again by hand, words only where it is sure."""

import functools

import jax
import numpy as np
import pytest

from shiftwork.errors import UserError
from shiftwork.evaluation.statistics import Interval
from shiftwork.plants.catalogue import make_team_plant
from shiftwork.plants.centre.state import CRACKING, DECOKING
from shiftwork.plants.centre.trace import profit_usd
from shiftwork.reports.centre.against import FIGURES, Against
from shiftwork.reports.centre.page import centre_page
from shiftwork.reports.centre.practice import AT_ONCE, Practice, Runs, practice_of, practices
from shiftwork.yardsticks.simple import RandomLegal
from support.page_reader import read_page

PLANT = make_team_plant("centre-small")
EPISODES = AT_ONCE + 2


@functools.lru_cache(maxsize=1)
def by_chance():
    return practices(PLANT, {"chance": RandomLegal()}, episodes=EPISODES, seed=5)["chance"]


@pytest.mark.slow
def test_figures_are_those_of_the_hours_counted_one_by_one():
    found, (ships, hours) = by_chance().practice, by_chance().first
    count = len(hours.hour)
    starts, ages, waits, apart, steps = 0, [], [], [], []
    for t in range(1, count):
        for f in range(PLANT.layout.furnaces):
            if hours.mode[t, f] == DECOKING != hours.mode[t - 1, f]:
                starts, ages = starts + 1, [*ages, hours.clean_h[t, f] / 24]
        for b in range(PLANT.layout.berths):
            tank, ship = hours.tank[t, b], hours.ship[t, b]
            if (
                tank >= 0
                and ship >= 0
                and (tank, ship) != (hours.tank[t - 1, b], hours.ship[t - 1, b])
            ):
                apart.append(50 * np.abs(hours.known[t, tank] - ships.declared[ship]).sum())
    for s, arrival in enumerate(ships.arrival_h):
        if arrival < count:
            uncalled = [t for t in range(count) if not hours.called[t, s]]
            waits.append(max(len(uncalled) - arrival, 0))
    for t in range(1, count):
        old, new = hours.macro_action[t - 1 : t + 1, PLANT.layout.berths]
        steps.append(old != new and old != 0 and new != 0)
    expected = {
        "profit": profit_usd(hours.account).mean(),
        "feed": hours.fed_t.mean(),
        "outlet": hours.cot_c[hours.mode == CRACKING].mean(),
        "cracking": 100 * (hours.mode == CRACKING).mean(),
        "decokes": starts,
        "run": np.mean(ages),
        "wait": np.mean(waits),
        "apart": np.mean(apart),
        "tanks": (hours.share > 0).sum(1).mean(),
        "recipes": sum(steps),
        "paraffins": 100 * hours.blend[:, :2].sum(1).mean(),
        "shortage": (~hours.fed).sum(),
    }
    assert starts > 0
    for name, value in expected.items():
        assert getattr(found, name)[0] == pytest.approx(float(value), rel=1e-4), name
    assert set(FIGURES) | {"profit", "account"} == set(Practice._fields)


@pytest.mark.slow
def test_every_episode_counts_once_and_is_that_of_evaluate():
    from shiftwork.evaluation.team_rollout import evaluate_team

    profit = by_chance().practice.profit
    assert profit.shape == (EPISODES,)
    again = evaluate_team(PLANT, RandomLegal(), EPISODES, 5).returns * 1e3 / PLANT.horizon
    np.testing.assert_allclose(profit, again, rtol=1e-3, atol=1.0)


@pytest.mark.slow
def test_what_never_happened_is_not_a_number():
    _, hours = trace = by_chance().first
    never = trace._replace(hours=hours._replace(mode=np.full_like(hours.mode, CRACKING)))
    one = jax.device_get(jax.jit(lambda t: practice_of(PLANT, t))(never))
    assert np.isnan(one.run)
    assert one.decokes == 0


def shifted(runs, **by):
    moved = {name: getattr(runs.practice, name) + more for name, more in by.items()}
    return Runs(runs.practice._replace(**moved), runs.first)


def page(against, tmp_path):
    out = tmp_path / "page.html"
    centre_page(PLANT, against.ours.first, out, "<b>the team</b>", against)
    return read_page(out.read_text(encoding="utf-8"))[0]


@pytest.mark.slow
def test_the_page_says_what_is_sure_in_words_and_no_more(tmp_path):
    base = by_chance()
    noise = np.random.default_rng(0).normal(size=EPISODES)
    ours = shifted(base, profit=100.0 + noise, run=3.0, wait=-2.0, stock=noise - noise.mean())
    text = page(Against(base, ours), tmp_path)
    assert "more than people" in text
    assert "It decokes 3.0 days later." in text
    assert "A ship is called 2.0 h sooner." in text
    assert "tanks' capacity in stock" not in text
    assert "<b>the team</b> does otherwise" in text
    worse = shifted(base, profit=-100.0 + noise, run=np.full(EPISODES, np.nan))
    text = page(Against(base, worse), tmp_path)
    assert "less than people" in text
    assert "days that a furnace had run" not in text


@pytest.mark.slow
def test_the_same_twice_differs_in_nothing(tmp_path):
    text = page(Against(by_chance(), by_chance()), tmp_path)
    assert "not to be told from people" in text
    assert "Nothing that is sure." in text
    assert Against(by_chance(), by_chance()).gain == Interval(0.0, 0.0, 0.0)


def test_one_episode_says_nothing():
    with pytest.raises(UserError, match="--episodes is 1; a comparison needs at least 2"):
        practices(PLANT, {}, episodes=1, seed=0)
