"""One naphtha furnace: its people, agents that learned from them, and the optimum.

    python -m benchmarks.furnace [--seeds 3] [--updates 15000] [--steps 20000] [--only ...]

Forty furnace-years of simulated people are the records. Learning sees the furnace's accounts, the
margin against the standard with a provision for the next decoke (``plants/cracker/standard.py``);
every score is the plain margin. All are judged on the same feeds and prices, 32 furnaces for 360 days,
so differences are worth more than the levels. Cloning follows from the records by the rule; what is
set here, and how it was found, stands in docs/furnace.md.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.results import FIRST_SEED, origin, read_rows, write_rows, write_table
from shiftwork.cli.progress import console, progress_bar
from shiftwork.evaluation.statistics import interquartile_mean
from shiftwork.learning.offline.algorithms import algorithm
from shiftwork.learning.offline.learn import Learned, learn, replay_of
from shiftwork.learning.online.compiled import improve
from shiftwork.learning.online.steps import Online
from shiftwork.learning.replay import Scaling
from shiftwork.people.furnace.people import People, people_records
from shiftwork.plants.cracker.envelope import FurnaceWithinEnvelope
from shiftwork.plants.cracker.furnace_plant import STEP_H, Furnace
from shiftwork.plants.cracker.standard import FurnaceAgainstStandard, against_standard
from shiftwork.plants.cracker.yields import ETHYLENE
from shiftwork.plants.operator import Operator, Reactive
from shiftwork.plants.run import run
from shiftwork.yardsticks.furnace_optimum import OptimalOperator, solve

YEAR = 360 * 24 // STEP_H
PLANT = Furnace(horizon=YEAR)
RECORDED_YEARS, JUDGED_YEARS = 40, 32
RECORD_KEY, JUDGE_KEY = 1, 5
TAIL = 0.0
"""Agents may do all that somebody ever did: test runs are rare, but meant."""
DISCOUNT = 0.9
"""Ten steps: the 40 hours in which COT, at 2 C/h, gets from one end of its box to the other. What lies
beyond, the coke, is in the provision."""
CONSTANT = [(49.0, cot, steam, 1085.0) for cot in (825.0, 835.0, 845.0) for steam in (0.4, 0.5)]
"""Set-points that never change: full feed, which is best on average, and the usual range."""
METHODS = {
    "optimum": "optimum (dynamic program)",
    "optimum-box": "the same, set-points within what people did",
    "people": "people (the recorded crews' kind)",
    "constant": "best constant set-points",
    "bc": "BC",
    "td3bc": "TD3+BC",
    "pars-plain": "PARS, from the plain margin",
    "pars": "PARS, offline",
    "pars-guarded": "PARS, offline, within an envelope",
    "online": "PARS, online after it",
    "online-guarded": "PARS, online, within an envelope",
}


@dataclass(frozen=True, eq=False)
class Boxed:
    """An operator whose actions are clipped to a box.

    Attributes:
        operator: Who decides.
        low: (4,), plant units.
        high: (4,), plant units.
    """

    operator: Operator
    low: Any
    high: Any

    def begin(self, key: Any) -> Any:
        """Remember what the operator does."""
        return self.operator.begin(key)

    def act(self, memory: Any, observation: Any, key: Any) -> tuple[Any, Any]:
        """Decide, and clip."""
        memory, action = self.operator.act(memory, observation, key)
        return memory, jnp.clip(action, self.low, self.high)


def judged(operator: Operator, *, guarded: bool = False) -> dict[str, Any]:
    """Run an operator over the judged years, within the envelope or not; pure."""
    plant = FurnaceWithinEnvelope(PLANT) if guarded else PLANT
    lived = run(plant, operator, jax.random.key(JUDGE_KEY), JUDGED_YEARS)
    days = JUDGED_YEARS * YEAR * STEP_H / 24
    stopped = lived.info["decoke_kusd"] > 0
    return {
        "margin_usd_per_h": 1000 * lived.reward.mean() / STEP_H,
        "ethylene_t_per_h": lived.info["products_t"][..., ETHYLENE].mean() / STEP_H,
        "run_d": (lived.info["feed_t"] > 0).mean() * days / jnp.maximum(stopped.sum(), 1),
        "violations_per_1000_d": 1000 * lived.info["violation"].sum() / days,
        "days": days,
    }


def judges() -> str:
    """Tell the judged years from others: what full feed earns in their first month."""
    month = Furnace(horizon=180)
    operator = Reactive(lambda seen: jnp.array(CONSTANT[0]))
    lived = jax.jit(lambda: run(month, operator, jax.random.key(JUDGE_KEY), JUDGED_YEARS))()
    return f"{float(lived.reward.mean()):.4g}"


def of_members(policies: Any, scaling: Any, *, guarded: bool = False) -> list[dict[str, Any]]:
    """Judge the policies of all members, within the envelope or not."""

    def one(policy: Any) -> dict[str, Any]:
        return judged(scaling.operator(policy), guarded=guarded)

    found = jax.jit(partial(jax.lax.map, one))(policies)
    count = len(np.asarray(found["margin_usd_per_h"]))
    return [{k: float(np.asarray(v)[i]) for k, v in found.items()} for i in range(count)]


def note(
    method: str, scores: list[dict[str, Any]], wall_s: float, first_seed: int = 0, **more: Any
) -> None:
    """Write the rows of a method, one for each seed; what does not learn has seed 0."""
    rows = [
        {"method": method, "seed": seed, **score, "discount": "", "cloning": "", "steps": 0,
         "judges": judges(), "wall_s": wall_s, **more}
        for seed, score in enumerate(scores, first_seed)
    ]  # fmt: skip
    write_rows("furnace", rows, replace=("method",))
    console.print(f"{method}: {[round(s['margin_usd_per_h']) for s in scores]} $/h")


def yardsticks(asked: set[str], scaling: Scaling) -> None:
    """Judge those asked for: people, constant set-points, the optimum, also in the agents' box."""
    operators: dict[str, Operator] = {}
    if "people" in asked:
        operators["people"] = People(PLANT.design)
    if asked & {"optimum", "optimum-box"}:
        best = OptimalOperator(solve(PLANT.design), PLANT.design)
        boxed = Boxed(best, scaling.action_low, scaling.action_high)
        operators |= {"optimum": best, "optimum-box": boxed}
    for name, operator in operators.items():
        begun = time.perf_counter()
        found = jax.jit(partial(judged, operator))()
        note(name, [jax.tree.map(float, found)], time.perf_counter() - begun)
    if "constant" not in asked:
        return
    begun = time.perf_counter()
    found = jax.jit(partial(jax.lax.map, lambda action: judged(Reactive(lambda seen: action))))(
        jnp.array(CONSTANT)
    )
    chosen = int(np.asarray(found["margin_usd_per_h"]).argmax())
    console.print(f"best constant set-points: {CONSTANT[chosen]}")
    score = {k: float(np.asarray(v)[chosen]) for k, v in found.items()}
    note("constant", [score], time.perf_counter() - begun)


