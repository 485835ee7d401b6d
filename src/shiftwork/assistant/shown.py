# ruff: noqa: E501  (tables of words and sentences)
"""How figures are shown: the value with its unit, what it is, its range, in Korean or English.

Digits are the same in both languages; only the words differ.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from shiftwork.assistant.figures import Figure
from shiftwork.assistant.grammar.text import Language

SLOT = re.compile(r"\{f([1-9]\d{0,2})(?:\.(label|range|coverage|rows))?\}")
"""A place in a text where a figure is shown, or a part of its citation."""

DIGITS = 5
"""Significant digits that are shown; the figure itself holds all."""

_STATISTICS: dict[str, tuple[str, str]] = {
    "mean": ("mean", "평균"),
    "minimum": ("minimum", "최솟값"),
    "maximum": ("maximum", "최댓값"),
    "integral": ("integral over hours", "시간 적분(합계)"),
    "share outside limits": ("share of known time outside", "값을 아는 시간 중 범위 밖 비율"),
    "share inside limits": ("share of known time inside", "값을 아는 시간 중 범위 안 비율"),
    "difference": ("difference of the means", "평균의 차이"),
    "difference, lower end": ("difference of the means, lower end of the interval", "평균의 차이, 구간 하한"),
    "difference, upper end": ("difference of the means, upper end of the interval", "평균의 차이, 구간 상한"),
    "correlation": ("correlation", "상관 계수"),
    "strongest correlation": ("strongest correlation with a lag", "지연을 둔 가장 강한 상관 계수"),
    "lag of the strongest correlation": ("its lag (above 0: the tag named last follows)", "그 지연(0보다 크면 뒤의 태그가 뒤따름)"),
    "earned per period": ("mean per decision period", "결정 주기당 평균"),
    "earned in total": ("total over known periods", "값을 아는 주기의 합계"),
}  # fmt: skip


def render(text: str, figures: Sequence[Figure], language: Language) -> str:
    """Put figures into the slots of a text that the checker has passed."""

    def fill(match: re.Match[str]) -> str:
        figure = figures[int(match[1]) - 1]
        parts = {"label": label, "range": range_of, "coverage": coverage, "rows": rows}
        return parts[match[2]](figure, language) if match[2] else value(figure)

    return SLOT.sub(fill, text)


def value(figure: Figure) -> str:
    """The value with its unit; shares in percent."""
    if figure.statistic.startswith("share "):
        return f"{number(100 * figure.value)} %"
    return f"{number(figure.value)} {figure.unit}".rstrip()


def number(amount: float) -> str:
    """A number with five significant digits and no exponent."""
    if not math.isfinite(amount):
        return str(amount)
    places = DIGITS - 1 - (math.floor(math.log10(abs(amount))) if amount else 0)
    text = f"{amount:.{min(max(places, 0), 12)}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def label(figure: Figure, language: Language) -> str:
    """What the figure is of: tag and statistic, with limits where it has any."""
    words = _STATISTICS[figure.statistic][language == "ko"]
    limits = _limits(figure, language) if figure.statistic.startswith("share ") else ""
    tags = figure.tag
    if "other" in figure.arguments:
        tags = f"{figure.tag}, {figure.arguments['other']}"
    return f"{tags} {limits or words}"


def _limits(figure: Figure, language: Language) -> str:
    low, high = figure.arguments["low"], figure.arguments["high"]
    inside, korean = figure.statistic == "share inside limits", language == "ko"
    shown = [number(float(limit)) for limit in (low, high) if limit is not None]
    if len(shown) == 2:
        between = " ~ ".join(shown)
        if korean:
            return f"{between} {'이내' if inside else '밖'} 시간 비율"
        return f"share of known time {'within' if inside else 'outside'} {between}"
    if korean:
        words = (
            ("이상" if inside else "미만") if low is not None else ("이하" if inside else "초과")
        )
        return f"{shown[0]} {words} 시간 비율"
    words = (
        ("at least" if inside else "below")
        if low is not None
        else ("at most" if inside else "above")
    )
    return f"share of known time {words} {shown[0]}"


def range_of(figure: Figure, language: Language) -> str:
    """The range or ranges of the figure, half open, with the zone."""
    first = _span(figure.start, figure.stop, language)
    if "other_start" in figure.arguments:
        other = _span(
            str(figure.arguments["other_start"]), str(figure.arguments["other_stop"]), language
        )
        first = f"({first}) − ({other})"
    return f"{first} ({figure.zone})"


def _span(start: str, stop: str, language: Language) -> str:
    begin, end = (moment.replace("T", " ") for moment in (start, stop))
    return f"{begin} ~ {end}" if language == "ko" else f"{begin} to {end}"


def coverage(figure: Figure, language: Language) -> str:
    """Known share of the range, in percent."""
    return f"{number(100 * figure.coverage)} %"


def rows(figure: Figure, language: Language) -> str:
    """Usable samples inside the range."""
    return str(figure.rows)
