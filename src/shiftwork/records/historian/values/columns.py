"""Columns of a batch as polars series and NumPy arrays, whatever types the export gave them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa

from shiftwork.records.historian.readers.layout import Layout
from shiftwork.records.historian.readers.table import Table, Wanted
from shiftwork.records.historian.values.numbers import is_nothing


def state_text(cells: pl.Series) -> pl.Series:
    """Text of a state tag's cells; whole numbers without a decimal point, as people write them."""
    if cells.dtype == pl.Boolean:
        cells = cells.cast(pl.Int8)
    if cells.dtype.is_float() and bool((cells.is_null() | (cells == cells.round())).all()):
        cells = cells.fill_nan(None).cast(pl.Int64, strict=False)
    return cells.cast(pl.String).str.strip_chars()


def series(batch: pa.RecordBatch, position: int) -> pl.Series:
    """One column, by its position in the table."""
    column = batch.column(str(position))
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    return pl.Series(pl.from_arrow(column))


def stamp_cells(layout: Layout, batch: pa.RecordBatch) -> pl.Series:
    """Time stamps: one column, or date and time of day in one; text without space around it."""
    parts = [series(batch, position) for position in layout.time]
    if len(parts) == 2:
        parts = [part.cast(pl.String).str.strip_chars() for part in parts]
        # Exports that leave out midnight have a date alone.
        return pl.select((parts[0] + " " + parts[1].fill_null("")).str.strip_chars()).to_series()
    return parts[0].str.strip_chars() if parts[0].dtype == pl.String else parts[0]


def nothing(cells: pl.Series) -> pl.Series:
    """Tell which cells of a column of any type hold nothing."""
    if cells.dtype == pl.String:
        return is_nothing(cells.str.strip_chars())
    return cells.is_null() | cells.is_nan() if cells.dtype.is_float() else cells.is_null()


def tag_positions(names: pa.Array, known: dict[str, int]) -> np.ndarray:
    """Position of each row's tag among the plant's, -1 for others, (T,) int32."""
    if not pa.types.is_dictionary(names.type):
        names = names.cast(pa.string()).dictionary_encode()
    texts = names.dictionary.to_pylist()
    places = np.array([known.get(str(t).strip(), -1) for t in texts] + [-1], np.int32)
    codes = names.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)
    return places[codes]


def tag_names(table: Table, position: int) -> list[str]:
    """All tag names of a table in the long form, in the order in which they first stand."""
    found: dict[str, None] = {}
    for _, batch in table.read(Wanted((position,))):
        names = batch.column(str(position))
        if not pa.types.is_dictionary(names.type):
            names = names.cast(pa.string()).dictionary_encode()
        texts = (str(name or "").strip() for name in names.dictionary.to_pylist())
        found.update(dict.fromkeys(text for text in texts if text))
    return list(found)
