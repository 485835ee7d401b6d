"""Changes of a correct export: ways in which real exports differ, each by itself."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

from benchmarks.export_fuzz.export import Export

Change = Callable[[Export, random.Random], None]


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


def _stamps(write: Callable[[datetime], str], matter: str = "$^") -> Change:
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


def _encoded(column: str, encoding: str) -> Change:
    def change(export: Export, rng: random.Random) -> None:
        del rng
        export.header.append(column)
        export.encoding = encoding

    return change


def _document(kind: Literal["page", "workbook", "records", "columns"]) -> Change:
    def change(export: Export, rng: random.Random) -> None:
        del rng
        export.document = kind

    return change


def _interval(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M}-{time + timedelta(minutes=1):%H:%M}"


def _fault(export: Export, rng: random.Random) -> None:
    """A column that says in which row the values are bad."""
    export.header.append(rng.choice(["error", "Fault", "Störung"]))
    marked = rng.randrange(len(export.rows))
    for number, row in enumerate(export.rows):
        row.append("1" if number == marked else "0")
    export.matter = "holds codes"
    export.bad = {(key, export.times[marked]) for key in ("ti", "valve")}


def _multiplied(export: Export, rng: random.Random) -> None:
    letter, size = rng.choice([("k", 1e3), ("M", 1e6)])
    for row in export.rows:
        row[1] = f"{float(row[1]) / size:.9f}{letter}"
    export.matter = "text state"


CHANGES: dict[str, Change] = {
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
    "web page": _document("page"),
    "workbook in XML": _document("workbook"),
    "JSON records": _document("records"),
    "JSON columns": _document("columns"),
    "an interval in a cell": _stamps(_interval, "interval"),
    "Korean afternoon behind": _stamps(lambda t: f"{t:%Y-%m-%d %I:%M:%S} {'오전' if t.hour < 12 else '오후'}"),
    "a script's words": _stamps(lambda t: f"{t:%a %b %d %Y %H:%M:%S} GMT+0000 (Coordinated Universal Time)"),
    "a dash before the time": _stamps(lambda t: f"{t:%d.%m.%Y} - {t:%H:%M}"),
    "a column of faults": _fault,
    "thousands and millions": _multiplied,
}  # fmt: skip
