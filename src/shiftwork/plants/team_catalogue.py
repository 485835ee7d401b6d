"""Every team's plant by its name, as the command line knows it."""

from __future__ import annotations

import dataclasses

from shiftwork.errors import unknown
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.load import NAMES, load_scenario
from shiftwork.plants.options import primitive
from shiftwork.plants.tasks.box_pushing import BoxPushing
from shiftwork.plants.tasks.overcooked.kitchen import KITCHENS
from shiftwork.plants.tasks.overcooked.overcooked import Overcooked
from shiftwork.plants.tasks.primitive import PrimitiveBoxPushing, PrimitiveOvercooked
from shiftwork.plants.team_plant import TeamPlant

_BOXES = tuple(BoxPushing(size) for size in (6, 8, 10))
_KITCHENS = tuple(Overcooked(map, random) for map in KITCHENS for random in (False, True))
_ONCE = tuple(
    dataclasses.replace(kitchen, once=True) for kitchen in _KITCHENS if "large" in kitchen.map
)
_PLANTS: tuple[TeamPlant, ...] = (
    *_BOXES,
    *(primitive(PrimitiveBoxPushing(boxes)) for boxes in _BOXES),
    *_KITCHENS,
    *_ONCE,
    *(primitive(PrimitiveOvercooked(kitchen)) for kitchen in _KITCHENS),
    *(Centre(load_scenario(name)) for name in NAMES),
)
OURS = {plant.name: plant for plant in _PLANTS}
"""The plants that ship with the package."""


def make_team_plant(name: str) -> TeamPlant:
    """Find a team's plant by its name, such as "box-pushing-6" or "overcooked-large-B-rand".

    "-primitive" behind a box pushing or a kitchen is the same without macro-actions; "-once" behind
    a large kitchen pays of each food the first chop alone.

    Args:
        name: Of a plant, or the path of a cracking centre's scenario, a .toml file.

    Raises:
        UserError: There is no such plant; the message names the nearest.
    """
    if name.endswith(".toml"):
        return Centre(load_scenario(name))
    if name not in OURS:
        raise unknown("team plant", name, OURS)
    return OURS[name]
