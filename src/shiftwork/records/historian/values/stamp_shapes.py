"""What a written time stamp looks like: its format by its own letters, and the order of day and month."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache

import polars as pl

from shiftwork.records.historian.plant_file.formats import NUMERIC
from shiftwork.records.historian.values.eras import kind_of_number
from shiftwork.records.historian.values.stamp_rules import Order, OrderNeeded, StampRules
from shiftwork.records.historian.values.wording import ZONES, plain_stamps

NEWEST_YEAR = max(2030, datetime.now().year + 1)
"""A two-digit year beyond this is not one: records do not come from the future."""

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
_DAY_MONTH = r"^([0-9]{1,2})[-/]([0-9]{1,2})[-/][0-9]{4}"
_SHORT = r"^([0-9]{1,2})([-/.])([0-9]{1,2})[-/.]([0-9]{2})(?:[T ,]|$)"


def looks_like_stamp(cell: str, zones: Mapping[str, int] = ZONES) -> bool:
    """Say whether a cell can be a time stamp of any format known here."""
    cell = cell.strip()
    if not cell or len(cell) > 80:
        return False
    if looks_like_date(cell) or (kind_of_number(cell) is not None):
        return True
    if not re.search(r"\d", cell) or re.fullmatch(r"[+-]?[\d.,]+(?:[eE][+-]?\d+)?", cell, re.ASCII):
        return False
    # Its shape shows it, so that each shape is put into plain words once.
    return _reworded_date(re.sub(r"[0-9]", "1", cell), tuple(zones.items()))


@lru_cache(10_000)
def _reworded_date(cell: str, zones: tuple[tuple[str, int], ...]) -> bool:
    text = str(plain_stamps(pl.Series([cell]), dict(zones)).text[0])
    return looks_like_date(text) or kind_of_number(text) is not None


def looks_like_date(cell: str) -> bool:
    """Say whether a cell is a written date, and not a number that may be one."""
    found = _STAMP.fullmatch(cell)
    if found and (word := re.search("[A-Za-z]{3,9}", found["date"])):
        return bool(_MONTHS.fullmatch(word[0]))
    return bool(found or _COMPACT.fullmatch(cell))


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


def format_of(cell: str, rules: StampRules) -> tuple[str, bool, int] | None:
    """The format of one cell, in strptime's letters or by name, and whether it shows UTC."""
    if number := kind_of_number(cell):
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
    if order is None or (order == "year first" and not short):
        raise OrderNeeded
    year = "%y" if short else "%Y"
    if order == "year first" and short:
        return f"%y{separator}%m{separator}%d"
    first, second = ("%m", "%d") if order == "month first" else ("%d", "%m")
    return f"{first}{separator}{second}{separator}{year}"
