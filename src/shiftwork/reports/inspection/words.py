"""Durations, counts and lists as a person writes them."""

from __future__ import annotations

from shiftwork.reports.agent.words import percent
from shiftwork.reports.paper.measures import count, joined, number

__all__ = ["count", "duration", "joined", "moment", "percent", "quantity"]


def duration(seconds: float | None) -> str:
    """Write a duration in the unit that fits it, to two or three places."""
    if seconds is None:
        return "–"
    for unit, factor in (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0)):
        if seconds >= 2 * factor or seconds == factor:
            return f"{float(f'{seconds / factor:.3g}'):g} {unit}"
    return f"{float(f'{seconds:.3g}'):g} s"


def quantity(value: float | None, unit: str) -> str:
    """Write a number with its unit, a dash for none."""
    text = number(value)
    return f"{text} {unit}" if unit and text != "–" else text


def moment(stamp: str) -> str:
    """Write an ISO time to the minute, UTC."""
    return stamp[:16].replace("T", " ")
