"""Rows of a table that a document holds, written as delimited text, which is read like any other."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

from shiftwork.records.historian.readers.other_kinds import OtherKind

LARGEST_DOCUMENT = 2**26
"""Bytes of a document, which is in memory as a whole, and of a table, in which cells that span others are repeated."""

MOST_COLUMNS = 16_384
"""As a workbook may have at most."""

_NUMBER = re.compile(r"-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?", re.ASCII)


class WrittenRows:
    """Rows of one table, written as text with tabs between the cells.

    Attributes:
        name: What the document calls the table, "" for nothing.
        count: Rows so far.
    """

    def __init__(self, document: str, name: str = "") -> None:
        self.name = name
        self.count = 0
        self._document = document
        self._text = io.StringIO()
        self._writer = csv.writer(self._text, delimiter="\t", lineterminator="\n")

    def add(self, cells: Iterable[str]) -> None:
        """Write a row; space of any kind in a cell becomes one space.

        Raises:
            OtherKind: The table is larger than any that is meant.
        """
        row = [" ".join(cell.split()) for cell in cells]
        self._writer.writerow(row)
        self.count += 1
        if len(row) > MOST_COLUMNS or self._text.tell() > LARGEST_DOCUMENT:
            raise OtherKind(
                f"{self._document}: holds a table that is too large; export it as CSV or Parquet"
            )

    def text(self) -> bytes:
        """All rows, in UTF-8."""
        return self._text.getvalue().encode("utf-8", "replace")


def mark_free(number: str) -> str:
    """Write a number with a decimal point as one that no decimal mark changes: 45.2 becomes 452e-1."""
    if not _NUMBER.fullmatch(number):
        return number
    mantissa, _, exponent = number.lower().partition("e")
    whole, _, part = mantissa.partition(".")
    part = part.rstrip("0")
    if not part:
        return f"{whole}e{exponent}" if exponent else whole
    return f"{whole}{part}e{int(exponent or 0) - len(part)}"
