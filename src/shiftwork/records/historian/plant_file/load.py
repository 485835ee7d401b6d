"""Reading a plant file: TOML in, a checked model out, every mistake named by its key."""

from __future__ import annotations

import json
import os
import tomllib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from shiftwork.errors import UserError
from shiftwork.records.historian.plant_file.checks import (
    check_plant,
    check_reading,
    first_mistake,
    refuse_raw,
)
from shiftwork.records.historian.plant_file.durations import seconds
from shiftwork.records.historian.plant_file.model import ExportRules, PlantFile, QualityRules

LARGEST_BYTES = 4 * 2**20


def load_plant_file(path: str | Path) -> PlantFile:
    """Read and check a plant file.

    Args:
        path: TOML in UTF-8.

    Raises:
        UserError: It cannot be read, or is wrong; the message names the key and the fix.
    """
    path = Path(path)
    return parse_plant(_text_of(path), path)


@dataclass(frozen=True)
class ReadingRules:
    """The part of a plant file that says how its export is read, known before any tag is.

    Attributes:
        export: Its [export] table.
        quality: Its [quality] table.
        zone: Its time zone.
        lines: The same in TOML, to be written into a draft.
    """

    export: ExportRules = field(default_factory=ExportRules)
    quality: QualityRules = field(default_factory=QualityRules)
    zone: str = "UTC"
    lines: tuple[str, ...] = ()


def load_reading_rules(path: str | Path) -> ReadingRules:
    """Read what a plant file, or the beginning of one, says about how its export is read.

    Args:
        path: TOML in UTF-8; tags and an objective may be missing.

    Raises:
        UserError: It cannot be read, or is wrong; the message names the key and the fix.
    """
    path = Path(path)
    raw = _toml_of(_text_of(path), path)
    part: dict[str, Any] = {
        key: raw[key] for key in ("export", "quality", "time_zone") if key in raw
    }
    whole = {"name": "draft", "period": "1min", "objective": {"expression": "0"}, "tags": {}} | part
    try:
        plant = PlantFile.model_validate(whole, context={"path": path, "period_s": 60.0})
    except ValidationError as error:
        raise first_mistake(error, path) from None
    check_reading(plant)
    lines = [line for key in ("export", "quality") for line in _table_lines(key, part.get(key, {}))]
    return ReadingRules(plant.export, plant.quality, plant.zone, tuple(lines))


def _table_lines(name: str, table: dict[str, Any]) -> list[str]:
    if not table:
        return []
    return ["", f"[{name}]", *(f"{key} = {_toml(value)}" for key, value in table.items())]


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, datetime):
        return json.dumps(value.isoformat(" "))
    return json.dumps(value, ensure_ascii=False)


def _text_of(path: Path) -> str:
    if not os.path.isfile(path):
        raise UserError(f"{path}: no such file; give a plant file, or draft one from an export")
    if path.stat().st_size > LARGEST_BYTES:
        raise UserError(
            f"{path}: is larger than {LARGEST_BYTES / 2**20:g} MiB, so it is not a plant file; check the path"
        )
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: byte {error.start} is not UTF-8; save it as UTF-8") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); check the path") from None


def parse_plant(text: str, path: Path) -> PlantFile:
    """Check the text of a plant file.

    Args:
        text: TOML.
        path: Where it stands, put in front of errors.

    Raises:
        UserError: It is wrong; the message names the key and the fix.
    """
    raw = _toml_of(text, path)
    refuse_raw(raw, path)
    try:
        period_s = seconds(raw.get("period"))
    except ValueError:
        period_s = 60.0  # the validation below names the mistake
    tags = {key: {"key": key, **entry} for key, entry in raw["tags"].items()}
    try:
        plant = PlantFile.model_validate(
            raw | {"tags": tags}, context={"path": path, "period_s": period_s}
        )
    except ValidationError as error:
        raise first_mistake(error, path) from None
    check_plant(plant)
    return plant


def _toml_of(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: is not TOML ({error}); fix it there") from None
    except (RecursionError, ValueError):
        raise UserError(f"{path}: is not TOML that can be read; fix its values") from None
