"""Rows of JSON: records, columns, series of values within records, and one record to a line."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from shiftwork.records.historian.readers.other_kinds import OtherKind
from shiftwork.records.historian.readers.written_rows import WrittenRows, mark_free
from shiftwork.records.historian.values.stamp_shapes import looks_like_stamp
from shiftwork.records.historian.values.wording import ZONES

Record = dict[str, Any]

LEAST_EPOCH = 5e8
"""A smaller number of a document is no time: 1985, in seconds."""


def read_json(raw: bytes, name: str) -> list[WrittenRows]:
    """Read the rows of a document as one table.

    Text beside a list of records, such as a tag's name, belongs to each of them, but for times,
    which mostly say when the export was made.

    Args:
        raw: The document.
        name: The file, for errors.

    Raises:
        OtherKind: It is damaged, or has no rows.
    """
    try:
        whole = _parsed(raw)
        if _is_table(whole):
            rows = whole
        else:
            records = list(_records(whole, {}))
            header = list(dict.fromkeys(key for record in records for key in record))
            rows = [header, *([record.get(key) for key in header] for record in records)]
    except (ValueError, RecursionError) as error:
        cause = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise OtherKind(
            f"{name}: is JSON that cannot be read ({cause[:100]}); export it as CSV or Parquet"
        ) from None
    if len(rows) < 2:
        raise OtherKind(
            f"{name}: is JSON without rows; export a list of records such as "
            '[{"time": "2025-03-04T00:00:00Z", "tag": "TI1", "value": 1.5}], or CSV or Parquet'
        )
    table = WrittenRows(name)
    for row in rows:
        table.add(map(_cell, row))
    return [table]


def _parsed(raw: bytes) -> Any:
    encoding = json.detect_encoding(raw)
    text = raw.decode(encoding)
    try:
        return json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        lines = text.splitlines()
        if error.msg != "Extra data" or not all(
            line.lstrip().startswith("{") for line in lines if line.strip()
        ):
            raise
        return [json.loads(line, object_pairs_hook=_once) for line in lines if line.strip()]


def _once(pairs: list[tuple[str, Any]]) -> Record:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"a record has '{twice[:40]}' twice")
    return found


def _is_table(value: Any) -> bool:
    """A list of rows, of which the first holds names."""
    return _is_rows(value) and all(isinstance(cell, str) for cell in value[0])


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, list) for row in value)


def _records(value: Any, around: Record, *, listed: bool = False) -> Iterator[Record]:
    """Every row, with the text that stands around it.

    Args:
        value: Any part of a document.
        around: Text around it.
        listed: It stands in a list. If it has a time, it is a row, and lists in it are cells.
    """
    if isinstance(value, list):
        for item in value:
            yield from _records(item, around, listed=True)
        return
    if not isinstance(value, dict):
        raise ValueError(f"a row is {json.dumps(value)[:40]}, without names")
    plain = _flat({key: cell for key, cell in value.items() if not isinstance(cell, list)})
    lists = {key: cell for key, cell in value.items() if isinstance(cell, list)}
    below = around | {key: cell for key, cell in plain.items() if _belongs(cell)}
    tables = [key for key, cell in lists.items() if key != "columns" and _is_rows(cell)]
    inner = [cell for cell in lists.values() if cell and isinstance(cell[0], dict)]
    if listed and any(map(_is_time, plain.values())):
        yield around | plain | lists
    elif "columns" in lists and len(tables) == 1:
        yield from _of_columns([_name(c) for c in lists["columns"]], lists[tables[0]], below)
    elif inner:
        for cell in inner:
            yield from _records(cell, below)
    elif any(_is_time(cell[0]) for cell in lists.values() if cell):
        if len({len(cell) for cell in lists.values()}) > 1:
            raise ValueError("its columns are not of one length")
        yield from _of_columns(list(lists), list(zip(*lists.values(), strict=True)), below)
    elif plain:
        yield around | plain | lists


def _of_columns(names: list[str], rows: list[Any], around: Record) -> Iterator[Record]:
    if len(set(names)) < len(names):
        raise ValueError("two columns have the same name")
    for row in rows:
        if len(row) != len(names):
            raise ValueError(f"a row has {len(row)} cells for {len(names)} columns")
        yield around | dict(zip(names, row, strict=True))


def _is_time(cell: Any) -> bool:
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        return False
    return looks_like_stamp(str(cell), ZONES) and (isinstance(cell, str) or cell > LEAST_EPOCH)


def _name(column: Any) -> str:
    if isinstance(column, dict):
        column = column.get("name", column.get("text"))
    if not isinstance(column, str):
        raise ValueError("a column has no name")
    return column


def _flat(record: Record) -> Record:
    """Records within a record as columns; of a state with a name and a number the name."""
    found: Record = {}
    for key, cell in record.items():
        if not isinstance(cell, dict):
            found[key] = cell
        elif isinstance(cell.get("Name"), str) and "Value" in cell:
            found[key] = cell["Name"]
        else:
            found |= {f"{key}.{name}": inner for name, inner in _flat(cell).items()}
    return found


def _belongs(cell: Any) -> bool:
    return isinstance(cell, str) and bool(cell) and not _is_time(cell)


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return json.dumps(value)
    return value if isinstance(value, str) else mark_free(repr(value))
