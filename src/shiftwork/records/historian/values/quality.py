"""Quality as exports write it, in four conventions that overlap in their numbers.

==========  ==================================================================================
opc         OPC UA status codes of 32 bits, decimal or 0x...: the top two bits tell good (00),
            uncertain (01) or bad (10); as signed numbers, bad ones are negative.
sparkplug   192 good, 0 bad, 500 stale, which is bad.
words       good, not good, suspect and their like.
confidence  0 to 100, by the two thresholds of the plant file.
==========  ==================================================================================

A column's convention is told from all of its values together, over the whole export:

- any word that is no number: words;
- any value that only a status code of OPC UA can be (65536 and more, or below zero): opc;
- otherwise 192 or 500, and nothing but 0, 192 and 500: sparkplug;
- otherwise all in 0 to 100, and one of them at least 50 (above every flag and enumeration): confidence.

What is left is refused, with ``quality.convention`` as the mend. Nothing but 0 is left on purpose:
it means good in OPC UA and bad in Sparkplug.
"""

from __future__ import annotations

import math
import re

import numpy as np
import polars as pl
from jaxtyping import UInt8, UInt16

from shiftwork.errors import UserError
from shiftwork.records.historian.plant_file.model import Convention, PlantFile

GOOD, UNCERTAIN, BAD = 0, 1, 2
"""Values of the column ``status``."""

MOST_VALUES = 60_000

Value = float | str | None

_GOOD_WORDS = ("good", "ok", "valid", "normal", "true", "g")
_UNCERTAIN_WORDS = ("uncertain", "suspect", "questionable", "doubtful", "substituted", "estimated")
_BAD_WORDS = (
    "bad", "not good", "invalid", "error", "fail", "failed", "failure", "stale", "offline",
    "no data", "false", "b", "timeout", "i/o timeout", "comm fail", "disconnected",
)  # fmt: skip
_FLAT = re.compile(r"[\s_-]+")


def status_of_word(word: str) -> int | None:
    """Status of a quality word, also of the names that OPC UA gives to its codes."""
    word = _FLAT.sub(" ", word.strip().lower())
    if word.startswith(("not good", "notgood", "bad")) or word in _BAD_WORDS:
        return BAD
    if word.startswith(_UNCERTAIN_WORDS) or word in ("u", "s", "q"):
        return UNCERTAIN
    if word.startswith("good") or word in _GOOD_WORDS:
        return GOOD
    return None


class Qualities:
    """The different values of an export's quality, each with where it first stood.

    Rows keep the number of their value until all of the export has been seen, since only the
    values together tell the convention.
    """

    def __init__(self) -> None:
        self._places: dict[Value, str] = {}
        self._codes: dict[Value, int] = {}

    def code(self, cells: pl.Series, table: str) -> UInt16[np.ndarray, " T"]:
        """Number the values of some rows.

        Raises:
            UserError: There are more different ones than any convention has.
        """
        if cells.dtype.is_float():
            # Confidence may be any fraction; rounded down, no threshold is passed by it.
            cells = (cells * 100).floor() / 100
        different = cells.unique(maintain_order=True)
        codes = [self._number(value, table) for value in different.to_list()]
        if len(codes) == 1:
            return np.full(len(cells), codes[0], np.uint16)
        numbered = cells.replace_strict(different, codes, return_dtype=pl.UInt16)
        return numbered.to_numpy()

    def _number(self, raw: object, table: str) -> int:
        value = _value(raw)
        if value not in self._codes:
            if len(self._codes) == MOST_VALUES:
                raise UserError(
                    f"{table}: its quality has more than {MOST_VALUES} different values; "
                    "check that export.quality names the right column"
                )
            self._codes[value] = len(self._codes)
            self._places[value] = table
        return self._codes[value]

    def statuses(self, plant: PlantFile) -> UInt8[np.ndarray, " Q"]:
        """Status of each value, by its number; a missing one is uncertain.

        Raises:
            UserError: The convention cannot be told, or a value does not fit it.
        """
        known = [value for value in self._codes if value is not None]
        convention = plant.quality.convention or (self._convention(known) if known else "words")
        return np.array(
            [UNCERTAIN if v is None else self._status(v, convention, plant) for v in self._codes],
            np.uint8,
        )

    def _convention(self, known: list[float | str]) -> Convention:
        numeric = [value for value in known if isinstance(value, float)]
        if len(numeric) < len(known):
            return "words"
        if any(v >= 65536 or v < 0 for v in numeric):
            return "opc"
        if set(numeric) <= {0, 192, 500} and set(numeric) != {0}:
            return "sparkplug"
        if max(numeric) <= 100 and max(numeric) >= 50:
            return "confidence"
        shown = ", ".join(f"{value:g}" for value in sorted(numeric)[:5])
        raise UserError(
            f"{self._places[known[0]]}: its quality ({shown}) fits several conventions or none; "
            'set quality.convention = "opc", "sparkplug", "words" or "confidence"'
        )

    def _status(self, value: Value, convention: Convention, plant: PlantFile) -> int:
        status = None
        if convention == "words":
            status = status_of_word(value) if isinstance(value, str) else None
        elif isinstance(value, float):
            status = _STATUS[convention](value, plant)
        if status is None:
            shown = f"{value:g}" if isinstance(value, float) else str(value)[:40]
            raise UserError(
                f"{self._places[value]}: quality '{shown}' is none of the convention "
                f"'{convention}'; mend the rows or set quality.convention"
            )
        return status


def _value(raw: object) -> Value:
    if raw is None:
        return None
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int | float):
        return None if math.isnan(raw) else float(raw)
    text = str(raw).strip()
    try:
        number = float(int(text, 16)) if text[:2].lower() == "0x" else float(text)
    except (ValueError, OverflowError):
        return text.lower() or None
    return number if math.isfinite(number) else text.lower()


def _opc(value: float, plant: PlantFile) -> int | None:
    if value != int(value) or not -(2**31) <= value < 2**32:
        return None
    code = int(value) % 2**32
    # The low bits mean something only with their info type; 192 and its like are other codes.
    if code & 0x03FF and not code & 0x0C00:
        return None
    return min(code >> 30, BAD)


def _sparkplug(value: float, plant: PlantFile) -> int | None:
    return {192: GOOD, 0: BAD, 500: BAD}.get(int(value)) if value == int(value) else None


def _confidence(value: float, plant: PlantFile) -> int | None:
    if not 0 <= value <= 100:
        return None
    rules = plant.quality
    if value >= rules.good_confidence:
        return GOOD
    return UNCERTAIN if value >= rules.uncertain_confidence else BAD


_STATUS = {"opc": _opc, "sparkplug": _sparkplug, "confidence": _confidence}
