"""ACAC on the naphtha cracking centre, beside the people who run it.

    python -m benchmarks.centre_team [--plants centre-small ...] [--seeds 0 1 2] [--steps N]

Everybody runs 256 whole episodes that begin alike; profit is what the plant calls so, less every cost.
Teams begin knowing nothing and learn by experience alone; every executed hour of the plant is counted.
Their settings are those that go with the plant (``presets.py``), not tuned on these seeds but for the one that
the settings were looked at with, seed 0.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from benchmarks.results import read_rows, write_rows, write_table
from shiftwork.cli.progress import console, progress_bar
from shiftwork.evaluation.statistics import mean_interval
from shiftwork.evaluation.team_rollout import evaluate_team
from shiftwork.learning.team.preset import preset
from shiftwork.learning.team.train import learn_team
from shiftwork.people.centre.people import People
from shiftwork.plants.catalogue import make_team_plant
from shiftwork.plants.centre.centre import Centre

EPISODES = 256
EPISODE_SEED = 1_000
STEPS = 2_000_000


def run(plant: Centre, seeds: list[int], steps: int) -> list[dict[str, Any]]:
    """Judge people and a team of each seed on the same episodes; one row for each."""
    found = evaluate_team(plant, People(plant), EPISODES, EPISODE_SEED)
    rows = [_row(plant, "people", "", 0, found.returns, found.success)]
    with progress_bar(f"{plant.name} acac", steps, "steps") as advance:
        learned = learn_team(
            plant, "acac", preset("acac", plant), steps=steps, seeds=seeds, advance=advance
        )
    for number, seed in enumerate(seeds):
        found = evaluate_team(plant, learned.policies(number), EPISODES, EPISODE_SEED)
        done = int(learned.history.updates[-1])
        row = _row(plant, "acac", seed, done, found.returns, found.success)
        rows.append(row | {"wall_s": learned.history.wall_s})
    return rows


def _row(
    plant: Centre, who: str, seed: int | str, steps: int, returns: Any, success: Any
) -> dict[str, Any]:
    usd_per_h = 1000 * np.asarray(returns, np.float64) / plant.horizon
    found = mean_interval(usd_per_h)
    return {
        "plant": plant.name,
        "who": who,
        "seed": seed,
        "steps": steps,
        "episodes": len(usd_per_h),
        "profit_usd_per_h": found.estimate,
        "low": found.low,
        "high": found.high,
        "success": float(np.mean(success)),
        "wall_s": 0.0,
    }


def table() -> str:
    """Make the table from the CSV."""
    lines = []
    rows = read_rows("centre_team")
    for plant in dict.fromkeys(row["plant"] for row in rows):
        (base,) = (r for r in rows if r["plant"] == plant and r["who"] == "people")
        teams = [r for r in rows if r["plant"] == plant and r["who"] != "people"]
        for row in (base, *teams):
            profit = float(row["profit_usd_per_h"])
            gain = 100 * (profit / float(base["profit_usd_per_h"]) - 1)
            lines.append(
                (
                    plant,
                    "people" if row["who"] == "people" else f"ACAC, seed {row['seed']}",
                    f"{int(row['steps']) / 1e6:.1f} M" if int(row["steps"]) else "",
                    f"{profit:,.0f} [{float(row['low']):,.0f}, {float(row['high']):,.0f}]",
                    "" if row["who"] == "people" else f"{gain:+.1f} %",
                    f"{100 * float(row['success']):.0f} %",
                )
            )
    header = (
        "scenario", "who", "hours learned from", "profit, $/h", "against people",
        "episodes without shortage or forced decoke",
    )  # fmt: skip
    return write_table("centre_team", header, lines)


def main() -> None:
    """Run what is asked for, replace its rows in the CSV, and make the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plants", nargs="+", default=["centre-small"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=STEPS)
    options = parser.parse_args()
    for name in options.plants:
        plant = make_team_plant(name)
        assert isinstance(plant, Centre)
        write_rows("centre_team", run(plant, options.seeds, options.steps), replace=("plant",))
    console.print(table())


if __name__ == "__main__":
    main()
