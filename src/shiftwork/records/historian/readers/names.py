"""What the names of columns mean, in the words of historians, control systems and spreadsheets."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

Meaning = Literal["code", "good", "uncertain", "bad"]
"""What a yes in a column of flags means; "code" where the cell itself is a code or word."""

# Names as historians give them, letters and digits only. The most telling first.
TAG_WORDS = (
    "tag", "tagname", "태그", "태그명", "태그이름", "tagpath", "pointtag", "point",
    "pointname", "pointid", "tagid", "tagnm",
    "itemid", "itemname", "item", "nodeid", "node", "signal", "signalname", "variable", "variablename", "sensor",
    "sensorname", "sensorid", "metric", "metricname", "field", "series", "seriesname", "path", "attribute",
    "channel", "messstelle", "측정점", "位号", "点名", "标签", "测点", "タグ", "タグ名",
    "entityid", "object", "objectname", "name",
)  # fmt: skip
# Beside "timestamp", a column "index" only counts rows.
TIME_WORDS = (
    "timestamp", "tstamp", "sourcetimestamp", "servertimestamp", "datetime", "dateandtime", "sourcetime",
    "sampletime", "eventtime", "recordtime", "zeitstempel", "datumzeit", "datumuhrzeit", "horodatage",
    "dateheure", "fechahora", "fechayhora", "dataora", "datahora", "일시",
    "날짜시간", "측정시간", "측정일시", "时间戳", "日期时间",
    "采集时间", "记录时间", "日時", "time", "times", "timestring", "lastchanged",
    "lastupdated", "utctime", "utc", "epoch", "epochtime", "epochseconds", "unix", "unixtime", "unixtimestamp",
    "servertime", "eventdate", "zeit", "zeitpunkt", "heure", "hora",
    "时间", "時間", "時刻", "시간", "시각", "ts", "indexlevel0", "index", "t",
)  # fmt: skip
TIME_OF_DAY_WORDS = frozenset((
    "time", "zeit", "uhrzeit", "heure", "hora", "ora", "timeofday", "시간", "시각", "时间", "時間", "時刻",
))  # fmt: skip
DATE_WORDS = frozenset((
    "date", "day", "datum", "fecha", "data", "jour", "tag", "날짜", "일자", "日期", "日付", "年月日",
))  # fmt: skip
PARTS: dict[str, frozenset[str]] = {
    "year": frozenset(("year", "yyyy", "yr", "jahr", "année", "annee", "año", "년", "연도", "年")),
    "month": frozenset(("month", "mon", "monat", "mois", "mes", "월", "月")),
    "day": frozenset(("day", "dd", "dayofmonth", "tag", "jour", "día", "dia", "일", "日")),
    "hour": frozenset((
        "hour", "hours", "hourending", "hourbeginning", "hourofday", "he",
        "hr", "hh", "stunde", "heure", "hora", "시", "시간대", "小时", "时", "時")),
    "minute": frozenset(("minute", "minutes", "min", "mi", "minuto", "분", "分钟", "分")),
    "second": frozenset(("second", "seconds", "sec", "ss", "sekunde", "seconde", "segundo", "초", "秒")),
    "ms": frozenset((
        "milliseconds", "millisecond", "millis", "millisec", "ms", "msec", "millisekunden", "millitm",
        "milisegundos", "밀리초", "毫秒", "ミリ秒",
    )),
    "fraction": frozenset(("fraction", "fractionalseconds", "fractionofsecond", "subsecond", "subseconds")),
    "ns": frozenset(("nanoseconds", "nanosecond", "nanos", "nsec")),
    "half": frozenset(("ampm", "meridiem", "오전오후", "上下午", "午前午後")),
    "zone": frozenset((
        "timezone", "tz", "utcoffset", "gmtoffset", "tzoffset", "timezoneoffset", "zeitzone", "fuseauhoraire",
        "zonahoraria", "표준시", "时区", "時區", "タイムゾーン",
    )),
    "us": frozenset(("microseconds", "microsecond", "micros", "us", "usec", "마이크로초", "微秒")),
}  # fmt: skip
"""Columns that hold a part of a time stamp each."""

VALUE_WORDS = frozenset((
    "value", "val", "values", "vvalue", "floatvalue", "doublevalue",
    "valuedouble", "reading", "measurement", "measuredvalue", "data", "numericvalue",
    "wert", "messwert", "valeur", "valor", "valore", "state", "값", "측정값", "值", "数值", "测量值", "値", "計測値",
))  # fmt: skip
TYPED_VALUE = re.compile(
    r"(?:int|integer|long|float|double|real|num|numeric|bool|boolean|string|str|text|s)val(?:ue)?"
    r"|val(?:ue)?(?:int|integer|long|float|double|real|num|numeric|bool|boolean|string|str|text)"
)
"""Columns of values by type, of which each row fills one, as plain names."""
UNIT_WORDS = frozenset((
    "unit", "units", "uom", "eu", "engunit", "engunits", "engineeringunit", "engineeringunits", "unitofmeasure",
    "einheit", "unité", "unite", "unidad", "unità", "단위", "单位", "單位", "単位",
))  # fmt: skip
QUALITY_WORDS = (
    "quality", "qualitycode", "qcode", "qlty", "opcquality", "percentgood", "pctgood", "opcstatus",
    "dataquality", "valuequality", "qual", "quality192", "qualität",
    "qualitaet", "qualité", "qualite", "calidad", "qualidade", "qualità", "품질",
    "품질코드", "质量", "质量码", "品質",
    "數據質量", "數據品質", "품질상태", "데이터품질", "신뢰도", "信頼性", "可信度",
    "kwaliteit", "jakość", "jakosc", "качество", "достоверность", "kvalita", "kvalitet", "kalite", "minőség",
    "dataintegrity", "qualifier", "qualityflag", "qualityflags", "qualitybits", "flag", "flags", "statusflag",
    "statusflags", "statusbits", "statut", "stato", "estado", "zustand", "sts",
    "integrity", "confidence", "validity", "gültigkeit", "status",
    "statuscode", "qualitystatus", "valuestatus", "상태",
    "상태코드", "状态", "状態", "qc", "q",
)  # fmt: skip
FLAG_WORDS: dict[str, Meaning] = {
    **dict.fromkeys(("good", "isgood", "valid", "isvalid", "ok", "isok", "gültig", "gut",
        "正常", "유효", "양호"), "good"),
    **dict.fromkeys(
        ("questionable", "isquestionable", "substituted", "issubstituted",
        "uncertain", "isuncertain", "suspect", "issuspect",
         "estimated", "isestimated", "interpolated"),
        "uncertain",
    ),
    **dict.fromkeys(("bad", "isbad", "invalid", "isinvalid", "ungültig",
    "faulty", "isfaulty", "badquality", "불량"), "bad"),
}  # fmt: skip
"""Columns that hold yes or no, and what yes means."""

FAULT_WORDS = frozenset((
    "error", "errors", "fault", "faults", "alarm", "fehler", "störung", "erreur", "défaut", "fallo", "오류", "고장",
    "이상", "错误", "故障", "异常", "異常",
))  # fmt: skip
"""Columns that may say that the values of their row are bad."""

_QUALITY_LIKE = re.compile(
    r"quali(?:t|d|f)|(?<![a-z])(?:qual|qlty|qc|status|statut|sts|flags?|valid|validity|isgood|good|bad|isbad)(?![a-z])|"
    r"integrity|confidence|calidad|kwaliteit|jako[sś][cć]|качеств|достоверн|kvalit|품질|신뢰도|质量|質量|品質|信頼性|gültig",
    re.I,
)
_QUALITY_PART = (
    r"(?:opc|data|signal|tag|value)?[ _.]?(?:quality|status|qualität|qualité|품질|질)(?:[ _]?(?:code|flags?|bits))?|"
    r"(?:품질|데이터)[ _]?(?:상태|품질|코드)|opcquality|qual|qlty|calidad|qualidade|kwaliteit|jakość|качество|"
    r"qualifier|confidence|validity|valid|is[ _]?valid|is[ _]?good|good|is[ _]?ok|ok|is[ _]?bad|bad|flags?|sts|qc|q|"
    r"품질|상태|质量|質量|品質"
)
_VALUE_PART = r"values?|value[ _]?y|val|wert|messwert|valeur|valor|valore|값|측정값|值|値"
_TIME_PART = (
    r"time[ _]?stamp|date[ _/]*(?:and[ _])?time|date|time|"
    r"zeit(?:stempel)?|ts|t_stamp|horodatage|fecha|일시|시간|时间|時刻"
)
_GAP = r"[\s._:/|-]*"
_FIRM_GAP = r"[\s._:/|-]+"

NAMES = 2**16
"""Names of columns that are remembered: each is looked at from many sides."""


@lru_cache(NAMES)
def plain(name: str) -> str:
    """A column's name as the lists of words have it."""
    return re.sub(r"[\W_]+", "", name.lower())


