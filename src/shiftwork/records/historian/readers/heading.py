"""The line of names in rows of text: under titles, over units, in two lines, or not there at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shiftwork.records.historian.plant_file.model import ExportRules
from shiftwork.records.historian.readers.layout import (
    FindLayout,
    Heading,
    Layout,
    NoClock,
    likelier,
)
from shiftwork.records.historian.readers.names import QUALITY_WORDS, VALUE_WORDS, plain
from shiftwork.records.historian.values.numbers import UNITS
from shiftwork.records.historian.values.stamp_shapes import looks_like_date, looks_like_stamp
from shiftwork.records.historian.values.wording import ZONES

HEADER_ROWS = 40
"""Rows among which the names are looked for; exports like to begin with a title."""

BELOW_HEADER = 8
"""Rows of descriptions and units that may stand between names and data."""

LONGEST_NAME = 2000
"""Characters of a name; patterns would take for ever on a longer one."""

SAMPLE_ROWS = 200
"""Rows of data by which columns are judged."""

Row = Sequence[str]


@dataclass(frozen=True)
class FoundHeading:
    """Where a table stands in rows of text.

    Attributes:
        names: Names of its columns.
        layout: What they are; None if none of the tags looked for is among them.
        first: The first row of data, by its position.
    """

    names: tuple[str, ...]
    layout: Layout | None
    first: int


def find_heading(
    rows: Sequence[Row], find: FindLayout, stem: str, where: str, rules: ExportRules
) -> FoundHeading | None:
    """Find the names of a table's columns, and its first row of data."""
    zones = ZONES | rules.zones
    rows = rows[: _tame(rows)]
    timeless: NoClock | None = None
    stamped = [any(looks_like_stamp(cell, zones) for cell in row[:6]) for row in rows]
    for comments in (False, True):  # a line of names may be a comment, but rather is none
        for at, row in enumerate(rows[:HEADER_ROWS]):
            is_comment = bool(row) and row[0].lstrip().startswith("#")
            if len(row) < 2 or is_comment != comments or any(map(looks_like_date, row)):
                continue
            names = (row[0].lstrip("# "), *row[1:]) if comments else tuple(row)
            first = _first_row(rows, stamped, at)
            above = tuple(tuple(r) for r in rows[:at])
            sample = tuple(tuple(r) for r in rows[first : first + SAMPLE_ROWS])
            for candidate in _candidates(names, rows[at + 1 : first]):
                try:
                    layout = find(Heading(candidate, stem, where, above, sample))
                except NoClock as error:
                    timeless = likelier(timeless, error)
                    continue
                if layout is not None:
                    start = _first_data(rows, at, layout, rules)
                    layout = _with_units(
                        _noting(layout, rows[at + 1 : start]), rows[at + 1 : start]
                    )
                    return FoundHeading(candidate, layout, start)
    if timeless is not None:
        raise timeless
    return None


def find_without_names(
    rows: Sequence[Row], find: FindLayout, stem: str, where: str, rules: ExportRules
) -> FoundHeading | None:
    """Find what the columns are by the plant file's list of their names, or by their cells alone."""
    rows = rows[: _tame(rows)]
    width = max((len(row) for row in rows), default=0)
    if rules.columns:
        if width < len(rules.columns) or width < 2:
            return None
        names = tuple(rules.columns) + ("",) * (width - len(rules.columns))
    elif width >= 3:
        names = ("",) * width
    else:
        return None
    for first in range(min(HEADER_ROWS, len(rows))):
        row = rows[first]
        if len(row) < 2 or row[0].lstrip().startswith("#"):
            continue
        sample = tuple(tuple(r) for r in rows[first : first + SAMPLE_ROWS])
        layout = find(Heading(names, stem, where, (), sample))
        if layout is None:
            continue
        cells = [row[i] if i < len(row) else "" for i in layout.clock.columns]
        if (
            cells
            and not rules.time_format
            and not looks_like_stamp(" ".join(cells), ZONES | rules.zones)
        ):
            continue
        if not cells and not all(_number(cell) for cell in row if cell.strip()):
            continue
        return FoundHeading(names, layout, first)
    return None


