"""Tags: the named signals of a plant, with their units and spans."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from shiftwork.errors import UserError


@dataclass(frozen=True)
class Tag:
    """One plant signal.

    Attributes:
        name: The signal's name in the plant.
        unit: Its physical unit, "" for a pure number.
        low: Lower end: a limit for an action, the instrument's span for an observation.
        high: Upper end, above ``low``. Observations may be unbounded, actions may not.
    """

    name: str
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise UserError(
                f"tag '{self.name}': low {self.low:g} is not below high {self.high:g}; mend its limits"
            )

    @property
    def label(self) -> str:
        """The name with its unit, as it stands beside an axis."""
        return f"{self.name} [{self.unit}]" if self.unit else self.name


Tags = tuple[Tag, ...]


def numbered(prefix: str, count: int, low: float = -math.inf, high: float = math.inf) -> Tags:
    """Make tags for signals of which nothing but the number is known."""
    return tuple(Tag(f"{prefix}{i}", "", low, high) for i in range(count))


def box(tags: Sequence[Tag], where: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the lower and upper limits of action tags, each of shape (A,), float32.

    Raises:
        UserError: A limit is infinite, so that there is no box.
    """
    for tag in tags:
        if not (math.isfinite(tag.low) and math.isfinite(tag.high)):
            raise UserError(f"{where}: action tag '{tag.name}' has no finite limits; give low and high")
    return (
        np.array([tag.low for tag in tags], np.float32),
        np.array([tag.high for tag in tags], np.float32),
    )


def tags_to_json(tags: Sequence[Tag]) -> list[dict[str, Any]]:
    """Describe tags for a JSON file; infinite ends are left out, since JSON has no infinity."""
    return [
        {k: v for k, v in asdict(t).items() if not (isinstance(v, float) and math.isinf(v))}
        for t in tags
    ]


def tags_from_json(rows: Any, where: str) -> Tags:
    """Read what ``tags_to_json`` wrote.

    Raises:
        UserError: The description is not a list of tags.
    """
    try:
        return tuple(Tag(**row) for row in rows)
    except TypeError:
        raise UserError(f"{where}: the tag list is damaged; write the file anew") from None
