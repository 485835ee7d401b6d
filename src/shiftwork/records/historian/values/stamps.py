"""Time stamps as exports write them, each format found from the cells themselves."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Literal

import numpy as np
import polars as pl
from jaxtyping import Bool, Int64

from shiftwork.records.historian.plant_file.formats import (
    DECLARED,
    ELAPSED_S,
    NAMED_FORMATS,
    NUMERIC,
)
from shiftwork.records.historian.readers.table import CellError
from shiftwork.records.historian.values.wording import ZONES, plain_stamps

Order = Literal["day first", "month first", "year first"]

EARLIEST_US = -631_152_000_000_000  # 1950
LATEST_US = 7_258_118_400_000_000  # 2200
MOST_FORMATS = 24
"""Formats in one column; more are not a column of time stamps."""

NEWEST_YEAR = max(2030, datetime.now().year + 1)
"""A two-digit year beyond this is not one: records do not come from the future."""

_PER_US = {"epoch_s": 1e6, "epoch_ms": 1e3, "epoch_us": 1.0, "epoch_ns": 1e-3}
_FILETIME_ZERO = 116_444_736_000_000_000  # 100 ns from 1601 to 1970
_TICKS_ZERO = 621_355_968_000_000_000  # 100 ns from the year 1 to 1970
_LABVIEW_ZERO = 2_082_844_800  # s from 1904 to 1970
_MATLAB_ZERO = 719_529  # days from the year 0 to 1970

_STAMP = re.compile(
    r"(?P<date>\d{4}([-/.])\d{1,2}\2\d{1,2}|\d{4}\. ?\d{1,2}\. ?\d{1,2}\.?"
    r"|\d{1,2}([-/.])\d{1,2}\3\d{4}|\d{1,2}([- /])[A-Za-z]{3,9}\4(?:\d{4}|\d{2})"
    r"|[A-Za-z]{3,9} \d{1,2},? \d{4}|\d{8}(?=[T ]|$)"
    r"|(?P<short>\d{1,2}([-/.])\d{1,2}\6\d{2}(?=[T ,]|$)))"
    r"(?:(?P<between>[T ]|, )(?P<half>오전 |오후 )?"
    r"(?P<hour>\d{1,2}):\d{2}(?P<second>:\d{2}(?P<fraction>[.,]\d+)?)?"
    r"(?P<noon> ?[AaPp][Mm])?(?P<offset> ?(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?)?",
    re.ASCII,
)
_MONTHS = re.compile(
    r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|january|february|march|april|june|july|"
    r"august|september|october|november|december",
    re.I,
)
_COMPACT = re.compile(r"\d{14}(?P<fraction>\.\d+)?", re.ASCII)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?", re.ASCII)
_DAY_MONTH = r"^([0-9]{1,2})[-/]([0-9]{1,2})[-/][0-9]{4}"
_SHORT = r"^([0-9]{1,2})([-/.])([0-9]{1,2})[-/.]([0-9]{2})(?:[T ,]|$)"
_LITERAL_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hour>\d{2}):?(?P<minute>\d{2})$")


class OrderNeeded(Exception):
    """A date such as 03/04/2025, of which the cell alone does not show the month."""


@dataclass(frozen=True)
class StampRules:
    """What is known of time stamps before any is read.

    Attributes:
        time_format: The plant file's own format, if it has one.
        order: Order of dates such as 03/04/2025, if it is known.
        start_us: Local time from which elapsed time counts, if it is known.
        zones: Short names of time zones, minutes east of UTC.
        counts: The column's name says that it counts from a beginning, so it holds no serial days.
    """

    time_format: str | None = None
    order: Order | None = None
    start_us: int | None = None
    zones: Mapping[str, int] = field(default_factory=lambda: ZONES)
    counts: bool = False


@dataclass(frozen=True)
class Stamps:
    """Time stamps of a column.

    Attributes:
        us: Microseconds since 1970, in UTC or as the local clock shows them, (T,).
        utc: Which of the two, (T,).
    """

    us: Int64[np.ndarray, " T"]
    utc: Bool[np.ndarray, " T"]


def looks_like_stamp(cell: str, zones: Mapping[str, int] = ZONES) -> bool:
    """Say whether a cell can be a time stamp of any format known here."""
    cell = cell.strip()
    if not cell or len(cell) > 80:
        return False
    if looks_like_date(cell) or (_kind_of_number(cell) is not None):
        return True
    if not re.search(r"\d", cell) or re.fullmatch(r"[+-]?[\d.,]+(?:[eE][+-]?\d+)?", cell, re.ASCII):
        return False
    return _reworded_date(cell, tuple(zones.items()))


@lru_cache(10_000)
def _reworded_date(cell: str, zones: tuple[tuple[str, int], ...]) -> bool:
    return looks_like_date(str(plain_stamps(pl.Series([cell]), dict(zones)).text[0]))


def looks_like_date(cell: str) -> bool:
    """Say whether a cell is a written date, and not a number that may be one."""
    found = _STAMP.fullmatch(cell)
    if found and (word := re.search("[A-Za-z]{3,9}", found["date"])):
        return bool(_MONTHS.fullmatch(word[0]))
    return bool(found or _COMPACT.fullmatch(cell))


def read_stamps(cells: pl.Series, rules: StampRules) -> Stamps:
    """Read a column of time stamps.

    Args:
        cells: Times, dates, numbers, or text without surrounding space; none missing.
        rules: What is known of them.

    Raises:
        CellError: A cell is not a time stamp.
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
        stamps = _read_numbers(cells, rules)
    elif dtype == pl.String:
        stamps = _read_text(cells, rules)
    else:
        raise CellError(0, f"time stamps of type {dtype} are not read; export them as text")
    unlikely = (stamps.us < EARLIEST_US) | (stamps.us >= LATEST_US)
    if unlikely.any():
        index = int(unlikely.argmax())
        raise CellError(
            index, f"time stamp '{cells[index]}' lies before 1950 or after 2200; fix the row or "
            "set export.time_format"
        )  # fmt: skip
    return stamps


