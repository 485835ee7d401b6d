"""Numbers as exports write them: decimal commas, thousands separators, and text in between."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import polars as pl

from shiftwork.records.historian.readers.table import CellError

Mark = Literal[".", ","]

NOTHING = ("", "nan", "null", "none", "n/a", "na", "#n/a", "-", "--")
"""Cells that hold nothing, in small letters."""

# A number of which only the decimal mark makes sense, by mark: the digits behind it are not three
# (1,5), more than three stand before it (1234,567), nothing or a zero does (0,125), or the other
# mark already groups thousands (1.234,567 and 1.234.567).
_CERTAIN = {
    ",": r"^[+-]?(?:\d*,(?:\d{1,2}|\d{4,})|\d{4,},\d+|0*,\d+|\d{1,3}(?:[. '\x{a0}\x{202f}]\d{3})+,\d+"
    r"|\d{1,3}(?:\.\d{3}){2,}|\d+,\d+[eE][+-]?\d+)$",
    ".": r"^[+-]?(?:\d*\.(?:\d{1,2}|\d{4,})|\d{4,}\.\d+|0*\.\d+|\d{1,3}(?:[, '\x{a0}\x{202f}]\d{3})+\.\d+"
    r"|\d{1,3}(?:,\d{3}){2,}|\d+\.\d+[eE][+-]?\d+)$",
}
_UNCERTAIN = {",": r"^[+-]?[1-9]\d{0,2},\d{3}$", ".": r"^[+-]?[1-9]\d{0,2}\.\d{3}$"}
_BARE = r"^[+-]?[1-9]\d*$"
_NUMERIC = r"^[+-]?[\d.,' \x{a0}\x{202f}]*\d[\d.,' \x{a0}\x{202f}]*(?:[eE][+-]?\d+)?$"
_GROUPED = {
    ".": r"^[+-]?\d{1,3}(?:[,' \x{a0}\x{202f}]\d{3})+(?:\.\d*)?$",
    ",": r"^[+-]?\d{1,3}(?:[.' \x{a0}\x{202f}]\d{3})+(?:,\d*)?$",
}
_GROUPING = {".": r"[,' \x{a0}\x{202f}]", ",": r"[.' \x{a0}\x{202f}]"}
_PLAIN = {
    ".": r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$",
    ",": r"^[+-]?(?:\d+,?\d*|,\d+)(?:[eE][+-]?\d+)?$",
}


@dataclass(frozen=True)
class Evidence:
    """What some cells tell about the decimal mark.

    Attributes:
        mark: The one that a cell settles, or None.
        undecided: A cell that either mark could have written, or None.
    """

    mark: Mark | None
    undecided: str | None = None


def trimmed(cells: pl.Series) -> pl.Series:
    """Text without surrounding space, the minus sign of typesetters as a plain one."""
    return cells.str.strip_chars().str.replace("−", "-", literal=True)


def is_nothing(cells: pl.Series) -> pl.Series:
    """Tell which trimmed cells hold nothing."""
    short = cells.str.len_bytes() <= max(map(len, NOTHING))
    if not short.any():  # as in every column of time stamps
        return cells.is_null()
    return (cells.is_null() | (short & cells.str.to_lowercase().is_in(NOTHING))).fill_null(True)


def has_mark(cells: pl.Series) -> bool:
    """Tell whether any cell needs the decimal mark to be known."""
    numeric = trimmed(cells.filter(cells.str.contains("[.,]")))
    return bool(numeric.str.contains(_NUMERIC).any())


def settle_mark(columns: Iterable[pl.Series]) -> Evidence:
    """Find out which decimal mark an export has.

    Args:
        columns: Trimmed cells, read only until one of them tells.

    Returns:
        A mark if a cell tells, or if every number has exactly three decimals behind a point;
        otherwise a cell that could be either.
    """
    bare, points, comma = False, None, None
    for cells in columns:
        for mark in (",", "."):
            if cells.str.contains(_CERTAIN[mark]).any():
                return Evidence(mark)
        bare = bare or bool(cells.str.contains(_BARE).any())
        points = points or _first(cells, _UNCERTAIN["."])
        comma = comma or _first(cells, _UNCERTAIN[","])
    if comma:
        return Evidence(None, comma)
    if points and bare:
        return Evidence(None, points)
    return Evidence("." if points else None)


def numbers(cells: pl.Series, mark: Mark) -> pl.Series:
    """Read cells as numbers, Float64, null where one is nothing or text.

    Raises:
        CellError: A cell looks like a number, but not with this decimal mark.
    """
    if mark == ",":  # a point can only group thousands here, so no cell is read as it stands
        odd = cells.is_not_null()
        values = pl.Series([None], dtype=pl.Float64).new_from_index(0, len(cells))
    else:
        values = cells.cast(pl.Float64, strict=False)
        odd = values.is_null() & cells.is_not_null()
    if odd.any():
        rows = odd.arg_true()
        values = values.scatter(rows, _odd_numbers(trimmed(cells.gather(rows)), mark, rows))
    # "inf" and "nan" are words of a spreadsheet, and 1e999 is no number of a plant.
    return pl.select(pl.when(values.is_finite()).then(values)).to_series()


def _odd_numbers(cells: pl.Series, mark: Mark, rows: pl.Series) -> pl.Series:
    """Read trimmed cells that are no plain numbers with a decimal point."""
    plain = cells.str.contains(_PLAIN[mark])
    grouped = cells.str.contains(_GROUPED[mark])
    unfit = ~plain & ~grouped & cells.str.contains(_NUMERIC)
    if unfit.any():
        index = int(unfit.arg_max() or 0)
        raise CellError(
            int(rows[index]),
            f"'{cells[index][:40]}' is no number where '{mark}' is the decimal mark; mend the row "
            'or set export.decimal = "." or ","',
        )
    bare = cells.str.replace_all(_GROUPING[mark], "").str.replace(",", ".", literal=True)
    return pl.select(pl.when(plain | grouped).then(bare)).to_series().cast(pl.Float64)


def _first(cells: pl.Series, pattern: str) -> str | None:
    found = cells.filter(cells.str.contains(pattern).fill_null(value=False))
    return str(found[0]) if len(found) else None
