"""How each table is read: what is known of it so far, and what is shown of it at the end."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from shiftwork.records.historian.plant_file.model import ExportRules
from shiftwork.records.historian.readers.layout import Layout
from shiftwork.records.historian.readers.table import Hints, Table
from shiftwork.records.historian.values.numbers import Mark
from shiftwork.records.historian.values.stamp_rules import Order

EARLY_US = 315_532_800_000_000
"""1980, before which no historian kept records."""

MOST_AHEAD_S = 400 * 86_400
"""Plans reach a year ahead; records do not."""


@dataclass
class Origin:
    """How one table was read.

    Attributes:
        name: The file, with sheet or table if it holds several.
        kind: What tables written by the same system share.
        form: Encoding and separator, or the kind of file.
        rows: Rows that were read.
        samples: Values of the plant's tags in them.
        first_us: The first time, microseconds since 1970 UTC; None without any.
        last_us: The last time.
        zone: The zone in which stamps were taken.
        quality: The convention of its quality, "" for none.
        decimal: The decimal mark, "" where no number needed one.
        order: The order of day and month, "" where no date needed it.
        tags: Positions of its tags among the plant's.
    """

    name: str
    kind: str
    form: str = ""
    rows: int = 0
    samples: int = 0
    first_us: int | None = None
    last_us: int | None = None
    zone: str = ""
    quality: str = ""
    decimal: str = ""
    order: str = ""
    tags: set[int] = field(default_factory=set)

    def as_json(self) -> dict[str, Any]:
        """What is known so far, for ``of_json``."""
        return asdict(self) | {"tags": sorted(self.tags)}

    @classmethod
    def of_json(cls, known: dict[str, Any]) -> Origin:
        """Take up what an import knew when it was stopped."""
        return cls(**known | {"tags": set(known["tags"])})

    def add(self, tags: np.ndarray, time_us: np.ndarray) -> None:
        """Count some rows, by the tags that they hold and their times."""
        self.samples += len(time_us)
        self.tags.update(tags.tolist())
        first, last = int(time_us.min()), int(time_us.max())
        self.first_us = first if self.first_us is None else min(self.first_us, first)
        self.last_us = last if self.last_us is None else max(self.last_us, last)

    def doubt(self) -> str:
        """What is odd about its times, "" for nothing: they lie ahead, or before there were historians."""
        if self.first_us is None or self.last_us is None:
            return ""
        ahead = time.time() + MOST_AHEAD_S
        if self.first_us >= EARLY_US and self.last_us <= ahead * 1e6:
            return ""
        odd = self.first_us if self.first_us < EARLY_US else self.last_us
        return (
            f"has the time {np.datetime64(odd, 'us').astype('datetime64[s]').item():%Y-%m-%d %H:%M} UTC; if that is "
            "not so, set export.time_format or export.calendar"
        )


@dataclass
class Reading:
    """A table while it is read.

    Attributes:
        table: The table.
        layout: What its columns are.
        rules: What is declared of its cells.
        origin: What is shown of it at the end.
        order: The order of day and month, None until a date needs it.
        mark: The decimal mark, None until a number needs it.
        quick: It is read in blocks; a line that is not a row of data stops that.
        units: The unit behind the numbers of each tag, by position of the tag.
        hints: What the rows read so far allow a reader to assume.
        half_clock: Its hours are those of a clock of twelve hours, without AM and PM.
    """

    table: Table
    layout: Layout
    rules: ExportRules
    origin: Origin
    order: Order | None = None
    mark: Mark | None = None
    quick: bool = False
    units: dict[int, str] = field(default_factory=dict)
    hints: Hints = field(default_factory=Hints)
    half_clock: bool = False

    def as_json(self) -> dict[str, Any]:
        """What was found so far, for ``go_on``."""
        return {
            "origin": self.origin.as_json(),
            "order": self.order,
            "mark": self.mark,
            "units": list(self.units.items()),
            "numbers": sorted(self.hints.numbers),
            "stamps": sorted(self.hints.stamps),
            "judged": self.hints.judged,
            "failures": self.hints.failures,
            "half_clock": self.half_clock,
        }

    def go_on(self, known: dict[str, Any]) -> None:
        """Take up what was found of the table before its import was stopped."""
        self.origin = Origin.of_json(known["origin"])
        self.order, self.mark = known["order"], known["mark"]
        self.units = dict(known["units"])
        self.hints.numbers = frozenset(known["numbers"])
        self.hints.stamps = frozenset(known["stamps"])
        self.hints.judged, self.hints.failures = known["judged"], known["failures"]
        self.half_clock = known["half_clock"]

    @cached_property
    def headings(self) -> frozenset[str]:
        """The words of the header."""
        return frozenset(name.strip() for name in self.table.header) - {""}


def kind_of(table: Table) -> str:
    """What tables that the same system wrote share; each kind has one convention of quality."""
    return "|".join(table.dialect)
