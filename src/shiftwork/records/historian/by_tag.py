"""Samples of an export, tag by tag, without all of it in memory.

How a column is read may depend on all others: its decimal mark, the order of its dates, what its codes
of quality mean. Only where a column reads the same alone is it read alone: in Parquet files with a
column for each tag, whose times are time stamps and whose numbers are numbers, without columns of
quality. Every other export is read whole when it is opened; what is more than memory should hold of it
lies in a temporary folder, by tag, as long as it is open. The reader is the same for both (``samples``).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from shiftwork.errors import UserError
from shiftwork.records.historian.grid import Grid, to_grid
from shiftwork.records.historian.opened import Opened, open_export
from shiftwork.records.historian.parts import StoredParts
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.historian.readers.discover import find_files, is_server
from shiftwork.records.historian.readers.layout import Layout
from shiftwork.records.historian.readers.parquet import MAGIC
from shiftwork.records.historian.readers.table import Table
from shiftwork.records.historian.samples import BAD, Samples, samples_in

KEPT_ROWS = 12_000_000
"""Rows of tags that stay in memory, some 250 MB; the tag asked for longest ago goes first."""


@dataclass(frozen=True, eq=False)
class ReadWhole:
    """An export all of whose samples were read: in memory, or in a temporary folder where they are many.

    Attributes:
        samples: As read.
        plant: What the tags mean.
        span: Time of the first sample and of the last one, microseconds since 1970 UTC.
    """

    samples: Samples
    plant: PlantFile
    span: tuple[int, int]

    @classmethod
    def found(cls, samples: Samples, plant: PlantFile) -> ReadWhole:
        """Look once at all samples, so that no question has to.

        Raises:
            UserError: There are none.
        """
        return cls(samples, plant, _around(_spans(samples.scans), plant))

    def of(self, key: str) -> pl.DataFrame:
        """The rows of one tag, as ``Samples.of`` has them."""
        return self.samples.of(key)

    def grid(self, keys: Collection[str]) -> Grid:
        """The plant's decisions, as ``to_grid`` makes them, with these tags at least, in the time of all."""
        if not isinstance(self.samples.parts, StoredParts):
            return self._grid
        return to_grid(self.samples, _narrowed(self.plant, keys), self._good_span)

    @cached_property
    def _grid(self) -> Grid:
        return to_grid(self.samples, self.plant)

    @cached_property
    def _good_span(self) -> tuple[int, int]:
        return _around(_spans(map(_good, self.samples.scans)), self.plant)


