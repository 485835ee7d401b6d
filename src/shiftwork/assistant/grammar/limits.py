"""The limits that a question names, "above 850 C" or "850도 이상", and whether inside or outside counts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shiftwork.assistant.text import Back, Rest

_NUMBER = r"([-+−]?\d+(?:,\d{3})*(?:\.\d+)?)"
_UNIT = r"\s*((?:°\s?|\$|%|wt ?%|mol ?%|vol ?%)?(?:[a-z]+[0-9]?(?:/[a-z0-9]*)*)?|도|톤|퍼센트)"
_WORDS_AFTER = (
    r"the|a|in|and|or|to|at|on|for|during|last|this|yesterday|today|since|from|between|was|is|of"
)

_ABOVE = r"above|over|more than|greater than|higher than|exceed(?:s|ed|ing)?|>"
_BELOW = r"below|under|less than|lower than|<"
_AT_LEAST = r"at least|not below|>="
_AT_MOST = r"at most|not above|up to|<="

_SAME_UNIT = {"도": "c", "°c": "c", "degc": "c", "celsius": "c", "톤": "t", "퍼센트": "%", "percent": "%"}  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """Limits and the side of them that a question asks about.

    Attributes:
        low: Lower limit, or None.
        high: Upper limit, or None.
        inside: Whether the share inside the limits is asked for, the limits included; else that
            outside, without them.
        unit: The unit that was said, "" if none.
    """

    low: float | None
    high: float | None
    inside: bool
    unit: str


def find_limits(rest: Rest, units: tuple[str, ...]) -> Limits | None:
    """Take limits out of a question.

    Args:
        rest: The question, from which they are taken.
        units: Units of the tags asked about, with which those said are compared.

    Raises:
        Back: The unit is none of the tag's, or the question names several limits.
    """
    n, u = _NUMBER, rf"(?!\s*(?:{_WORDS_AFTER})\b){_UNIT}"
    u = rf"(?:{u})?"
    patterns: tuple[tuple[str, str], ...] = (
        (
            rf"\boutside (?:of )?(?:the range )?(?:from )?{n}{u} ?(?:to|and|-|~|–) ?{n}{u}",
            "outside",
        ),
        (
            rf"{n}{u} ?(?:~|-|–|에서|와|과) ?{n}{u} ?(?:밖|를 벗어난|을 벗어난|범위 밖|범위를 벗어난)",
            "outside",
        ),
        (rf"\b(?:between|within|inside) {n}{u} ?(?:to|and|-|~|–) ?{n}{u}", "inside"),
        (rf"{n}{u} ?(?:~|-|–|에서|와|과) ?{n}{u} ?(?:사이|범위 안|안)", "inside"),
        (rf"(?:{_AT_LEAST})\s*{n}{u}|{n}{u}\s*(?:이상|or more)", "at least"),
        (rf"(?:{_AT_MOST})\s*{n}{u}|{n}{u}\s*(?:이하|or less)", "at most"),
        (rf"(?:{_ABOVE})\s*{n}{u}|{n}{u}(?:를|을)?\s*(?:초과|넘|위|보다 높|보다 큰)", "above"),
        (rf"(?:{_BELOW})\s*{n}{u}|{n}{u}\s*(?:미만|아래|밑|보다 낮|보다 작)", "below"),
    )
    found: list[tuple[str, list[str]]] = []
    for pattern, side in patterns:
        for match in rest.take_all(pattern):
            found.append((side, [part or "" for part in match.groups()]))
    if not found:
        return None
    if len(found) > 1:
        raise Back("ask", "one limit")
    side, parts = found[0]
    values = [float(part.replace(",", "").replace("−", "-")) for part in parts[0::2] if part]
    said = next((part.strip() for part in reversed(parts[1::2]) if part.strip()), "")
    _check_unit(said, units)
    if len(values) == 2:
        if not values[0] < values[1]:
            raise Back("ask", "one limit")
        return Limits(values[0], values[1], side == "inside", said)
    lower = side in ("at least", "below")
    return Limits(
        values[0] if lower else None,
        None if lower else values[0],
        side in ("at least", "at most"),
        said,
    )


def _check_unit(said: str, units: tuple[str, ...]) -> None:
    if not said:
        return
    for unit in units:
        if _same(said) != _same(unit):
            raise Back("ask", "unit", said=said, unit=unit or "1")


def _same(unit: str) -> str:
    key = re.sub(r"\s", "", unit.casefold())
    return _SAME_UNIT.get(key, key)
