"""Numbers as exports write them: decimal commas, thousands separators, and text in between."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import polars as pl

from shiftwork.records.historian.values.cells import CellError

Mark = Literal[".", ","]

NOTHING = (
    "", "nan", "null", "none", "n/a", "na", "#n/a", "-", "--", "\\n", "nil", "(null)", "<null>", "[null]",
)  # fmt: skip
"""Cells that hold nothing, in small letters."""

TRUE = ("true", "wahr", "vrai", "verdadero", "vero", "verdadeiro", "참", "真")
FALSE = ("false", "falsch", "faux", "falso", "거짓", "假", "偽")
"""Truth as spreadsheets write it in the language of their user, in small letters."""

UNITS = frozenset((
    "%", "‰", "°c", "°f", "°", "degc", "degf", "deg c", "deg f", "℃", "c", "f", "k", "bar", "barg", "bara", "mbar",
    "pa", "kpa", "mpa", "hpa", "psi", "psig", "psia", "mmhg", "mmh2o", "atm", "kg/h", "t/h", "m3/h",
    "m³/h", "nm3/h", "nm³/h", "sm3/h", "l/h", "l/min", "l/s", "ml/min", "kg/s",
    "kg/min", "g/s", "t/d", "gpm", "scfm", "rpm",
    "1/min", "u/min", "hz", "khz", "a", "ma", "v", "mv", "kv", "w", "kw", "mw",
    "gw", "wh", "kwh", "mwh", "kj", "mj", "gj",
    "kj/h", "gj/h", "m", "mm", "cm", "µm", "um", "km", "m/s", "km/h", "mm/s",
    "s", "sec", "min", "h", "ms", "kg", "g", "t",
    "l", "ml", "m3", "m³", "ppm", "ppb", "vol%", "vol.-%", "wt%", "mol%", "%rh", "% rh", "ph", "g/l", "mg/l",
    "mol/l", "kg/m3", "kg/m³", "g/cm3", "ntu", "µs/cm", "us/cm", "ms/cm",
    "lux", "lx", "db", "n", "kn", "nm", "€", "$", "원",
))  # fmt: skip
"""Units that may stand behind a number in its cell, in small letters."""

_SPACE = r" \x{a0}\x{2007}\x{2009}\x{202f}"
# A number of which only the decimal mark makes sense, by mark: the digits behind it are not three
# (1,5), more than three stand before it (1234,567), nothing or a zero does (0,125), or the other
# mark already groups thousands (1.234,567 and 1.234.567).
_CERTAIN = {
    ",": rf"^[+-]?(?:[0-9]+,|[0-9]*,(?:[0-9]{{1,2}}|[0-9]{{4,}})|[0-9]{{4,}},[0-9]+|0*,[0-9]+"
    rf"|[0-9]{{1,3}}(?:[.'{_SPACE}][0-9]{{3}})+,[0-9]+|[0-9]{{1,3}}(?:\.[0-9]{{3}}){{2,}}"
    r"|[0-9]+,[0-9]+[eE][+-]?[0-9]+)$",
    ".": rf"^[+-]?(?:[0-9]+\.|[0-9]*\.(?:[0-9]{{1,2}}|[0-9]{{4,}})|[0-9]{{4,}}\.[0-9]+|0*\.[0-9]+"
    rf"|[0-9]{{1,3}}(?:[,'{_SPACE}][0-9]{{3}})+\.[0-9]+|[0-9]{{1,3}}(?:,[0-9]{{3}}){{2,}}"
    r"|[0-9]+\.[0-9]+[eE][+-]?[0-9]+)$",
}
_UNCERTAIN = {",": r"^[+-]?[1-9][0-9]{0,2},[0-9]{3}$", ".": r"^[+-]?[1-9][0-9]{0,2}\.[0-9]{3}$"}
_BARE = r"^[+-]?[1-9][0-9]*$"
_NUMERIC = rf"^[+-]?[0-9.,'{_SPACE}]*[0-9][0-9.,'{_SPACE}]*(?:[eE][+-]?[0-9]+)?$"
_GROUPED = {
    ".": rf"^[+-]?[0-9]{{1,3}}(?:[,'{_SPACE}][0-9]{{3}})+(?:\.[0-9]*)?$",
    ",": rf"^[+-]?[0-9]{{1,3}}(?:[.'{_SPACE}][0-9]{{3}})+(?:,[0-9]*)?$",
}
_GROUPING = {".": rf"[,'{_SPACE}]", ",": rf"[.'{_SPACE}]"}
_PLAIN = {
    ".": r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$",
    ",": r"^[+-]?(?:[0-9]+,?[0-9]*|,[0-9]+)(?:[eE][+-]?[0-9]+)?$",
}
_WITH_UNIT = r"^([+-]?[0-9.,' ]*[0-9][0-9.,' ]*(?:[eE][+-]?[0-9]+)?)\s*([^0-9.,'\s+-].*)$"
_DIGITS = rf"[0-9.,'{_SPACE}]*[0-9][0-9.,'{_SPACE}]*"
_SPELLED = r"""^\(|-$|^[+-]\s|^="|[dD][+-][0-9]+$"""
_PLAINLY = (
    (r"""^="(.*)"$""", "$1"),
    (rf"^\(({_DIGITS})\)$", "-$1"),
    (rf"^({_DIGITS}?)\s*-$", "-$1"),
    (r"^([+-])\s+([0-9.,])", "$1$2"),
    (r"^([+-]?[0-9]*[.,]?[0-9]+[.,]?)[dD]([+-][0-9]{1,3})$", "${1}E$2"),
)
"""Numbers as spreadsheets, accounts and Fortran write them, and what stands in their place."""
_ABROAD = "٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹０１２３４５６７８９．，－＋’ʼ＇´`−‒–"
_OURS = "0123456789" * 3 + ".,-+" + "'" * 5 + "-" * 3


@dataclass(frozen=True)
class MarkFound:
    """What some cells tell about the decimal mark.

    Attributes:
        mark: The one that a cell settles, or None.
        undecided: A cell that either mark could have written, or None.
        assumed: The mark is only likely: every number has three decimals behind a point.
    """

    mark: Mark | None
    undecided: str | None = None
    assumed: bool = False


def trimmed(cells: pl.Series) -> pl.Series:
    """Text without surrounding space; digits, signs and apostrophes of other scripts as plain ones."""
    cells = cells.str.strip_chars()
    if cells.str.contains(r"[^\x00-\x7f]").any():
        cells = cells.str.replace_many(list(_ABROAD), list(_OURS)).str.replace_all("\u066c", "")
        # The Arabic decimal mark is nothing else; beside a mark of the file it would be a second one.
        cells = cells.str.replace("\u066b", ".", literal=True)
    if cells.str.contains(_SPELLED).any():
        for pattern, replacement in _PLAINLY:
            cells = cells.str.replace(pattern, replacement)
    return cells


def is_spelled_negative(cells: pl.Series) -> pl.Series:
    """Tell which cells are numbers in brackets, or with their minus behind, as accounts have them."""
    return cells.str.contains(rf"^\s*(?:\({_DIGITS}\)|{_DIGITS}[-−–])\s*$").fill_null(value=False)


def split_units(cells: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Take units away from numbers: the cells without them, and the units, null where none is.

    Args:
        cells: Trimmed text, (T,).
    """
    parts = cells.str.extract_groups(_WITH_UNIT)
    unit = parts.struct.field("2").str.strip_chars()
    known = unit.str.to_lowercase().is_in(list(UNITS)) & ~unit.is_in(
        ["k", "M"]
    )  # thousands, millions
    known = known.fill_null(value=False)
    bare = pl.select(
        pl.when(known).then(parts.struct.field("1").str.strip_chars()).otherwise(cells)
    )
    return bare.to_series(), pl.select(pl.when(known).then(unit)).to_series()


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


def without_repeats(cells: pl.Series) -> pl.Series:
    """Leave out all cells but the first that tell nothing about the decimal mark, such as 123.456.

    Exports that have three decimals everywhere consist of such cells.
    """
    open_ones = cells.str.contains(_UNCERTAIN["."]).fill_null(value=False)
    if not open_ones.any():
        return cells
    return pl.concat([cells.filter(open_ones).head(1), cells.filter(~open_ones)])


def settle_mark(columns: Iterable[pl.Series]) -> MarkFound:
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
                return MarkFound(mark)
        bare = bare or bool(cells.str.contains(_BARE).any())
        points = points or _first(cells, _UNCERTAIN["."])
        comma = comma or _first(cells, _UNCERTAIN[","])
    if comma:
        return MarkFound(None, comma)
    if points and bare:
        return MarkFound(None, points)
    return MarkFound("." if points else None, points, assumed=points is not None)


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
    # "inf" and "nan" are words of a spreadsheet, and 1e999 is not a number of a plant.
    return pl.select(pl.when(values.is_finite()).then(values)).to_series()


def _odd_numbers(cells: pl.Series, mark: Mark, rows: pl.Series) -> pl.Series:
    """Read trimmed cells that are no plain numbers with a decimal point."""
    plain = cells.str.contains(_PLAIN[mark])
    grouped = cells.str.contains(_GROUPED[mark])
    small = cells.str.to_lowercase()
    truth = small.is_in(TRUE) | small.is_in(FALSE)
    unfit = ~plain & ~grouped & cells.str.contains(_NUMERIC)
    if unfit.any():
        index = int(unfit.arg_max() or 0)
        raise CellError(
            int(rows[index]),
            f"'{cells[index][:40]}' is not a number where '{mark}' is the decimal mark; fix the row "
            'or set export.decimal = "." or ","',
        )
    bare = cells.str.replace_all(_GROUPING[mark], "").str.replace(",", ".", literal=True)
    bare = pl.select(pl.when(plain | grouped).then(bare)).to_series().cast(pl.Float64)
    if not truth.any():
        return bare
    return pl.select(
        pl.when(truth).then(small.is_in(TRUE).cast(pl.Float64)).otherwise(bare)
    ).to_series()


def _first(cells: pl.Series, pattern: str) -> str | None:
    found = cells.filter(cells.str.contains(pattern).fill_null(value=False))
    return str(found[0]) if len(found) else None
