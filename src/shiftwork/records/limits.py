"""Limits of actions that differ from step to step, read from the observation itself.

Absolute limits that the plant moves and rate limits around the set-point in force make a box that
is another one at each step. It stands in two columns of the observation for each action
(``Tag.low_tag``, ``Tag.high_tag``), so whoever sees the observation knows the box: learning turns
recorded actions into their share of it, and an agent turns its share into plant units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from shiftwork.errors import UserError, unknown
from shiftwork.records.tags import Tags

Numbers = Any
"""A NumPy or a JAX array: the arithmetic here is the same for both."""


def for_rows(columns: Numbers, rows: Numbers) -> Numbers:
    """Give one number for each column, (C,), as many axes as rows (..., C) have."""
    return columns.reshape((1,) * (rows.ndim - 1) + columns.shape)


@dataclass(frozen=True)
class MovingLimits:
    """Where the observation holds the actions' limits of the moment.

    Attributes:
        low: For each action the observation column of its lower limit, None where the tag's own
            limits hold all the time.
        high: The same for its upper limit.
    """

    low: tuple[int | None, ...] = ()
    high: tuple[int | None, ...] = ()

    @classmethod
    def find(cls, observation_tags: Tags, action_tags: Tags, where: str) -> MovingLimits:
        """Find the columns by the tags' names.

        Raises:
            UserError: A limit tag is no observation, or two observations have its name.
        """
        names = [tag.name for tag in observation_tags]
        for tag in action_tags:
            for name in (tag.low_tag, tag.high_tag):
                if name and name not in names:
                    raise unknown("observation tag", name, names, f"{where}: limit of '{tag.name}'")
                if name and names.count(name) > 1:
                    raise UserError(
                        f"{where}: limit of '{tag.name}': two observation tags have the name "
                        f"'{name}'; give each its own"
                    )
        return cls(
            tuple(names.index(tag.low_tag) if tag.low_tag else None for tag in action_tags),
            tuple(names.index(tag.high_tag) if tag.high_tag else None for tag in action_tags),
        )

    @property
    def moving(self) -> np.ndarray:
        """Whether each action's limits move, (A,)."""
        return np.array([column is not None for column in self.low], bool)

    def box(self, observation: Numbers) -> tuple[Numbers, Numbers]:
        """Return the unit that actions are measured in: share s stands for low + s (high - low).

        Args:
            observation: (..., O), plant units.

        Returns:
            Low and high, each (..., A): the limits of the moment where they move, else 0 and 1,
            so that the share is the action itself.
        """
        if not self.moving.any():
            return np.float32(0.0), np.float32(1.0)
        moves = for_rows(self.moving.astype(np.float32), observation)
        low = observation[..., [column or 0 for column in self.low]] * moves
        high = observation[..., [column or 0 for column in self.high]] * moves + (1.0 - moves)
        return low, high

    def share(self, action: Numbers, observation: Numbers) -> Numbers:
        """Return which share of its box each action (..., A) is; 0 where the box is a point."""
        low, high = self.box(observation)
        width = high - low
        return (action - low) / (width + (width <= 0.0).astype(np.float32))

    def action(self, share: Numbers, observation: Numbers) -> Numbers:
        """Return the actions (..., A), plant units, of which ``share`` gives the share."""
        low, high = self.box(observation)
        return low + share * (high - low)


FIXED = MovingLimits()
"""No limit moves: every action's share is the action itself."""
