"""Text is parsed a block at a time: where it is cut makes no difference, and one thread reads it."""

import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shiftwork.records.historian.readers.lines import Lines
from support.export_builders import cut_at, lines, read, shown, write
from support.record_builders import refused

HEADER = "time,SP,x0,note"
QUOTED = st.text('ab,"\n\r', max_size=30).map(lambda text: '"' + text.replace('"', '""') + '"')
PLAIN = st.sampled_from(["", "plain", '5" pipe', 'a ""b"" c'])
NOTES = st.one_of(*(st.lists(notes, min_size=1, max_size=40) for notes in (QUOTED, PLAIN)))


def row(minute: int, value: int, note: str) -> str:
    return f"2025-03-04 00:{minute:02d},{value},{value + 1},{note}"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(notes=NOTES, size=st.integers(150, 600))
def test_where_text_is_cut_makes_no_difference(tmp_path, monkeypatch, end, notes, size):
    rows = [row(minute, minute % 7, note) for minute, note in enumerate(notes)]
    path = write(tmp_path, "a.csv", lines(HEADER, *rows, end=end))
    whole = shown(read(path))
    minutes = range(len(notes))
    assert whole == " | ".join(
        [f"rr 00:{m:02d} {m % 7}" for m in minutes]
        + [f"x0 00:{m:02d} {m % 7 + 1}" for m in minutes]
    )
    with monkeypatch.context() as patch:
        cut_at(patch, size)
        assert shown(read(path)) == whole


@pytest.mark.parametrize("size", [60, 150, 2**20])
def test_rows_are_counted_over_all_blocks(tmp_path, monkeypatch, size):
    cut_at(monkeypatch, size)
    good = [row(minute, 1, "x") for minute in range(20)]
    short = write(tmp_path, "a.csv", lines(HEADER, *good, "2025-03-04 00:20,1", *good))
    (found,) = [f for f in read(short).findings if f.kind == "row with fewer cells than the header"]
    assert found.count == 1
    assert "row 22: '2025-03-04 00:20,1'" in found.example
    open_ = write(tmp_path, "b.csv", lines(HEADER, *good, row(20, 1, '"x'), *good))
    refused(lambda: read(open_), open_, "row 22 has a quotation mark that is not closed")


def test_many_marks_that_open_nothing_are_read_once(tmp_path, monkeypatch):
    cut_at(monkeypatch, 2**16)
    some = [row(minute % 60, 1, '5" pipe') for minute in range(30_001)]
    path = write(tmp_path, "a.csv", lines(HEADER, *some))
    assert len(read(path).frame) == 120


def test_the_parsers_own_threads_never_call_python(tmp_path, monkeypatch):
    readers = set()
    block = Lines.block

    def watched(self, size):
        readers.add(threading.get_ident())
        return block(self, size)

    monkeypatch.setattr(Lines, "block", watched)
    path = write(tmp_path, "a.csv", lines(HEADER, *(row(m % 60, 1, "x") for m in range(100_000))))
    assert len(read(path).frame) == 120
    assert readers == {threading.get_ident()}


LATER = {
    "a number beyond all": "2025-03-04 00:30:00,1e400,8",
    "a word": "2025-03-04 00:30:00,Bad Input,8",
    "brackets": "2025-03-04 00:30:00,(2.5),8",
    "a separator of thousands": '2025-03-04 00:30:00,"1,234.5",8',
    "another stamp": "2025-03-04T00:30:00Z,1,8",
    "an offset": "2025-03-04 09:30:00+09:00,1,8",
    "a unit": "2025-03-04 00:30:00,1 bar,8",
    "truth": "2025-03-04 00:30:00,TRUE,8",
    "nothing": "2025-03-04 00:30:00,,8",
    "a comment": "# checked",
    "the header again": "time,SP,x0",
}


@pytest.mark.parametrize("name", LATER)
def test_what_later_blocks_hold_is_read_as_in_one_block(name, tmp_path, monkeypatch):
    rows = [f"2025-03-04 00:{minute:02d}:00,{minute % 7}.5,{minute}.25" for minute in range(30)]
    path = write(tmp_path, "a.csv", lines("time,SP,x0", *rows, LATER[name]))
    whole, noted = shown(read(path)), read(path).findings
    # Plain rows let the reader parse cells itself from the second block on.
    cut_at(monkeypatch, 200)
    assert (shown(read(path)), read(path).findings) == (whole, noted)
    assert "rr 00:29 1.5" in whole
