"""Time stamps as exports write them, each format found from the cells themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from jaxtyping import Bool, Int64

from shiftwork.records.historian.readers.table import CellError

Order = Literal["day first", "month first"]

EARLIEST_US = -631_152_000_000_000  # 1950
LATEST_US = 7_258_118_400_000_000  # 2200
MOST_FORMATS = 24
"""Formats in one column; more are no column of time stamps."""

_NUMERIC: dict[str, tuple[float, float, bool]] = {
    # from, below, is it UTC? The ranges do not touch: serials 1941 to 2119, epochs 1979 to 2286.
    "excel": (15e3, 80e3, False),
    "epoch_s": (3e8, 1e10, True),
    "epoch_ms": (3e11, 1e13, True),
    "epoch_us": (3e14, 1e16, True),
    "epoch_ns": (3e17, 1e19, True),
}
_PER_US = {"epoch_s": 1e6, "epoch_ms": 1e3, "epoch_us": 1.0, "epoch_ns": 1e-3}

_STAMP = re.compile(
    r"(?P<date>\d{4}([-/.])\d{1,2}\2\d{1,2}|\d{4}\. ?\d{1,2}\. ?\d{1,2}\.?"
    r"|\d{1,2}([-/.])\d{1,2}\3\d{4}|\d{1,2}([- /])[A-Za-z]{3,9}\4(?:\d{4}|\d{2})"
    r"|[A-Za-z]{3,9} \d{1,2},? \d{4}|\d{8}(?=[T ]|$))"
    r"(?:(?P<between>[T ]|, )(?P<half>오전 |오후 )?"
    r"(?P<hour>\d{1,2}):\d{2}(?P<second>:\d{2}(?P<fraction>[.,]\d+)?)?"
    r"(?P<noon> ?[AaPp][Mm])?(?P<offset> ?(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?)?"
)
_COMPACT = re.compile(r"\d{14}(?P<fraction>\.\d+)?")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_DAY_MONTH = r"^(\d{1,2})[-/](\d{1,2})[-/]\d{4}"


class OrderNeeded(Exception):
    """A date such as 03/04/2025, of which the cell alone does not tell the month."""


@dataclass(frozen=True)
class Stamps:
    """Time stamps of a column.

    Attributes:
        us: Microseconds since 1970, in UTC or as the local clock shows them, (T,).
        utc: Which of the two, (T,).
    """

    us: Int64[np.ndarray, " T"]
    utc: Bool[np.ndarray, " T"]


def looks_like_stamp(cell: str) -> bool:
    """Tell whether a cell can be a time stamp of any format known here."""
    cell = cell.strip()
    return bool(
        _STAMP.fullmatch(cell) or _COMPACT.fullmatch(cell) or (_kind_of_number(cell) is not None)
    )


def read_stamps(cells: pl.Series, order: Order | None, time_format: str | None) -> Stamps:
    """Read a column of time stamps.

    Args:
        cells: Times, dates, numbers, or text without surrounding space; none missing.
        order: Of dates such as 03/04/2025, if it is known.
        time_format: The plant file's own, if it has one.

    Raises:
        CellError: A cell is no time stamp.
        OrderNeeded: A date's order is not known.
    """
    dtype = cells.dtype
    if isinstance(dtype, pl.Datetime):
        us = cells.cast(pl.Datetime("us", dtype.time_zone)).cast(pl.Int64).to_numpy()
        stamps = Stamps(us, np.full(len(us), dtype.time_zone is not None))
    elif dtype == pl.Date:
        us = cells.cast(pl.Datetime("us")).cast(pl.Int64).to_numpy()
        stamps = Stamps(us, np.zeros(len(us), bool))
    elif dtype.is_numeric():
        stamps = _read_numbers(cells, time_format)
    elif dtype == pl.String:
        stamps = _read_text(cells, order, time_format)
    else:
        raise CellError(0, f"time stamps of type {dtype} are not read; export them as text")
    unlikely = (stamps.us < EARLIEST_US) | (stamps.us >= LATEST_US)
    if unlikely.any():
        index = int(unlikely.argmax())
        raise CellError(
            index, f"time stamp '{cells[index]}' lies before 1950 or after 2200; mend the row or "
            "set export.time_format"
        )  # fmt: skip
    return stamps


def settle_order(columns: Iterable[pl.Series]) -> Order | None:
    """Find out whether day or month comes first in 03/04/2025 and the like.

    Args:
        columns: Cells, read only until one of them tells: a number above 12 is no month.

    Returns:
        The order, or None if no cell tells.
    """
    for cells in columns:
        parts = cells.cast(pl.String).str.strip_chars().str.extract_groups(_DAY_MONTH)
        for group, order in (("1", "day first"), ("2", "month first")):
            if (parts.struct.field(group).cast(pl.Int64, strict=False) > 12).any():
                return order  # type: ignore[return-value]
    return None


def _read_numbers(cells: pl.Series, time_format: str | None) -> Stamps:
    values = cells.cast(pl.Float64)
    kind = time_format or _kind_of(float(values[0]))
    if kind not in _NUMERIC:
        raise CellError(0, f"time stamp {cells[0]} {_not_understood(time_format)}")
    low, high, utc = _NUMERIC[kind]
    outside = ~values.is_between(low, high, closed="left")
    if outside.any():
        index = int(outside.arg_max() or 0)
        raise CellError(
            index, f"time stamp {cells[index]} is not of the kind of the others ({kind}); "
            "mend the row or set export.time_format"
        )  # fmt: skip
    return Stamps(_us_of_number(cells, kind), np.full(len(cells), utc))


def _us_of_number(cells: pl.Series, kind: str) -> np.ndarray:
    if kind == "excel":  # days since 1899-12-30; a double holds them to a microsecond or so
        ms = (cells.cast(pl.Float64).to_numpy() - 25569) * 86_400_000
        return np.round(ms).astype(np.int64) * 1000
    if cells.dtype.is_integer() and kind in ("epoch_us", "epoch_ns"):
        return cells.cast(pl.Int64).to_numpy() // (1 if kind == "epoch_us" else 1000)
    return np.round(cells.cast(pl.Float64).to_numpy() * _PER_US[kind]).astype(np.int64)


def _read_text(cells: pl.Series, order: Order | None, time_format: str | None) -> Stamps:
    us, utc = np.zeros(len(cells), np.int64), np.zeros(len(cells), bool)
    left = np.arange(len(cells))
    for _ in range(MOST_FORMATS):
        if not len(left):
            return Stamps(us, utc)
        index, first = int(left[0]), cells[0]
        kind, is_utc = _format_of(index, first, order, time_format)
        parsed = _parse(cells, kind)
        done = parsed.is_not_null().to_numpy()
        if not done[0]:
            raise CellError(index, f"time stamp '{_short(first)}' {_not_understood(time_format)}")
        us[left[done]] = parsed.drop_nulls().to_numpy()
        utc[left[done]] = is_utc
        left, cells = left[~done], cells.filter(~done)
    raise CellError(int(left[0]), "the time stamps have too many formats; export them in one")


def _parse(cells: pl.Series, kind: str) -> pl.Series:
    if kind in _NUMERIC:
        low, high, _ = _NUMERIC[kind]
        numbers = cells.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
        fits = numbers.is_between(low, high, closed="left").fill_null(value=False)
        us = _us_of_number(numbers.fill_null(low).fill_nan(low), kind)
        return pl.select(pl.when(fits).then(pl.Series(us))).to_series()
    if "오" in kind:
        kind = kind.replace("오", "%p")
        cells = cells.str.replace("오전", "AM", literal=True).str.replace(
            "오후", "PM", literal=True
        )
    if "%.f" in kind:
        cells = cells.str.replace(r":(\d\d),(\d)", ":$1.$2")
    times = cells.str.to_datetime(kind, strict=False, time_unit="us")
    return times.cast(pl.Int64)


def _format_of(
    index: int, cell: str, order: Order | None, time_format: str | None
) -> tuple[str, bool]:
    """The format of one cell, in strptime's letters or by name, and whether it tells UTC."""
    if time_format:
        utc = _NUMERIC[time_format][2] if time_format in _NUMERIC else "%z" in time_format
        return time_format, utc
    if number := _kind_of_number(cell):
        return number, _NUMERIC[number][2]
    if compact := _COMPACT.fullmatch(cell):
        return "%Y%m%d%H%M%S" + ("%.f" if compact["fraction"] else ""), False
    found = _STAMP.fullmatch(cell)
    if not found:
        raise CellError(index, f"time stamp '{_short(cell)}' {_not_understood(None)}")
    text = _format_of_date(index, found["date"], order)
    if found["hour"] is None:
        return text, False
    half = found["half"] or found["noon"]
    text += found["between"] + ("오 " if found["half"] else "")
    text += ("%I" if half else "%H") + ":%M"
    if found["second"]:
        text += ":%S%.f"
    if found["noon"]:
        text += " %p" if found["noon"].startswith(" ") else "%p"
    offset = found["offset"] or ""
    if offset.strip()[:1] in ("+", "-") and offset:
        return text + (" " if offset.startswith(" ") else "") + "%#z", True
    return text + offset, bool(offset)


