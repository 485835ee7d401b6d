"""Files that are no table at all, by how they begin: each is refused as what it is."""

from __future__ import annotations

import re

from shiftwork.errors import UserError
from shiftwork.records.historian.readers.source import Source

_OTHER = (
    (b"\xd0\xcf\x11\xe0", "is a spreadsheet that cannot be opened; save it as .xlsx or CSV"),
    (b"%PDF", "is a PDF; export it as CSV"),
    (b"FEA1", "is a Feather file of version 1; write it as version 2 or Parquet"),
    (b"\x09\x08", "is a workbook of an old kind; save it as .xlsx or CSV"),
    (b"\x89HDF", "is an HDF5 file; export it as CSV or Parquet"),
)


_OTHER_TEXT = (
    (r"mime-version:|from: <saved by", "is a web archive; save it as .xlsx or CSV with a "
     "spreadsheet program"),
    (r"<\?xml", "is XML; export it as CSV or Parquet"),
    (r"(?:--[^\n]*\s+|/\*.*?\*/;?\s*|(?:set|drop|use|lock|select|alter)\b[^;]*;\s*)*(?:insert\s+into|create\s+table|copy\s.*from\s+stdin|begin\s+transaction)",
     "holds SQL statements; export CSV, or give the database's own file"),
)  # fmt: skip
"""Text of other kinds by how it begins, in small letters."""


class NoTable(UserError):
    """A text that holds no table: in a folder it is left out, by itself it is refused."""


class OtherKind(NoTable):
    """A text that is no table at all, such as a web page."""


def begin_of(source: Source) -> str:
    """The beginning of a text in small letters, whatever its encoding is."""
    begin = source.begin(2000).replace(b"\0", b"").decode("latin-1")
    return begin.lstrip("ÿþï»¿ \t\r\n").lower()


def refuse_other_kinds(source: Source) -> None:
    """Refuse a file that begins as no delimited text does.

    Raises:
        UserError: It is a file of another kind that cannot be read.
        OtherKind: It is text, but no table.
    """
    magic = source.begin(8)
    for start, problem in _OTHER:
        if magic.startswith(start):
            raise UserError(f"{source.name}: {problem}")
    if source.begin(262)[257:] == b"ustar":
        raise UserError(f"{source.name}: is a tar archive; unpack it, and give the files in it")
    begin = begin_of(source)
    for pattern, problem in _OTHER_TEXT:
        if re.match(pattern, begin, re.S):
            raise OtherKind(f"{source.name}: {problem}")
