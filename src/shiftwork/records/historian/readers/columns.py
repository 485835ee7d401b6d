"""Columns of a batch as polars series and NumPy arrays, whatever types the export gave them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
import pyarrow as pa

from shiftwork.records.historian.readers.layout import Clock, Layout, QualityColumns
from shiftwork.records.historian.readers.table import NeedsCare, Table, Wanted
from shiftwork.records.historian.readers.written_rows import mark_free
from shiftwork.records.historian.values.numbers import is_nothing

_YES = (
    "1",
    "1.0",
    "true",
    "yes",
    "y",
    "t",
    "wahr",
    "vrai",
    "verdadero",
    "ja",
    "j",
    "oui",
    "si",
    "sí",
    "예",
    "참",
    "是",
)
_NO = (
    "0",
    "0.0",
    "false",
    "no",
    "n",
    "f",
    "falsch",
    "faux",
    "falso",
    "nein",
    "non",
    "아니오",
    "거짓",
    "否",
)
_NUMBER = r"^[+-]?[0-9]+(?:[.,][0-9]+)?$"


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


def rows_where(batch: pa.RecordBatch, chosen: np.ndarray) -> pa.RecordBatch:
    """Some rows of a batch."""
    # Through polars: to make an array of NumPy's, Arrow loads pandas wherever it is installed.
    return batch if chosen.all() else batch.filter(pl.Series(chosen).to_arrow())


def value_cells(layout: Layout, batch: pa.RecordBatch) -> pl.Series:
    """Values of the long and the single form: of several columns by type, the one that holds something."""
    assert layout.value is not None
    cells = series(batch, layout.value)
    for position in layout.other_values:
        more = series(batch, position)
        if cells.dtype != more.dtype:
            if cells.dtype.is_numeric() and more.dtype.is_numeric():
                cells, more = cells.cast(pl.Float64), more.cast(pl.Float64)
            else:
                cells, more = _as_text(cells), _as_text(more)
        cells = pl.select(pl.when(~nothing(cells)).then(cells).otherwise(more)).to_series()
    return cells


def _as_text(cells: pl.Series) -> pl.Series:
    """Cells as text in which numbers stay what they are, whatever the decimal mark."""
    text = cells.cast(pl.String)
    return text.map_elements(mark_free, pl.String) if cells.dtype.is_float() else text


def stamp_cells(clock: Clock, batch: pa.RecordBatch) -> tuple[pl.Series, np.ndarray | None]:
    """Time stamps: one column, or several put together; text without space around it.

    Returns:
        The cells, and microseconds to add to each, (T,), None for none.
    """
    parts = {
        kind: series(batch, position)
        for kind, position in zip(clock.kinds, clock.columns, strict=True)
    }
    add = None
    for kind, factor in (("ms", 1e3), ("us", 1.0), ("ns", 1e-3), ("fraction", 1e6)):
        if kind in parts and len(parts) > 1:
            text = (
                parts.pop(kind)
                .cast(pl.String)
                .str.strip_chars()
                .str.replace(",", ".", literal=True)
            )
            numbers = text.cast(pl.Float64, strict=False)
            more = np.round(numbers.fill_null(0.0).to_numpy() * factor).astype(np.int64)
            add = more if add is None else add + more
    tails = [parts.pop(kind) for kind in ("half", "zone") if kind in parts and len(parts) > 1]
    cells = _joined(parts)
    for tail in tails:
        cells = cells.cast(pl.String) + " " + _part_text(tail).fill_null("")
    return cells.str.strip_chars() if cells.dtype == pl.String else cells, add


def _joined(parts: dict[str, pl.Series]) -> pl.Series:
    """Date, time and smaller parts as one stamp each."""
    if len(parts) == 1:
        (cells,) = parts.values()
        return cells
    texts = {kind: _part_text(cells) for kind, cells in parts.items()}
    if set(texts) == {"date", "time"}:
        day, time = texts["date"], texts["time"]
        serial = day.str.contains(_NUMBER) & time.str.contains(_NUMBER)
        if (
            len(serial)
            and serial.fill_null(value=False).all()
            and not time.str.contains(r"^[0-9]{3,}$").any()
        ):
            # Days and a part of a day, as workbooks count them.
            days, part = (text.str.replace(",", ".").cast(pl.Float64) for text in (day, time))
            return days + part
    if "year" in texts:
        year, month, day = (texts.pop(kind) for kind in ("year", "month", "day"))
        date = year + "-" + month.str.zfill(2) + "-" + day.str.zfill(2)
    else:
        date = texts.pop("date") if "date" in texts else texts.pop("stamp")
        date = date.str.replace(r"[ T]00:00(:00)?(\.0+)?$", "")
    hour = texts.pop("time", None)
    hour = texts.pop("hour", None) if hour is None else hour
    if hour is None:
        return date
    time = hour.str.replace(r"^1899-12-3[01][ T]", "")
    if "time" in parts and time.str.contains(r"^[0-9]{3,4}$").any():  # 930 is half past nine
        time = time.str.replace(r"^([0-9]{1,4})$", "000$1").str.replace(
            r"^[0-9]*([0-9]{2})([0-9]{2})$", "$1:$2"
        )
    bare = time.str.contains(r"^[0-9]{1,2}$").fill_null(value=False)
    minute, second = texts.pop("minute", None), texts.pop("second", None)
    tail = ":" + minute.fill_null("0").str.zfill(2) if minute is not None else ":00"
    if second is not None:
        tail = tail + ":" + second.fill_null("0").str.zfill(2)
    time = pl.select(pl.when(bare).then(time.str.zfill(2) + tail).otherwise(time)).to_series()
    # Exports that leave out midnight have a date alone.
    return (date + " " + time.fill_null("")).str.strip_chars()


def _part_text(cells: pl.Series) -> pl.Series:
    if cells.dtype.is_float() and bool((cells.is_null() | (cells == cells.round())).all()):
        cells = cells.fill_nan(None).cast(pl.Int64, strict=False)
    text = cells.cast(pl.String).str.strip_chars()
    return text.str.replace(r"^([0-9]+)\.0+$", "$1")


def flag_status(quality: QualityColumns, batch: pa.RecordBatch) -> tuple[np.ndarray, str]:
    """Status (0 good, 1 uncertain, 2 bad) by columns of yes and no, (T,).

    Returns:
        The status, and a cell that is neither yes nor no, "" for none.
    """
    status = np.zeros(batch.num_rows, np.uint8)
    strange = ""
    for position, meaning in zip(quality.columns, quality.meanings, strict=True):
        text = series(batch, position).cast(pl.String).str.strip_chars().str.to_lowercase()
        yes, no = text.is_in(_YES), text.is_in(_NO)
        odd = ~(yes | no | text.is_null() | (text == "")).fill_null(value=True)
        if odd.any():
            strange = str(text.filter(odd)[0])
        if meaning == "good":
            found = np.where(no.fill_null(value=False).to_numpy(), 2, 0)
            found = np.where(
                (text.is_null() | (text == "")).fill_null(value=True).to_numpy(), 1, found
            )
        else:
            found = np.where(yes.fill_null(value=False).to_numpy(), 2 if meaning == "bad" else 1, 0)
        status = np.maximum(status, found.astype(np.uint8))
    return status, strange


def nothing(cells: pl.Series) -> pl.Series:
    """Say which cells of a column of any type hold nothing."""
    if cells.dtype == pl.String:
        return is_nothing(cells.str.strip_chars())
    return cells.is_null() | cells.is_nan() if cells.dtype.is_float() else cells.is_null()


def tag_texts(names: pa.Array) -> tuple[list[str], np.ndarray]:
    """The different tag names of some rows, and the number of each row's name.

    Returns:
        The names, (N,), and for each row a number below N, or N where it has none, (T,).
    """
    if not pa.types.is_dictionary(names.type):
        names = names.cast(pa.string()).dictionary_encode()
    texts = [str(text).strip() for text in names.dictionary.to_pylist()]
    codes = names.indices.fill_null(len(texts)) if names.null_count else names.indices
    return texts, pl.Series(pl.from_arrow(codes)).to_numpy()


def positions_of(texts: list[str], known: dict[str, int]) -> np.ndarray:
    """Positions of tags among the plant's, -1 for others and for a row without a tag, (N + 1,) int32."""
    return np.array([*(known.get(text, -1) for text in texts), -1], np.int32)


def tag_names(table: Table, position: int) -> list[str]:
    """All tag names of a table in the long form, in the order in which they first occur."""
    wanted = Wanted((position,))
    try:
        return _names_in(table.read(wanted), position)
    except NeedsCare:  # what is left out of a draft is said when its values are read
        return _names_in(table.read(wanted, []), position)


def _names_in(batches: Iterator[tuple[int, pa.RecordBatch]], position: int) -> list[str]:
    found: dict[str, None] = {}
    for _, batch in batches:
        texts, _ = tag_texts(batch.column(str(position)))
        found.update(dict.fromkeys(text for text in texts if text))
    return list(found)
