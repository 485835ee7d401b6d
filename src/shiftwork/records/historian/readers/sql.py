"""Databases: SQLite and DuckDB files and PostgreSQL servers, opened to read and for nothing else.

The tables or views are those that the plant file names, or the only one whose columns make sense,
or all where they are parts of one: a table for each month, or for each tag.
Tags that the plant does not have are left out by the database.
"""

from __future__ import annotations

import importlib
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date
from numbers import Number
from pathlib import Path
from typing import Any

import pyarrow as pa

from shiftwork.errors import UserError
from shiftwork.records.historian.plant_file.model import ExportRules
from shiftwork.records.historian.readers.layout import FindLayout
from shiftwork.records.historian.readers.sql_tables import Database, Tables, find_tables
from shiftwork.records.historian.readers.table import BATCH_ROWS
from shiftwork.records.historian.readers.written_rows import mark_free

SQLITE_MAGIC = b"SQLite format 3\0"
DUCKDB_MAGIC = b"DUCK"  # at byte 8
CONNECT_S = 10
ROWS_AT_ONCE = BATCH_ROWS // 4
"""Rows that come as Python objects at one time."""


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

    database = Database(str(path), path.stem, columns, batches, steady=True)
    return find_tables(database, find, rules)


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

    return find_tables(Database(str(path), path.stem, columns, batches), find, rules)


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
    return find_tables(Database(name, stem, columns, batches, "%s"), find, rules)


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
    return pa.array([None if value is None else _text(value) for value in values], pa.string())


def _text(value: Any) -> str:
    return mark_free(repr(value)) if isinstance(value, float) else str(value)


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
