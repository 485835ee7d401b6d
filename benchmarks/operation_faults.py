"""The fault table of operation, injected at random moments: answered within, back within, late writes.

A real OPC UA server in a process of its own, a real client, and a TCP proxy that holds, drops,
garbles and cuts what passes. The plant's cycle is 1 s, its tick 0.2 s, a time-out 1 s; those of a
centre, which a team runs, are 2 s, 0.2 s and 1 s.

python -m benchmarks.operation_faults --count 20 --outages 100
python -m benchmarks.operation_faults --plant centre-small --count 20 --outages 100
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import logging
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.results import read_rows, write_rows, write_table

# The rows of the table, and the rig that plays them, are the tests' own.
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

NAMES = {"dmsd": "operation_faults", "centre-small": "operation_team_faults"}
OUTAGE = "link breaks under a commit"


async def _play(
    plant: str, seed: int, count: int, outages: int, only: Sequence[str], end_s: float
) -> list[dict[str, Any]]:
    injected = importlib.import_module("support.injected")
    if plant == "dmsd":
        rig_of = importlib.import_module("support.rig").Rig
    else:
        rig_of = importlib.import_module("support.team_rig").TeamRig
    most_s = injected.MOST_S + rig_of.period_s
    rows: list[dict[str, Any]] = []

    def note(name: str, answer: str, trial: int, **columns: float) -> None:
        rows.append({"fault": name, "answer": answer, "seed": seed, "trial": trial} | columns)

    def over() -> bool:
        return time.monotonic() > end_s

    with tempfile.TemporaryDirectory() as folder:
        async with rig_of(Path(folder), seed) as rig:
            await rig.finish()
            for trial in range(outages):
                kind, late = await injected.outage(rig, rig.connection)
                nan = dict.fromkeys(("answered_s", "read_again_s", "back_s"), np.nan)
                note(f"{OUTAGE}: {kind}", "unknown", trial, **nan, most_s=most_s, late=int(late))
            print(f"seed {seed}: {outages} outages", flush=True)
            await rig.begin()
            for trial, row in (
                (trial, row)
                for trial in range(count)
                for row in injected.ROWS
                if rig.plays(row) and (not only or row.name in only)
            ):
                if over():
                    print(f"seed {seed}: the time is over in round {trial + 1} of {count}")
                    break
                try:
                    made = await injected.inject(rig, row)
                except AssertionError as error:  # the loop could not be closed before the fault
                    print(f"seed {seed}: {row.name}: not injected: {error}", flush=True)
                    continue
                seconds = {
                    "answered_s": made.answered_s,
                    "read_again_s": made.read_again_s,
                    "back_s": made.back_s,
                }
                note(row.name, row.answer, trial, **seconds, most_s=most_s, late=made.late)
    return rows


def played(
    plant: str, seed: int, count: int, outages: int, only: Sequence[str], end_s: float
) -> list[dict[str, Any]]:
    """Play faults at one rig, in a process of its own; a row for each of them.

    Args:
        plant: Of ``NAMES``.
        seed: Of every moment and draw.
        count: How often each row of the table is injected.
        outages: Links broken under a commit.
        only: Rows of the table; all of them if empty.
        end_s: No fault begins after it, monotonic.
    """
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # broken sockets are what is asked for
    return asyncio.run(_play(plant, seed, count, outages, only, end_s))


def _share(total: int, parts: int, part: int) -> int:
    return total // parts + (part < total % parts)


def _spread(values: list[float]) -> str:
    known = np.array(values)[~np.isnan(values)]
    return f"{np.median(known):.1f} / {known.max():.1f}" if len(known) else ""


def table(plant: str) -> str:
    """Make a plant's table from the rows."""
    rows = read_rows(NAMES[plant])
    lines = []
    for name in dict.fromkeys(row["fault"] for row in rows):
        mine = [row for row in rows if row["fault"] == name]
        answered = [float(row["answered_s"]) for row in mine]
        in_time = sum(float(row["answered_s"]) <= float(row["most_s"]) for row in mine)
        timed = not np.isnan(answered).all()
        lines.append(
            [
                name,
                mine[0]["answer"],
                str(len(mine)),
                f"{in_time} of {len(mine)}" if timed else "",
                _spread(answered),
                _spread([float(row["read_again_s"]) for row in mine]),
                _spread([float(row["back_s"]) for row in mine]),
                str(sum(int(row["late"]) for row in mine)),
            ]
        )
    header = [
        "fault",
        "answer",
        "n",
        "in time",
        "answered, s",
        "read again, s",
        "runs again, s",
        "late writes taken over",
    ]
    return write_table(NAMES[plant], header, lines)


def main() -> None:
    """Play, write the rows and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plant", choices=[*NAMES], default="dmsd")
    parser.add_argument("--count", type=int, default=20, help="how often each fault is injected")
    parser.add_argument("--outages", type=int, default=100, help="links broken under a commit")
    parser.add_argument("--rigs", type=int, default=2, help="plants at the same time")
    parser.add_argument("--only", nargs="*", default=(), help="rows of the table; all unless given")
    parser.add_argument("--minutes", type=float, default=90.0, help="no fault begins after it")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    begin = time.monotonic()
    # A fresh process for each: the parent may hold threads.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.rigs, context) as pool:
        work = [
            pool.submit(
                played,
                options.plant,
                options.seed + rig,
                _share(options.count, options.rigs, rig),
                _share(options.outages, options.rigs, rig),
                options.only,
                begin + 60 * options.minutes,
            )
            for rig in range(options.rigs)
        ]
        rows = [row for part in work for row in part.result()]
    wall_s = time.monotonic() - begin
    rows = [row | {"wall_s": round(wall_s)} for row in rows]
    write_rows(NAMES[options.plant], rows, replace=("fault", "seed", "trial"))
    print(table(options.plant))


if __name__ == "__main__":
    main()
