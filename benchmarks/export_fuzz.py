"""No silent misreading: a correct export, one change of it, and what is read of it.

python -m benchmarks.export_fuzz [--rounds 10000] [--seed 1] [--processes 2]

Each round writes an export of known values, changes it in one way in which real exports differ, writes
it with some separator, line end and encoding, compressed or not, and reads it. Right is: the same
values; or a refusal, or a notice, that names the matter. Everything else is a misreading. Rows are in
``results/export_fuzz.csv``, one for each change.
"""

from __future__ import annotations

import argparse
import gzip
import random
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import polars as pl

from shiftwork.cli.progress import console
from shiftwork.errors import UserError
from shiftwork.records.historian.plant_file.load import parse_plant
from shiftwork.records.historian.samples import read_samples

PLANT = """
name = "fuzz"
period = "1min"
[objective]
expression = "0"
[tags.ti]
source = "TI1"
role = "observation"
[tags.valve]
role = "action"
bounds = [0, 100]
"""


@dataclass
class Export:
    """A wide export in parts, before it is written.

    Attributes:
        header: Names of columns.
        rows: Cells.
        times: When each row is, UTC.
        separator: Between cells.
        encoding: Of the text.
        matter: What a notice or refusal may name instead of right values.
        line_end: Behind each row.
        packed: The file is compressed.
        bad: Values that are bad, by tag and time.
    """

    header: list[str]
    rows: list[list[str]]
    times: list[datetime]
    separator: str = ","
    encoding: str = "utf-8"
    matter: str = "$^"
    line_end: str = "\n"
    packed: bool = False
    bad: set[tuple[str, datetime]] = field(default_factory=set)

    def stamp(self, write: Callable[[datetime], str]) -> None:
        """Write all time stamps in another manner."""
        for row, time in zip(self.rows, self.times, strict=True):
            row[0] = write(time)

    def text(self) -> bytes:
        """The file."""
        lines = [self.separator.join(cells) for cells in (self.header, *self.rows)]
        whole = (self.line_end.join(lines) + self.line_end).encode(self.encoding)
        return gzip.compress(whole) if self.packed else whole


def correct(rng: random.Random) -> Export:
    """An export that everyone reads alike."""
    start = datetime(2024, rng.randint(1, 12), rng.randint(13, 28), rng.randint(0, 23), tzinfo=UTC)
    times = [start + timedelta(minutes=i) for i in range(rng.randint(3, 12))]
    rows = [
        [f"{t:%Y-%m-%d %H:%M:%S}", f"{rng.uniform(15, 95):.2f}", f"{rng.uniform(0, 100):.1f}"]
        for t in times
    ]
    return Export(["time", "TI1", "valve"], rows, times)


def vary(e: Export, rng: random.Random) -> None:
    """Write it in one of the usual manners of text; nothing of it may change what is read."""
    used = "".join(cell for row in (e.header, *e.rows) for cell in row)
    if e.separator == ",":
        e.separator = rng.choice([s for s in (",", ";", "\t", "|") if s not in used] or [","])
    e.line_end = rng.choice(["\n", "\r\n"])
    if e.encoding == "utf-8":
        e.encoding = rng.choice(["utf-8", "utf-8-sig", "utf-16"])
    e.packed = rng.random() < 0.2


def _commas(e: Export, rng: random.Random) -> None:
    e.separator = ";"
    for row in e.rows:
        row[1:] = [cell.replace(".", ",") for cell in row[1:]]


def _quality(e: Export, rng: random.Random) -> None:
    """A column of quality, all good, under a name of any kind."""
    name = rng.choice(["TI1.Quality", "TI1 quality", "Quality(TI1)", "TI1_status"])
    e.header.insert(2, name)
    good = rng.choice(["Good", "192", "gut", "양호", "OK"])
    for row in e.rows:
        row.insert(2, good)
    e.matter = "quality"


def _again(e: Export, rng: random.Random) -> None:
    at = rng.randint(1, len(e.rows))
    e.rows.insert(at, list(e.header))


def _swapped_again(e: Export, rng: random.Random) -> None:
    at = rng.randint(1, len(e.rows) - 1)
    e.rows = [*e.rows[:at], ["time", "valve", "TI1"], *([a, c, b] for a, b, c in e.rows[at:])]


def _units(e: Export, rng: random.Random) -> None:
    unit = rng.choice([" %", "%", " °C", " bar", " kg/h"])
    for row in e.rows:
        row[1] += unit


def _apart(e: Export, rng: random.Random) -> None:
    e.header[:1] = ["Date", "Time"]
    e.rows = [
        [f"{t:%Y-%m-%d}", f"{t:%H:%M:%S}", *row[1:]] for t, row in zip(e.times, e.rows, strict=True)
    ]


def _pairs(e: Export, rng: random.Random) -> None:
    e.header = ["TI1 time", "TI1", "valve time", "valve"]
    e.rows = [[row[0], row[1], row[0], row[2]] for row in e.rows]


