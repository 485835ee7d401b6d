"""How well the gate judges, on plants whose truth can be run.

    python -m benchmarks.gate.run_panel [--plants dmsd tanks ...] [--workers N]

Writes one row for each plant, set of records and agent: the truth, and everything that the gate
estimates. ``python -m benchmarks.gate.table`` makes the tables from them.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.gate.importance import weighted_importance
from benchmarks.gate.panel import panel, recorded, truths
from benchmarks.gate.plants import RULES, people_at
from benchmarks.results import write_rows
from benchmarks.seed_jobs import add_workers, done_by, write_rows_of
from shiftwork.evaluation.gate.estimate import estimate
from shiftwork.jobs.job import Tell
from shiftwork.learning.offline.evidence import gather_evidence
from shiftwork.learning.offline.learn import learn

TEACHING = 200
SETS = {
    "all": (150, 100),
    "half": (75, 100),
    "few": (25, 100),
    "two runs": (2, 5_000),
    "one run": (1, 6_000),
}
"""Records to judge by: episodes and their steps."""
LATE = {"two runs": 100, "one run": 100}
"""Steps that long runs have behind them when their states are typical."""


def judged(name: str, seed: int) -> list[dict[str, Any]]:
    """Judge the whole panel on one plant."""
    plant, people = people_at(name)
    teaching = recorded(plant, people, TEACHING, 100, seed)
    agents = panel(teaching, seed)
    discount = gather_evidence(teaching).discount
    rows = []
    for kind, (episodes, steps) in SETS.items():
        begun = time.perf_counter()
        records = recorded(plant, people, episodes, steps, seed + 1_000 + episodes)
        clone = learn(records, "bc", updates=2_000, seeds=(seed,)).agent()
        found = estimate(
            records, clone, list(agents.values()), discount, seed=seed, value_members=1
        )
        took = time.perf_counter() - begun
        weighted, effective = weighted_importance(
            records, clone, list(agents.values()), discount, found[0].steps
        )
        late = LATE.get(kind, 0)
        true = truths(name, [clone, *agents.values()], discount, found[0].steps, late=late)
        for number, (agent, e) in enumerate(zip(agents, found, strict=True)):
            apart = true[number + 1] - true[0]
            rare = {event.name: event for event in e.events}.get("rare, large loss")
            rows.append(
                {
                    "plant": name, "records": kind, "agent": agent, "seed": seed,
                    "truth": apart.mean(), "truth_error": apart.std() / np.sqrt(len(apart)),
                    "people": e.people, "clone_truth": true[0].mean(),
                    "gain": e.gain, "member_std": e.members.std(ddof=1), "block_error": e.block_error,
                    "worst_member": e.members.min(), "best_member": e.members.max(),
                    "beginnings": e.beginnings, "undiscounted": e.undiscounted,
                    "fitted": e.fitted, "fitted_error": e.fitted_error,
                    "weighted": weighted[number], "weighted_rows": effective[number],
                    "replay": e.replay, "replay_error": e.replay_error,
                    "plans": e.support.plans, "states": e.support.states,
                    "event_rate": rare.rate if rare else 0.0, "event_upper": rare.upper if rare else 0.0,
                    "event_people": rare.people if rare else 0.0,
                    "event_loss": rare.loss if rare else float("nan"),
                    "discount": discount, "steps": e.steps, "reward_std": float(records.reward.std()),
                    "wall_s": round(took, 1),
                }
            )  # fmt: skip
        print(name, kind, f"{took:.0f} s", flush=True)
    return rows


def rows_of_plant(folder: Path, tell: Tell, *, name: str, seed: int) -> None:
    """Judge the panel of one plant; a job."""
    write_rows_of(folder, judged(name, seed))


def main() -> None:
    """Run the panel; plants that are already in the file and not asked for stay there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plants", nargs="*", default=list(RULES))
    parser.add_argument("--seed", type=int, default=100)
    add_workers(parser)
    given = parser.parse_args()
    if given.workers:
        keys = {f"{name}-{given.seed}": {"name": name, "seed": given.seed} for name in given.plants}
        rows = done_by(given.workers, "gate_panel", "gate.run_panel:rows_of_plant", keys)
        write_rows("gate_panel", rows, replace=("plant", "seed"))
        return
    for name in given.plants:
        write_rows("gate_panel", judged(name, given.seed), replace=("plant", "seed"))


if __name__ == "__main__":
    main()
