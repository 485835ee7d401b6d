"""What is known of a column of time stamps before any is read, and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Bool, Int64

from shiftwork.records.historian.values.calendars import Calendar
from shiftwork.records.historian.values.wording import ZONES

Order = Literal["day first", "month first", "year first"]


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
        calendar: The calendar of the years, if it is not the common one.
        counts: The column's name says that it counts from a beginning, so it holds no serial days.
    """

    time_format: str | None = None
    order: Order | None = None
    start_us: int | None = None
    zones: Mapping[str, int] = field(default_factory=lambda: ZONES)
    calendar: Calendar | None = None
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
