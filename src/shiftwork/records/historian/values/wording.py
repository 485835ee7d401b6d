"""Time stamps in words: what people and systems around the world write, put into plain ISO-like text.

Only cells that no plain format reads come here. Each step replaces one habit: other spaces, digits
of another script, weekdays, names of months, morning and afternoon, short names of time zones,
24:00. The result is text such as "2024-05-31 00:00:00.250 AM", and what to add to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Bool, Int64

from shiftwork.records.historian.values.calendars import without_eras

HOUR_MIN = 60
DAY_US = 86_400_000_000

# Short names that mean one offset wherever they are used, minutes east of UTC. Others (CST, IST,
# BST, PST) mean several: the plant's time zone or its file says which.
ZONES: dict[str, int] = {
    "KST": 540, "JST": 540, "SGT": 480, "HKT": 480, "MSK": 180, "CET": 60, "CEST": 120, "MEZ": 60,
    "MESZ": 120, "EET": 120, "EEST": 180, "WET": 0, "WEST": 60, "AEST": 600, "AEDT": 660,
    "UTC": 0, "GMT": 0, "Z": 0,
}  # fmt: skip

_ABROAD = "٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९０１２३४५６７８９：／．－，−"
_PLAIN = "0123456789" * 4 + ":/.-,-"
_SPACES = r"[\x{a0}\x{1680}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}\t]"
_INVISIBLE = r"[\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}\x{feff}]"

_WEEKDAYS = (
    "monday|tuesday|wednesday|thursday|friday|saturday|sunday|mon|tues?|wed|thu(?:rs?)?|fri|sat|sun"
    "|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag|mo|di|mi|do|fr|sa|so"
    "|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lun|mer|jeu|ven|sam|dim"
    "|lunes|martes|miércoles|miercoles|jueves|viernes|sábado|sabado|domingo|mié|mie|jue|vie|sáb|sab|dom"
    "|lunedì|martedì|mercoledì|giovedì|venerdì|domenica|gio"
    "|[월화수목금토일]요일|(?:星期|周|週|礼拜)[一二三四五六日天]|[月火水木金土日]曜日?"
)
_MONTHS = (
    "january|januar|jänner|janvier|enero|gennaio|janeiro|januari|января|ocak|jan|jän|janv|ene|gen",
    "february|februar|février|fevrier|febrero|febbraio|fevereiro|februari|февраля|şubat|feb|févr|fevr|fév|fev",
    "march|märz|maerz|mars|marzo|março|maart|марта|mart|mar|mär|mrz|mrt",
    "april|avril|abril|aprile|апреля|nisan|apr|avr|abr",
    "may|mai|mayo|maggio|maio|mei|maj|мая|mayıs|mag",
    "june|juni|juin|junio|giugno|junho|июня|haziran|jun|giu",
    "july|juli|juillet|julio|luglio|julho|июля|temmuz|jul|juil|lug",
    "august|août|aout|agosto|augustus|augusti|августа|ağustos|aug|ago",
    "september|septembre|septiembre|setiembre|settembre|setembro|сентября|eylül|sept|sep|set",
    "october|oktober|octobre|octubre|ottobre|outubro|октября|ekim|oct|okt|ott|out",
    "november|novembre|noviembre|novembro|ноября|kasım|nov",
    "december|dezember|décembre|decembre|diciembre|dicembre|dezembro|декабря|aralık|dec|dez|déc|dic",
)
_CLOCK = r"(\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)"
_ASCII_CLOCK = _CLOCK.replace(r"\d", "[0-9]")


def _steps() -> list[tuple[str, str]]:
    """Patterns and what stands in their place, in the order in which they are applied."""
    steps = [
        (_SPACES, " "),
        (_INVISIBLE, ""),
        (r"^\s*['\"]|['\"]\s*$", ""),
        # Weekdays, but not where "mar" begins "Mar 31".
        (rf"(?i)^(?:{_WEEKDAYS})\.?,?\s+", ""),
        (r"(?i)^mar\.?,?\s+([0-9]{1,2}\.?\s+\p{L})", "$1"),
        (rf"(?i)\s*[(（](?:{_WEEKDAYS}|[월화수목금토일]|[月火水木金土日])\.?[)）]", " "),
        (rf"(?i)([0-9.年년日일])\s*,?\s+(?:{_WEEKDAYS})\.?,?(\s|$)", "$1 $2"),
        (r"(星期|周|週)[一二三四五六日天]", " "),
        (r"(?i)([0-9])\s*г(?:\.|ода)?,?(\s|$)", "$1$2"),
        # Tue Mar 04 00:00:00 KST 2025, 04MAR2025:00:00:00, /Date(...)/
        (r"^(?:\p{L}{3}\.?,?\s+)?(\p{L}{3,4})\s+([0-9]{1,2})\s+([0-9:.]{5,})\s+(?:([A-Z]{3,5})\s+)?([0-9]{4})$",
         "$2 $1 $5 $3 $4"),
        (r"^([0-9]{2})(\p{L}{3})([0-9]{4})[: ]", "$1-$2-$3 "),
        (r"^/Date\(([0-9]{10,13})(?:[+-][0-9]{4})?\)/$", "$1"),
        (r"([0-9])t([0-9])", "${1}T$2"),
        (r"([0-9])z$", "${1}Z"),
        (r"(?i)^le\s+", ""),
        (r"\s+(?:à|à las|a las|um|alle|kl\.?|klo)\s+([0-9])", " $1"),
        (r"^[월화수목금토일月火水木金土日]\s+([0-9]{4})", "$1"),
        # 31.05.2024 - 00:00, 24. 5. 31. 00:00, and 01:00 오후
        (r"^([0-9]+[./-][0-9]+[./-][0-9]+)\s+[-–]\s+([0-9]{1,2}:[0-9]{2})", "$1 $2"),
        (r"^([0-9]{2})\. ?([0-9]{1,2})\. ?([0-9]{1,2})\.\s", "20$1-$2-$3 "),
        (r"([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)\s*(오전|오후|上午|下午|午前|午後)$", "$2 $1"),
        (r"([+-][0-9]{2}:?[0-9]{2})\s*\([A-Z][A-Za-z]+(?: [A-Z][A-Za-z]+)+\)$", "$1"),
        # 2024年5月31日 and 2024년 5월 31일, with hours, minutes and seconds in the same manner.
        (r"^([0-9]{2})\s*[年년]\s*([0-9]{1,2})\s*[月월]", "20$1年$2月"),
        (r"([0-9]{4})\s*[年년]\s*([0-9]{1,2})\s*[月월]\s*([0-9]{1,2})\s*[日일号]?", "$1-$2-$3 "),
        (r"(\D)([0-9])\s*([分분秒초])", "${1}0$2$3"),
        (r"([0-9]{1,2})\s*[时時시点點]\s*([0-9]{1,2})\s*[分분]\s*([0-9]{1,2}(?:\.[0-9]+)?)\s*[秒초]", "$1:$2:$3"),
        (r"([0-9]{1,2})\s*[时時시点點]\s*([0-9]{1,2})\s*[分분]", "$1:$2"),
        (r"([0-9]{1,2})\s*[时時시点點]", "$1:00"),
        # 31 de mayo de 2024, 31st, 1er, 31. Mai.
        (r"(?i)\bde(?:l)?\s+", ""),
        (r"(?i)\b([0-9]{1,2})(?:st|nd|rd|th|er|re|º|ª)\b", "$1"),
        (r"\b([0-9]{1,2})\.\s*(\p{L})", "$1 $2"),
    ]  # fmt: skip
    for number, names in enumerate(_MONTHS, start=1):
        year = "([0-9]{4}|[0-9]{2})"
        month = f"{number:02d}"
        steps += [
            (rf"(?i)^([0-9]{{1,2}})[-\s/.]*(?:{names})[-\s/.,]+{year}(T|\D|$)", f"$2-{month}-$1 $3"),
            (rf"(?i)^(?:{names})\.?[-\s/]*([0-9]{{1,2}})\.?,?[-\s/]+{year}(T|\D|$)", f"$2-{month}-$1 $3"),
            (rf"(?i)^([0-9]{{4}})[-\s/.]*(?:{names})[-\s/.]+([0-9]{{1,2}})(T|\D|$)", f"$1-{month}-$2 $3"),
        ]  # fmt: skip
    steps += [
        (r"^([0-9]{2})(-[0-9]{2}-[0-9]{1,2} )", "20$1$2"),  # only names of months lead here
        (r"^(20)([7-9][0-9])(-[0-9]{2}-[0-9]{1,2} )", "19$2$3"),
        (r"(上午|午前|오전|凌晨|早上|下午|午後|오후|晚上|中午)\s*00?:([0-9]{2})", "$1 12:$2"),
        (rf"(?i)(?:上午|午前|오전|凌晨|早上|\bAM)\s*{_ASCII_CLOCK}", "$1 AM"),
        (rf"(?i)(?:下午|午後|오후|晚上|中午|\bPM)\s*{_ASCII_CLOCK}", "$1 PM"),
        (r"(?i)([0-9])\s*a\.?\s?m\.?(\s|$)", "$1 AM$2"),
        (r"(?i)([0-9])\s*p\.?\s?m\.?(\s|$)", "$1 PM$2"),
        # 2024-05-31-00.00.00, 2024-05-31_00:00, 31.05.2024 00.00.00, 0h05
        (r"^([0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2})[_-]([0-9]{1,2}[:.])", "$1 $2"),
        (r"(\s|T)([0-9]{1,2})\.([0-9]{2})\.([0-9]{2})(\D|$)", "$1$2:$3:$4$5"),
        (r"([ T_])([0-9]{1,2})-([0-9]{2})-([0-9]{2})$", "$1$2:$3:$4"),
        (r"^([0-9]{4}-[0-9]{1,2}-[0-9]{1,2})_([0-9])", "$1 $2"),
        (r"(?i)(\s)([0-9]{1,2})\s?h\s?([0-9]{2})\s?m(?:in)?\s?([0-9]{2})\s?s", "$1$2:$3:$4"),
        (r"(?i)(\s)([0-9]{1,2})\s?h\s?([0-9]{2})(?:\s?m(?:in)?)?", "$1$2:$3"),
        (r"(?i)(\s)([0-9]{1,2})\s?(?:uhr|h)(\s|$)", "$1$2:00$3"),
        (r"(?i)\s+uhr(\s|$)", "$1"),
        (r"(\s)([0-9]{1,2})\s?([AP]M)$", "$1$2:00 $3"),
        # A third colon begins milliseconds, of which zeros in front may be missing.
        (r"([0-9]:[0-9]{2}:[0-9]{2}):([0-9])(\D|$)", "$1.00$2$3"),
        (r"([0-9]:[0-9]{2}:[0-9]{2}):([0-9]{2})(\D|$)", "$1.0$2$3"),
        (r"([0-9]:[0-9]{2}:[0-9]{2}):([0-9]{3,6})(\D|$)", "$1.$2$3"),
        (r"^([0-9]{1,2}) ([0-9]{1,2}) ([0-9]{4})(\s|$)", "$1-$2-$3$4"),
        (
            r"^([0-9]{4}) ([0-9]{1,2}) ([0-9]{1,2}) ([0-9]{1,2}) ([0-9]{2}) ([0-9]{2})$",
            "$1-$2-$3 $4:$5:$6",
        ),
        (r"^([0-9]{4}) ([0-9]{1,2}) ([0-9]{1,2})(\s|$)", "$1-$2-$3$4"),
        (r"^([0-9]{8})[\s_T-]+([0-9]{2}):?([0-9]{2}):?([0-9]{2})", "$1 $2:$3:$4"),
        (r"^([0-9]{8})[ _T-]([0-9]{2})([0-9]{2})$", "$1 $2:$3"),
        (r"^(.*[0-9]),\s*([0-9]{1,2}:[0-9]{2})", "$1 $2"),
        (r"\s+T\s*|(?:([0-9]))\s+T([0-9])", "$1 $2"),
        (
            r"(Z|[0-9])\s*[\[(](?:[A-Za-z]+/[A-Za-z_/]+|UTC|Z)[\])]$",
            "$1",
        ),  # the zone's long name behind an offset
        (r"\s+", " "),
        (r"^\s+|\s+$", ""),
    ]
    return steps


_STEPS = _steps()
_DIGIT = dict(zip(_ABROAD, _PLAIN, strict=True))
_MIDNIGHT = r"^(.*[ T])24:00(:00(?:[.,]0+)?)?(.*)$"
_ZONE = re.compile(
    r"\s*[\[(]?(?:(?P<base>UTC|GMT)\s?)?(?P<sign>[+-])(?P<hour>\d{1,2})(?::?(?P<minute>\d{2}))?[\])]?"
)


@dataclass(frozen=True)
class Plain:
    """Stamps in plain text.

    Attributes:
        text: The text, (T,).
        add_us: What to add: a day for 24:00, and the offset of a named zone, (T,).
        utc: Whether a zone or offset was named, (T,).
    """

    text: pl.Series
    add_us: Int64[np.ndarray, " T"]
    utc: Bool[np.ndarray, " T"]


def plain_stamps(cells: pl.Series, zones: Mapping[str, int]) -> Plain:
    """Put time stamps into plain text.

    Args:
        cells: Text, (T,).
        zones: Short names of time zones, minutes east of UTC.
    """
    text = without_eras(digits(cells))
    for pattern, replacement in _STEPS:
        text = text.str.replace_all(pattern, replacement)
    late = text.str.contains(_MIDNIGHT).fill_null(value=False).to_numpy()
    if late.any():
        text = text.str.replace(_MIDNIGHT, "${1}00:00$2$3")
    add = np.where(late, DAY_US, 0)
    utc = np.zeros(len(text), bool)
    name = text.str.extract(
        r"[0-9M]\s*[\[(]?((?:UTC|GMT)?\s?[+-][0-9]{1,2}(?::?[0-9]{2})?|[A-Za-z]{2,5})[\])]?$"
    )
    timed = text.str.contains(r"[0-9]:[0-9]{2}").fill_null(value=False)
    for zone in name.filter(timed).unique().drop_nulls().to_list():
        minutes = _minutes(zone, zones)
        if minutes is None:
            continue
        has = ((name == zone) & timed).fill_null(value=False).to_numpy()
        bare = text.str.replace(rf"\s*[\[(]?{re.escape(zone)}[\])]?$", "")
        text = pl.select(pl.when(pl.Series(has)).then(bare).otherwise(text)).to_series()
        add = add - np.where(has, minutes * 60_000_000, 0)
        utc |= has
    return Plain(text, add, utc)


def zone_in_name(name: str, zones: Mapping[str, int]) -> int | None:
    """Minutes east of UTC that a column's name gives: "Time (UTC+09:00)", "time [KST]", "UTC time"."""
    name = re.sub(r"[(\[]\s*(?:UTC|GMT)?\s*([+-]\d{1,2})\s*h?\s*[)\]]", r"(UTC\1)", name)
    for found in re.finditer(
        r"(?:UTC|GMT)?\s?[+-]\d{1,2}:?(?:\d{2})?(?=[\s)\]]|$)|[A-Za-z]{2,5}", name
    ):
        word = found[0]
        if word.upper() in ("TIME", "DATE") or (
            word[0] in "+-" and ":" not in word and len(word) < 5
        ):
            continue
        minutes = _minutes(word, zones)
        if minutes is not None and (word.isupper() or not word.isalpha() or word.lower() in _LOWER):
            return minutes
    return None


_LOWER = ("utc", "gmt", "kst", "jst", "cet", "cest", "mez", "mesz")
"""Zones that names of columns also have in small letters: "time_kst"."""


def digits(cells: pl.Series) -> pl.Series:
    """Digits of other scripts as ours."""
    if not cells.str.contains(r"[^\x00-\x7f]").any():
        return cells
    return cells.str.replace_many(list(_DIGIT), list(_DIGIT.values()))


def _minutes(zone: str, zones: Mapping[str, int]) -> int | None:
    if (known := zones.get(zone.upper())) is not None:
        return known
    found = _ZONE.fullmatch(zone)
    if found is None:
        return None
    size = int(found["hour"]) * HOUR_MIN + int(found["minute"] or 0)
    return -size if found["sign"] == "-" else size
