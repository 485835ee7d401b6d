"""Four exports with the traps of well-known public records, from the file to episodes.

The records are made here; what is expected of each is computed by pandas from the numbers that were
written, never by the code under test.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from shiftwork.cli.main import main
from shiftwork.cli.record_verbs import inspect_export
from shiftwork.records.historian.cut import cut_episodes
from shiftwork.records.historian.grid import Grid, to_grid
from shiftwork.records.historian.plant_file.load import load_plant_file, parse_plant
from shiftwork.records.historian.samples import read_samples

RNG = np.random.default_rng(7)


@dataclass(frozen=True)
class Shape:
    """An export, its plant file, and what its tags are at which UTC times."""

    name: str
    content: bytes
    plant: str
    truth: pd.DataFrame
    said: str


def chemical() -> Shape:
    """A matrix of a simulated chemical plant: no header, no time, two columns that matter, three minutes a row."""
    hours = pd.date_range("2024-05-30 15:00", periods=400, freq="3min", tz="UTC")
    valve = np.repeat(RNG.uniform(20, 60, 20), 20)
    values = np.column_stack([RNG.normal(0.25, 0.01, 400), 2700 + 3 * valve, valve])
    text = "".join("  " + "  ".join(f"{v:.7e}" for v in row) + "\n" for row in values)
    plant = """
name = "reactor"
period = "3min"
time_zone = "Asia/Seoul"
[export]
columns = ["feed", "pressure", "valve"]
step = "3min"
start = "2024-05-31 00:00:00"
[objective]
expression = "-abs(pressure - 2800)"
[tags.pressure]
role = "observation"
hold = true
[tags.valve]
role = "action"
bounds = [0, 100]
"""
    rounded = np.array([[float(f"{v:.7e}") for v in row] for row in values])
    truth = pd.DataFrame({"pressure": rounded[:, 1], "valve": rounded[:, 2]}, index=hours)
    return Shape("d00.dat", text.encode(), plant, truth, "rows counted")


def wind() -> Shape:
    """Ten-minute means of a turbine: comments, day first with spaces, units in names, -999 for nothing."""
    times = pd.date_range("2018-01-13 00:00", periods=300, freq="10min", tz="UTC")
    power, pitch = (
        RNG.uniform(100, 2000, 300).round(2),
        np.repeat(RNG.uniform(0, 9, 30), 10).round(1),
    )
    power[100:103] = -999
    rows = [f"{t:%d %m %Y %H:%M};{p};{b}" for t, p, b in zip(times, power, pitch, strict=True)]
    text = "\n".join(
        ["# Turbine 7, export of SCADA", "# Time zone: UTC", "",
         "Date/Time;LV ActivePower (kW);Blade angle (°)", *rows, ""]
    )  # fmt: skip
    plant = """
name = "turbine"
period = "10min"
time_zone = "Europe/Paris"
[objective]
expression = "power"
[tags.power]
source = "LV ActivePower (kW)"
role = "observation"
hold = true
missing = [-999]
[tags.pitch]
source = "Blade angle (°)"
role = "action"
bounds = [-5, 90]
"""
    truth = pd.DataFrame({"power": power, "pitch": pitch}, index=times).replace(-999, np.nan)
    return Shape("scada.csv", text.encode("cp1252"), plant, truth, "cp1252")


def flotation() -> Shape:
    """A flotation plant: decimal commas in quotes, many rows under one hourly stamp."""
    hours = pd.date_range("2017-03-10 01:00", periods=60, freq="1h", tz="UTC")
    times = hours.repeat(18)
    silica, air = (
        RNG.uniform(1, 5, 1080).round(2),
        np.repeat(RNG.uniform(200, 300, 60), 18).round(3),
    )
    rows = [
        f'{t:%Y-%m-%d %H:%M:%S},"{str(s).replace(".", ",")}","{str(a).replace(".", ",")}"'
        for t, s, a in zip(times, silica, air, strict=True)
    ]
    text = "\n".join(["date,% Silica Concentrate,Flotation Column 01 Air Flow", *rows, ""])
    plant = """