_ZONE_WORD = re.compile(r"(?:utc|gmt|kst|jst|cet|cest|mez|mesz|local|lokal)[0-9]*", re.I)


@lru_cache(NAMES)
def bare_time(name: str) -> str:
    """A time column's name without its zone: "Time (UTC+09:00)" and "utc_time" as "time"."""
    outside = re.sub(r"[(\[].*?[)\]]", "", name)
    outside = outside if plain(outside) else name
    parts = [part for part in re.split(r"[\W_]+", outside) if part]
    kept = [part for part in parts if not _ZONE_WORD.fullmatch(part)]
    word = plain("".join(kept))
    if len(kept) < len(parts) and (not word or word.isdigit()):
        return "time"
    return re.sub(r"^(?:utc|gmt)(?=\D)|(?<=[a-z])(?:utc|gmt)$", "", word)


def is_number(cell: str) -> bool:
    """Say whether a cell is a number, with any decimal mark."""
    return bool(re.fullmatch(r"[+-]?[\d.,]*\d[\d.,]*(?:[eE][+-]?\d+)?", cell))


def flag_meaning(name: str) -> Meaning | None:
    """What a yes means in a column of flags, by its name: "is_good", "valid flag", "QualityOK"."""
    word = plain(name)
    for bare in (word, re.sub(r"^(?:data|quality|qual|value)|flag$|bit$", "", word)):
        if bare in FLAG_WORDS:
            return FLAG_WORDS[bare]
    return None


