"""From batches of cells to compact arrays: tag, time, value and status of every row that counts.

Nothing is kept of a row but 21 bytes, and its text if it held text.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl
import pyarrow as pa

from shiftwork.errors import UserError
from shiftwork.records.historian.findings import Findings
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.historian.readers.layout import Layout
from shiftwork.records.historian.readers.table import CellError, Table, Wanted
from shiftwork.records.historian.values.columns import (
    nothing,
    series,
    stamp_cells,
    state_text,
    tag_positions,
)
from shiftwork.records.historian.values.numbers import (
    Mark,
    has_mark,
    is_nothing,
    numbers,
    settle_mark,
    trimmed,
)
from shiftwork.records.historian.values.quality import BAD, GOOD, Qualities
from shiftwork.records.historian.values.stamps import Order, OrderNeeded, read_stamps, settle_order
from shiftwork.records.historian.values.zone import Zone

MOST_SAMPLES = 800_000_000
"""Rows kept of an export, about 16 GiB of them."""

MOST_STRANGERS = 10_000
"""Names of other tags that are remembered, to tell a misspelt one."""

# What historians write in place of a value of any tag; such a state tells of the historian.
SYSTEM_STATES = frozenset((
    "i/o timeout", "bad input", "bad", "bad data", "pt created", "no data", "intf shut",
    "arc off-line", "arc offline", "comm fail", "not connected", "configure", "scan off",
    "scan timeout", "calc failed", "over range", "under range", "bad total", "no result", "no sample",
    "error", "unit down", "dcs failed", "equip fail", "invalid data", "access denied", "no alarm",
))  # fmt: skip


@dataclass
class Gathered:
    """Rows of all tables, in the order in which they were read, as lists of arrays to be joined.

    Attributes:
        tag: Position of the tag among the plant's, uint16.
        time: Microseconds since 1970 UTC; of a repeated local time its first occurrence.
        value: NaN where there is none.
        status: What the cell itself tells, without its quality.
        quality: Numbers of ``qualities``, plus 1; 0 for rows without quality.
        state_rows: Rows with text.
        state_texts: Their text.
        repeated_rows: Rows whose local time the clock showed twice.
        repeated_us: What to add to the time of such a row for the second occurrence.
        rows: In all.
    """

    tag: list[np.ndarray] = field(default_factory=list)
    time: list[np.ndarray] = field(default_factory=list)
    value: list[np.ndarray] = field(default_factory=list)
    status: list[np.ndarray] = field(default_factory=list)
    quality: list[np.ndarray] = field(default_factory=list)
    state_rows: list[np.ndarray] = field(default_factory=list)
    state_texts: list[pl.Series] = field(default_factory=list)
    repeated_rows: list[np.ndarray] = field(default_factory=list)
    repeated_us: list[np.ndarray] = field(default_factory=list)
    rows: int = 0


class Gatherer:
    """Reads tables into ``gathered``; what one table leaves open, the others may tell."""

    def __init__(self, plant: PlantFile, tables: list[tuple[Table, Layout]]) -> None:
        self.plant = plant
        self.gathered = Gathered()
        self.findings = Findings()
        self.qualities = Qualities()
        self._tables = tables
        self.strangers: set[str] = set()
        self._seen = np.zeros(len(plant.tags), bool)
        self._keys = list(plant.tags)
        self._zone = Zone(plant.zone)
        self._position = {t.source: i for i, t in enumerate(plant.tags.values())}
        self._of_state = np.array([tag.role == "state" for tag in plant.tags.values()])
        self._order: Order | None = None
        self._mark: Mark | None = plant.export.decimal

    @property
    def seen(self) -> set[str]:
        """Keys of the tags that have any row."""
        return {key for key, seen in zip(self._keys, self._seen, strict=True) if seen}

    def read_all(self) -> None:
        """Read every table.

        Raises:
            UserError: A cell cannot be read, or what it means cannot be told.
        """
        for table, layout in self._tables:
            self._order, self._mark = None, self.plant.export.decimal
            for first_row, batch in table.read(layout.wanted(self._position)):
                rows = np.arange(first_row, first_row + batch.num_rows)
                self._seen[[self._keys.index(key) for key in layout.tags]] = True
                if layout.shape == "wide":
                    self._wide(table, layout, batch, rows)
                else:
                    self._long(table, layout, batch, rows)
                if self.gathered.rows > MOST_SAMPLES:
                    raise UserError(
                        f"{table.name}: the export has more than {MOST_SAMPLES:,} values of the "
                        "plant's tags; split it by time"
                    )

    def _long(self, table: Table, layout: Layout, batch: pa.RecordBatch, rows: np.ndarray) -> None:
        if layout.tag is None:
            tags = np.full(len(rows), self._position[table.stem], np.int32)
        else:
            tags = tag_positions(batch.column(str(layout.tag)), self._position)
            self._remember_strangers(batch.column(str(layout.tag)))
        known = tags >= 0
        if not known.any():
            return
        if not known.all():
            batch, rows, tags = batch.filter(pa.array(known)), rows[known], tags[known]
        time, later, there = self._times(table, layout, batch, rows)
        if not there.all():
            batch, rows, tags = batch.filter(pa.array(there)), rows[there], tags[there]
        assert layout.value is not None
        cells = series(batch, layout.value)
        quality = series(batch, layout.quality) if layout.quality is not None else None
        self._add(table, tags.astype(np.uint16), time, later, cells, quality, rows)

    def _wide(self, table: Table, layout: Layout, batch: pa.RecordBatch, rows: np.ndarray) -> None:
        time, later, there = self._times(table, layout, batch, rows)
        if not there.all():
            batch, rows = batch.filter(pa.array(there)), rows[there]
        for key, column in layout.tags.items():
            cells = series(batch, column)
            quality = None
            if key in layout.qualities:
                quality = series(batch, layout.qualities[key])
            full = ~nothing(cells).to_numpy()
            if quality is not None:
                # A bad quality says something even where the cell is empty.
                full |= ~nothing(quality).to_numpy()
            if not full.any():
                continue
            some = slice(None) if full.all() else full
            if not full.all():
                cells = cells.filter(full)
                quality = quality.filter(full) if quality is not None else None
            tags = np.full(len(cells), self._keys.index(key), np.uint16)
            self._add(table, tags, time[some], later[some], cells, quality, rows[some])

    def _remember_strangers(self, names: pa.Array) -> None:
        if len(self.strangers) < MOST_STRANGERS and pa.types.is_dictionary(names.type):
            self.strangers.update(str(name) for name in names.dictionary.to_pylist())

    def _add(
        self,
        table: Table,
        tags: np.ndarray,
        time: np.ndarray,
        later: np.ndarray,
        cells: pl.Series,
        quality: pl.Series | None,
        rows: np.ndarray,
    ) -> None:
        """Append rows of known tags and times."""
        kept = self.gathered
        value = np.full(len(tags), np.nan)
        status = np.full(len(tags), GOOD, np.uint8)
        states = self._of_state[tags]
        for chosen, read in ((~states, self._read_numbers), (states, self._read_states)):
            if not chosen.any():
                continue
            where = np.flatnonzero(chosen)
            some = cells if chosen.all() else cells.filter(chosen)
            found = read(table, tags[where], some, rows[where])
            value[where], status[where] = found.value, found.status
            if len(found.text):
                kept.state_rows.append(where[found.text_at] + kept.rows)
                kept.state_texts.append(found.text)
        if later.any():
            repeated = np.flatnonzero(later)
            kept.repeated_rows.append(repeated + kept.rows)
            kept.repeated_us.append(later[repeated])
        kept.quality.append(
            np.zeros(len(tags), np.uint16)
            if quality is None
            else self.qualities.code(quality, table.name) + np.uint16(1)
        )
        self._seen[np.unique(tags)] = True
        kept.tag.append(tags)
        kept.time.append(time)
        kept.value.append(value)
        kept.status.append(status)
        kept.rows += len(tags)

    def _read_states(
        self, table: Table, tags: np.ndarray, cells: pl.Series, rows: np.ndarray
    ) -> _Found:
        """Text of state tags; the historian's own states are bad ones."""
        text = state_text(cells)
        empty = is_nothing(text)
        system = text.str.to_lowercase().is_in(list(SYSTEM_STATES)).fill_null(value=False)
        status = np.where((empty | system).to_numpy(), BAD, GOOD).astype(np.uint8)
        at = np.flatnonzero(~empty.to_numpy())
        return _Found(np.full(len(tags), np.nan), status, at, text.filter(~empty))

    def _read_numbers(
        self, table: Table, tags: np.ndarray, cells: pl.Series, rows: np.ndarray
    ) -> _Found:
        """Values of numeric tags; text in their place becomes a state and a finding."""
        text_at = np.zeros(0, np.int64)
        if cells.dtype.is_numeric() or cells.dtype == pl.Boolean:
            values = cells.cast(pl.Float64).fill_null(math.nan).to_numpy()
        else:
            if cells.dtype.is_nested() or cells.dtype.is_temporal() or cells.dtype == pl.Binary:
                raise UserError(
                    f"{table.name}: values of {self._keys[tags[0]]} are of type {cells.dtype}, "
                    "which cannot be read as numbers; export them as numbers or text"
                )
            cells = cells.cast(pl.String)
            if self._mark is None and has_mark(cells):
                self._mark = self._settled_mark(table)
            try:
                read = numbers(cells, self._mark or ".")
            except CellError as error:
                raise error.at(table.name, rows) from None
            text_at = np.flatnonzero(read.is_null().to_numpy())
            text_at = text_at[~is_nothing(trimmed(cells.gather(text_at))).to_numpy()]
            values = read.fill_null(math.nan).to_numpy()
        values = np.where(np.isfinite(values), values, math.nan)
        text = trimmed(cells.gather(text_at)) if len(text_at) else pl.Series([], dtype=pl.String)
        for tag in np.unique(tags[text_at]):
            first = text_at[(tags[text_at] == tag).argmax()]
            self.findings.note(
                "text state",
                self._keys[tag],
                int((tags[text_at] == tag).sum()),
                f"{table.name}: row {rows[first]}: '{cells[int(first)][:40]}'",
            )
        return _Found(values, np.where(np.isnan(values), BAD, GOOD), text_at, text)

    def _times(
        self, table: Table, layout: Layout, batch: pa.RecordBatch, rows: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Times in UTC, what to add if repeated, and which rows have one at all."""
        cells = stamp_cells(layout, batch)
        missing = nothing(cells).to_numpy()
        if missing.any():
            others = [series(batch, i) for i in layout.cells if i not in layout.time]
            empty = np.logical_and.reduce([nothing(column).to_numpy() for column in others])
            if (missing & ~empty).any():
                row = rows[(missing & ~empty).argmax()]
                raise UserError(f"{table.name}: row {row} has no time stamp; mend or remove it")
            cells, rows = cells.filter(~missing), rows[~missing]
        if not len(cells):
            return np.zeros(0, np.int64), np.zeros(0, np.int64), ~missing
        try:
            try:
                stamps = read_stamps(cells, self._order, self.plant.export.time_format)
            except OrderNeeded:
                self._order = self._settled_order(table)
                stamps = read_stamps(cells, self._order, self.plant.export.time_format)
            if layout.utc or stamps.utc.all():
                return stamps.us, np.zeros_like(stamps.us), ~missing
            local = self._zone.to_utc(stamps.us)
            if (gone := local.missing & ~stamps.utc).any():
                index = int(gone.argmax())
                raise CellError(
                    index,
                    f"local time '{cells[index]}' never was in {self._zone.name}: the clock went "
                    "over it; set time_zone to the zone of the export's clock",
                )
        except CellError as error:
            raise error.at(table.name, rows) from None
        later = np.where(stamps.utc, 0, local.later_us)
        return np.where(stamps.utc, stamps.us, local.us), later, ~missing

    def _settled_order(self, table: Table) -> Order:
        own = [(t, layout) for t, layout in self._tables if t is table]
        others = [(t, layout) for t, layout in self._tables if t is not table]
        for some in (own, others):
            order = settle_order(self._cells_of_times(some))
            if order is not None:
                return order
        raise UserError(
            f"{table.name}: no date tells whether day or month comes first; "
            'set export.time_format = "%d/%m/%Y %H:%M:%S" or "%m/%d/%Y %H:%M:%S"'
        )

    def _settled_mark(self, table: Table) -> Mark:
        own = [(t, layout) for t, layout in self._tables if t is table]
        others = [(t, layout) for t, layout in self._tables if t is not table]
        found = settle_mark(self._cells_of_values(own))
        if found.mark is not None or found.undecided is None:
            return found.mark or "."
        elsewhere = settle_mark(self._cells_of_values(others))
        if elsewhere.mark is not None:
            return elsewhere.mark
        raise UserError(
            f"{table.name}: '{found.undecided}' could have a decimal mark or a thousands separator, "
            'and no other number tells; set export.decimal = "." or ","'
        )

    def _cells_of_times(self, tables: list[tuple[Table, Layout]]) -> Iterator[pl.Series]:
        for table, layout in tables:
            for _, batch in table.read(Wanted(layout.time[:1])):
                yield series(batch, layout.time[0])

    def _cells_of_values(self, tables: list[tuple[Table, Layout]]) -> Iterator[pl.Series]:
        for table, layout in tables:
            for _, batch in table.read(layout.wanted(self._position)):
                for key, column in layout.tags.items():
                    if self.plant.tags[key].role != "state":
                        yield trimmed(series(batch, column).cast(pl.String))
                if layout.tag is not None:
                    tags = tag_positions(batch.column(str(layout.tag)), self._position)
                    measured = (tags >= 0) & ~self._of_state[tags]
                    batch = batch.filter(pa.array(measured))
                if layout.value is not None:
                    yield trimmed(series(batch, layout.value).cast(pl.String))


@dataclass(frozen=True)
class _Found:
    """What cells hold: (T,) values and statuses, and the text of some of them."""

    value: np.ndarray
    status: np.ndarray
    text_at: np.ndarray
    text: pl.Series
