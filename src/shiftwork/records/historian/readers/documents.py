"""Documents that hold tables without being delimited text: web pages, workbooks in XML, and JSON."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable

from shiftwork.records.historian.plant_file.model import ExportRules
from shiftwork.records.historian.readers.json_rows import read_json
from shiftwork.records.historian.readers.markup import read_markup
from shiftwork.records.historian.readers.other_kinds import OtherKind, begin_of
from shiftwork.records.historian.readers.source import Source
from shiftwork.records.historian.readers.written_rows import LARGEST_DOCUMENT, WrittenRows

_PROLOGUE = r"(?:\s|<\?[^>]*>|<!--.*?-->)*"
_FORMS = (
    ("web page", rf"{_PROLOGUE}<(?:!doctype html|html|head|body|table|meta|style|div)\b"),
    ("workbook in XML", rf"{_PROLOGUE}<(?:ss:)?workbook\b"),
    ("JSON", r"\{\s*[\"}]|\[\s*[\[{]"),
)
"""What a document is by how it begins, in small letters."""


def tables_of(source: Source, rules: ExportRules, expected: Iterable[str]) -> list[Source] | None:
    """Write the tables of a document as delimited text.

    Args:
        source: A file.
        rules: What the plant file declares.
        expected: Names that the text should hold, such as those of tags.

    Returns:
        A source for each table, text in UTF-8 with tabs; None if the file is no such document.

    Raises:
        OtherKind: The document cannot be read, or holds no table.
    """
    begin = begin_of(source)
    form = next((form for form, pattern in _FORMS if re.match(pattern, begin, re.S)), None)
    if form is None:
        return None
    raw = source.begin(LARGEST_DOCUMENT + 1)
    if len(raw) > LARGEST_DOCUMENT:
        raise OtherKind(
            f"{source.name}: is a {form} of more than {LARGEST_DOCUMENT / 2**20:g} MiB; export CSV or Parquet, or "
            "split it by time"
        )
    found = (
        read_json(raw, source.name)
        if form == "JSON"
        else read_markup(raw, source.name, rules.encoding, expected)
    )
    found = [rows for rows in found if rows.count]
    if not found:
        raise OtherKind(f"{source.name}: is a {form} without a table; export it as CSV or .xlsx")
    return [_source(source, form, number, rows, len(found)) for number, rows in enumerate(found, 1)]


def _source(document: Source, form: str, number: int, rows: WrittenRows, count: int) -> Source:
    text = rows.text()
    place = f"sheet '{rows.name}'" if rows.name else f"table {number}"
    return Source(
        f"{document.name}: {place}" if count > 1 else document.name,
        rows.name if rows.name and count > 1 else document.stem,
        lambda: io.BytesIO(text),
        form=form,
    )