def other_table(rows: Sequence[Row]) -> FoundHeading | None:
    """A row of names above a row that begins with a time stamp: a table of other tags."""
    rows = rows[: _tame(rows)]
    for row in range(min(HEADER_ROWS, len(rows) - 1)):
        above, below = rows[row], rows[row + 1]
        if len(above) == len(below) > 1 and any(map(looks_like_stamp, below[:3])):
            if any(map(looks_like_stamp, above[:3])):
                return None
            return FoundHeading(tuple(above), None, row + 1)
    return None


def _tame(rows: Sequence[Row]) -> int:
    """How many rows stand above the first that holds a cell too long for a name or a value."""
    for at, row in enumerate(rows):
        if any(len(cell) > LONGEST_NAME for cell in row):
            return at
    return len(rows)


def _candidates(names: tuple[str, ...], below: Sequence[Row]) -> list[tuple[str, ...]]:
    """Names as they stand, and before them names made of two lines where the second divides them."""
    found = [names]
    for row in below:
        words = [plain(cell) for cell in row]
        if not any(word in QUALITY_WORDS or word in VALUE_WORDS for word in words):
            continue
        joined, upper = [], ""
        for i in range(max(len(names), len(row))):
            own = names[i].strip() if i < len(names) else ""
            part = row[i].strip() if i < len(row) else ""
            upper = own or (upper if part else "")
            divides = plain(part) in QUALITY_WORDS or plain(part) in VALUE_WORDS or not own
            joined.append(f"{upper}.{part}" if upper and part and divides else upper or part)
        found.insert(0, tuple(joined))
        break
    return found


def _first_row(rows: Sequence[Row], stamped: list[bool], at: int) -> int:
    """The first row below the names that looks like data."""
    for row in range(at + 1, min(at + 1 + BELOW_HEADER, len(rows))):
        cells = [cell for cell in rows[row] if cell.strip()]
        if stamped[row] or (cells and all(_number(cell) for cell in cells)):
            return row
    return at + 1


def _first_data(rows: Sequence[Row], at: int, layout: Layout, rules: ExportRules) -> int:
    """The first row whose time cell is a time stamp."""
    zones = ZONES | rules.zones
    for row in range(at + 1, min(at + 1 + BELOW_HEADER, len(rows))):
        cells = rows[row]
        clocks = [layout.clock, *layout.clocks.values()]
        for clock in clocks:
            time = " ".join(cells[i] for i in clock.columns if i < len(cells))
            whole = " ".join(cells[i] for i in clock.columns[:1] if i < len(cells))
            if looks_like_stamp(time, zones) or looks_like_stamp(whole, zones):
                return row
        if not layout.clock.columns and all(_number(c) for c in cells if c.strip()):
            return row
    return at + 1


def _noting(layout: Layout, below: Sequence[Row]) -> Layout:
    """Name rows under the names that hold values and yet are none of data: factors, rows without a time."""
    cells = [layout.value] if layout.value is not None else list(layout.tags.values())
    notes = [
        f"'{','.join(row)[:60]}' stands under the names and is not taken as a row of data"
        for row in below
        if any(_number(row[i]) for i in cells if i < len(row))
    ]
    return replace(layout, assumed=(*layout.assumed, *notes)) if notes else layout


def _with_units(layout: Layout, below: Sequence[Row]) -> Layout:
    """Keep the units of values that a row under the names holds."""
    columns = [layout.value] if layout.value is not None else list(layout.tags.values())
    for row in below:
        cells = {i: row[i].strip(" []()") for i in columns if i < len(row)}
        units = {i: cell for i, cell in cells.items() if cell}
        if units and all(unit.lower() in UNITS for unit in units.values()):
            return replace(layout, units=units)
    return layout


def _number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True
