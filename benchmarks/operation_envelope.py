"""A million fuzzed cycles through each envelope: how many writes lie outside it, and how fast it is.

Each cycle is random; about every tenth has a broken sensor, crossed limits or an absurd action.

python -m benchmarks.operation_envelope --cycles 1000000
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.results import read_rows, write_rows, write_table

# The judges, which share no code with the envelopes, are the tests' own.
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

NAME = "operation_envelope"
PART = 50_000
KINDS = ("limits and relations", "limits, relations, records", "limits, furnace's model")


def _part(kind: str, count: int, seed: int) -> dict[str, Any]:
    fuzzed_envelope = importlib.import_module("support.fuzzed_envelope")
    fuzzed_furnace = importlib.import_module("support.fuzzed_furnace")
    support = fuzzed_envelope.people() if kind == KINDS[1] else None
    fuzzed = fuzzed_furnace.fuzzed if kind == KINDS[2] else fuzzed_envelope.fuzzed
    given = (support,) if support is not None else ()
    envelope, observation, action = fuzzed(count, seed, *given)
    begin = time.perf_counter()
    result = envelope.hold(observation, action)
    seconds = time.perf_counter() - begin
    if kind == KINDS[2]:
        wrong = fuzzed_furnace.outside(envelope, observation, result.action)
    else:
        wrong = fuzzed_envelope.outside(observation, result.action).any(-1)
    if support is not None:
        wrong |= fuzzed_envelope.beyond(observation, result.action, support)
    return {
        "envelope": kind,
        "seed": seed,
        "cycles": count,
        "writes": int((~np.isnan(result.action)).sum()),
        "held": int(result.held.sum()),
        "outside": int(wrong.sum()),
        "wall_s": seconds,
    }


def table() -> str:
    """Make the table from the rows."""
    rows, lines = read_rows(NAME), []
    for kind in dict.fromkeys(row["envelope"] for row in rows):
        mine = [row for row in rows if row["envelope"] == kind]
        sums = [sum(int(row[name]) for row in mine) for name in ("cycles", "writes", "held")]
        cycle_us = 1e6 * sum(float(row["wall_s"]) for row in mine) / sums[0]
        outside = sum(int(row["outside"]) for row in mine)
        lines.append([kind, *(f"{value:,}" for value in sums), f"{outside:,}", f"{cycle_us:.1f}"])
    header = ["envelope", "cycles", "writes", "held", "cycles with a write outside", "us a cycle"]
    return write_table(NAME, header, lines)


def main() -> None:
    """Run the fuzz, write the rows and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=1_000_000, help="of each envelope")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", type=int, default=[0, 1, 2], help="0, 1, 2")
    options = parser.parse_args()
    for kind in (KINDS[number] for number in options.kinds):
        rows = []
        for begin in range(0, options.cycles, PART):
            count = min(PART, options.cycles - begin)
            rows.append(_part(kind, count, options.seed + begin // PART))
        write_rows(NAME, rows, replace=("envelope", "seed"))
        print(kind, flush=True)
    print(table())


if __name__ == "__main__":
    main()
