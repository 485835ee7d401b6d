"""Quality as exports write it, in conventions that overlap in their numbers.

==========  ==================================================================================
opc         OPC UA status codes of 32 bits, decimal or 0x...: the top two bits show good (00),
            uncertain (01) or bad (10); as signed numbers, bad ones are negative.
opc_da      The byte of classic OPC: its top two bits show good (11), uncertain (01) or bad (00).
sparkplug   192 good, 0 bad, 500 stale, which is bad.
words       good, not good, suspect and their like, in several languages.
confidence  0 to 100, by the two thresholds of the plant file; -1 for no data.
==========  ==================================================================================

Codes and words of a site's own stand in the plant file, under ``quality.good``,
``quality.uncertain`` and ``quality.bad``; what stands there comes before every convention.

A column's convention is found from all of its values together, over all files of one kind:

- any word that is not a number: words;
- -1 beside nothing but 0 to 100, one of them at least 50: confidence;
- any value that only a status code of OPC UA can be (65536 and more, or below zero): opc;
- 192 or 500, and nothing but 0, 192 and 500: sparkplug;
- one of the good bytes of classic OPC, and nothing but its bytes: opc_da;
- all in 0 to 100, and one of them at least 50 (above every flag and enumeration): confidence.

What is left is refused. Nothing but 0 is left on purpose: it means good in OPC UA and bad in
Sparkplug. 0 and 1 are left as well, except under a name that says what 1 means.
"""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import UInt8, UInt16

from shiftwork.errors import UserError
from shiftwork.records.historian.plant_file.model import Convention, PlantFile

GOOD, UNCERTAIN, BAD = 0, 1, 2
"""Values of the column ``status``."""

MOST_VALUES = 60_000
FEW_VALUES = 8
"""Different values that are looked for one by one, which is faster than a table for so few."""

Value = float | str | None

_GOOD_WORDS = frozenset((
    "good", "ok", "okay", "valid", "normal", "true", "g", "gut", "gültig", "bon", "bonne", "valide", "bueno",
    "buena", "válido", "valido", "bom", "boa", "buono", "buona", "i.o.", "hyvä",
    "goed", "dobra", "dobry", "хорошее", "хорошая", "хорошо",
    "достоверно", "dobrá", "god", "bra", "iyi", "korrekt", "correcto", "correct", "양호", "정상", "좋음", "유효", "好",
    "良好", "正常", "有效", "良", "有効",
))  # fmt: skip
_UNCERTAIN_WORDS = (
    "uncertain", "suspect", "questionable", "doubtful", "substituted", "estimated", "unsicher",
    "zweifelhaft", "incertain", "douteu", "inciert", "dudos", "incert", "fraglich", "의심", "불확실", "추정",
    "可疑", "不确定", "疑わしい", "不確か",
)  # fmt: skip
_BAD_WORDS = frozenset((
    "bad", "not good", "invalid", "error", "fail", "failed", "failure", "stale", "offline", "no data", "false",
    "b", "timeout", "i/o timeout", "comm fail", "disconnected", "schlecht", "ungültig", "gestört", "störung",
    "fehler", "mauvais", "mauvaise", "invalide", "malo", "mala", "inválido", "invalido", "ruim", "mau", "má", "cattivo",
    "cattiva", "nok", "n.ok", "not ok",
    "n.i.o.", "huono",
    "slecht", "zła", "zły", "плохое", "плохая", "плохо", "недостоверно", "špatná", "dårlig", "dålig", "kötü", "falsch",
    "n/a", "unavailable", "missing",
    "불량", "이상", "비정상", "나쁨", "오류", "무효", "坏", "差", "异常", "错误", "无效", "不良", "異常", "無効",
))  # fmt: skip
_FLAT = re.compile(r"[\s_-]+")
_DA_CODES = frozenset((0, 4, 8, 12, 16, 20, 24, 28, 32, 64, 68, 80, 84, 88, 192, 216))
"""Quality and substatus of the OPC Data Access specification; the two lowest bits are limits."""


