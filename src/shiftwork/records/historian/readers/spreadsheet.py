"""Workbooks: every sheet of an .xlsx, .xls, .xlsb or .ods, through fastexcel."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import polars as pl
import pyarrow as pa

from shiftwork.errors import UserError
from shiftwork.records.historian.plant_file.model import ExportRules
from shiftwork.records.historian.readers.heading import (
    BELOW_HEADER,
    HEADER_ROWS,
    SAMPLE_ROWS,
    find_heading,
    find_without_names,
    other_table,
)
from shiftwork.records.historian.readers.layout import FindLayout, Layout, NoClock
from shiftwork.records.historian.readers.lines import Text
from shiftwork.records.historian.readers.ragged import TextTable, ragged_batches
from shiftwork.records.historian.readers.source import Source
from shiftwork.records.historian.readers.table import Notes, Table, Wanted
from shiftwork.records.historian.readers.written_rows import mark_free

OLE_MAGIC = b"\xd0\xcf\x11\xe0"


def read_workbook(
    source: Source, find: FindLayout, rules: ExportRules
) -> tuple[list[tuple[Table, Layout | None]], list[str]]:
    """Find the tables of a workbook, one on each sheet.

    Returns:
        The tables, and the sheets that are left out, each as "name: why".

    Raises:
        UserError: It cannot be opened, or no sheet holds a table.
    """
    import fastexcel

    try:
        book = fastexcel.read_excel(source.whole())
        names = book.sheet_names
    except fastexcel.FastExcelError as error:
        cause = " ".join(str(error).split())[:100]
        raise UserError(
            f"{source.name}: cannot be opened as a workbook ({cause}); save it as .xlsx or CSV"
        ) from None
    found, left = [], []
    for sheet in names:
        where = f"{source.name}: sheet '{sheet}'" if len(names) > 1 else source.name
        stem = sheet if len(names) > 1 else source.stem
        try:
            table = _sheet(book, sheet, where, stem, find, rules)
        except NoClock as error:
            if len(names) == 1:
                raise
            left.append(str(error).partition(";")[0])
            continue
        if table is None:
            left.append(f"{where}: holds no table with a time column")
        else:
            found.append(table)
    if not found:
        raise UserError(
            f"{source.name}: no sheet has a header with a time column and tags; write one, or give the names "
            'of its columns as export.columns = ["time", "TI1", ...]'
        )
    return found, left


def _sheet(
    book: Any, sheet: str, where: str, stem: str, find: FindLayout, rules: ExportRules
) -> tuple[Table, Layout | None] | None:
    most = HEADER_ROWS + BELOW_HEADER + SAMPLE_ROWS
    # Read from the first line on: without skip_rows empty lines at the top would not count.
    head = _loaded(book, sheet, 0, "string", most)
    rows = [["" if cell is None else str(cell) for cell in row] for row in head.iter_rows()]
    full = [i for i, row in enumerate(rows) if any(cell.strip() for cell in row)]
    filled = [rows[i] for i in full]
    heading = (
        find_heading(filled, find, stem, where, rules)
        or find_without_names(filled, find, stem, where, rules)
        or other_table(filled)
    )
    if heading is None:
        return None
    first = full[heading.first] if heading.first < len(full) else len(rows)
    width = head.width
    names = (*heading.names, *[""] * (width - len(heading.names)))

    layout = heading.layout
    clocks = (
        [c for clock in (layout.clock, *layout.clocks.values()) for c in clock.columns]
        if layout
        else []
    )

    def batches(wanted: Wanted) -> Iterator[tuple[int, pa.RecordBatch]]:
        frame = _typed(book, sheet, first, clocks)
        if rules.order is None:
            _refuse_swapped(frame, clocks, where)
        width_here = frame.width
        columns = [
            frame.to_series(i)
            if i < width_here
            else pl.Series([None] * len(frame), dtype=pl.String)
            for i in wanted.columns
        ]
        empty = pl.DataFrame([c.alias(str(k)) for k, c in enumerate(columns)])
        arrays = [column.to_arrow() for column in empty]
        arrays = [a.cast(pa.string()) if pa.types.is_large_string(a.type) else a for a in arrays]
        yield first + 1, pa.RecordBatch.from_arrays(arrays, [str(i) for i in wanted.columns])

    def careful(wanted: Wanted, notes: Notes) -> Iterator[tuple[int, pa.RecordBatch]]:
        text = b"\n" * first + _as_text(_typed(book, sheet, first, clocks), clocks)
        lines = Text(Source(where, stem, lambda: io.BytesIO(text)), "utf-8")
        return ragged_batches(TextTable(lines, "\t", names, layout, first, rules), wanted, notes)

    dialect = ("workbook", layout.shape if layout else "")
    table = Table(where, names, stem, first + 1, batches, careful, dialect, lambda: "workbook")
    return table, layout


def _loaded(book: Any, sheet: str, skip: int, dtypes: Any, most: int | None = None) -> pl.DataFrame:
    loaded = book.load_sheet(sheet, header_row=None, skip_rows=skip, n_rows=most, dtypes=dtypes)
    return pl.DataFrame(loaded.to_arrow())


def _typed(book: Any, sheet: str, first: int, clocks: list[int]) -> pl.DataFrame:
    """All rows: times as text, numbers as numbers, a column of both as text with every digit.

    Numbers beside text have no decimal mark, so that they are the same whatever the mark of the text is.
    """
    text = _loaded(book, sheet, first, "string")
    number = _loaded(book, sheet, first, dict.fromkeys(range(text.width), "float"))
    columns = []
    for place, (words, values) in enumerate(zip(text, number, strict=False)):
        # A date is not a number here, though a workbook keeps it as one.
        written = words.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}").fill_null(value=False)
        truth = words.is_in(["true", "false"])
        plain = values.is_not_null() & ~written & ~truth
        if (plain | words.is_null()).all() and plain.any():
            columns.append(values.alias(words.name))
            continue
        digits = values.cast(pl.String)
        if place not in clocks:
            digits = digits.map_elements(mark_free, pl.String)
        exact = pl.select(pl.when(plain).then(digits).otherwise(words)).to_series()
        columns.append(exact.alias(words.name))
    return pl.DataFrame(columns)


def _refuse_swapped(frame: pl.DataFrame, clocks: list[int], where: str) -> None:
    """Refuse dates beside text that is a date, of which no spreadsheet of that order could make one.

    Where day and month are in another order than the spreadsheet expects, it swaps them in the dates
    up to the 12th of a month, and leaves the others as text.
    """
    for place in clocks:
        column = frame.to_series(place)
        if column.dtype != pl.String:
            continue
        text = column.str.extract_groups(r"^(\d{1,2})[./-](\d{1,2})[./-]\d{2,4}")
        first, second = (text.struct.field(n).cast(pl.Int64).drop_nulls() for n in ("1", "2"))
        days = column.str.extract(r"^\d{4}-\d{2}-(\d{2})").cast(pl.Int64).drop_nulls()
        if not len(days) or not len(first) or (days > 12).any():
            continue
        if (first > 12).all() or (second > 12).all():
            example = column.filter(text.struct.field("1").is_not_null())[0]
            raise UserError(
                f"{where}: has dates and, where the day is above 12, text ('{example}'): a spreadsheet has perhaps "
                "swapped day and month of the dates; export text, or, if the dates are right, set export.order = "
                '"day first" or "month first", that of the text'
            )


def _as_text(frame: pl.DataFrame, clocks: list[int]) -> bytes:
    """Rows as lines with tabs, to be read row by row."""
    columns = []
    for place, column in enumerate(frame):
        text = column.cast(pl.String)
        if column.dtype.is_float() and place not in clocks:
            text = text.map_elements(mark_free, pl.String)
        columns.append(text.str.replace_all(r"\s+", " "))
    return pl.DataFrame(columns).write_csv(separator="\t", include_header=False).encode()