def _strange_quality(e: Export, rng: random.Random) -> None:
    """A column of quality, one of it bad, under a name that says little."""
    e.header.insert(2, rng.choice(["TI1 Sts", "TI1_kvaliteta", "TI1 Qualifier", ""]))
    for row in e.rows:
        row.insert(2, "Good")
    e.rows[0][2] = "Bad"
    e.matter = "quality"
    e.bad = {("ti", e.times[0])}


def _quality_of_rows(e: Export, rng: random.Random) -> None:
    """One column of quality for all tags, behind or before their values; one row is bad."""
    good, bad = rng.choice([("Good", "Bad"), ("192", "0"), ("양호", "불량"), ("Buona", "Cattiva")])
    at = rng.choice([1, 3])
    e.header.insert(at, rng.choice(["Quality", "Status", "품질", "qc"]))
    marked = rng.randrange(len(e.rows))
    for number, row in enumerate(e.rows):
        row.insert(at, bad if number == marked else good)
    e.matter = "quality"
    e.bad = {(key, e.times[marked]) for key in ("ti", "valve")}


def _newest_first(e: Export, rng: random.Random) -> None:
    del rng
    e.rows.reverse()


def _nameless_times(e: Export, rng: random.Random) -> None:
    name = rng.choice(["", "X", "t_"])
    e.header = [name and name + "TI1", "TI1", name and name + "valve", "valve"]
    e.rows = [[row[0], row[1], row[0], row[2]] for row in e.rows]


def _zone_column(e: Export, rng: random.Random) -> None:
    hours, name = rng.choice([(9, "KST"), (9, "+09:00"), (1, "MEZ"), (-5, "UTC-5")])
    e.stamp(lambda t: f"{t + timedelta(hours=hours):%Y-%m-%d %H:%M:%S}")
    if rng.random() < 0.5:
        e.header.insert(1, rng.choice(["timezone", "tz", "utc_offset"]))
        for row in e.rows:
            row.insert(1, name)
    else:
        e.rows.insert(0, e.header)
        e.header = [f"# Time zone: {name}"]


def _halves(e: Export, rng: random.Random) -> None:
    e.header[:1] = ["Date", "Time", "AM/PM"]
    e.rows = [
        [f"{t:%Y-%m-%d}", f"{t:%I:%M:%S}", f"{t:%p}", *row[1:]]
        for t, row in zip(e.times, e.rows, strict=True)
    ]


def _elapsed(e: Export, rng: random.Random) -> None:
    e.stamp(lambda t: f"{(t - e.times[0]).total_seconds():.1f}")
    e.matter = "elapsed|start"


def _sentinel(e: Export, rng: random.Random) -> None:
    e.rows[rng.randrange(len(e.rows))][1] = rng.choice(["-9999", "3.4E38", "-999.25"])
    e.matter = "stand for nothing"


def _offset(e: Export, rng: random.Random) -> None:
    hours = rng.choice([-5, 2, 9])
    e.header[0] = f"Time (UTC{hours:+03d}:00)"
    e.stamp(lambda t: f"{t + timedelta(hours=hours):%Y-%m-%d %H:%M:%S}")


def _stamps(
    write: Callable[[datetime], str], matter: str = "$^"
) -> Callable[[Export, random.Random], None]:
    def change(e: Export, rng: random.Random) -> None:
        e.stamp(write)
        e.matter = matter

    return change


_RUSSIAN = [
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
]
_GERMAN = ["Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"]


def _title(export: Export, rng: random.Random) -> None:
    del rng
    export.rows.insert(0, export.header)
    export.header = ["Report, plant 7"]


def _trailing_separator(export: Export, rng: random.Random) -> None:
    del rng
    for row in export.rows:
        row.append("")


def _encoded(column: str, encoding: str) -> Callable[[Export, random.Random], None]:
    def change(export: Export, rng: random.Random) -> None:
        del rng
        export.header.append(column)
        export.encoding = encoding

    return change


