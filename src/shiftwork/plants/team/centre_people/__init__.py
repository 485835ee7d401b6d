"""The people who run a naphtha cracking centre today, and the records that they leave."""

from shiftwork.plants.team.centre_people.people import People
from shiftwork.plants.team.centre_people.trace import CentreTrace, run_centre

__all__ = ["CentreTrace", "People", "run_centre"]
