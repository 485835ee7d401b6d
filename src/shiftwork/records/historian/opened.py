"""The tables of an export, found in files of any kind, before their rows are read."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from shiftwork.errors import UserError
from shiftwork.records.historian.plant_file.model import ExportRules, PlantFile
from shiftwork.records.historian.readers.arrow_file import MAGIC as ARROW_MAGIC
from shiftwork.records.historian.readers.arrow_file import read_arrow
from shiftwork.records.historian.readers.delimited import read_delimited
from shiftwork.records.historian.readers.discover import find_files, is_server
from shiftwork.records.historian.readers.documents import tables_of
from shiftwork.records.historian.readers.find_layout import layout_for
from shiftwork.records.historian.readers.layout import FindLayout, Layout, NoClock
from shiftwork.records.historian.readers.other_kinds import NoTable, OtherKind
from shiftwork.records.historian.readers.parquet import MAGIC as PARQUET_MAGIC
from shiftwork.records.historian.readers.parquet import read_parquet
from shiftwork.records.historian.readers.source import ZIP_MAGIC, Source, sources_in
from shiftwork.records.historian.readers.spreadsheet import OLE_MAGIC, read_workbook
from shiftwork.records.historian.readers.sql import (
    DUCKDB_MAGIC,
    SQLITE_MAGIC,
    read_duckdb,
    read_postgresql,
    read_sqlite,
)
from shiftwork.records.historian.readers.table import Table

FindFor = Callable[[ExportRules], FindLayout]


@dataclass
class Opened:
    """The tables of an export, before their rows are read.

    Attributes:
        tables: Each with its layout; None if none of the tags looked for is in it.
        left: What is left out, each as "name: why".
        assumed: How files were read that lack what is declared, each as "name: how".
        undeclared: Why files do not have the columns that the plant file declares.
        declared: Some text has them.
    """

    tables: list[tuple[Table, Layout | None]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    undeclared: list[UserError] = field(default_factory=list)
    declared: bool = False

    def leave_out(self, error: UserError) -> None:
        """Leave a file out and say why, without the advice, which is for a file that is needed."""
        self.left.append(str(error).partition(";")[0])


def open_export(paths: Sequence[str | Path], plant: PlantFile) -> Opened:
    """Find the tables of an export and where each holds the plant's tags; as ``read_samples``."""
    return open_tables(paths, partial(layout_for, plant), plant.export, tuple(plant.key_of))


def open_tables(
    paths: Sequence[str | Path],
    find: FindFor,
    rules: ExportRules,
    expected: tuple[str, ...] = (),
) -> Opened:
    """Find the tables of an export; their rows are read later.

    Args:
        paths: As ``read_samples`` has them.
        find: Makes what finds the layout of a table, for some rules.
        rules: What the plant file declares.
        expected: Names that the export should hold.
    """
    opened = Opened()
    given = {
        os.path.realpath(path) for path in paths if not is_server(path) and "\0" not in str(path)
    }
    for path in find_files(paths, opened.left):
        _open_file(path, find, rules, expected, opened, alone=os.path.realpath(path) in given)
    for server in (str(path) for path in paths if is_server(path)):
        try:
            tables, left = read_postgresql(server, find(rules), rules)
        except NoClock as error:
            raise UserError(str(error)) from None
        opened.tables += tables
        opened.left += left
    if opened.undeclared and not opened.declared:
        raise UserError(str(opened.undeclared[0]))
    if not opened.tables:
        raise UserError(
            f"{paths[0] if paths else 'the export'}: holds no table with a time column and tags"
            + (f" ({opened.left[0]})" if opened.left else "")
            + "; give the export's files"
        )
    return opened


def _open_file(
    path: Path,
    find: FindFor,
    rules: ExportRules,
    expected: tuple[str, ...],
    opened: Opened,
    *,
    alone: bool,
) -> None:
    """Find the tables of a file of any kind, which its content shows; rows are read later."""
    try:
        with path.open("rb") as file:
            begin = file.read(16)
        if begin == SQLITE_MAGIC or begin[8:12] == DUCKDB_MAGIC:
            read = read_sqlite if begin == SQLITE_MAGIC else read_duckdb
            tables, left = read(path, find(rules), rules)
            opened.tables += tables
            opened.left += left
            return
        sources, left = sources_in(path)
        opened.left += left
        for source in sources:
            _open_source(source, find, rules, expected, opened, alone=alone and len(sources) == 1)
    except (NoTable, NoClock) as error:
        raise UserError(str(error)) from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); check its rights") from None


def _open_source(
    source: Source,
    find: FindFor,
    rules: ExportRules,
    expected: tuple[str, ...],
    opened: Opened,
    *,
    alone: bool,
) -> None:
    begin = source.begin(16)
    if begin == SQLITE_MAGIC or begin[8:12] == DUCKDB_MAGIC:
        raise UserError(f"{source.name}: is a database in an archive; unpack it")
    if begin[:4] == PARQUET_MAGIC:
        opened.tables.append(read_parquet(source, find(rules)))
    elif begin[: len(ARROW_MAGIC)] == ARROW_MAGIC:
        opened.tables.append(read_arrow(source, find(rules)))
    elif begin.startswith((ZIP_MAGIC, OLE_MAGIC)):
        try:
            tables, left = read_workbook(source, find(rules), rules)
        except NoTable as error:
            if alone:
                raise
            opened.left.append(str(error))
            return
        opened.tables += tables
        opened.left += left
    else:
        try:
            documented = tables_of(source, rules, expected)
        except NoTable as error:
            if alone:
                raise
            opened.leave_out(error)
            return
        if documented is None:
            _open_text(source, find, rules, expected, opened, alone=alone)
            return
        own = rules.model_copy(update={"encoding": None, "separator": "\t"})
        for table in documented:
            try:
                _open_text(table, find, own, expected, opened, alone=alone and len(documented) == 1)
            except UserError as error:
                if alone:
                    raise
                # Reports and settings lie beside exports, and seldom make sense as one.
                opened.leave_out(error)


def _open_text(
    source: Source,
    find: FindFor,
    rules: ExportRules,
    expected: tuple[str, ...],
    opened: Opened,
    *,
    alone: bool,
) -> None:
    try:
        opened.tables.append(read_delimited(source, find(rules), rules, expected))
        opened.declared = True
    except (NoClock, NoTable) as error:
        if alone:
            raise
        if isinstance(error, NoClock | OtherKind):
            opened.leave_out(error)
            return
        own = rules.of_another_form
        if own != rules and not source.form:
            opened.undeclared.append(error)
            _open_by_own_names(source, find(own), own, expected, opened)
            return
        empty = "" if source.begin(1) else " (it is empty)"
        opened.left.append(f"{source.name}: holds no table{empty}")


def _open_by_own_names(
    source: Source,
    find: FindLayout,
    rules: ExportRules,
    expected: tuple[str, ...],
    opened: Opened,
) -> None:
    """Read a file of a folder that lacks the declared columns by what it shows itself, and say so."""
    try:
        table, layout = read_delimited(source, find, rules, expected)
    except (NoTable, NoClock):
        table, layout = None, None
    if table is None or layout is None:
        opened.left.append(f"{source.name}: does not have the columns that the plant file declares")
        return
    opened.tables.append((table, layout))
    opened.assumed.append(
        f"{source.name}: what the plant file declares of columns and text is not in it, so it is read by what it "
        "shows itself"
    )
