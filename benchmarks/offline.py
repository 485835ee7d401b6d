"""Offline learning: every algorithm on every set of records, settings from the records alone.

    python -m benchmarks.offline [--sets dmsd simglucose] [--algos ...] [--seeds 5] [--workers N]

DMSD agents are scored over 500 whole episodes each; Simglucose agents on every one of its 360
starts (exact), for which ``benchmarks/simglucose/setup.sh`` must have been run. Seeds learn side by side
in one program, whose wall time each row has; with --workers each is a job and has its own.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.results import (
    FIRST_SEED,
    RECORDS,
    origin,
    read_rows,
    scored,
    write_rows,
    write_table,
)
from benchmarks.seed_jobs import add_workers, done_by, write_rows_of
from shiftwork.cli.progress import console, progress_bar
from shiftwork.evaluation.rollout import rollout
from shiftwork.jobs.job import Tell
from shiftwork.learning.offline.algorithms import ALGORITHMS
from shiftwork.learning.offline.learn import Learned, learn
from shiftwork.plants.tasks.dmsd import Dmsd
from shiftwork.records.episodes import Episodes
from shiftwork.records.formats.load import load_records

SETS = {
    "dmsd": ("dmsd", Dmsd().score),
    "simglucose": (str(RECORDS / "simglucose-train.npz"), None),
}
SIMGLUCOSE = Path(__file__).parent / "simglucose"
EPISODES = 500
PUBLISHED = {
    ("dmsd", "records"): "56.6",
    ("dmsd", "bc"): "65.1",
    ("dmsd", "td3bc"): "60.0",
    ("dmsd", "best published"): "78.7 (EDAC)",
    ("simglucose", "records"): "73.9",
    ("simglucose", "bc"): "75.1",
    ("simglucose", "td3bc"): "74.2",
    ("simglucose", "best published"): "75.1 (BC)",
}
"""NeoRL-2's own table (3 seeds, tuned for each task)."""

NAMES = {"bc": "BC", "td3bc": "TD3+BC", "iql": "IQL", "rebrac": "ReBRAC", "pars": "PARS (ours)"}


def scores(name: str, learned: Learned) -> list[float]:
    """Normalized score of each member over whole episodes."""
    if name == "dmsd":
        plant = Dmsd()
        runs = [
            rollout(plant, learned.agent(i), episodes=EPISODES, seed=1_000)
            for i in range(len(learned.seeds))
        ]
        return [float(plant.score.normalized(r.returns.mean())) for r in runs]
    return simglucose_scores(learned)


def simglucose_scores(learned: Learned) -> list[float]:
    """Exact scores on the Simglucose plant, which runs in an environment of its own."""
    with tempfile.TemporaryDirectory() as folder:
        names = [Path(folder) / f"agent{i}" for i in range(len(learned.seeds))]
        for i, path in enumerate(names):
            learned.save(path, i)
        out = Path(folder) / "scores.csv"
        command = [str(SIMGLUCOSE / ".venv/bin/python"), "evaluate.py", "--every-start"]
        subprocess.run(
            [*command, "--policy", *map(str, names), "--out", str(out)],
            cwd=SIMGLUCOSE,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1] / "src")},
            check=True,
            stdout=subprocess.DEVNULL,
        )
        with out.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    column = next(c for c in rows[0] if "score" in c)
    return [
        float(np.mean([float(r[column]) for r in rows if r["policy"] == str(path)]))
        for path in names
    ]


def run(
    name: str, algo: str, records: Episodes, seeds: Sequence[int], updates: int
) -> list[dict[str, Any]]:
    """Learn with one algorithm from one set; one row for each seed."""
    begun = time.perf_counter()
    with progress_bar(f"{name}: {algo}", updates, "updates") as advance:
        learned = learn(
            records,
            algo,
            updates=updates,
            seeds=tuple(seeds),
            advance=advance,
        )
    found = scores(name, learned)
    value = learned.history.metrics.get("value", np.full((1, len(seeds)), np.nan))[-1]
    distance = learned.history.metrics["cloning_error"][-1]
    wall_s = time.perf_counter() - begun
    return [
        {
            "set": name,
            "algorithm": algo,
            "seed": seed,
            "score": found[i],
            "episodes": EPISODES if name == "dmsd" else 360,
            "updates": int(learned.history.updates[-1]),
            "discount": learned.configs[i].discount,
            "cloning": getattr(learned.configs[i], "cloning", ""),
            "value": float(value[i]),
            "cloning_error": float(distance[i]),
            "wall_s": wall_s,
        }
        for i, seed in enumerate(learned.seeds)
    ]


def rows_of_seed(
    folder: Path, tell: Tell, *, name: str, algo: str, updates: int, seed: int
) -> None:
    """Learn with one seed; a job."""
    rows = run(name, algo, load_records(SETS[name][0]), (seed,), updates)
    write_rows_of(folder, rows)


def table() -> str:
    """Make the table from the CSV."""
    rows = read_rows("offline")
    sets = [s for s in SETS if any(r["set"] == s for r in rows)]
    lines = [["the records", *(PUBLISHED[s, "records"] for s in sets for _ in (0, 1))]]
    for algo, label in NAMES.items():
        cells = [label]
        for s in sets:
            cells += [
                scored(r for r in rows if r["set"] == s and r["algorithm"] == algo),
                PUBLISHED.get((s, algo), ""),
            ]
        lines.append(cells)
    lines.append(
        ["best published", *(c for s in sets for c in ("", PUBLISHED[s, "best published"]))]
    )
    header = ["", *(h for s in sets for h in (f"{s}: measured here", "published"))]
    return write_table("offline", header, lines)


def main() -> None:
    """Run what is asked for, replace its rows in the CSV, and make the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=list(SETS))
    parser.add_argument("--algos", nargs="+", default=list(ALGORITHMS), choices=list(ALGORITHMS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--updates", type=int, default=40_000)
    add_workers(parser)
    options = parser.parse_args()
    console.print(origin())
    for name in options.sets:
        records = load_records(SETS[name][0])
        for algo in options.algos:
            seeds = range(FIRST_SEED, FIRST_SEED + options.seeds)
            asked = {"name": name, "algo": algo, "updates": options.updates}
            if options.workers:
                keys = {f"{name}-{algo}-{options.updates}-{s}": asked | {"seed": s} for s in seeds}
                rows = done_by(options.workers, "offline", "offline:rows_of_seed", keys)
            else:
                rows = run(**asked, records=records, seeds=seeds)
            console.print(f"{name} {algo}: {[round(r['score'], 1) for r in rows]}")
            write_rows("offline", rows, replace=("set", "algorithm"))
    console.print(table())


if __name__ == "__main__":
    main()
