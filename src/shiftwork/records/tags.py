"""Tags: the named signals of a plant, with their units and spans."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from numbers import Real
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
        low_tag: For an action whose lower limit differs from step to step: the observation tag
            that holds the limit in force. "" where ``low`` alone holds.
        high_tag: The same for the upper limit. An action has both or neither.
        outside: Of an observation: nothing that is done at the plant moves it (a price, weather).
    """

    name: str
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    low_tag: str = field(default="", repr=False)
    high_tag: str = field(default="", repr=False)
    outside: bool = field(default=False, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        if not all(isinstance(x, str) for x in (self.name, self.unit, self.low_tag, self.high_tag)):
            raise UserError(f"tag '{self.name}': name and unit must be text; fix its entry")
        if bool(self.low_tag) != bool(self.high_tag):
            raise UserError(
                f"tag '{self.name}': has one limit that changes and one that does not; "
                "give both low_tag and high_tag, or neither"
            )
        for end in ("low", "high"):
            # One kind of float, and no -0.0: equal tags are written, and so hashed, alike.
            object.__setattr__(self, end, _as_float(getattr(self, end), self.name, end) + 0.0)
        if not self.low < self.high:
            raise UserError(
                f"tag '{self.name}': low {self.low:g} is not below high {self.high:g}; "
                "fix its limits"
            )

    @property
    def label(self) -> str:
        """The name with its unit, as it stands beside an axis."""
        return f"{self.name} [{self.unit}]" if self.unit else self.name


Tags = tuple[Tag, ...]


def _as_float(value: Any, name: str, end: str) -> float:
    # NumPy's numbers are Real too; a truth value or text that looks like a number is not meant.
    if isinstance(value, Real) and value is not True and value is not False:
        with suppress(OverflowError):
            return float(value)
    raise UserError(f"tag '{name}': its {end} end must be a number; fix its limits")


def numbered(prefix: str, count: int, low: float = -math.inf, high: float = math.inf) -> Tags:
    """Make tags for signals of which nothing but the number is known."""
    return tuple(Tag(f"{prefix}{i}", "", low, high) for i in range(count))


def named(
    tags: Tags,
    prefix: str,
    columns: int,
    where: str,
    limits: tuple[float, float] = (-math.inf, math.inf),
) -> Tags:
    """Return the tags given for an array's columns, or numbered ones if none are.

    Raises:
        UserError: There are more or fewer of them than columns.
    """
    if tags and len(tags) != columns:
        raise UserError(
            f"{where} has {columns} columns, but {len(tags)} tags are given; give one each"
        )
    return tags or numbered(prefix, columns, *limits)


def box(tags: Sequence[Tag], where: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the lower and upper limits of action tags, each of shape (A,), float32.

    Raises:
        UserError: A limit is infinite, or both are one in float32, so that there is no box.
    """
    for tag in tags:
        with np.errstate(over="ignore"):
            span = np.float32(tag.high) - np.float32(tag.low)
        if not 0 < span < np.inf:
            raise UserError(
                f"{where}: action tag '{tag.name}' spans {tag.low:g} to {tag.high:g}, too wide or "
                "too narrow for float32; give it a finite low and high"
            )
    return (
        np.array([tag.low for tag in tags], np.float32),
        np.array([tag.high for tag in tags], np.float32),
    )


def tags_to_json(tags: Sequence[Tag]) -> list[dict[str, Any]]:
    """Describe tags for a JSON file, without infinite ends (JSON has none) and what is left out."""
    return [
        {
            k: v
            for k, v in asdict(t).items()
            if not (isinstance(v, float) and math.isinf(v))
            and not (k.endswith(("_tag", "outside")) and not v)
        }
        for t in tags
    ]


def tags_from_json(rows: Any, where: str) -> Tags:
    """Read what ``tags_to_json`` wrote.

    Args:
        rows: The parsed JSON.
        where: File and key, put in front of errors.

    Raises:
        UserError: The description is not a list of tags, or a tag is impossible.
    """
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UserError(f"{where} is not a list of tags; write the file again")
    tags = []
    for number, row in enumerate(rows):
        try:
            tags.append(Tag(**row))
        except UserError as error:
            raise UserError(f"{where}: {error}") from None
        except TypeError:
            raise UserError(
                f"{where}: entry {number} is not a tag (keys: {', '.join(row)}); write the file again"
            ) from None
    return tuple(tags)
