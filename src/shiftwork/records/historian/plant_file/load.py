"""Reading a plant file: TOML in, a checked model out, every mistake named by its key."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from pydantic import ValidationError

from shiftwork.errors import UserError
from shiftwork.records.historian.plant_file.checks import check_plant, first_mistake, refuse_raw
from shiftwork.records.historian.plant_file.durations import seconds
from shiftwork.records.historian.plant_file.model import PlantFile

LARGEST_BYTES = 4 * 2**20


def load_plant_file(path: str | Path) -> PlantFile:
    """Read and check a plant file.

    Args:
        path: TOML in UTF-8.

    Raises:
        UserError: It cannot be read, or is wrong; the message names the key and the mend.
    """
    path = Path(path)
    if not os.path.isfile(path):
        raise UserError(f"{path}: no such file; give a plant file, or draft one from an export")
    if path.stat().st_size > LARGEST_BYTES:
        raise UserError(
            f"{path}: is larger than {LARGEST_BYTES / 2**20:g} MiB, so no plant file; check the path"
        )
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: byte {error.start} is not UTF-8; save it as UTF-8") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); check the path") from None
    return parse_plant(text, path)


def parse_plant(text: str, path: Path) -> PlantFile:
    """Check the text of a plant file.

    Args:
        text: TOML.
        path: Where it stands, put in front of errors.

    Raises:
        UserError: It is wrong; the message names the key and the mend.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: is no TOML ({error}); mend it there") from None
    except (RecursionError, ValueError):
        raise UserError(f"{path}: is no TOML that can be read; mend its values") from None
    refuse_raw(raw, path)
    try:
        period_s = seconds(raw.get("period"))
    except ValueError:
        period_s = 60.0  # the validation below tells the mistake
    tags = {key: {"key": key, **entry} for key, entry in raw["tags"].items()}
    try:
        plant = PlantFile.model_validate(
            raw | {"tags": tags}, context={"path": path, "period_s": period_s}
        )
    except ValidationError as error:
        raise first_mistake(error, path) from None
    check_plant(plant)
    return plant