@dataclass(frozen=True, eq=False)
class OnDisk:
    """An export whose tags are read when they are asked for.

    Attributes:
        opened: Its tables.
        plant: What the tags mean.
    """

    opened: Opened
    plant: PlantFile
    _kept: OrderedDict[str, pl.DataFrame] = field(default_factory=OrderedDict, init=False)

    def of(self, key: str) -> pl.DataFrame:
        """As ``ReadWhole`` has it; what was asked for lately stays in memory."""
        frame = self._kept.get(key)
        if frame is None:
            frame = self._read((key,)).frame
            self._kept[key] = frame
            while sum(map(len, self._kept.values())) > KEPT_ROWS and len(self._kept) > 1:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        return frame

    @cached_property
    def span(self) -> tuple[int, int]:
        """As ``ReadWhole`` has it.

        Tags are read until some have a good sample in every row of every file: then no other tag
        has an earlier one.
        """
        return self._spans[0]

    def grid(self, keys: Collection[str]) -> Grid:
        """As ``ReadWhole`` has it."""
        narrow = _narrowed(self.plant, keys)
        return to_grid(self._read(narrow.tags), narrow, self._spans[1])

    @cached_property
    def _spans(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """First and last time of any sample, and of any good one."""
        tables = _held(self.opened)
        rows = {
            table.name: pq.read_metadata(table.name).num_rows  # one file each
            for table, _ in tables
        }
        left, spans, good_spans = set(rows), [], []
        for key in self.plant.tags:
            own = {table.name for table, layout in tables if key in layout.tags}
            if not own & left:
                continue
            good = _good(self.of(key).lazy()).collect()
            spans += _spans([self.of(key).lazy()])
            good_spans += _spans([good.lazy()])
            if len(good) == sum(rows[name] for name in own):
                left -= own
        return _around(spans, self.plant), _around(good_spans, self.plant)

    def _read(self, keys: Collection[str]) -> Samples:
        tables: list[tuple[Table, Layout | None]] = []
        for table, layout in _held(self.opened):
            some = {key: column for key, column in layout.tags.items() if key in keys}
            clocks = {key: clock for key, clock in layout.clocks.items() if key in keys}
            if some:
                tables.append((table, replace(layout, tags=some, clocks=clocks)))
        return samples_in(Opened(tables), _narrowed(self.plant, keys))


TagSamples = ReadWhole | OnDisk
"""Samples by tag, wherever they are."""


def open_samples(paths: Sequence[str | Path], plant: PlantFile) -> TagSamples:
    """Open an export; it is read whole, or tag by tag where that gives the same.

    Args:
        paths: As ``read_samples`` has them.
        plant: What the tags are called and mean.

    Raises:
        UserError: As ``read_samples``; what stands in a tag that is read later is told later.
    """
    opened = open_export(paths, plant)
    files = not any(map(is_server, paths)) and all(map(_is_parquet, find_files(paths)))
    if files and _reads_alone(opened, plant):
        return OnDisk(opened, plant)
    return ReadWhole.found(samples_in(opened, plant, sparing=True), plant)


def _held(opened: Opened) -> list[tuple[Table, Layout]]:
    return [(table, layout) for table, layout in opened.tables if layout is not None]


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def _reads_alone(opened: Opened, plant: PlantFile) -> bool:
    """Whether every tag is there, and each column reads the same without the others."""
    tables = _held(opened)
    held = {key for _, layout in tables for key in layout.tags}
    return held == set(plant.tags) and all(
        layout.shape == "wide"
        and not layout.qualities
        and not layout.units
        and _is_typed(pq.read_schema(table.name), layout, plant)
        for table, layout in tables
    )


def _is_typed(schema: pa.Schema, layout: Layout, plant: PlantFile) -> bool:
    clocks = (layout.clock, *layout.clocks.values())
    times = {column for clock in clocks for column in clock.columns}
    numbers = {c for key, c in layout.tags.items() if plant.tags[key].role != "state"}
    return (
        all(pa.types.is_timestamp(schema.types[column]) for column in times)
        and bool(times)
        and all(
            pa.types.is_integer(kind) or pa.types.is_floating(kind)
            for kind in (schema.types[column] for column in numbers)
        )
    )


def _narrowed(plant: PlantFile, keys: Collection[str]) -> PlantFile:
    """A plant with some of its tags alone; with its first numeric one if it has none of them."""
    if not any(key in plant.tags for key in keys):
        keys = {next(key for key, tag in plant.tags.items() if tag.role != "state")}
    tags = {key: tag for key, tag in plant.tags.items() if key in keys}
    return plant.model_copy(update={"tags": tags})


def _good(rows: pl.LazyFrame) -> pl.LazyFrame:
    return rows.filter(pl.col("status") != BAD)


def _spans(parts: Iterable[pl.LazyFrame]) -> list[tuple[int, int]]:
    """First and last time of each part that has rows; one part's times are in memory at a time."""
    times = (
        part.select(pl.col("time").to_physical()).collect()["time"].to_numpy() for part in parts
    )
    return [(int(time.min()), int(time.max())) for time in times if len(time)]


def _around(spans: Sequence[tuple[int, int]], plant: PlantFile) -> tuple[int, int]:
    if not spans:
        raise UserError(f"records of {plant.path}: no sample is good; check the sources")
    return min(first for first, _ in spans), max(last for _, last in spans)
