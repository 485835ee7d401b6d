"""A correct export in parts, and the manners in which it is written."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal


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
        document: What it is, where it is no delimited text.
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
    document: Literal["", "page", "workbook", "records", "columns"] = ""

    def stamp(self, write: Callable[[datetime], str]) -> None:
        """Write all time stamps in another manner."""
        for row, time in zip(self.rows, self.times, strict=True):
            row[0] = write(time)

    def text(self) -> bytes:
        """The file."""
        whole = _WRITTEN[self.document](self).encode(self.encoding)
        return gzip.compress(whole) if self.packed else whole


def _delimited(export: Export) -> str:
    lines = [export.separator.join(cells) for cells in (export.header, *export.rows)]
    return export.line_end.join(lines) + export.line_end


def _page(export: Export) -> str:
    rows = ["".join(f"<td>{cell}</td>" for cell in row) for row in (export.header, *export.rows)]
    return f"<html><body><table><tr>{'</tr><tr>'.join(rows)}</tr></table></body></html>"


def _workbook(export: Export) -> str:
    def row(cells: list[str], kinds: list[str]) -> str:
        data = (f'<Data ss:Type="{k}">{c}</Data>' for c, k in zip(cells, kinds, strict=True))
        return "<Row>" + "".join(f"<Cell>{cell}</Cell>" for cell in data) + "</Row>"

    kinds = ["DateTime", *["Number"] * (len(export.header) - 1)]
    rows = [row(export.header, ["String"] * len(export.header))]
    rows += [row([cells[0].replace(" ", "T"), *cells[1:]], kinds) for cells in export.rows]
    sheet = f'<Worksheet ss:Name="a"><Table>{"".join(rows)}</Table></Worksheet>'
    return f'<?xml version="1.0"?><Workbook xmlns:ss="urn:schemas">{sheet}</Workbook>'


def _records(export: Export) -> str:
    numbers = ([row[0], *map(float, row[1:])] for row in export.rows)
    return json.dumps({"items": [dict(zip(export.header, row, strict=True)) for row in numbers]})


def _columns(export: Export) -> str:
    numbers = ([row[0], *map(float, row[1:])] for row in export.rows)
    columns = map(list, zip(*numbers, strict=True))
    return json.dumps(dict(zip(export.header, columns, strict=True)))


_WRITTEN = {
    "": _delimited, "page": _page, "workbook": _workbook, "records": _records, "columns": _columns,
}  # fmt: skip


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
