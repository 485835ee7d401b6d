"""Delimited text: its encoding, separator and header found out, its rows read a block at a time.

Only one block of lines is in memory at a time, and a line longer than a block is refused, so that
neither a large file nor a hostile one takes more memory than that.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv

from shiftwork.errors import UserError
from shiftwork.records.historian.layout import FindLayout, Layout
from shiftwork.records.historian.stamps import looks_like_stamp
from shiftwork.records.historian.table import Table, Wanted

LONGEST_LINE = 8 * 2**20
"""Bytes; ten thousand columns need less than one of these."""
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


class Lines(io.RawIOBase):
    """A text file as UTF-8 with bounded lines, from one line on: what the parser is given.

    ASCII passes as it is. The first other character tells UTF-8 from CP949; a byte-order mark
    tells UTF-16.
    """

    def __init__(self, path: Path, skip: int = 0) -> None:
        self._path = path
        self._file = path.open("rb")
        self._line = 1
        self._since_break = 0
        self._pending = b""
        begin = self._file.read(3)
        self._decoder: Any = None
        if begin[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            self._decoder = codecs.getincrementaldecoder("utf-16")()
            self._file.seek(0)
        elif begin != codecs.BOM_UTF8:
            self._file.seek(0)
        self._skip(skip)

    def readable(self) -> bool:
        """True."""
        return True

    def close(self) -> None:
        """Close the file under it too."""
        self._file.close()
        super().close()

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer with checked UTF-8, as ``io.RawIOBase`` asks."""
        if not self._pending:
            self._pending = self._next(len(buffer))
        count = min(len(buffer), len(self._pending))
        buffer[:count] = self._pending[:count]
        self._pending = self._pending[count:]
        return count

    def _skip(self, lines: int) -> None:
        head = b""
        while lines:
            if not head:
                head = self._next(2**16)
                if not head:
                    return
            first = head.splitlines(keepends=True)[0]
            if first == head:  # perhaps only the beginning of the line
                more = self._next(2**16)
                head += more
                if more:
                    continue
            head = head[len(first) :]
            lines -= 1
        self._pending = head

    def _next(self, size: int) -> bytes:
        while raw := self._file.read(max(size, 2**16)):
            if text := self._decoded(raw):
                break
        else:
            text = self._decoded(b"")
        if b"\0" in text:
            line = self._line + text[: text.index(b"\0")].count(b"\n")
            raise UserError(
                f"{self._path}: line {line} holds a NUL byte, so it is no text; export it anew"
            )
        self._refuse_long(text)
        return text

    def _decoded(self, raw: bytes) -> bytes:
        try:
            if self._decoder is None:
                if raw.isascii():
                    return raw
                self._decoder = codecs.getincrementaldecoder("utf-8")()
                try:
                    text = self._decoder.decode(raw)
                except UnicodeDecodeError:
                    self._decoder = codecs.getincrementaldecoder("cp949")()
                    text = self._decoder.decode(raw)
            else:
                text = self._decoder.decode(raw, final=not raw)
        except UnicodeDecodeError as error:
            line = self._line + raw[: error.start].count(b"\n")
            raise UserError(
                f"{self._path}: line {line} is neither UTF-8 nor CP949; save it as UTF-8"
            ) from None
        encoded: bytes = text.encode("utf-8", "replace")
        return encoded

    def _refuse_long(self, text: bytes) -> None:
        breaks = text.count(b"\n") or text.count(b"\r")
        self._line += breaks
        if breaks:
            self._since_break = len(text) - max(text.rfind(b"\n"), text.rfind(b"\r"))
        else:
            self._since_break += len(text)
        if self._since_break > LONGEST_LINE:
            raise UserError(
                f"{self._path}: line {self._line} is longer than {LONGEST_LINE / 2**20:g} MiB; "
                "check that it is an export, or export fewer columns"
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
    try:
        with Lines(path, found.lines_before) as lines:
            reader = pacsv.open_csv(
                lines,
                pacsv.ReadOptions(
                    use_threads=False,
                    block_size=2 * LONGEST_LINE,
                    column_names=[str(i) for i in range(len(found.header))],
                ),
                pacsv.ParseOptions(delimiter=found.separator, invalid_row_handler=refuse),
                pacsv.ConvertOptions(
                    include_columns=[str(i) for i in wanted.columns],
                    column_types=texts,
                    strings_can_be_null=False,
                ),
            )
            for batch in reader:
                yield row, batch
                row += batch.num_rows
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            return
        if wrong:
            line = wrong[0]
            number = "" if line.number is None else f" row {found.lines_before + line.number}:"
            raise UserError(
                f"{path}:{number} has {line.actual_columns} columns, the header has "
                f"{line.expected_columns} ('{_short(line.text)}'); mend or remove the row, and "
                "quote numbers with a decimal comma"
            ) from None
        raise UserError(
            f"{path}: after row {row}: cannot be read ({_short(str(error), 100)}); export it anew"
        ) from None


def _short(text: str, most: int = 40) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 3] + "..."
