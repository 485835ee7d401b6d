"""A goal on a line, with a cost of 1 a step until it is reached: which settings and parts find it.

    python -m benchmarks.sparse_goal [--seeds 3] [--updates 3000]

People walk up and down a line of 38 steps; 20,000 rows. An agent is right where it walks to the goal at more
than 0.3 of full pace. "Before" is what the rule gave while rewards behind a terminal were left out.
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
from shiftwork.learning.offline.algorithms import algorithm
from shiftwork.learning.offline.learn import learn

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

NAME = "sparse_goal"
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "PARS, by the rule": ("pars", {}),
    "PARS, discount and target nets as before": ("pars", {"discount": 0.8, "target_rate": 0.005}),
    "PARS, target nets as before": ("pars", {"target_rate": 0.005}),
    "PARS without layer normalization": ("pars", {"layer_norm": False}),
    "PARS without the penalty": ("pars", {"penalty": 0.0}),
    "ReBRAC": ("rebrac", {}),
    "IQL": ("iql", {}),
    "TD3+BC": ("td3bc", {}),
    "BC": ("bc", {}),
}
PLACES = 500
PACE = 0.3


def table() -> str:
    """Make the table from the CSV."""
    rows = read_rows(NAME)
    lines = []
    for variant in VARIANTS:
        own = [r for r in rows if r["variant"] == variant]
        if own:
            shares = ", ".join(f"{100 * float(r['right']):.0f} %" for r in own)
            lines.append((variant, own[0]["discount"], own[0]["target_rate"] or "-", shares))
    header = ("", "discount", "target nets' share", "places from which it walks to the goal")
    return write_table(NAME, header, lines)


def main() -> None:
    """Learn by every variant, write CSV and table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--updates", type=int, default=3_000)
    options = parser.parse_args()
    console.print(origin())
    goals = importlib.import_module("support.goals")
    records = goals.line(seed=FIRST_SEED)
    places = np.linspace(-1.0, goals.GOAL - 0.01, PLACES)[:, None].astype(np.float32)
    seeds = tuple(range(FIRST_SEED, FIRST_SEED + options.seeds))
    for variant, (name, changes) in VARIANTS.items():
        begun = time.perf_counter()
        config = algorithm(name).config(**changes)
        learned = learn(records, name, config, updates=options.updates, seeds=seeds)
        rows = [
            {
                "variant": variant, "seed": seed, "updates": options.updates,
                "right": float((learned.agent(i).act(places)[:, 0] > PACE).mean()),
                "discount": f"{learned.configs[i].discount:.3f}",
                "target_rate": getattr(learned.configs[i], "target_rate", ""),
                "wall_s": time.perf_counter() - begun,
            }
            for i, seed in enumerate(seeds)
        ]  # fmt: skip
        write_rows(NAME, rows, replace=("variant", "seed"))
        console.print(f"{variant}: {[round(100 * r['right']) for r in rows]} %")
    console.print(table())


if __name__ == "__main__":
    main()
