"""ACAC beside other asynchronous learners: same update and settings, same budget, other critics.

    python -m benchmarks.team_comparison [--plants box-pushing-8 ...] [--algos acac ...] [--seeds 0 1 ...]

All four learn by the same update, with the same actors and rates, so that what differs is what judges
them: histories that attend to each other (ACAC), padded joint histories for each agent (Mac-IAICC) or
for the team (Mac-NIACC), or each agent's own history alone. In kitchens agents share the actor, and
the encoder of their own histories where the critic has one. The settings were chosen for ACAC by
looking at box pushing 6 and 10 and at the kitchens A, A-Rand and B-Rand. Scored as in ``benchmarks.team``;
budgets are short (the paper learns A-Rand for 40 million steps), so that speed of learning shows.
"""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.results import read_rows, scored, write_rows, write_table
from benchmarks.seed_jobs import add_workers
from benchmarks.team import NAMES, rows_by

STEPS = {"box-pushing-8": 600_000, "overcooked-A-rand": 1_500_000, "overcooked-B-rand": 4_000_000}
ALGORITHMS = ("acac", "mac-iaicc", "mac-niacc", "independent")


def table() -> str:
    """Make the table from the CSV."""
    rows = read_rows("team_comparison")
    lines = []
    for plant in STEPS:
        for algorithm in ALGORITHMS:
            some = [r for r in rows if (r["plant"], r["algorithm"]) == (plant, algorithm)]
            if not some:
                continue
            first = [int(r["steps_to_threshold"]) for r in some if r["steps_to_threshold"]]
            reached = f"{np.median(first) / 1e3:,.0f}k" if first else "-"
            lines.append(
                (
                    plant,
                    NAMES[algorithm],
                    f"{int(some[0]['steps']) / 1e3:,.0f}k",
                    scored(some, "return"),
                    f"{min(float(r['return']) for r in some):.1f}",
                    f"{100 * np.mean([float(r['success']) for r in some]):.1f} %",
                    f"{len(first)} of {len(some)}",
                    reached,
                )
            )
    header = (
        "plant", "critic", "steps", "return", "worst seed", "success", "seeds that reach it",
        "steps to threshold, median of those",
    )  # fmt: skip
    return write_table("team_comparison", header, lines)


def main() -> None:
    """Run what is named, or all."""
    parser = argparse.ArgumentParser(description="See the module's docstring.")
    parser.add_argument("--plants", nargs="+", default=list(STEPS), choices=list(STEPS))
    parser.add_argument("--algos", nargs="+", default=list(ALGORITHMS), choices=ALGORITHMS)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4])
    add_workers(parser)
    options = parser.parse_args()
    for plant in options.plants:
        for algorithm in options.algos:
            rows = rows_by(options.workers, plant, algorithm, options.seeds, STEPS[plant])
            write_rows("team_comparison", rows, replace=("plant", "algorithm", "seed"))
    print(table())


if __name__ == "__main__":
    main()
