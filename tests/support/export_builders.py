"""A small plant, exports written as text, and what was read of them in one line."""

from collections.abc import Iterable
from pathlib import Path

import polars as pl
import pytest

from shiftwork.errors import UserError
from shiftwork.records.historian.plant_file.load import parse_plant
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.historian.readers import delimited
from shiftwork.records.historian.samples import Samples, read_samples

PLANT = """
name = "column"
period = "1min"
time_zone = "UTC"
[objective]
expression = "0"
[tags.rr]
source = "SP"
role = "action"
bounds = [1, 7]
[tags.x0]
role = "observation"
"""
RUN = '[tags.run]\nrole = "state"\n'


def plant(extra: str = "", zone: str = "UTC") -> PlantFile:
    """The plant with more TOML behind it."""
    return parse_plant(PLANT.replace('"UTC"', f'"{zone}"') + extra, Path("plant.toml"))


def lines(*rows: str, end: str = "\n") -> str:
    return "".join(row + end for row in rows)


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path: Path | Iterable[Path], of: PlantFile | None = None) -> Samples:
    return read_samples([path] if isinstance(path, Path) else list(path), of or plant())


def shown(samples: Samples) -> str:
    """All samples in one line: "rr 00:01 2.5 | x0 00:01 'Shutdown'!"; ? uncertain, ! bad.

    Times are UTC of 2025-03-04 if no date stands before them.
    """
    return " | ".join(_shown(*row) for row in samples.frame.iter_rows())


def _shown(tag, time, value, status, state) -> str:
    clock = f"{time:%H:%M}" + (f":{time:%S}" if time.second or time.microsecond else "")
    clock += f".{time.microsecond:06d}".rstrip("0") if time.microsecond else ""
    date = "" if (time.year, time.month, time.day) == (2025, 3, 4) else f"{time:%Y-%m-%d} "
    held = "-" if value is None else f"{value:g}"
    held = f"'{state}'" if state is not None else held
    return f"{tag} {date}{clock} {held}{['', '?', '!'][status]}"


def times(samples: Samples, key: str) -> list[str]:
    """Times of one tag, UTC."""
    frame = samples.frame.filter(pl.col("tag") == key)
    return [f"{time:%m-%d %H:%M}" for time in frame["time"]]


def kinds(samples: Samples) -> dict[tuple[str, str], int]:
    """How often what was found, by kind and tag."""
    return {(f.kind, f.tag): f.count for f in samples.findings}


def refusal(tmp_path, content, *keys):
    """Read an export that must be refused, and give the message."""
    with pytest.raises(UserError) as caught:
        read(write(tmp_path, "export.csv", content), plant(*keys))
    return str(caught.value)


def cut_at(patch, size):
    """Cut text into blocks of so many bytes."""
    for name in ("BLOCK_BYTES", "SMALL_BLOCK_BYTES", "FIRST_BYTES"):
        patch.setattr(delimited, name, size)
