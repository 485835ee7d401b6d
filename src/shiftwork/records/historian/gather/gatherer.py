"""Reads the rows of an export's tables, some at a time, into compact ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from shiftwork.errors import UserError
from shiftwork.records.historian.findings import Findings
from shiftwork.records.historian.gather.evidence import Evidence
from shiftwork.records.historian.gather.gathered import Gathered
from shiftwork.records.historian.gather.origins import Origin, Reading
from shiftwork.records.historian.gather.rows import Rows
from shiftwork.records.historian.gather.times import TimeReader
from shiftwork.records.historian.gather.values import ValueReader
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.historian.readers.columns import (
    flag_status,
    nothing,
    positions_of,
    rows_where,
    series,
    tag_texts,
    value_cells,
)
from shiftwork.records.historian.readers.layout import Clock, Layout, QualityColumns
from shiftwork.records.historian.readers.table import NeedsCare, Table, Wanted
from shiftwork.records.historian.values.quality import GOOD, Qualities

MOST_SAMPLES = 800_000_000
"""Rows kept of an export, about 16 GiB of them."""

MOST_STRANGERS = 10_000
"""Names of other tags that are remembered, to name a misspelt one."""


class Gatherer:
    """Reads rows into ``gathered``; what one table leaves open, others of its kind may show."""

    def __init__(
        self, plant: PlantFile, tables: list[tuple[Table, Layout]], gathered: Gathered
    ) -> None:
        self.gathered = gathered
        self.findings = Findings()
        self.qualities = Qualities()
        self.origins: list[Origin] = []
        self.strangers: set[str] = set()
        self._units: dict[int, str] = {}
        self._keys = list(plant.tags)
        self._seen = np.zeros(len(plant.tags), bool)
        self._position = {t.source: i for i, t in enumerate(plant.tags.values())}
        self._of_state = np.array([tag.role == "state" for tag in plant.tags.values()])
        evidence = Evidence(plant, tables)
        self._times = TimeReader(plant, evidence)
        self._values = ValueReader(plant, evidence, self.findings)

    @property
    def seen(self) -> set[str]:
        """Keys of the tags that have any row."""
        return {key for key, seen in zip(self._keys, self._seen, strict=True) if seen}

    def wanted(self, layout: Layout) -> Wanted:
        """What of a table is read."""
        return layout.wanted(self._position)

    @property
    def all_numbers(self) -> bool:
        """Whether the plant has no tag of texts."""
        return not self._of_state.any()

    def begin(self, reading: Reading) -> None:
        """Begin a table, whose line of units settles those of its tags.

        Raises:
            UserError: A tag has several units.
        """
        layout = reading.layout
        of_columns = {column: self._keys.index(key) for key, column in layout.tags.items()}
        if layout.shape == "single":
            of_columns = {layout.value or 0: self._position[layout.source]}
        for column, unit in layout.units.items():
            if column in of_columns:
                where = f"{reading.table.name}: the line of units"
                self._settle_unit(of_columns[column], unit, where)

    def take(self, reading: Reading, batch: pa.RecordBatch, rows: np.ndarray) -> None:
        """Read some rows of a table.

        Args:
            reading: The table.
            batch: The rows.
            rows: Their numbers, (T,).

        Raises:
            UserError: A cell cannot be read, or there are more rows than an export may have.
            NeedsCare: The table must be read row by row.
        """
        layout = reading.layout
        self._seen[[self._keys.index(key) for key in layout.tags]] = True
        if layout.shape == "wide":
            self._wide(reading, batch, rows)
        else:
            self._long(reading, batch, rows)
        if self.gathered.rows > MOST_SAMPLES:
            raise UserError(
                f"{reading.table.name}: the export has more than {MOST_SAMPLES:,} values of the "
                "plant's tags; split it by time"
            )

    def end(self, reading: Reading) -> None:
        """End a table: what it left open or assumed is noticed."""
        table, layout, origin = reading.table, reading.layout, reading.origin
        for unread in layout.unread:
            self.findings.note("column left out", "", 1, f"{table.name}: {unread}", each=True)
        if reading.half_clock:
            self.findings.note(
                "unlikely time", "", 1,
                f"{table.name}: hours run from 12 to 1 and never past 12, as if AM and PM were lost; export them",
                each=True,
            )  # fmt: skip
        for assumed in layout.assumed:
            self.findings.note("assumed", "", 1, f"{table.name}: {assumed}", each=True)
        origin.form = table.form()
        origin.decimal = reading.mark or ""
        origin.order = reading.order or _order_in(reading.rules.time_format or "")
        self.origins.append(origin)
        if not layout.clock.columns:
            self._times.counted_on(origin.rows)

    def as_json(self) -> dict[str, Any]:
        """All that was gathered, but for the rows, which ``gathered`` has stored; for ``go_on``."""
        return {
            "gathered": self.gathered.as_json(),
            "findings": self.findings.as_json(),
            "qualities": self.qualities.as_json(),
            "origins": [origin.as_json() for origin in self.origins],
            "strangers": sorted(self.strangers),
            "units": list(self._units.items()),
            "seen": np.flatnonzero(self._seen).tolist(),
            "next_start_us": self._times.next_start_us,
        }

    def go_on(self, known: dict[str, Any]) -> None:
        """Take up what was gathered before an import was stopped.

        Raises:
            UserError: Files of rows are damaged or gone.
        """
        self.gathered.go_on(known["gathered"])
        self.findings.go_on(known["findings"])
        self.qualities.go_on(known["qualities"])
        self.origins[:] = [Origin.of_json(origin) for origin in known["origins"]]
        self.strangers.update(known["strangers"])
        self._units.update(known["units"])
        self._seen[known["seen"]] = True
        self._times.next_start_us = known["next_start_us"]

    def _long(self, reading: Reading, batch: pa.RecordBatch, rows: np.ndarray) -> None:
        layout = reading.layout
        if layout.tag is None:
            tags = np.full(len(rows), self._position[layout.source], np.int32)
        else:
            names, codes = tag_texts(batch.column(str(layout.tag)))
            tags = positions_of(names, self._position)[codes]
            if len(self.strangers) < MOST_STRANGERS:
                self.strangers.update(names)
            if reading.quick and not reading.headings.isdisjoint(names):
                raise NeedsCare  # the header again, whose columns may have another order
        known = tags >= 0
        if not known.all() and layout.tag is not None:
            self._note_nameless(reading, batch, rows)
        if not known.any():
            return
        if not known.all():
            batch, rows, tags = rows_where(batch, known), rows[known], tags[known]
        time, later, there = self._times.times(
            reading, layout.clock, layout.cells, batch, rows, tags
        )
        if not there.all():
            batch, rows, tags = rows_where(batch, there), rows[there], tags[there]
        cells = value_cells(layout, batch)
        if layout.unit is not None:
            self._check_units(reading, tags, series(batch, layout.unit), rows)
        quality, flags = self._quality(reading, layout.quality, batch)
        self._add(reading, tags.astype(np.uint16), time, later, cells, quality, flags, rows)

    def _note_nameless(self, reading: Reading, batch: pa.RecordBatch, rows: np.ndarray) -> None:
        """Name rows that hold a value and no tag, as where a tag stands only above its first row."""
        assert reading.layout.tag is not None
        empty = nothing(series(batch, reading.layout.tag).cast(pl.String)).to_numpy()
        if not empty.any():
            return
        empty &= ~nothing(value_cells(reading.layout, batch)).to_numpy()
        if empty.any():
            self.findings.note(
                "row without a tag, left out", "", int(empty.sum()),
                f"{reading.table.name}: row {rows[empty.argmax()]}",
            )  # fmt: skip

    def _check_units(
        self, reading: Reading, tags: np.ndarray, cells: pl.Series, rows: np.ndarray
    ) -> None:
        """Refuse a tag whose values have several units, as a column of units shows."""
        units = pl.DataFrame(
            {"tag": tags, "unit": cells.cast(pl.String).str.strip_chars(), "row": rows}
        )
        for tag, unit, row in units.unique(
            ["tag", "unit"], keep="first", maintain_order=True
        ).iter_rows():
            if unit:
                self._settle_unit(tag, unit, f"{reading.table.name}: row {row}")

    def _settle_unit(self, tag: int, unit: str, where: str) -> None:
        """Refuse a second unit of one tag, as the cells themselves or the line of units show it."""
        first = self._units.setdefault(tag, unit)
        if first != unit:
            raise UserError(
                f"{where}: values of {self._keys[tag]} have several units ('{first}' and '{unit}'); export them in "
                "one"
            )

    def _wide(self, reading: Reading, batch: pa.RecordBatch, rows: np.ndarray) -> None:
        layout = reading.layout
        read: dict[Clock, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        for key, column in layout.tags.items():
            clock = layout.clocks.get(key, layout.clock)
            if clock not in read:
                cells_of_it = [
                    c for k, c in layout.tags.items() if layout.clocks.get(k, layout.clock) == clock
                ]
                read[clock] = self._times.times(reading, clock, tuple(cells_of_it), batch, rows)
            time, later, there = read[clock]
            some = rows_where(batch, there)
            numbers_of_rows = rows if there.all() else rows[there]
            cells = series(some, column)
            quality, flags = self._quality(reading, layout.qualities.get(key), some)
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
                reading,
                tags,
                time[chosen],
                later[chosen],
                cells,
                quality,
                flags,
                numbers_of_rows[chosen],
            )

    def _quality(
        self, reading: Reading, columns: QualityColumns | None, batch: pa.RecordBatch
    ) -> tuple[pl.Series | None, np.ndarray | None]:
        """Codes or words of quality, or the status that flags give."""
        if columns is None:
            return None, None
        if columns.meanings == ("code",):
            return series(batch, columns.columns[0]), None
        status, strange = flag_status(columns, batch)
        if not strange:
            reading.origin.quality = "flags"
            return None, status
        if len(columns.columns) == 1:
            return series(batch, columns.columns[0]), None
        raise UserError(
            f"{reading.table.name}: '{strange[:40]}' in a column of flags "
            f"('{reading.table.header[columns.columns[0]]}' and others) is neither yes nor no; set export.quality to "
            "the column that holds the quality"
        )

    def _add(
        self,
        reading: Reading,
        tags: np.ndarray,
        time: np.ndarray,
        later: np.ndarray,
        cells: pl.Series,
        quality: pl.Series | None,
        flags: np.ndarray | None,
        rows: np.ndarray,
    ) -> None:
        """Append rows of known tags and times."""
        state_rows, texts = [np.zeros(0, np.int64)], [pl.Series([], dtype=pl.String)]
        value = np.full(len(tags), np.nan)
        status = np.full(len(tags), GOOD, np.uint8)
        states = self._of_state[tags]
        for chosen, read in ((~states, self._values.numbers_of), (states, self._values.states)):
            if not chosen.any():
                continue
            every = chosen.all()
            where = slice(None) if every else chosen
            some = cells if every else cells.filter(chosen)
            found = read(reading, tags[where], some, rows[where])
            value[where], status[where] = found.value, found.status
            if len(found.text):
                at = found.text_at if every else np.flatnonzero(chosen)[found.text_at]
                state_rows.append(np.asarray(at, np.int64))
                texts.append(found.text)
        if flags is not None:
            status = np.maximum(status, flags)
        repeated = np.flatnonzero(later)
        codes = np.zeros(len(tags), np.uint16)
        if quality is not None:
            codes = self.qualities.code(quality, reading.table.name, reading.origin.kind)
            codes = codes + np.uint16(1)
        present = np.flatnonzero(np.bincount(tags, minlength=len(self._keys)))
        self._seen[present] = True
        reading.origin.add(present, time)
        rows_of_text = np.concatenate(state_rows)
        in_order = np.argsort(rows_of_text, kind="stable")
        self.gathered.add(
            Rows(
                tag=tags,
                time=time,
                value=value,
                status=status,
                quality=codes,
                state_rows=rows_of_text[in_order],
                state_texts=pl.concat(texts)[in_order],
                repeated_rows=repeated,
                repeated_us=later[repeated],
            )
        )


def _order_in(time_format: str) -> str:
    """The order of day and month that a declared format has."""
    day, month = time_format.find("%d"), time_format.find("%m")
    if min(day, month) < 0 or "%Y" in time_format[: max(day, month)]:
        return ""
    return "day first" if day < month else "month first"
