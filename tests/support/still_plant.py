"""A small plant whose records are known through and through, for the tests of the inspection."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from shiftwork.errors import UserError
from shiftwork.records.historian.cut import Cut, cut_episodes
from shiftwork.records.historian.grid import Grid, to_grid
from shiftwork.records.historian.plant_file.load import parse_plant
from shiftwork.records.historian.samples import Samples, read_samples
from shiftwork.reports.inspection.contents import Inspection
from shiftwork.reports.inspection.inspect import inspect

START = np.datetime64("2025-03-01T00:00:00", "s")

HEAD = """
name = "still"
period = "1min"

[objective]
expression = "{objective}"
unit = "$"

[episodes]
gap = "5min"
{length}
"""

TAGS = {
    "reflux": 'role = "action"\nunit = "m3/h"\nbounds = [1, 7]\nrate = [-1, 1]',
    "feed": 'role = "action"\nunit = "t/h"\nbounds = [0, 10]',
    "level": 'role = "observation"\nunit = "%"\nbounds = [40, 60]',
    "ambient": 'role = "observation"\nunit = "C"',
}


@dataclass
class Still:
    """Two days of a still, one row a minute; a test may spoil any column before it is written.

    The level answers to reflux moves of the minute before; the feed is constant and the ambient
    temperature wanders on its own. The operators move the reflux at random, but stay near 4.
    """

    rows: int = 2880
    objective: str = "-abs(level - 50)"
    length: str = 'length = "2h"'
    tags: dict[str, str] = field(default_factory=lambda: dict(TAGS))
    columns: dict[str, list[str]] = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(1)
        reflux, level, ambient = 4.0, 50.0, 20.0
        rows = []
        for _ in range(self.rows):
            rows.append((reflux, 3.0, level, ambient))
            level = 50 + 0.8 * (level - 50) + 1.5 * (reflux - 4) + 0.2 * rng.normal()
            reflux = 4 + 0.5 * (reflux - 4) + np.clip(0.5 * rng.normal(), -0.9, 0.9) / 2
            ambient += 0.05 * rng.normal()
        table = np.array(rows)
        # Each row shows what was set for the minute that begins there.
        self.columns = {
            key: [f"{value:.4f}" for value in table[:, column]] for column, key in enumerate(TAGS)
        }

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write export and plant file."""
        stamps = START + np.arange(self.rows) * np.timedelta64(60, "s")
        lines = ["time," + ",".join(self.columns)]
        lines += [
            f"{stamp}Z," + ",".join(cells)
            for stamp, *cells in zip(stamps, *self.columns.values(), strict=True)
        ]
        export, plant = folder / "export.csv", folder / "still.toml"
        export.write_text("\n".join(lines) + "\n", encoding="utf-8")
        plant.write_text(self.plant_text, encoding="utf-8")
        return export, plant

    @property
    def plant_text(self) -> str:
        """The plant file."""
        entries = "".join(f"\n[tags.{key}]\n{entry}\n" for key, entry in self.tags.items())
        return HEAD.format(objective=self.objective, length=self.length) + entries

    def inspected(self, folder: Path) -> tuple[Inspection, Samples, Grid, Cut | None]:
        """Write, read and inspect it."""
        export, _ = self.write(folder)
        plant = parse_plant(self.plant_text, folder / "still.toml")
        samples = read_samples([export], plant)
        grid = to_grid(samples, plant)
        cut, refusal = None, ""
        try:
            cut = cut_episodes(grid, plant)
        except UserError as error:
            refusal = str(error)
        return inspect(samples, grid, cut, plant, refusal=refusal), samples, grid, cut
