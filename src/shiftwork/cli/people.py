"""The verb ``people``: simulated people run a plant, and leave records as a historian exports them."""

from __future__ import annotations

from pathlib import Path

import jax

from shiftwork.cli.progress import console
from shiftwork.errors import UserError
from shiftwork.people.furnace.export import write_people_export
from shiftwork.people.furnace.people import run_by_people
from shiftwork.plants.cracker.furnace_plant import STEP_H, Furnace

YEAR_D = 360
MOST_YEARS = 200
"""Beyond it the export would not fit into the memory of a small machine."""


def people_at(name: str, out: Path, years: int, seed: int) -> None:
    """Let people run a furnace and write their records with the plant file to read them.

    Args:
        name: Of the plant.
        out: Folder for both files.
        years: Furnace-years of 360 days; every one has another crew.
        seed: Of everything.

    Raises:
        UserError: Nobody is simulated at that plant, the years are out of range, or nothing can be
            written there.
    """
    if name != Furnace().name:
        raise UserError(
            f"no people are simulated at '{name}'; give --plant {Furnace().name}, or see "
            "shiftwork team people for a cracking centre"
        )
    if not 1 <= years <= MOST_YEARS:
        raise UserError(f"--years is {years}; ask for 1 to {MOST_YEARS}")
    plant = Furnace(horizon=YEAR_D * 24 // STEP_H)
    trajectory = run_by_people(plant, jax.random.key(seed), years)
    files = write_people_export(plant, trajectory, out, seed)
    earned = 1000 * float(trajectory.reward.mean()) / STEP_H
    console.print(
        f"Simulated records written to {out}: {years} x {YEAR_D} days of a furnace, margin {earned:,.0f} $/h"
    )
    # A command is copied whole: no line break of ours in it.
    console.print(f"shiftwork inspect {files.parquet} --plant {files.plant}", soft_wrap=True)
