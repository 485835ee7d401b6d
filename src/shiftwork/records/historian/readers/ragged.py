"""Text whose lines are not all rows of data, read row by row.

Between and below the rows of real exports stand comments, the header again, units, page titles and
totals; rows have a separator too many or cells too few. What a line is, is seen from its cell of
time. All that is left out is noted.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from shiftwork.errors import UserError
from shiftwork.records.historian.plant_file.model import ExportRules
from shiftwork.records.historian.readers.layout import Layout
from shiftwork.records.historian.readers.lines import LONGEST_LINE, Text
from shiftwork.records.historian.readers.table import Notes, Wanted
from shiftwork.records.historian.values.cells import CellError
from shiftwork.records.historian.values.stamp_rules import OrderNeeded, StampRules
from shiftwork.records.historian.values.stamp_shapes import looks_like_stamp
from shiftwork.records.historian.values.stamps import read_stamps
from shiftwork.records.historian.values.wording import ZONES

ROWS_AT_ONCE = 2**16
MOST_FOOTERS = 20
"""Lines below the last row of data; more are rows that cannot be read."""
MOST_BETWEEN = 12
"""Lines of titles and units around a header that stands between rows."""

_SUMMARY = re.compile(
    r"(?<![a-z])(?:totals?|sum|mean|avg|average|min(?:imum)?|max(?:imum)?|count|rows?|records|stdd?e?v?|end|eof|"
    r"summe|gesamt|mittel(?:wert)?|anzahl|ende|total|moyenne|somme|fin|media|suma|fim)(?![a-z])|합계|평균|최소|최대|개수|총|合计|总计|平均|最大|最小|合計",
    re.I,
)
"""Words with which lines below a table sum it up."""


@dataclass(frozen=True)
class TextTable:
    """A table in a text.

    Attributes:
        text: The text.
        separator: The character between its cells.
        names: Names of its columns.
        layout: What they are.
        lines_before: Lines above the first row of data.
        rules: What the plant file declares.
    """

    text: Text
    separator: str
    names: tuple[str, ...]
    layout: Layout | None
    lines_before: int
    rules: ExportRules


def ragged_batches(
    table: TextTable, wanted: Wanted, notes: Notes
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Read the rows of data, row by row.

    Args:
        table: The table.
        wanted: What to read of it.
        notes: Takes what is left out.

    Raises:
        UserError: A line is not a row of data, nor anything that usually stands between them.
    """
    kept: list[list[str]] = []
    first = table.lines_before + 1
    for number, cells in _Rows(table, wanted, notes):
        if kept and (len(kept) == ROWS_AT_ONCE or number != first + len(kept)):
            yield first, _batch(kept, wanted)
            kept = []
        if not kept:
            first = number
        kept.append(cells)
    if kept:
        yield first, _batch(kept, wanted)


def _batch(rows: list[list[str]], wanted: Wanted) -> pa.RecordBatch:
    columns = [pa.array([row[i] for row in rows], pa.string()) for i in wanted.columns]
    if wanted.tag is not None:
        at = wanted.columns.index(wanted.tag)
        columns[at] = columns[at].dictionary_encode()
    return pa.RecordBatch.from_arrays(columns, [str(i) for i in wanted.columns])


