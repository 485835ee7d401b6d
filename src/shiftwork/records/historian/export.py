"""Parquet out: what was imported, for others to use.

One file each, readable by anything that reads Parquet:

- samples in long form: tag, time, value, quality (good, uncertain, bad) and text;
- the grid: time, then for each tag its value, and its mean as "<tag> mean";
- episodes: one row per observation. The last row of an episode holds its last observation and no
  action or reward. Tags, units and limits stand in the file's metadata under "shiftwork".
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
from jaxtyping import Shaped

from shiftwork.files import written_whole
from shiftwork.records.episodes import Episodes
from shiftwork.records.historian.grid import Grid
from shiftwork.records.historian.samples import Samples
from shiftwork.records.tags import tags_to_json

QUALITY = {0: "good", 1: "uncertain", 2: "bad"}


def write_samples(samples: Samples, path: Path) -> None:
    """Write samples in long form, in the words that most tools understand.

    Raises:
        UserError: It cannot be written there.
    """
    quality = pl.col("status").replace_strict(QUALITY, return_dtype=pl.Enum(QUALITY.values()))
    frame = pl.concat(samples.scans).select("tag", "time", "value", quality=quality, text="state")
    with written_whole(path) as temporary:
        frame.sink_parquet(temporary)


def write_grid(grid: Grid, path: Path) -> None:
    """Write a grid: a column of stamps, two for each numeric tag and one for each state.

    Raises:
        UserError: It cannot be written there.
    """
    columns = {"time": pl.Series(grid.time).dt.replace_time_zone("UTC")}
    for k, key in enumerate(grid.keys):
        for name, values in ((key, grid.value), (f"{key} mean", grid.mean)):
            columns[name] = pl.Series(values[:, k], nan_to_null=True)
    with written_whole(path) as temporary:
        pl.DataFrame(columns).hstack(grid.states).write_parquet(temporary)


def write_episodes(
    episodes: Episodes, path: Path, stamps: Shaped[np.ndarray, " TE"] | None = None
) -> None:
    """Write episodes, one row for each step and one more for each episode's last observation.

    The columns are episode, step, time if it is known, "observation.<tag>", "action.<tag>",
    reward, terminal and truncated.

    Args:
        episodes: Of any source.
        path: Where to.
        stamps: When each observation was, datetime64.

    Raises:
        UserError: It cannot be written there.
    """
    rows = episodes.length + 1
    number = np.repeat(np.arange(len(rows)), rows)
    step = np.arange(len(number)) - np.repeat(np.cumsum(rows) - rows, rows)
    acted = step < np.repeat(episodes.length, rows)
    columns: dict[str, pl.Series] = {"episode": pl.Series(number), "step": pl.Series(step)}
    if stamps is not None:
        columns["time"] = pl.Series(stamps).dt.replace_time_zone("UTC")
    for tag, values in zip(episodes.observation_tags, episodes.observation.T, strict=True):
        columns[f"observation.{tag.name}"] = pl.Series(values)
    steps = episodes.transitions
    for name, values in (
        *zip((f"action.{t.name}" for t in episodes.action_tags), episodes.action.T, strict=True),
        ("reward", episodes.reward),
        ("terminal", steps.terminal),
        ("truncated", steps.last & ~steps.terminal),
    ):
        # Where nothing was done there is no value: the next row's is put there, then taken away.
        placed = pl.Series(values)[np.minimum(np.cumsum(acted) - acted, len(values) - 1)]
        columns[name] = pl.select(pl.when(pl.Series(acted)).then(placed)).to_series()
    about = {
        "observation_tags": tags_to_json(episodes.observation_tags),
        "action_tags": tags_to_json(episodes.action_tags),
        "source": episodes.source,
        "hash": episodes.hash,
    }
    with written_whole(path) as temporary:
        pl.DataFrame(columns).write_parquet(temporary, metadata={"shiftwork": json.dumps(about)})
