"""Plants run by a team whose agents each decide on their own clock.

PettingZoo is imported only by who imports ``shiftwork.plants.team.to_pettingzoo``, and
matplotlib by who draws.
"""

from shiftwork.plants.team.box_pushing import BoxPushing
from shiftwork.plants.team.catalogue import make_team_plant
from shiftwork.plants.team.centre import Centre
from shiftwork.plants.team.options import Option, WithOptions
from shiftwork.plants.team.overcooked import Overcooked
from shiftwork.plants.team.synchronous import JointStep, SynchronousPlant
from shiftwork.plants.team.team_plant import TeamPlant, TeamStep

__all__ = [
    "BoxPushing",
    "Centre",
    "JointStep",
    "Option",
    "Overcooked",
    "SynchronousPlant",
    "TeamPlant",
    "TeamStep",
    "WithOptions",
    "make_team_plant",
]
