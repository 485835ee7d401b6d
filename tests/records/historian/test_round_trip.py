"""From a plant's true series through a historian and its export back to the grid.

A clean series is compressed as a historian does, exported in any supported shape with things gone
wrong, and read back. Where nothing went wrong the grid is off by no more than the compression's
bound, nothing bad survives, and the warning about hidden tags fires exactly where it should.
"""

import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shiftwork.records.historian.compression import Compression, archived
from shiftwork.records.historian.cut import cut_episodes
from shiftwork.records.historian.grid import Grid, to_grid
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.historian.samples import read_samples
from support.exporters import ABSURD, Export, Faults, Row, damaged, write_export
from support.grid_builders import coil_temperature, make_plant

DAYS = 3
MINUTES = DAYS * 1440
COIL, REFLUX = "분해로.온도", "FIC-101.SP"
STARTS = {  # each so that three days hold the hour that summer time leaves out, where there is one
    "UTC": datetime(2025, 3, 29, tzinfo=UTC),
    "Asia/Seoul": datetime(2025, 3, 29, tzinfo=UTC),
    "Asia/Kolkata": datetime(2025, 3, 29, tzinfo=UTC),
    "Europe/Berlin": datetime(2025, 3, 29, tzinfo=UTC),
    "America/New_York": datetime(2025, 3, 8, tzinfo=UTC),
}
CONVENTION = {"opc hex": "opc", "not good": "words"}


def plant_of(how: Export) -> PlantFile:
    tags = {
        "reflux": f'source = "{REFLUX}"\nrole = "action"\nbounds = [1, 7]\nmax_age = "4d"',
        "coil": f'source = "{COIL}"\nrole = "observation"\nunit = "C"\nmax_age = "9h"',
    }
    convention = CONVENTION.get(how.quality, how.quality)
    quality = f'convention = "{convention}"' if convention else ""
    return make_plant(tags, objective="coil", zone=how.zone, quality=quality)


@cache
def truth() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Scans of the coil every 10 s, its true means of each minute, and the reflux's set-points."""
    time_s, coil = coil_temperature(7, DAYS)
    line = np.append(coil, coil[-1])
    pieces = (line[1:] + line[:-1]) / 2
    rng = np.random.default_rng(7)
    moved = np.concatenate([[0], np.sort(rng.choice(np.arange(1, MINUTES), 60, replace=False))])
    level = np.clip(3 + np.cumsum(rng.choice([-0.2, -0.1, 0.1, 0.2], len(moved))), 1, 7).round(1)
    return time_s, coil, pieces.reshape(MINUTES, 6).mean(1), np.stack([60.0 * moved + 20, level])


@cache
def kept(span: float) -> np.ndarray:
    time_s, coil, _, _ = truth()
    return archived(time_s, coil, Compression(span))


def recorded(span: float) -> list[Row]:
    time_s, coil, _, moves = truth()
    rows = [Row(0.0, REFLUX, 3.0)]
    rows += [Row(float(at), REFLUX, float(level)) for at, level in moves.T]
    return rows + [Row(float(time_s[i]), COIL, float(coil[i])) for i in kept(span)]


def read_back(rows: list[Row], how: Export) -> tuple[Grid, PlantFile]:
    plant = plant_of(how)
    with tempfile.TemporaryDirectory() as folder:
        path = write_export(rows, Path(folder), how, STARTS[how.zone])
        return to_grid(read_samples([path], plant), plant), plant


@st.composite
def any_export(draw: st.DrawFn) -> Export:
    zone = draw(st.sampled_from(sorted(STARTS)))
    shape = draw(st.sampled_from(["long", "wide"]))
    quality = draw(
        st.sampled_from(["", "opc", "opc hex", "sparkplug", "words", "not good", "confidence"])
    )
    if draw(st.booleans()):
        stamps = draw(st.sampled_from(["native", "utc", "epoch_ms"]))
        return Export(shape, "parquet", stamps, zone, quality)
    decimal = draw(st.sampled_from([".", ","]))
    return Export(
        shape,
        "csv",
        draw(st.sampled_from(["utc", "offset", "local", "excel", "epoch_ms"])),
        zone,
        quality,
        draw(st.sampled_from([";", "\t"] if decimal == "," else [",", ";", "\t"])),
        decimal,
        draw(st.sampled_from(["utf-8", "utf-8-sig", "cp949"])),
        draw(st.sampled_from(["one", "units", "description"])) if shape == "wide" else "one",
    )


