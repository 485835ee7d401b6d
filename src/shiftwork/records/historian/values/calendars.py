"""Years of other calendars: those that name themselves, and those that the plant file declares.

A Japanese era, the Republic of China's years and the Korean Dangi stand in words before the year, so
they are read as they are. Years of the Buddhist era, of Iran and of the Republic of China without
those words are plain numbers; they are read only where ``export.calendar`` says so.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Literal, get_args

import polars as pl

Calendar = Literal["buddhist", "iranian", "minguo"]

_ERAS = (
    (r"^\s*(?:令和\s*|R)([0-9]{1,2}|元)", 2018),
    (r"^\s*平成\s*([0-9]{1,2}|元)", 1988),
    (r"^\s*昭和\s*([0-9]{1,2}|元)", 1925),
    (r"^\s*(?:中華)?民[國国]\s*([0-9]{1,3})", 1911),
    (r"^\s*(?:단기|檀紀)\s*([0-9]{4})", -2333),
    (r"^\s*(?:佛曆|佛历|พ\.ศ\.)\s*([0-9]{4})", -543),
)
"""What stands before a year of each era with its number, and the year before the first."""

_YEAR_FIRST = re.compile(r"(\d{2,4})(\s?[-/.年]\s?)(\d{1,2})(\s?[-/.月]\s?)(\d{1,2})")
_YEAR_LAST = re.compile(r"(\d{1,2})([-/.\s])(\d{1,2})([-/.\s])(\d{3,4})")
_DATE = (
    r"^\s*((?:[0-9]{3,4}\s?[-/.年]\s?[0-9]{1,2}\s?[-/.月]\s?[0-9]{1,2})"
    r"|(?:[0-9]{1,2}[-/.\s][0-9]{1,2}[-/.\s][0-9]{3,4}))"
)
_ZERO = {"buddhist": -543, "minguo": 1911}


def without_eras(text: pl.Series) -> pl.Series:
    """Put years that name their era into common ones: 令和7年 as 2025年.

    Args:
        text: cells, with Western digits, (T,).
    """
    for pattern, zero in _ERAS:
        number = text.str.extract(pattern)
        if number.null_count() == len(number):
            continue
        year = (number.str.replace("元", "1").cast(pl.Int64) + zero).cast(pl.String)
        common = year + text.str.replace(pattern, "")
        text = pl.select(pl.when(number.is_not_null()).then(common).otherwise(text)).to_series()
    return text


def in_common_years(cells: pl.Series, calendar: str) -> pl.Series:
    """Put the dates of a declared calendar into common ones; what is no date stays as it is.

    Args:
        cells: Text with Western digits, (T,).
        calendar: One of ``Calendar``.
    """
    assert calendar in get_args(Calendar), calendar
    found = cells.str.extract(_DATE)
    dates = found.drop_nulls().unique().to_list()
    if not dates:
        return cells
    common = found.replace_strict(
        dates, [_common(text, calendar) for text in dates], default=None, return_dtype=pl.String
    )
    rest = cells.str.replace(_DATE, "")
    return pl.select(pl.when(found.is_not_null()).then(common + rest).otherwise(cells)).to_series()


def _common(text: str, calendar: str) -> str:
    first = _YEAR_FIRST.fullmatch(text)
    parts = list((first or _YEAR_LAST.fullmatch(text) or re.fullmatch("(.*)", text)).groups())  # type: ignore[union-attr]
    if len(parts) < 5:
        return text
    year, day = (0, 4) if first else (4, 0)
    if calendar == "iranian":
        common = _of_iran(int(parts[year]), int(parts[2]), int(parts[day]))
        if common is None:
            return text
        parts[year], parts[2], parts[day] = (
            f"{common.year}",
            f"{common.month:02d}",
            f"{common.day:02d}",
        )
    else:
        parts[year] = f"{int(parts[year]) + _ZERO[calendar]:04d}"
    return "".join(parts)


def _of_iran(year: int, month: int, day: int) -> date | None:
    """A date of the Iranian calendar, whose leap years come eight times in 33 years (1244 to 1472)."""
    if not (1244 <= year <= 1472 and 1 <= month <= 12 and 1 <= day <= (31 if month < 7 else 30)):
        return None
    leap = _days_before(year + 1) - _days_before(year) == 366
    if (month, day) == (12, 30) and not leap:
        return None
    in_year = 31 * (month - 1) if month < 7 else 30 * (month - 7) + 186
    return date.fromordinal(_days_before(year) + in_year + day)


def _days_before(year: int) -> int:
    """Days from the beginning of the common calendar to that of an Iranian year."""
    year += 1595
    return 365 * year + year // 33 * 8 + (year % 33 + 3) // 4 - 356_033


def short_years(cells: pl.Series) -> pl.Series:
    """Say which cells are dates with a year of two digits, which could be of any century."""
    return cells.str.contains(r"^\s*[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2}(?:\D|$)")


def calendar_hint(year: int) -> str:
    """Which calendar may have written a year that is none of a plant's records, and what to do."""
    if 2490 <= year <= 2640:
        return 'if it is a year of the Buddhist era, set export.calendar = "buddhist"'
    if 1330 <= year <= 1425:
        return 'if it is an Iranian year, set export.calendar = "iranian"'
    if 1426 <= year <= 1480:
        return "if it is a year of the Islamic calendar, export common years"
    if 60 <= year <= 140:
        return 'if it is a year of the Republic of China, set export.calendar = "minguo"'
    return "fix the row or set export.time_format"
