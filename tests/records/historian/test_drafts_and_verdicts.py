"""Drafted periods that fit the samples, pauses that are not compression, and moves that are rare but tell."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import numpy as np
import pytest

from shiftwork.cli.record_verbs import inspect_export
from shiftwork.records.historian.draft import draft_plant_file
from shiftwork.records.historian.plant_file.load import load_reading_rules, parse_plant
from support.export_builders import lines, write

START = datetime(2025, 3, 14)
PLANT = """
name = "case"
period = "1min"
[objective]
expression = "0 - abs(ti - 50)"
[episodes]
length = "4h"
[tags.ti]
role = "observation"
[tags.valve]
role = "action"
bounds = [0, 100]
"""


@pytest.mark.parametrize(
    ("step_s", "period"),
    [(20, "20s"), (60, "1min"), (90, "90s"), (420, "7min"), (900, "15min"), (3600, "1h")],
)
def test_a_drafted_period_has_a_sample_of_its_own(step_s, period, tmp_path):
    rows = [f"{START + timedelta(seconds=step_s * i)},{i % 7},{i % 5}" for i in range(40)]
    text = draft_plant_file([write(tmp_path, "a.csv", lines("time,TI1,valve", *rows))]).text
    assert f'period = "{period}"' in text


@pytest.mark.parametrize("reason", ["order", "decimal", "quality"])
def test_a_draft_that_could_not_read_says_why(reason, tmp_path):
    row = {"order": "03/04/2025,1", "decimal": '2025-03-04,"1,234"', "quality": "2025-03-04,1"}[
        reason
    ]
    header, more = ("time,TI1,quality", ",3") if reason == "quality" else ("time,TI1", "")
    draft = draft_plant_file([write(tmp_path, "a.csv", lines(header, row + more))])
    assert reason in draft.problem
    assert draft.problem[:30] in draft.text


DRAFTED = {
    "a calendar": ("time,TI1", "2568-03-04 00:00,1", "2568-03-04 00:01,2", 'calendar = "buddhist"'),
    "an order": ("time,TI1", "03/04/2025 00:00,1", "03/04/2025 00:01,2", 'order = "day first"'),
    "a start": (
        "time (s),TI1",
        "0,1",
        "60,2",
        'time_format = "elapsed_s"\nstart = "2025-03-04 00:00"',
    ),
    "a column of time": (
        "when,then,TI1",
        "2025-03-04,2025-03-05,1",
        "2025-03-05,2025-03-06,2",
        'time = "when"',
    ),
    "a separator": ("time^TI1", "2025-03-04 00:00^1", "2025-03-04 00:01^2", 'separator = "^"'),
}


@pytest.mark.parametrize("name", DRAFTED)
def test_a_draft_that_is_given_the_key_which_it_asked_for_reads_the_values(name, tmp_path):
    *rows, key = DRAFTED[name]
    path = write(tmp_path, "a.csv", lines(*rows))
    known = write(tmp_path, "known.toml", f"[export]\n{key}\n")
    draft = draft_plant_file([path], load_reading_rules(known))
    assert draft.problem == ""
    assert "the data reach from 1 to 2" in draft.text
    assert key.partition("\n")[0] in draft.text


def inspected(tmp_path, minutes, ti, valve) -> str:
    rows = [
        f"{START + timedelta(minutes=int(m))},{t:.3f},{v:.2f}"
        for m, t, v in zip(minutes, ti, valve, strict=True)
    ]
    path = write(tmp_path, "a.csv", lines("time,ti,valve", *rows))
    inspect_export([str(path)], parse_plant(PLANT, tmp_path / "p.toml"), tmp_path / "i")
    return json.dumps(json.loads((tmp_path / "i" / "inspection.json").read_text(encoding="utf-8")))


def lagged(valve: np.ndarray, lag_min: float, noise: float) -> np.ndarray:
    """A first-order plant that follows its valve."""
    rng = np.random.default_rng(3)
    found, level = [], valve[0]
    for target in valve:
        level += (target - level) / lag_min
        found.append(level + rng.normal(0, noise))
    return np.array(found)


@pytest.mark.slow
@pytest.mark.parametrize(("lag_min", "moves"), [(5, 120), (15, 100), (30, 80)])
def test_rare_moves_that_tell_are_not_called_hopeless(lag_min, moves, tmp_path):
    rng = np.random.default_rng(1)
    valve = np.repeat(rng.uniform(20, 80, moves), 60)
    page = inspected(tmp_path, np.arange(len(valve)), lagged(valve, lag_min, 0.3), valve)
    assert "imitation only" not in page
    assert "nothing shows which move" not in page


@pytest.mark.slow
@pytest.mark.parametrize("weeks", [1, 3, 6])
def test_campaigns_weeks_apart_are_not_compression(weeks, tmp_path):
    rng = np.random.default_rng(2)
    minutes = np.concatenate([np.arange(600) + run * weeks * 7 * 1440 for run in range(3)])
    valve = np.repeat(rng.uniform(20, 80, 90), 20)
    page = inspected(tmp_path, minutes, lagged(valve, 5, 0.3), valve)
    assert "dead-band hides" not in page
    assert " d'" not in page
