"""Databases: SQLite and DuckDB files and PostgreSQL servers, opened to read and for nothing else.

The tables or views are those that the plant file names, or the only one whose columns make sense,
or all where they are parts of one: a table for each month, or for each tag.
Tags that the plant does not have are left out by the database.
"""

from __future__ import annotations

import importlib
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from functools import lru_cache
from numbers import Number
from pathlib import Path
from typing import Any

import pyarrow as pa

from shiftwork.errors import UserError, unknown
from shiftwork.records.historian.plant_file.model import ExportRules
from shiftwork.records.historian.readers.arrow_file import texts
from shiftwork.records.historian.readers.layout import FindLayout, Heading, Layout
from shiftwork.records.historian.readers.table import BATCH_ROWS, Table, Wanted

SQLITE_MAGIC = b"SQLite format 3\0"
DUCKDB_MAGIC = b"DUCK"  # at byte 8
MOST_TABLES = 10_000
CONNECT_S = 10
Tables = tuple[list[tuple[Table, Layout | None]], list[str]]
ROWS_AT_ONCE = BATCH_ROWS // 4
"""Rows that come as Python objects at one time."""


@dataclass(frozen=True)
class _Database:
    """How one kind of database is asked.

    Attributes:
        name: The file or server, put in front of errors.
        stem: Its name without folder and ending.
        columns: Lists (table, column) of all tables and views, in order.
        batches: Runs a query with parameters and yields its rows.
        place: How a parameter stands in a query.
    """

    name: str
    stem: str
    columns: Callable[[], list[tuple[str, str]]]
    batches: Callable[[str, Sequence[str]], Iterator[pa.RecordBatch]]
    place: str = "?"


def read_sqlite(path: Path, find: FindLayout, rules: ExportRules) -> Tables:
    """Find the tables of an SQLite file, as ``read_postgresql`` does."""

    @contextmanager
    def opened() -> Iterator[sqlite3.Connection]:
        with _told(str(path), sqlite3.Error):
            uri = f"{path.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True)) as connection:
                # A view of a hostile file may call no function that is not harmless.
                connection.execute("PRAGMA trusted_schema = OFF")
                connection.execute("PRAGMA query_only = ON")
                yield connection

    def columns() -> list[tuple[str, str]]:
        with opened() as connection:
            return connection.execute(
                "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c "
                "WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
                "ORDER BY m.rowid, c.cid"
            ).fetchall()

    def batches(query: str, values: Sequence[str]) -> Iterator[pa.RecordBatch]:
        with opened() as connection:
            cursor = connection.execute(query, tuple(values))
            yield from _fetched(cursor, str(path))

    return _find_tables(_Database(str(path), path.stem, columns, batches), find, rules)


def read_duckdb(path: Path, find: FindLayout, rules: ExportRules) -> Tables:
    """Find the tables of a DuckDB file, as ``read_postgresql`` does."""
    duckdb = _driver("duckdb", str(path))

    @contextmanager
    def opened() -> Iterator[Any]:
        with _told(str(path), duckdb.Error):
            # A view may read nothing outside of the file, and change no setting.
            safe = {"enable_external_access": "false", "lock_configuration": "true"}
            with closing(duckdb.connect(str(path), read_only=True, config=safe)) as connection:
                yield connection

    def columns() -> list[tuple[str, str]]:
        with opened() as connection:
            found: list[tuple[str, str]] = connection.execute(
                "SELECT table_name, column_name FROM information_schema.columns "
                "WHERE table_catalog = current_database() ORDER BY table_name, ordinal_position"
            ).fetchall()
            return found

    def batches(query: str, values: Sequence[str]) -> Iterator[pa.RecordBatch]:
        with opened() as connection:
            yield from connection.sql(query, params=list(values)).to_arrow_reader(BATCH_ROWS)

    return _find_tables(_Database(str(path), path.stem, columns, batches), find, rules)


