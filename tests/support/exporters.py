"""Historian exports in every shape that must be readable, written from one recorded series.

Only tests need them: what real systems write, down to their numbers for quality.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

GOOD, UNCERTAIN, BAD = 0, 1, 2

QUALITIES = {
    "opc": ("0", "1073741824", "2147483648"),
    "opc hex": ("0x00000000", "0x40000000", "0x80000000"),
    "sparkplug": ("192", "500", "0"),  # stale is the nearest it has to uncertain, and is bad
    "words": ("Good", "Uncertain", "Bad"),
    "not good": ("good", "suspect", "not good"),
    "confidence": ("100", "60", "0"),
}


@dataclass(frozen=True)
class Row:
    """One sample as a historian has it: second since the start, tag, value or text, quality."""

    second: float
    tag: str
    value: float | str | None
    status: int = GOOD


@dataclass(frozen=True)
class Export:
    """The manner of an export.

    Attributes:
        shape: "long" or "wide".
        kind: "csv" or "parquet".
        stamps: "utc" (ISO with Z), "offset" (ISO with the zone's offset), "local" (ISO without),
            "excel" (local serial date), "epoch_ms", or "native" (of Parquet, UTC).
        zone: Of local stamps.
        quality: A key of ``QUALITIES``, or "" for no column.
        separator: Of columns.
        decimal: Of numbers.
        encoding: Of text.
        header: "one" row, "description" (a second one, then units), or "units" (a units row).
    """

    shape: str = "long"
    kind: str = "csv"
    stamps: str = "utc"
    zone: str = "UTC"
    quality: str = "words"
    separator: str = ","
    decimal: str = "."
    encoding: str = "utf-8"
    header: str = "one"


def write_export(rows: list[Row], path: Path, how: Export, start: datetime) -> Path:
    """Write rows, in their order (the wide form sorts them by time), and return the path.

    Args:
        rows: What the historian holds.
        path: Folder for the file.
        how: The manner.
        start: Second 0, with its time zone.
    """
    target = path / f"export.{how.kind}"
    header, table = (_wide if how.shape == "wide" else _long)(rows, how, start)
    if how.kind == "parquet":
        _parquet(header, table).write_parquet(target)
        return target
    lines = [header, *_more_headers(header, how), *table]
    text = "".join(how.separator.join(_cell(c, how) for c in line) + "\r\n" for line in lines)
    target.write_bytes(text.encode(how.encoding))
    return target


def stamp(second: float, how: Export, start: datetime) -> str | float | int | datetime:
    """A time stamp as an export has it."""
    utc = start.astimezone(UTC) + timedelta(seconds=second)
    local = utc.astimezone(ZoneInfo(how.zone))
    match how.stamps:
        case "utc":
            return utc.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        case "offset":
            return local.isoformat(timespec="milliseconds")
        case "local":
            return local.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        case "excel":
            return (local.replace(tzinfo=None) - datetime(1899, 12, 30)) / timedelta(days=1)
        case "epoch_ms":
            return round(utc.timestamp() * 1000)
        case "native":
            return utc
    raise ValueError(how.stamps)


def _long(rows: list[Row], how: Export, start: datetime) -> tuple[list[str], list[list]]:
    header = ["TagName", "Timestamp", "Value"] + (["Quality"] if how.quality else [])
    table = []
    for row in rows:
        when = stamp(row.second, how, start)
        quality = [QUALITIES[how.quality][row.status]] if how.quality else []
        table.append([row.tag, when, row.value, *quality])
    return header, table


def _wide(rows: list[Row], how: Export, start: datetime) -> tuple[list[str], list[list]]:
    tags = sorted({row.tag for row in rows})
    cells: dict[float, dict[str, Row]] = {}
    for row in rows:
        cells.setdefault(row.second, {})[row.tag] = row
    header = ["Time"]
    for tag in tags:
        header += [tag, f"{tag} quality"] if how.quality else [tag]
    table = []
    for second in sorted(cells):
        line: list = [stamp(second, how, start)]
        for tag in tags:
            row = cells[second].get(tag)
            line.append(row.value if row else None)
            if how.quality:
                line.append(QUALITIES[how.quality][row.status] if row else None)
        table.append(line)
    return header, table


def _more_headers(header: list[str], how: Export) -> list[list[str]]:
    units = ["", *("degC" for _ in header[1:])]
    if how.header == "units":
        return [units]
    if how.header == "description":
        return [["", *(f"reading of {name}" for name in header[1:])], units]
    return []


def _cell(cell: object, how: Export) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float):
        return repr(cell).replace(".", how.decimal)
    text = str(cell)
    return f'"{text}"' if how.separator in text or '"' in text else text


def _parquet(header: list[str], table: list[list]) -> pl.DataFrame:
    columns = {}
    for i, name in enumerate(header):
        cells = [line[i] for line in table]
        if any(isinstance(cell, str) for cell in cells):
            cells = [None if cell is None else str(cell) for cell in cells]
        columns[name] = pl.Series(name, cells, strict=False)
    return pl.DataFrame(columns)


@dataclass(frozen=True)
class Faults:
    """What goes wrong on the way, and where.

    Attributes:
        outages: Seconds from and until which a tag's samples are missing, and what is there
            instead at their begin: "bad" quality with an absurd value, a "text" state, or "gap".
        duplicates: Rows that are there twice.
        shuffled: Rows stand in any order.
    """

    outages: tuple[tuple[float, float, str], ...] = ()
    duplicates: int = 0
    shuffled: bool = False


ABSURD = -9999.25
TEXTS = ("I/O Timeout", "Bad Input", "No Data", "Arc Off-line", "Intf Shut", "Pt Created")


def damaged(rows: list[Row], faults: Faults, seed: int) -> list[Row]:
    """Inject faults into each tag's rows."""
    rng = np.random.default_rng(seed)
    for i, (begin, end, kind) in enumerate(faults.outages):
        rows = [row for row in rows if not begin <= row.second < end]
        for tag in sorted({row.tag for row in rows}):
            if kind == "bad":
                rows.append(Row(begin, tag, ABSURD, BAD))
            elif kind == "text":
                rows.append(Row(begin, tag, TEXTS[i % len(TEXTS)], BAD))
    rows = sorted(rows, key=lambda row: (row.tag, row.second))
    for at in rng.integers(0, len(rows), faults.duplicates):
        rows.insert(int(at), replace(rows[at]))
    if faults.shuffled:
        rows = [rows[i] for i in rng.permutation(len(rows))]
    return rows