CHANGES: dict[str, Callable[[Export, random.Random], None]] = {
    "decimal commas": _commas,
    "quality beside its tag": _quality,
    "header again": _again,
    "header again, swapped": _swapped_again,
    "units in cells": _units,
    "date and time apart": _apart,
    "a time for each tag": _pairs,
    "quality under a strange name": _strange_quality,
    "times without a name": _nameless_times,
    "zone in a column or above": _zone_column,
    "morning and afternoon apart": _halves,
    "elapsed time": _elapsed,
    "sentinel": _sentinel,
    "offset in the header": _offset,
    "day first": _stamps(lambda t: f"{t:%d/%m/%Y %H:%M}", "day or month"),
    "month first": _stamps(lambda t: f"{t:%m/%d/%Y %I:%M %p}", "day or month"),
    "two digits of year": _stamps(lambda t: f"{t:%d.%m.%y %H:%M}", "export.order"),
    "German months": _stamps(lambda t: f"{t.day}. {_GERMAN[t.month - 1]} {t:%Y %H:%M}"),
    "Chinese": _stamps(lambda t: f"{t.year}年{t.month}月{t.day}日 {t:%H:%M:%S}"),
    "weekday": _stamps(lambda t: f"{t:%a %d %b %Y %H:%M:%S}"),
    "third colon": _stamps(lambda t: f"{t:%Y-%m-%d %H:%M:%S}:000"),
    "zone": _stamps(lambda t: f"{t + timedelta(hours=9):%Y-%m-%d %H:%M:%S} KST"),
    "no-break space": _stamps(lambda t: f"{t:%Y-%m-%d\u00a0%H:%M:%S}"),
    "ticks": _stamps(lambda t: f"{621355968000000000 + int(t.timestamp()) * 10_000_000}", "ticks"),
    "FILETIME": _stamps(lambda t: f"{116444736000000000 + int(t.timestamp()) * 10_000_000}", "filetime"),
    "epoch": _stamps(lambda t: f"{int(t.timestamp()) * 1000}"),
    "footer": lambda e, rng: e.rows.append([f"Total rows: {len(e.rows)}"]),
    "title": _title,
    "trailing separator": _trailing_separator,
    "comment": lambda e, rng: e.rows.insert(rng.randint(0, len(e.rows)), ["# checked"]),
    "Windows-1252": _encoded("Kühler °C", "cp1252"),
    "quality of whole rows": _quality_of_rows,
    "newest first": _newest_first,
    "Japanese era": _stamps(lambda t: f"令和{t.year - 2018}年{t.month}月{t.day}日 {t:%H:%M:%S}"),
    "Buddhist years": _stamps(lambda t: f"{t.year + 543}-{t:%m-%d %H:%M:%S}", "buddhist"),
    "Russian months": _stamps(lambda t: f"{t.day} {_RUSSIAN[t.month - 1]} {t:%Y г. %H:%M}"),
    "a script's dates": _stamps(lambda t: f"/Date({int(t.timestamp()) * 1000})/"),
    "GBK": _encoded("反应器温度", "gbk"),
}  # fmt: skip


RIGHT = ("right", "refused", "noticed")
"""Outcomes that are no misreading."""


def judged(name: str, seed: int, folder: Path) -> str:
    """Do one round: "right", "refused", "noticed", or what is wrong."""
    rng = random.Random(seed)
    export = correct(rng)
    wanted = {
        (key, time): float(row[column])
        for row, time in zip(export.rows, export.times, strict=True)
        for column, key in ((1, "ti"), (2, "valve"))
    }
    CHANGES[name](export, rng)
    vary(export, rng)
    wanted = {which: value for which, value in wanted.items() if which not in export.bad}
    path = folder / "export.csv"
    path.write_bytes(export.text())
    try:
        samples = read_samples([path], parse_plant(PLANT, Path("plant.toml")))
    except UserError as error:
        return "refused" if re.search(export.matter, str(error)) else f"refused: {error}"
    good = samples.frame.filter(pl.col("value").is_not_null() & (pl.col("status") == 0))
    found = {
        (str(tag), time): value
        for tag, time, value in good.select("tag", "time", "value").iter_rows()
    }
    if found.keys() == wanted.keys() and all(abs(found[k] - v) < 1e-9 for k, v in wanted.items()):
        return "right"
    told = " ".join(f"{f.kind} {f.example}" for f in samples.findings)
    return "noticed" if re.search(export.matter, told) else f"misread: {list(found.items())[:2]}"


def outcomes(seed: int, numbers: Iterable[int]) -> Counter[tuple[str, str]]:
    """Do some rounds, and count what came of each change."""
    names, found = list(CHANGES), Counter[tuple[str, str]]()
    with tempfile.TemporaryDirectory() as folder:
        for number in numbers:
            name = names[number % len(names)]
            outcome = judged(name, seed * 1_000_003 + number, Path(folder))
            found[name, outcome if outcome in RIGHT else outcome[:160]] += 1
    return found


def main() -> None:
    """Run all rounds, write CSV and table."""
    from benchmarks.results import write_rows, write_table

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    counts: dict[str, Counter[str]] = {name: Counter() for name in CHANGES}
    parts = [range(first, given.rounds, given.processes) for first in range(given.processes)]
    # Forked processes would share the threads of polars, which do not outlive a fork.
    with ProcessPoolExecutor(given.processes, get_context("spawn")) as pool:
        for found in pool.map(partial(outcomes, given.seed), parts):
            for (name, outcome), count in found.items():
                counts[name][outcome] += count
    rows = [
        {
            "change": name,
            "rounds": sum(count.values()),
            "right": count["right"],
            "refused": count["refused"],
            "noticed": count["noticed"],
            "wrong": sum(count.values()) - count["right"] - count["refused"] - count["noticed"],
        }
        for name, count in counts.items()
    ]
    write_rows("export_fuzz", rows, replace=("change",))
    cells = [[str(value) for value in row.values()] for row in rows]
    console.print(write_table("export_fuzz", list(rows[0]), cells))


if __name__ == "__main__":
    main()
