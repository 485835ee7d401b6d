"""How fast teams learn in all, acting and learning together, and when box pushing 6 is solved.

    python -m benchmarks.team_learning_speed

Needs Linux and a machine that does nothing else. First five seeds side by side on one core, so that a
second is a CPU-second; the first piece, in which all is compiled, is not in the rate. Then box pushing
6 with one seed after another on all cores, each in a process of its own: the seconds until a look (64
whole episodes, which are not learned from) has a mean return of 250 and of 298. Nets are drawn and all
is compiled in them; imports are not.
"""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np

from benchmarks.results import read_rows, write_rows, write_table
from shiftwork.cli.progress import console
from shiftwork.learning.team.preset import preset
from shiftwork.learning.team.train import learn_team
from shiftwork.plants.catalogue import make_team_plant

RATES = {"box-pushing-6": 300_000, "overcooked-A": 300_000, "overcooked-large-A": 200_000}
SOLVED = ("box-pushing-6", 400_000)
SEEDS = tuple(range(5))
LOOKS = (250, 298)
PUBLIC = {"box-pushing-6": 344, "overcooked-A": 490, "overcooked-large-A": 226}
"""Steps of learning per CPU-second of the public code."""


def learn(plant: str, seeds: tuple[int, ...], steps: int, cores: int) -> dict[str, Any]:
    """Learn and tell how long it took."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    config = preset("acac", make_team_plant(plant))
    history = learn_team(make_team_plant(plant), "acac", config, steps=steps, seeds=seeds).history
    row: dict[str, Any] = {
        "plant": plant,
        "seeds": " ".join(map(str, seeds)),
        "cores": cores,
        "steps": int(history.updates[-1]),
        "steps_per_s": history.rate * len(seeds),
        "first_piece_s": history.compile_s,
    }
    piece_s = (history.wall_s - history.compile_s) / max(1, len(history.updates) - 1)
    for look in LOOKS:
        reached = np.flatnonzero(history.metrics["return"][:, 0] >= look)
        alone = len(seeds) == 1 and len(reached) > 0
        row[f"steps_to_{look}"] = int(history.updates[reached[0]]) if alone else ""
        row[f"s_to_{look}"] = history.compile_s + reached[0] * piece_s if alone else ""
    return row


def apart(*what: Any) -> dict[str, Any]:
    """Run ``learn`` in a fresh process: nothing is compiled yet, and cores are its own to choose."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(learn, *what).result()


def table() -> str:
    """Make the table from the CSV."""
    rows = read_rows("team_learning_speed")
    lines = []
    for plant, cores in dict.fromkeys((row["plant"], row["cores"]) for row in rows):
        some = [row for row in rows if (row["plant"], row["cores"]) == (plant, cores)]
        together = len(some[0]["seeds"].split())
        pinned = together > 1
        rate = float(some[0]["steps_per_s"])
        lines.append(
            (
                plant,
                f"{together} side by side" if pinned else f"{len(some)}, each alone",
                cores,
                f"{rate:,.0f}" if pinned else "",
                f"{PUBLIC[plant]} ({rate / PUBLIC[plant]:.0f} times)" if pinned else "",
                f"{np.median([float(row['first_piece_s']) for row in some]):.0f}",
                *(_until(some, look) for look in LOOKS),
            )
        )
    header = (
        "plant",
        "seeds",
        "cores",
        "steps of learning per CPU-second",
        "public code",
        "first piece, s (compiles)",
        *(f"s to {look}, median (range)" for look in LOOKS),
    )
    return write_table("team_learning_speed", header, lines)


def _until(rows: list[dict[str, str]], look: int) -> str:
    seconds = [float(row[f"s_to_{look}"]) for row in rows if row[f"s_to_{look}"]]
    if not seconds:
        return ""
    few = "" if len(seconds) == len(rows) else f", {len(seconds)} of {len(rows)} seeds"
    return f"{np.median(seconds):.1f} ({min(seconds):.1f} to {max(seconds):.1f}{few})"


def main() -> None:
    """Measure all of it."""
    cores = os.cpu_count() or 1
    plant, steps = SOLVED
    jobs: list[tuple[Any, ...]] = [(name, SEEDS, count, 1) for name, count in RATES.items()]
    jobs += [(plant, (seed,), steps, cores) for seed in SEEDS]
    for job in jobs:
        row = apart(*job)
        console.print(f"{job[0]}, seeds {row['seeds']}: {row['steps_per_s']:,.0f} steps/s")
        write_rows("team_learning_speed", [row], replace=("plant", "seeds", "cores"))
    console.print(table())


if __name__ == "__main__":
    main()
