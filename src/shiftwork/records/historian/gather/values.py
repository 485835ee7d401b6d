"""Values of numeric tags and texts of state tags, as the cells of one table hold them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl

from shiftwork.errors import UserError
from shiftwork.records.historian.findings import Findings
from shiftwork.records.historian.gather.evidence import Evidence
from shiftwork.records.historian.gather.origins import Reading
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.historian.readers.columns import state_text
from shiftwork.records.historian.values.cells import CellError
from shiftwork.records.historian.values.numbers import (
    Mark,
    has_mark,
    is_nothing,
    is_spelled_negative,
    numbers,
    split_units,
    trimmed,
)
from shiftwork.records.historian.values.quality import BAD, GOOD

# What historians write in place of a value of any tag; such a state is about the historian.
SYSTEM_STATES = frozenset((
    "i/o timeout", "bad input", "bad", "bad data", "pt created", "no data", "intf shut",
    "arc off-line", "arc offline", "comm fail", "not connected", "configure", "scan off",
    "scan timeout", "calc failed", "over range", "under range", "bad total", "no result", "no sample",
    "error", "unit down", "dcs failed", "equip fail", "invalid data", "access denied", "no alarm",
))  # fmt: skip


@dataclass(frozen=True)
class Found:
    """What cells hold: (T,) values and statuses, and the text of some of them."""

    value: np.ndarray
    status: np.ndarray
    text_at: np.ndarray
    text: pl.Series


class ValueReader:
    """Reads cells of values; what it notices becomes findings."""

    def __init__(self, plant: PlantFile, evidence: Evidence, findings: Findings) -> None:
        self._keys = list(plant.tags)
        self._missing = {
            i: tag.missing or plant.export.missing for i, tag in enumerate(plant.tags.values())
        }
        self._declared = plant.export.decimal
        self._evidence = evidence
        self._findings = findings

    def states(
        self, reading: Reading, tags: np.ndarray, cells: pl.Series, rows: np.ndarray
    ) -> Found:
        """Text of state tags; the historian's own states are bad ones."""
        text = state_text(cells)
        empty = is_nothing(text)
        system = text.str.to_lowercase().is_in(list(SYSTEM_STATES)).fill_null(value=False)
        status = np.where((empty | system).to_numpy(), BAD, GOOD).astype(np.uint8)
        at = np.flatnonzero(~empty.to_numpy())
        return Found(np.full(len(tags), np.nan), status, at, text.filter(~empty))

    def numbers_of(
        self, reading: Reading, tags: np.ndarray, cells: pl.Series, rows: np.ndarray
    ) -> Found:
        """Values of numeric tags; text in their place becomes a state and a finding."""
        text_at = np.zeros(0, np.int64)
        if cells.dtype.is_numeric() or cells.dtype == pl.Boolean:
            values = cells.cast(pl.Float64).fill_null(math.nan).to_numpy()
        else:
            if cells.dtype.is_nested() or cells.dtype.is_temporal() or cells.dtype == pl.Binary:
                raise UserError(
                    f"{reading.table.name}: values of {self._keys[tags[0]]} are of type {cells.dtype}, "
                    "which cannot be read as numbers; export them as numbers or text"
                )
            cells = cells.cast(pl.String)
            if reading.mark is None and has_mark(cells):
                reading.mark = self._mark_of(reading)
            try:
                read = numbers(cells, reading.mark or ".")
                if read.null_count():
                    read = self._with_units(reading, tags, cells, read, rows)
            except CellError as error:
                raise error.at(reading.table.name, rows) from None
            self._note_negatives(reading, tags, cells, read, rows)
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
                    self._findings.note(
                        "number that stands for nothing", self._keys[tag], int(gone.sum()),
                        f"{reading.table.name}: row {rows[first]}: '{cells[first]}'",
                    )  # fmt: skip
        text = trimmed(cells.gather(text_at)) if len(text_at) else pl.Series([], dtype=pl.String)
        for tag in np.unique(tags[text_at]):
            first = text_at[(tags[text_at] == tag).argmax()]
            self._findings.note(
                "text state",
                self._keys[tag],
                int((tags[text_at] == tag).sum()),
                f"{reading.table.name}: row {rows[first]}: '{cells[int(first)][:40]}'",
            )
        return Found(values, np.where(np.isnan(values), BAD, GOOD), text_at, text)

    def _note_negatives(
        self,
        reading: Reading,
        tags: np.ndarray,
        cells: pl.Series,
        read: pl.Series,
        rows: np.ndarray,
    ) -> None:
        spelled = (is_spelled_negative(cells) & read.is_not_null()).to_numpy()
        for tag in np.unique(tags[spelled]):
            mine = np.flatnonzero(spelled & (tags == tag))
            self._findings.note(
                "number in brackets or with its minus behind, read as negative", self._keys[tag], len(mine),
                f"{reading.table.name}: row {rows[mine[0]]}: '{cells[int(mine[0])][:40]}'",
            )  # fmt: skip

    def _with_units(
        self,
        reading: Reading,
        tags: np.ndarray,
        cells: pl.Series,
        read: pl.Series,
        rows: np.ndarray,
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
        if reading.mark is None and has_mark(bare):
            reading.mark = self._mark_of(reading)
        values = numbers(bare, reading.mark or ".")
        for tag in np.unique(tags[odd]):
            mine = tags[odd] == tag
            first = int(odd[mine][0])
            found = unit.filter(mine).unique(maintain_order=True).to_list()
            others = [u for u in [reading.units.get(int(tag)), *found] if u is not None]
            if len({u.lower() for u in others}) > 1:
                raise UserError(
                    f"{reading.table.name}: row {rows[first]}: values of {self._keys[tag]} have several units "
                    f"('{others[0]}' and '{others[1]}'); export them in one"
                )
            reading.units[int(tag)] = found[0]
            self._findings.note(
                "unit in a cell, read as a number", self._keys[tag], int(mine.sum()),
                f"{reading.table.name}: row {rows[first]}: '{cells[first][:40]}'",
            )  # fmt: skip
        return read.scatter(odd, values)

    def _mark_of(self, reading: Reading) -> Mark:
        try:
            mark, assumed = self._evidence.mark_of(reading.table)
        except UserError:
            if self._declared is None:
                raise
            return self._declared  # for a file of another origin that shows nothing itself
        if assumed and reading.table.dialect[1:2] == (";",):
            self._findings.note(
                "decimal mark that is assumed", "", 1,
                f"{reading.table.name}: every number has three digits behind a point, so the point is "
                'taken as the decimal mark; if it groups thousands, set export.decimal = ","',
                each=True,
            )  # fmt: skip
        return mark
