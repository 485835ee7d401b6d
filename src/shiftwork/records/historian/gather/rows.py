"""Rows that count, as compact arrays: nothing is kept of a row but 21 bytes, and its text if it held text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl


@dataclass
class Gathered:
    """Rows of all tables, in the order in which they were read, as lists of arrays to be joined.

    Attributes:
        tag: Position of the tag among the plant's, uint16.
        time: Microseconds since 1970 UTC; of a repeated local time its first occurrence.
        value: NaN where there is none.
        status: What the cell itself shows, without its quality.
        quality: Numbers of ``qualities``, plus 1; 0 for rows without quality.
        state_rows: Rows with text.
        state_texts: Their text.
        repeated_rows: Rows whose local time the clock showed twice.
        repeated_us: What to add to the time of such a row for the second occurrence.
        rows: In all.
    """

    tag: list[np.ndarray] = field(default_factory=list)
    time: list[np.ndarray] = field(default_factory=list)
    value: list[np.ndarray] = field(default_factory=list)
    status: list[np.ndarray] = field(default_factory=list)
    quality: list[np.ndarray] = field(default_factory=list)
    state_rows: list[np.ndarray] = field(default_factory=list)
    state_texts: list[pl.Series] = field(default_factory=list)
    repeated_rows: list[np.ndarray] = field(default_factory=list)
    repeated_us: list[np.ndarray] = field(default_factory=list)
    rows: int = 0

    def mark(self) -> tuple[int, ...]:
        """How long each list is now."""
        return *(len(part) for part in self._lists()), self.rows

    def back_to(self, mark: tuple[int, ...]) -> None:
        """Forget what was added since."""
        for part, length in zip(self._lists(), mark, strict=False):
            del part[length:]
        self.rows = mark[-1]

    def _lists(self) -> tuple[list[Any], ...]:
        return (
            self.tag, self.time, self.value, self.status, self.quality, self.state_rows,
            self.state_texts, self.repeated_rows, self.repeated_us,
        )  # fmt: skip