def settle_order(columns: Iterable[pl.Series]) -> Order | None:
    """Find out whether day, month or year comes first in 03/04/2025, 03/04/25 and the like.

    Args:
        columns: Cells, read only until one of them shows it: a number above 12 is not a month, and
            a two-digit year is not in the future.

    Returns:
        The order, or None if no cell shows it.
    """
    possible: set[Order] = {"day first", "month first", "year first"}
    for cells in columns:
        text = cells.cast(pl.String).str.strip_chars()
        if not text.str.contains(f"{_DAY_MONTH}|{_SHORT}").all():
            text = plain_stamps(text, ZONES).text
        parts = text.str.extract_groups(_DAY_MONTH)
        for group, order in (("1", "day first"), ("2", "month first")):
            if (parts.struct.field(group).cast(pl.Int64, strict=False) > 12).any():
                return order  # type: ignore[return-value]
        if not text.str.contains(_SHORT).any():
            possible &= {"day first", "month first"}
            continue
        short = text.str.extract_groups(_SHORT)
        first, second, third = (
            short.struct.field(f"{group}").cast(pl.Int64, strict=False) for group in (1, 3, 4)
        )
        newest = NEWEST_YEAR % 100

        def year(part: pl.Series, newest: int = newest) -> bool:
            return bool(((part <= newest) | (part >= 70)).all())

        def month(part: pl.Series) -> bool:
            return bool(part.is_between(1, 12).all())

        def day(part: pl.Series) -> bool:
            return bool(part.is_between(1, 31).all())

        fits: dict[Order, bool] = {
            "day first": day(first) and month(second) and year(third),
            "month first": month(first) and day(second) and year(third),
            "year first": year(first) and month(second) and day(third),
        }
        if short.struct.field("2").eq(".").any():
            fits["month first"] = False  # nobody puts dots behind months
        possible = {order for order in possible if fits[order]}
        if len(possible) == 1:
            return possible.pop()
    return None


def _read_numbers(cells: pl.Series, rules: StampRules) -> Stamps:
    values = cells.cast(pl.Float64)
    if rules.time_format and "%" in rules.time_format:
        # Compact digits, such as 20240531093000, that an export keeps as a number.
        return _read_text(cells.cast(pl.Int64).cast(pl.String), rules)
    kind = rules.time_format or _kind_of(float(values[0]))
    if kind in DECLARED or (kind or "").startswith("elapsed_"):
        return _of_declared(cells, str(kind), rules)
    if kind not in NUMERIC:
        raise CellError(0, f"time stamp {cells[0]} {_not_understood(rules, str(cells[0]))}")
    low, high, utc = NUMERIC[kind]
    outside = ~values.is_between(low, high, closed="left")
    if outside.any():
        index = int(outside.arg_max() or 0)
        raise CellError(
            index, f"time stamp {cells[index]} is not of the kind of the others ({kind}); "
            "fix the row or set export.time_format"
        )  # fmt: skip
    _refuse_doubtful(values, kind, rules)
    return Stamps(_us_of_number(cells, kind), np.full(len(cells), utc))


