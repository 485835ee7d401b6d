"""What people did: recorded episodes, from files and to files."""

from shiftwork.records.compact import write_compact
from shiftwork.records.episodes import Episodes, Statistics, Transitions
from shiftwork.records.load import load_records
from shiftwork.records.minari import write_minari
from shiftwork.records.neorl import write_neorl
from shiftwork.records.tags import Tag, Tags

__all__ = [
    "Episodes",
    "Statistics",
    "Tag",
    "Tags",
    "Transitions",
    "load_records",
    "write_compact",
    "write_minari",
    "write_neorl",
]
