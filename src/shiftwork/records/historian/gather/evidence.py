"""What one table leaves open, others that the same system wrote may show: order of dates, decimal mark."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
import pyarrow as pa

from shiftwork.errors import UserError
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.historian.readers.columns import (
    positions_of,
    rows_where,
    series,
    tag_texts,
    value_cells,
)
from shiftwork.records.historian.readers.layout import Layout
from shiftwork.records.historian.readers.table import NeedsCare, Table, Wanted
from shiftwork.records.historian.values.numbers import (
    Mark,
    MarkFound,
    settle_mark,
    split_units,
    trimmed,
    without_repeats,
)
from shiftwork.records.historian.values.stamp_rules import Order
from shiftwork.records.historian.values.stamp_shapes import settle_order

TELLING = 2000
"""Cells that are asked before all of a batch are."""


class Evidence:
    """Finds what a table leaves open; each table is asked once."""

    def __init__(self, plant: PlantFile, tables: list[tuple[Table, Layout]]) -> None:
        self._plant = plant
        self._tables = tables
        self._position = {tag.source: i for i, tag in enumerate(plant.tags.values())}
        self._of_state = np.array([tag.role == "state" for tag in plant.tags.values()])
        self._orders: dict[int, Order | None] = {}
        self._marks: dict[int, MarkFound] = {}

    def order_of(self, table: Table) -> Order:
        """The order of day and month in a table.

        Raises:
            UserError: Neither it nor its like show one, or its like show different ones.
        """
        if (own := self._own_order(table)) is not None:
            return own
        found = {
            order: other.name
            for other in self._alike(table)
            if (order := self._own_order(other)) is not None
        }
        if len(found) == 1:
            return next(iter(found))
        others = "" if not found else " (others show " + ", ".join(
            f"{order}: {name}" for order, name in found.items()
        ) + ")"  # fmt: skip
        raise UserError(
            f"{table.name}: no date shows whether day or month comes first{others}; "
            'set export.order = "day first" or "month first", or "year first" for years of two digits (or '
            "export.time_format)"
        )

    def mark_of(self, table: Table) -> tuple[Mark, bool]:
        """The decimal mark of a table, and whether it is only assumed.

        Raises:
            UserError: Neither it nor its like show one, or its like show different ones.
        """
        own = self._own_mark(table)
        if own.mark is not None and not own.assumed:
            return own.mark, False
        if own.mark is None and own.undecided is None:
            return ".", False
        found = {
            other.mark: name
            for name, other in ((o.name, self._own_mark(o)) for o in self._alike(table))
            if other.mark is not None and not other.assumed
        }
        if len(found) == 1:
            return next(iter(found)), False
        if own.mark is not None and not found:
            return own.mark, True
        raise UserError(
            f"{table.name}: '{own.undecided}' could have a decimal mark or a thousands separator, "
            'and no other number shows which; set export.decimal = "." or ","'
        )

    def _own_order(self, table: Table) -> Order | None:
        if id(table) not in self._orders:
            self._orders[id(table)] = settle_order(self._cells_of_times(table))
        return self._orders[id(table)]

    def _own_mark(self, table: Table) -> MarkFound:
        if id(table) not in self._marks:
            self._marks[id(table)] = settle_mark(self._cells_of_values(table))
        return self._marks[id(table)]

    def _alike(self, table: Table) -> list[Table]:
        """Other tables that the same system wrote."""
        return [t for t, _ in self._tables if t is not table and t.dialect == table.dialect]

    def _layout(self, table: Table) -> Layout:
        return next(layout for t, layout in self._tables if t is table)

    def _cells_of_times(self, table: Table) -> Iterator[pl.Series]:
        layout = self._layout(table)
        for clock in dict.fromkeys((layout.clock, *layout.clocks.values())):
            if clock.columns:
                for batch in _readable(table, Wanted(clock.columns[:1])):
                    yield series(batch, clock.columns[0])

    def _cells_of_values(self, table: Table) -> Iterator[pl.Series]:
        layout = self._layout(table)
        for batch in _readable(table, layout.wanted(self._position)):
            columns = [
                series(batch, column).cast(pl.String)
                for key, column in layout.tags.items()
                if self._plant.tags[key].role != "state"
            ]
            if columns:  # together: a thousand columns one by one would take most of the time
                yield from _bare(pl.concat([column.head(1) for column in columns]))
                yield from _bare(pl.concat([column.slice(1) for column in columns], rechunk=True))
            if layout.tag is not None:
                names, codes = tag_texts(batch.column(str(layout.tag)))
                tags = positions_of(names, self._position)[codes]
                measured = (tags >= 0) & ~self._of_state[tags]
                batch = rows_where(batch, measured)
            if layout.value is not None:
                yield from _bare(value_cells(layout, batch).cast(pl.String))


def _bare(cells: pl.Series) -> Iterator[pl.Series]:
    """Numbers as text, without their units: the first ones, which mostly tell, and then the others."""
    for some in (cells.head(TELLING), without_repeats(cells.slice(TELLING))):
        yield split_units(trimmed(some))[0]


def _readable(table: Table, wanted: Wanted) -> Iterator[pa.RecordBatch]:
    """Read a table, row by row if it must be."""
    try:
        for _, batch in table.read(wanted):
            yield batch
    except NeedsCare:
        for _, batch in table.read(wanted, []):
            yield batch
