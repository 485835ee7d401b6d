"""Parquet: weighed by what its footer declares, then read a batch at a time.

Text stays dictionary-encoded, and row groups without any tag of the plant are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from shiftwork.errors import UserError
from shiftwork.records.formats.npz import damage_told
from shiftwork.records.historian.readers.arrow_file import SAMPLE_ROWS, texts
from shiftwork.records.historian.readers.layout import FindLayout, Heading, Layout
from shiftwork.records.historian.readers.source import Source
from shiftwork.records.historian.readers.table import BATCH_ROWS, LIMIT_BYTES, Table, Wanted

MAGIC = b"PAR1"
MOST_COLUMNS = 100_000


def read_parquet(source: Source, find: FindLayout) -> tuple[Table, Layout | None]:
    """Find the table of a Parquet file; its rows are read later.

    Returns:
        The table, and its layout; None if it holds none of the tags looked for.

    Raises:
        UserError: It is damaged, or unpacks to more than ``LIMIT_BYTES``.
    """
    path = source.name
    with damage_told(Path(path)), _opened(source) as file:
        header = tuple(file.schema_arrow.names)
    if len(header) > MOST_COLUMNS:
        raise UserError(f"{path}: has {len(header)} columns; export at most {MOST_COLUMNS}")

    def cells(position: int) -> list[str]:
        name = header[position]
        return _cells(source, name) if header.count(name) == 1 else []

    layout = find(Heading(header, source.stem, path, sampler=cells))

    def batches(wanted: Wanted) -> Iterator[tuple[int, pa.RecordBatch]]:
        return _batches(source, header, wanted)

    dialect = ("parquet", layout.shape if layout else "")
    return Table(path, header, source.stem, 1, batches, None, dialect, lambda: "Parquet"), layout


def _opened(source: Source) -> pq.ParquetFile:
    place: Any = source.path or pa.BufferReader(source.whole())
    return pq.ParquetFile(place)


def _cells(source: Source, name: str) -> list[str]:
    """The first cells of a column; none if they cannot be read, which reading all will report."""
    try:
        with _opened(source) as file:
            kind = file.schema_arrow.field(name).type
        place: Any = source.path or pa.BufferReader(source.whole())
        with pq.ParquetFile(
            place,
            read_dictionary=[name] if _is_text(kind) else None,
        ) as file:
            if not file.metadata.num_rows or file.metadata.num_rows * 8 > LIMIT_BYTES:
                return []
            batch = next(file.iter_batches(SAMPLE_ROWS, [0], [name], use_threads=False), None)
            if batch is None:
                return []
            batch.validate(full=True)
            return texts(batch.column(0).slice(0, SAMPLE_ROWS))
    except Exception:
        return []


def _batches(
    source: Source, header: tuple[str, ...], wanted: Wanted
) -> Iterator[tuple[int, pa.RecordBatch]]:
    path = source.name
    names = [header[i] for i in wanted.columns]
    for name in names:
        if header.count(name) > 1:
            raise UserError(f"{path}: column '{name}' is there twice; export it again")
    with damage_told(Path(path)):
        with _opened(source) as file:
            words = [n for n in names if _is_text(file.schema_arrow.field(n).type)]
        # Text stays encoded: a long one that a few bytes repeat in every row takes no memory.
        place: Any = source.path or pa.BufferReader(source.whole())
        with pq.ParquetFile(place, read_dictionary=words) as file:
            _refuse_oversize(file, path, len(names))
            row = 1
            for number in range(file.metadata.num_row_groups):
                rows = file.metadata.row_group(number).num_rows
                if row + rows <= wanted.after:
                    needed = False
                elif wanted.tag is None or not wanted.sources:
                    needed = True
                else:
                    needed = _holds_any(file, number, header[wanted.tag], wanted.sources)
                if needed:
                    yield from _group(file, number, row, names, wanted)
                row += rows


def _group(
    file: pq.ParquetFile, number: int, row: int, names: list[str], wanted: Wanted
) -> Iterator[tuple[int, pa.RecordBatch]]:
    for batch in file.iter_batches(BATCH_ROWS, [number], names, use_threads=True):
        # They come in the order of the file, which is that of positions.
        yield row, batch.rename_columns([str(i) for i in wanted.columns])
        row += batch.num_rows


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def _refuse_oversize(file: pq.ParquetFile, path: str, columns: int) -> None:
    # By the rows that the footer declares: runs of one value take almost no bytes in the file, nor
    # by the size that it declares for them, but eight bytes each once read.
    size = 8 * file.metadata.num_rows * columns
    if size > LIMIT_BYTES:
        raise UserError(
            f"{path}: unpacks to {size / 2**30:.1f} GiB, above the limit of "
            f"{LIMIT_BYTES / 2**30:.0f}; split it by time"
        )


def _holds_any(file: pq.ParquetFile, number: int, name: str, sources: frozenset[str]) -> bool:
    """Tell from the tag column alone whether a row group holds any tag that is looked for."""
    # Not from the footer's statistics: asking a damaged footer for them aborts the process.
    for batch in file.iter_batches(BATCH_ROWS, [number], [name]):
        column = batch.column(0)
        names = column.dictionary if pa.types.is_dictionary(column.type) else column.unique()
        names.validate(full=True)
        if any(str(name).strip() in sources for name in names.to_pylist()):
            return True
    return False
