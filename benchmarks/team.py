"""Teams that learn: every algorithm on every plant, same budget, same evaluation.

    python -m benchmarks.team [--plants box-pushing-6 ...] [--algos acac ...] [--seeds 0 1 2 ...] [--steps N]

A team is scored over 256 whole episodes after learning. "Steps" are executed primitive steps of the
plant, all of them counted; "to threshold" is the first look (64 whole episodes, which are not learned
from) at which the mean return has reached the plant's threshold. Seeds learn side by side in one
program, so the wall time is that of all of them together. Results of the seeds named are replaced,
those of others stay: on two cores two programs with half of the seeds each are the fastest. With --workers
each seed is a job, and its times are its own.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.results import read_rows, scored, write_rows, write_table
from benchmarks.seed_jobs import add_workers, done_by, write_rows_of
from shiftwork.cli.progress import console, progress_bar
from shiftwork.errors import Stopped
from shiftwork.evaluation.team_rollout import evaluate_team
from shiftwork.jobs.job import Tell
from shiftwork.learning.team.preset import preset
from shiftwork.learning.team.train import PIECE_HORIZONS, TeamLearned, learn_team
from shiftwork.plants.catalogue import TEAM_PLANTS, make_team_plant

THRESHOLDS = {"box-pushing": 298.0, "overcooked-large": 200.0, "overcooked": 200.0}
STEPS = {"box-pushing": 800_000, "overcooked-large": 4_000_000, "overcooked": 3_000_000}
EPISODES = 256
CHECKPOINTS = Path("runs/benchmarks")
NAMES = {
    "acac": "ACAC (ours)",
    "mac-iaicc": "Mac-IAICC",
    "mac-niacc": "Mac-NIACC",
    "independent": "independent",
    "mappo": "MAPPO",
}


def family(plant: str) -> str:
    """Which thresholds and budgets hold for a plant."""
    return next((name for name in STEPS if plant.startswith(name)), "overcooked")


def run(plant: str, algorithm: str, seeds: list[int], steps: int) -> list[dict[str, Any]]:
    """Learn with several seeds side by side; one row for each. Stopped, it goes on from there."""
    numbers = "-".join(map(str, seeds))
    checkpoint = CHECKPOINTS / f"{plant}-{algorithm}-{steps}-{numbers}.npz"
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    where = make_team_plant(plant)
    try:
        with progress_bar(f"{plant} {algorithm}", steps, "steps") as advance:
            learned = learn_team(
                where,
                algorithm,
                preset(algorithm, where),
                steps=steps,
                seeds=seeds,
                advance=advance,
                checkpoint=checkpoint,
            )
    except Stopped as stopped:
        raise SystemExit(f"{stopped}; the same command goes on from there") from None
    rows = [_row(learned, number) for number in range(len(seeds))]
    checkpoint.unlink(missing_ok=True)
    return rows


def _row(learned: TeamLearned, number: int) -> dict[str, Any]:
    plant = make_team_plant(learned.plant.name)
    found = evaluate_team(plant, learned.policies(number), EPISODES, 1_000 + learned.seeds[number])
    looks = learned.history.metrics["return"][:, number]
    reached = np.flatnonzero(looks >= THRESHOLDS[family(learned.plant.name)])
    history = learned.history
    return {
        "plant": learned.plant.name,
        "algorithm": learned.algorithm,
        "seed": learned.seeds[number],
        "steps": int(history.updates[-1]),
        "return": float(found.returns.mean()),
        "success": float(found.success.mean()),
        "steps_to_success": float(found.success_step.mean()),
        "steps_to_threshold": int(history.updates[reached[0]]) if len(reached) else "",
        "wall_s": history.wall_s,
        "compile_s": history.compile_s,
        "steps_per_s": history.rate * len(learned.seeds),
    }


def rows_of_seed(
    folder: Path, tell: Tell, *, plant: str, algorithm: str, steps: int, seed: int
) -> None:
    """Learn with one seed; a job."""
    write_rows_of(folder, run(plant, algorithm, [seed], steps))


def rows_by(
    workers: str | None, plant: str, algorithm: str, seeds: list[int], steps: int
) -> list[dict[str, Any]]:
    """Learn with several seeds: side by side in one program, or each as a job of the workers."""
    if workers is None:
        return run(plant, algorithm, seeds, steps)
    asked = {"plant": plant, "algorithm": algorithm, "steps": steps}
    keys = {f"{plant}-{algorithm}-{steps}-{seed}": asked | {"seed": seed} for seed in seeds}
    return done_by(workers, "team", "team:rows_of_seed", keys)


def minutes_to(row: dict[str, Any]) -> float:
    """Wall time until a team reached its threshold, compiling included, all seeds learning."""
    # Copies divide a piece's horizons; in the first piece's time all compiling is.
    piece = PIECE_HORIZONS * make_team_plant(row["plant"]).horizon
    first_s, wall_s = float(row["compile_s"]), float(row["wall_s"])
    each_s = (wall_s - first_s) / (int(row["steps"]) / piece - 1)
    return (first_s + (int(row["steps_to_threshold"]) / piece - 1) * each_s) / 60


def table() -> str:
    """Make the table from the CSV."""
    rows = read_rows("team")
    lines = []
    pairs = {(r["plant"], r["algorithm"]) for r in rows}
    for plant, algorithm in sorted(pairs, key=lambda p: (list(TEAM_PLANTS).index(p[0]), p[1])):
        some = [r for r in rows if (r["plant"], r["algorithm"]) == (plant, algorithm)]
        reached = [r for r in some if r["steps_to_threshold"]]
        first = [int(r["steps_to_threshold"]) for r in reached]
        threshold = f"{np.median(first) / 1e3:,.0f}k ({len(first)} of {len(some)})" if first else ""
        minutes = f"{np.median([minutes_to(r) for r in reached]):.1f}" if reached else ""
        lines.append(
            (
                plant,
                NAMES[algorithm],
                str(len(some)),
                f"{int(some[0]['steps']) / 1e3:,.0f}k",
                scored(some, "return"),
                f"{min(float(r['return']) for r in some):.1f}",
                f"{100 * np.mean([float(r['success']) for r in some]):.1f} %",
                threshold,
                minutes,
                f"{float(some[0]['steps_per_s']):,.0f}",
            )
        )
    header = (
        "plant",
        "algorithm",
        "seeds",
        "steps",
        "return",
        "worst seed",
        "success",
        "steps to threshold, median (seeds that reach it)",
        "minutes to it, all seeds",
        "steps/s, all seeds",
    )
    return write_table("team", header, lines)


def main() -> None:
    """Run what is asked for, replace its rows in the CSV, and make the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plants", nargs="+", default=[f"box-pushing-{n}" for n in (6, 8, 10)])
    parser.add_argument("--algos", nargs="+", default=["acac"], choices=list(NAMES))
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(10)))
    parser.add_argument("--steps", type=int, help="executed plant steps of each seed")
    add_workers(parser)
    options = parser.parse_args()
    for plant in options.plants:
        for algorithm in options.algos:
            steps = options.steps or STEPS[family(plant)]
            rows = rows_by(options.workers, plant, algorithm, options.seeds, steps)
            write_rows("team", rows, replace=("plant", "algorithm", "seed"))
    console.print(table())


if __name__ == "__main__":
    main()
