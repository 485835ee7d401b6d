"""Numbers as times: spreadsheets' days, seconds since 1970, other eras, and time since a start."""

from __future__ import annotations

import re

import numpy as np
import polars as pl

from shiftwork.records.historian.plant_file.formats import DECLARED, ELAPSED_S, NUMERIC
from shiftwork.records.historian.values.calendars import calendar_hint
from shiftwork.records.historian.values.cells import CellError, short
from shiftwork.records.historian.values.stamp_rules import StampRules, Stamps

_PER_US = {"epoch_s": 1e6, "epoch_ms": 1e3, "epoch_us": 1.0, "epoch_ns": 1e-3}
_FILETIME_ZERO = 116_444_736_000_000_000  # 100 ns from 1601 to 1970
_TICKS_ZERO = 621_355_968_000_000_000  # 100 ns from the year 1 to 1970
_LABVIEW_ZERO = 2_082_844_800  # s from 1904 to 1970
_MATLAB_ZERO = 719_529  # days from the year 0 to 1970


def read_numbers(cells: pl.Series, rules: StampRules) -> Stamps:
    """Read a column of numbers as times."""
    values = cells.cast(pl.Float64)
    kind = rules.time_format or _kind_of(float(values[0]))
    if kind in DECLARED or (kind or "").startswith("elapsed_"):
        return _of_declared(cells, str(kind), rules)
    if kind not in NUMERIC:
        raise CellError(0, f"time stamp {cells[0]} {not_understood(rules, str(cells[0]))}")
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


def parse_numbers(cells: pl.Series, kind: str, rules: StampRules) -> pl.Series:
    """Read numbers in text as times of one kind, microseconds, null where a cell does not fit."""
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
            index, f"time stamp '{short(cells[index])}' does not fit export.time_format '{kind}'; "
            "fix the row or the format"
        )  # fmt: skip
    # Whole numbers keep all their digits: 18 of them do not fit a double.
    whole = cells.cast(pl.Int64, strict=False)
    stamps = _of_declared(numbers if whole.null_count() else whole, kind, rules)
    return pl.Series(stamps.us)


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
            "excel_1904": round((value + 1462 - 25569) * 86_400_000) * 1000,
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


def kind_of_number(cell: str) -> str | None:
    """The kind of time that a number can be, by its size alone."""
    if not re.fullmatch(r"\d+(?:[.,]\d+|e-\d)?", cell, re.ASCII):
        return None
    return _kind_of(float(cell.replace(",", ".")))


def _kind_of(value: float) -> str | None:
    kinds = [kind for kind, (low, high, _) in NUMERIC.items() if low <= value < high]
    return kinds[0] if kinds else None


def not_understood(rules: StampRules, cell: str) -> str:
    """Why a cell is not a time stamp, and what to do."""
    if rules.time_format:
        return f"does not fit export.time_format '{rules.time_format}'; fix the row or the format"
    if re.fullmatch(r"[+-]?\d+(?:[.,]\d*)?(?:[eE][+-]?\d+)?", cell, re.ASCII):
        value = float(cell.replace(",", "."))
        for kind, (low, high, _) in DECLARED.items():
            if low <= value < high and "e" not in cell.lower():
                era = {"filetime": "100 ns since 1601 (FILETIME)", "matlab": "days (MATLAB)"}.get(
                    kind, kind
                )
                return (
                    f"is a number, perhaps {era}: {_date(_us_of(value, kind))}; if so, set "
                    f'export.time_format = "{kind}"'
                )
        if "e" in cell.lower():
            return (
                "is a number that has lost digits; export times as text, or numbers with all digits"
            )
        if value < 1e9:
            return f"is a number and not a date; if it counts from a start (elapsed time), {_ELAPSED_FIX}"
        if re.fullmatch(r"(?:19|20)\d{8}(?:\d\d){0,2}\d{0,3}(?:\.0)?", cell):
            return (
                'is a number, perhaps the digits of a date; if so, set export.time_format = "%Y%m%d%H%M%S" or '
                '"%Y%m%d%H%M" or so'
            )
        return (
            'is a number of no era known here; set export.time_format = "epoch_s", "filetime" or so'
        )
    if re.fullmatch(r"\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?(?:\s?[AaPp]\.?[Mm]\.?)?", cell.strip()):
        return (
            "is a time of day without a date; export the date too, or, if rows are evenly spaced, leave the "
            'column out and set export.step = "1min" and export.start = "2024-05-31 00:00:00"'
        )
    if re.search(r"[^\W\d_]{3,}", cell) and not re.search(r"[A-Za-z]{2,5}[\])]?$", cell):
        return (
            "has words that are not known here; export dates as numbers, such as 2024-05-31 00:00"
        )
    zone = re.search(r"(?:\d|\d\s?[AaPp]\.?[Mm]\.?)\s*[\[(]?([A-Za-z]{2,5})[\])]?$", cell)
    if zone and zone[1].upper() not in ("AM", "PM"):
        name = zone[1].upper()
        return f"has the zone '{name}', which means several; set export.zones = {{ {name} = \"+08:00\" }} or so"
    if found := re.match(r"(\d{2,3})[-/.年]\d", cell):
        return f"is not understood; {calendar_hint(int(found[1]))}"
    return 'is not understood; fix the row or set export.time_format = "%Y-%m-%d %H:%M:%S" or so'
