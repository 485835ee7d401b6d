"""Databases: SQLite and DuckDB files and PostgreSQL servers, opened to read and for nothing else.

The table or view is the one that the plant file names, or the only one whose columns make sense.
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
from numbers import Number
from pathlib import Path
from typing import Any

import pyarrow as pa

from shiftwork.errors import UserError, unknown
from shiftwork.records.historian.readers.layout import FindLayout, Layout
from shiftwork.records.historian.readers.table import BATCH_ROWS, Table, Wanted

SQLITE_MAGIC = b"SQLite format 3\0"
DUCKDB_MAGIC = b"DUCK"  # at byte 8
MOST_TABLES = 10_000
CONNECT_S = 10
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


def read_sqlite(path: Path, find: FindLayout, told: str | None) -> tuple[Table, Layout]:
    """Find the table of an SQLite file, as ``read_postgresql`` does."""

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

    return _find_table(_Database(str(path), path.stem, columns, batches), find, told)


def read_duckdb(path: Path, find: FindLayout, told: str | None) -> tuple[Table, Layout]:
    """Find the table of a DuckDB file, as ``read_postgresql`` does."""
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

    return _find_table(_Database(str(path), path.stem, columns, batches), find, told)


def read_postgresql(server: str, find: FindLayout, told: str | None) -> tuple[Table, Layout]:
    """Find the table of a PostgreSQL server; its rows are read later.

    Args:
        server: Its connection string, postgresql://user@host/database.
        find: Tells the layout of a table.
        told: The table's name, if the plant file has it.
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
    return _find_table(_Database(name, stem, columns, batches, "%s"), find, told)


def _find_table(database: _Database, find: FindLayout, told: str | None) -> tuple[Table, Layout]:
    headers: dict[str, list[str]] = {}
    for table, column in database.columns():
        headers.setdefault(table, []).append(column)
    if len(headers) > MOST_TABLES:
        raise UserError(f"{database.name}: has {len(headers)} tables; set export.table to one")
    if told is not None:
        if told not in headers:
            raise unknown("export.table", told, headers or ["nothing"], database.name)
        headers = {told: headers[told]}
    found = {}
    for table, header in headers.items():
        layout = find(header, table, f"{database.name}: table '{table}'")
        if layout is not None:
            found[table] = layout
    if len(found) != 1:
        which = (
            "several tables that could be the export" if found else "no table with time and tags"
        )
        names = ", ".join(list(found or headers)[:8]) or "none at all"
        raise UserError(f"{database.name}: has {which} ({names}); set export.table to one of them")
    ((table, layout),) = found.items()
    return _as_table(database, table, headers[table]), layout


def _as_table(database: _Database, table: str, header: list[str]) -> Table:
    name = f"{database.name}: table '{table}'"

    def quoted(identifier: str) -> str:
        text = '"' + identifier.replace('"', '""') + '"'
        # Where a parameter is written %s, a percent sign of a name is written twice.
        return text.replace("%", "%%") if database.place == "%s" else text

    def batches(wanted: Wanted) -> Iterator[tuple[int, pa.RecordBatch]]:
        columns = ", ".join(quoted(header[i]) for i in wanted.columns)
        query, values = f"SELECT {columns} FROM {quoted(table)}", []
        if wanted.tag is not None:
            values = sorted(wanted.sources)
            places = ", ".join([database.place] * len(values))
            query += f" WHERE {quoted(header[wanted.tag])} IN ({places})"
        row = 1
        for batch in database.batches(query, values):
            yield row, batch.rename_columns([str(i) for i in wanted.columns])
            row += batch.num_rows

    return Table(name, tuple(header), table, 1, batches)


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
        pass  # as text it is at least told in its row
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
