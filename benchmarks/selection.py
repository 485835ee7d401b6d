"""The cost of not knowing: default settings, those chosen from the records, and the best in hindsight.

    python -m benchmarks.selection [--sets dmsd simglucose] [--seeds 5] [--updates 10000]

Candidates learn from all records and are scored on the plant; the choice among them is made by
``shiftwork.evaluation.selection`` on held-out episodes, without the plant.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

from benchmarks.offline import SETS, scores
from benchmarks.results import FIRST_SEED, read_rows, scored, write_rows, write_table
from shiftwork.cli.progress import console, progress_bar
from shiftwork.evaluation.selection import candidates, select
from shiftwork.learning.offline.learn import learn
from shiftwork.records.formats.load import load_records


def run(name: str, seeds: int, updates: int) -> list[dict[str, Any]]:
    """Score every candidate with every seed, and let each seed choose; one row for each pair."""
    records = load_records(SETS[name][0])
    configs = candidates("pars", records)
    pairs = [
        (seed, number)
        for seed in range(FIRST_SEED, FIRST_SEED + seeds)
        for number in range(len(configs))
    ]
    begun = time.perf_counter()
    with progress_bar(f"{name}: candidates", updates, "updates") as advance:
        learned = learn(
            records,
            "pars",
            [configs[number] for _, number in pairs],
            updates=updates,
            seeds=[seed for seed, _ in pairs],
            advance=advance,
        )
    found = scores(name, learned)
    rows = []
    for seed in range(FIRST_SEED, FIRST_SEED + seeds):
        with progress_bar(f"{name}: choice of seed {seed}", updates + 40_000, "updates") as advance:
            choice = select(records, "pars", configs, updates=updates, seed=seed, advance=advance)
        for number, config in enumerate(configs):
            rows.append(
                {
                    "set": name,
                    "seed": seed,
                    "candidate": number,
                    "chosen": int(number == choice.chosen),
                    "discount": config.discount,
                    "cloning": config.cloning,
                    "score": found[pairs.index((seed, number))],
                    "estimate": choice.evaluations[number].agent.estimate,
                    "gain": choice.evaluations[number].gain.estimate,
                    "updates": updates,
                    "wall_s": time.perf_counter() - begun,
                }
            )
    return rows


def table() -> str:
    """Make the table from the CSV."""
    lines = []
    for name in dict.fromkeys(r["set"] for r in read_rows("selection")):
        rows = [r for r in read_rows("selection") if r["set"] == name]
        best = max(
            {r["candidate"] for r in rows},
            key=lambda c: sum(float(r["score"]) for r in rows if r["candidate"] == c),
        )
        winner = next(r for r in rows if r["candidate"] == best)
        lines.append(
            (
                name,
                scored(r for r in rows if r["candidate"] == "0"),
                scored(r for r in rows if r["chosen"] == "1"),
                scored(r for r in rows if r["candidate"] == best),
                f"discount {float(winner['discount']):.3f}, cloning {float(winner['cloning']):g}",
            )
        )
    header = ("records", "default", "chosen from the records", "best in hindsight", "which is")
    return write_table("selection", header, lines)


def main() -> None:
    """Run what is asked for, replace its rows in the CSV, and make the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=list(SETS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--updates", type=int, default=10_000)
    options = parser.parse_args()
    for name in options.sets:
        write_rows("selection", run(name, options.seeds, options.updates), replace=("set",))
    console.print(table())


if __name__ == "__main__":
    main()
