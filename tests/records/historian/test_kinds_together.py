"""Kinds together: a quality column, an encoding, a format of stamps, a mark, a separator and a layout."""

from __future__ import annotations

import gzip
import sqlite3
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.export_builders import plant, read, shown, write

START = datetime(2025, 3, 14, 0, 0)
STAMPS = {
    "ISO": lambda t: f"{t:%Y-%m-%d %H:%M:%S}",
    "German": lambda t: f"{t:%d.%m.%Y %H:%M}",
    "American": lambda t: f"{t:%m/%d/%Y %I:%M:%S %p}",
    "Korean": lambda t: f"{t.year}년 {t.month}월 {t.day}일 {t:%H:%M}",
    "epoch": lambda t: f"{(t - datetime(1970, 1, 1)) // timedelta(seconds=1)}",
    "French": lambda t: f"{t.day} mars {t.year} {t:%H:%M}",
    "a no-break space": lambda t: f"{t:%Y-%m-%d}\u00a0{t:%H:%M}",
}
QUALITIES = {
    "none": ("", "", ""),
    "words": ("Quality", "Good", "Bad"),
    "bytes": ("Status", "192", "24"),
    "Korean": ("품질", "정상", "불량"),
    "a strange name": ("Sts", "Good", "Bad"),
}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp949")


@st.composite
def manners(draw):
    return {
        "stamp": draw(st.sampled_from(sorted(STAMPS))),
        "quality": draw(st.sampled_from(sorted(QUALITIES))),
        "encoding": draw(st.sampled_from(ENCODINGS)),
        "separator": draw(st.sampled_from([",", ";", "\t", "|"])),
        "mark": draw(st.sampled_from([".", ","])),
        "long": draw(st.booleans()),
        "title": draw(st.booleans()),
        "footer": draw(st.booleans()),
        "packed": draw(st.booleans()),
        "values": draw(st.lists(st.integers(-9999, 9999), min_size=2, max_size=5)),
        "bad": draw(st.integers(0, 4)),
    }


def written(how) -> tuple[bytes, str]:
    """A file in this manner, and what it holds."""
    name, good, bad = QUALITIES[how["quality"]]
    quote = '"' if how["separator"] == "," and how["mark"] == "," else ""
    expected: dict[str, list[str]] = {"rr": [], "x0": []}
    rows = []
    for i, number in enumerate(how["values"]):
        time = START + timedelta(minutes=i)
        stamp = STAMPS[how["stamp"]](time)
        cells = []
        for key, value in (("rr", number / 4 + 0.25), ("x0", 20.5)):
            text = f"{quote}{f'{value:.2f}'.replace('.', how['mark'])}{quote}"
            is_bad = bool(name) and i == how["bad"] and key == "rr"
            cells.append((text, bad if is_bad else good))
            expected[key].append(
                f"{key} 2025-03-14 {time:%H:%M} {float(f'{value:.2f}'):g}" + "!" * is_bad
            )
        if how["long"]:
            rows += [
                [tag, stamp, text, *([q] if name else [])]
                for tag, (text, q) in zip(("SP", "x0"), cells, strict=True)
            ]
        else:
            rows.append(
                [stamp, *(part for text, q in cells for part in ([text, q] if name else [text]))]
            )
    if how["long"]:
        header = ["tag", "time", "value", *([name] if name else [])]
    else:
        header = ["time", *(n for t in ("SP", "x0") for n in ([t, f"{t} {name}"] if name else [t]))]
    lines = [how["separator"].join(row) for row in (header, *rows)]
    if how["title"]:
        lines.insert(0, "Monthly report")
    if how["footer"]:
        lines.append(f"Total rows: {len(rows)}")
    content = ("\r\n".join(lines) + "\r\n").encode(how["encoding"], "strict")
    return gzip.compress(content) if how["packed"] else content, " | ".join(
        expected["rr"] + expected["x0"]
    )


def check(how, folder) -> None:
    if how["encoding"] == "cp949" and how["stamp"] == "a no-break space":
        how = how | {"encoding": "utf-8"}  # it has none
    content, expected = written(how)
    assert shown(read(write(folder, "e.csv", content))) == expected


FIXTURE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=25, deadline=None, suppress_health_check=FIXTURE, derandomize=True)
@given(manners())
def test_any_manner_is_read_alike(tmp_path, how):
    check(how, tmp_path)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=FIXTURE)
@given(manners())
def test_many_manners_are_read_alike(tmp_path, how):
    check(how, tmp_path)


def test_tags_that_are_numbers_are_named_by_another_table(tmp_path):
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE tags (id INTEGER, path TEXT)")
        database.execute(
            "CREATE TABLE data (tagid INTEGER, t_stamp TEXT, value REAL, quality INTEGER)"
        )
        database.executemany(
            "INSERT INTO tags VALUES (?, ?)", [(7, "SP"), (8, "x0"), (9, "SP"), (1, "other")]
        )
        rows = [
            (7, "2025-03-04 00:00", 1.0, 192), (9, "2025-03-04 00:01", 3.0, 192),
            (8, "2025-03-04 00:00", 2.0, 0), (1, "2025-03-04 00:00", 99.0, 192),
        ]  # fmt: skip
        database.executemany("INSERT INTO data VALUES (?, ?, ?, ?)", rows)
    database.close()
    names = 'names = { table = "tags", id = "id", name = "path" }\n'
    samples = read(path, plant('[export]\ntable = "data"\n' + names))
    assert shown(samples) == "rr 00:00 1 | rr 00:01 3 | x0 00:00 2!"
