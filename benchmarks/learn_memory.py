"""Memory and time that learning from records takes before and while it learns, against their size.

    python -m benchmarks.learn_memory [--rows 100000 400000 1600000]

One long run of 60 tags and two actions, one of the tags moved from outside now and then. Each size runs in a
process of its own; the peak is that of the whole process, and "begin" is the process with the records in memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np

from benchmarks.results import read_rows, write_rows, write_table
from shiftwork.cli.progress import console

COLUMNS, ACTIONS = 60, 2
UPDATES = 200
HELD = 500
"""Rows for which the tag that is moved from outside stands still."""


def measure(rows: int) -> dict[str, float]:
    """Learn from so many rows; return what it took.

    Args:
        rows: Of one long run.
    """
    from shiftwork.learning.offline.learn import learn
    from shiftwork.records.episodes import Episodes
    from shiftwork.records.tags import Tag

    rng = np.random.default_rng(0)
    seen = np.empty((rows + 1, COLUMNS), np.float32)
    for column in range(COLUMNS):
        walk = np.cumsum(rng.normal(size=rows + 1).astype(np.float32), dtype=np.float32)
        seen[:, column] = np.sin(0.1 * walk)
    seen[:, 5] = np.repeat(rng.normal(size=rows // HELD + 1), HELD)[: rows + 1]
    action = np.tanh(0.5 * seen[:-1, :ACTIONS] + 0.3 * rng.normal(size=(rows, ACTIONS)))
    reward = (seen[1:, 0] - np.square(action).sum(1)).astype(np.float32)
    records = Episodes(
        seen, action.astype(np.float32), reward, np.array([rows]), np.array([False]),
        tuple(Tag(f"T{column}") for column in range(COLUMNS)),
        tuple(Tag(f"U{column}", low=-1.0, high=1.0) for column in range(ACTIONS)),
    )  # fmt: skip
    begin_mb, began = _peak_mb(), time.process_time()
    learn(records, updates=UPDATES)
    return {
        "rows": rows, "records_mb": seen.nbytes / 1e6, "begin_mb": begin_mb, "peak_mb": _peak_mb(),
        "cpu_s": time.process_time() - began,
    }  # fmt: skip


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def main() -> None:
    """Measure each size, write CSV and table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 400_000, 1_600_000])
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(given.measure)))
        return
    for rows in given.rows:
        command = [sys.executable, "-m", "benchmarks.learn_memory", "--measure", str(rows)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        write_rows("learn_memory", [json.loads(done.stdout.splitlines()[-1])], replace=("rows",))
    lines = [
        [
            f"{int(row['rows']):,}",
            *(f"{float(row[key]):,.0f}" for key in ("records_mb", "begin_mb", "peak_mb", "cpu_s")),
        ]
        for row in read_rows("learn_memory")
    ]
    header = [
        "rows",
        "records, MB",
        "process with them, MB",
        f"peak of {UPDATES} updates, MB",
        "CPU s",
    ]
    console.print(write_table("learn_memory", header, lines))


if __name__ == "__main__":
    main()
