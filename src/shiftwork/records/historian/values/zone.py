"""Local time to UTC: the hour that daylight saving leaves out, and the one that it repeats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Bool, Int64

MARGIN_US = 400 * 86_400_000_000
STEP_US = 6 * 3_600_000_000
MINUTE_US = 60_000_000


@dataclass(frozen=True)
class InUtc:
    """Local times in UTC.

    Attributes:
        us: Microseconds since 1970 in UTC, (T,); of a repeated time its first occurrence.
        later_us: What to add for its second occurrence, 0 where a time is not repeated, (T,).
        missing: The clock jumped over this time, so it never was, (T,).
    """

    us: Int64[np.ndarray, " T"]
    later_us: Int64[np.ndarray, " T"]
    missing: Bool[np.ndarray, " T"]


def is_zone(name: str) -> bool:
    """Say whether a name is that of a time zone, such as Asia/Seoul."""
    try:
        pl.Series([0]).cast(pl.Datetime("us")).dt.replace_time_zone(name)
    except pl.exceptions.PolarsError:
        return False
    return True


class Zone:
    """A time zone's clock changes, found as far as the data reach.

    They are found by asking polars, which brings its own time zone data, so that results do not
    depend on what the operating system has.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._reach = (0, -1)
        self._edges = np.zeros(0, np.int64)  # local times at which a rule begins, (2n,)
        self._offset = np.zeros(1, np.int64)  # local minus UTC by rule, (2n + 1,)
        self._later = np.zeros(1, np.int64)
        self._missing = np.zeros(1, bool)

    def to_utc(self, local_us: Int64[np.ndarray, " T"]) -> InUtc:
        """Convert local times, microseconds since 1970 as the clock on the wall shows them."""
        if not len(local_us) or self.name == "UTC":
            return InUtc(local_us, np.zeros_like(local_us), np.zeros(len(local_us), bool))
        first, last = int(local_us.min()), int(local_us.max())
        if first < self._reach[0] or last > self._reach[1]:
            self._find_changes(first - MARGIN_US, last + MARGIN_US)
            self._reach = (first, last)
        if not len(self._edges):
            zeros = np.zeros_like(local_us)
            return InUtc(local_us - self._offset[0], zeros, zeros.astype(bool))
        rule = np.searchsorted(self._edges, local_us, side="right")
        return InUtc(local_us - self._offset[rule], self._later[rule], self._missing[rule])

    def _offsets(self, utc_us: np.ndarray) -> np.ndarray:
        utc = pl.Series(utc_us).cast(pl.Datetime("us", "UTC"))
        local = utc.dt.convert_time_zone(self.name).dt.replace_time_zone(None)
        return (local.cast(pl.Int64) - utc.cast(pl.Int64)).to_numpy()

    def _find_changes(self, first_us: int, last_us: int) -> None:
        coarse = np.arange(first_us - first_us % STEP_US, last_us + STEP_US, STEP_US)
        offsets = self._offsets(coarse)
        edges: list[int] = []
        offset, later, missing = [int(offsets[0])], [0], [False]
        for step in np.flatnonzero(np.diff(offsets)):
            fine = np.arange(coarse[step], coarse[step + 1] + 1, MINUTE_US)
            change = int(fine[np.flatnonzero(np.diff(self._offsets(fine)))[0] + 1])
            before, after = int(offsets[step]), int(offsets[step + 1])
            edges += [change + min(before, after), change + max(before, after)]
            # In between the clock shows no time at all, or every time twice.
            offset += [before, after]
            later += [max(before - after, 0), 0]
            missing += [after > before, False]
        self._edges = np.array(edges, np.int64)
        self._offset = np.array(offset, np.int64)
        self._later = np.array(later, np.int64)
        self._missing = np.array(missing)