def read_postgresql(server: str, find: FindLayout, rules: ExportRules) -> Tables:
    """Find the tables of a PostgreSQL server; their rows are read later.

    Args:
        server: Its connection string, postgresql://user@host/database.
        find: Finds the layout of a table.
        rules: What the plant file declares: tables, and the table that names the tags.

    Returns:
        The tables with their layouts, and what is left out, each as "name: why".
    """
    name = re.sub("//.*@", "//", server).split("?")[0]  # no password in a message
    psycopg = _driver("psycopg", name)

    @contextmanager
    def opened() -> Iterator[Any]:
        with (
            _told(name, psycopg.Error),
            psycopg.connect(server, connect_timeout=CONNECT_S) as connection,
        ):
            connection.read_only = True
            yield connection

    def columns() -> list[tuple[str, str]]:
        with opened() as connection:
            found: list[tuple[str, str]] = connection.execute(
                "SELECT table_name, column_name FROM information_schema.columns "
                "WHERE table_schema = ANY (current_schemas(false)) "
                "ORDER BY table_name, ordinal_position"
            ).fetchall()
            return found

    def batches(query: str, values: Sequence[str]) -> Iterator[pa.RecordBatch]:
        with opened() as connection, connection.cursor("shiftwork") as cursor:
            cursor.itersize = ROWS_AT_ONCE
            cursor.execute(query, list(values))
            yield from _fetched(cursor, name)

    stem = name.rsplit("/", 1)[-1]
    return _find_tables(_Database(name, stem, columns, batches, "%s"), find, rules)


def _find_tables(database: _Database, find: FindLayout, rules: ExportRules) -> Tables:
    headers: dict[str, list[str]] = {}
    for table, column in database.columns():
        headers.setdefault(table, []).append(column)
    if len(headers) > MOST_TABLES:
        raise UserError(f"{database.name}: has {len(headers)} tables; set export.table to one")
    chosen = list(headers)
    if rules.table:
        chosen = []
        for pattern in rules.table:
            fitting = [table for table in headers if fnmatchcase(table, pattern)]
            if not fitting:
                raise unknown("export.table", pattern, headers or ["nothing"], database.name)
            chosen += [table for table in fitting if table not in chosen]
    names = _names_by_id(database, headers, rules)
    found: dict[str, Layout] = {}
    for table in chosen:
        where = f"{database.name}: table '{table}'"
        layout = find(
            Heading(
                tuple(headers[table]),
                table,
                where,
                sampler=_sampler(database, table, headers[table], names),
            )
        )
        if layout is not None:
            found[table] = layout
    # Where the names of some tables make sense, cells of others do not count.
    named = [t for t in found if _by_names(find, headers[t], t, database.name)]
    found = {t: layout for t, layout in found.items() if t in named or not named}
    if not found or (len(found) > 1 and not rules.table and not _one_export(found, headers)):
        which = (
            "several tables that could be the export" if found else "no table with time and tags"
        )
        shown = ", ".join(list(found or headers)[:8]) or "none at all"
        raise UserError(
            f"{database.name}: has {which} ({shown}); set export.table to one of them, or to a list"
        )
    tables = [
        (
            _as_table(
                database, table, headers[table], layout, names if layout.tag is not None else None
            ),
            layout,
        )
        for table, layout in found.items()
    ]
    used = set(found) | ({rules.names.table} if rules.names else set())
    left = [
        f"{database.name}: table '{t}': is not part of the export" for t in headers if t not in used
    ]
    return [*tables], left


def _by_names(find: FindLayout, header: list[str], table: str, where: str) -> bool:
    try:
        return find(Heading(tuple(header), table, where)) is not None
    except UserError:
        return False


def _one_export(found: dict[str, Layout], headers: dict[str, list[str]]) -> bool:
    """Whether tables are parts of one export: one for each month, or one for each tag."""
    if all(layout.shape == "single" for layout in found.values()):
        return len({layout.source for layout in found.values()}) == len(found)
    months = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
    patterns = {re.sub(rf"\d+|(?<![a-z])(?:{months})[a-z]*", "#", table.lower()) for table in found}
    columns = {tuple(sorted(headers[table])) for table in found}
    return len(patterns) == 1 and "#" in next(iter(patterns)) and len(columns) == 1


def _names_by_id(
    database: _Database, headers: dict[str, list[str]], rules: ExportRules
) -> dict[str, list[str]] | None:
    """Numbers of each tag's name, as the table of names has them."""
    names = rules.names
    if names is None:
        return None
    if names.table not in headers:
        raise unknown("export.names.table", names.table, headers or ["nothing"], database.name)
    for key, column in (("id", names.id), ("name", names.name)):
        if column not in headers[names.table]:
            raise unknown(f"export.names.{key}", column, headers[names.table], database.name)
    found: dict[str, list[str]] = {}
    query = (
        f"SELECT {_quoted(names.id, database)}, {_quoted(names.name, database)} "
        f"FROM {_quoted(names.table, database)}"
    )
    for batch in database.batches(query, []):
        for number, name in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            if name is not None and number is not None:
                found.setdefault(str(name).strip(), []).append(_plain_id(number))
    return found


