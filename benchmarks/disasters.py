"""Rare disasters and rare prizes: does every algorithm, by default, choose what is right on average?

    python -m benchmarks.disasters [--seeds 3] [--updates 8000] [--algos ...]

One valve in [-1, 1]. Above 0 it earns 1 and, at a rate, an event: a loss that makes this the wrong choice,
or (with the sign turned) a prize that makes it the right one. 8,000 rows, settings from the records alone;
other events for every seed. Right are states in which the agent keeps the valve below 0.05, or for prizes
above -0.05.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.results import FIRST_SEED, origin, read_rows, write_rows, write_table
from shiftwork.cli.progress import console
from shiftwork.learning.offline.algorithms import ALGORITHMS
from shiftwork.learning.offline.learn import learn
from shiftwork.learning.offline.rare_events import with_expected_rewards

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

NAME = "disasters"
PROBES: dict[str, dict[str, Any]] = {
    "4 %, -60": {"rate": 0.04, "size": -60.0},
    "4 %, -60, in 8 steps": {"rate": 0.04, "size": -60.0, "steps": 8, "terminal": False},
    "0.4 %, -600": {"rate": 0.004, "size": -600.0},
    "0.4 %, -600, in 8 steps": {"rate": 0.004, "size": -600.0, "steps": 8, "terminal": False},
    "0.05 %, -5,000": {"rate": 0.0005, "size": -5_000.0},
    "prize: 4 %, +60": {"rate": 0.04, "size": 60.0, "gain": -1.0},
}
NAMES = {"td3bc": "TD3+BC", "iql": "IQL", "rebrac": "ReBRAC", "pars": "PARS"}
STATES = 1_000
EDGE = 0.05


def share_right(algo: str, probe: dict[str, Any], seed: int, updates: int) -> float:
    """Share of states in which an agent of one algorithm chooses what is right."""
    gamble = importlib.import_module("support.gambles").gamble
    records, _ = gamble(**probe, seed=seed)
    agent = learn(records, algo, updates=updates, seeds=(seed,)).agent()
    rng = np.random.default_rng(seed)
    seen = np.stack([rng.choice([-1.0, 1.0], STATES), rng.normal(size=STATES)], 1)
    valve = agent.act(seen.astype(np.float32))[:, 0]
    prize = probe["size"] > 0
    return float((valve > -EDGE).mean() if prize else (valve < EDGE).mean())


def table() -> str:
    """Make the table from the CSV."""
    rows = read_rows(NAME)
    lines = []
    for probe in PROBES:
        cells = []
        for algo in NAMES:
            own = [float(r["right"]) for r in rows if (r["probe"], r["algo"]) == (probe, algo)]
            cells.append(", ".join(f"{100 * share:.0f} %" for share in own))
        events = [r["events"] for r in rows if r["probe"] == probe and r["algo"] == "pars"]
        lines.append([probe, ", ".join(events), *cells])
    return write_table(NAME, ("event", "recorded events", *NAMES.values()), lines)


def main() -> None:
    """Learn every probe by every algorithm, write CSV and table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--updates", type=int, default=8_000)
    parser.add_argument("--algos", nargs="+", choices=list(NAMES), default=list(NAMES))
    options = parser.parse_args()
    console.print(origin())
    gamble = importlib.import_module("support.gambles").gamble
    for algo in (a for a in ALGORITHMS if a in options.algos):
        for probe, settings in PROBES.items():
            for seed in range(FIRST_SEED, FIRST_SEED + options.seeds):
                begun = time.perf_counter()
                right = share_right(algo, settings, seed, options.updates)
                found = with_expected_rewards(gamble(**settings, seed=seed)[0])[1]
                row = {
                    "probe": probe, "algo": algo, "seed": seed, "right": right,
                    "events": sum(event.count for event in found), "updates": options.updates,
                    "wall_s": time.perf_counter() - begun,
                }  # fmt: skip
                write_rows(NAME, [row], replace=("probe", "algo", "seed"))
                console.print(f"{probe}, {algo}, seed {seed}: {100 * right:.0f} %")
    console.print(table())


if __name__ == "__main__":
    main()
