"""How far a decision lies from everything that the records hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64

from shiftwork.errors import UserError
from shiftwork.operation.envelope import Held, Observation

QUANTILE = 0.99
"""Part of the held-out rows that lies within the limit."""
MOST_ROWS = 4000
"""Rows of the records that are kept to measure distances to, and as many held out."""
LEAST_ROWS = 100
"""Rows below which no distance can be judged."""
TOGETHER = 512
"""Rows whose distances are computed together."""
OUTSIDE = "outside the records"
"""With this begins the reason of whatever does not fit the records."""


@dataclass(frozen=True)
class Support:
    """Distance of (observation, action) to the nearest row of the records.

    Columns are scaled by their deviation in the records. A column that is constant there counts
    by its own size, so that any other value is far away. The limit is the distance within which
    99 % of rows lie that were held out of the kept ones.

    Attributes:
        keys: Observation keys, then the actions' keys.
        actions: How many of the keys are actions.
        rows: Kept rows, scaled, (N, K).
        mean: (K,), plant units.
        std: (K,), plant units.
        limit: In deviations.
    """

    keys: tuple[str, ...]
    actions: int
    rows: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    limit: float

    @classmethod
    def learn(
        cls, observation_keys: tuple[str, ...], action_keys: tuple[str, ...], rows: np.ndarray
    ) -> Support:
        """Learn from rows in the order of time; the last third is held out.

        Args:
            observation_keys: Of the first columns.
            action_keys: Of the last columns.
            rows: (N, O + A), plant units; rows with NaN are left out.

        Raises:
            UserError: There are too few rows to judge by.
        """
        rows = np.asarray(rows, np.float64)
        rows = rows[np.isfinite(rows).all(-1)]
        if len(rows) < LEAST_ROWS:
            raise UserError(
                f"records: {len(rows)} whole rows are too few to judge what lies outside them; "
                f"give at least {LEAST_ROWS}"
            )
        cut = 2 * len(rows) // 3  # by time, so that neighbours do not vouch for each other
        kept = rows[:cut][:: -(-cut // MOST_ROWS)]
        mean, std = scales(kept)
        support = cls(
            (*observation_keys, *action_keys),
            len(action_keys),
            (kept - mean) / std,
            mean,
            std,
            np.inf,
        )
        held_out = rows[cut:]
        beyond = support.distance(held_out[:: -(-len(held_out) // MOST_ROWS)])
        return replace(support, limit=float(np.quantile(beyond, QUANTILE)))

    def renamed(self, keys: Mapping[str, str]) -> Support:
        """The same under other keys."""
        return replace(self, keys=tuple(keys[key] for key in self.keys))

    def distance(self, rows: np.ndarray) -> np.ndarray:
        """Distance of each row (M, K), plant units, to the nearest kept one, (M,), deviations."""
        with np.errstate(all="ignore"):  # what overflows is far from everything
            return nearest((np.asarray(rows, np.float64) - self.mean) / self.std, self.rows)

    def observe(self, observation: Observation) -> None:
        """The records do not change."""

    def hold(self, observation: Observation, action: np.ndarray) -> Held:
        """Forbid to write what lies outside the records."""
        given = np.asarray(action, np.float64)
        flat = given.reshape(-1, given.shape[-1])
        seen = [
            np.broadcast_to(np.asarray(observation.get(key, np.nan)), given.shape[:-1]).reshape(-1)
            for key in self.keys[: -self.actions]
        ]
        distance = self.distance(np.concatenate([np.stack(seen, -1), flat], -1))
        outside = ~(distance <= self.limit)[:, None] | np.zeros(flat.shape, bool)
        return Held(
            np.where(outside, np.nan, flat).reshape(given.shape),
            outside.reshape(given.shape),
            np.where(outside, OUTSIDE, "").astype(object).reshape(given.shape),
        )


def scales(rows: Float64[np.ndarray, "N K"]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of each column, (K,) each; one that is constant counts by its own size."""
    mean, std = rows.mean(0), rows.std(0)
    size = np.maximum(np.abs(mean), 1.0)
    return mean, np.where(std > 1e-9 * size, std, size)


def nearest(
    rows: Float64[np.ndarray, "M K"], kept: Float64[np.ndarray, "N K"]
) -> Float64[np.ndarray, " M"]:
    """Distance of each row to the nearest kept one, (M,); some at a time, to spare memory."""
    found = np.empty(len(rows))
    square = (kept**2).sum(-1)
    for first in range(0, len(rows), TOGETHER):
        part = rows[first : first + TOGETHER]
        gap = (part**2).sum(-1)[:, None] - 2 * part @ kept.T + square
        found[first : first + TOGETHER] = np.sqrt(np.maximum(gap.min(-1), 0.0))
    return found