def _format_of_date(index: int, date: str, order: Order | None) -> str:
    if date[:8].isdigit():
        return "%Y%m%d"
    if date[:4].isdigit():
        return re.sub(r"(\d+)(\D+)(\d+)(\D+)(\d+)", r"%Y\2%m\4%d", date)
    if letters := re.search("[A-Za-z]+", date):
        month = "%b" if len(letters[0]) == 3 else "%B"
        if letters.start() == 0:
            return re.sub(r"([A-Za-z]+)( )(\d+)(\D+)(\d+)", rf"{month} %d\g<4>%Y", date)
        year = "%Y" if date[-4:].isdigit() else "%y"
        return re.sub(r"(\d+)(\W)([A-Za-z]+)(\W)(\d+)", rf"%d\2{month}\4{year}", date)
    separator = date.lstrip("0123456789")[0]
    if separator == ".":  # where dates have dots, the day comes first
        order = "day first"
    if order is None:
        raise OrderNeeded
    first, second = ("%d", "%m") if order == "day first" else ("%m", "%d")
    return f"{first}{separator}{second}{separator}%Y"


def _kind_of_number(cell: str) -> str | None:
    if not _NUMBER.fullmatch(cell):
        return None
    return _kind_of(float(cell.replace(",", ".")))


def _kind_of(value: float) -> str | None:
    kinds = [kind for kind, (low, high, _) in _NUMERIC.items() if low <= value < high]
    return kinds[0] if kinds else None


def _not_understood(time_format: str | None) -> str:
    if time_format:
        return f"does not fit export.time_format '{time_format}'; mend the row or the format"
    return 'is not understood; mend the row or set export.time_format = "%Y-%m-%d %H:%M:%S" or so'


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."
