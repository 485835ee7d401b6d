"""Values of a plant file's keys: each is checked, and a wrong one is answered with what to write."""

from __future__ import annotations

import codecs
import math
import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from shiftwork.records.historian.plant_file.durations import seconds
from shiftwork.records.historian.plant_file.expression import Expression
from shiftwork.records.historian.plant_file.formats import NAMED_FORMATS

Ends = tuple[float | str, float | str]


def _pair(value: object, needed: str, kinds: tuple[type, ...]) -> Ends:
    if (
        not isinstance(value, list)
        or len(value) != 2
        or any(type(end) not in kinds for end in value)
        or not all(isinstance(end, str) or math.isfinite(end) for end in value)
    ):
        raise ValueError(f"must be {needed}; write [low, high]")
    low, high = (end if isinstance(end, str) else float(end) for end in value)
    if isinstance(low, float) and isinstance(high, float) and not low < high:
        raise ValueError(f"low {low:g} is not below high {high:g}; write [low, high]")
    return low, high


def read_expression(key: str) -> PlainValidator:
    """A validator of an expression, named by its key in errors."""

    def read(value: object, info: Any) -> Expression:
        if not isinstance(value, str):
            raise ValueError('is not text; write an expression over tags in quotes, such as "0"')
        return Expression(value, f"{info.context['path']}: {key}")

    return PlainValidator(read)


def _list(value: object, kinds: tuple[type, ...], example: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        value = [value]
    if not value or any(type(part) not in kinds or part == "" for part in value):
        raise ValueError(f"must be a list; write it as {example}")
    return tuple(value)


def _numbers_in(value: object) -> tuple[float, ...]:
    return tuple(float(v) for v in _list(value, (int, float), "[-9999]"))


def _codes(value: object) -> tuple[float | str, ...]:
    found = _list(value, (int, float, str), '[0, 4, "OK"]')
    return tuple(v.strip().lower() if isinstance(v, str) else float(v) for v in found)


def _names(value: object) -> tuple[str, ...]:
    return _list(value, (str,), '["time", "TI1", "valve"]')


def read_encoding(value: object) -> object:
    """The codec's own name of an encoding."""
    try:
        return codecs.lookup(value).name if isinstance(value, str) else value
    except LookupError:
        raise ValueError(
            f"unknown encoding {value!r}; write utf-8, cp1252, cp949, gbk or shift_jis"
        ) from None


def read_start(value: object) -> object:
    """A local time without offset, as text."""
    if isinstance(value, datetime):
        value = value.isoformat()
    try:
        begin = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        begin = None
    if begin is None or begin.tzinfo is not None:
        raise ValueError(
            f'{value!r} is not a local time; write it as "2024-05-31 00:00:00", in the plant\'s time_zone'
        )
    return value


def read_zones(value: object) -> dict[str, int]:
    """Short names of time zones, minutes east of UTC."""
    if not isinstance(value, dict):
        raise ValueError('must be a table; write it as { CST = "+08:00" }')
    found = {}
    for name, offset in value.items():
        parts = (
            re.fullmatch(r"([+-])(\d{1,2}):?(\d{2})?", offset) if isinstance(offset, str) else None
        )
        if parts is None:
            raise ValueError(
                f'{offset!r} is not an offset from UTC; write it as {{ {name} = "+08:00" }}'
            )
        minutes = int(parts[2]) * 60 + int(parts[3] or 0)
        found[name.upper()] = -minutes if parts[1] == "-" else minutes
    return found


def read_clock(value: object) -> object:
    """Check a time of day."""
    if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise ValueError(f'{value!r} is not a time of day; write it as "22:00"')
    return value


def read_time_format(value: object) -> object:
    """A format of time stamps: known letters of strptime, or one of the names."""
    if not isinstance(value, str) or not value:
        return value
    if "%" not in value:
        if value not in NAMED_FORMATS:
            raise ValueError(
                f"unknown format '{value}'; write strptime's letters such as \"%Y-%m-%d %H:%M:%S\", or "
                f"one of {', '.join(NAMED_FORMATS)}"
            )
        return value
    if "%Z" in value:
        raise ValueError(
            "'%Z' does not show how far a zone is from UTC; leave time_format out, and names of zones are read"
        )
    for letters in re.findall(r"%([.#:-]?[0-9]?.?)", value):
        if not letters or letters[-1] not in "aAbBdefhHIjklmMpPRsSTyYzDF%":
            raise ValueError(
                f"'%{letters}' is not one of strptime's letters; write a format such as "
                '"%Y-%m-%d %H:%M:%S"'
            )
    return value


Duration = Annotated[float, BeforeValidator(seconds)]
Missing = Annotated[tuple[float, ...], PlainValidator(_numbers_in)]
Codes = Annotated[tuple[float | str, ...], PlainValidator(_codes)]
Names = Annotated[tuple[str, ...], PlainValidator(_names)]
Numbers = Annotated[
    tuple[float, float], BeforeValidator(lambda v: _pair(v, "two numbers", (int, float)))
]
NumbersOrTags = Annotated[
    Ends, BeforeValidator(lambda v: _pair(v, "two numbers or limit tags", (int, float, str)))
]
Text = Annotated[str, Field(min_length=1, max_length=1000)]


class Table(BaseModel):
    """A table of the plant file: every key is known, every value of its kind."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
