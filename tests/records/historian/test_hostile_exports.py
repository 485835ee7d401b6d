"""Exports that are made to harm: refused in one line, quickly, and without taking memory."""

import os
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shiftwork.errors import UserError
from shiftwork.records.historian.draft import draft_plant_file
from shiftwork.records.historian.readers import discover
from shiftwork.records.historian.readers.lines import LONGEST_LINE
from support.export_builders import lines, read, shown, write
from support.record_builders import refused

DAY = "2025-03-04"
GOOD = lines("time,SP,x0", f"{DAY},1,2")
ONE = "rr 00:00 1 | x0 00:00 2"
GIB = 2**30


def refused_lightly(path: Path, *parts: str) -> None:
    """Check that a refusal takes under a second of the processors and 100 MiB."""
    begun = time.process_time()
    refused(lambda: read(path), path, *parts)
    assert time.process_time() - begun < 1
    tracemalloc.start()  # which makes a refusal many times slower
    try:
        refused(lambda: read(path), path, *parts)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100 * 2**20


def read_or_refused(action):
    """What an action gives, or None if it ends in one short line."""
    try:
        return action()
    except UserError as error:
        problem = str(error)
    assert 0 < len(problem) < 600
    assert len(problem.splitlines()) == 1
    return None


def sparse(path: Path, begin: str, size: int) -> Path:
    """A file that is large on paper and small on the disk."""
    with path.open("wb") as file:
        file.write(begin.encode())
        file.truncate(size)
    return path


def test_five_gigabytes_without_a_line_end(tmp_path):
    refused_lightly(sparse(tmp_path / "a.csv", "", 5 * GIB), "line 1 holds a NUL byte")
    refused_lightly(sparse(tmp_path / "b.csv", GOOD, 5 * GIB), "line 3 holds a NUL byte")
    refused_lightly(sparse(tmp_path / "c.csv", "time,SP,x0\n2025", 5 * GIB), "line 2 holds a NUL")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("x" * (LONGEST_LINE + 2**20), "line 1 is longer than 8 MiB"),
        (GOOD + "x" * (LONGEST_LINE + 2**20), "line 3 is longer than 8 MiB"),
        (
            GOOD + f'{DAY},1,"' + "a\n" * 2**22,
            "row 3 has a quotation mark that is not closed; fix or remove the row",
        ),
        (("가" * 2**22).encode("cp949"), "line 1 is longer than 8 MiB"),
    ],
    ids=["first", "later", "quoted", "korean"],
)
def test_a_line_that_does_not_end(tmp_path, content, problem):
    refused_lightly(write(tmp_path, "a.csv", content), problem)


@pytest.mark.slow
def test_a_long_line_that_is_honest(tmp_path):
    others = ",".join(f"tag{i}" for i in range(20_000))
    row = f"{DAY},1,2" + ",3.14159" * 20_000
    assert shown(read(write(tmp_path, "a.csv", lines(f"time,SP,x0,{others}", row)))) == ONE


def test_parquet_that_unpacks_to_more_than_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("shiftwork.records.historian.readers.parquet.LIMIT_BYTES", 2**28)
    rows = 20_000_000
    table = pa.table(
        {
            "time": pa.array(np.full(rows, 1741046400000), pa.int64()),
            "SP": pa.array(np.ones(rows)),
            "x0": pa.array(np.ones(rows)),
        }
    )
    path = tmp_path / "a.parquet"
    pq.write_table(table, path, compression="zstd")
    del table
    assert path.stat().st_size < 1_000_000
    refused_lightly(path, "unpacks to 0.4 GiB, above the limit of 0", "split it by time")


def test_parquet_with_a_long_text_in_every_row(tmp_path):
    rows = 1_000_000  # 100 GB of text in a file of some kilobytes
    text = pa.DictionaryArray.from_arrays(np.zeros(rows, np.int32), ["x" * 100_000])
    columns = {"time": pa.array(np.full(rows, 1741046400000)), "SP": text, "x0": text}
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table(columns), path, compression="zstd")
    refused_lightly(path, "a cell after row 1 holds 100000 bytes of text", "remove it")


@pytest.mark.parametrize("at", ["footer", "pages"])
def test_damaged_parquet(at, tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"time": [DAY], "SP": [1.0], "x0": [2.0]}), path)
    data = bytearray(path.read_bytes())
    place = slice(-40, -8) if at == "footer" else slice(4, 60)
    data[place] = b"\xff" * (place.stop - place.start)
    refused(lambda: read(write(tmp_path, "b.parquet", bytes(data))), "b.parquet", "export it again")
    refused(lambda: read(write(tmp_path, "c.parquet", bytes(data[:100]))), "export it again")
    refused(lambda: read(write(tmp_path, "d.parquet", b"PAR1")), "export it again")


