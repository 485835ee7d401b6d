"""The tables of an export, read one after the other; an import that is kept goes on where it was stopped.

What a table's rows mean may turn out to be otherwise when some of them were read: some line is no row of
data, or what is declared does not fit. What was read of it is then forgotten, and it is read another way.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from shiftwork.errors import Stopped, StopRequest, UserError, stopping_cleanly
from shiftwork.records.historian.findings import Findings
from shiftwork.records.historian.gather.gatherer import Gatherer
from shiftwork.records.historian.gather.kept import KeptImport
from shiftwork.records.historian.gather.origins import Origin, Reading, kind_of
from shiftwork.records.historian.plant_file.model import ExportRules
from shiftwork.records.historian.readers.columns import series
from shiftwork.records.historian.readers.layout import Layout
from shiftwork.records.historian.readers.table import NeedsCare, Notes, Table

_ISO = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?$"

Tables = list[tuple[Table, Layout]]


@dataclass(frozen=True)
class Way:
    """How a table is read.

    Attributes:
        other: Its cells are not written as the plant file declares, which is for files of another origin.
        careful: Row by row: some line is not a row of data.
    """

    other: bool = False
    careful: bool = False


@dataclass(frozen=True)
class Within:
    """Where an import stands within a table.

    Attributes:
        way: How it is read.
        after: Number of the first row of the last batch that was read.
        reading: What was found of it, as ``Reading.as_json`` has it.
    """

    way: Way
    after: int
    reading: dict[str, Any]


def read_tables(
    gatherer: Gatherer, tables: Tables, declared: ExportRules, kept: KeptImport | None
) -> None:
    """Read all tables, or those that an import has left to read.

    Args:
        gatherer: Takes the rows.
        tables: The tables.
        declared: What the plant file declares of them.
        kept: Where the import is kept; None if it is not.

    Raises:
        Stopped: Ctrl-C was pressed; what was read is kept.
        UserError: A cell cannot be read, or what it means cannot be found.
    """
    with stopping_cleanly() if kept else _as_ever() as request:
        _Reader(gatherer, tables, declared, kept, request).read_all()


@contextmanager
def _as_ever() -> Iterator[StopRequest]:
    """Let Ctrl-C end all at once."""
    yield StopRequest()


class _Reader:
    """Reads tables, and knows where it stands."""

    def __init__(
        self,
        gatherer: Gatherer,
        tables: Tables,
        declared: ExportRules,
        kept: KeptImport | None,
        request: StopRequest,
    ) -> None:
        self._gatherer, self._tables, self._declared = gatherer, tables, declared
        self._kept, self._request = kept, request
        self._several = len({table.dialect for table, _ in tables}) > 1
        self._next = 0
        self._noticed = Findings()  # before the present table
        self._within: Within | None = None

    def read_all(self) -> None:
        if self._kept is not None and self._kept.state is not None:
            self._go_on(self._kept.state)
        for table, layout in self._tables[self._next :]:
            self._read_table(table, layout)
            self._next += 1
            self._within = None
            self._look_up()

    def _read_table(self, table: Table, layout: Layout) -> None:
        """Read a table in the first of several ways that fits it."""
        findings = self._gatherer.findings
        if self._within is None:
            self._gatherer.gathered.begin()
            self._noticed = findings.copy()
        way = self._within.way if self._within else Way()
        while True:
            notes: Notes | None = [] if way.careful else None
            try:
                self._read(table, layout, way, notes)
                break
            except NeedsCare:
                # Some line is perhaps not a row of data: a comment, a total, the header again.
                way = replace(way, careful=True)
            except UserError:
                fits_others = self._several and self._declared.of_other_cells != self._declared
                if way.other or not fits_others:
                    raise
                # What is declared for files of another origin may not fit this one's cells.
                way = Way(other=True)
            self._gatherer.gathered.back()
            findings.kept = self._noticed.copy().kept
            self._within = None
        for kind, count, example in notes or ():
            findings.note(kind, "", count, example)
        if way.other:
            findings.note(
                "assumed", "", 1,
                f"{table.name}: its cells do not fit export.time_format, order or decimal, so it is read by "
                "what it shows itself", each=True,
            )  # fmt: skip

    def _read(self, table: Table, layout: Layout, way: Way, notes: Notes | None) -> None:
        gatherer, rules, within = self._gatherer, self._rules(table, way), self._within
        quick = notes is None and table.careful is not None
        origin = Origin(table.name, kind_of(table))
        reading = Reading(table, layout, rules, origin, rules.order, rules.decimal, quick)
        if within is not None:
            reading.go_on(within.reading)
        after = within.after if within else 0
        wanted = gatherer.wanted(layout)
        wanted = replace(wanted, hints=reading.hints, rules=rules, after=after)
        gatherer.begin(reading)
        for first_row, batch in table.read(wanted, notes):
            if first_row <= after:
                continue
            rows = np.arange(first_row, first_row + batch.num_rows)
            reading.origin.rows += batch.num_rows
            gatherer.take(reading, batch, rows)
            if not reading.hints.judged and table.careful is not None:
                _judge(reading, batch, all_numbers=gatherer.all_numbers)
            self._look_up(way, first_row, reading)
        gatherer.end(reading)

    def _look_up(
        self, way: Way | None = None, first_row: int = 0, reading: Reading | None = None
    ) -> None:
        """Keep what was read if it is time, between two tables or two batches of one; stop if asked."""
        kept, gathered = self._kept, self._gatherer.gathered
        if kept is None:
            return
        tables = "table" if len(self._tables) == 1 else "tables"
        stands = f"{self._next:,} of {len(self._tables):,} {tables} and {gathered.rows:,} values"
        kept.note(f"{stands} are read")
        # Rows of some databases come in another order each time, so that a part of them says nothing.
        whole = reading is None or (reading.table.steady and first_row > 0)
        done = self._next == len(self._tables)
        if whole and (self._request.wanted or done or kept.due):
            within = None
            if way is not None and reading is not None:
                within = asdict(Within(way, first_row, reading.as_json()))
            gathered.store()
            noticed = self._noticed.as_json() if within else []
            state = {"next": self._next, "within": within, "noticed": noticed}
            kept.save(state | {"stands": stands, "gathered": self._gatherer.as_json()})
        if self._request.wanted:
            raise Stopped(kept.stopped())

    def _go_on(self, state: dict[str, Any]) -> None:
        self._gatherer.go_on(state["gathered"])
        self._next = state["next"]
        self._noticed.go_on(state["noticed"])
        if (within := state["within"]) is not None:
            self._within = Within(Way(**within["way"]), within["after"], within["reading"])

    def _rules(self, table: Table, way: Way) -> ExportRules:
        if way.other:
            return self._declared.of_other_cells
        if self._several and table.dialect[1:2] == (self._declared.decimal,):
            # A mark that separates cells here is declared for files of another origin.
            return self._declared.model_copy(update={"decimal": None})
        return self._declared


def _judge(reading: Reading, batch: pa.RecordBatch, *, all_numbers: bool) -> None:
    """Let the reader parse what has been plain so far; it hands over as text what is not."""
    layout, hints = reading.layout, reading.hints
    hints.judged = True
    if reading.mark == "." and not reading.units and all_numbers:
        hints.numbers = frozenset(c for c in layout.cells if c != layout.tag)
    clocks = {layout.clock, *layout.clocks.values()}
    if reading.rules.time_format is None and all(c.kinds == ("stamp",) for c in clocks):
        stamps = frozenset(p for c in clocks for p in c.columns)
        if all(series(batch, p).cast(pl.String).str.contains(_ISO).all() for p in stamps):
            hints.stamps = stamps
