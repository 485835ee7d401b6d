"""From batches of cells to compact arrays: tag, time, value and status of every row that counts.

Nothing is kept of a row but 21 bytes, and its text if it held text.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from shiftwork.errors import UserError
from shiftwork.records.historian.findings import Findings
from shiftwork.records.historian.origins import Origin, kind_of
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.historian.readers.layout import Layout, QualityColumns
from shiftwork.records.historian.readers.table import (
    CellError,
    Hints,
    NeedsCare,
    Notes,
    Table,
    Wanted,
)
from shiftwork.records.historian.readers.time_columns import Clock
from shiftwork.records.historian.values.columns import (
    flag_status,
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
    split_units,
    trimmed,
)
from shiftwork.records.historian.values.quality import BAD, GOOD, Qualities
from shiftwork.records.historian.values.stamps import (
    Order,
    OrderNeeded,
    StampRules,
    read_stamps,
    settle_order,
)
from shiftwork.records.historian.values.wording import ZONES
from shiftwork.records.historian.values.zone import Zone

MOST_SAMPLES = 800_000_000
"""Rows kept of an export, about 16 GiB of them."""

DAY_US = 86_400_000_000
_ISO = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?$"

MOST_STRANGERS = 10_000
"""Names of other tags that are remembered, to name a misspelt one."""

# What historians write in place of a value of any tag; such a state is about the historian.
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
        status: What the cell itself shows, without its quality.
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

    def mark(self) -> tuple[int, ...]:
        """How long each list is now."""
        return *(len(part) for part in self._lists()), self.rows

    def back_to(self, mark: tuple[int, ...]) -> None:
        """Forget what was added since."""
        for part, length in zip(self._lists(), mark, strict=False):
            del part[length:]
        self.rows = mark[-1]

    def _lists(self) -> tuple[list[Any], ...]:
        return (
            self.tag, self.time, self.value, self.status, self.quality, self.state_rows,
            self.state_texts, self.repeated_rows, self.repeated_us,
        )  # fmt: skip


class Gatherer:
    """Reads tables into ``gathered``; what one leaves open, others of its kind may show."""

    def __init__(self, plant: PlantFile, tables: list[tuple[Table, Layout]]) -> None:
        self.plant = plant
        self.gathered = Gathered()
        self.findings = Findings()
        self.qualities = Qualities()
        self.origins: list[Origin] = []
        self._tables = tables
        self.strangers: set[str] = set()
        self._seen = np.zeros(len(plant.tags), bool)
        self._keys = list(plant.tags)
        self._zones: dict[str, Zone] = {}
        self._position = {t.source: i for i, t in enumerate(plant.tags.values())}
        self._of_state = np.array([tag.role == "state" for tag in plant.tags.values()])
        self._missing = {
            i: tag.missing or plant.export.missing for i, tag in enumerate(plant.tags.values())
        }
        self._order: Order | None = None
        self._mark: Mark | None = plant.export.decimal
        self._hints = Hints()
        self._units: dict[int, str] = {}
        self._quick = False
        self._origin = Origin("", "")
        export = plant.export
        self._named_zones = ZONES | _names_of(plant.zone) | export.zones
        self._rules = StampRules(
            export.time_format, export.order, export.start_us, self._named_zones
        )
        self._next_start_us = export.start_us or 0

    @property
    def seen(self) -> set[str]:
        """Keys of the tags that have any row."""
        return {key for key, seen in zip(self._keys, self._seen, strict=True) if seen}

    def read_all(self) -> None:
        """Read every table.

        Raises:
            UserError: A cell cannot be read, or what it means cannot be found.
        """
        for table, layout in self._tables:
            before = self.gathered.mark()
            try:
                self._read(table, layout, None)
            except NeedsCare:
                # Some line is perhaps not a row of data: a comment, a total, the header again.
                self.gathered.back_to(before)
                notes: Notes = []
                self._read(table, layout, notes)
                for kind, count, example in notes:
                    self.findings.note(kind, "", count, example)

    def _read(self, table: Table, layout: Layout, notes: Notes | None) -> None:
        self._order, self._mark = self.plant.export.order, self.plant.export.decimal
        self._units, self._hints = {}, Hints()
        self._quick = notes is None and table.careful is not None
        self._origin = Origin(table.name, kind_of(table), decimal=self._mark or "")
        wanted = replace(layout.wanted(self._position), hints=self._hints)
        noted = dict(self.findings.kept)
        try:
            for first_row, batch in table.read(wanted, notes):
                rows = np.arange(first_row, first_row + batch.num_rows)
                self._origin.rows += batch.num_rows
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
                self._hint(table, layout, batch)
        except NeedsCare:
            self.findings.kept = noted
            raise
        for unread in layout.unread:
            self.findings.note("column left out", "", 1, f"{table.name}: {unread}", each=True)
        self._origin.form = table.form()
        self._origin.decimal = self._mark or ""
        self._origin.order = self._order or ""
        self.origins.append(self._origin)
        if not layout.clock.columns:
            step = round((self.plant.export.step_s or 0) * 1e6)
            self._next_start_us += step * self._origin.rows + DAY_US

    def _hint(self, table: Table, layout: Layout, batch: pa.RecordBatch) -> None:
        """Let the reader parse what has been plain so far; it hands over as text what is not."""
        if table.careful is None or self._hints.judged:
            return
        self._hints.judged = True
        columns = [c for c in layout.cells if c != layout.tag]
        plain = self._mark == "." and not self._units and not self._of_state.any()
        if plain:
            self._hints.numbers = frozenset(columns)
        clocks = {layout.clock, *layout.clocks.values()}
        if self._rules.time_format is None and all(c.kinds == ("stamp",) for c in clocks):
            stamps = frozenset(p for c in clocks for p in c.columns)
            if all(series(batch, p).cast(pl.String).str.contains(_ISO).all() for p in stamps):
                self._hints.stamps = stamps

    def _long(self, table: Table, layout: Layout, batch: pa.RecordBatch, rows: np.ndarray) -> None:
        if layout.tag is None:
            tags = np.full(len(rows), self._position[layout.source], np.int32)
        else:
            names = batch.column(str(layout.tag))
            tags = tag_positions(names, self._position)
            self._remember_strangers(names)
            if self._quick and _holds(names, table.header):
                raise NeedsCare  # the header again, whose columns may have another order
        known = tags >= 0
        if not known.any():
            return
        if not known.all():
            batch, rows, tags = batch.filter(pa.array(known)), rows[known], tags[known]
        time, later, there = self._times(table, layout.clock, layout.cells, batch, rows)
        if not there.all():
            batch, rows, tags = batch.filter(pa.array(there)), rows[there], tags[there]
        assert layout.value is not None
        cells = series(batch, layout.value)
        quality, flags = self._quality(table, layout.quality, batch)
        self._add(table, tags.astype(np.uint16), time, later, cells, quality, flags, rows)

    def _wide(self, table: Table, layout: Layout, batch: pa.RecordBatch, rows: np.ndarray) -> None:
        read: dict[Clock, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        for key, column in layout.tags.items():
            clock = layout.clocks.get(key, layout.clock)
            if clock not in read:
                cells_of_it = [
                    c for k, c in layout.tags.items() if layout.clocks.get(k, layout.clock) == clock
                ]
                read[clock] = self._times(table, clock, tuple(cells_of_it), batch, rows)
            time, later, there = read[clock]
            some = batch if there.all() else batch.filter(pa.array(there))
            numbers_of_rows = rows if there.all() else rows[there]
            cells = series(some, column)
            quality, flags = self._quality(table, layout.qualities.get(key), some)
            full = ~nothing(cells).to_numpy()
            if quality is not None:
                # A bad quality says something even where the cell is empty.
                full |= ~nothing(quality).to_numpy()
            if not full.any():
                continue
            chosen = slice(None) if full.all() else full
            if not full.all():
                cells = cells.filter(full)
                quality = quality.filter(full) if quality is not None else None
                flags = flags[full] if flags is not None else None
            tags = np.full(len(cells), self._keys.index(key), np.uint16)
            self._add(
                table,
                tags,
                time[chosen],
                later[chosen],
                cells,
                quality,
                flags,
                numbers_of_rows[chosen],
            )

    def _quality(
        self, table: Table, columns: QualityColumns | None, batch: pa.RecordBatch
    ) -> tuple[pl.Series | None, np.ndarray | None]:
        """Codes or words of quality, or the status that flags give."""
        if columns is None:
            return None, None
        if columns.meanings == ("code",):
            return series(batch, columns.columns[0]), None
        status, strange = flag_status(columns, batch)
        if not strange:
            self._origin.quality = "flags"
            return None, status
        if len(columns.columns) == 1:
            return series(batch, columns.columns[0]), None
        raise UserError(
            f"{table.name}: '{strange[:40]}' in a column of flags "
            f"('{table.header[columns.columns[0]]}' and others) is neither yes nor no; set export.quality to "
            "the column that holds the quality"
        )

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
        flags: np.ndarray | None,
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
        if flags is not None:
            status = np.maximum(status, flags)
        if later.any():
            repeated = np.flatnonzero(later)
            kept.repeated_rows.append(repeated + kept.rows)
            kept.repeated_us.append(later[repeated])
        kept.quality.append(
            np.zeros(len(tags), np.uint16)
            if quality is None
            else self.qualities.code(quality, table.name, self._origin.kind) + np.uint16(1)
        )
        self._seen[np.unique(tags)] = True
        self._origin.add(tags, time)
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
                if read.null_count():
                    read = self._with_units(table, tags, cells, read, rows)
            except CellError as error:
                raise error.at(table.name, rows) from None
            text_at = np.flatnonzero(read.is_null().to_numpy())
            text_at = text_at[~is_nothing(trimmed(cells.gather(text_at))).to_numpy()]
            values = read.fill_null(math.nan).to_numpy()
        values = np.where(np.isfinite(values), values, math.nan)
        for tag in np.unique(tags) if any(self._missing.values()) else ():
            if absent := self._missing[int(tag)]:
                gone = np.isin(values, absent) & (tags == tag)
                values = np.where(gone, math.nan, values)
                if gone.any():
                    first = int(gone.argmax())
                    self.findings.note(
                        "number that stands for nothing", self._keys[tag], int(gone.sum()),
                        f"{table.name}: row {rows[first]}: '{cells[first]}'",
                    )  # fmt: skip
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

    def _with_units(
        self, table: Table, tags: np.ndarray, cells: pl.Series, read: pl.Series, rows: np.ndarray
    ) -> pl.Series:
        """Read numbers that have their unit behind them: one unit for each tag of a table.

        Raises:
            UserError: A tag has several units.
        """
        odd = np.flatnonzero(read.is_null().to_numpy())
        odd = odd[~cells.gather(odd).is_null().to_numpy()]
        bare, unit = split_units(trimmed(cells.gather(odd)))
        has = unit.is_not_null().to_numpy()
        if not has.any():
            return read
        odd, bare, unit = odd[has], bare.filter(has), unit.filter(has)
        if self._mark is None and has_mark(bare):
            self._mark = self._settled_mark(table)
        values = numbers(bare, self._mark or ".")
        for tag in np.unique(tags[odd]):
            mine = tags[odd] == tag
            first = int(odd[mine][0])
            found = unit.filter(mine).unique(maintain_order=True).to_list()
            others = [u for u in [self._units.get(int(tag)), *found] if u is not None]
            if len({u.lower() for u in others}) > 1:
                raise UserError(
                    f"{table.name}: row {rows[first]}: values of {self._keys[tag]} have several units "
                    f"('{others[0]}' and '{others[1]}'); export them in one"
                )
            self._units[int(tag)] = found[0]
            self.findings.note(
                "unit in a cell, read as a number", self._keys[tag], int(mine.sum()),
                f"{table.name}: row {rows[first]}: '{cells[first][:40]}'",
            )  # fmt: skip
        return read.scatter(odd, values)

    def _times(
        self,
        table: Table,
        clock: Clock,
        others_at: tuple[int, ...],
        batch: pa.RecordBatch,
        rows: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Times in UTC, what to add if repeated, and which rows have one at all."""
        if not clock.columns:
            return self._counted(batch, rows, table)
        cells, add = stamp_cells(clock, batch)
        missing = nothing(cells).to_numpy()
        if missing.any():
            others = [series(batch, i) for i in others_at if i not in clock.columns]
            empty = np.logical_and.reduce([nothing(column).to_numpy() for column in others])
            if (missing & ~empty).any():
                row = rows[(missing & ~empty).argmax()]
                if self._quick:
                    raise NeedsCare
                raise UserError(f"{table.name}: row {row} has no time stamp; fix or remove it")
            cells, rows = cells.filter(~missing), rows[~missing]
            add = add[~missing] if add is not None else None
        if not len(cells):
            return np.zeros(0, np.int64), np.zeros(0, np.int64), ~missing
        zone = self._zone_of(clock)
        try:
            rules = replace(self._rules, order=self._order, counts=clock.counts)
            try:
                stamps = read_stamps(cells, rules)
            except OrderNeeded:
                self._order = self._settled_order(table, clock)
                stamps = read_stamps(cells, replace(rules, order=self._order))
            us = stamps.us if add is None else stamps.us + add
            if clock.offset_min is not None:
                self._origin.zone = _offset_name(clock.offset_min)
                shift = np.where(stamps.utc, 0, clock.offset_min * 60_000_000)
                return us - shift, np.zeros_like(us), ~missing
            if stamps.utc.all():
                self._origin.zone = "UTC or own offset"
                return us, np.zeros_like(us), ~missing
            self._origin.zone = zone.name
            local = zone.to_utc(us)
            if (gone := local.missing & ~stamps.utc).any():
                index = int(gone.argmax())
                raise CellError(
                    index,
                    f"local time '{cells[index]}' never was in {zone.name}: the clock went "
                    "over it; set time_zone to the zone of the export's clock",
                )
        except CellError as error:
            if self._quick:
                raise NeedsCare from None
            raise error.at(table.name, rows) from None
        later = np.where(stamps.utc, 0, local.later_us)
        return np.where(stamps.utc, us, local.us), later, ~missing

    def _counted(
        self, batch: pa.RecordBatch, rows: np.ndarray, table: Table
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Times of rows that have none, by their number: ``export.start`` and ``export.step``."""
        step = round((self.plant.export.step_s or 0) * 1e6)
        local = self._next_start_us + (rows - table.first_row) * step
        zone = self._zone_of(Clock((), ()))
        self._origin.zone = f"{zone.name}, rows counted"
        return zone.to_utc(local).us, np.zeros_like(local), np.ones(len(rows), bool)

    def _zone_of(self, clock: Clock) -> Zone:
        name = clock.zone or self.plant.zone
        if name not in self._zones:
            self._zones[name] = Zone(name)
        return self._zones[name]

    def _settled_order(self, table: Table, clock: Clock) -> Order:
        for some in self._alike(table):
            order = settle_order(self._cells_of_times(some))
            if order is not None:
                return order
        raise UserError(
            f"{table.name}: no date shows whether day or month comes first; "
            'set export.order = "day first" or "month first" (or export.time_format)'
        )

    def _settled_mark(self, table: Table) -> Mark:
        own, alike = self._alike(table)
        found = settle_mark(self._cells_of_values(own))
        if found.mark is not None or found.undecided is None:
            return found.mark or "."
        elsewhere = settle_mark(self._cells_of_values(alike))
        if elsewhere.mark is not None:
            return elsewhere.mark
        raise UserError(
            f"{table.name}: '{found.undecided}' could have a decimal mark or a thousands separator, "
            'and no other number shows which; set export.decimal = "." or ","'
        )

    def _alike(self, table: Table) -> tuple[list[tuple[Table, Layout]], list[tuple[Table, Layout]]]:
        """The table itself, and others that the same system wrote."""
        own = [(t, layout) for t, layout in self._tables if t is table]
        others = [
            (t, layout)
            for t, layout in self._tables
            if t is not table and t.dialect == table.dialect
        ]
        return own, others

    def _cells_of_times(self, tables: list[tuple[Table, Layout]]) -> Iterator[pl.Series]:
        for table, layout in tables:
            for clock in dict.fromkeys((layout.clock, *layout.clocks.values())):
                for _, batch in _readable(table, Wanted(clock.columns[:1])):
                    yield series(batch, clock.columns[0])

    def _cells_of_values(self, tables: list[tuple[Table, Layout]]) -> Iterator[pl.Series]:
        for table, layout in tables:
            for _, batch in _readable(table, layout.wanted(self._position)):
                for key, column in layout.tags.items():
                    if self.plant.tags[key].role != "state":
                        yield split_units(trimmed(series(batch, column).cast(pl.String)))[0]
                if layout.tag is not None:
                    tags = tag_positions(batch.column(str(layout.tag)), self._position)
                    measured = (tags >= 0) & ~self._of_state[tags]
                    batch = batch.filter(pa.array(measured))
                if layout.value is not None:
                    yield split_units(trimmed(series(batch, layout.value).cast(pl.String)))[0]


def _readable(table: Table, wanted: Wanted) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Read a table, row by row if it must be."""
    try:
        yield from table.read(wanted)
    except NeedsCare:
        yield from table.read(wanted, [])


def _holds(names: pa.Array, header: tuple[str, ...]) -> bool:
    """Whether a column of tag names holds the header's own words."""
    if not pa.types.is_dictionary(names.type):
        return False
    own = {name.strip() for name in header if name.strip()}
    return any(str(name).strip() in own for name in names.dictionary.to_pylist())


def _names_of(zone: str) -> dict[str, int]:
    """The short names of a time zone, as its own clock has them: winter's and summer's."""
    days = pl.Series([datetime(2024, 1, 15), datetime(2024, 7, 15)]).dt.replace_time_zone(zone)
    names = days.dt.strftime("%Z").to_list()
    offsets = (days.dt.base_utc_offset() + days.dt.dst_offset()).dt.total_minutes().to_list()
    return {n: int(o) for n, o in zip(names, offsets, strict=True) if n.isalpha()}


def _offset_name(minutes: int) -> str:
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}, by the header"


@dataclass(frozen=True)
class _Found:
    """What cells hold: (T,) values and statuses, and the text of some of them."""

    value: np.ndarray
    status: np.ndarray
    text_at: np.ndarray
    text: pl.Series
