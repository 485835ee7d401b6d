"""No silent misreading: a correct export, one change of it, and what is read of it.

python -m benchmarks.export_fuzz [--rounds 10000] [--seed 1] [--processes 2]

Each round writes an export of known values, changes it in one way in which real exports differ, writes
it with some separator, line end and encoding, compressed or not, and reads it. Right is: the same
values; or a refusal, or a notice, that names the matter. Everything else is a misreading. Rows are in
``results/export_fuzz.csv``, one for each change.
"""

from __future__ import annotations

import argparse
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

from benchmarks.export_fuzz.changes import CHANGES
from benchmarks.export_fuzz.judge import outcomes
from benchmarks.results import write_rows, write_table
from shiftwork.cli.progress import console


def main() -> None:
    """Run all rounds, write CSV and table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    counts: dict[str, Counter[str]] = {name: Counter() for name in CHANGES}
    parts = [range(first, given.rounds, given.processes) for first in range(given.processes)]
    # Forked processes would share the threads of polars, which do not outlive a fork.
    with ProcessPoolExecutor(given.processes, get_context("spawn")) as pool:
        for found in pool.map(partial(outcomes, given.seed), parts):
            for (name, outcome), count in found.items():
                counts[name][outcome] += count
    rows = [
        {
            "change": name,
            "rounds": sum(count.values()),
            "right": count["right"],
            "refused": count["refused"],
            "noticed": count["noticed"],
            "wrong": sum(count.values()) - count["right"] - count["refused"] - count["noticed"],
        }
        for name, count in counts.items()
    ]
    write_rows("export_fuzz", rows, replace=("change",))
    cells = [[str(value) for value in row.values()] for row in rows]
    console.print(write_table("export_fuzz", list(rows[0]), cells))


if __name__ == "__main__":
    main()