class _Rows:
    """The rows of data of a table, each with its line number."""

    def __init__(self, table: TextTable, wanted: Wanted, notes: Notes) -> None:
        self._table, self._wanted, self._notes = table, wanted, notes
        self._rules = wanted.rules or table.rules
        self._name = table.text.source.name
        self._width = len(table.names)
        self._names = [name.strip() for name in table.names]
        self._order: list[int] | None = None
        self._known: dict[str, bool] = {}
        self._counts: dict[str, tuple[int, str]] = {}
        layout = table.layout
        clocks = [layout.clock, *layout.clocks.values()] if layout else []
        self._clocks = [clock for clock in clocks if clock.columns]
        self._zones = ZONES | self._rules.zones

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        waiting: list[tuple[int, list[str]]] = []
        for number, cells, ended in self._lines():
            if cells and re.match(r"\s*#+[^#\s]|\s*#\s", cells[0]):
                self._note("comment", number, cells)
                continue
            if self._is_header(cells):
                self._refuse_another_tag(waiting)
                for line, other in waiting:
                    if self._may_be_data(other):
                        raise self._strange(line, other)
                    self._note("title between rows", line, other)
                waiting = []
                self._note("header again", number, cells)
                continue
            if self._order is not None:
                cells = [cells[i] if 0 <= i < len(cells) else "" for i in self._order]
            row = self._fitted(number, cells)
            if row is None or not self._is_data(row):
                if re.fullmatch(r"[-+=|_:\s]*(?:--|==|__)[-+=|_:\s]*|\x1a+", " ".join(cells)):
                    self._note("ruled line", number, cells)
                    continue
                waiting.append((number, cells))
                if len(waiting) > MOST_BETWEEN + MOST_FOOTERS:
                    raise self._strange(*waiting[0])
                continue
            if waiting:
                if (
                    self._counts.get("header again", (0, ""))[0]
                    and len(waiting) <= MOST_BETWEEN
                    and not self._since
                ):
                    for line, other in waiting:
                        self._note("title between rows", line, other)
                    waiting = []
                else:
                    raise self._strange(*waiting[0])
            self._since += 1
            if len(cells) < self._width and any(c.strip() for c in cells):
                if not ended:
                    self._note("last row, which is cut off", number, cells)
                    continue
                self._note("row with fewer cells than the header", number, cells)
            yield number, row
        if len(waiting) > MOST_FOOTERS:
            raise self._strange(*waiting[0])
        for line, other in waiting:
            if not self._is_footer(other):
                raise self._strange(line, other)
            self._note("line below the rows", line, other)
        for kind, (count, example) in self._counts.items():
            self._notes.append((kind, count, example))

    _since = 0
    """Rows of data since the last header."""

    def _lines(self) -> Iterator[tuple[int, list[str], bool]]:
        """Lines as cells, with their number and whether they end."""
        table = self._table
        csv.field_size_limit(LONGEST_LINE)
        ended = True

        def watched(lines: io.TextIOWrapper) -> Iterator[str]:
            nonlocal ended
            for line in lines:
                ended = line.endswith(("\n", "\r"))
                yield line

        with table.text.lines(table.lines_before) as raw:
            lines = watched(io.TextIOWrapper(io.BufferedReader(raw, 2**16), "utf-8", newline=""))
            if table.separator == " ":
                for number, line in enumerate(lines, start=1):
                    if line.strip():
                        yield table.lines_before + number, line.split(), ended
                return
            reader = csv.reader(lines, delimiter=table.separator)
            while True:
                try:
                    cells = next(reader, None)
                except csv.Error as error:
                    raise UserError(
                        f"{self._name}: row {table.lines_before + reader.line_num}: cannot be read "
                        f"({error}); fix or remove the row"
                    ) from None
                if cells is None:
                    return
                if any(cell.strip() for cell in cells):
                    yield table.lines_before + reader.line_num, cells, ended

    def _is_header(self, cells: list[str]) -> bool:
        """Whether a line is the header again, perhaps with its columns in another order."""
        layout = self._table.layout
        found = [cell.strip().lstrip("#").strip() for cell in cells]
        if layout is None or not self._clocks:
            return False
        needed = [self._names[i] for i in self._wanted.columns if self._names[i]]
        at_time = [self._names[i] for i in self._clocks[0].columns]
        if not needed or not set(at_time) <= set(found):
            return False
        missing = [name for name in needed if name not in found]
        other = [cell for cell in found if cell in self._wanted.sources and cell not in self._names]
        if missing and not other and len(missing) == len([n for n in needed if n not in at_time]):
            return False
        if missing:
            strangers = ", ".join(cell for cell in found if cell and cell not in self._names)
            raise UserError(
                f"{self._name}: another header stands between the rows, without '{missing[0]}' "
                f"(it has {strangers or 'fewer columns'}); give each table as a file of its own"
            )
        if other:
            raise UserError(
                f"{self._name}: another header stands between the rows, with '{other[0]}', which the "
                "first lacks; give each table as a file of its own"
            )
        if found[: self._width] == self._names:
            self._order = None
        elif all(found.count(name) == 1 for name in needed):
            self._order = [found.index(name) if name in found else -1 for name in self._names]
        self._since = 0
        return True

    def _refuse_another_tag(self, titles: list[tuple[int, list[str]]]) -> None:
        """Refuse a second tag's table below the first one's, each under a line with the tag's name."""
        layout = self._table.layout
        if layout is None or layout.shape != "single":
            return
        for number, cells in titles:
            filled = [cell.strip().strip("#").strip() for cell in cells if cell.strip()]
            name = filled[-1].partition(":")[2].strip() or filled[-1]
            if len(filled) <= 2 and re.fullmatch(r"[^\s;,]+", name) and name != layout.source:
                raise UserError(
                    f"{self._name}: row {number}: the table of another tag ('{_short(name)}') begins below "
                    f"that of '{layout.source}'; give each as a file of its own"
                )

    def _fitted(self, number: int, cells: list[str]) -> list[str] | None:
        """A row as wide as the header; None if it has too few cells to be one."""
        more = cells[self._width :]
        if any(cell.strip() for cell in more):
            text = self._table.separator.join(cells)
            raise UserError(
                f"{self._name}: row {number}: has {len(cells)} columns, the header has {self._width} "
                f"('{_short(text)}'); fix or remove the row, and quote numbers with a decimal comma"
            )
        if more:
            self._note("empty cell behind the last column", number, cells)
        cells = cells[: self._width]
        return cells + [""] * (self._width - len(cells))

    def _is_data(self, row: list[str]) -> bool:
        layout = self._table.layout
        if layout is None:
            return True
        if layout.tag is not None and row[layout.tag].strip() not in self._wanted.sources:
            return bool(row[layout.tag].strip()) and any(
                self._is_time(row, c) for c in self._clocks
            )
        if not self._clocks:
            return any(re.fullmatch(r"\s*[+-]?[\d.,]+(?:[eE][+-]?\d+)?\s*", cell) for cell in row)
        if not any(row[i].strip() for i in (*layout.cells, *self._clocks[0].columns)):
            return True  # nothing in it that is read
        return any(
            self._is_time(row, clock)
            for clock in (self._clocks if layout.clocks else self._clocks[:1])
        )

    def _may_be_data(self, cells: list[str]) -> bool:
        """Whether a line could be a row of data whose time is not understood."""
        columns = self._clocks[0].columns if self._clocks and len(cells) == self._width else ()
        return any(re.search(r"^(?!.*[^\W\d_]{3}).*\d", cells[i]) for i in columns)

    def _is_time(self, row: list[str], clock: object) -> bool:
        columns = clock.columns  # type: ignore[attr-defined]
        cell = row[columns[0]].strip()
        shape = re.sub(r"\d", "0", cell)
        if shape not in self._known:
            self._known[shape] = self._reads(cell)
        return self._known[shape]

    def _reads(self, cell: str) -> bool:
        rules = self._rules
        if not cell:
            return False
        if rules.time_format is None and rules.calendar is None:
            return looks_like_stamp(cell, self._zones) or bool(re.match(r"\d{1,2}:\d{2}", cell))
        try:
            self._read_stamp(cell, rules.start_us or 0)
        except OrderNeeded:
            return True
        except CellError:
            return False
        return True

    def _read_stamp(self, cell: str, start_us: int | None) -> None:
        """Raise what reading it raises."""
        rules = self._rules
        known = StampRules(rules.time_format, rules.order, start_us, self._zones, rules.calendar)
        read_stamps(pl.Series([cell]), known)

    def _is_footer(self, cells: list[str]) -> bool:
        """Whether a line says something about the table: it begins with words, or is cut short."""
        filled = [cell.strip() for cell in cells if cell.strip()]
        if any(_SUMMARY.search(cell) for cell in filled[:2]):
            return True
        if len(filled) >= self._width or any(
            re.fullmatch(r"[+-]?[\d.,]+", cell) for cell in filled
        ):
            return False
        return bool(re.search(r"[^\W\d_]{2,}", filled[0])) or filled[0][0] in "-=*(_<"

    def _strange(self, number: int, cells: list[str]) -> UserError:
        where = f"{self._name}: row {number}"
        layout = self._table.layout
        column = self._clocks[0].columns[0] if layout and self._clocks else 0
        cell = cells[column].strip() if column < len(cells) else ""
        if not cell:
            return UserError(f"{where} has no time stamp; fix or remove it")
        try:
            self._read_stamp(cell, self._rules.start_us)
        except OrderNeeded:
            pass
        except CellError as error:
            return UserError(f"{where}: {error.problem}")
        return UserError(f"{where}: '{_short(cell)}' is not a row of data; fix or remove it")

    def _note(self, kind: str, number: int, cells: list[str]) -> None:
        count, example = self._counts.get(kind, (0, ""))
        text = _short(self._table.separator.join(cells))
        self._counts[kind] = (count + 1, example or f"{self._name}: row {number}: '{text}'")


def _short(text: str, most: int = 40) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 3] + "..."
