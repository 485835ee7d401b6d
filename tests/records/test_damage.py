"""Files that are no archives, or damaged ones."""

import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shiftwork.errors import UserError
from shiftwork.records.formats.compact import write_compact
from shiftwork.records.formats.load import load_records
from shiftwork.records.formats.neorl import write_neorl
from support.record_builders import (
    ACTION,
    OBSERVATION,
    crafted,
    make_episodes,
    neorl_arrays,
    npy,
    plain_header,
    refused,
    save,
)

pytestmark = [pytest.mark.usefixtures("unhooked")]

FOREIGN = {
    "empty": (b"", "cannot be read"),
    "random": (np.random.default_rng(0).bytes(5000), "cannot be read"),
    "CSV": (b"time,level\n0,1.5\n", "cannot be read"),
    "a pickle": (b"\x80\4}\x94.", "cannot be read"),
    "gzip": (b"\x1f\x8b\x08\0\0\0\0\0\0\3", "cannot be read"),
    "an archive without members": (b"PK\5\6" + bytes(18), "'obs' is missing (has: none)"),
}


@pytest.mark.parametrize("name", ["plant.npz", "plant.csv", "plant"])
@pytest.mark.parametrize(("content", "named"), FOREIGN.values(), ids=FOREIGN)
def test_foreign_files_are_refused(tmp_path: Path, content: bytes, named: str, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    refused(
        lambda: load_records(path), path, named if name == "plant.npz" else "with --tags FILE.toml"
    )


def test_an_export_without_a_plant_file_is_told_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("time,level\n2025-03-04 00:00,1.5\n")
    refused(lambda: load_records(tmp_path), tmp_path, f"shiftwork inspect {tmp_path} --draft")


def test_places_that_hold_no_file_are_refused(tmp_path: Path) -> None:
    refused(lambda: load_records(tmp_path / "missing.npz"), "missing.npz", "no such file", "dmsd")
    refused(lambda: load_records("dmds"), "dmds: no such file", "dmsd")
    refused(lambda: load_records("x" * 300), "no such file")
    refused(lambda: load_records("a\0b"), "no such file")
    refused(lambda: load_records(""), "no Minari data set")
    refused(lambda: load_records("/dev/null"), "/dev/null: is no file")
    (tmp_path / "folder.npz").mkdir()
    refused(lambda: load_records(tmp_path / "folder.npz"), "folder.npz", "no Minari data set")


def test_a_single_array_is_refused_with_its_fix(tmp_path: Path) -> None:
    with (tmp_path / "plant.npz").open("wb") as file:
        np.save(file, np.zeros(3))
    refused(lambda: load_records(tmp_path / "plant.npz"), "single array", "save with np.savez")


def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path, monkeypatch) -> None:
    path = save(tmp_path / "plant.npz", neorl_arrays())

    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    refused(lambda: load_records(path), path, "Permission denied")


@pytest.fixture(scope="module", params=["compact", "neorl"])
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good file, to be damaged."""
    path = tmp_path_factory.mktemp("whole") / f"{request.param}.npz"
    {"compact": write_compact, "neorl": write_neorl}[request.param](make_episodes(), path)
    return path


def test_a_cut_file_is_refused_wherever_it_is_cut(whole: Path, tmp_path: Path) -> None:
    content, path = whole.read_bytes(), tmp_path / "cut.npz"
    for end in range(0, len(content), 7):
        path.write_bytes(content[:end])
        refused(lambda: load_records(path, OBSERVATION, ACTION), path)


def test_a_flipped_bit_is_refused_or_harmless(whole: Path, tmp_path: Path) -> None:
    """Some bits say nothing (dates, padding), but none may change values or crash the reader."""
    content, path = whole.read_bytes(), tmp_path / "flipped.npz"
    places, unharmed = range(0, len(content), 3), 0
    for place in places:
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        try:
            records = load_records(path, OBSERVATION, ACTION)
        except UserError:
            continue
        assert records.hash == make_episodes().hash, f"bit {place % 8} of byte {place}"
        unharmed += 1
    assert 0 < unharmed < len(places) / 2


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_are_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "random.npz"
    path.write_bytes(content)
    refused(lambda: load_records(path), path)


def test_what_a_header_declares_takes_no_memory(tmp_path: Path) -> None:
    # 8 GiB: little enough that a machine would grant it.
    path = crafted(tmp_path / "plant.npz", npy(plain_header(f"({2**31},)"), bytes(20)))
    tracemalloc.start()
    refused(lambda: load_records(path), "declares shape")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**22


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "plant.npz"
    save(path, neorl_arrays() | {"zeros": np.zeros(2**20)})
    monkeypatch.setattr("shiftwork.records.formats.npz.LIMIT_BYTES", 2**20)
    tracemalloc.start()
    refused(lambda: load_records(path), path, "unpacks to 0.0 GiB")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20
    monkeypatch.setattr("shiftwork.records.formats.npz.LIMIT_BYTES", 2**24)
    assert load_records(path).length.tolist() == [3, 2]


def test_too_little_memory_is_told(tmp_path: Path, monkeypatch) -> None:
    def exhausted(*_: object, **__: object) -> None:
        raise MemoryError

    path = save(tmp_path / "plant.npz", neorl_arrays())
    monkeypatch.setattr(np.lib.format, "read_array", exhausted)
    refused(lambda: load_records(path), path, "does not fit into memory")


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "plant.npz", neorl_arrays())
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        first = archive.infolist()[0].header_offset
        directory = archive.start_dir
    content[first + 6] |= 1  # the flags stand twice: before the data and in the directory
    content[directory + 8] |= 1
    path.write_bytes(content)
    refused(lambda: load_records(path), path, "encrypted")


def test_an_array_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "plant.npz", neorl_arrays())
    reward = npy(plain_header("(5,)"), bytes(20))
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("reward.npy", reward)
    refused(lambda: load_records(path), path, "'reward' is there twice")
    with zipfile.ZipFile(save(path, neorl_arrays()), "a") as archive:
        archive.writestr("reward", reward)  # NumPy calls both by one name
    refused(lambda: load_records(path), path, "'reward' is there twice")


def test_a_note_among_the_arrays_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "plant.npz", neorl_arrays())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("readme.txt", "recorded by hand")
    refused(lambda: load_records(path), path, "'readme.txt' is no array", "leave nothing but")


def test_an_unknown_compression_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "plant.npz", neorl_arrays())
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        content[archive.start_dir + 10] = 97
        content[archive.infolist()[0].header_offset + 8] = 97
    path.write_bytes(content)
    refused(lambda: load_records(path), path, "cannot be read")
