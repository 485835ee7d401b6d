"""Tables of web pages and sheets of workbooks in XML, as many systems export "for Excel"."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from html.parser import HTMLParser

from shiftwork.records.historian.readers.encoding import decodes, encoding_of
from shiftwork.records.historian.readers.other_kinds import OtherKind
from shiftwork.records.historian.readers.written_rows import MOST_COLUMNS, WrittenRows, mark_free

_CHARSET = re.compile(rb"(?:charset|encoding)\s*=\s*[\"']?\s*([A-Za-z0-9_-]+)")
_PARTS = {
    "table": "table", "tr": "row", "td": "cell", "th": "cell",
    "worksheet": "table", "row": "row", "cell": "cell",
}  # fmt: skip
_NO_TAG = re.compile(r"<[a-zA-Z/?!](?:[^<>]*<){64}")
"""A tag that does not end while others begin; the parser would search the rest for each of them."""
_UNREAD = ("script", "style", "comment", "phonetictext")
_WITHIN = frozenset((
    "a", "abbr", "acronym", "b", "big", "center", "code", "em", "font", "i", "img", "kbd", "label", "nobr", "samp",
    "small", "span", "strong", "time", "tt", "u", "wbr",
))  # fmt: skip
"""Parts that do not change what the text of a cell says."""


def read_markup(
    raw: bytes, name: str, declared: str | None, expected: Iterable[str]
) -> list[WrittenRows]:
    """Read the tables of a page or a workbook. Entities of its own are not known, so none is expanded.

    Args:
        raw: The document.
        name: The file, for errors.
        declared: The encoding that the plant file declares.
        expected: Names that the document should hold, such as those of tags.

    Returns:
        Its tables, those within others too.

    Raises:
        UserError: Its encoding cannot be found.
        OtherKind: A table, tag or comment does not end, or a table is too large.
    """
    text = _decoded(raw, name, declared, expected)
    if _NO_TAG.search(text) or text.rfind("<!--") > text.rfind("-->"):
        raise OtherKind(f"{name}: has a tag or comment that does not end; export it again")
    document = _Document(name)
    document.feed(text)
    document.close()
    if document.open:
        raise OtherKind(f"{name}: ends within a table, so it is not whole; export it again")
    return document.tables


def _decoded(raw: bytes, name: str, declared: str | None, expected: Iterable[str]) -> str:
    if raw[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return raw.decode("utf-16", "replace")
    own = _CHARSET.search(raw[:4096])
    for codec in ("utf-8-sig", declared, own[1].decode() if own else None):
        try:
            if codec and decodes(raw, codec):
                return raw.decode(codec)
        except LookupError:
            continue
    return raw.decode(encoding_of(raw, name, expected), "replace")


class _Open:
    """A table that has not ended.

    Attributes:
        rows: Its rows so far.
        row: The cells of one that has not ended.
        cell: The text of one that has not ended.
        span: Columns and rows that it fills.
        carried: For how many rows a cell above still fills a column, and its text.
    """

    def __init__(self, rows: WrittenRows) -> None:
        self.rows = rows
        self.row: list[str] | None = None
        self.cell: list[str] | None = None
        self.span = (1, 1)
        self.carried: dict[int, tuple[int, str]] = {}

    def begin_cell(self, place: int | None, across: int, down: int) -> None:
        self.end_cell()
        self.row = self._filled(self.row or [])
        self.row += [""] * ((place or 1) - 1 - len(self.row))
        self.cell, self.span = [], (across, down)

    def end_cell(self) -> None:
        if self.row is None or self.cell is None:
            return
        across, down = self.span
        for text in ["".join(self.cell), *[""] * (across - 1)]:
            if down > 1:
                self.carried[len(self.row)] = (down - 1, text)
            self.row.append(text)
        self.cell = None

    def end_row(self) -> None:
        self.end_cell()
        if self.row is not None:
            self.rows.add(self._filled(self.row))
        self.row = None

    def _filled(self, row: list[str]) -> list[str]:
        while len(row) in self.carried:
            left, text = self.carried.pop(len(row))
            if left > 1:
                self.carried[len(row)] = (left - 1, text)
            row.append(text)
        return row


class _Document(HTMLParser):
    def __init__(self, name: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[WrittenRows] = []
        self.open: list[_Open] = []
        self._name = name
        self._unread = ""
        self._number = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a table, a row or a cell; what is not closed before ends here."""
        tag = tag.rpartition(":")[2]
        given = {name.rpartition(":")[2]: value or "" for name, value in attrs}
        part = _PARTS.get(tag)
        if tag in _UNREAD:
            self._unread = self._unread or tag
        elif part == "table" and not (tag == "table" and self._in_sheet()):
            self.tables.append(WrittenRows(self._name, given.get("name", "")))
            self.open.append(_Open(self.tables[-1]))
        elif self.open and not self._unread:
            table = self.open[-1]
            if tag in ("thead", "tbody", "tfoot"):
                table.end_row()
            elif part == "row":
                table.end_row()
                for _ in range(table.rows.count, (_whole(given, "index") or 1) - 1):
                    table.rows.add([""])
                table.row = []
            elif part == "cell":
                across = _whole(given, "colspan") or 1 + (_whole(given, "mergeacross") or 0)
                down = _whole(given, "rowspan") or 1
                table.begin_cell(_whole(given, "index"), min(across, MOST_COLUMNS), down)
            elif tag == "data":
                self._number = given.get("type") == "Number"
            elif tag in ("br", "p", "div"):
                self.handle_data(" ")
            elif tag not in _WITHIN and not self._in_sheet():
                self.handle_data(" | ")  # 1 with 2 above it is not 12

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin and end a part at once, as XML may."""
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """End a table, a row or a cell."""
        tag = tag.rpartition(":")[2]
        part = _PARTS.get(tag)
        if self._unread:
            self._unread = "" if tag == self._unread else self._unread
        elif tag == "data":
            self._number = False
        elif self.open and part == "cell":
            self.open[-1].end_cell()
        elif self.open and part == "row":
            self.open[-1].end_row()
        elif self.open and part == "table" and not (tag == "table" and self._in_sheet()):
            self.open.pop().end_row()

    def handle_data(self, data: str) -> None:
        """Add to the cell."""
        if self.open and not self._unread and (cell := self.open[-1].cell) is not None:
            cell.append(mark_free(data) if self._number else data)

    def unknown_decl(self, data: str) -> None:
        """Add text that is not to be parsed, as XML may have it."""
        if data.startswith("CDATA["):
            self.handle_data(data[6:])

    def _in_sheet(self) -> bool:
        """A sheet holds its cells in a table of its own."""
        return bool(self.tables and self.open and self.tables[0].name)


def _whole(given: dict[str, str], key: str) -> int | None:
    """A count or place; none where it is absent or no sensible number."""
    text = given.get(key, "").strip()
    return int(text) if re.fullmatch("[0-9]{1,7}", text) and int(text) > 0 else None
