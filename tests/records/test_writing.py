"""Writing destroys nothing, and leaves nothing half done."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from shiftwork.files import write_folder, written_whole
from shiftwork.records.episodes import Episodes
from shiftwork.records.formats.compact import write_compact
from shiftwork.records.formats.load import load_records
from shiftwork.records.formats.minari import write_minari
from shiftwork.records.formats.neorl import write_neorl
from support.record_builders import make_episodes, neorl_arrays, refused, save

Write = Callable[[Episodes, Path], None]
both = pytest.mark.parametrize("write", [write_compact, write_neorl])


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@both
def test_records_replace_records(tmp_path: Path, write: Write) -> None:
    path = save(tmp_path / "plant.npz", neorl_arrays())
    write_compact(make_episodes(), path)
    write(make_episodes((2, 2)), path)
    again = load_records(path, make_episodes().observation_tags, make_episodes().action_tags)
    assert again.hash == make_episodes((2, 2)).hash
    assert [entry.name for entry in tmp_path.iterdir()] == ["plant.npz"]


@both
def test_folders_are_made(tmp_path: Path, write: Write) -> None:
    write(make_episodes(), tmp_path / "a" / "b" / "plant.npz")
    assert (tmp_path / "a" / "b" / "plant.npz").stat().st_size > 0


@both
@pytest.mark.parametrize("name", ["plant.csv", "plant", "plant.hdf5", ".npz"])
def test_another_ending_is_refused(tmp_path: Path, write: Write, name: str) -> None:
    refused(lambda: write(make_episodes(), tmp_path / name), name, "give --out that ending")
    assert not list(tmp_path.iterdir())


@both
def test_a_foreign_file_is_left_alone(tmp_path: Path, write: Write) -> None:
    path = tmp_path / "plant.npz"
    path.write_text("my thesis")
    refused(lambda: write(make_episodes(), path), path, "not overwritten; choose another --out")
    assert path.read_text() == "my thesis"
    np.savez(path, weights=np.ones(3))
    refused(lambda: write(make_episodes(), path), path, "holds no records")
    assert np.load(path)["weights"].tolist() == [1, 1, 1]


@both
def test_a_folder_in_the_way_is_left_alone(tmp_path: Path, write: Write) -> None:
    path = tmp_path / "plant.npz"
    path.mkdir()
    (path / "note").write_text("mine")
    refused(lambda: write(make_episodes(), path), path, "choose another --out")
    assert (path / "note").read_text() == "mine"


@both
def test_an_unwritable_place_is_refused(tmp_path: Path, write: Write) -> None:
    (tmp_path / "file").write_text("in the way")
    for path in (
        tmp_path / "file" / "plant.npz",
        tmp_path / "file" / "deeper" / "plant.npz",
        tmp_path / f"{'x' * 300}.npz",
        Path("/proc/shiftwork/plant.npz"),
    ):
        refused(lambda: write(make_episodes(), path), path, "choose another --out")  # noqa: B023
    assert (tmp_path / "file").read_text() == "in the way"


@both
@pytest.mark.parametrize("failure", [KeyboardInterrupt, ValueError("a defect"), MemoryError])
def test_an_interrupted_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch, write: Write, failure
) -> None:
    path = tmp_path / "plant.npz"
    write_compact(make_episodes(), path)
    before = path.read_bytes()

    def interrupted(file, **_: object) -> None:
        file.write(b"half a fi")
        raise failure

    monkeypatch.setattr(np, "savez_compressed", interrupted)
    with pytest.raises(type(failure) if isinstance(failure, Exception) else failure):
        write(make_episodes((2,)), path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["plant.npz"]


@both
def test_a_full_disk_is_told(tmp_path: Path, monkeypatch, write: Write) -> None:
    path = tmp_path / "plant.npz"
    write_compact(make_episodes(), path)
    before = path.read_bytes()
    monkeypatch.setattr(np, "savez_compressed", full)
    refused(lambda: write(make_episodes(), path), path, "No space left on device")
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["plant.npz"]


def test_what_is_written_is_open_to_whom_the_user_says(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_compact(make_episodes(), tmp_path / "plant.npz")
        write_folder(tmp_path / "run", lambda f: (f / "mark").touch(), marker="mark")
    finally:
        os.umask(before)
    assert (tmp_path / "plant.npz").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o750


def test_a_reader_sees_the_old_file_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_text("old")
    with path.open() as reader:
        with written_whole(path) as temporary:
            assert temporary.parent == path.parent  # else the rename might be a copy
            temporary.write_text("new")
            assert path.read_text() == "old"
        assert path.read_text() == "new"
        assert reader.read() == "old"  # a reader on the way goes on in the old file


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for folder in (tmp_path / ("x" * 300), tmp_path / "file" / "run", tmp_path / "loop"):
        refused(
            lambda folder=folder: write_folder(folder, mark("new"), marker="mark"),
            folder,
            "choose another --out",
        )
    assert (tmp_path / "file").read_text() == "in the way"


def mark(text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / "mark").write_text(text) and None


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    folder = tmp_path / "run.v1"
    write_folder(folder, mark("old"), marker="mark")
    write_folder(folder, mark("new"), marker="mark")
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.v1"]
    assert [entry.name for entry in folder.iterdir()] == ["mark"]
    assert (folder / "mark").read_text() == "new"


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    write_folder(tmp_path / "run", mark("new"), marker="mark")
    assert (tmp_path / "run" / "mark").read_text() == "new"


def test_a_linked_folder_is_filled_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "disk" / "run").mkdir(parents=True)
    (tmp_path / "run").symlink_to(tmp_path / "disk" / "run")
    for text in ("old", "new"):
        write_folder(tmp_path / "run", mark(text), marker="mark")
    assert (tmp_path / "run").is_symlink()
    assert (tmp_path / "disk" / "run" / "mark").read_text() == "new"


def test_a_folder_without_the_marker_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis").write_text("mine")
    refused(
        lambda: write_folder(tmp_path / "run", mark("new"), marker="mark"),
        "run: exists and holds no mark",
        "choose another --out",
    )
    (tmp_path / "file").write_text("mine")
    refused(lambda: write_folder(tmp_path / "file", mark("new"), marker="mark"), "file: exists")
    assert (tmp_path / "run" / "thesis").read_text() == (tmp_path / "file").read_text() == "mine"


def test_what_a_user_put_beside_the_marker_is_not_lost(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    write_folder(folder, mark("old"), marker="mark")
    (folder / "notes").write_text("mine")
    (folder / "weights").write_text("of the old one")
    refused(
        lambda: write_folder(folder, mark("new"), marker="mark", expendable=("weights",)),
        f"{folder}: also holds 'notes'",
        "move it away",
    )
    assert (folder / "mark").read_text() == "old"
    (folder / "notes").rename(tmp_path / "notes")
    write_folder(folder, mark("new"), marker="mark", expendable=("weights",))
    assert [entry.name for entry in folder.iterdir()] == ["mark"]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["notes", "run"]


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), ValueError("a defect")])
def test_an_interrupted_folder_leaves_the_old_one(tmp_path: Path, failure: BaseException) -> None:
    def interrupted(folder: Path) -> None:
        mark("half")(folder)
        raise failure

    folder = tmp_path / "run"
    write_folder(folder, mark("old"), marker="mark")
    with pytest.raises(type(failure)):
        write_folder(folder, interrupted, marker="mark")
    assert (folder / "mark").read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]
    refused(lambda: write_folder(folder, full, marker="mark"), folder, "No space left")


def test_a_swap_that_fails_brings_the_old_folder_back(tmp_path: Path, monkeypatch) -> None:
    folder = tmp_path / "run"
    write_folder(folder, mark("old"), marker="mark")
    rename = Path.replace

    def fails_second(path: Path, target: Path) -> Path:
        if target == folder and (path / "mark").read_text() == "new":
            raise OSError(errno.EBUSY, "busy")
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", fails_second)
    refused(lambda: write_folder(folder, mark("new"), marker="mark"), folder, "busy")
    assert (folder / "mark").read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


def test_minari_leaves_what_is_not_minari_alone(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "historian.csv").write_text("mine")
    refused(lambda: write_minari(make_episodes(), tmp_path), tmp_path / "data", "metadata.json")
    # A file of that name is no rare thing: what else is there must survive too.
    (tmp_path / "data" / "metadata.json").write_text("{}")
    refused(lambda: write_minari(make_episodes(), tmp_path), "'historian.csv'")
    assert (tmp_path / "data" / "historian.csv").read_text() == "mine"
    refused(lambda: write_minari(make_episodes(), tmp_path / "data" / "historian.csv"), "--out")


def test_minari_replaces_minari(tmp_path: Path) -> None:
    write_minari(make_episodes(), tmp_path)
    write_minari(make_episodes((2, 2)), tmp_path)
    assert load_records(tmp_path).length.tolist() == [2, 2]
    assert [entry.name for entry in tmp_path.iterdir()] == ["data"]
