"""Delimited text: its encoding, separator and header found out, its rows read a block at a time.

Only one block of lines is in memory at a time, and a line longer than a block is refused, so that
neither a large file nor a hostile one takes more memory than that. Text in which some line is not a
plain row is read row by row instead (``ragged``).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from shiftwork.errors import UserError
from shiftwork.records.historian.plant_file.model import ExportRules
from shiftwork.records.historian.readers.heading import (
    BELOW_HEADER,
    HEADER_ROWS,
    SAMPLE_ROWS,
    FoundHeading,
    find_heading,
    find_without_names,
    other_table,
)
from shiftwork.records.historian.readers.layout import FindLayout, Layout, NoClock, likelier
from shiftwork.records.historian.readers.lines import LONGEST_LINE, Text, count_of, last_break
from shiftwork.records.historian.readers.other_kinds import NoTable, refuse_other_kinds
from shiftwork.records.historian.readers.ragged import TextTable, ragged_batches
from shiftwork.records.historian.readers.source import Source
from shiftwork.records.historian.readers.table import NeedsCare, Notes, Table, Wanted

BLOCK_BYTES = 2 * LONGEST_LINE
SMALL_BLOCK_BYTES = BLOCK_BYTES // 8
"""Where few columns are read: what the processor has at hand is read faster. (With many columns, what each costs
in each block counts more.)"""
FEW_COLUMNS = 16
FIRST_BYTES = 2**20
"""The first block, whose cells are read as text and show what those of others may be read as."""
LONGEST_VALUE = 2**20
"""Bytes of quoted lines; a cell may have a hundredth of that."""
HEAD_BYTES = 2**20
SEPARATORS = (",", ";", "\t", "|")
SPACES = " "
"""The separator of tables whose columns stand apart by any number of spaces."""


def read_delimited(
    source: Source, find: FindLayout, rules: ExportRules, expected: tuple[str, ...] = ()
) -> tuple[Table, Layout | None]:
    """Find the table of a text file; its rows are read later.

    Args:
        source: The file.
        find: Finds the layout of a table.
        rules: What the plant file declares.
        expected: Names that the text should hold, such as those of tags.

    Returns:
        The table, and its layout; None if it has a header, but none of the tags looked for.

    Raises:
        UserError: It is not text.
        NoTable: It has no header.
    """
    refuse_other_kinds(source)
    text = Text(source, rules.encoding, expected)
    if rules.encoding and not text.fits_declared():
        raise NoTable(
            f"{source.name}: is not {rules.encoding}, as export.encoding says; leave export.encoding out, or set the "
            "right one"
        )
    separator, found, rows = _find_table(text, find, rules)
    first_line = rows[found.first - 1][0] if found.first else 0
    width = max([len(found.names), *(len(row) for _, row in rows[found.first :])])
    if any(cell.strip() for _, row in rows[found.first :] for cell in row[len(found.names) :]):
        width = len(found.names)  # a row that is too long is an error, and told as one
    names = (*found.names, *("" for _ in range(width - len(found.names))))
    table = TextTable(text, separator, names, found.layout, first_line, rules)

    def batches(wanted: Wanted) -> Iterator[tuple[int, pa.RecordBatch]]:
        return _batches(table, wanted)

    def careful(wanted: Wanted, notes: Notes) -> Iterator[tuple[int, pa.RecordBatch]]:
        return ragged_batches(table, wanted, notes)

    layout = found.layout
    clock = tuple(names[i].strip().lower() for i in layout.clock.columns) if layout else ()
    dialect = (source.form or "text", separator, layout.shape if layout else "", *clock)

    def form() -> str:
        words = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", SPACES: "spaces"}
        spelled = words.get(separator, separator)
        return source.form or f"{text.encoding.replace('ascii', 'ASCII')}, {spelled}"

    return (
        Table(source.name, names, source.stem, first_line + 1, batches, careful, dialect, form),
        layout,
    )


def _find_table(
    text: Text, find: FindLayout, rules: ExportRules
) -> tuple[str, FoundHeading, list[tuple[int, list[str]]]]:
    name, stem = text.source.name, text.source.stem
    with text.lines() as lines:
        reader = io.BufferedReader(lines, 2**16)
        head = more = reader.read(HEAD_BYTES)
        while more and not (b"\n" in head or b"\r" in head):
            head += (more := reader.read(HEAD_BYTES))
        whole = not reader.read(1)
        begin = head.decode("utf-8", "ignore")
    if not begin.strip():
        raise NoTable(f"{name}: is empty; export it again")
    separators = (rules.separator,) if rules.separator else (*SEPARATORS, SPACES)
    split = {separator: _rows(begin, separator, whole) for separator in separators}
    incomplete: NoClock | None = None
    for look in (find_heading, find_without_names):
        for separator, rows in split.items():
            try:
                found = look([row for _, row in rows], find, stem, name, rules)
            except NoClock as error:
                incomplete = likelier(incomplete, error)
                continue
            if found is not None:
                return separator, found, rows
        if incomplete is not None:
            raise incomplete
    best: tuple[str, FoundHeading, list[tuple[int, list[str]]]] | None = None
    for separator, rows in split.items():
        table = other_table([row for _, row in rows]) if separator != SPACES else None
        if table is not None and (best is None or len(table.names) > len(best[1].names)):
            best = separator, table, rows
    if best is not None:
        _refuse_undeclared(name, best[1].names, rules)
        return best
    widest = max((row for rows in split.values() for _, row in rows), key=len)
    _refuse_undeclared(name, tuple(widest), rules)
    first = next((row for _, row in split.get(",", [])), [])
    if len(first) == 1 and first[0].count(",") > 1:
        raise NoTable(
            f"{name}: has each row in quotation marks as a whole, so that it is one cell; remove the marks at "
            "both ends of the lines, or export it again"
        )
    raise NoTable(
        f"{name}: has no header with a time column and tags; write one, or give the names of its columns "
        'in order as export.columns = ["time", "TI1", ...], or set export.time, export.tag and '
        "export.value to the names it has; leave out of the folder what is not an export"
    )


def _refuse_undeclared(name: str, names: tuple[str, ...], rules: ExportRules) -> None:
    """Refuse a table that lacks a column which the plant file declares."""
    declared = [("tag", rules.tag), ("value", rules.value), ("quality", rules.quality)]
    known = [n.strip() for n in names]
    for key, column in declared + [("time", time) for time in rules.time]:
        if column is not None and column not in known:
            shown = ", ".join(known[:20])
            raise NoTable(f"{name}: unknown column of export.{key} '{column}'; known: {shown}")


def _rows(text: str, separator: str, whole: bool) -> list[tuple[int, list[str]]]:
    """The first rows with the number of lines up to their end."""
    if not whole:  # the last line may go on
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1]
    most = HEADER_ROWS + BELOW_HEADER + SAMPLE_ROWS
    if separator == SPACES:
        found = []
        for number, line in enumerate(io.StringIO(text, newline=""), start=1):
            if line.strip():
                found.append((number, line.split()))
            if len(found) == most:
                break
        return found
    # Broken as the parser breaks lines, unlike str.splitlines, which knows seven more characters.
    lines = io.StringIO(text, newline="")
    csv.field_size_limit(LONGEST_LINE)
    reader = csv.reader(lines, delimiter=separator)
    rows = []
    with suppress(csv.Error):  # what could be read so far is judged
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((reader.line_num, row))
            if len(rows) == most:
                break
    return rows


def _batches(table: TextTable, wanted: Wanted) -> Iterator[tuple[int, pa.RecordBatch]]:
    row = table.lines_before + 1

    def refuse(line: Any) -> str:
        return "error"

    spaces = table.separator == SPACES
    read = pacsv.ReadOptions(
        use_threads=False, column_names=[str(i) for i in range(len(table.names))]
    )
    parse = pacsv.ParseOptions(
        delimiter="\t" if spaces else table.separator, invalid_row_handler=refuse
    )
    size = SMALL_BLOCK_BYTES if len(wanted.columns) <= FEW_COLUMNS else BLOCK_BYTES
    for block in _blocks(table, size):
        if spaces:
            tight = re.sub(rb"(?m)^[ \t]+|[ \t]+(?=\r?$)", b"", bytes(block))
            block = memoryview(re.sub(rb"[ \t]+", b"\t", tight))
        read.block_size = len(block) + 1  # Arrow would cut without regard to quotation marks
        lent = _lent(block)
        whole = None
        for convert in _conversions(wanted):
            try:
                whole = pacsv.read_csv(pa.BufferReader(lent), read, parse, convert)
                if not _is_beyond(whole):
                    break
            except pa.ArrowInvalid as error:
                if "Empty CSV" in str(error):
                    break
                if "conversion error" in str(error) and wanted.hints is not None:
                    wanted.hints.failures += 1
                    continue  # hints do not hold: as text
                raise NeedsCare from None
        if whole is None:
            continue
        for batch in whole.to_batches():
            yield row, batch
            row += batch.num_rows


def _is_beyond(table: pa.Table) -> bool:
    """Whether a number is infinite: a word, or too many digits, which count as text."""
    floats = (c for c in table.itercolumns() if pa.types.is_floating(c.type))
    return any(pc.any(pc.is_inf(column)).as_py() for column in floats)


def _conversions(wanted: Wanted) -> Iterator[pacsv.ConvertOptions]:
    """What cells are read as: what the hints allow, then text."""
    columns = [str(i) for i in wanted.columns]
    texts: dict[str, pa.DataType] = {name: pa.string() for name in columns}
    if wanted.tag is not None:
        texts[str(wanted.tag)] = pa.dictionary(pa.int32(), pa.string())
    hints = wanted.hints
    if hints is not None and hints.failures < 2 and (hints.numbers or hints.stamps):
        typed = texts | {str(i): pa.float64() for i in hints.numbers}
        typed |= {str(i): pa.timestamp("us") for i in hints.stamps}
        yield pacsv.ConvertOptions(
            include_columns=columns, column_types=typed, strings_can_be_null=False,
            null_values=["", "NaN", "nan", "null", "NULL", "NA", "N/A"],
        )  # fmt: skip
    yield pacsv.ConvertOptions(
        include_columns=columns, column_types=texts, strings_can_be_null=False
    )


def _blocks(table: TextTable, size: int) -> Iterator[memoryview]:
    """Whole rows below the header, some ``size`` bytes at a time.

    Raises:
        UserError: A quoted value does not end.
    """
    name = table.text.source.name
    with table.text.lines(table.lines_before) as lines:
        rest = lines.block(FIRST_BYTES)
        while more := lines.block(size):
            # A line feed may be about to follow a carriage return that is the last.
            last = last_break(rest, len(rest) - (not rest.endswith(b"\n"))) + 1
            end = _whole_rows(rest, last, table.separator)
            if end == 0 < last and len(rest) > BLOCK_BYTES:
                raise _unclosed(name, lines.line_of(rest + more))
            if end:
                yield memoryview(rest)[:end]
            rest = rest[end:] + more
        end = _whole_rows(rest, len(rest), table.separator)
        if end < len(rest):
            raise _unclosed(name, lines.line_of(rest[end:]))
    yield memoryview(rest)


def _unclosed(name: str, row: int) -> UserError:
    return UserError(
        f"{name}: row {row} has a quotation mark that is not closed; fix or remove the row"
    )


def _whole_rows(text: bytes, end: int, separator: str) -> int:
    """How many bytes before a line end belong to rows whose quoted values all end.

    An even number of quotation marks says so of all of them. (Were one of these within a plain value
    and one open, the parser would refuse the next row.)
    """
    if b'"' not in text or count_of(b'"', memoryview(text)[:end]) % 2 == 0:
        return end
    # Behind the line of the last mark nothing opens or ends.
    decided = text.find(b"\n", text.rfind(b'"', 0, end), end) + 1 or end
    size, whole = 0, 0

    def lines() -> Iterator[str]:
        nonlocal size
        for line in io.TextIOWrapper(io.BytesIO(text[:decided]), "latin-1", newline=""):
            if size - whole > LONGEST_VALUE:
                raise csv.Error
            size += len(line)
            yield line
        size += 1
        yield "behind"  # which becomes part of a value that has not ended

    reader = csv.reader(lines(), delimiter=separator)
    with suppress(csv.Error):
        for _ in reader:
            if size > decided:
                break
            whole = size
    return end if whole == decided else whole


def _lent(block: memoryview) -> pa.Buffer:
    """Put a block into Arrow's own memory.

    Arrow reads ahead in a thread of its own, which may outlive a file that is refused. If it then
    asks Python for more, or gives something of Python's back, while the interpreter ends, the
    process is aborted.
    """
    buffer = pa.allocate_buffer(len(block))
    np.frombuffer(buffer, np.uint8)[:] = np.frombuffer(block, np.uint8)
    return buffer
