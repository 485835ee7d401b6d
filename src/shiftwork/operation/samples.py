"""One value as a control system gives it, and whether it can be trusted."""

from __future__ import annotations

import math
from dataclasses import dataclass

from shiftwork.records.historian.values.quality import BAD, GOOD


@dataclass(frozen=True)
class Sample:
    """A tag's value at one moment.

    Attributes:
        value: None for a state tag, and where there is none.
        status: GOOD, UNCERTAIN or BAD, as in ``records/historian``.
        state: A state tag's text.
        source_us: Source time stamp, microseconds since 1970 UTC: the last change; None if not given.
        server_us: Server time stamp: when the server last knew it true; None if not given.
    """

    value: float | None
    status: int = GOOD
    state: str | None = None
    source_us: int | None = None
    server_us: int | None = None

    @property
    def number(self) -> float:
        """The value where it may be used, else NaN."""
        if self.status == BAD or self.value is None or not math.isfinite(self.value):
            return math.nan
        return self.value

    def same(self, other: Sample) -> bool:
        """Whether value, state and status are the same, whenever they were read."""
        return (self.value, self.state, self.status) == (other.value, other.state, other.status)
