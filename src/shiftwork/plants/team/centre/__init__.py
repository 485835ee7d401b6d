"""A naphtha cracking centre: ships, tanks and furnaces, run by a team."""

from shiftwork.plants.team.centre.centre import Centre
from shiftwork.plants.team.centre.scenario import NAMES, Scenario, load_scenario

__all__ = ["NAMES", "Centre", "Scenario", "load_scenario"]
