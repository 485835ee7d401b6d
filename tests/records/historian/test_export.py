"""Parquet out: what others find in it."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from shiftwork.records.historian.cut import cut_episodes
from shiftwork.records.historian.export import write_episodes, write_grid, write_samples
from shiftwork.records.historian.grid import to_grid
from support.grid_builders import LEVEL, REFLUX, every, make_plant, make_samples
from support.record_builders import make_episodes, refused


def test_samples_in_long_form(tmp_path: Path) -> None:
    plant = make_plant()
    samples = make_samples(plant, level=[(0, 1.5), (10, "No Data", 2), (20, 2.5, 1)])
    write_samples(samples, tmp_path / "samples.parquet")
    frame = pl.read_parquet(tmp_path / "samples.parquet")
    assert frame.columns == ["tag", "time", "value", "quality", "text"]
    assert frame["tag"].to_list() == ["level"] * 3
    assert frame["value"].to_list() == [1.5, None, 2.5]
    assert frame["quality"].to_list() == ["good", "bad", "uncertain"]
    assert frame["text"].to_list() == [None, "No Data", None]
    assert frame["time"].equals(samples.frame["time"])


def test_a_grid_with_values_means_and_states(tmp_path: Path) -> None:
    plant = make_plant({"reflux": REFLUX, "level": LEVEL, "run": 'role = "state"'})
    samples = make_samples(plant, level=[(0, 1.0), (60, 2.0)], run=[(60, "RUN")])
    grid = to_grid(samples, plant)
    write_grid(grid, tmp_path / "grid.parquet")
    frame = pl.read_parquet(tmp_path / "grid.parquet")
    assert frame.columns == ["time", "reflux", "reflux mean", "level", "level mean", "run"]
    assert frame["level"].to_list() == [1, 2]
    assert frame["level mean"].to_list() == [1.5, None]
    assert frame["run"].to_list() == [None, "RUN"]
    assert frame["time"].to_physical().to_list() == grid.time.astype("int64").tolist()


def test_episodes_keep_their_last_observation(tmp_path: Path) -> None:
    episodes = make_episodes((3, 1, 2), terminal=(1,))
    path = tmp_path / "episodes.parquet"
    write_episodes(episodes, path)
    frame = pl.read_parquet(path)
    assert frame["episode"].to_list() == [0, 0, 0, 0, 1, 1, 2, 2, 2]
    assert frame["step"].to_list() == [0, 1, 2, 3, 0, 1, 0, 1, 2]
    assert frame["observation.level"].to_list() == [0, 1, 2, 3, 100, 101, 200, 201, 202]
    assert frame["action.valve"].to_list() == [10, 11, 12, None, 13, None, 14, 15, None]
    assert frame["reward"].to_list() == [1, 2, 3, None, 4, None, 5, 6, None]
    no, yes = False, True
    assert frame["terminal"].to_list() == [no, no, no, None, yes, None, no, no, None]
    assert frame["truncated"].to_list() == [no, no, yes, None, no, None, no, yes, None]
    about = json.loads(pl.read_parquet_metadata(path)["shiftwork"])
    assert about["hash"] == episodes.hash
    assert about["action_tags"][0] == {"name": "valve", "unit": "%", "low": 0.0, "high": 100.0}


def test_episodes_of_a_historian_keep_their_time(tmp_path: Path) -> None:
    plant = make_plant(episodes='length = "2min"')
    some = every(60, [2.0, 3.0, 4.0, 5.0, 6.0])
    found = cut_episodes(to_grid(make_samples(plant, reflux=some, level=some), plant), plant)
    write_episodes(found.episodes, tmp_path / "episodes.parquet", found.stamps)
    frame = pl.read_parquet(tmp_path / "episodes.parquet")
    minute = np.diff(frame["time"].to_physical().to_numpy()) / 60e6
    assert minute.tolist() == [1, 1, 0, 1, 1]
    assert frame["observation.reflux high"].to_list() == [7.0] * 6


@pytest.mark.usefixtures("unhooked")
def test_an_impossible_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused(lambda: write_episodes(make_episodes(), tmp_path / "file" / "x.parquet"), "x.parquet")
