"""Team episodes from a centre's export: what everybody saw, might do and chose, rebuilt hour by hour.

A historian keeps measurements, states and set-points, not what people had in view. So the state of the
plant as far as people knew it is put together for each hour, and the plant's own code says what
each role sees of it and may choose:

    state           ``known_state.py``
    measured        between two archived samples on the line that leads from one to the other
    occasions       from the list of them; what was chosen is the macro-action in force from then on
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import polars as pl

from shiftwork.errors import UserError
from shiftwork.people.centre.export import RecordFiles, files_of
from shiftwork.people.centre.export_year import HOURLY, Tags, Year, hours_since, number_of
from shiftwork.people.centre.known_state import state_of
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.market import REWARD_USD, Account
from shiftwork.plants.centre.state import CentreState, Seen
from shiftwork.plants.record_team import place_of
from shiftwork.records.historian.plant_file.load import load_plant_file
from shiftwork.records.historian.samples import read_samples
from shiftwork.records.team_episodes import Decisions, TeamEpisodes


class Rebuilt(NamedTuple):
    """What was rebuilt.

    Attributes:
        records: Team episodes.
        opened: Of each agent, decisions whose choice the rebuilt mask did not allow. People choose within
            their masks, so it is opened there: stock or composition lay at a limit within the
            historian's precision, and other choices at that limit may be masked wrongly as well.
    """

    records: TeamEpisodes
    opened: tuple[int, ...]


def read_team_episodes(plant: Centre, files: RecordFiles, scenario: str = "") -> Rebuilt:
    """Rebuild team episodes from an export.

    The hour behind an episode's last one is not in an export, so no row stands there.

    Args:
        plant: The centre, with the horizon of the episodes.
        files: What ``write_records`` wrote.
        scenario: Text of the plant's scenario file, if it is one of the user's own.

    Raises:
        UserError: A file is missing or of another kind, or names what the plant does not have.
    """
    place = place_of(plant, step="1 h", reward=f"{REWARD_USD:,.0f} $", scenario=scenario)
    rebuild = jax.jit(jax.vmap(lambda state: _look(plant, state)))
    parts: list[list[Decisions]] = [[] for _ in place.tasks]
    rewards, lengths = [], []
    for number, year in enumerate(_years(plant, files)):
        seen: Any = jax.device_get(rebuild(state_of(plant, year)))
        for agent, found in enumerate(_decisions(plant, year, number, seen, files.occasions)):
            parts[agent].append(found)
        tags, costs = year.tags, Account._fields[1:]
        profit = tags[Account._fields[0]] - sum(tags[cost] for cost in costs)
        rewards.append((profit / REWARD_USD).astype(np.float32))
        lengths.append(year.hours)
    decisions = tuple(
        Decisions(*(np.concatenate([getattr(p, n) for p in own]) for n in vars(own[0])))
        for own in parts
    )
    opened = []
    for found in decisions:
        row = np.arange(len(found.step))
        opened.append(int((~found.mask[row, found.macro_action]).sum()))
        found.mask[row, found.macro_action] = True
    records = TeamEpisodes(
        place,
        decisions,
        np.concatenate(rewards),
        np.array(lengths, np.int64),
        np.zeros(len(lengths), bool),
        str(files.occasions),
    )
    return Rebuilt(records, tuple(opened))


def _look(plant: Centre, state: CentreState) -> Seen:
    """What everybody sees and may choose in a state, as the plant itself says it."""
    return plant.told(state).seen


def _decisions(plant: Centre, year: Year, number: int, seen: Any, source: Path) -> list[Decisions]:
    """Rows of each agent, from its occasions."""
    observed = [*np.moveaxis(seen.berths, 1, 0), seen.blending, *np.moveaxis(seen.furnaces, 1, 0)]
    masks = [*np.moveaxis(seen.may_berth, 1, 0), seen.may_blend, *np.moveaxis(seen.may_crack, 1, 0)]
    found = []
    for agent, name in enumerate(plant.agents):
        mine = year.occasions.filter(pl.col("task") == name)
        step = np.array([hours_since(year.begin, t) for t in mine["timestamp"]], np.int64)
        names = plant.macro_actions[agent]
        macro = np.array(
            [number_of(names, word, "macro-action", source) for word in mine["decision"]], np.int64
        )
        found.append(
            Decisions(
                np.full(len(step), number, np.int64),
                step,
                np.asarray(observed[agent], np.float32)[step],
                np.asarray(masks[agent], bool)[step],
                macro,
                np.diff(step, append=year.hours).astype(np.int64),
            )
        )
    return found


def files_in(folder: Path) -> RecordFiles:
    """Find the files of an export in its folder.

    Raises:
        UserError: There is no such export.
    """
    plants = sorted(folder.glob("*.simulated.toml"))
    if len(plants) != 1:
        raise UserError(
            f"{folder}: holds {len(plants) or 'no'} files *.simulated.toml, not one; give the folder that "
            "shiftwork people wrote for a cracking centre"
        )
    return files_of(folder, plants[0].name.removesuffix(".toml"))


def _years(plant: Centre, files: RecordFiles) -> list[Year]:
    """Cut an export into its episodes: one begins wherever every agent decides in the same hour first."""
    told = load_plant_file(files.plant)
    frame = read_samples([files.parquet.parent], told).frame
    # What the laboratory reports belongs to the episode in which it becomes known.
    delays = {key: tag.laboratory_delay_s for key, tag in told.tags.items()}
    delay = pl.col("tag").cast(pl.String).replace_strict(delays, return_dtype=pl.Float64)
    frame = frame.with_columns(
        known=pl.col("time") + pl.duration(microseconds=(1e6 * delay).cast(pl.Int64))
    )
    occasions, papers = (_table(path) for path in (files.occasions, files.papers))
    stamps = occasions["timestamp"].unique().sort()
    gaps = stamps.diff().dt.total_hours().fill_null(10_000) > plant.horizon
    begins = stamps.filter(gaps).to_list()
    years = []
    for begin, until in zip(begins, [*begins[1:], datetime.max.replace(tzinfo=UTC)], strict=True):
        here = (pl.col("timestamp") >= begin) & (pl.col("timestamp") < until)
        some = frame.filter((pl.col("known") >= begin) & (pl.col("known") < until))
        kept = some.filter(pl.col("tag") == HOURLY)["time"]
        first: Any = kept.min()
        last: Any = kept.max()
        if first is None or first != begin:
            raise UserError(
                f"{files.occasions}: lists occasions from {begin:%Y-%m-%d %H:%M} on, but the samples of "
                f"{files.parquet.name} begin {f'at {first:%Y-%m-%d %H:%M}' if first else 'never'}; give "
                "files of one export"
            )
        count = round(hours_since(begin, last)) + 1
        tags = {
            str(key[0]): _hourly(rows, told.tags[str(key[0])], begin, count)
            for key, rows in some.partition_by("tag", as_dict=True).items()
        }
        parts = papers.filter(here), occasions.filter(here)
        years.append(Year(begin, Tags(files.parquet, tags), *parts, files))
    return years


def _hourly(rows: pl.DataFrame, tag: Any, begin: datetime, count: int) -> np.ndarray:
    """A tag at the beginning of each hour: held, or between two samples where it was measured."""
    hour = np.arange(count)
    good = rows.filter(pl.col("status") < 2)
    at = (good["time"] - begin).dt.total_seconds().to_numpy() / 3600.0
    latest = np.maximum(np.searchsorted(at, hour + 1e-6, side="right") - 1, 0)
    if tag.role == "state":
        return good["state"].to_numpy()[latest]
    value = good["value"].to_numpy()
    if tag.laboratory_delay_s:
        known_at = at + tag.laboratory_delay_s / 3600.0
        return value[np.maximum(np.searchsorted(known_at, hour + 1e-6, side="right") - 1, 0)]
    return value[latest] if tag.hold else np.interp(hour, at, value)


def _table(path: Path) -> pl.DataFrame:
    """Read a CSV beside the export, under its title."""
    try:
        table = pl.read_csv(path, comment_prefix="#")
        return table.with_columns(
            pl.col("timestamp").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_zone="UTC")
        )
    except FileNotFoundError:
        raise UserError(
            f"{path}: no such file; export the records again with shiftwork people"
        ) from None
    except pl.exceptions.PolarsError as error:
        raise UserError(f"{path}: cannot be read ({error}); export the records again") from None