def test_folders_are_read_by_name_and_nothing_else_in_them(tmp_path):
    write(tmp_path, "2025/b.csv", GOOD.replace(",1,2", ",5,6"))
    write(tmp_path, "2025/c.csv", GOOD)
    write(tmp_path, "README.md", "# about")
    write(tmp_path, ".hidden.csv", "?")
    write(tmp_path, ".git/a.csv", "?")
    assert shown(read(tmp_path)) == ONE  # the later file counts
    assert shown(read([tmp_path / "*" / "*.csv"])) == ONE
    assert shown(read([tmp_path / "**" / "b.csv"])) == "rr 00:00 5 | x0 00:00 6"
    twice = discover.find_files([tmp_path, tmp_path / "2025", tmp_path / "2025" / "b.csv"])
    assert [path.name for path in twice] == ["b.csv", "c.csv"]


def test_a_file_of_one_tag_is_named_after_it(tmp_path):
    write(tmp_path, "SP.csv", lines("Timestamp,Value", f"{DAY},1"))
    write(tmp_path, "x0.csv", lines("Timestamp,Value", f"{DAY},2"))
    write(tmp_path, "other.csv", lines("Timestamp,Value", f"{DAY},3"))
    samples = read(tmp_path)
    assert shown(samples) == ONE
    assert [(f.kind, f.count) for f in samples.findings] == [("file without tags", 1)]


def test_paths_that_lead_nowhere(tmp_path):
    refused(lambda: read(tmp_path / "none.csv"), "none.csv", "no such file or folder")
    refused(lambda: read(tmp_path / "*.csv"), "*.csv", "holds no export")
    refused(lambda: read(tmp_path), tmp_path, "holds no export", ".parquet")
    refused(lambda: read([""]), "is not a path")
    refused(lambda: read(["a\0b"]), "is not a path")
    link = tmp_path / "link.csv"
    link.symlink_to(tmp_path / "gone.csv")
    refused(lambda: read(link), link, "cannot be read")


def test_links_that_lead_outside_of_the_folder(tmp_path):
    outside = write(tmp_path, "secret/passwd.csv", GOOD)
    inside = tmp_path / "exports"
    honest = write(inside, "a.csv", GOOD)
    (inside / "again.csv").symlink_to(honest)
    assert shown(read(inside)) == ONE
    link = inside / "b.csv"
    link.symlink_to(outside)
    refused(lambda: read(inside), link, "leads outside of", "remove the link")
    refused(lambda: read(inside / "*.csv"), link, "leads outside of")
    assert shown(read(link)) == ONE  # named by the user, it is meant
    link.unlink()
    (inside / "folder").symlink_to(outside.parent)
    refused(lambda: read(inside), "folder", "leads outside of")
    (inside / "folder").unlink()
    (inside / "folder").mkdir()
    refused(lambda: read(inside / "*" / ".." / ".." / "secret" / "*.csv"), "leads outside of")


def test_a_folder_that_contains_itself(tmp_path):
    write(tmp_path, "a.csv", GOOD)
    (tmp_path / "loop").symlink_to(tmp_path)
    assert shown(read(tmp_path)) == ONE


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_that_never_ends(tmp_path):
    os.mkfifo(tmp_path / "a.csv")
    refused(lambda: read(tmp_path), "a.csv", "is not a regular file")


def test_too_many_files(tmp_path, monkeypatch):
    monkeypatch.setattr(discover, "MOST_FILES", 3)
    for name in "abc":
        write(tmp_path, f"{name}.csv", GOOD)
    assert shown(read(tmp_path)) == ONE
    write(tmp_path, "d.csv", GOOD)
    refused(lambda: read(tmp_path), tmp_path, "more than 3 files")


def test_too_many_samples(tmp_path, monkeypatch):
    monkeypatch.setattr("shiftwork.records.historian.gather.gatherer.MOST_SAMPLES", 1)
    refused(lambda: read(write(tmp_path, "a.csv", GOOD)), "a.csv", "more than 1 values", "split")


FRAGMENTS = st.lists(
    st.sampled_from(
        ["time", "SP", "x0", "tag", "value", "quality", ",", ";", "\t", "\n", "\r\n", '"', DAY, "1",
         "2,5", "1.234", "04/03/2025", "RUN", "Good", "45720", "-", " ", "\0", "가", "\ufeff", "#"]
    ),
    max_size=60,
).map("".join)  # fmt: skip


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.one_of(FRAGMENTS.map(str.encode), st.binary(max_size=300)))
@example(b",2025-03-04,time\n1")  # names of tags stand in a row that is short
def test_anything_is_read_or_refused_and_nothing_else(tmp_path, content):
    path = write(tmp_path, "a.csv", content)
    samples = read_or_refused(lambda: read(path))
    if samples is not None:
        frame = samples.frame
        assert frame.equals(frame.sort("tag", "time"))
        assert not frame.select("tag", "time").is_duplicated().any()
        assert frame.filter(frame["value"].is_null() & (frame["status"] != 2)).is_empty()
    read_or_refused(lambda: draft_plant_file([path]))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=6))
def test_a_damaged_parquet_file_is_read_or_refused_and_nothing_else(tmp_path, changes):
    path = tmp_path / "whole.parquet"
    columns = {"tag": ["SP", "x0"] * 50, "time": [DAY] * 100, "value": list(range(100))}
    pq.write_table(pa.table(columns), path)
    data = bytearray(path.read_bytes())
    for place, byte in changes:
        data[place % len(data)] = byte
    read_or_refused(lambda: read(write(tmp_path, "a.parquet", bytes(data))))
