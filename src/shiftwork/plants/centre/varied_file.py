"""Scenarios with numbers to be drawn: the table [varied] of a scenario's file, and drawn scenarios as files.

[varied]
ships.interval_d = [2.6, 2.85]
tanks.level = [0.1, 0.9]       # of each tank on its own
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np

from shiftwork.errors import UserError, unknown
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.load import VARIED, read_scenario, scenario_of
from shiftwork.plants.centre.scenario import Scenario, Table
from shiftwork.plants.centre.varied import AnyCentre, Range, VariedCentre, scenario_with

TRIED = 64
"""Scenarios that are drawn and checked while a file is read."""


def load_centre(name_or_path: str | Path) -> AnyCentre:
    """Read a scenario, shipped or one's own, and build what it describes.

    Raises:
        UserError: As ``load_scenario``; or a range is wrong, or what it lets through contradicts itself.
    """
    raw, where = read_scenario(name_or_path)
    table = raw.pop(VARIED, None)
    scenario = scenario_of(raw, where)
    if table is None:
        return Centre(scenario)
    where = f"{where}: {VARIED}"
    if not isinstance(table, dict) or not table:
        raise UserError(f"{where}: holds no range; write KEY = [least, most] below [{VARIED}]")
    ranges = tuple(_ranges(table, scenario, where))
    for given in ranges:
        key = ".".join(str(part + 1 if isinstance(part, int) else part) for part in given.place)
        for end in (given.low, given.high):
            _check(scenario_with(scenario, (given,), (end,)), f"{where}: {key} = {end:g}")
    plant = VariedCentre(scenario, ranges)
    draws = np.asarray(
        jax.vmap(plant.drawn)(jax.random.split(jax.random.key(0), TRIED)), np.float64
    )
    for draw in draws:
        _check(
            scenario_with(scenario, ranges, tuple(draw.tolist())),
            f"{where}: what is drawn can contradict itself (narrow a range)",
        )
    return plant


def scenario_toml(scenario: Scenario) -> str:
    """Write a scenario as the TOML that ``load_scenario`` reads."""
    lines: list[str] = []
    below: list[tuple[str, Any]] = []
    for key, value in scenario.model_dump().items():
        is_table = isinstance(value, dict) or key == "tanks"
        below.append((key, value)) if is_table else lines.append(f"{key} = {_written(value)}")
    for key, value in below:
        for table in value if isinstance(value, list | tuple) else (value,):
            lines += ["", f"[[{key}]]" if key == "tanks" else f"[{key}]"]
            lines += [f"{name} = {_written(entry)}" for name, entry in table.items()]
    return "\n".join(lines) + "\n"


def _written(value: Any) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_written(entry)}" for key, entry in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_written, value)) + "]"
    return repr(value)


def _ranges(table: dict[str, Any], scenario: Scenario, where: str) -> Iterator[Range]:
    for key, given in _flat(table):
        places = list(_places(scenario, tuple(key.split(".")), key, where))
        ends = isinstance(given, list) and len(given) == 2
        if not ends or not all(type(end) in (int, float) and abs(end) < 1e12 for end in given):
            raise UserError(f"{where}: {key} is {given!r}; write two numbers, [least, most]")
        low, high = map(float, given)
        if low >= high:
            raise UserError(f"{where}: {key} is {given!r}; the first number must be the smaller")
        yield from (Range(place, low, high) for place in places)


def _flat(table: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield before + key, value


def _places(
    value: Any, keys: tuple[str, ...], key: str, where: str, before: tuple[str | int, ...] = ()
) -> Iterator[tuple[str | int, ...]]:
    """Find the numbers that a key stands for: in each tank and each grade, where it leads through these."""
    if isinstance(value, tuple) and value and isinstance(value[0], Table):
        for position, part in enumerate(value):
            yield from _places(part, keys, key, where, (*before, position))
    elif isinstance(value, Table) and keys:
        if keys[0] not in type(value).model_fields:
            raise unknown("key", keys[0], list(type(value).model_fields), f"{where}: {key}")
        yield from _places(getattr(value, keys[0]), keys[1:], key, where, (*before, keys[0]))
    elif keys or not isinstance(value, float):
        raise UserError(
            f"{where}: {key} is not a single number with a decimal point; only such numbers can be drawn "
            "(no names, counts, hours or lists)"
        )
    else:
        yield before


def _check(scenario: Scenario, where: str) -> None:
    """Refuse a drawn scenario that could not be written in a file."""
    scenario_of(scenario.model_dump(), where)
