"""Shiftwork: learn how a plant is run from its records, then improve by experience."""

from shiftwork.agents.agent import Agent
from shiftwork.agents.team import Team
from shiftwork.errors import UserError
from shiftwork.records.episodes import Episodes
from shiftwork.records.formats.load import load_records

__version__ = "0.1.0"
__all__ = ["Agent", "Episodes", "Team", "UserError", "__version__", "load_records"]
