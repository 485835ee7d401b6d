"""A historian's export of simulated years, labelled as simulated, with the plant file to read it.

What a historian does to signals is done to these: exception reporting, a swinging door, set-points
on change, laboratory values late and rounded, spells of bad quality.
"""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from jaxtyping import Float

from shiftwork.files import write_folder
from shiftwork.people.centre.plant_toml import plant_toml
from shiftwork.people.centre.shift_log import occasions, shift_log
from shiftwork.people.centre.ship_papers import ship_papers
from shiftwork.people.centre.signals import Signal, signals
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.trace import CentreTrace
from shiftwork.records.historian.compression import Compression, archived, exception_reported

BEGIN = datetime(2031, 1, 1, tzinfo=UTC)
"""Of the first simulated year: far enough ahead that nobody takes it for a past one."""
YEAR_D = 365
"""From the beginning of one episode to that of the next; what lies between is a gap."""
EXCEPTION, COMPRESSION = 0.001, 0.002
"""Dead-bands of exception reporting and of the swinging door, parts of the span."""
RESENT_S, ARCHIVED_S = 4 * 3600.0, 8 * 3600.0
"""A value is sent on, and kept, at least this often, moved or not."""
BAD_SPELLS_PER_YEAR, LONGEST_SPELL_H = 2.0, 8
"""Of each measured tag, on average."""
BAD_TEXT = "I/O Timeout"


@dataclass(frozen=True)
class RecordFiles:
    """What an export consists of.

    Attributes:
        parquet: The historian's samples in long form, of all years.
        csv: The same as CSV.
        log: The shift log, CSV.
        papers: The ship papers, CSV.
        occasions: Every occasion to decide, CSV.
        plant: The plant file.
    """

    parquet: Path
    csv: Path
    log: Path
    papers: Path
    occasions: Path
    plant: Path


def compression_of(signal: Signal) -> Compression:
    """How the historian keeps a measured tag."""
    return Compression(
        span=signal.span[1] - signal.span[0],
        exception=EXCEPTION,
        exception_max_s=RESENT_S,
        compression=COMPRESSION,
        compression_max_s=ARCHIVED_S,
    )


def write_records(
    plant: Centre, traces: Sequence[CentreTrace], folder: Path, seed: int = 0
) -> RecordFiles:
    """Write what people did in simulated years.

    Args:
        plant: The centre that they ran.
        traces: Episodes, as NumPy arrays; each becomes a calendar year.
        folder: Is to hold the export: ``historian/``, ``csv/``, the plant file, the shift log,
            the ship papers, the occasions.
        seed: Of the bad spells.

    Raises:
        UserError: The folder cannot be written, or holds something else.
    """
    files = files_of(folder, f"{plant.name}.simulated")
    label = (
        f"simulated: people running '{plant.name}' for {len(traces)} year(s); no plant was measured"
    )

    def fill(there: Path) -> None:
        samples = pl.concat([_year(plant, trace, year, seed) for year, trace in enumerate(traces)])
        about = {"simulated": True, "title": label, "plant": plant.name}
        for path in (files.parquet, files.csv):
            (there / path.relative_to(folder)).parent.mkdir()
        samples.write_parquet(
            there / files.parquet.relative_to(folder), metadata={"shiftwork": json.dumps(about)}
        )
        _write_csv(samples, there / files.csv.relative_to(folder), label)
        for path, table in (
            (files.log, shift_log),
            (files.papers, ship_papers),
            (files.occasions, occasions),
        ):
            told = [table(plant, trace, begin_of(year)) for year, trace in enumerate(traces)]
            _write_csv(pl.concat(told), there / path.name, label)
        toml = plant_toml(plant, tuple(signals(plant, traces[0])), label)
        (there / files.plant.name).write_text(toml, encoding="utf-8")

    write_folder(folder, fill, marker=files.plant.name)
    return files


def files_of(folder: Path, name: str) -> RecordFiles:
    """Where the files of an export stand."""
    return RecordFiles(
        parquet=folder / "historian" / f"{name}.parquet",
        csv=folder / "csv" / f"{name}.csv",
        log=folder / f"{name}.shift-log.csv",
        papers=folder / f"{name}.ship-papers.csv",
        occasions=folder / f"{name}.occasions.csv",
        plant=folder / f"{name}.toml",
    )


def begin_of(year: int) -> datetime:
    """When an episode begins."""
    return BEGIN + timedelta(days=YEAR_D * year)


def _year(plant: Centre, trace: CentreTrace, year: int, seed: int) -> pl.DataFrame:
    begin = begin_of(year)
    frames = []
    for signal in signals(plant, trace):
        # A tag's bad spells are its own, whatever other tags there are.
        draw = np.random.default_rng([seed, year, zlib.crc32(signal.key.encode())])
        hour, told, quality = _kept(signal, draw)
        seconds = np.round(hour * 3600.0).astype(np.int64)
        frames.append(
            pl.DataFrame({"seconds": seconds, "value": told, "quality": quality}).select(
                timestamp=pl.lit(begin) + pl.duration(seconds="seconds"),
                tag=pl.lit(signal.source),
                value="value",
                quality="quality",
            )
        )
    return pl.concat(frames).sort("timestamp", maintain_order=True)


def _kept(
    signal: Signal, draw: np.random.Generator
) -> tuple[Float[np.ndarray, " R"], list[str], list[str]]:
    """What the historian keeps of a tag: hours, values as text, quality."""
    if signal.kind != "measured":
        kept = np.arange(len(signal.hour))
        if signal.kind != "laboratory":
            kept = exception_reported(3600.0 * signal.hour, signal.value, 0.0, ARCHIVED_S)
        return signal.hour[kept], _told(signal, signal.value[kept]), ["Good"] * len(kept)
    hours, values, quality = [], [], []
    for first, last, bad in _stretches(len(signal.hour), draw):
        hour, value = signal.hour[first:last], signal.value[first:last]
        if bad:
            hours.append(hour[:1])
            values.append(BAD_TEXT)
            quality.append("Bad")
            continue
        kept = archived(3600.0 * hour, value, compression_of(signal))
        hours.append(hour[kept])
        values += _told(signal, value[kept])
        quality += ["Good"] * len(kept)
    return np.concatenate(hours), values, quality


def _stretches(count: int, draw: np.random.Generator) -> Iterator[tuple[int, int, bool]]:
    """Cut a record into good and bad stretches; it begins and ends with a good one."""
    spells = draw.poisson(BAD_SPELLS_PER_YEAR * count / (24 * YEAR_D))
    at = 1
    for begin in np.sort(draw.integers(1, max(count - LONGEST_SPELL_H - 2, 2), spells)):
        end = int(begin) + int(draw.integers(1, LONGEST_SPELL_H + 1))
        if begin <= at or end >= count - 1:
            continue  # it would touch another one
        yield at - 1, int(begin), False
        yield int(begin), end, True
        at = end + 1
    yield at - 1, count, False


def _told(signal: Signal, value: Float[np.ndarray, " R"]) -> list[str]:
    """Values as text: a state's words, numbers with the digits that the span deserves."""
    if signal.words:
        return [signal.words[int(v)] for v in value]
    if signal.kind == "measured":
        digits = max(0, 5 - math.ceil(math.log10(signal.span[1] - signal.span[0])))
        return [f"{v:.{digits}f}" for v in value]
    return [f"{v:.10g}" for v in value]


def _write_csv(frame: pl.DataFrame, path: Path, label: str) -> None:
    """Write a table under a title that says that it is simulated."""
    columns = pl.col("timestamp").dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(f"# {label}\n")
        file.write(frame.with_columns(columns).write_csv())
