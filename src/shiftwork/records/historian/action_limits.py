"""The feasible action box: where an action may lie in each step, and where records broke it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64, Shaped

from shiftwork.errors import UserError
from shiftwork.records.historian.plant_file.model import PlantFile, PlantTag
from shiftwork.records.tags import Tag

TOLERANCE = 1e-4
"""How far beyond its box an action may lie before it counts: part of the absolute range."""


@dataclass(frozen=True)
class Violation:
    """Recorded actions on one side of their box's outside.

    Attributes:
        tag: The action.
        limit: Which limit they break: "low", "high", "fall" or "rise".
        count: In how many steps.
        worst: The furthest beyond, tag units.
        example: Stamp of the first such step, UTC.
    """

    tag: str
    limit: str
    count: int
    worst: float
    example: np.datetime64


@dataclass(frozen=True, eq=False)
class Box:
    """Where one action may lie in the step that begins at each stamp.

    The absolute limits at the stamp hold, and from the set-point then in force the action may go no
    further than the rate limits allow in one period. Where that set-point lies outside the absolute
    limits itself, these come first: the box is their nearest point.

    Attributes:
        tag: The action.
        action: What it was: the set-point in force at the step's end, NaN at the last stamp, (T,).
        floor: Absolute lower limit, (T,).
        ceiling: Absolute upper limit, (T,).
        fall: As low as the rate limit allows, minus infinity without one, (T,).
        rise: As high as the rate limit allows, (T,).
    """

    tag: PlantTag
    action: Float64[np.ndarray, " T"]
    floor: Float64[np.ndarray, " T"]
    ceiling: Float64[np.ndarray, " T"]
    fall: Float64[np.ndarray, " T"]
    rise: Float64[np.ndarray, " T"]

    @classmethod
    def of(cls, tag: PlantTag, columns: Mapping[str, np.ndarray], period_s: float) -> Box:
        """Find the box of an action tag from the values at each stamp, (T,) by tag."""
        before = columns[tag.key]

        def limit(end: float | str) -> np.ndarray:
            return columns[end] if isinstance(end, str) else np.full(len(before), end)

        assert tag.bounds is not None  # the plant file sees to it
        floor, ceiling = (limit(end) for end in tag.bounds)
        fall, rise = np.full(len(before), -np.inf), np.full(len(before), np.inf)
        if tag.rate is not None:
            fall, rise = (before + limit(end) * period_s / tag.rate_per_s for end in tag.rate)
        return cls(tag, np.append(before[1:], np.nan), floor, ceiling, fall, rise)

    @property
    def low(self) -> Float64[np.ndarray, " T"]:
        """Lower end of the box: the absolute limits come before those of rate."""
        return np.clip(self.fall, self.floor, self.ceiling)

    @property
    def high(self) -> Float64[np.ndarray, " T"]:
        """Upper end of the box."""
        return np.clip(self.rise, self.floor, self.ceiling)

    @property
    def limit_tags(self) -> tuple[Tag, Tag]:
        """Observation tags of the box's ends."""
        key, unit = self.tag.key, self.tag.unit
        return Tag(f"{key} low", unit), Tag(f"{key} high", unit)

    def action_tag(self, steps: Int64[np.ndarray, " S"], plant: PlantFile) -> Tag:
        """The action with the widest limits that it had."""
        low, high = float(self.floor[steps].min()), float(self.ceiling[steps].max())
        if not low < high:
            raise UserError(
                f"{plant.path}: tags.{self.tag.key}.bounds: in the records both ends are {low:g} "
                "all the time; export the limits in force, or write them as numbers"
            )
        names = (tag.name for tag in self.limit_tags)
        return Tag(self.tag.key, self.tag.unit, low, high, *names)

    def violations(
        self, steps: Int64[np.ndarray, " S"], time: Shaped[np.ndarray, " T"]
    ) -> list[Violation]:
        """Tell where the recorded action was beyond each of its limits, by more than rounding."""
        slack = TOLERANCE * (self.ceiling - self.floor) + (self.tag.dead_band or 0.0)
        found = []
        for limit, beyond in (
            ("low", self.floor - self.action),
            ("high", self.action - self.ceiling),
            ("fall", self.fall - self.action),
            ("rise", self.action - self.rise),
        ):
            broken = steps[(beyond > slack)[steps]]
            if broken.size:
                worst = float(beyond[broken].max())
                found.append(Violation(self.tag.key, limit, broken.size, worst, time[broken[0]]))
        return found
