# ruff: noqa: E501  (tables of words and sentences)
"""Words for times in Korean and English, each with what it means, before neighbours are joined."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shiftwork.assistant.grammar import periods
from shiftwork.assistant.grammar.periods import DAY, Period
from shiftwork.assistant.text import Back, Rest

Kind = Literal["period", "year", "month", "month day", "quarter", "week", "day", "weekday", "clock", "shift"]  # fmt: skip


@dataclass(frozen=True)
class Item:
    """A word for a time, at its place in the question.

    Attributes:
        at: First position.
        end: Position after it.
        kind: "period" is complete; the others need a neighbour or a year.
        said: The word itself.
        period: Of complete ones.
        numbers: What was read: year; month; month and day; quarter; week of a month (0 the last);
            day of a month; weekday (0 Monday); hour and minute.
        name: Of a shift.
    """

    at: int
    end: int
    kind: Kind
    said: str
    period: Period | None = None
    numbers: tuple[int, ...] = ()
    name: str = ""


_Made = tuple[Kind, Period | None, tuple[int, ...]]
_Build = Callable[[re.Match[str], datetime], _Made]

MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september",
          "october", "november", "december")  # fmt: skip
_SHORT_MONTHS = tuple(name[:3] for name in MONTHS)
_MONTH = "|".join((*MONTHS, "sept", *(name for name in _SHORT_MONTHS if name != "may")))
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_COUNTS = {word: n for n, word in enumerate(
    ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"), start=1)}  # fmt: skip
_DAYS = {"하루": 1, "이틀": 2, "사흘": 3, "나흘": 4, "닷새": 5, "엿새": 6, "이레": 7, "열흘": 10}
_ORDER = {"첫": 1, "둘": 2, "두": 2, "셋": 3, "세": 3, "넷": 4, "네": 4, "다섯": 5, "마지막": 0,
          "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": 0}  # fmt: skip
_COUNT = rf"(\d{{1,3}}|{'|'.join(_COUNTS)})"


def _number(text: str) -> int:
    return _COUNTS.get(text) or int(text)


def _whole(period: Period) -> _Made:
    return "period", period, ()


def _part(kind: Kind, *numbers: int) -> _Made:
    return kind, None, numbers


def _since(now: datetime, days: float) -> _Made:
    return _whole(Period(now - timedelta(days=days), now, "span"))


def _recent(match: re.Match[str], now: datetime, number: int, unit: str) -> _Made:
    """The last so many hours, days, weeks or months, until now."""
    if number < 1:
        raise Back("ask", "no such date", said=match[0])
    if unit in ("개월", "달", "month"):
        month = periods.month_before(now, number)
        last = (month.stop - DAY).day
        moment = now.replace(year=month.start.year, month=month.start.month, day=min(now.day, last))
        return _whole(Period(moment, now, "span"))
    return _since(now, number * {"시간": 1 / 24, "hour": 1 / 24, "주": 7, "week": 7}.get(unit, 1))


def _ago(now: datetime, number: int, unit: str) -> _Made:
    """The day, week or month so long ago."""
    if unit in ("개월", "달", "month"):
        return _whole(periods.month_before(now, number))
    moment = periods.midnight(now - DAY * number * (7 if unit in ("주", "week") else 1))
    if unit in ("주", "week"):
        return _whole(periods.week_of(moment))
    return _whole(Period(moment, moment + DAY, "day"))


def _days(now: datetime, ago: int) -> _Made:
    return _ago(now, ago, "day")


def _weeks(now: datetime, ago: int) -> _Made:
    return _ago(now, ago, "week")


def _clock(match: re.Match[str], hour: int, minute: int = 0, half: str = "") -> _Made:
    """A time of day; ``half`` is the word for the half of the day."""
    if half:
        if not 1 <= hour <= 12 or (hour == 12 and half in ("밤", "새벽")):
            raise Back("ask", "no such time", said=match[0])
        late = half in ("오후", "저녁", "밤", "낮", "p")
        hour = hour % 12 + 12 * late
    if not (0 <= hour <= 24 and 0 <= minute <= 59) or (hour == 24 and minute):
        raise Back("ask", "no such time", said=match[0])
    return _part("clock", hour, minute)


def _date(m: re.Match[str], now: datetime) -> _Made:
    return _whole(periods.day(int(m[1]), int(m[2]), int(m[3]), m[0]))


def _slashes(m: re.Match[str], now: datetime) -> _Made:
    raise Back("ask", "two dates", said=m[0])


def _month_number(name: str) -> int:
    return _SHORT_MONTHS.index(name[:3]) + 1


def _which_year(m: re.Match[str], now: datetime) -> _Made:
    raise Back("ask", "which one", said=m[0])


WORDS: tuple[tuple[str, _Build], ...] = (
    # Dates in digits.
    (r"(?<![\d.])(\d{4})\s*[-./]\s*(\d{1,2})\s*[-./]\s*(\d{1,2})(?!\d)", _date),
    (r"(?<![\d.])\d{1,2}[-./]\d{1,2}[-./](?:\d{4}|\d{2})(?!\d)", _slashes),
    (r"(?<![\d.-])(\d{4})-(\d{2})(?![\d-])", lambda m, now: _whole(periods.month_of(int(m[1]), int(m[2]), m[0]))),
    # Spans until now, and so long ago.
    (r"(?:최근|지난|과거)\s*일주일(?:간|\s*동안)?", lambda m, now: _since(now, 7)),
    (rf"(?:최근|지난|과거)\s*({'|'.join(_DAYS)})(?:간|\s*동안)?", lambda m, now: _since(now, _DAYS[m[1]])),
    (r"(?:최근|과거)\s*(\d{1,3})\s*(일|주|개월|달|시간)(?:간|\s*동안)?", lambda m, now: _recent(m, now, int(m[1]), m[2])),
    (r"지난\s*(\d{1,3})\s*(일|주|개월|달|시간)(?:간|\s*동안)", lambda m, now: _recent(m, now, int(m[1]), m[2])),
    (r"지난\s*\d{1,3}\s*(?:일|주|개월|달|시간)", _which_year),
    (rf"(?:in |over |during )?(?:the )?(?:last|past)\s+{_COUNT}\s+(hour|day|week|month)s?\b", lambda m, now: _recent(m, now, _number(m[1]), m[2])),
    (r"일주일\s*전", lambda m, now: _weeks(now, 1)),
    (rf"({'|'.join(_DAYS)})\s*전", lambda m, now: _days(now, _DAYS[m[1]])),
    (r"(\d{1,3})\s*(일|주|개월|달)\s*전", lambda m, now: _ago(now, int(m[1]), m[2])),
    (rf"\b{_COUNT}\s+(day|week|month)s?\s+ago\b", lambda m, now: _ago(now, _number(m[1]), m[2])),
    # Days, weeks, months, quarters and years beside today's.
    (r"그끄저께|그그저께", lambda m, now: _days(now, 3)),
    (r"그저께|그제|엊그제|the day before yesterday|day before yesterday", lambda m, now: _days(now, 2)),
    (r"어제|전일|\byesterday(?:'s)?\b", lambda m, now: _days(now, 1)),
    (r"오늘|금일|\btoday(?:'s)?\b", lambda m, now: _days(now, 0)),
    (r"지지난\s*주|저저번\s*주|지난\s*주의?\s*전\s*주|(?:the )?week before last", lambda m, now: _weeks(now, 2)),
    (rf"({_MONTH})\s+({'first|second|third|fourth|fifth'})\s+week\b", lambda m, now: _part("month", _month_number(m[1]), _ORDER[m[2]])),
    (r"\b(?:the )?(first|second|third|fourth|fifth|last) week (?:of|in)\b", lambda m, now: _part("week", _ORDER[m[1]])),
    (r"(첫|둘|두|셋|세|넷|네|다섯)\s*(?:번)?째\s*주|(마지막)\s*주", lambda m, now: _part("week", _ORDER[m[1] or m[2]])),
    (r"(?<!\d)([1-6])\s*주차", lambda m, now: _part("week", int(m[1]))),
    (r"지난\s*주|저번\s*주|전주(?![가-힣])|\blast week(?:'s)?\b", lambda m, now: _weeks(now, 1)),
    (r"이번\s*주|금주|\bthis week(?:'s)?\b", lambda m, now: _weeks(now, 0)),
    (r"지지난\s*달|저저번\s*달|(?:the )?month before last", lambda m, now: _whole(periods.month_before(now, 2))),
    (r"지난\s*달|저번\s*달|전월|\blast month(?:'s)?\b", lambda m, now: _whole(periods.month_before(now, 1))),
    (r"이번\s*달|이달|금월|\bthis month(?:'s)?\b", lambda m, now: _whole(periods.month_before(now, 0))),
    (r"지지난\s*분기|(?:the )?quarter before last", lambda m, now: _whole(periods.quarter_before(now, 2))),
    (r"지난\s*분기|저번\s*분기|전\s*분기|\blast quarter(?:'s)?\b", lambda m, now: _whole(periods.quarter_before(now, 1))),
    (r"이번\s*분기|금\s*분기|\bthis quarter(?:'s)?\b", lambda m, now: _whole(periods.quarter_before(now, 0))),
    (r"재작년|지지난\s*해|(?:the )?year before last", lambda m, now: _part("year", now.year - 2)),
    (r"작년|지난\s*해|전년|\blast year(?:'s)?\b", lambda m, now: _part("year", now.year - 1)),
    (r"올해|금년|이번\s*해|\bthis year(?:'s)?\b", lambda m, now: _part("year", now.year)),
    (rf"\b(?:last|this|next)\s+(?:{_MONTH}|{'|'.join(_WEEKDAYS)})\b", _which_year),
    # Names of years, quarters, months, days.
    (r"(?<!\d)(\d{4})\s*년(?:도)?", lambda m, now: _part("year", int(m[1]))),
    (r"(?<!\d)(\d{1,2})\s*월\s*(\d{1,2})\s*일", lambda m, now: _part("month day", int(m[1]), int(m[2]))),
    (r"(?<!\d)(\d{1,2})\s*월(?:달|중)?(?![요가-힣]*요일)", lambda m, now: _part("month", int(m[1]))),
    (r"(?<!\d)(\d{1,2})\s*일(?!간|\s*동안)(?=[^가-힣]|부터|까지|에|의|자|과|와|보다|은|는|$)", lambda m, now: _part("day", int(m[1]))),
    (r"(?<!\d)(\d)\s*분기", lambda m, now: _part("quarter", int(m[1]))),
    (r"\b(?:the )?(first|second|third|fourth) quarter\b", lambda m, now: _part("quarter", _ORDER[m[1]])),
    (r"\bq([0-9])\b", lambda m, now: _part("quarter", int(m[1]))),
    (rf"\b({_MONTH})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?!:)", lambda m, now: _part("month day", _month_number(m[1]), int(m[2]))),
    (rf"\b(?:the )?(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of )?({_MONTH})\b", lambda m, now: _part("month day", _month_number(m[2]), int(m[1]))),
    (rf"\b(?:in |during )?({_MONTH})\b\.?", lambda m, now: _part("month", _month_number(m[1]))),
    (r"(월|화|수|목|금|토|일)요일", lambda m, now: _part("weekday", "월화수목금토일".index(m[1]))),
    (rf"\b({'|'.join(_WEEKDAYS)})\b", lambda m, now: _part("weekday", _WEEKDAYS.index(m[1]))),
    # Times of day.
    (r"지금|현재|\bnow\b", lambda m, now: _whole(Period(now, now, "point"))),
    (r"(?:(오전|오후|새벽|아침|저녁|밤|낮)\s*)?(?<!\d)(\d{1,2})\s*시(?!간)(?:\s*(\d{1,2})\s*분|\s*(반))?", lambda m, now: _clock(m, int(m[2]), 30 if m[4] else int(m[3] or 0), m[1] or "")),
    (r"(?<![\d:])(\d{1,2}):(\d{2})(?::00)?\s*(?:(a|p)\.?m\b\.?)?", lambda m, now: _clock(m, int(m[1]), int(m[2]), m[3] or "")),
    (r"\b(\d{1,2})\s*(a|p)\.?m\b\.?", lambda m, now: _clock(m, int(m[1]), 0, m[2])),
    (r"정오|\bnoon\b", lambda m, now: _part("clock", 12, 0)),
    (r"자정|\bmidnight\b", _which_year),
    # A year in digits alone, unless a unit follows.
    (r"(?<![\d.,-])((?:19|20|21)\d{2})(?![\d.,]|\s*(?:[a-z%$°]+/[a-z]+|[%$°]))\b", lambda m, now: _part("year", int(m[1]))),
)  # fmt: skip
"""Patterns in the order in which they are looked for, each with what it means."""


def time_items(rest: Rest, now: datetime) -> list[Item]:
    """Take all words for times out of a question.

    Args:
        rest: The question, from which they are taken.
        now: Local time, without zone.

    Returns:
        In the order of the question.

    Raises:
        Back: A time does not exist, or means two things.
    """
    found = []
    for pattern, build in WORDS:
        for match in rest.take_all(pattern):
            kind, period, numbers = build(match, now)
            if kind == "month" and len(numbers) == 2:  # a month with its week, "March first week"
                middle = match.start() + 1
                found.append(Item(match.start(), middle, "month", match[1], numbers=numbers[:1]))
                found.append(Item(middle, match.end(), "week", match[2], numbers=numbers[1:]))
                continue
            found.append(Item(match.start(), match.end(), kind, match[0].strip(), period, numbers))
    return sorted(found, key=lambda item: item.at)
