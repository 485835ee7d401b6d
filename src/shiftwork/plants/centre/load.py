"""Reading a scenario of the centre: TOML in, a checked model out, every mistake named by its key."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from shiftwork.errors import UserError, unknown
from shiftwork.plants.centre.scenario import Grade, Scenario, Table, Tank
from shiftwork.plants.centre.scenario_checks import check_scenario

NAMES = frozenset(
    Path(str(file)).stem
    for file in (files("shiftwork.plants.centre") / "scenarios").iterdir()
    if str(file).endswith(".toml")
)
"""The scenarios that ship with the package."""
VARIED = "varied"
"""The table of a scenario that says which of its numbers are drawn for each episode."""


_NEEDED = {
    "string_type": "is no text; write it in quotes",
    "string_too_short": "is empty; write a name",
    "float_type": "is no number; write one without quotes",
    "finite_number": "is not finite; write a plain number",
    "int_type": "is no whole number; write one without quotes",
    "int_from_float": "is no whole number; write one",
    "model_type": "is no table; write it as [{key}]",
    "model_attributes_type": "is no table; write it as [{key}]",
    "tuple_type": "is no list; write one in [ ]",
    "too_short": "has too few entries; give it at least {min_length}",
    "too_long": "has too many entries; give it at most {max_length}",
    "greater_than": "must be above {gt:g}; mend it",
    "greater_than_equal": "must be at least {ge:g}; mend it",
    "less_than_equal": "must be at most {le:g}; mend it",
}


def load_scenario(name_or_path: str | Path) -> Scenario:
    """Read a shipped scenario by its name, or one's own from a TOML file.

    Raises:
        UserError: There is no such scenario or file, it is no TOML, or something in it is wrong;
            the message names the file and the key. So is one whose numbers are to be drawn.
    """
    raw, where = read_scenario(name_or_path)
    if VARIED in raw:
        raise UserError(
            f"{where}: {VARIED}: its numbers are drawn for each episode; draw one scenario of it: "
            f"shiftwork team draw {name_or_path} --out scenario.toml"
        )
    return scenario_of(raw, where)


def read_scenario(name_or_path: str | Path) -> tuple[dict[str, Any], str]:
    """Read the tables of a scenario, and say where they stand; nothing is checked but the name."""
    text = str(name_or_path)
    if text in NAMES:
        shipped = files("shiftwork.plants.centre") / "scenarios" / f"{text}.toml"
        where, content = text, shipped.read_text(encoding="utf-8")
    elif Path(text).suffix == ".toml":
        where, content = text, _content(Path(text))
    else:
        raise unknown("scenario (nor is it a .toml file)", text, NAMES)
    try:
        raw = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{where}: is no valid TOML ({error}); correct that line") from None
    if str(raw.get("name")) in NAMES and text not in NAMES:
        # A team learned on it would later be run on the shipped one.
        raise UserError(f"{where}: name: '{raw['name']}' ships with the package; choose another")
    return raw, where


def scenario_of(raw: dict[str, Any], where: str) -> Scenario:
    """Check the tables of a scenario, and that they do not contradict each other.

    Raises:
        UserError: Something is wrong in them; the message names the key.
    """
    scenario = parse_scenario(raw, where)
    check_scenario(scenario, where)
    return scenario


def parse_scenario(raw: dict[str, Any], where: str) -> Scenario:
    """Check the kinds of all values, not yet whether they contradict each other.

    Raises:
        UserError: A key is unknown, missing, or of another kind.
    """
    try:
        return Scenario.model_validate(raw)
    except ValidationError as error:
        raise _first_mistake(error, where) from None


def _content(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; give a scenario's name or file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read ({error}); it must be TOML in UTF-8") from None


def _first_mistake(error: ValidationError, where: str) -> UserError:
    """Tell the first mistake; misspelt keys before what they leave out."""
    mistakes = error.errors(include_url=False)
    mistakes.sort(key=lambda m: m["type"] != "extra_forbidden")
    mistake = mistakes[0]
    # People count tanks and grades from 1.
    place = [str(part + 1 if isinstance(part, int) else part) for part in mistake["loc"]]
    kind, context, key = mistake["type"], mistake.get("ctx", {}), ".".join(place)
    if kind == "extra_forbidden":
        parent = ".".join([where + ":", *place[:-1]]).replace(":.", ": ").removesuffix(":")
        return unknown("key", place[-1], _known(mistake["loc"][:-1]), parent)
    if kind == "missing":
        return UserError(f"{where}: {key} is missing; write it")
    if kind == "value_error":
        return UserError(f"{where}: {key}: {context['error']}")
    if kind == "literal_error":
        return UserError(
            f"{where}: {key}: {mistake['input']!r} is unknown; write {context['expected']}"
        )
    text = _NEEDED.get(kind, f"{mistake['msg']}; mend it").format(key=key, **context)
    return UserError(f"{where}: {key}: {repr(mistake['input'])[:60]} {text}")


def _known(place: tuple[int | str, ...]) -> list[str]:
    """Find the keys of the table at a place."""
    table: type[Table] = Scenario
    nested = {"tanks": Tank, "grades": Grade}
    for part in place:
        if isinstance(part, str):
            table = nested.get(part) or table.model_fields[part].annotation  # type: ignore[assignment]
    return list(table.model_fields)
