"""Time stamps as exports write them, each format found from the cells themselves."""

from __future__ import annotations

import re
import warnings

import numpy as np
import polars as pl

from shiftwork.records.historian.plant_file.formats import DECLARED, NAMED_FORMATS, NUMERIC
from shiftwork.records.historian.values.calendars import (
    calendar_hint,
    in_common_years,
    short_years,
)
from shiftwork.records.historian.values.cells import CellError, short
from shiftwork.records.historian.values.eras import (
    not_understood,
    parse_numbers,
    read_numbers,
)
from shiftwork.records.historian.values.stamp_rules import StampRules, Stamps
from shiftwork.records.historian.values.stamp_shapes import format_of
from shiftwork.records.historian.values.wording import digits, plain_stamps

EARLIEST_US = -631_152_000_000_000  # 1950
LATEST_US = 7_258_118_400_000_000  # 2200
MOST_FORMATS = 24
"""Formats in one column; more are not a column of time stamps."""
DAY_MIN = 1440
FARTHEST_WEST_MIN = 720
"""The farthest offset behind UTC."""
_INTERVAL = r"(\d{1,2}):(\d{2})(?::\d{2})?-(\d{1,2}):(\d{2})$"
_ENDS = re.compile(_INTERVAL)
_LITERAL_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hour>\d{2}):?(?P<minute>\d{2})$")


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
    elif dtype.is_numeric() and rules.time_format and "%" in rules.time_format:
        # Compact digits, such as 20240531093000, that an export keeps as a number.
        stamps = _read_text(cells.cast(pl.Int64).cast(pl.String), rules)
    elif dtype.is_numeric():
        stamps = read_numbers(cells, rules)
    elif dtype == pl.String:
        text = cells
        if rules.calendar is not None:
            text = in_common_years(digits(cells), rules.calendar)
            if (short_year := short_years(text)).any():
                index = int(short_year.arg_max() or 0)
                raise CellError(
                    index, f"time stamp '{short(cells[index])}' has a year of two digits; with export.calendar, "
                    "export years in full"
                )  # fmt: skip
        stamps = _read_text(text, rules)
    else:
        raise CellError(0, f"time stamps of type {dtype} are not read; export them as text")
    unlikely = (stamps.us < EARLIEST_US) | (stamps.us >= LATEST_US)
    if unlikely.any():
        index = int(unlikely.argmax())
        year = re.search(r"\d{3,4}", str(cells[index]))
        fix = calendar_hint(int(year[0])) if year and not rules.calendar else calendar_hint(0)
        raise CellError(index, f"time stamp '{cells[index]}' lies before 1950 or after 2200; {fix}")
    return stamps


def _refuse_intervals(cells: pl.Series) -> None:
    """Refuse 00:00-00:10, which is the interval's end and no offset: it runs with the beginning.

    An offset stands still, or goes by whole hours twice a year.
    """
    found = cells.str.extract_groups(_INTERVAL)
    hour, minute, end_hour, end_minute = (
        found.struct.field(f"{i}").cast(pl.Int64, strict=False).drop_nulls() for i in (1, 2, 3, 4)
    )
    if not len(end_hour):
        return
    begin, end = hour * 60 + minute, end_hour * 60 + end_minute
    length = (end - begin) % DAY_MIN
    runs = begin.n_unique() > 1 and length.n_unique() == 1 and end.n_unique() > 1
    if runs or (end % 15 != 0).any() or (end > FARTHEST_WEST_MIN).any():
        raise CellError(
            0, f"time stamp '{short(cells[0])}' holds an interval; export the time at which it begins in a column of "
            "its own"
        )  # fmt: skip


def _read_text(cells: pl.Series, rules: StampRules) -> Stamps:
    if _ENDS.search(cells[0]):
        _refuse_intervals(cells)
    us, utc = np.zeros(len(cells), np.int64), np.zeros(len(cells), bool)
    written, left = cells, np.arange(len(cells))
    add, named, plain = np.zeros(len(cells), np.int64), np.zeros(len(cells), bool), False
    formats = _formats(rules.time_format) if rules.time_format else []
    for _ in range(MOST_FORMATS):
        if not len(left):
            return Stamps(us, utc)
        index, first = int(left[0]), cells[0]
        declared = bool(formats)
        found = formats.pop(0) if formats else format_of(first, rules)
        parsed = None
        if found is not None:
            kind, is_utc, shift = found
            parsed = _parse(cells, kind, rules)
            done = parsed.is_not_null().to_numpy()
        if parsed is None or (not done[0] and not declared):
            if plain:
                text = short(written[index])
                raise CellError(
                    index, f"time stamp '{text}' {not_understood(rules, written[index])}"
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
            text = short(written[index])
            raise CellError(index, f"time stamp '{text}' {not_understood(rules, written[index])}")
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
        return parse_numbers(cells, kind, rules)
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
        cause = short(" ".join(str(error).split()))
        raise CellError(
            0, f"export.time_format '{rules.time_format}' is not one of strptime's letters "
            f'({cause}); write it as "%Y-%m-%d %H:%M:%S"'
        ) from None  # fmt: skip
    return times.cast(pl.Int64)