def _refuse_doubtful(values: pl.Series, kind: str, rules: StampRules) -> None:
    """Refuse numbers that two eras could have written."""
    if rules.time_format:
        return
    if kind == "epoch_ns" and values.is_between(*DECLARED["ticks"][:2]).all():
        raise CellError(
            0, f"time stamp {values[0]:.0f} is of either kind: ticks of 100 ns since the year 1 "
            f"({_date(_us_of(values[0], 'ticks'))}) or nanoseconds since 1970 "
            f"({_date(int(values[0] / 1000))}); "
            'set export.time_format = "ticks" or "epoch_ns"'
        )  # fmt: skip
    if kind == "epoch_s" and (values >= 2.9e9).all():
        raise CellError(
            0, f"time stamp {values[0]:.0f} is of either kind: seconds since 1904 "
            f"({_date(_us_of(values[0], 'labview'))}) or since 1970 "
            f"({_date(int(values[0] * 1e6))}); "
            'set export.time_format = "labview" or "epoch_s"'
        )  # fmt: skip
    if kind == "excel" and rules.counts:
        raise CellError(
            0, f"time stamp {values[0]:g} counts from a beginning, as the column's name says; "
            + _ELAPSED_FIX
        )  # fmt: skip


_ELAPSED_FIX = (
    'set export.time_format = "elapsed_s" (or elapsed_min, elapsed_h, elapsed_d, elapsed_ms) and '
    'export.start = "2024-05-31 00:00:00", the time at which the count begins'
)


