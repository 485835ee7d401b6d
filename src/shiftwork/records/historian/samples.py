"""Samples: what a historian kept of each tag, on one clock, with what is known of its quality."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import polars as pl

from shiftwork.errors import UserError
from shiftwork.records.historian.collect import Gatherer
from shiftwork.records.historian.findings import Finding
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.historian.readers.delimited import read_delimited
from shiftwork.records.historian.readers.discover import find_files, is_server
from shiftwork.records.historian.readers.layout import FindLayout, Layout, layout_for
from shiftwork.records.historian.readers.parquet import MAGIC as PARQUET_MAGIC
from shiftwork.records.historian.readers.parquet import read_parquet
from shiftwork.records.historian.readers.sql import (
    DUCKDB_MAGIC,
    SQLITE_MAGIC,
    read_duckdb,
    read_postgresql,
    read_sqlite,
)
from shiftwork.records.historian.readers.table import Table
from shiftwork.records.historian.sort import arrange
from shiftwork.records.historian.values.quality import BAD, GOOD, UNCERTAIN

__all__ = ["BAD", "GOOD", "UNCERTAIN", "Finding", "Samples", "read_samples"]


@dataclass(frozen=True, eq=False)
class Samples:
    """Good, uncertain and bad values of tags over time, as the historian kept them.

    Attributes:
        frame: One row per sample, sorted by tag and time, no time twice for one tag:
            tag (Enum of the plant file's keys, in its order), time (Datetime us, UTC),
            value (Float64, null where there is none), status (UInt8: 0 good, 1 uncertain, 2 bad),
            state (String: a state tag's text, or the text that stood in a numeric tag's place).
        findings: What reading noticed.
    """

    frame: pl.DataFrame
    findings: tuple[Finding, ...] = ()


def read_samples(paths: Sequence[str | Path], plant: PlantFile) -> Samples:
    """Read an export.

    In the wide form an empty cell is no sample, since tags may have clocks of their own; in the
    long form, where a row says that there was one, it is a bad one. Of two rows of one tag and
    time the last counts.

    Args:
        paths: Files, folders, patterns, or PostgreSQL connection strings; files may be CSV and
            its kind, Parquet, SQLite or DuckDB, in the long form (a row for each value), the wide
            form (a column for each tag), or with one tag to a file that is named after it.
        plant: What the tags are called and mean. Others are not read.

    Raises:
        UserError: Something cannot be read, or what it means cannot be told; the message says
            which file, row and tag, and the mend.
    """
    opened = open_tables(paths, layout_for(plant), plant.export.table)
    gatherer = Gatherer(plant, [(table, layout) for table, layout in opened if layout])
    gatherer.read_all()
    others = [table for table, layout in opened if layout is None]
    if others:
        example = f"{others[0].name}: none of its columns is a tag of the plant"
        gatherer.findings.note("file without tags", "", len(others), example)
    _refuse_missing(gatherer, opened, plant)
    frame = arrange(gatherer.gathered, gatherer.qualities.statuses(plant), plant, gatherer.findings)
    return Samples(frame, gatherer.findings.all())


def open_tables(
    paths: Sequence[str | Path], find: FindLayout, told: str | None = None
) -> list[tuple[Table, Layout | None]]:
    """Find the tables of an export; their rows are read later.

    Args:
        paths: As ``read_samples`` has them.
        find: Tells the layout of a table.
        told: The table of a database, if it is known.
    """
    opened = [open_table(path, find, told) for path in find_files(paths)]
    servers = [str(path) for path in paths if is_server(path)]
    return opened + [read_postgresql(server, find, told) for server in servers]


def open_table(
    path: Path, find: FindLayout, told: str | None = None
) -> tuple[Table, Layout | None]:
    """Find the table of a file of any kind, which its content tells; rows are read later."""
    try:
        with path.open("rb") as file:
            begin = file.read(16)
        if begin == SQLITE_MAGIC:
            return read_sqlite(path, find, told)
        if begin[8:12] == DUCKDB_MAGIC:
            return read_duckdb(path, find, told)
        if begin[:4] == PARQUET_MAGIC:
            return read_parquet(path, find)
        return read_delimited(path, find)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); check its rights") from None


def _refuse_missing(
    gatherer: Gatherer, opened: Iterable[tuple[Table, Layout | None]], plant: PlantFile
) -> None:
    """Refuse a plant with tags that the export does not have."""
    seen = gatherer.seen
    missing = [tag for tag in plant.tags.values() if tag.key not in seen]
    if not missing:
        return
    tag, names = missing[0], gatherer.strangers | {n for t, _ in opened for n in t.header}
    small = {name.strip().lower(): name.strip() for name in sorted(names)[:10_000]}
    near = get_close_matches(tag.source.lower(), small, n=1, cutoff=0.6)
    more = f" (nor are {len(missing) - 1} more tags)" if len(missing) > 1 else ""
    hint = f"did you mean '{small[near[0]]}'?" if near else "give all files, or set its source"
    raise UserError(
        f"{plant.path}: tags.{tag.key}: '{tag.source}' is nowhere in the export{more}; {hint}"
    )
