"""Samples: what a historian kept of each tag, on one clock, with what is known of its quality."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

import polars as pl

from shiftwork.errors import UserError
from shiftwork.records.historian.findings import Finding
from shiftwork.records.historian.gather.gathered import Gathered
from shiftwork.records.historian.gather.gatherer import Gatherer
from shiftwork.records.historian.gather.kept import Keep, KeptImport, kept_import
from shiftwork.records.historian.gather.origins import Origin
from shiftwork.records.historian.gather.tables import read_tables
from shiftwork.records.historian.opened import Opened, open_export
from shiftwork.records.historian.parts import Parts, StoredParts, places_in, scanned
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.historian.readers.layout import Layout
from shiftwork.records.historian.readers.table import Table
from shiftwork.records.historian.sentinels import note_sentinels
from shiftwork.records.historian.sort import arrange
from shiftwork.records.historian.values.quality import BAD, GOOD, UNCERTAIN

__all__ = ["BAD", "GOOD", "UNCERTAIN", "Finding", "Samples", "read_samples"]


@dataclass(frozen=True, eq=False)
class Samples:
    """Good, uncertain and bad values of tags over time, as the historian kept them.

    Attributes:
        parts: One row per sample, sorted by tag and time, no time twice for one tag; one frame, or
            several with some tags each where memory does not hold all:
            tag (Enum of the plant file's keys, in its order), time (Datetime us, UTC),
            value (Float64, null where there is none), status (UInt8: 0 good, 1 uncertain, 2 bad),
            state (String: a state tag's text, or the text that stood in a numeric tag's place).
        findings: What was noticed while reading.
        origins: How each table was read.
    """

    parts: Parts
    findings: tuple[Finding, ...] = ()
    origins: tuple[Origin, ...] = ()

    @property
    def frame(self) -> pl.DataFrame:
        """All rows in one frame, which memory has to hold."""
        return self.parts[0] if len(self.parts) == 1 else pl.concat(self.parts)

    @cached_property
    def rows(self) -> int:
        """How many samples there are."""
        return sum(count for _, _, count in self._places.values())

    def of(self, key: str) -> pl.DataFrame:
        """The rows of one tag, sorted by time; none if it has none. Those of other tags are not read.

        Raises:
            UserError: Somebody removed the file in which they lie.
        """
        part, first, count = self._places.get(key, (0, 0, 0))
        if isinstance(self.parts, StoredParts):
            return self.parts.rows(part, first, count)
        return self.parts[part].slice(first, count)

    @cached_property
    def scans(self) -> tuple[pl.LazyFrame, ...]:
        """The parts to be queried, of which only what a query needs is read."""
        return scanned(self.parts)

    @cached_property
    def _places(self) -> dict[str, tuple[int, int, int]]:
        """Part, first row and number of rows of each tag that has samples."""
        return {
            key: (number, first, count)
            for number, places in enumerate(places_in(self.parts))
            for key, (first, count) in places.items()
        }


def read_samples(
    paths: Sequence[str | Path], plant: PlantFile, keep: Keep | None = None
) -> Samples:
    """Read an export.

    In the wide form an empty cell is not a sample, since tags may have clocks of their own; in the
    long form, where a row says that there was one, it is a bad one. Of two rows of one tag and
    time the last counts.

    Args:
        paths: Files, folders, patterns, or PostgreSQL connection strings. Files may be CSV and its
            kind, workbooks, web pages, JSON, Parquet, Feather, SQLite or DuckDB, packed or not, in
            the long form (a row for each value), the wide form (a column for each tag), or with one
            tag to a file that is named after it.
        plant: What the tags are called and mean. Others are not read.
        keep: Where what was read is kept, and taken up again if reading was stopped; None if it is not.

    Raises:
        Stopped: Ctrl-C was pressed, and what was read is kept.
        UserError: Something cannot be read, or what it means cannot be found; the message says
            which file, row and tag, and the fix.
    """
    if keep is None:
        return samples_in(open_export(paths, plant), plant)
    with kept_import(keep, paths, plant) as kept:
        return samples_in(open_export(paths, plant), plant, kept=kept)


def samples_in(
    opened: Opened, plant: PlantFile, *, sparing: bool = False, kept: KeptImport | None = None
) -> Samples:
    """Read what was found of an export.

    Args:
        opened: Its tables.
        plant: As ``read_samples`` has it.
        sparing: Fewer rows stay in memory (``gather/gathered.py``), since questions need few of them at a time.
        kept: Where the import is kept; None if it is not.

    Raises:
        UserError: A cell cannot be read, or a tag is nowhere.
    """
    tables = [(table, layout) for table, layout in opened.tables if layout]
    gatherer = Gatherer(plant, tables, Gathered(sparing, kept.folder if kept else None))
    read_tables(gatherer, tables, plant.export, kept)
    others = [table for table, layout in opened.tables if layout is None]
    for table in others:
        example = f"{table.name}: none of its columns is a tag of the plant"
        gatherer.findings.note("file without tags", "", 1, example, each=True)
    for left in opened.left:
        gatherer.findings.note("left out", "", 1, left, each=True)
    for assumed in opened.assumed:
        gatherer.findings.note("assumed", "", 1, assumed, each=True)
    for origin in gatherer.origins:
        if doubt := origin.doubt():
            gatherer.findings.note("unlikely time", "", 1, f"{origin.name}: {doubt}", each=True)
    _refuse_missing(gatherer, opened.tables, plant)
    statuses = gatherer.qualities.statuses(plant)
    for origin in gatherer.origins:
        origin.quality = gatherer.qualities.conventions.get(origin.kind, origin.quality)
    parts = arrange(gatherer.gathered, statuses, plant, gatherer.findings)
    for scan, places in zip(scanned(parts), places_in(parts), strict=True):
        note_sentinels(scan.select("value", "status").collect(), places, plant, gatherer.findings)
    return Samples(parts, gatherer.findings.all(), tuple(gatherer.origins))


def _refuse_missing(
    gatherer: Gatherer, opened: Iterable[tuple[Table, Layout | None]], plant: PlantFile
) -> None:
    """Refuse a plant with tags that the export does not have."""
    seen = gatherer.seen
    missing = [tag for tag in plant.tags.values() if tag.key not in seen]
    if not missing:
        return
    tag, names = missing[0], gatherer.strangers | {n for t, _ in opened for n in t.header}
    if tag.source in {name.strip() for name in names}:
        raise UserError(
            f"{plant.path}: tags.{tag.key}: '{tag.source}' has no value in the export; give files with rows of it"
        )
    small = {name.strip().lower(): name.strip() for name in sorted(names)[:10_000]}
    near = get_close_matches(tag.source.lower(), small, n=1, cutoff=0.6)
    more = f" (nor are {len(missing) - 1} more tags)" if len(missing) > 1 else ""
    hint = f"did you mean '{small[near[0]]}'?" if near else "give all files, or set its source"
    own = [
        n
        for n in sorted(names)[:10_000]
        if re.search(rf"^{re.escape(tag.source)}[\W_]|\W{re.escape(tag.source)}$", n.strip())
    ]
    if own:
        shown = ", ".join(f"'{name.strip()}'" for name in own[:4])
        hint = f"set its source to the column that is meant: {shown}"
    if gatherer.strangers and all(re.fullmatch(r"[0-9.]+", name) for name in gatherer.strangers):
        hint = (
            "its tags are numbers; set export.names to the table that names them, or write the number as "
            f"tags.{tag.key}.source"
        )
    raise UserError(
        f"{plant.path}: tags.{tag.key}: '{tag.source}' is nowhere in the export{more}; {hint}"
    )
