"""Which tables of a database are the export: those that are named, the only one that fits, or parts of one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

import pyarrow as pa

from shiftwork.errors import UserError, unknown
from shiftwork.records.historian.plant_file.model import ExportRules
from shiftwork.records.historian.readers.arrow_file import texts
from shiftwork.records.historian.readers.layout import FindLayout, Heading, Layout
from shiftwork.records.historian.readers.table import Table, Wanted

MOST_TABLES = 10_000
Tables = tuple[list[tuple[Table, Layout | None]], list[str]]


@dataclass(frozen=True)
class Database:
    """How one kind of database is asked.

    Attributes:
        name: The file or server, put in front of errors.
        stem: Its name without folder and ending.
        columns: Lists (table, column) of all tables and views, in order.
        batches: Runs a query with parameters and yields its rows.
        place: How a parameter stands in a query.
        steady: The same query yields the same rows in the same order.
    """

    name: str
    stem: str
    columns: Callable[[], list[tuple[str, str]]]
    batches: Callable[[str, Sequence[str]], Iterator[pa.RecordBatch]]
    place: str = "?"
    steady: bool = False


def find_tables(database: Database, find: FindLayout, rules: ExportRules) -> Tables:
    """Find the tables of a database that hold the export; their rows are read later.

    Returns:
        The tables with their layouts, and what is left out, each as "name: why".

    Raises:
        UserError: No table is the export, or several could be.
    """
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
    database: Database, headers: dict[str, list[str]], rules: ExportRules
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
    database: Database, table: str, header: list[str], names: dict[str, list[str]] | None
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


def _quoted(identifier: str, database: Database) -> str:
    text = '"' + identifier.replace('"', '""') + '"'
    # Where a parameter is written %s, a percent sign of a name is written twice.
    return text.replace("%", "%%") if database.place == "%s" else text


def _as_table(
    database: Database,
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
    form = "database"
    return Table(
        name, tuple(header), table, 1, batches, None, dialect, lambda: form, database.steady
    )
