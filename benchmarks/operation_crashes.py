"""Processes that operate, killed at random moments or with a disk that breaks: what is left.

One audit takes all crashes of a kind. A killed process tests what the file system was given, not a
loss of power. The disk is broken by a preloaded library: "full" until a file is removed, or one
sync that fails while the next ones succeed, as Linux does it.

python -m benchmarks.operation_crashes --count 200
"""

from __future__ import annotations

import argparse
import importlib
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.results import read_rows, write_rows, write_table

# The child and the judge are the tests' own.
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

NAME = "operation_crashes"
COUNTS = ("acknowledged", "writes", "lost", "without_intent", "after_broken", "not_shed")


def table() -> str:
    """Make the table from the rows."""
    rows, lines = read_rows(NAME), []
    for kind in dict.fromkeys(row["kind"] for row in rows):
        mine = [row for row in rows if row["kind"] == kind]
        sums = [f"{sum(int(row[name]) for row in mine):,}" for name in COUNTS]
        lines.append([kind, str(len(mine)), *sums])
    header = [
        "crash",
        "n",
        "records acknowledged",
        "writes",
        "records lost",
        "writes without intent",
        "writes after the failure",
        "loops not given back",
    ]
    return write_table(NAME, header, lines)


def main() -> None:
    """Crash, judge, write the rows and the table."""
    crashes = importlib.import_module("support.crashes")
    killed = crashes.KINDS[0]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="crashes, of all kinds together")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        library = crashes.broken_disk(Path(folder))
        # Three of five are killed; a disk breaks in the others.
        kinds = [killed, crashes.KINDS[1], killed, crashes.KINDS[2], killed]
        if library is None:
            print("no C compiler (cc): no disk is broken")
            kinds = [killed]
        for trial in range(options.count):
            kind, seed = kinds[trial % len(kinds)], options.seed + trial
            begin = time.monotonic()
            left = crashes.crash(Path(folder) / kind.replace(" ", "-"), kind, seed, library)
            row = {"kind": kind, "seed": seed, "chain": "verified"} | asdict(left)
            rows.append(row | {"wall_s": time.monotonic() - begin})
            if trial % 10 == 9 or trial + 1 == options.count:
                write_rows(NAME, rows, replace=("kind", "seed"))
                print(f"{trial + 1} of {options.count}", flush=True)
    print(table())


if __name__ == "__main__":
    main()
