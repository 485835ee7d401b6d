"""Learning by experience on DMSD: from the offline agent, and from scratch for comparison.

    python -m benchmarks.online [--seeds 5] [--steps 10000]

Every plant step that is learned from is counted; evaluation (whole episodes with the averaged
policy, 200 for each point) runs on copies of the plant and is counted on its own. The learner
from scratch has the same program and scaling, but no records and no weights.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import jax
import numpy as np
from matplotlib.figure import Figure

from benchmarks.results import FIRST_SEED, ROOT, read_rows, write_rows, write_table
from shiftwork.cli.progress import console, progress_bar
from shiftwork.evaluation.statistics import iqm_interval
from shiftwork.learning.learner import Learner, Sizes
from shiftwork.learning.loop import create_members
from shiftwork.learning.offline.learn import learn, replay_of
from shiftwork.learning.offline.pars import PARS, Config
from shiftwork.learning.offline.settings import settle, value_range
from shiftwork.learning.online.compiled import improve
from shiftwork.learning.online.steps import Online
from shiftwork.learning.replay import Replay
from shiftwork.plants.run import run as run_plant
from shiftwork.plants.tasks.dmsd import Dmsd
from shiftwork.records.formats.load import load_records

EPISODES = 200
PLANT = Dmsd()


def main() -> None:
    """Run both starts, write CSV, table and picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--updates", type=int, default=40_000)
    options = parser.parse_args()
    seeds = tuple(range(FIRST_SEED, FIRST_SEED + options.seeds))
    records = load_records("dmsd")
    config = settle(Config(), records)
    with progress_bar("offline", options.updates, "updates") as advance:
        learned = learn(
            records, "pars", config, updates=options.updates, seeds=seeds, advance=advance
        )
    scaling = learned.scaling
    replay = replay_of(records, scaling)
    values = value_range(records, config.discount or 0.0, scaling.reward_unit)
    fresh = create_members(PARS, Sizes(6, 2), [config] * len(seeds), [values] * len(seeds), seeds)
    starts = {
        "from the offline agent": (learned.members, Online(steps=options.steps)),
        # Without records, rates and exploration are those of a beginner.
        "from scratch": (
            fresh,
            Online(steps=options.steps, records_share=0.0, ramp=1, rate=0.3, noise=0.3),
        ),
    }
    for name, (members, online) in starts.items():
        rows = run(name, members, online, seeds, scaling, replay)
        write_rows("online", rows, replace=("start",))
    console.print(table())
    picture().savefig(ROOT / "docs" / "pictures" / "online.svg")


def run(
    name: str,
    members: Learner,
    online: Online,
    seeds: tuple[int, ...],
    scaling: Any,
    replay: Replay,
) -> list[dict[str, Any]]:
    """Learn from one start; one row for each seed and evaluation."""
    look = jax.jit(
        jax.vmap(
            lambda policy: run_plant(
                PLANT, scaling.operator(policy), jax.random.key(1_000), EPISODES
            ).returns.mean()
        )
    )
    rows: list[dict[str, Any]] = []
    begun = time.perf_counter()

    def watch(done: int, members: Learner) -> None:
        scores = PLANT.score.normalized(np.asarray(look(members.policy), np.float64))
        rows.extend(
            {"start": name, "seed": seed, "steps": done, "score": score, "episodes": EPISODES,
             "wall_s": time.perf_counter() - begun}
            for seed, score in zip(seeds, scores, strict=True)
        )  # fmt: skip

    watch(0, members)
    with progress_bar(name, online.steps, "steps") as advance:
        improve(members, PLANT, scaling, replay, online, seeds, advance=advance, watch=watch)
    return rows


def _curves() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Start -> (steps (P,), scores (P, seeds)), from the CSV."""
    curves = {}
    rows = read_rows("online")
    for name in dict.fromkeys(r["start"] for r in rows):
        own = [r for r in rows if r["start"] == name]
        steps = sorted({int(r["steps"]) for r in own})
        scores = [[float(r["score"]) for r in own if int(r["steps"]) == s] for s in steps]
        curves[name] = (np.array(steps), np.array(scores))
    return curves


def table() -> str:
    """Make the table from the CSV."""
    header = (
        "start", "before", "1,000 steps", "2,000", "at the end", "lowest against before", "steps to 97",
    )  # fmt: skip
    lines = []
    for name, (steps, scores) in _curves().items():
        cells = [name]
        for at in (0, 1_000, 2_000, int(steps[-1])):
            cells.append(str(iqm_interval(scores[np.searchsorted(steps, at)])))
        # The worst moment of the worst seed, against that seed's own beginning.
        cells.append(f"{(scores - scores[0]).min():+.1f}")
        reached = (scores >= 97).all(1)
        cells.append(
            f"{steps[reached.argmax()]:,} (every seed)" if reached.any() else "not reached"
        )
        lines.append(cells)
    return write_table("online", header, lines)


def picture() -> Figure:
    """Draw score against plant steps, each seed thin, the interquartile mean bold."""
    figure = Figure(figsize=(7.2, 3.8), layout="constrained")
    axes = figure.add_subplot()
    axes.axhline(56.6, color="0.45", linestyle="--", linewidth=1.2)
    axes.annotate("the records", (1, 56.6), xycoords=("axes fraction", "data"), ha="right", va="bottom",
                  xytext=(-4, 2), textcoords="offset points", color="0.35")  # fmt: skip
    for (name, (steps, scores)), colour in zip(
        _curves().items(), ("#D55E00", "#0072B2"), strict=False
    ):
        axes.plot(steps, scores, color=colour, alpha=0.25, linewidth=0.8)
        middle = [iqm_interval(row, resamples=10).estimate for row in scores]
        axes.plot(steps, middle, color=colour, linewidth=2.2, label=f"PARS {name}")
    axes.set(xlabel="plant steps", ylabel="normalized score", ylim=(-80, 105))
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
    axes.legend(loc="lower right", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    main()
