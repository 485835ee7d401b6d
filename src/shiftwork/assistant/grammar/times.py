"""The ranges that a question names: words for times joined with their neighbours, half open."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shiftwork.assistant.grammar import periods
from shiftwork.assistant.grammar.periods import DAY, Period
from shiftwork.assistant.grammar.time_words import Item, time_items
from shiftwork.assistant.text import TAKEN, Back, Rest
from shiftwork.records.historian.plant_file.model import Shift

_CLOSE = re.compile(r"\s*(?:의|에|,|of|in|on|at|the|of the|in the|on the|from|t)?\s*")
"""What may stand between words that make up one time."""
_FROM_TO = re.compile(r"\s*(?:부터|에서|~|–|—|-|to|till|until|through)\s*")
_AND = re.compile(r"\s*(?:and|와|과)\s*")

_KNOWN_SHIFTS = {
    "day": ("day shift", "주간조", "주간 근무조"),
    "morning": ("morning shift", "오전조", "아침조"),
    "evening": ("evening shift", "저녁조", "오후조"),
    "afternoon": ("afternoon shift", "오후조"),
    "night": ("night shift", "야간조", "심야조", "밤조"),
}
"""What shifts of these names are called in any plant."""


@dataclass(frozen=True)
class Range:
    """A half-open range that a question names.

    Attributes:
        at: Its position in the question.
        end: Position after it.
        start: Local time, ISO.
        stop: Local time, ISO.
    """

    at: int
    end: int
    start: str
    stop: str


def find_ranges(rest: Rest, now: datetime, shifts: Mapping[str, Shift]) -> list[Range]:
    """Take all times out of a question.

    Args:
        rest: The question, from which they are taken.
        now: Local time, without zone.
        shifts: Of the plant file.

    Returns:
        In the order of the question.

    Raises:
        Back: A time does not exist, means two things, or lacks a part.
    """
    shift_items = _shift_items(rest, shifts)
    items = sorted([*time_items(rest, now), *shift_items], key=lambda item: item.at)
    items = _with_years(_neighbours(items, rest, shifts), rest, now)
    items = _neighbours(items, rest, shifts)
    return _ranges(items, rest, now, shifts)


def _shift_items(rest: Rest, shifts: Mapping[str, Shift]) -> list[Item]:
    found = []
    names = [
        (word, key) for key, shift in shifts.items()
        for word in (f"{key} shift", *shift.names, *_KNOWN_SHIFTS.get(key, ()))
    ]  # fmt: skip
    for word, key in sorted(names, key=lambda pair: -len(pair[0])):
        for match in rest.take_all(rf"\b{re.escape(word.casefold())}(?![a-z])"):
            found.append(Item(*match.span(), "shift", match[0], name=key))
    known = "|".join(word for words in _KNOWN_SHIFTS.values() for word in words)
    if strange := re.search(rf"{known}|\bshift\b", rest.text):
        shown = ", ".join(shifts) or "-"
        raise Back("ask" if shifts else "refused", "no such shift", said=strange[0], known=shown)
    return found


def _neighbours(items: Sequence[Item], rest: Rest, shifts: Mapping[str, Shift]) -> list[Item]:
    """Join words that stand beside each other and make up one time, until none are left."""
    done: list[Item] = []
    for item in items:
        done.append(item)
        while len(done) > 1:
            first, second = done[-2:]
            between = rest.text[first.end : second.at]
            joined = _joined(first, second, shifts) if _CLOSE.fullmatch(between) else None
            if joined is None:
                break
            rest.take(first.at, second.end)
            said = f"{first.said} {second.said}"
            done[-2:] = [replace(joined, at=first.at, end=second.end, said=said)]
    return done


def _joined(first: Item, second: Item, shifts: Mapping[str, Shift]) -> Item | None:
    """One time made of two words, or None if they are two times."""
    said = f"{first.said} {second.said}"
    for one, other in ((first, second), (second, first)):
        if one.kind == "year" and other.kind in ("month", "month day", "quarter"):
            return _in_year(other, one.numbers[0], said)
        if one.kind == "year" and other.kind == "week" and len(other.numbers) == 2:
            return _in_year(other, one.numbers[0], said)
        if one.kind == "month" and other.kind == "week" and len(other.numbers) == 1:
            return replace(other, numbers=(one.numbers[0], other.numbers[0]))
        if one.period is None:
            continue
        start, grain = one.period.start, one.period.grain
        if other.kind == "week" and len(other.numbers) == 1 and grain == "month":
            return _complete(other, _week(start.year, start.month, other.numbers[0], said))
        if other.kind == "day" and grain == "month":
            return _complete(other, periods.day(start.year, start.month, other.numbers[0], said))
        if other.kind == "weekday" and grain == "week":
            begin = start + DAY * other.numbers[0]
            return _complete(other, Period(begin, begin + DAY, "day"))
        if other.kind == "shift" and grain == "day":
            return _complete(other, shift_on(start, shifts[other.name]))
        if other.kind == "clock" and grain == "day":
            return _complete(other, _at_clock(start, other.numbers))
    if first.kind == "month" and second.kind == "day":
        return replace(second, kind="month day", numbers=(first.numbers[0], second.numbers[0]))
    if first.kind == "month day" and second.kind in ("clock", "shift") and first.period is None:
        # The year comes later; until then they stay two.
        return None
    return None


def _complete(item: Item, period: Period) -> Item:
    return replace(item, kind="period", period=period)


def _in_year(item: Item, year: int, said: str) -> Item:
    numbers = item.numbers
    if item.kind == "month":
        return _complete(item, periods.month_of(year, numbers[0], said))
    if item.kind == "quarter":
        return _complete(item, periods.quarter_of(year, numbers[0], said))
    if item.kind == "week":
        return _complete(item, _week(year, numbers[0], numbers[1], said))
    return _complete(item, periods.day(year, numbers[0], numbers[1], said))


def _week(year: int, month: int, number: int, said: str) -> Period:
    if number:
        return periods.week_of_month(year, month, number, said)
    return periods.last_week_of_month(year, month, said)


def shift_on(midnight: datetime, shift: Shift) -> Period:
    """The shift that starts on a day."""
    start, stop = (
        midnight + timedelta(minutes=_minutes(text)) for text in (shift.start, shift.stop)
    )
    return Period(start, stop if stop > start else stop + DAY, "shift")


def _minutes(text: str) -> int:
    return 60 * int(text[:2]) + int(text[3:])


def _at_clock(midnight: datetime, numbers: tuple[int, ...]) -> Period:
    start = midnight + timedelta(hours=numbers[0], minutes=numbers[1])
    return Period(
        start,
        start + timedelta(minutes=1 if numbers[1] else 60),
        "minute" if numbers[1] else "hour",
    )


def _with_years(items: Sequence[Item], rest: Rest, now: datetime) -> list[Item]:
    """Give dates without a year the only year that the question names, or the latest that began.

    Raises:
        Back: The question names several years, or a date does not exist.
    """
    years = {item.numbers[0] for item in items if item.kind == "year"}
    whole = [item.period for item in items if item.period is not None]
    years |= {
        p.start.year for p in whole if p.grain in ("month", "day", "quarter", "hour", "minute")
    }
    years |= {p.start.year + (p.start.month == 12) * 0 for p in whole if p.grain == "week"}
    done = []
    for item in items:
        waits = item.kind in ("month", "month day", "quarter") or (
            item.kind == "week" and len(item.numbers) == 2
        )
        if not waits:
            done.append(item)
        elif len(years) > 1:
            raise Back("ask", "which year", said=item.said)
        elif years:
            done.append(_in_year(item, min(years), item.said))
        else:
            found = _in_year(item, now.year, item.said) if item.numbers != (2, 29) else None
            if found is None or (found.period and found.period.start > now):
                found = _in_year(item, now.year - (found is not None), item.said)
            done.append(found)
    return done


def _ranges(
    items: list[Item], rest: Rest, now: datetime, shifts: Mapping[str, Shift]
) -> list[Range]:
    """Join two times with "from ... to ...", and make every time a range.

    Raises:
        Back: A time lacks a part.
    """
    found: list[Range] = []
    number = 0
    last_day: datetime | None = None
    while number < len(items):
        first = items[number]
        after = items[number + 1] if number + 1 < len(items) else None
        between = rest.text[first.end : after.at] if after else ""
        before = rest.text[: first.at]
        start = re.search(r"(?:\bfrom|\bbetween|\bsince)(?: the)?\s*$", before)
        two = start is not None and start[0].startswith("between") and _AND.fullmatch(between)
        if after is not None and (_FROM_TO.fullmatch(between) or two):
            begin = _placed(first, last_day, None, now)
            end = _placed(after, begin.start, first, now)
            # An end that is a time of day is that moment; a day, week or month counts whole.
            stop = end.start if end.grain in ("hour", "minute", "point") else end.stop
            closing = re.match(r"\s*까지", rest.text[after.end :])
            last = after.end + (closing.end() if closing else 0)
            at = start.start() if start else first.at
            if not begin.start < stop:
                raise Back("ask", "backwards", start=_iso(begin.start), stop=_iso(stop))
            found.append(_taken(rest, at, last, begin.start, stop))
            last_day = periods.midnight(begin.start)
            number += 2
            continue
        if first.kind == "period" and after is not None and after.kind == "clock":
            # "yesterday from 2 pm to 4 pm": the day belongs to both times of day.
            following = items[number + 2 : number + 3]
            if (
                re.fullmatch(r"\s*(?:,|from|between|at)?\s*", between)
                and following
                and first.period
            ):
                last_day = first.period.start if first.period.grain == "day" else None
                if last_day is not None and following[0].kind == "clock":
                    number += 1
                    continue
        if start is not None and start[0].startswith("since"):
            begin = _placed(first, last_day, None, now)
            found.append(_taken(rest, start.start(), first.end, begin.start, now))
            number += 1
            continue
        if re.match(r"\s*(부터|까지|이후|이전)", rest.text[first.end :]) or start is not None:
            raise Back("ask", "half a range", said=first.said)
        whole = _placed(first, last_day, None, now)
        if whole.grain == "point":
            raise Back("ask", "half a range", said=first.said)
        found.append(_taken(rest, first.at, first.end, whole.start, whole.stop))
        number += 1
    return found


def _placed(item: Item, day: datetime | None, first: Item | None, now: datetime) -> Period:
    """The period of an item; a time of day without a day takes that of its range.

    Raises:
        Back: It lacks its day, month or week.
    """
    if item.period is not None:
        return item.period
    if item.kind == "year":
        return periods.year_of(item.numbers[0], item.said)
    if item.kind == "clock" and day is not None:
        return _at_clock(periods.midnight(day), item.numbers)
    if item.kind == "day" and day is not None and first is not None:
        return periods.day(day.year, day.month, item.numbers[0], item.said)
    if item.kind == "shift":
        raise Back("ask", "which day", said=item.said)
    raise Back("ask", "which one", said=item.said)


def _taken(rest: Rest, at: int, end: int, start: datetime, stop: datetime) -> Range:
    rest.take(at, end)
    assert TAKEN in rest.text
    return Range(at, end, _iso(start), _iso(stop))


def _iso(moment: datetime) -> str:
    return moment.replace(second=0, microsecond=0).isoformat(timespec="minutes")