def _plain_id(number: object) -> str:
    return str(int(number)) if isinstance(number, float) and number.is_integer() else str(number)


def _sampler(
    database: _Database, table: str, header: list[str], names: dict[str, list[str]] | None
) -> Callable[[int], list[str]]:
    of_id = {number: name for name, numbers in (names or {}).items() for number in numbers}

    @lru_cache(None)
    def cells(position: int) -> list[str]:
        query = f"SELECT {_quoted(header[position], database)} FROM {_quoted(table, database)} LIMIT 100"
        found: list[str] = []
        for batch in database.batches(query, []):
            found += texts(batch.column(0))
        return [of_id.get(cell, cell) for cell in found]

    return cells


def _quoted(identifier: str, database: _Database) -> str:
    text = '"' + identifier.replace('"', '""') + '"'
    # Where a parameter is written %s, a percent sign of a name is written twice.
    return text.replace("%", "%%") if database.place == "%s" else text


def _as_table(
    database: _Database,
    table: str,
    header: list[str],
    layout: Layout | None = None,
    names: dict[str, list[str]] | None = None,
) -> Table:
    name = f"{database.name}: table '{table}'"
    of_id = {number: tag for tag, numbers in (names or {}).items() for number in numbers}

    def batches(wanted: Wanted) -> Iterator[tuple[int, pa.RecordBatch]]:
        columns = ", ".join(_quoted(header[i], database) for i in wanted.columns)
        query, values = f"SELECT {columns} FROM {_quoted(table, database)}", []
        if wanted.tag is not None and wanted.sources:
            values = sorted(wanted.sources)
            if names is not None:
                values = sorted(number for tag in values for number in names.get(tag, []))
            places = ", ".join([database.place] * len(values)) or "NULL"
            tag = _quoted(header[wanted.tag], database)
            if names is not None:
                kind = "TEXT" if database.place == "%s" else "VARCHAR"
                tag = f"CAST({tag} AS {kind})"
            query += f" WHERE {tag} IN ({places})"
        row = 1
        for batch in database.batches(query, values):
            batch = batch.rename_columns([str(i) for i in wanted.columns])
            if names is not None and wanted.tag is not None:
                at = wanted.columns.index(wanted.tag)
                named = [of_id.get(_plain_id(number)) for number in batch.column(at).to_pylist()]
                batch = batch.set_column(at, str(wanted.tag), pa.array(named, pa.string()))
            yield row, batch
            row += batch.num_rows

    dialect = ("database", layout.shape if layout else "")
    return Table(name, tuple(header), table, 1, batches, None, dialect, lambda: "database")


def _fetched(cursor: Any, name: str) -> Iterator[pa.RecordBatch]:
    """Rows of Python objects in batches; columns of mixed kinds as text."""
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        width = len(rows[0])
        columns = [_column([row[i] for row in rows], name) for i in range(width)]
        yield pa.RecordBatch.from_arrays(columns, [str(i) for i in range(width)])


def _column(values: list[Any], name: str) -> pa.Array:
    kinds = {type(value) for value in values if value is not None}
    if kinds & {bytes, memoryview}:
        raise UserError(f"{name}: a column holds binary data; give a view without it")
    if not kinds:
        return pa.nulls(len(values), pa.string())
    try:
        if kinds == {int}:
            return pa.array(values, pa.int64())
        if all(issubclass(kind, Number) for kind in kinds):
            return pa.array([None if v is None else float(v) for v in values], pa.float64())
        if len(kinds) == 1 and issubclass(next(iter(kinds)), date):
            return pa.array(values)
    except (pa.ArrowException, OverflowError):
        pass  # as text it is at least named with its row
    return pa.array([None if value is None else str(value) for value in values], pa.string())


@contextmanager
def _told(name: str, kind: type[Exception]) -> Iterator[None]:
    """Turn an error of the database into one line."""
    try:
        yield
    except kind as error:
        cause = " ".join(str(error).split())[:160]
        raise UserError(
            f"{name}: cannot be read ({cause}); check the database and export.table"
        ) from None


def _driver(module: str, name: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise UserError(
            f"{name}: needs {module}; install it with pip install 'shiftwork[sql]'"
        ) from None
