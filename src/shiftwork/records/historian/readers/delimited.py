"""Delimited text: its encoding, separator and header found out, its rows read a block at a time.

Only one block of lines is in memory at a time, and a line longer than a block is refused, so that
neither a large file nor a hostile one takes more memory than that.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from shiftwork.errors import UserError
from shiftwork.records.historian.readers.layout import FindLayout, Layout
from shiftwork.records.historian.readers.lines import LONGEST_LINE, Lines
from shiftwork.records.historian.readers.table import Table, Wanted
from shiftwork.records.historian.values.stamps import looks_like_stamp

BLOCK_BYTES = 2 * LONGEST_LINE
LONGEST_VALUE = 2**20
"""Bytes of quoted lines; a cell of ours may have a hundredth of that."""
HEAD_BYTES = 2**20
HEADER_ROWS = 40
"""Rows among which the header is looked for; exports like to begin with a title."""
BELOW_HEADER = 8
"""Rows of descriptions and units that may stand between header and data."""
SEPARATORS = (",", ";", "\t", "|")

_OTHER = (
    (b"PK\3\4", "is a spreadsheet or an archive; save it as CSV"),
    (b"\xd0\xcf\x11\xe0", "is a spreadsheet; save it as CSV"),
    (b"\x1f\x8b", "is compressed; give the file that unpacks from it"),
    (b"BZh", "is compressed; give the file that unpacks from it"),
    (b"\xfd7zXZ", "is compressed; give the file that unpacks from it"),
    (b"\x28\xb5\x2f\xfd", "is compressed; give the file that unpacks from it"),
    (b"%PDF", "is a PDF; export it as CSV"),
)


@dataclass(frozen=True)
class _Found:
    """Where the table stands in the text."""

    separator: str
    header: tuple[str, ...]
    layout: Layout | None
    lines_before: int
    """Lines above the first row of data."""


def read_delimited(path: Path, find: FindLayout) -> tuple[Table, Layout | None]:
    """Find the table of a text file; its rows are read later.

    Returns:
        The table, and its layout; None if it has a header, but none of the tags looked for.

    Raises:
        UserError: It is no text, or has no header.
    """
    with path.open("rb") as file:
        magic = file.read(8)
    for start, problem in _OTHER:
        if magic.startswith(start):
            raise UserError(f"{path}: {problem}")
    found = _find_table(path, find)

    def batches(wanted: Wanted) -> Iterator[tuple[int, pa.RecordBatch]]:
        return _batches(path, found, wanted)

    table = Table(str(path), found.header, path.stem, found.lines_before + 1, batches)
    return table, found.layout


def _find_table(path: Path, find: FindLayout) -> _Found:
    with Lines(path) as lines:
        reader = io.BufferedReader(lines, 2**16)
        head = more = reader.read(HEAD_BYTES)
        while more and not (b"\n" in head or b"\r" in head):
            head += (more := reader.read(HEAD_BYTES))
        text = head.decode("utf-8", "ignore")
    if not text.strip():
        raise UserError(f"{path}: is empty; export it anew")
    whole = os.path.getsize(path) <= HEAD_BYTES
    best: _Found | None = None
    for separator in SEPARATORS:
        rows = _rows(text, separator, whole)
        for row, (_, header) in enumerate(rows[:HEADER_ROWS]):
            if len(header) < 2:
                continue
            layout = find(header, path.stem, str(path))
            if layout is None:
                continue
            before = _lines_before_data(rows, row, layout)
            return _Found(separator, tuple(header), layout, before)
        header_row = _some_header(rows)
        if header_row is not None and (best is None or len(rows[header_row][1]) > len(best.header)):
            best = _Found(separator, tuple(rows[header_row][1]), None, rows[header_row][0])
    if best is None:
        raise UserError(
            f"{path}: has no header with a time column and tags; write one, or set export.time, "
            "export.tag and export.value to the names of its columns"
        )
    return best


def _rows(text: str, separator: str, whole: bool) -> list[tuple[int, list[str]]]:
    """The first rows with the number of lines up to their end."""
    if not whole:  # the last line may go on
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1]
    # Broken as the parser breaks lines, unlike str.splitlines, which knows seven more characters.
    lines = io.StringIO(text, newline="")
    csv.field_size_limit(LONGEST_LINE)
    reader = csv.reader(lines, delimiter=separator)
    rows = []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((reader.line_num, row))
            if len(rows) == HEADER_ROWS + BELOW_HEADER:
                break
    except csv.Error:
        pass  # what could be read so far is judged
    return rows


def _lines_before_data(rows: list[tuple[int, list[str]]], header: int, layout: Layout) -> int:
    """Lines above the first row whose time cell is a time stamp."""
    for row in range(header + 1, min(header + 1 + BELOW_HEADER, len(rows))):
        cells = rows[row][1]
        time = " ".join(cells[i] for i in layout.time if i < len(cells))
        if looks_like_stamp(time):
            return rows[row - 1][0]
    return rows[header][0]


def _some_header(rows: list[tuple[int, list[str]]]) -> int | None:
    """A row of names above a row that begins with a time stamp: a table of other tags."""
    for row in range(min(HEADER_ROWS, len(rows) - 1)):
        above, below = rows[row][1], rows[row + 1][1]
        if len(above) == len(below) > 1 and any(map(looks_like_stamp, below[:3])):
            return None if any(map(looks_like_stamp, above[:3])) else row
    return None


def _batches(path: Path, found: _Found, wanted: Wanted) -> Iterator[tuple[int, pa.RecordBatch]]:
    row = found.lines_before + 1
    wrong: list[Any] = []

    def refuse(line: Any) -> str:
        wrong.append(line)
        return "error"

    texts: dict[str, pa.DataType] = {str(i): pa.string() for i in wanted.columns}
    if wanted.tag is not None:
        texts[str(wanted.tag)] = pa.dictionary(pa.int32(), pa.string())
    names = [str(i) for i in range(len(found.header))]
    read = pacsv.ReadOptions(use_threads=False, column_names=names)
    parse = pacsv.ParseOptions(delimiter=found.separator, invalid_row_handler=refuse)
    convert = pacsv.ConvertOptions(
        include_columns=[str(i) for i in wanted.columns],
        column_types=texts,
        strings_can_be_null=False,
    )
    for block in _blocks(path, found):
        read.block_size = len(block) + 1  # Arrow would cut without regard to quotation marks
        try:
            table = pacsv.read_csv(_lent(block), read, parse, convert)
        except pa.ArrowInvalid as error:
            if "Empty CSV" in str(error):
                continue
            if wrong:
                line = wrong[0]
                number = "" if line.number is None else f" row {row - 1 + line.number}:"
                raise UserError(
                    f"{path}:{number} has {line.actual_columns} columns, the header has "
                    f"{line.expected_columns} ('{_short(line.text)}'); mend or remove the row, and "
                    "quote numbers with a decimal comma"
                ) from None
            raise UserError(
                f"{path}: after row {row}: cannot be read ({_short(str(error), 100)}); export it anew"
            ) from None
        for batch in table.to_batches():
            yield row, batch
            row += batch.num_rows


def _blocks(path: Path, found: _Found) -> Iterator[memoryview]:
    """Whole rows below the header, some sixteen MiB at a time.

    Raises:
        UserError: A quoted value does not end.
    """
    line = found.lines_before + 1
    with Lines(path, found.lines_before) as lines:
        reader = io.BufferedReader(lines, 2**16)
        rest = reader.read(BLOCK_BYTES)
        while more := reader.read(BLOCK_BYTES):
            # A line feed may be about to follow a carriage return that is the last.
            last = max(rest.rfind(b"\n"), rest.rfind(b"\r", 0, -1)) + 1
            count, end = _whole_rows(rest, last, found.separator)
            if end == 0 < last and len(rest) > BLOCK_BYTES:
                raise _unclosed(path, line)
            if end:
                yield memoryview(rest)[:end]
                line += count
            rest = rest[end:] + more
    count, end = _whole_rows(rest, len(rest), found.separator)
    if end < len(rest):
        raise _unclosed(path, line + count)
    yield memoryview(rest)


def _unclosed(path: Path, row: int) -> UserError:
    return UserError(
        f"{path}: row {row} has a quotation mark that is not closed; mend or remove the row"
    )


def _whole_rows(text: bytes, end: int, separator: str) -> tuple[int, int]:
    """How many lines and bytes before a line end belong to rows whose quoted values all end.

    An even number of quotation marks says so of all of them. (Were one of these within a plain value
    and one open, the parser would refuse the next row.)
    """
    if text.count(b'"', 0, end) % 2 == 0:
        return text.count(b"\n", 0, end) or text.count(b"\r", 0, end), end
    size, whole = 0, (0, 0)

    def lines() -> Iterator[str]:
        nonlocal size
        for line in io.TextIOWrapper(io.BytesIO(text[:end]), "latin-1", newline=""):
            if size - whole[1] > LONGEST_VALUE:
                raise csv.Error
            size += len(line)
            yield line
        size += 1
        yield "behind"  # which becomes part of a value that has not ended

    reader = csv.reader(lines(), delimiter=separator)
    with suppress(csv.Error):
        for _ in reader:
            if size > end:
                break
            whole = (reader.line_num, size)
    return whole


def _lent(block: memoryview) -> pa.BufferReader:
    """Put a block into Arrow's own memory.

    Arrow reads ahead in a thread of its own, which may outlive a file that is refused. If it then
    asks Python for more, or gives something of Python's back, while the interpreter ends, the
    process is aborted.
    """
    buffer = pa.allocate_buffer(len(block))
    np.frombuffer(buffer, np.uint8)[:] = np.frombuffer(block, np.uint8)
    return pa.BufferReader(buffer)


def _short(text: str, most: int = 40) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 3] + "..."
