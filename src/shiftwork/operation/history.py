"""The plant's own history: what was read and what was in force, as records to learn from.

Samples go into an SQLite file, or into a PostgreSQL. A day that is over (UTC) is moved to a Parquet file in the long
shape that ``shiftwork inspect`` and ``learn`` read, under the tags' names of the plant file, so
that what was operated becomes records by itself.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from shiftwork.errors import UserError
from shiftwork.files import written_whole
from shiftwork.operation.history_rows import DAY_US, HistoryFailed, Row
from shiftwork.operation.history_store import LONG_AGO_US, reading, writing
from shiftwork.operation.samples import Sample
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.historian.values.quality import BAD, GOOD, UNCERTAIN

OPEN = "history.sqlite"
"""What the days that are not closed are called, wherever they stand."""
QUALITY = {GOOD: "Good", UNCERTAIN: "Uncertain", BAD: "Bad"}


class History:
    """A history that is open for writing.

    Args:
        folder: Holds ``history.sqlite`` and one ``YYYY-MM-DD.parquet`` for each closed day.
        plant: Names the tags.
        database: A PostgreSQL that holds the days that are not over; "" for SQLite.

    Raises:
        UserError: The folder or the database cannot be used.
    """

    def __init__(self, folder: Path, plant: PlantFile, database: str = "") -> None:
        self.folder, self._plant = folder, plant
        self._last: dict[str, tuple[Sample, int]] = {}
        self._store = writing(folder, plant.name, database)

    def add(self, time_us: int, samples: dict[str, Sample]) -> None:
        """Keep the samples of one cycle.

        A held limit or state is kept when it changes and once in half of its maximum age. Every
        other tag is kept each time: a measurement's mean runs straight between samples, and an
        action's samples show that no dead-band hides its moves.

        Args:
            time_us: When they were read, wall clock, microseconds since 1970 UTC.
            samples: By key of the plant file.
        """
        rows = [
            (time_us, key, sample.value, sample.state, sample.status)
            for key, sample in samples.items()
            if self._worth_keeping(key, sample, time_us)
        ]
        self._store.add(rows)

    def _worth_keeping(self, key: str, sample: Sample, time_us: int) -> bool:
        tag = self._plant.tags[key]
        last = self._last.get(key)
        if tag.hold and tag.role != "action" and last is not None and last[0].same(sample):
            old = time_us - last[1] > tag.max_age_s * 1e6 / 2
            if not old:
                return False
        self._last[key] = (sample, time_us)
        return True

    def recent(self, key: str, since_us: int) -> list[tuple[int, float | None]]:
        """Return time and value of a tag's samples since a time, for trends."""
        return [row for row in self._store.since(key, since_us) if row[0] >= since_us]

    def close_days(self, now_us: int) -> list[Path]:
        """Move every day that is over to a Parquet file of its own.

        A day is removed from the store only after its file is whole. After a crash in between it is
        written again, with the same content.

        Returns:
            The files written.
        """
        today = now_us // DAY_US
        return [self._close(day) for day in self._store.days(today * DAY_US)]

    def _close(self, day: int) -> Path:
        begin, end = day * DAY_US, (day + 1) * DAY_US
        rows = self._store.between(begin, end)
        frame = _table(rows, self._plant)
        file = self.folder / f"{day_name(day)}.parquet"
        if file.exists():  # a crash before, or samples of a day already closed: a clock went back
            frame = pl.concat([pl.read_parquet(file), frame])
            frame = frame.unique(["time", "tag"], keep="last", maintain_order=True)
        frame = frame.sort("time", "tag")
        with written_whole(file) as temporary:
            frame.write_parquet(temporary)
        self._store.remove(begin, end)
        return file

    def close(self) -> None:
        """Close the store."""
        self._store.close()


def day_name(day: int) -> str:
    """The date of a day (days since 1970, UTC), YYYY-MM-DD."""
    return str(date(1970, 1, 1) + timedelta(days=day))


def open_days(folder: Path, plant: PlantFile, until_us: int) -> pl.DataFrame:
    """Read what is not yet in a file of its own, in the shape of these files.

    Args:
        folder: Of the history; another process may be writing it.
        plant: Names the tags.
        until_us: Samples from then on are left out, microseconds since 1970 UTC.

    Raises:
        UserError: The history cannot be read.
    """
    try:
        with reading(folder) as store:
            return _table(store.between(LONG_AGO_US, until_us) if store else [], plant)
    except HistoryFailed as error:
        raise UserError(f"{folder}: holds no history that can be read ({error})") from None


@contextmanager
def files_until(
    folder: Path, plant: PlantFile, until_us: int
) -> Generator[dict[str, Path], None, None]:
    """Lend a history as files that are read like any export: closed days, and what is not closed yet.

    Args:
        folder: Where operate writes; it may be operating.
        plant: Names the tags.
        until_us: Samples from then on are left out; a whole day, microseconds since 1970 UTC.

    Yields:
        Each file by the name of what it was read from; they are there while the context lasts.

    Raises:
        UserError: The history cannot be read, or holds nothing up to then.
    """
    last = day_name(until_us // DAY_US - 1)
    closed = [file for file in sorted(folder.glob("????-??-??.parquet")) if file.stem <= last]
    found = {file.name: file for file in closed}
    with tempfile.TemporaryDirectory() as place:
        still_open = open_days(folder, plant, until_us)
        if len(still_open):
            found[OPEN] = Path(place) / "open.parquet"
            still_open.write_parquet(found[OPEN])
        if not found:
            raise UserError(f"{folder}: holds no history up to {last}; give the folder of operate")
        yield found


def _table(rows: Iterable[Row], plant: PlantFile) -> pl.DataFrame:
    """The long shape: time, tag by its source, value as text, quality as a word."""
    schema = {
        "time": pl.Int64,
        "tag": pl.String,
        "value": pl.Float64,
        "state": pl.String,
        "status": pl.Int64,
    }
    frame = pl.DataFrame(list(rows), schema=schema, orient="row")
    sources = {key: tag.source for key, tag in plant.tags.items()}
    # As text, since numbers and states share the column; Python's text of a float is exact.
    text = [None if value is None else repr(value) for value in frame["value"]]
    return frame.select(
        time=pl.from_epoch("time", "us").dt.replace_time_zone("UTC"),
        tag=pl.col("tag").replace_strict(sources, return_dtype=pl.String),
        value=pl.coalesce("state", pl.Series("text", text, pl.String)),
        quality=pl.col("status").replace_strict(QUALITY, return_dtype=pl.String),
    )
