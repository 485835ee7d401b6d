"""The README's pictures of a cracking centre: who did what when, and the plant at one moment.

python -m benchmarks.centre_pictures
"""

from __future__ import annotations

from pathlib import Path

import jax
import numpy as np

from shiftwork.people.centre.people import People
from shiftwork.plants.catalogue import make_team_plant
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.trace import CentreTrace, run_centre
from shiftwork.reports.centre.gantt import gantt
from shiftwork.reports.centre.plant_picture import plant_picture

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
SCENARIO, DAYS, SEED, MOMENT_H = "centre-tight", 30, 1, 300


def main() -> None:
    """Let people run a month of the scenario with late ships and few tanks, and draw it."""
    plant = make_team_plant(SCENARIO)
    assert isinstance(plant, Centre)
    people = People(plant)

    @jax.jit
    def month(key: jax.Array) -> CentreTrace:
        return run_centre(plant, people, key, 24 * DAYS)

    trace = jax.tree.map(np.asarray, month(jax.random.key(SEED)))
    gantt(plant, trace).savefig(FOLDER / "centre-gantt.png", dpi=130)
    plant_picture(plant, trace, MOMENT_H).savefig(FOLDER / "centre.png", dpi=130)


if __name__ == "__main__":
    main()
