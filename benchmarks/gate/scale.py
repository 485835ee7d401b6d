"""What judging costs: time and memory against recorded steps.

    python -m benchmarks.gate.scale

Each case runs in a process of its own, on all cores, and tells its seconds and the peak of its memory,
the records in it. 100,000 steps are DMSD's (6 observations, 2 actions); the others are of a linear
plant with 20 observations and 5 actions, as one run.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from typing import Any

import numpy as np

from benchmarks.results import FIRST_SEED, write_rows, write_table
from shiftwork.cli.progress import console
from shiftwork.evaluation.gate.judge import judge
from shiftwork.learning.offline.learn import learn
from shiftwork.records.episodes import Episodes
from shiftwork.records.formats.load import load_records
from shiftwork.records.tags import Tag

CASES = {"dmsd": 100_000, "linear, 200,000": 200_000, "linear, 2,000,000": 2_000_000}
SEEN, DONE = 20, 5
TAUGHT = 20_000
"""Steps that teach the agent."""


def linear(steps: int) -> Episodes:
    """One run of a linear plant under chance."""
    rng = np.random.default_rng(FIRST_SEED)
    done = rng.uniform(-1, 1, (steps, DONE)).astype(np.float32)
    push = done @ rng.normal(0, 0.1, (DONE, SEEN)).astype(np.float32)
    push += rng.normal(0, 0.1, (steps, SEEN)).astype(np.float32)
    seen = np.zeros((steps + 1, SEEN), np.float32)
    for step in range(steps):
        seen[step + 1] = 0.9 * seen[step] + push[step]
    return Episodes(
        seen,
        done,
        -np.abs(seen[1:, :3]).sum(1),
        np.array([steps]),
        np.zeros(1, bool),
        tuple(Tag(f"seen_{i}", "") for i in range(SEEN)),
        tuple(Tag(f"done_{i}", "", -1.0, 1.0) for i in range(DONE)),
    )


def measure(name: str) -> None:
    """Judge an agent and print seconds, CPU seconds and GiB."""
    records = load_records("dmsd") if name == "dmsd" else linear(CASES[name])
    teaching = records.select(np.arange(100)) if name == "dmsd" else linear(TAUGHT)
    agent = learn(teaching, updates=500, seeds=(FIRST_SEED,)).agent()
    begun, worked = time.perf_counter(), time.process_time()
    judge(agent, records)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(time.perf_counter() - begun, time.process_time() - worked, peak)


def main() -> None:
    """Measure every case; write CSV and table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", choices=list(CASES), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        measure(given.measure)
        return
    rows: list[dict[str, Any]] = []
    for name, steps in CASES.items():
        command = [sys.executable, "-m", "benchmarks.gate.scale", "--measure", name]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        wall_s, cpu_s, peak_gib = map(float, done.stdout.split()[-3:])
        rows.append(
            {
                "records": name,
                "steps": steps,
                "wall_s": wall_s,
                "cpu_s": cpu_s,
                "peak_gib": peak_gib,
            }
        )
        console.print(rows[-1])
    write_rows("gate_scale", rows)
    lines = [
        (
            r["records"],
            f"{r['steps']:,}",
            f"{r['wall_s']:.0f}",
            f"{r['cpu_s']:.0f}",
            f"{r['peak_gib']:.1f}",
        )
        for r in rows
    ]
    header = ("records", "steps", "seconds", "CPU seconds", "peak memory (GiB)")
    console.print(write_table("gate_scale", header, lines))


if __name__ == "__main__":
    main()
