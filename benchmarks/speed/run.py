"""Updates per second, ours against d3rlpy, side by side; writes results.csv and table.md.

    bash benchmarks/speed/setup.sh
    python -m benchmarks.speed.run --pairs 5 --updates 2000

Both sides have two hidden layers of 256 units, batches of 256, the same records and the same
processors, and take turns, so that what else the machine does hits both alike. An update is one
step of the critics; every second one steps the actor and the targets too, on both sides. Run it on
a quiet machine: with others at work torch's threads wait for each other and lose more than ours.
The load before each run (one-minute average) is in results.csv.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed.table import write_table

HERE = Path(__file__).resolve().parent
SHARE = {"td3bc": 1.0, "pars10": 0.1, "pars": 1.0}
"""Updates of each algorithm, relative to ``--updates``: ten critics take ten times as long."""


def write_rows(path: Path) -> float:
    """Write the records in the learner's units for d3rlpy; return the settled discount."""
    from shiftwork.learning.offline import td3bc
    from shiftwork.learning.offline.settings import settle
    from shiftwork.learning.replay import Scaling, scaled
    from shiftwork.records.formats.load import load_records

    records = load_records("dmsd")
    rows = scaled(records.transitions, Scaling.of(records))
    terminal = 1.0 - np.asarray(rows.continues)
    np.savez(
        path,
        observation=np.asarray(rows.observation, np.float32),
        action=np.asarray(rows.action, np.float32),
        reward=np.asarray(rows.reward, np.float32)[:, None],
        terminal=terminal,
        timeout=np.asarray(rows.last) * (1.0 - terminal),
    )
    return float(settle(td3bc.Config(), records).discount)


def call(command: list[str], threads: int) -> dict[str, Any]:
    """Run a worker to its end and return what it measured.

    Raises:
        SystemExit: It failed; its own message has been shown.
    """
    limits = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
    begun = time.time()
    done = subprocess.run(
        [*command, "--begun", repr(begun)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | limits,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{Path(command[1]).name} ended with {done.returncode}")
    figures: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures | {"wall_s": time.time() - begun}


def measure(args: argparse.Namespace, data: Path, discount: float) -> Iterator[dict[str, Any]]:
    """Run all pairs, ours and theirs taking turns, then our other algorithms."""
    theirs = [str(args.python), str(HERE / "d3rlpy_worker.py")]
    theirs += ["--data", str(data), "--discount", str(discount), "--threads", str(args.threads)]
    ours = [sys.executable, str(HERE / "ours_worker.py")]
    for pair in range(args.pairs):
        seed = args.seed + pair
        for library, case in (
            ("shiftwork", "td3bc"),
            ("d3rlpy", "td3bc"),
            ("shiftwork", "pars10"),
            ("shiftwork", "pars"),
        ):
            command = theirs if library == "d3rlpy" else [*ours, "--case", case]
            updates = max(int(args.updates * SHARE[case]), 20)
            load = os.getloadavg()[0]
            figures = call([*command, "--updates", str(updates), "--seed", str(seed)], args.threads)
            row: dict[str, Any] = {
                "pair": pair,
                "seed": seed,
                "library": library,
                "algorithm": case,
            }
            row |= {"load_before": round(load, 2)} | figures
            rate, first = row["updates_per_s"], row["seconds_to_first_update"]
            print(
                f"pair {pair}  {library:9}  {case:6}  {rate:7.1f} updates/s  "
                f"first after {first:.1f} s",
                flush=True,
            )
            yield row


def machine() -> dict[str, str]:
    """Return commit, date and processor."""
    ask = ["git", "-C", str(HERE), "describe", "--always", "--dirty", "--abbrev=12"]
    commit = subprocess.run(ask, capture_output=True, text=True, check=False).stdout.strip()
    model = platform.processor() or platform.machine()
    about = Path("/proc/cpuinfo")
    if about.exists():
        names = [line for line in about.read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    return {"commit": commit, "date": datetime.date.today().isoformat(), "cpu": model}


COLUMNS = (
    "commit", "date", "cpu", "device", "threads", "jax", "torch", "d3rlpy", "pair", "seed",
    "library", "algorithm", "updates", "updates_per_s", "updates_per_s_without_sampling",
    "seconds_to_first_update", "wall_s", "load_before",
)  # fmt: skip


def main() -> None:
    """Measure, and write the raw figures and the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--updates", type=int, default=2000, help="timed updates of TD3+BC")
    parser.add_argument("--seed", type=int, default=0, help="of the first pair")
    parser.add_argument("--threads", type=int, default=2, help="for each side")
    parser.add_argument("--out", type=Path, default=HERE, help="folder of results.csv and table.md")
    parser.add_argument(
        "--python", type=Path, default=HERE / ".venv/bin/python", help="of d3rlpy's environment"
    )
    args = parser.parse_args()
    if not args.python.exists():
        raise SystemExit(f"{args.python}: not there; run benchmarks/speed/setup.sh first")
    if hasattr(os, "sched_setaffinity"):  # inherited by the workers; XLA heeds nothing else
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: args.threads])
    fixed = machine() | {"threads": str(args.threads)}
    args.out.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "dmsd.npz"
        discount = write_rows(data)
        with (args.out / "results.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            for row in measure(args, data, discount):
                rows.append(fixed | row)
                writer.writerow(rows[-1])
                file.flush()
    write_table(rows, args.out / "table.md")
    print((args.out / "table.md").read_text())


if __name__ == "__main__":
    main()
