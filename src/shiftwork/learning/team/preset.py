"""Settings that go with a family of plants: ours, and the paper's for comparison.

Each family has a file in ``presets``, named as plants of that family say (``family``). What was looked at
while its settings were chosen stands in the file.
"""

from __future__ import annotations

import dataclasses
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from shiftwork.errors import UserError
from shiftwork.learning.config import replaced
from shiftwork.learning.team.algorithms import team_algorithm
from shiftwork.plants.team_plant import TeamShape, family_of

PAPER = "paper"
"""What all published settings share; no plant is of this family."""

OWN_SETTING = ("mappo",)
"""Algorithms that keep their own setting: of a plant's they take discount and sizes alone."""
SIZES = ("discount", "actor_width", "actor_memory", "critic_width", "critic_memory")


def preset(algorithm: str, plant: TeamShape | None, *, paper: bool = False) -> Any:
    """Make the configuration that goes with a plant; the algorithm's own where nothing does.

    Args:
        algorithm: Its name.
        plant: The plant, if it is known yet.
        paper: The published settings, as far as our update has them.

    Raises:
        UserError: The algorithm is unknown, or nothing is published for the plant.
    """
    config = team_algorithm(algorithm).config()
    found = presets().get(family_of(plant), {})
    changes = dict(found.get("ours", {}))
    if paper:
        if "paper" not in found:
            known = " and ".join(sorted(name for name, of in presets().items() if "paper" in of))
            raise UserError(
                f"--paper: nothing is published for {plant.name if plant else 'no plant'}; leave it out, or "
                f"take a plant of {known}"
            )
        changes |= _read(PAPER)["paper"] | found["paper"]
    if algorithm in OWN_SETTING:
        changes = {name: value for name, value in changes.items() if name in SIZES}
    # An algorithm has some settings that another has not.
    own = {field.name for field in dataclasses.fields(config)}
    return replaced(config, **{name: value for name, value in changes.items() if name in own})


def has_preset(plant: TeamShape) -> bool:
    """Tell whether settings go with a plant."""
    return family_of(plant) in presets()


@cache
def presets() -> dict[str, dict[str, dict[str, Any]]]:
    """Read the settings of all families: family -> "ours" and, where published, "paper"."""
    names = sorted(
        file.name.removesuffix(".toml") for file in files(__package__).joinpath("presets").iterdir()
    )
    return {name: _read(name) for name in names if name != PAPER}


@cache
def _read(name: str) -> dict[str, dict[str, Any]]:
    file = files(__package__).joinpath("presets", f"{name}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))
