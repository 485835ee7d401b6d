"""Periods as the calendar names them: days, weeks, months, quarters, years, half open, local time."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shiftwork.assistant.text import Back

Grain = Literal[
    "point", "minute", "hour", "day", "week", "month", "quarter", "year", "shift", "span"
]

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """A half-open stretch of local time.

    Attributes:
        start: Local time at which it starts, without zone.
        stop: Local time at which it ends.
        grain: What kind of period it is.
    """

    start: datetime
    stop: datetime
    grain: Grain


def day(year: int, month: int, number: int, said: str) -> Period:
    """A day of the calendar.

    Raises:
        Back: There is no such day.
    """
    try:
        start = datetime(year, month, number)
    except ValueError:
        raise Back("ask", "no such date", said=said) from None
    return Period(start, start + DAY, "day")


def week_of(moment: datetime) -> Period:
    """The week, from Monday, that a moment is in."""
    start = midnight(moment) - DAY * moment.weekday()
    return Period(start, start + 7 * DAY, "week")


def week_of_month(year: int, month: int, number: int, said: str) -> Period:
    """A week of a month; a week belongs to the month of its Thursday.

    Raises:
        Back: The month does not exist or has no such week.
    """
    first = month_of(year, month, said).start
    thursday = first + DAY * ((3 - first.weekday()) % 7) + 7 * DAY * (number - 1)
    if thursday.month != month or number < 1:
        raise Back("ask", "no such date", said=said)
    return week_of(thursday)


def last_week_of_month(year: int, month: int, said: str) -> Period:
    """The last week of a month, that of its last Thursday."""
    stop = month_of(year, month, said).stop
    return week_of(stop - DAY * ((stop.weekday() - 4) % 7 + 1))


def month_of(year: int, month: int, said: str) -> Period:
    """A month.

    Raises:
        Back: There is no such month.
    """
    if not 1 <= month <= 12:
        raise Back("ask", "no such date", said=said)
    start = datetime(year, month, 1)
    return Period(start, start + DAY * calendar.monthrange(year, month)[1], "month")


def month_before(moment: datetime, count: int) -> Period:
    """The month that is some months before that of a moment."""
    months = moment.year * 12 + moment.month - 1 - count
    return month_of(months // 12, months % 12 + 1, "")


def quarter_of(year: int, number: int, said: str) -> Period:
    """A quarter of a year.

    Raises:
        Back: There is no such quarter.
    """
    if not 1 <= number <= 4:
        raise Back("ask", "no such date", said=said)
    start = month_of(year, 3 * number - 2, said).start
    return Period(start, month_of(year, 3 * number, said).stop, "quarter")


def quarter_before(moment: datetime, count: int) -> Period:
    """The quarter that is some quarters before that of a moment."""
    quarters = moment.year * 4 + (moment.month - 1) // 3 - count
    return quarter_of(quarters // 4, quarters % 4 + 1, "")


def year_of(year: int, said: str) -> Period:
    """A year.

    Raises:
        Back: It is beyond 1900 to 2199.
    """
    if not 1900 <= year < 2200:
        raise Back("ask", "no such date", said=said)
    return Period(datetime(year, 1, 1), datetime(year + 1, 1, 1), "year")


def midnight(moment: datetime) -> datetime:
    """The begin of a moment's day."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
