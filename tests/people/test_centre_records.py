"""The export of simulated years: labelled, readable like any export, and true to what happened."""

import json

import numpy as np
import polars as pl
import pytest

from shiftwork.errors import UserError
from shiftwork.people.centre import export
from shiftwork.people.centre.export import BAD_TEXT, begin_of, compression_of, write_records
from shiftwork.people.centre.signals import next_ship_h, signals
from shiftwork.plants.centre.trace import profit_usd
from shiftwork.records.historian.cut import cut_episodes
from shiftwork.records.historian.grid import to_grid
from shiftwork.records.historian.plant_file.load import load_plant_file
from shiftwork.records.historian.samples import read_samples
from support.people_builders import small_years


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Plant, traces, files, and what is read back."""
    plant, years = small_years()
    folder = tmp_path_factory.mktemp("records") / "years"
    files = write_records(plant, years, folder)
    told = load_plant_file(files.plant)
    samples = read_samples([files.parquet.parent], told)
    return plant, years, files, told, samples, to_grid(samples, told)


@pytest.mark.slow
def test_everything_says_that_it_is_simulated(written):
    _, _, files, _, _, _ = written
    for path in (files.parquet, files.csv, files.log, files.plant):
        assert "simulated" in path.name
    for path in (files.csv, files.log, files.plant):
        assert path.read_text(encoding="utf-8").startswith("# simulated: people running")
    about = json.loads(pl.read_parquet_metadata(files.parquet)["shiftwork"])
    assert about["simulated"] is True
    assert "no plant was measured" in about["title"]


@pytest.mark.slow
def test_csv_and_parquet_hold_the_same(written):
    _, _, files, told, samples, _ = written
    same = read_samples([files.csv], told)
    assert same.frame.equals(samples.frame)


def rows(grid, year, hours):
    """The grid's rows of one year."""
    first = np.datetime64(begin_of(year).replace(tzinfo=None))
    start = int(np.flatnonzero(grid.time == first)[0])
    return slice(start, start + hours)


@pytest.mark.slow
@pytest.mark.parametrize("year", [0, 1])
def test_the_grid_is_what_happened_within_the_dead_bands(written, year):
    plant, years, _, _, _, grid = written
    hours = len(years[year].hours.hour)
    here = rows(grid, year, hours)
    checked = 0
    for signal in signals(plant, years[year]):
        if signal.kind == "state":
            words = np.array(signal.words)[signal.value.astype(int)]
            np.testing.assert_array_equal(grid.states[signal.key][here].to_numpy(), words)
            continue
        column = grid.keys.index(signal.key)
        known, mean = grid.value[here, column], grid.mean[here, column]
        if signal.kind == "set":
            np.testing.assert_allclose(known, signal.value, rtol=1e-9, atol=1e-9)
            np.testing.assert_allclose(mean[:-1], signal.value[:-1], rtol=1e-9, atol=1e-9)
        elif signal.kind == "laboratory":
            # Known from the release on, and not before.
            delay = plant.scenario.release.lab_h
            latest = np.searchsorted(signal.hour + delay, np.arange(hours), side="right") - 1
            np.testing.assert_allclose(known, signal.value[latest], atol=1e-9)
        else:
            true = np.full(hours, np.nan)
            true[signal.hour.astype(int)] = signal.value
            halfway = (true[1:] + true[:-1]) / 2
            # Before an instrument fails nothing follows to lead to: the last value is held.
            there = np.isfinite(mean[:-1]) & np.isfinite(mean[1:]) & np.isfinite(halfway)
            # The archive's digits round beside the dead-bands.
            bound = compression_of(signal).bound + 0.002 * (signal.span[1] - signal.span[0]) / 100
            assert np.abs(mean[:-1] - halfway)[there].max() <= bound, signal.key
            assert there.mean() > 0.9
        checked += 1
    assert checked > 40


@pytest.mark.slow
def test_the_objective_is_the_profit(written):
    _, years, _, told, _, grid = written
    cut = cut_episodes(grid, told)
    episodes = cut.episodes
    # Each year ends with a gap, and no episode bridges it.
    assert len(episodes.length) == 2
    for year, trace in enumerate(years):
        first = int(episodes.length[:year].sum())
        profit = np.asarray(profit_usd(trace.hours.account), np.float64)
        # Behind the last year nothing follows, so its last hour has no end.
        hours = min(int(episodes.length[year]), len(profit)) - 1
        assert hours >= len(profit) - 2
        earned = episodes.reward[first : first + hours]
        np.testing.assert_allclose(earned, profit[:hours], rtol=1e-5, atol=1.0)


@pytest.mark.slow
def test_bad_spells_are_bad_and_rare(written):
    samples = written[4]
    bad = samples.frame.filter(pl.col("status") == 2)
    assert (bad["state"] == BAD_TEXT).all()
    seeds = range(200)
    found = [sum(b for _, _, b in export._stretches(8760, np.random.default_rng(s))) for s in seeds]
    assert abs(np.mean(found) - export.BAD_SPELLS_PER_YEAR) < 0.3
    for s in seeds:
        parts = list(export._stretches(8760, np.random.default_rng(s)))
        assert [a for a, _, _ in parts] == [0, *(b for _, b, _ in parts[:-1])]
        assert parts[-1][1] == 8760
        assert all(last - first <= export.LONGEST_SPELL_H for first, last, b in parts if b)


def test_the_next_ship_is_told_as_announced():
    trace = small_years()[1][0]
    due = next_ship_h(trace)
    ship = int(np.flatnonzero(trace.ships.arrival_h > 0)[0])
    # In the last day of the voyage everything has been told.
    hour = int(trace.ships.arrival_h[ship]) - 1
    assert due[hour] == pytest.approx(
        max(trace.ships.planned_h[ship] + trace.ships.revision_h[ship].sum() - hour, 0), abs=1e-3
    )


@pytest.mark.slow
def test_the_shift_log_tells_who_decided_what(written):
    _, years, files, _, _, _ = written
    log = pl.read_csv(files.log, skip_rows=1)
    assert log.columns == ["timestamp", "shift", "desk", "task", "decision", "note"]
    assert set(log["desk"].unique()) == {"harbour", "blending", "panel"}
    assert set(log["shift"].unique()) <= set("ABCD")
    notes = set(log["note"].drop_nulls().unique())
    assert notes <= {"mistake", "not noticed in time", "forced"}
    mistakes = sum(int(trace.hours.slipped.sum()) for trace in years)
    assert (log["note"] == "mistake").sum() == mistakes
    called = log.filter(pl.col("decision").str.contains("called to unload"))
    ships = sum(int(trace.hours.called[-1].sum()) for trace in years)
    assert abs(len(called) - ships) <= 2  # one may be called with the last hour
    assert log["timestamp"][0] == begin_of(0).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_folder_with_something_else_is_left_alone(tmp_path):
    plant, years = small_years()
    (tmp_path / "keep.txt").write_text("mine")
    with pytest.raises(UserError, match="is not overwritten; choose another"):
        write_records(plant, years, tmp_path)
    assert (tmp_path / "keep.txt").read_text() == "mine"


@pytest.mark.slow
def test_the_inspection_reads_it(written, tmp_path):
    from shiftwork.cli.record_verbs import inspect_export

    _, _, files, told, _, _ = written
    found = inspect_export([str(files.parquet.parent)], told, tmp_path / "page")
    assert found.headline
