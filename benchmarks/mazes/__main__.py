"""Point mazes with a sparse, terminal reward: every algorithm, every part of PARS.

    python -m benchmarks.mazes [--mazes medium large] [--task 1] [--variants ...] [--seeds 1] [--updates 40000]
    python -m benchmarks.mazes --data FILE [--plant MODULE:ID]

Without ``--data`` the records are made by OGBench's public recipe (some minutes for a maze, kept in
``runs/mazes``). With it, an official file is read: D4RL's HDF5 or OGBench's npz. Agents are judged over whole
episodes in the environment of the task. ``benchmarks/mazes/setup.sh`` must have been run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.mazes.comparison import COMPARED, PARTS, Task, from_file, made_here, measured
from benchmarks.mazes.pictures import draw
from benchmarks.mazes.table import NAME, table
from benchmarks.results import FIRST_SEED, ROOT, origin, write_rows
from shiftwork.cli.progress import console
from shiftwork.errors import UserError

VARIANTS = COMPARED | PARTS
FOLDER = ROOT / "runs" / "mazes"
DRAWN = "point maze medium, task 1"
"""The set whose critics are drawn."""


def parsed(words: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mazes", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--mazes", nargs="+", default=["medium", "large"])
    parser.add_argument("--data", type=Path, help="an official file instead of made records")
    parser.add_argument("--plant", help="Gymnasium's name of its environment, module:id")
    parser.add_argument("--task", type=int, default=1, help="OGBench's number of the task")
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=list(VARIANTS))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--updates", type=int, default=40_000)
    parser.add_argument("--episodes", type=int, default=50)
    return parser.parse_args(words)


def tasks(options: argparse.Namespace) -> list[Task]:
    """Make or read the records that are asked for."""
    if options.data is not None:
        return [from_file(options.data, options.plant, options.task)]
    return [made_here(maze, options.task, FOLDER) for maze in options.mazes]


def main(words: Sequence[str] | None = None) -> None:
    """Run what is asked for, replace its rows in the CSV, and make table and picture."""
    options = parsed(words)
    console.print(origin())
    seeds = tuple(range(FIRST_SEED, FIRST_SEED + options.seeds))
    for task in tasks(options):
        kept = {}
        for name in options.variants:
            learned, rows = measured(
                task, name, VARIANTS[name], seeds, options.updates, options.episodes
            )
            write_rows(NAME, rows, replace=("task", "variant", "seed"))
            console.print(
                f"{task.name}, {name}: {[round(100 * r['goal']) for r in rows]} % of goals"
            )
            kept[name] = learned
        if task.name == DRAWN:
            draw(kept, task)
    console.print(table())


if __name__ == "__main__":
    try:
        main()
    except UserError as error:
        sys.exit(f"Error: {error}")
