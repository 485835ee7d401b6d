"""Samples of a plant's history, and what every store of them can do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

Row = tuple[int, str, float | None, str | None, int]
"""Time in microseconds since 1970 UTC, the tag's key, value, state, status."""
DAY_US = 86_400_000_000


class HistoryFailed(Exception):
    """The store cannot be read or written now."""


@runtime_checkable
class Store(Protocol):
    """Samples by time and tag; every method raises ``HistoryFailed`` where it cannot be done."""

    def add(self, rows: Sequence[Row]) -> None:
        """Keep rows, all or none; a row with the time and tag of an old one replaces it."""

    def between(self, begin_us: int, end_us: int) -> list[Row]:
        """All rows of a time, from ``begin_us`` up to ``end_us``, which is left out, in order."""

    def since(self, key: str, begin_us: int) -> list[tuple[int, float | None]]:
        """Time and value of one tag from a time on, and of its last sample before it."""

    def days(self, before_us: int) -> list[int]:
        """The days since 1970 that hold rows of a time before this one."""

    def remove(self, begin_us: int, end_us: int) -> None:
        """Remove the rows of a time."""

    def close(self) -> None:
        """End."""