def looks_like_quality(name: str) -> bool:
    """Say whether a column's name may mean quality."""
    return bool(_QUALITY_LIKE.search(name.replace("_", " ")))


def counts_time(name: str) -> bool:
    """Say whether a time column's name holds a unit, so that it counts from a beginning."""
    return bool(
        re.search(
            r"[(\[]\s*(?:s|sec|seconds?|min|minutes?|h|hr|hours?|d|days?|ms)\s*[)\]]", name, re.I
        )
        or re.search(
            r"(?:^|[\s_])(?:elapsed|relative|since)|[\s_](?:s|sec|seconds|min|hours|hrs|h)$",
            name,
            re.I,
        )
    )


@lru_cache(NAMES)
def tag_of_quality(name: str) -> str | None:
    """The tag in "FIC101.PV quality", "Quality (FIC101.PV)" or "q_FIC101.PV"."""
    return _of_tag(name, _QUALITY_PART)


@lru_cache(NAMES)
def tag_of_value(name: str) -> str | None:
    """The tag in "FIC101.PV.Value" or "Value (FIC101.PV)"."""
    return _of_tag(name, _VALUE_PART, firm=True)


@lru_cache(NAMES)
def tag_of_time(name: str) -> str | None:
    """The tag in "FIC101.PV time" or "Timestamp (FIC101.PV)"."""
    return _of_tag(name, _TIME_PART, firm=True)


def _of_tag(name: str, part: str, *, firm: bool = False) -> str | None:
    gap = _FIRM_GAP if firm else _GAP
    behind = re.fullmatch(rf"(?P<tag>.+?)(?:{gap}|\s*[(\[])(?:{part})[\])]?", name, re.I)
    if behind:
        return behind["tag"].strip()
    before = re.fullmatch(
        rf"(?:{part})(?:\s+(?:of|for|von|de)\s+|\s*[(\[]\s*|{_FIRM_GAP})(?P<tag>.+?)[\])]?",
        name,
        re.I,
    )
    return before["tag"].strip() if before else None
