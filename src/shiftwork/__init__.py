"""Shiftwork: learn how a plant is run from its records, then improve by experience."""

from shiftwork.agent import Agent
from shiftwork.errors import UserError
from shiftwork.records import Episodes, load_records
from shiftwork.team import Team

__version__ = "0.1.0"
__all__ = ["Agent", "Episodes", "Team", "UserError", "__version__", "load_records"]
