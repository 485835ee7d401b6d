"""What the columns of a table are: the long form, the wide form, or one tag to a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from shiftwork.errors import UserError
from shiftwork.records.historian.readers.names import Meaning
from shiftwork.records.historian.readers.table import Wanted

MOST_JUDGED = 30
"""Columns that are judged by their cells; where there are more, names must do."""


class NoClock(UserError):
    """Names of tags without a column of time; perhaps another line is the line of names."""


class NoValues(NoClock):
    """Names of tags in a column, but no column of their values, or of time, that is known."""


def likelier(first: NoClock | None, second: NoClock) -> NoClock:
    """Of two reasons, from two lines that might be the names: one that holds tags' names comes first."""
    if first is None or (isinstance(first, NoValues) and not isinstance(second, NoValues)):
        return second
    return first


@dataclass(frozen=True)
class Heading:
    """What is known of a table before its rows are read.

    Attributes:
        names: Names of all columns.
        stem: Its name without folder and ending.
        where: Its place, put in front of errors.
        above: Rows above the names: titles, comments.
        sample: Its first rows, as text.
        sampler: Reads the first cells of a column as text, where no rows are at hand.
    """

    names: tuple[str, ...]
    stem: str
    where: str
    above: tuple[tuple[str, ...], ...] = ()
    sample: tuple[tuple[str, ...], ...] = ()
    sampler: Callable[[int], Sequence[str]] | None = None

    def cells(self, position: int) -> list[str]:
        """The first cells of a column that hold something."""
        if self.sampler is not None:
            return [cell.strip() for cell in self.sampler(position) if cell.strip()]
        cells = (row[position].strip() for row in self._data if position < len(row))
        return [cell for cell in cells if cell]

    @cached_property
    def _data(self) -> list[tuple[str, ...]]:
        """The sample without the names, which may stand between the rows again."""
        names = [name.strip() for name in self.names]
        return [row for row in self.sample if [cell.strip() for cell in row] != names]


@dataclass(frozen=True)
class Clock:
    """The columns that make up a time stamp.

    Attributes:
        columns: Their positions; none where rows are counted.
        kinds: What each holds: "stamp", "date", "time", or a part of ``PARTS``.
        offset_min: Minutes east of UTC that the column's name gives, None if it gives none.
        zone: The long name of a time zone in the column's name, "" for none.
        counts: The name says that it counts from a beginning.
    """

    columns: tuple[int, ...]
    kinds: tuple[str, ...]
    offset_min: int | None = None
    zone: str = ""
    counts: bool = False


@dataclass(frozen=True)
class QualityColumns:
    """Columns that together hold the quality of a value.

    Attributes:
        columns: Their positions.
        meanings: What a yes in each means; "code" where the cell itself is a code or word.
    """

    columns: tuple[int, ...]
    meanings: tuple[Meaning, ...]


@dataclass(frozen=True)
class Layout:
    """Where a table holds what, by position of columns.

    Attributes:
        shape: "long" (a row for each value), "wide" (a column for each tag), or "single" (time
            and value of one tag, whose name stands above the table or is the file's).
        clock: The columns of time.
        tag: The column of tag names, in the long form.
        value: The column of values, in the long and the single form.
        other_values: Columns of values of other types, of which each row fills one.
        unit: The column of units, in the long form, if there is one.
        quality: The columns of quality, in the long and the single form, if there are any.
        source: The one tag of the single form.
        tags: The column of each tag's values, by key, in the wide form.
        qualities: The columns of each tag's quality, by key, in the wide form.
        clocks: The columns of each tag's own time, by key, in the wide form.
        units: Units that stand under the names, by the column of values.
        unread: Columns that look as if they mattered and are not read, as "name: why".
        assumed: What was taken to be so, in sentences, since nothing in the table says otherwise.
    """

    shape: Literal["long", "wide", "single"]
    clock: Clock
    tag: int | None = None
    value: int | None = None
    other_values: tuple[int, ...] = ()
    unit: int | None = None
    quality: QualityColumns | None = None
    source: str = ""
    tags: dict[str, int] = field(default_factory=dict)
    qualities: dict[str, QualityColumns] = field(default_factory=dict)
    clocks: dict[str, Clock] = field(default_factory=dict)
    units: dict[int, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()

    @property
    def cells(self) -> tuple[int, ...]:
        """Positions of tag names and values."""
        some = (self.tag, self.value, *self.other_values, *self.tags.values())
        return tuple(position for position in some if position is not None)

    def wanted(self, sources: Iterable[str]) -> Wanted:
        """What must be read, for tags with these names in the export."""
        positions = set(self.cells) | set(self.clock.columns)
        positions |= {self.unit} if self.unit is not None else set()
        for quality in (self.quality, *self.qualities.values()):
            positions |= set(quality.columns) if quality else set()
        for clock in self.clocks.values():
            positions |= set(clock.columns)
        return Wanted(tuple(sorted(positions)), self.tag, frozenset(sources))


FindLayout = Callable[[Heading], Layout | None]
"""Finds the layout of a table; None if its names make no sense, or it holds no tag that is looked
for."""
