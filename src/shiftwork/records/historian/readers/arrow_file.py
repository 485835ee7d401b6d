"""Feather and Arrow files: a data frame as it lies in memory, read a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from shiftwork.errors import UserError
from shiftwork.records.historian.readers.layout import FindLayout, Heading, Layout
from shiftwork.records.historian.readers.source import Source, damage_named
from shiftwork.records.historian.readers.table import LIMIT_BYTES, Table, Wanted

MAGIC = b"ARROW1"
SAMPLE_ROWS = 100


def read_arrow(source: Source, find: FindLayout) -> tuple[Table, Layout | None]:
    """Find the table of a Feather or Arrow file; its rows are read later.

    Raises:
        UserError: It is damaged.
    """
    with damage_named(source.name), _opened(source) as file:
        header = tuple(file.schema.names)
        first = file.get_batch(0).slice(0, SAMPLE_ROWS) if file.num_record_batches else None
        if first is not None:
            first.validate(full=True)

    def cells(position: int) -> list[str]:
        return texts(first.column(position)) if first is not None else []

    layout = find(Heading(header, source.stem, source.name, sampler=cells))

    def batches(wanted: Wanted) -> Iterator[tuple[int, pa.RecordBatch]]:
        row, size = 1, 0
        with damage_named(source.name), _opened(source) as file:
            for number in range(file.num_record_batches):
                batch = file.get_batch(number)
                size += batch.nbytes
                if size > LIMIT_BYTES:
                    raise UserError(
                        f"{source.name}: unpacks to more than the limit of {LIMIT_BYTES / 2**30:.0f} GiB; "
                        "split it by time"
                    )
                yield (
                    row,
                    batch.select(list(wanted.columns)).rename_columns(
                        [str(i) for i in wanted.columns]
                    ),
                )
                row += batch.num_rows

    dialect = ("arrow", layout.shape if layout else "")
    return Table(
        source.name, header, source.stem, 1, batches, None, dialect, lambda: "Arrow"
    ), layout


def _opened(source: Source) -> Any:
    stream = pa.memory_map(str(source.path)) if source.path else pa.BufferReader(source.whole())
    return pa.ipc.open_file(stream)


def texts(column: pa.Array) -> list[str]:
    """Cells of a typed column as text, times in ISO's form; none if they cannot be shown."""
    try:
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("us"))
            return ["" if v is None else f"{v:%Y-%m-%d %H:%M:%S}" for v in column.to_pylist()]
        return ["" if v is None else str(v) for v in column.to_pylist()]
    except (pa.ArrowException, ValueError, OverflowError, UnicodeDecodeError):
        return []
