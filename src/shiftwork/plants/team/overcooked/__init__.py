"""Kitchens in which a team cooks: one file each for the map, memory, way finding and moves."""

from shiftwork.plants.team.overcooked.kitchen import KITCHENS
from shiftwork.plants.team.overcooked.overcooked import Overcooked

MAPS = tuple(KITCHENS)
"""The names of the maps."""

__all__ = ["MAPS", "Overcooked"]
