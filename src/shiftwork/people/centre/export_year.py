"""One episode's part of a centre's export, as the reader of team episodes takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from shiftwork.errors import UserError, unknown
from shiftwork.people.centre.export import RecordFiles

HOURLY = "naphtha_price"
"""A tag that the historian keeps from the first hour to the last."""


class Tags(dict[str, np.ndarray]):
    """Numbers or words at the beginning of each hour, (T,), by key; one that is missing is told."""

    def __init__(self, source: Path, tags: dict[str, np.ndarray]) -> None:
        super().__init__(tags)
        self.source = source

    def __missing__(self, key: str) -> np.ndarray:
        raise UserError(
            f"{self.source}: has no samples of '{key}'; export the records again with shiftwork people"
        )


@dataclass(frozen=True, eq=False)
class Year:
    """One episode's part of an export, T hours.

    Attributes:
        begin: When it begins.
        tags: What the historian tells.
        papers: Of the ships.
        occasions: To decide.
        files: Where all that stands.
    """

    begin: datetime
    tags: Tags
    papers: pl.DataFrame
    occasions: pl.DataFrame
    files: RecordFiles

    @property
    def hours(self) -> int:
        """T."""
        return len(self.tags["naphtha_price"])


def number_of(names: Sequence[str], word: str, kind: str, source: Path) -> int:
    """Find the number of a name.

    Args:
        names: All that there are.
        word: What stands in a file.
        kind: What it names, for the message.
        source: The file.
    """
    if word not in names:
        raise unknown(kind, word, names, str(source))
    return names.index(word)


def hours_since(begin: datetime, stamp: datetime | str) -> float:
    """Hours from an episode's beginning to a time, or to one as files write it."""
    if isinstance(stamp, str):
        stamp = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return (stamp - begin).total_seconds() / 3600.0