def status_of_word(word: str) -> int | None:
    """Status of a quality word, also of the names that OPC UA gives to its codes."""
    word = _FLAT.sub(" ", word.strip().lower().replace("i\u0307", "i"))  # a Turkish capital i
    word = re.sub(
        r"^\d+\s?[:;,.)]?\s(?=\D)", "", word
    )  # "192 - Good", whose dash is a space by now
    if (
        word.startswith(
            ("not good", "notgood", "no good", "bad", "not connected", "not available", "nicht gut")
        )
        or word in _BAD_WORDS
    ):
        return BAD
    if word.startswith(_UNCERTAIN_WORDS) or word in ("u", "s", "q"):
        return UNCERTAIN
    if word.startswith("good") or word in _GOOD_WORDS:
        return GOOD
    return None


class Qualities:
    """The different values of an export's quality, each with where it first stood.

    Rows keep the number of their value until all of the export is read, since only the values
    of all files of one kind together show the convention.
    """

    def __init__(self) -> None:
        self._places: dict[tuple[str, Value], str] = {}
        self._codes: dict[tuple[str, Value], int] = {}
        self._hex: dict[str, dict[float | str, float]] = {}
        self.conventions: dict[str, str] = {}

    def code(self, cells: pl.Series, table: str, kind: str = "") -> UInt16[np.ndarray, " T"]:
        """Number the values of some rows.

        Args:
            cells: The values.
            table: Where they stand.
            kind: The kind of file; each has a convention of its own.

        Raises:
            UserError: There are more different ones than any convention has.
        """
        if cells.dtype.is_float():
            # Confidence may be any fraction; rounded down, no threshold is passed by it.
            cells = (cells * 100).floor() / 100
        different = cells.unique(maintain_order=True)
        codes = [self._number(value, table, kind) for value in different.to_list()]
        if len(codes) == 1:
            return np.full(len(cells), codes[0], np.uint16)
        if len(codes) <= FEW_VALUES and not different.has_nulls():
            numbered = np.full(len(cells), codes[0], np.uint16)
            for value, code in zip(different.to_list()[1:], codes[1:], strict=True):
                numbered[(cells == value).to_numpy()] = code
            return numbered
        return cells.replace_strict(different, codes, return_dtype=pl.UInt16).to_numpy()

    def _number(self, raw: object, table: str, kind: str) -> int:
        value = kind, _value(raw)
        if value not in self._codes:
            if len(self._codes) == MOST_VALUES:
                raise UserError(
                    f"{table}: its quality has more than {MOST_VALUES} different values; "
                    "check that export.quality names the right column"
                )
            self._codes[value] = len(self._codes)
            self._places[value] = table
        return self._codes[value]

    def as_json(self) -> list[list[Any]]:
        """Kind, value and place of each number, for ``go_on``."""
        return [[*pair, self._places[pair]] for pair in self._codes]

    def go_on(self, known: list[list[Any]]) -> None:
        """Take up the numbers that an import had given when it was stopped."""
        self._places = {(kind, value): place for kind, value, place in known}
        self._codes = {pair: number for number, pair in enumerate(self._places)}

    def statuses(self, plant: PlantFile) -> UInt8[np.ndarray, " Q"]:
        """Status of each value, by its number; a missing one is uncertain.

        Raises:
            UserError: The convention cannot be found, or a value does not fit it.
        """
        own = plant.quality.meanings
        for kind in dict.fromkeys(kind for kind, _ in self._codes):
            values = [v for k, v in self._codes if k == kind and v is not None and v not in own]
            self._hex[kind] = _as_hex(values)
            values = [self._hex[kind].get(v, v) for v in values]
            if values:
                found = plant.quality.convention or self._convention(kind, values)
                self.conventions[kind] = f"{found}, and quality.good/bad" if own else found
            elif own:
                self.conventions[kind] = "quality.good/uncertain/bad of the plant file"
        return np.array([self._of(*pair, plant) for pair in self._codes], np.uint8)

    def _of(self, kind: str, value: Value, plant: PlantFile) -> int:
        if value is None:
            return UNCERTAIN
        own = plant.quality.meanings.get(value)
        return own if own is not None else self._status(kind, value, plant)

    def _convention(self, kind: str, known: list[float | str]) -> Convention:
        numeric = [value for value in known if isinstance(value, float)]
        if len(numeric) < len(known):
            return "words"
        if (
            min(numeric) == -1
            and max(numeric) >= 50
            and all(v == -1 or 0 <= v <= 100 for v in numeric)
        ):
            return "confidence"
        if any(v >= 65536 or v < 0 for v in numeric):
            return "opc"
        if set(numeric) <= {0, 192, 500} and set(numeric) != {0}:
            return "sparkplug"
        if max(numeric) >= 192 and all(_opc_da(v, None) is not None for v in numeric):
            return "opc_da"
        if max(numeric) <= 100 and max(numeric) >= 50:
            return "confidence"
        shown = ", ".join(f"{value:g}" for value in sorted(numeric)[:5])
        raise UserError(
            f"{self._places[kind, known[0]]}: its quality ({shown}) fits several conventions or none; "
            "say which codes mean what with quality.good, quality.uncertain and quality.bad, such as "
            "quality.good = [0], or set quality.convention to opc, opc_da, sparkplug, words or confidence"
        )

    def _status(self, kind: str, value: float | str, plant: PlantFile) -> int:
        convention = self.conventions[kind].partition(",")[0]
        status = None
        read = self._hex[kind].get(value, value)
        if convention == "words":
            status = status_of_word(read) if isinstance(read, str) else None
        elif isinstance(read, float):
            status = _STATUS[convention](read, plant)
        if status is None:
            shown = f"{value:g}" if isinstance(value, float) else str(value)[:40]
            written = shown if isinstance(value, float) else f'"{shown}"'
            raise UserError(
                f"{self._places[kind, value]}: quality '{shown}' is not one of the convention "
                f"'{convention}'; write it under quality.good, quality.uncertain or quality.bad, such "
                f"as quality.bad = [{written}], or set quality.convention"
            )
        return status


