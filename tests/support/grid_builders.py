"""Plants and samples in a few words, for the tests of the time grid and of what follows it."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from shiftwork.records.historian.plant_file.load import parse_plant
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.historian.samples import Samples

START_S = 1_750_000_020
"""2025-06-15 15:07 UTC, a whole minute."""

REFLUX = 'role = "action"\nbounds = [1, 7]'
LEVEL = 'role = "observation"'


def make_plant(
    tags: dict[str, str] | None = None,
    *,
    objective: str = "level",
    period: str = "1min",
    episodes: str = "",
    zone: str = "UTC",
    quality: str = "",
) -> PlantFile:
    """Make a plant file of tags whose entries are TOML; reflux and level if none are given."""
    entries = {"reflux": REFLUX, "level": LEVEL} if tags is None else tags
    text = f'name = "column"\nperiod = "{period}"\ntime_zone = "{zone}"\n'
    text += f'[objective]\nexpression = "{objective}"\n[episodes]\n{episodes}\n'
    text += f"[quality]\n{quality}\n"
    text += "".join(f"[tags.{key}]\n{entry}\n" for key, entry in entries.items())
    return parse_plant(text, Path("column.toml"))


def make_samples(plant: PlantFile, **tags: list[tuple[Any, ...]]) -> Samples:
    """Make samples of (seconds after the start, value or text or None[, status])."""
    rows = []
    for key in plant.tags:
        for second, value, *status in tags.get(key, []):
            text = value if isinstance(value, str) else None
            number = value if text is None else None
            stamp = round((START_S + second) * 1e6)
            rows.append((key, stamp, number, status[0] if status else 0, text))
    frame = pl.DataFrame(
        rows,
        {"tag": pl.Enum(list(plant.tags)), "time": pl.Int64, "value": pl.Float64}
        | {"status": pl.UInt8, "state": pl.String},
        orient="row",
    )
    return Samples((frame.with_columns(pl.col("time").cast(pl.Datetime("us", "UTC"))),), ())


def every(period_s: float, values: Any) -> list[tuple[float, Any]]:
    """Samples in even steps from the start."""
    return [(i * period_s, v) for i, v in enumerate(values)]


def coil_temperature(seed: int, days: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """A furnace's coil temperature, C, scanned every 10 s: it drifts for hours about 850 C.

    Its standard deviation is 4 C with a memory of two hours, and the transmitter adds 0.3 C.
    """
    rng = np.random.default_rng(seed)
    count = days * 8640
    memory = np.exp(-10 / 7200)
    drift = np.empty(count)
    drift[0] = 4 * rng.normal()
    for i, shock in enumerate(4 * np.sqrt(1 - memory**2) * rng.normal(size=count - 1)):
        drift[i + 1] = memory * drift[i] + shock
    return 10.0 * np.arange(count), 850 + drift + 0.3 * rng.normal(size=count)
