"""Which stretch of local time a page is about: a shift, a day, a week or a month."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from shiftwork.assistant.grammar.periods import DAY, Period, midnight, month_before, week_of
from shiftwork.assistant.grammar.times import shift_on
from shiftwork.errors import UserError
from shiftwork.records.historian.plant_file.model import PlantFile

Over = Literal["shift", "day", "week", "month"]


def span_of(over: Over, at: datetime, plant: PlantFile) -> Period:
    """The stretch that holds a moment.

    Raises:
        UserError: A shift is asked for, and the plant file has none, or none at that time.
    """
    if over == "day":
        return Period(midnight(at), midnight(at) + DAY, "day")
    if over == "week":
        return week_of(at)
    if over == "month":
        return month_before(at, 0)
    for day in (midnight(at), midnight(at) - DAY):
        for shift in plant.shifts.values():
            found = shift_on(day, shift)
            if found.start <= at < found.stop:
                return found
    raise UserError(
        f"{plant.path}: has no shift at {at:%Y-%m-%d %H:%M}; add it to [shifts], or take --over day"
    )


def before(over: Over, span: Period, plant: PlantFile) -> Period:
    """The stretch before, to compare with: of a shift the same one a day earlier."""
    if over == "shift":
        return Period(span.start - DAY, span.stop - DAY, "shift")
    return last_over(over, span, plant)


def last_over(over: Over, running: Period, plant: PlantFile) -> Period:
    """The last stretch that is over while another one runs."""
    return span_of(over, running.start - timedelta(minutes=1), plant)
