"""The verb ``people``: simulated people run a plant, and leave records as a historian exports them."""

from __future__ import annotations

from pathlib import Path

import jax
import numpy as np

from shiftwork.cli.progress import console
from shiftwork.errors import UserError
from shiftwork.plants.catalogue import TEAM_PLANTS

FURNACE = "furnace"
YEAR_D = 360
MOST_YEARS = 200
"""Beyond it the export would not fit into the memory of a small machine."""


def people_at(name: str, out: Path, years: int, seed: int) -> None:
    """Let people run a plant and write their records with the plant file to read them.

    Args:
        name: "furnace", a cracking centre, or a centre's scenario file.
        out: Folder for all files.
        years: Years of records; every one has other people, feeds and prices.
        seed: Seed for all random draws.

    Raises:
        UserError: Nobody is simulated at that plant, the years are out of range, or nothing can be
            written there.
    """
    if not 1 <= years <= MOST_YEARS:
        raise UserError(f"--years is {years}; ask for 1 to {MOST_YEARS}")
    if name == FURNACE:
        command = _at_furnace(out, years, seed)
    elif name in TEAM_PLANTS or name.endswith(".toml"):
        command = _at_centre(name, out, years, seed)
    else:
        raise UserError(
            f"no people are simulated at '{name}'; give --plant {FURNACE} or a cracking centre, such "
            "as centre-small"
        )
    # A command is copied whole: no line break inside it.
    console.print(command, soft_wrap=True)


def _at_furnace(out: Path, years: int, seed: int) -> str:
    """Let crews run a furnace, 360 days each; return the command that inspects their records."""
    from shiftwork.people.furnace.export import write_people_export
    from shiftwork.people.furnace.people import run_by_people
    from shiftwork.plants.cracker.furnace_plant import STEP_H, Furnace

    plant = Furnace(horizon=YEAR_D * 24 // STEP_H)
    trajectory = run_by_people(plant, jax.random.key(seed), years)
    files = write_people_export(plant, trajectory, out, seed)
    earned = 1000 * float(trajectory.reward.mean()) / STEP_H
    console.print(
        f"Simulated records written to {out}: {years} x {YEAR_D} days of a furnace, margin {earned:,.0f} $/h"
    )
    return f"shiftwork inspect {files.parquet} --tags {files.plant}"


def _at_centre(name: str, out: Path, years: int, seed: int) -> str:
    """Let people run a centre, 364 days each; also write a page about the first weeks."""
    from shiftwork.cli.team_verbs import as_centre
    from shiftwork.people.centre.export import write_records
    from shiftwork.people.centre.years import YEAR_D, people_years
    from shiftwork.plants.catalogue import make_team_plant
    from shiftwork.plants.centre.trace import profit_usd
    from shiftwork.reports.centre.page import centre_page

    centre = as_centre(make_team_plant(name))
    plant, traces = people_years(centre.scenario, jax.random.key(seed), years)
    files = write_records(plant, traces, out, seed)
    # A page about a whole year could not be read: it shows the scenario's own horizon.
    first = traces[0]._replace(hours=jax.tree.map(lambda x: x[: centre.horizon], traces[0].hours))
    found = centre_page(centre, first, out / "centre.html")
    earned = [float(profit_usd(trace.hours.account).mean()) for trace in traces]
    console.print(
        f"Simulated records written to {out}: {years} x {YEAR_D} days of {centre.name}, profit "
        f"{np.mean(earned):,.0f} $/h; the page shows the first {centre.horizon // 24} days, "
        f"{found.profit_usd_per_h:,.0f} $/h"
    )
    return f"shiftwork inspect {files.parquet.parent} --tags {files.plant}"
