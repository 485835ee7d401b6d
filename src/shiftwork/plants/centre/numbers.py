"""A scenario taken apart into numbers, which are data, and shapes, which a program is made for.

XLA takes tens of seconds to compile a program that runs a centre. Prices, costs, levels, limits
and rates are therefore arguments of the program: only what decides a shape or a branch is fixed
in it (``STATIC``, and how many tanks, grades and levels there are).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from shiftwork.plants.centre.scenario import Scenario, Table

STATIC = frozenset({"horizon_d", "count", "furnace_agents", "recipe_parts"})
"""The keys of a scenario that decide a shape or a branch of the program."""


class Label:
    """Something that travels with a plant but makes no other program: equal to every other label.

    Attributes:
        value: What is carried, for example names.
    """

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Label)

    def __hash__(self) -> int:
        return hash(Label)


def numbers_in(table: Table) -> dict[str, Any]:
    """Return the numbers of a table as arrays: a pytree of dictionaries and lists."""
    return {key: _number(value) for key, value in table if key not in STATIC and key != "name"}


def static_in(table: Table) -> tuple[Any, ...]:
    """Return the values that a program is made for, in a form that can be compared and hashed."""
    return tuple(
        (key, static_in(value) if isinstance(value, Table) else value)
        for key, value in table
        if isinstance(value, Table) or key in STATIC
    )


def with_numbers(table: Scenario, numbers: dict[str, Any]) -> Scenario:
    """Put numbers, traced ones too, in the place of those of a scenario.

    Args:
        table: A scenario of the same shapes.
        numbers: As ``numbers_in`` returns them; nothing is checked.
    """
    filled: Scenario = _with_numbers(table, numbers)
    return filled


def _with_numbers(table: Any, numbers: Any) -> Any:
    if isinstance(table, Table):
        return table.model_copy(
            update={
                key: _with_numbers(getattr(table, key), value) for key, value in numbers.items()
            }
        )
    if _holds_tables(table):
        return tuple(map(_with_numbers, table, numbers))
    return numbers


def _number(value: Any) -> Any:
    if isinstance(value, Table):
        return numbers_in(value)
    if _holds_tables(value):
        return [numbers_in(part) for part in value]
    if isinstance(value, int):
        return np.asarray(value, np.int32)
    return np.asarray(value, np.float32) if isinstance(value, float | tuple) else value


def _holds_tables(value: Any) -> bool:
    return isinstance(value, tuple) and bool(value) and isinstance(value[0], Table)
