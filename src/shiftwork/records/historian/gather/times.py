"""Times of rows in UTC: from stamps, from several columns, or by counting rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import polars as pl
import pyarrow as pa

from shiftwork.errors import UserError
from shiftwork.records.historian.gather.evidence import Evidence
from shiftwork.records.historian.gather.origins import Reading
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.historian.readers.columns import nothing, series, stamp_cells
from shiftwork.records.historian.readers.layout import Clock
from shiftwork.records.historian.readers.table import NeedsCare
from shiftwork.records.historian.values.cells import CellError
from shiftwork.records.historian.values.stamp_rules import OrderNeeded, StampRules
from shiftwork.records.historian.values.stamps import read_stamps
from shiftwork.records.historian.values.wording import ZONES
from shiftwork.records.historian.values.zone import Zone

DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000


class TimeReader:
    """Reads the times of rows."""

    def __init__(self, plant: PlantFile, evidence: Evidence) -> None:
        self._plant = plant
        self._evidence = evidence
        self._zones: dict[str, Zone] = {}
        export = plant.export
        named = ZONES | _names_of(plant.zone) | export.zones
        self.rules = StampRules(
            export.time_format, export.order, export.start_us, named, export.calendar
        )
        self.next_start_us = export.start_us or 0

    def counted_on(self, rows: int) -> None:
        """Let rows of the next table without times begin a day after so many rows."""
        step = round((self._plant.export.step_s or 0) * 1e6)
        self.next_start_us += step * rows + DAY_US

    def times(
        self,
        reading: Reading,
        clock: Clock,
        others_at: tuple[int, ...],
        batch: pa.RecordBatch,
        rows: np.ndarray,
        tags: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Times in UTC, what to add if repeated, and which rows have one at all.

        Args:
            reading: The table.
            clock: The columns of time.
            others_at: Columns of which one must hold something in a row that has no time.
            batch: The rows.
            rows: Their numbers, (T,).
            tags: Their tags, in the long form, (T,).
        """
        if not clock.columns:
            return self._counted(reading, batch, rows)
        cells, add = stamp_cells(clock, batch)
        missing = nothing(cells).to_numpy()
        if missing.any():
            others = [series(batch, i) for i in others_at if i not in clock.columns]
            empty = np.logical_and.reduce([nothing(column).to_numpy() for column in others])
            if (missing & ~empty).any():
                row = rows[(missing & ~empty).argmax()]
                if reading.quick:
                    raise NeedsCare
                raise UserError(
                    f"{reading.table.name}: row {row} has no time stamp; fix or remove it"
                )
            cells, rows = cells.filter(~missing), rows[~missing]
            add = add[~missing] if add is not None else None
            tags = tags[~missing] if tags is not None else None
        if not len(cells):
            return np.zeros(0, np.int64), np.zeros(0, np.int64), ~missing
        zone = self._zone_of(clock)
        try:
            rules = replace(
                self.rules,
                time_format=reading.rules.time_format,
                order=reading.order,
                counts=clock.counts,
            )
            try:
                stamps = read_stamps(cells, rules)
            except OrderNeeded:
                reading.order = self._evidence.order_of(reading.table)
                stamps = read_stamps(cells, replace(rules, order=reading.order))
            us = stamps.us if add is None else stamps.us + add
            reading.half_clock |= _is_half_clock(us, tags)
            if clock.offset_min is not None:
                reading.origin.zone = _offset_name(clock.offset_min)
                shift = np.where(stamps.utc, 0, clock.offset_min * 60_000_000)
                return us - shift, np.zeros_like(us), ~missing
            if stamps.utc.all():
                reading.origin.zone = "UTC or own offset"
                return us, np.zeros_like(us), ~missing
            reading.origin.zone = zone.name
            local = zone.to_utc(us)
            if (gone := local.missing & ~stamps.utc).any():
                index = int(gone.argmax())
                raise CellError(
                    index,
                    f"local time '{cells[index]}' never was in {zone.name}: the clock went "
                    "over it; set time_zone to the zone of the export's clock",
                )
        except CellError as error:
            if reading.quick:
                raise NeedsCare from None
            raise error.at(reading.table.name, rows) from None
        later = np.where(stamps.utc, 0, local.later_us)
        return np.where(stamps.utc, us, local.us), later, ~missing

    def _counted(
        self, reading: Reading, batch: pa.RecordBatch, rows: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Times of rows that have none, by their number: ``export.start`` and ``export.step``."""
        step = round((self._plant.export.step_s or 0) * 1e6)
        local = self.next_start_us + (rows - reading.table.first_row) * step
        zone = self._zone_of(Clock((), ()))
        reading.origin.zone = f"{zone.name}, rows counted"
        return zone.to_utc(local).us, np.zeros_like(local), np.ones(len(rows), bool)

    def _zone_of(self, clock: Clock) -> Zone:
        name = clock.zone or self._plant.zone
        if name not in self._zones:
            self._zones[name] = Zone(name)
        return self._zones[name]


def _is_half_clock(us: np.ndarray, tags: np.ndarray | None) -> bool:
    """Whether hours run from 12 to 1 and never past 12, as where AM and PM were lost.

    Where rows stand tag by tag, time falls with the first row of each tag, which shows nothing.
    """
    falls = np.flatnonzero(us[1:] < us[:-1])
    hour, next_hour = us[falls] // HOUR_US % 24, us[falls + 1] // HOUR_US % 24
    same_day = us[falls] // DAY_US == us[falls + 1] // DAY_US
    falls = falls[same_day & (hour == 12) & (next_hour == 1)]
    if len(falls) and tags is not None:
        falls = falls[~np.isin(falls + 1, np.unique(tags, return_index=True)[1])]
    hours = us // HOUR_US % 24 if len(falls) else np.zeros(1)
    return bool((hours >= 1).all() and (hours <= 12).all())


def _names_of(zone: str) -> dict[str, int]:
    """The short names of a time zone, as its own clock has them: winter's and summer's."""
    days = pl.Series([datetime(2024, 1, 15), datetime(2024, 7, 15)]).dt.replace_time_zone(zone)
    names = days.dt.strftime("%Z").to_list()
    offsets = (days.dt.base_utc_offset() + days.dt.dst_offset()).dt.total_minutes().to_list()
    return {n: int(o) for n, o in zip(names, offsets, strict=True) if n.isalpha()}


def _offset_name(minutes: int) -> str:
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}, by the header"
