from contextlib import closing
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from shiftwork.errors import UserError
from shiftwork.operation.history import History
from shiftwork.operation.history_rows import DAY_US
from shiftwork.operation.samples import Sample
from shiftwork.records.historian.cut import cut_episodes
from shiftwork.records.historian.grid import to_grid
from shiftwork.records.historian.plant_file.load import parse_plant
from shiftwork.records.historian.samples import read_samples
from shiftwork.records.historian.values.quality import BAD, UNCERTAIN
from support.postgres import postgres  # noqa: F401

PLANT = """
name = "kettle"
period = "1min"
[objective]
expression = "heat"
[tags.heat]
source = "TI1.PV"
role = "observation"
max_age = "5min"
[tags.power]
source = "TIC1.SP"
role = "action"
bounds = [0.0, 10.0]
[tags.run]
source = "RUN"
role = "state"
"""
BEGIN = 20_000 * DAY_US
MINUTE = 60_000_000


@pytest.fixture
def plant():
    return parse_plant(PLANT, Path("kettle.toml"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request):
    """What the plant file says of a database; each test has one of its own."""
    if request.param == "sqlite":
        return ""
    return request.getfixturevalue("postgres").another()


@pytest.fixture
def history(tmp_path, plant, database):
    with closing(History(tmp_path, plant, database)) as opened:
        yield opened


def operated(history, minutes, begin=BEGIN):
    """A day as operate would see it: one sensor failure, one uncertain value, held set-points."""
    rng = np.random.default_rng(0)
    heat = rng.normal(50, 5, minutes)
    power = np.repeat(rng.uniform(0, 10, minutes // 10 + 1), 10)[:minutes]
    for i in range(minutes):
        sample = Sample(float(heat[i]), UNCERTAIN if i == 30 else 0)
        if i in (40, 41):
            sample = Sample(None, BAD)
        seen = {"heat": sample, "power": Sample(float(power[i])), "run": Sample(None, state="RUN")}
        history.add(begin + i * MINUTE, seen)
    return heat, power


def test_a_day_that_was_operated_is_read_by_our_own_importer_bit_by_bit(history, plant):
    heat, power = operated(history, 1440)
    assert history.close_days(BEGIN + DAY_US - 1) == []
    [file] = history.close_days(BEGIN + DAY_US)
    assert file.name == "2024-10-04.parquet"
    grid = to_grid(read_samples([file], plant), plant)
    known = np.ones(1440, bool)
    known[[40, 41]] = False
    column = dict(zip(grid.keys, grid.value.T, strict=True))
    np.testing.assert_array_equal(column["heat"][known], heat[known])
    assert np.isnan(column["heat"][~known]).all()
    np.testing.assert_array_equal(column["power"], power)
    assert grid.states["run"].unique().to_list() == ["RUN"]
    assert grid.uncertain[30, 0]
    # It is enough to learn from.
    cut = cut_episodes(grid, plant)
    assert len(cut.episodes.action) > 1000


def test_held_tags_are_kept_on_change_and_often_enough_to_stay_known(history):
    operated(history, 1440)
    states = history.recent("run", 0)
    assert 2 <= len(states) <= 4
    assert len(history.recent("power", 0)) == len(history.recent("heat", 0)) == 1440


def test_closed_days_leave_sqlite_and_a_crash_between_loses_nothing(tmp_path, history):
    operated(history, 60)
    operated(history, 60, BEGIN + DAY_US)
    real = history._store.remove
    history._store.remove = crash
    with pytest.raises(KeyboardInterrupt):
        history.close_days(BEGIN + 2 * DAY_US)
    history._store.remove = real
    first = pl.read_parquet(tmp_path / "2024-10-04.parquet")
    files = history.close_days(BEGIN + 2 * DAY_US)
    assert [file.name for file in files] == ["2024-10-04.parquet", "2024-10-05.parquet"]
    assert pl.read_parquet(files[0]).equals(first)
    assert history.recent("heat", 0) == []
    assert history.close_days(BEGIN + 2 * DAY_US) == []


def crash(*_):
    raise KeyboardInterrupt


def test_a_folder_that_holds_something_else_is_refused(tmp_path, plant):
    (tmp_path / "history.sqlite").write_text("no database at all" * 100)
    with pytest.raises(UserError, match="cannot hold a history"):
        History(tmp_path, plant)
