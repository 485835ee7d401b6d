"""An export that memory does not hold gives the very same samples and grid as one that it does."""

import errno
import gc

import numpy as np
import polars as pl
import pytest

from shiftwork.errors import UserError
from shiftwork.records.historian.gather import gathered as kept
from shiftwork.records.historian.gather import rows as kept_rows
from shiftwork.records.historian.grid import to_grid
from shiftwork.records.historian.parts import StoredParts
from shiftwork.records.historian.plant_file.load import parse_plant
from shiftwork.records.historian.samples import read_samples
from shiftwork.reports.inspection.coverage import tag_records
from support.export_builders import cut_at
from support.odd_exports import PLANT, exported


@pytest.fixture
def little_memory(tmp_path, monkeypatch):
    """Forty rows fit, and what does not goes to a folder that can be looked at."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(kept, "KEPT_ROWS", 40)
    monkeypatch.setattr(kept, "STORED_ROWS", 30)
    monkeypatch.setattr(kept.tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("seed", range(6))
def test_samples_findings_and_grid_are_the_same(tmp_path, little_memory, monkeypatch, seed):
    plant = parse_plant(PLANT, tmp_path / "p.toml")
    export = exported(tmp_path / "export", seed)
    parted = read_samples([export], plant)
    with monkeypatch.context() as patch:
        patch.setattr(kept, "KEPT_ROWS", 10**6)
        whole = read_samples([export], plant)
    assert isinstance(parted.parts, StoredParts)
    assert len(parted.parts) > 2
    assert len(whole.parts) == 1
    assert parted.rows == whole.rows
    assert parted.frame.equals(whole.frame)
    assert parted.frame.schema == whole.frame.schema
    # Parts are looked at one after the other, so what is noticed comes in another order.
    assert sorted(map(str, parted.findings)) == sorted(map(str, whole.findings))
    one, other = to_grid(parted, plant), to_grid(whole, plant)
    for name in ("time", "value", "mean", "uncertain"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert one.keys == other.keys
    assert one.states.equals(other.states)
    assert one.dead_bands == other.dead_bands
    assert list(one.dead_bands) == list(other.dead_bands)
    assert tag_records(parted, one, plant) == tag_records(whole, other, plant)


@pytest.mark.parametrize("seed", range(3))
def test_a_table_that_is_read_again_leaves_nothing_of_the_first_time(
    tmp_path, little_memory, monkeypatch, seed
):
    """Rows of a small table before it were in memory when its own first ones went to the folder."""
    cut_at(monkeypatch, 400)
    plant = parse_plant(PLANT, tmp_path / "p.toml")
    export = exported(tmp_path / "export", seed)
    first = export / "0.csv"
    first.write_text("\n".join(first.read_text().splitlines()[:12]) + "\n")
    parted = read_samples([export], plant)
    monkeypatch.setattr(kept, "KEPT_ROWS", 10**6)
    whole = read_samples([export], plant)
    assert parted.frame.equals(whole.frame)
    assert sorted(map(str, parted.findings)) == sorted(map(str, whole.findings))


def test_a_tag_is_in_one_part_and_parts_are_of_few_rows(tmp_path, little_memory):
    plant = parse_plant(PLANT, tmp_path / "p.toml")
    parts = read_samples([exported(tmp_path / "export", 0)], plant).parts
    tags = [set(part["tag"].cast(pl.String)) for part in parts]
    assert sum(map(len, tags)) == len(set().union(*tags))


def test_the_folder_goes_with_the_samples(tmp_path, little_memory):
    plant = parse_plant(PLANT, tmp_path / "p.toml")
    samples = read_samples([exported(tmp_path / "export", 0)], plant)
    (folder,) = little_memory.iterdir()
    assert {file.suffix for file in folder.iterdir()} == {".arrow"}  # rows as read are gone
    del samples
    gc.collect()
    assert not list(little_memory.iterdir())


def test_a_full_disk_is_told_with_its_folder_and_leaves_nothing(
    tmp_path, little_memory, monkeypatch
):
    def full(self, path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(kept_rows, "written", full)
    plant = parse_plant(PLANT, tmp_path / "p.toml")
    with pytest.raises(UserError, match=r"scratch.*is full.*set TMPDIR"):
        read_samples([exported(tmp_path / "export", 0)], plant)
    gc.collect()
    assert not list(little_memory.iterdir())
