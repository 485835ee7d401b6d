"""Who earns what at a cracking centre: people, chance, a rolling-horizon MILP, and an upper bound.

    python -m benchmarks.centre [scenario ...]

Everybody has the same episodes: the same ships, furnaces and prices. Those of the large scenarios last
``DAYS`` days instead of 90, so that all of it takes some 25 minutes on one core. What is measured, and
why the bound is one: ``docs/yardsticks.md``. Rows of the scenarios named are replaced, the others stay.
"""

from __future__ import annotations

import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.results import read_rows, write_rows, write_table
from shiftwork.cli.progress import console
from shiftwork.evaluation.statistics import mean_interval
from shiftwork.people.centre.people import People
from shiftwork.plants.catalogue import CENTRES
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.load import load_scenario
from shiftwork.plants.centre.market import Account
from shiftwork.plants.centre.trace import run_centre
from shiftwork.plants.operator import TeamOperator
from shiftwork.yardsticks.centre.bound import bound
from shiftwork.yardsticks.centre.episode import Run, future_of, run_stepwise
from shiftwork.yardsticks.centre.scheduler.scheduler import RollingMilp
from shiftwork.yardsticks.simple import RandomLegal

EPISODES = 5
DAYS = 20
WHO = ("people", "chance", "MILP", "bound")
QUICK = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
"""So few episodes take longer to compile than to run."""


def centre_of(name: str) -> Centre:
    """A scenario, of ``DAYS`` days at most."""
    scenario = load_scenario(name)
    days = min(scenario.horizon_d, DAYS)
    return Centre(scenario.model_copy(update={"horizon_d": days}))


def ran(plant: Centre, operator: TeamOperator, keys: jax.Array) -> list[Run]:
    """Let a pure operator run the episodes: sums of ``Account`` over each, $."""

    def episode(key: jax.Array) -> jax.Array:
        return jnp.stack(run_centre(plant, operator, key).hours.account)

    run = jax.jit(jax.vmap(episode), compiler_options=QUICK)
    money = np.asarray(run(keys), float).sum(-1)
    return [
        Run(dict(zip(Account._fields, sums, strict=True)), plant.horizon, False, None)
        for sums in money.tolist()
    ]


def measured(name: str) -> list[dict[str, Any]]:
    """Run all episodes of a scenario; a row for each of them and of ``WHO``."""
    plant = centre_of(name)
    keys = jax.random.split(jax.random.key(0), EPISODES)
    simple: dict[str, TeamOperator] = {"people": People(plant), "chance": RandomLegal()}
    rows = [
        _row(plant, who, episode, run)
        for who, operator in simple.items()
        for episode, run in enumerate(ran(plant, operator, keys))
    ]
    for episode, key in enumerate(keys):
        run = run_stepwise(plant, RollingMilp(plant), key)
        scheduler = run.memory
        row = _row(plant, "MILP", episode, run)
        rows.append(row | {"plans": len(scheduler.solve_s), "fallbacks": scheduler.fallbacks})
        limit = bound(plant.scenario, future_of(plant, key))
        rows.append(rows[-1] | dict.fromkeys(Account._fields, "") | {"who": "bound"})
        rows[-1] |= {"profit": limit.profit_per_h, "plans": "", "fallbacks": ""}
        rows[-1] |= {"decision_mean_s": "", "decision_max_s": ""}
        console.print(
            f"{name}, episode {episode}: people {rows[episode]['profit']:,.0f} $/h, "
            f"MILP {run.profit_per_h:,.0f}, at most {limit.profit_per_h:,.0f}"
        )
    return rows


def _row(plant: Centre, who: str, episode: int, run: Run) -> dict[str, Any]:
    ours = who == "MILP"
    # The first decision also compiles.
    seconds = np.array(run.memory.decision_s[1:]) if ours else np.zeros(1)
    return {
        "scenario": plant.name,
        "days": plant.scenario.horizon_d,
        "who": who,
        "episode": episode,
        "profit": run.profit_per_h,
        **{name: usd / run.hours for name, usd in run.account.items()},
        "decision_mean_s": float(seconds.mean()) if ours else "",
        "decision_max_s": float(seconds.max()) if ours else "",
        "plans": "",
        "fallbacks": "",
    }


def table() -> str:
    """Make the table from the CSV."""
    rows = read_rows("centre")
    lines = []
    for name in CENTRES:
        own = [row for row in rows if row["scenario"] == name]
        if not own:
            continue
        profit = {
            who: np.array([float(row["profit"]) for row in own if row["who"] == who]) for who in WHO
        }
        milp = [row for row in own if row["who"] == "MILP"]
        mean_s = np.mean([float(row["decision_mean_s"]) for row in milp])
        max_s = max(float(row["decision_max_s"]) for row in milp)
        gain = mean_interval(profit["MILP"] - profit["people"])
        lines.append(
            (
                name,
                f"{len(milp)} x {milp[0]['days']} d",
                *(_told(profit[who]) for who in WHO),
                f"{gain.estimate:+,.0f} [{gain.low:+,.0f}, {gain.high:+,.0f}]",
                f"{100 * profit['MILP'].sum() / profit['bound'].sum():.0f} %",
                f"{mean_s:.2f}, {max_s:.1f}",
            )
        )
    header = (
        "scenario", "episodes", "people, $/h", "random legal, $/h", "MILP, $/h",
        "upper bound, $/h", "MILP against people, $/h", "MILP of bound", "s per decision: mean, max",
    )  # fmt: skip
    return write_table("centre", header, lines)


def _told(profit: np.ndarray) -> str:
    found = mean_interval(profit)
    return f"{found.estimate:,.0f} [{found.low:,.0f}, {found.high:,.0f}]"


def main() -> None:
    """Run the scenarios named, or all; what is done is kept if it is stopped."""
    for name in sys.argv[1:] or CENTRES:
        write_rows("centre", measured(name), replace=("scenario", "who", "episode"))
        console.print(table())


if __name__ == "__main__":
    main()
