"""Mean, deviation and largest size of each column of large records, without a copy of all of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float32, Float64

AT_ONCE = 8
"""Columns that are turned to float64 together."""


class Columns(NamedTuple):
    """What columns are like.

    Attributes:
        mean: (O,).
        std: (O,).
        largest: Of the sizes, (O,).
    """

    mean: Float64[np.ndarray, " O"]
    std: Float64[np.ndarray, " O"]
    largest: Float64[np.ndarray, " O"]

    @classmethod
    def of(cls, rows: Float32[np.ndarray, "T O"]) -> Columns:
        """Measure rows, at least one; sums are float64."""
        # Pieces of like width: a single column would be summed in another order than several.
        pieces = np.array_split(np.arange(rows.shape[1]), -(-rows.shape[1] // AT_ONCE))
        found = []
        for piece in pieces:
            wide = rows[:, piece[0] : piece[-1] + 1].astype(np.float64)
            found.append((wide.mean(0), wide.std(0), np.abs(wide).max(0)))
        return cls(*(np.concatenate(part) for part in zip(*found, strict=True)))