def learned(name: str, records: Any, seeds: int, updates: int, discount: float | None) -> Learned:
    """Learn with one algorithm; the rule settles cloning, and a discount that is not given."""
    config = algorithm(name).config(discount=discount)
    with progress_bar(name, updates, "updates") as advance:
        return learn(
            records,
            name,
            config,
            updates=updates,
            seeds=tuple(range(FIRST_SEED, FIRST_SEED + seeds)),
            tail=TAIL,
            advance=advance,
        )


def note_members(method: str, found: Learned, members: Any, begun: float, steps: int = 0) -> None:
    """Judge members, those of PARS within the envelope too, and write their rows."""
    for name in (method, f"{method}-guarded"):
        if name in METHODS:
            note(
                name,
                of_members(members.policy, found.scaling, guarded=name != method),
                time.perf_counter() - begun,
                first_seed=found.seeds[0],
                discount=getattr(found.configs[0], "discount", ""),
                cloning=getattr(found.configs[0], "cloning", ""),
                steps=steps,
            )


def table() -> str:
    """Make the table from the CSV."""
    rows = read_rows("furnace")
    mine = judges()
    others = {r["method"] for r in rows if r.get("judges") != mine}
    if others:
        console.print(f"Left out, judged by other years: {', '.join(sorted(others))}")
    rows = [r for r in rows if r.get("judges") == mine]
    best = next((float(r["margin_usd_per_h"]) for r in rows if r["method"] == "optimum"), np.nan)
    lines = []
    for method, label in METHODS.items():
        own = [r for r in rows if r["method"] == method]
        if not own:
            continue

        def mean(column: str, own: list[dict[str, str]] = own) -> float:
            return float(interquartile_mean(np.array([float(r[column]) for r in own])))

        margins = [float(r["margin_usd_per_h"]) for r in own]
        spread = f" ({min(margins):,.0f} to {max(margins):,.0f})" if len(own) > 1 else ""
        lines.append([
            label,
            f"{mean('margin_usd_per_h'):,.0f}{spread}",
            f"{100 * mean('margin_usd_per_h') / best:.1f}",
            f"{mean('ethylene_t_per_h'):.2f}",
            f"{mean('run_d'):.0f}",
            f"{np.mean([float(r['violations_per_1000_d']) for r in own]):.2f}",
        ])  # fmt: skip
    header = (
        "", "margin, $/h", "% of optimum", "ethylene, t/h", "run, d", "violations in 1,000 d",
    )  # fmt: skip
    return write_table("furnace", header, lines)


def main() -> None:
    """Run what is asked for, replace its rows in the CSV, and make the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--updates", type=int, default=15_000)
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--updates-per-step", type=int, default=5)
    options = parser.parse_args()
    console.print(origin())
    plain = people_records(PLANT, jax.random.key(RECORD_KEY), RECORDED_YEARS)
    yardsticks(set(options.only), Scaling.of(plain, TAIL))
    records = against_standard(plain, PLANT.design)
    runs = {
        "bc": ("bc", records, DISCOUNT),
        "td3bc": ("td3bc", records, DISCOUNT),
        "pars-plain": ("pars", plain, None),
        "pars": ("pars", records, DISCOUNT),
    }
    for name, (algo, seen, discount) in runs.items():
        if name in options.only or (name == "pars" and "online" in options.only):
            begun = time.perf_counter()
            found = learned(algo, seen, options.seeds, options.updates, discount)
            note_members(name, found, found.members, begun)
    if "online" in options.only:
        begun = time.perf_counter()
        online = Online(
            steps=options.steps,
            updates_per_step=options.updates_per_step,
            records_share=0.75,
            fading=True,
        )
        replay = replay_of(records, found.scaling)
        plant, seeds = (
            FurnaceWithinEnvelope(FurnaceAgainstStandard()),
            tuple(range(FIRST_SEED, FIRST_SEED + options.seeds)),
        )
        with progress_bar("online", online.steps, "steps") as advance:
            members, _ = improve(
                found.members, plant, found.scaling, replay, online, seeds, advance=advance
            )
        note_members("online", found, members, begun, online.steps)
    console.print(table())


if __name__ == "__main__":
    main()
