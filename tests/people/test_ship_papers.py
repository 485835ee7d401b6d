"""Ship papers and occasions: all that people knew or could decide, and nothing that they did not."""

from datetime import UTC, datetime

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.people.centre.export import begin_of
from shiftwork.people.centre.shift_log import occasions, shift_log
from shiftwork.people.centre.ship_papers import ship_papers
from shiftwork.people.centre.signals import CLASSES_SHOWN
from shiftwork.plants.centre.harbour import expected_h
from support.people_builders import small_years


@pytest.fixture(scope="module")
def year():
    plant, traces = small_years()
    begin = begin_of(0)
    papers = ship_papers(plant, traces[0], begin)
    rows = papers.to_dicts()
    for row in rows:
        row["hour"] = (row["timestamp"] - begin).total_seconds() / 3600
        told = datetime.strptime(row["expected"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        row["expected_h"] = (told - begin).total_seconds() / 3600
    return plant, traces[0], begin, rows


def test_the_latest_paper_tells_the_arrival_as_the_plant_announces_it(year):
    _, trace, _, rows = year
    hours = np.arange(len(trace.hours.hour))
    told = np.asarray(jax.vmap(lambda hour: expected_h(trace.ships, hour))(jnp.asarray(hours)))
    checked = 0
    for hour in hours:
        latest = {row["ship"]: row for row in rows if row["hour"] <= hour}
        for ship, row in latest.items():
            if row["paper"] == "arrived":
                assert trace.ships.arrival_h[ship - 1] <= hour
                assert row["expected_h"] == pytest.approx(
                    max(trace.ships.arrival_h[ship - 1], 0), abs=0.01
                )
                continue
            assert trace.ships.arrival_h[ship - 1] > hour
            assert row["expected_h"] == pytest.approx(told[hour, ship - 1], abs=0.01)
            checked += 1
    assert checked > 50
    # Whoever lies at anchor or at a berth has arrived by its papers.
    arrived = {row["ship"] for row in rows if row["paper"] == "arrived"}
    assert arrived == set(np.flatnonzero(trace.ships.arrival_h < len(hours)) + 1)


def test_nobody_knows_a_ship_before_it_is_nominated_or_the_truth_about_its_cargo(year):
    plant, trace, _, rows = year
    ahead = 24 * plant.scenario.ships.nominated_d
    first = {}
    for row in rows:
        first.setdefault(row["ship"], row)
        ship = row["ship"] - 1
        assert row["hour"] >= min(trace.ships.planned_h[ship] - ahead, trace.ships.arrival_h[ship])
        for name, column in CLASSES_SHOWN.items():
            assert row[name] == pytest.approx(100 * trace.ships.declared[ship, column], abs=0.006)
        assert (row["laytime_ends"] is None) == (row["paper"] != "arrived")
    assert {row["paper"] for row in first.values()} <= {"nominated", "arrived"}
    assert [row["hour"] for row in rows] == sorted(row["hour"] for row in rows)


def test_every_occasion_is_listed_and_the_log_tells_the_changes_among_them(year):
    plant, trace, begin, _ = year
    every = occasions(plant, trace, begin)
    assert len(every) == int(trace.hours.decided.sum())
    named = set(every.select("timestamp", "task").rows())
    log = shift_log(plant, trace, begin)
    told = log.filter(log["note"].fill_null("") != "forced").select("timestamp", "task").rows()
    assert set(told) <= named
    for agent, name in enumerate(plant.agents):
        mine = every.filter(every["task"] == name)["decision"].to_list()
        hours = np.flatnonzero(trace.hours.decided[:, agent])
        chosen = np.asarray(trace.hours.macro_action)[hours, agent]
        assert mine == [plant.macro_actions[agent][m] for m in chosen]