def _as_hex(values: list[float | str]) -> dict[float | str, float]:
    """Codes of eight hexadecimal digits without 0x, as a zero in front of one of them shows."""
    written = {v: v if isinstance(v, str) else f"{v:.0f}" for v in values}
    if any(text.startswith("0") for text in written.values()) and all(
        re.fullmatch(r"[0-9a-f]{8}", text) for text in written.values()
    ):
        return {value: float(int(text, 16)) for value, text in written.items()}
    return {}


def _value(raw: object) -> Value:
    if raw is None:
        return None
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int | float):
        return None if math.isnan(raw) else float(raw)
    text = str(raw).strip()
    if re.fullmatch(r"0[0-9a-fA-F]{7}", text):
        return text.lower()  # hexadecimal digits without 0x
    text = re.sub(r"^(\d+),(0*)$", r"\1.\2", re.sub(r"(?<=\d)\s?%$", "", text))
    try:
        number = float(int(text, 16)) if text[:2].lower() == "0x" else float(text)
    except (ValueError, OverflowError):
        return text.lower() or None
    return number if math.isfinite(number) else text.lower()


def _opc(value: float, plant: PlantFile | None) -> int | None:
    if value != int(value) or not -(2**31) <= value < 2**32:
        return None
    code = int(value) % 2**32
    # The low bits mean something only with their info type; 192 and its like are other codes.
    if code & 0x03FF and not code & 0x0C00:
        return None
    return min(code >> 30, BAD)


def _opc_da(value: float, plant: PlantFile | None) -> int | None:
    if value != int(value) or not 0 <= value < 65536:
        return None
    code = int(value) & 0xFF  # a vendor may use the byte above
    if code & 0xFC not in _DA_CODES:
        return None
    return {0: BAD, 1: UNCERTAIN, 3: GOOD}.get(code >> 6)


def _sparkplug(value: float, plant: PlantFile | None) -> int | None:
    return {192: GOOD, 0: BAD, 500: BAD}.get(int(value)) if value == int(value) else None


def _confidence(value: float, plant: PlantFile | None) -> int | None:
    assert plant is not None
    if value == -1:
        return BAD
    if not 0 <= value <= 100:
        return None
    rules = plant.quality
    if value >= rules.good_confidence:
        return GOOD
    return UNCERTAIN if value >= rules.uncertain_confidence else BAD


_STATUS = {"opc": _opc, "opc_da": _opc_da, "sparkplug": _sparkplug, "confidence": _confidence}