name = "flotation"
period = "1h"
[objective]
expression = "-silica"
[tags.silica]
source = "% Silica Concentrate"
role = "observation"
hold = true
[tags.air]
source = "Flotation Column 01 Air Flow"
role = "action"
bounds = [100, 400]
"""
    whole = pd.DataFrame({"silica": silica, "air": air}, index=times)
    return Shape(
        "plant.csv", text.encode(), plant, whole.groupby(level=0).last(), "conflicting duplicate"
    )


def building() -> Shape:
    """A building's historian: a title with the tag's name above German columns, one file each in a workbook's place."""
    times = pd.date_range("2025-01-29 23:00", periods=200, freq="15min", tz="UTC")
    local = times.tz_convert("Europe/Berlin")
    room, valve = RNG.uniform(19, 23, 200).round(1), np.repeat(RNG.uniform(0, 100, 20), 10).round(0)
    status = np.where(np.arange(200) % 50 == 7, "gestört", "gut")
    rows = [
        f"{t:%d.%m.%y %H:%M};{str(r).replace('.', ',')};{s};{int(v)} %;gut"
        for t, r, s, v in zip(local, room, status, valve, strict=True)
    ]
    text = "\r\n".join(
        ["Gebäude 12;;;;", "Zeitstempel;Raum;Status;Ventil;Status", *rows, "Anzahl: 200;;;;", ""]
    )
    plant = """
name = "building"
period = "15min"
time_zone = "Europe/Berlin"
[objective]
expression = "-abs(room - 21)"
[tags.room]
source = "Raum"
role = "observation"
hold = true
[tags.valve]
source = "Ventil"
role = "action"
bounds = [0, 100]
"""
    truth = pd.DataFrame(
        {"room": np.where(status == "gut", room, np.nan), "valve": valve}, index=times
    )
    return Shape("raum.csv", text.encode("cp1252"), plant, truth, "words")


SHAPES = {make.__name__: make for make in (chemical, wind, flotation, building)}


def in_grid(grid: Grid, key: str) -> pd.Series:
    return pd.Series(grid.value[:, grid.keys.index(key)], pd.DatetimeIndex(grid.time, tz="UTC"))


@pytest.mark.parametrize("name", SHAPES)
def test_from_the_file_to_episodes(name, tmp_path):
    shape = SHAPES[name]()
    export = tmp_path / shape.name
    export.write_bytes(shape.content)
    plant = parse_plant(shape.plant, tmp_path / "plant.toml")

    samples = read_samples([export], plant)
    for key in shape.truth:
        frame = samples.frame.filter((samples.frame["tag"] == key) & (samples.frame["status"] == 0))
        found = pd.Series(frame["value"].to_numpy(), pd.DatetimeIndex(frame["time"].to_list()))
        pd.testing.assert_series_equal(
            found,
            shape.truth[key].dropna(),
            check_names=False,
            check_freq=False,
            check_index_type=False,
        )

    grid = to_grid(samples, plant)
    for key in shape.truth:
        known = in_grid(grid, key)
        common = shape.truth[key].dropna().index.intersection(known.index)
        assert len(common) > 0.9 * len(shape.truth)
        np.testing.assert_allclose(known[common], shape.truth[key][common])

    episodes = cut_episodes(grid, plant).episodes
    (action,) = (key for key, tag in plant.tags.items() if tag.role == "action")
    moves = shape.truth[action].dropna().unique()
    assert set(np.round(episodes.transitions.action[:, 0], 3)) <= set(
        np.round(moves, 3).astype(np.float32)
    )
    assert episodes.statistics.steps > 0.9 * (len(shape.truth) - 2)

    assert shape.said in f"{samples.origins} {samples.findings}"
    inspect_export([str(export)], plant, tmp_path / "inspection")
    page = json.loads((tmp_path / "inspection" / "inspection.json").read_text(encoding="utf-8"))
    assert page["plant"] == plant.name
    assert page["first"] == f"{shape.truth.index[0]:%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.slow
def test_an_agent_is_learned_from_a_matrix_without_header_or_time(tmp_path):
    shape = chemical()
    (tmp_path / shape.name).write_bytes(shape.content)
    (tmp_path / "plant.toml").write_text(shape.plant, encoding="utf-8")
    load_plant_file(tmp_path / "plant.toml")
    main(
        ["learn", str(tmp_path / shape.name), "--tags", str(tmp_path / "plant.toml"),
         "--out", str(tmp_path / "agent"), "--updates", "200", "--config.width", "8",
         "--config.actor-width", "8", "--config.critics", "2", "--config.discount", "0.9",
         "--config.cloning", "0.1"]
    )  # fmt: skip
    assert any((tmp_path / "agent").iterdir())
