"""Small team records written by hand, and folders of them with one thing changed."""

import json

import numpy as np
import polars as pl

from shiftwork.records.formats.team_folder import ABOUT, save_team_records
from shiftwork.records.team_episodes import NOTHING, Decisions, Task, TeamEpisodes, TeamPlace

BERTH = Task("berth 1", "receiving", ("ship", "stock"), ("wait", "unload", "call"))
BLEND = Task("blending", "blending", ("stock",), ("light", "heavy"))
PLACE = TeamPlace("quay", "Quay(berths=1)", (BERTH, BLEND), 4, "1 h", "1,000 $")


def decisions(rows, task):
    """Rows of (episode, step, duration, macro-action); everything seen is the row's number."""
    table = np.array(rows, np.int64)
    seen = np.arange(len(rows), dtype=np.float32)[:, None] + np.zeros(len(task.observations), "f4")
    mask = np.ones((len(rows), len(task.macro_actions)), bool)
    mask[:, -1] = table[:, 3] == len(task.macro_actions) - 1
    return Decisions(table[:, 0], table[:, 1], seen, mask, table[:, 3], table[:, 2])


BERTH_ROWS = [(0, 0, 2, 0), (0, 2, 2, 1), (0, 4, 0, NOTHING), (1, 0, 3, 2)]
BLEND_ROWS = [(0, 0, 4, 0), (1, 0, 1, 1), (1, 1, 2, 0)]


def records(place=PLACE, berth=BERTH_ROWS, blend=BLEND_ROWS, source="team records"):
    """Two episodes of 4 and 3 steps; the second is ended by the plant."""
    return TeamEpisodes(
        place,
        (decisions(berth, BERTH), decisions(blend, BLEND)),
        np.arange(7, dtype=np.float32),
        np.array([4, 3]),
        np.array([False, True]),
        source,
    )


def folder_with(path, file=None, change=None, about=None):
    """Write the records, then change one of the tables or the description."""
    save_team_records(records(), path)
    if change is not None:
        change(pl.read_parquet(path / file)).write_parquet(path / file)
    if about is not None:
        found = json.loads((path / ABOUT).read_text())
        about(found)
        (path / ABOUT).write_text(json.dumps(found))
    return path