@st.composite
def any_faults(draw: st.DrawFn, how: Export) -> Faults:
    kinds = ["text", "gap", "bad"] if how.quality else ["text", "gap"]
    begins = draw(st.lists(st.integers(10, MINUTES - 10), max_size=4, unique=True))
    outages = tuple(
        (60.0 * begin + 5, 60.0 * (begin + draw(st.integers(1, 200))), draw(st.sampled_from(kinds)))
        for begin in sorted(begins)
    )
    return Faults(outages, draw(st.integers(0, 20)), draw(st.booleans()))


@st.composite
def any_case(draw: st.DrawFn) -> tuple[Export, Faults, float, int]:
    how = draw(any_export())
    return (
        how,
        draw(any_faults(how)),
        draw(st.sampled_from([1000.0, 100.0, 50.0])),
        draw(st.integers(0, 99)),
    )


@pytest.mark.slow
@given(any_case())
@settings(max_examples=60, deadline=None)
def test_the_grid_is_as_true_as_the_historian(case: tuple[Export, Faults, float, int]) -> None:
    how, faults, span, seed = case
    rows = damaged(recorded(span), faults, seed)
    grid, _ = read_back(rows, how)
    coil, reflux = (grid.keys.index(key) for key in ("coil", "reflux"))
    assert grid.time[0] == np.datetime64(STARTS[how.zone].replace(tzinfo=None), "us")

    # Nothing bad survives.
    for values in (grid.value, grid.mean):
        assert not (values < 0).any()
        assert not (values == ABSURD).any()

    # What is seen is the last good sample, and nothing in an outage that a sample tells.
    begin_s = 60.0 * np.arange(len(grid.time))
    for k, tag in ((coil, COIL), (reflux, REFLUX)):
        samples = {row.second: row for row in rows if row.tag == tag}
        times = np.array(sorted(samples))
        last = np.searchsorted(times, begin_s, side="right") - 1
        for i in np.flatnonzero(last >= 0):
            row = samples[times[last[i]]]
            if row.status or begin_s[i] - row.second > (9 if tag == COIL else 96) * 3600:
                assert np.isnan(grid.value[i, k])
            else:
                assert grid.value[i, k] == row.value

    # Means are off by no more than the bound, wherever no outage is between two kept scans.
    time_s = truth()[0][kept(span)]
    sound = np.ones(len(grid.time) - 1, bool)
    for begin, end, _ in faults.outages:
        before = time_s[time_s < begin].max()
        after = time_s[time_s >= end].min(initial=86400.0 * DAYS)
        sound &= (begin_s[:-1] + 60 <= before) | (begin_s[:-1] >= after)
    error = np.abs(grid.mean[:-1, coil] - truth()[2][: len(sound)])
    assert (error[sound] <= Compression(span).bound + 1e-6).all()


@pytest.mark.parametrize("shape", ["long", "wide"])
@pytest.mark.parametrize(("span", "hidden"), [(1000.0, True), (100.0, False)])
def test_the_warning_fires_where_it_should(span: float, hidden: bool, shape: str) -> None:
    grid, plant = read_back(recorded(span), Export(shape))
    assert grid.dead_bands["coil"].hidden is hidden
    assert not grid.dead_bands["reflux"].hidden
    assert cut_episodes(grid, plant).episodes.action_tags[0].name == "reflux"


def test_means_over_two_hours_are_as_wrong_as_known() -> None:
    for span, least, most in ((1000.0, 5.0, 12.0), (100.0, 0.1, 0.8)):
        grid, _ = read_back(recorded(span), Export())
        hours = grid.mean[:-2, 1][: (MINUTES - 120) // 120 * 120].reshape(-1, 120).mean(1)
        true = truth()[2][: len(hours) * 120].reshape(-1, 120).mean(1)
        assert least < np.abs(hours - true).max() < most


@pytest.mark.parametrize("stamps", ["local", "excel"])
@pytest.mark.parametrize("shape", ["long", "wide"])
def test_the_hour_that_comes_twice_is_told_by_the_order_of_rows(shape: str, stamps: str) -> None:
    start = datetime(2025, 10, 25, 12, tzinfo=UTC)
    value = (1 + np.arange(1440) / 1000).tolist()
    rows = [Row(60.0 * i, name, v) for name in (REFLUX, COIL) for i, v in enumerate(value)]
    for zone in ("Europe/Berlin", "UTC"):
        how = Export(shape, stamps=stamps, zone=zone, quality="")
        plant = plant_of(how)
        with tempfile.TemporaryDirectory() as folder:
            path = write_export(rows, Path(folder), how, start)
            grid = to_grid(read_samples([path], plant), plant)
        assert len(grid.time) == 1440
        assert grid.value[:, 1].tolist() == value