def _of_declared(cells: pl.Series, kind: str, rules: StampRules) -> Stamps:
    values = cells.cast(pl.Float64)
    if kind in DECLARED:
        low, high, utc = DECLARED[kind]
        outside = ~values.is_between(low, high, closed="left").fill_null(value=False)
        if outside.any():
            index = int(outside.arg_max() or 0)
            raise CellError(
                index, f"time stamp {cells[index]} does not fit export.time_format '{kind}'; fix "
                "the row or the format"
            )  # fmt: skip
        if cells.dtype.is_integer():
            whole = cells.cast(pl.Int64).to_numpy()
            if kind == "filetime":
                return Stamps((whole - _FILETIME_ZERO) // 10, np.full(len(whole), utc))
            if kind == "ticks":
                return Stamps((whole - _TICKS_ZERO) // 10, np.full(len(whole), utc))
        us = np.array([_us_of(value, kind) for value in values.to_list()], np.int64)
        return Stamps(us, np.full(len(us), utc))
    if rules.start_us is None:
        raise CellError(
            0, 'time counts from a beginning; set export.start = "2024-05-31 00:00:00", the time at '
            "which it begins"
        )  # fmt: skip
    us = np.round(values.to_numpy() * ELAPSED_S[kind.removeprefix("elapsed_")] * 1e6)
    if not np.isfinite(us).all():
        raise CellError(
            int((~np.isfinite(us)).argmax()), "elapsed time is not a number; fix the row"
        )
    return Stamps(rules.start_us + us.astype(np.int64), np.zeros(len(us), bool))


def _us_of(value: float, kind: str) -> int:
    return round(
        {
            "filetime": (value - _FILETIME_ZERO) / 10,
            "ticks": (value - _TICKS_ZERO) / 10,
            "labview": (value - _LABVIEW_ZERO) * 1e6,
            "matlab": round((value - _MATLAB_ZERO) * 86_400_000) * 1000,
        }[kind]
    )


def _date(us: int) -> str:
    return f"{np.datetime64(us, 'us').astype('datetime64[m]')}".replace("T", " ")


def _us_of_number(cells: pl.Series, kind: str) -> np.ndarray:
    if kind == "excel":  # days since 1899-12-30; a double holds them to a microsecond or so
        ms = (cells.cast(pl.Float64).to_numpy() - 25569) * 86_400_000
        return np.round(ms).astype(np.int64) * 1000
    if cells.dtype.is_integer() and kind in ("epoch_us", "epoch_ns"):
        return cells.cast(pl.Int64).to_numpy() // (1 if kind == "epoch_us" else 1000)
    return np.round(cells.cast(pl.Float64).to_numpy() * _PER_US[kind]).astype(np.int64)


def _read_text(cells: pl.Series, rules: StampRules) -> Stamps:
    us, utc = np.zeros(len(cells), np.int64), np.zeros(len(cells), bool)
    written, left = cells, np.arange(len(cells))
    add, named, plain = np.zeros(len(cells), np.int64), np.zeros(len(cells), bool), False
    formats = _formats(rules.time_format) if rules.time_format else []
    for _ in range(MOST_FORMATS):
        if not len(left):
            return Stamps(us, utc)
        index, first = int(left[0]), cells[0]
        declared = bool(formats)
        found = formats.pop(0) if formats else _format_of(first, rules)
        parsed = None
        if found is not None:
            kind, is_utc, shift = found
            parsed = _parse(cells, kind, rules)
            done = parsed.is_not_null().to_numpy()
        if parsed is None or (not done[0] and not declared):
            if plain:
                text = _short(written[index])
                raise CellError(
                    index, f"time stamp '{text}' {_not_understood(rules, written[index])}"
                )
            # What no plain format reads is put into plain words first.
            reworded = plain_stamps(cells, rules.zones)
            cells, plain = reworded.text, True
            add[left], named[left] = reworded.add_us, reworded.utc
            continue
        us[left[done]] = parsed.drop_nulls().to_numpy() + add[left[done]] + shift
        utc[left[done]] = is_utc | named[left[done]]
        left, cells = left[~done], cells.filter(~done)
        if declared and not formats and len(left):
            index = int(left[0])
            text = _short(written[index])
            raise CellError(index, f"time stamp '{text}' {_not_understood(rules, written[index])}")
    raise CellError(int(left[0]), "the time stamps have too many formats; export them in one")


def _formats(time_format: str) -> list[tuple[str, bool, int]]:
    """A declared format and its usual variations: midnight left out, a fraction, no seconds.

    What it writes literally at its end counts: Z, UTC and GMT are UTC, +09:00 is an offset.
    """
    if "%" not in time_format:
        known = NUMERIC.get(time_format) or DECLARED.get(time_format)
        return [(time_format, bool(known and known[2]), 0)]
    utc, shift = "%z" in time_format or bool(re.search(r"(?:Z|UTC|GMT)$", time_format)), 0
    if offset := _LITERAL_OFFSET.search(time_format):
        minutes = int(offset["hour"]) * 60 + int(offset["minute"])
        shift = minutes * 60_000_000 * (1 if offset["sign"] == "-" else -1)
        utc = True
    own = (
        re.sub(r"[.,]%f|(?<=%S)%f", "%.f", time_format)
        .replace("%T", "%H:%M:%S")
        .replace("%R", "%H:%M")
    )
    head, _, tail = own.partition("%S")
    formats = [own]
    if "%S" in own and "%.f" not in own:
        formats.append(f"{head}%S%.f{tail}")
    if "%S" in own:
        formats.append(re.sub(r"[:.]?%S(?:%\.f)?", "", own))
    clock = re.search(r"[\sT,_-]*%-?[HI]", own)
    date = own[: clock.start()] if clock else own
    if clock and re.search("%-?d", date):
        formats.append(date)
    return [(text, utc, shift) for text in dict.fromkeys(formats)]


def _parse(cells: pl.Series, kind: str, rules: StampRules) -> pl.Series:
    if kind in NAMED_FORMATS:
        return _parse_numbers(cells, kind, rules)
    if "오" in kind:
        kind = kind.replace("오", "%p")
        cells = cells.str.replace("오전", "AM", literal=True).str.replace(
            "오후", "PM", literal=True
        )
    if "%.f" in kind:
        cells = cells.str.replace(r":(\d\d),(\d)", ":$1.$2")
    if re.search(r"[: ]%f", kind):  # a fraction with a sign of its own before it
        kind = re.sub(r"[: ]%f", "%.f", kind)
        cells = cells.str.replace(r"([0-9]{2})[: ]([0-9]{1,9})$", "$1.$2")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            times = cells.str.to_datetime(kind, strict=False, time_unit="us", ambiguous="null")
    except pl.exceptions.PolarsError as error:
        cause = _short(" ".join(str(error).split()))
        raise CellError(
            0, f"export.time_format '{rules.time_format}' is not one of strptime's letters "
            f'({cause}); write it as "%Y-%m-%d %H:%M:%S"'
        ) from None  # fmt: skip
    return times.cast(pl.Int64)


def _parse_numbers(cells: pl.Series, kind: str, rules: StampRules) -> pl.Series:
    numbers = cells.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
    if kind in NUMERIC:
        low, high, _ = NUMERIC[kind]
        fits = numbers.is_between(low, high, closed="left").fill_null(value=False)
        if fits.any():
            _refuse_doubtful(numbers.filter(fits), kind, rules)
        us = _us_of_number(numbers.fill_null(low).fill_nan(low), kind)
        return pl.select(pl.when(fits).then(pl.Series(us))).to_series()
    known = numbers.is_not_null()
    if not known.all():
        index = int((~known).arg_max() or 0)
        raise CellError(
            index, f"time stamp '{_short(cells[index])}' does not fit export.time_format '{kind}'; "
            "fix the row or the format"
        )  # fmt: skip
    # Whole numbers keep all their digits: 18 of them do not fit a double.
    whole = cells.cast(pl.Int64, strict=False)
    stamps = _of_declared(numbers if whole.null_count() else whole, kind, rules)
    return pl.Series(stamps.us)


def _format_of(cell: str, rules: StampRules) -> tuple[str, bool, int] | None:
    """The format of one cell, in strptime's letters or by name, and whether it shows UTC."""
    if number := _kind_of_number(cell):
        return number, NUMERIC[number][2], 0
    if compact := _COMPACT.fullmatch(cell):
        return "%Y%m%d%H%M%S" + ("%.f" if compact["fraction"] else ""), False, 0
    found = _STAMP.fullmatch(cell)
    if not found:
        return None
    text = _format_of_date(found["date"], rules.order, short=found["short"] is not None)
    if found["hour"] is None:
        return text, False, 0
    half = found["half"] or found["noon"]
    text += found["between"] + ("오 " if found["half"] else "")
    text += ("%I" if half else "%H") + ":%M"
    if found["second"]:
        text += ":%S%.f"
    if found["noon"]:
        text += " %p" if found["noon"].startswith(" ") else "%p"
    offset = found["offset"] or ""
    if offset.strip()[:1] in ("+", "-") and offset:
        return text + (" " if offset.startswith(" ") else "") + "%#z", True, 0
    return text + offset, bool(offset), 0


def _format_of_date(date: str, order: Order | None, *, short: bool) -> str:
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
    if separator == "." and not short:  # where dates have dots, the day comes first
        order = "day first"
    if order is None:
        raise OrderNeeded
    year = "%y" if short else "%Y"
    if order == "year first" and short:
        return f"%y{separator}%m{separator}%d"
    first, second = ("%m", "%d") if order == "month first" else ("%d", "%m")
    return f"{first}{separator}{second}{separator}{year}"


def _kind_of_number(cell: str) -> str | None:
    if not _NUMBER.fullmatch(cell):
        return None
    return _kind_of(float(cell.replace(",", ".")))


def _kind_of(value: float) -> str | None:
    kinds = [kind for kind, (low, high, _) in NUMERIC.items() if low <= value < high]
    return kinds[0] if kinds else None


def _not_understood(rules: StampRules, cell: str) -> str:
    if rules.time_format:
        return f"does not fit export.time_format '{rules.time_format}'; fix the row or the format"
    if re.fullmatch(r"[+-]?\d+(?:[.,]\d*)?(?:[eE][+-]?\d+)?", cell, re.ASCII):
        value = float(cell.replace(",", "."))
        for kind, (low, high, _) in DECLARED.items():
            if low <= value < high:
                era = {"filetime": "100 ns since 1601 (FILETIME)", "matlab": "days (MATLAB)"}.get(
                    kind, kind
                )
                return (
                    f"is a number, perhaps {era}: {_date(_us_of(value, kind))}; if so, set "
                    f'export.time_format = "{kind}"'
                )
        if value < 1e9:
            return f"is a number and not a date; if it counts from a start (elapsed time), {_ELAPSED_FIX}"
        return (
            'is a number of no era known here; set export.time_format = "epoch_s", "filetime" or so'
        )
    zone = re.search(r"\d\s*[\[(]?([A-Za-z]{2,5})[\])]?$", cell)
    if zone and zone[1].upper() not in ("AM", "PM"):
        name = zone[1].upper()
        return f"has the zone '{name}', which means several; set export.zones = {{ {name} = \"+08:00\" }} or so"
    return 'is not understood; fix the row or set export.time_format = "%Y-%m-%d %H:%M:%S" or so'


def _short(text: str) -> str:
    text = "".join(
        c if c.isprintable() and not (c.isspace() and c != " ") else f"<U+{ord(c):04X}>"
        for c in text
    )
    return text if len(text) <= 40 else text[:37] + "..."
