"""Whether a centre keeps every rule and balance, whoever decides: over 1,000 days in each scenario.

    python -m benchmarks.centre_rules [scenario ...]

By chance, legally and not, and by people. Rules and balances are those of
``shiftwork.plants.centre.rules``, looked at in each hour.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.centre_people import QUICK
from benchmarks.results import read_rows, write_rows, write_table
from shiftwork.people.centre.people import People
from shiftwork.plants.catalogue import CENTRES
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.load import load_scenario
from shiftwork.plants.centre.rules import broken_rules
from shiftwork.plants.operator import TeamOperator
from shiftwork.plants.run_team import run_team
from shiftwork.plants.team_plant import TeamStep
from shiftwork.yardsticks.simple import RandomLegal

DAYS = 1_000
WHO = ("people", "legal chance", "anything at all")


@dataclass(frozen=True)
class Anything:
    """Draw any integers at all, most of them not macro-actions.

    Attributes:
        actions: Largest count of macro-actions.
    """

    actions: int

    def begin(self, key: jax.Array) -> tuple[()]:
        """Remember nothing."""
        del key
        return ()

    def act(self, memory: Any, step: TeamStep, key: jax.Array) -> tuple[Any, jax.Array]:
        """Draw."""
        return memory, jax.random.randint(key, step.decided.shape, -3, self.actions + 4)


def look(plant: Centre) -> dict[str, dict[str, Any]]:
    """Run whole episodes of each kind: who decides -> what was found."""
    copies = -(-DAYS * 24 // plant.horizon)
    actions = max(len(names) for names in plant.macro_actions)
    operators: tuple[TeamOperator, ...] = (People(plant), RandomLegal(), Anything(actions))

    def kept(before: TeamStep, after: TeamStep, memory: Any) -> tuple[Any, Any]:
        del memory
        info = after.info
        return broken_rules(plant, before.state, after), {
            "forced": info["forced"].sum(),
            "unfed": ~info["fed"],
            "residual": jnp.abs(info["residual_t"]) / jnp.maximum(info["feed_t"], 40.0),
        }

    def episode(operator: TeamOperator, key: jax.Array) -> dict[str, Any]:
        broken, found = run_team(plant, operator, key, kept)[1]
        return {
            "broken": {name: where.sum() for name, where in broken.items()},
            "forced": found["forced"].sum(),
            "unfed_h": found["unfed"].sum(),
            "residual": found["residual"].max(),
        }

    keys = jax.random.split(jax.random.key(1), copies)
    seen = {}
    for name, operator in zip(WHO, operators, strict=True):
        run = jax.jit(jax.vmap(partial(episode, operator)), compiler_options=QUICK)
        found = jax.device_get(run(keys))
        broken = {rule: int(count.sum()) for rule, count in found["broken"].items()}
        seen[name] = {
            "days": copies * plant.horizon // 24,
            "rules": len(broken),
            "broken": sum(broken.values()),
            "which": " ".join(rule.replace(" ", "-") for rule, count in broken.items() if count),
            "forced_decokes": int(found["forced"].sum()),
            "unfed_h": int(found["unfed_h"].sum()),
            "worst_balance": float(np.max(found["residual"])),
        }
    return seen


def main() -> None:
    """Look at the scenarios named, or at all."""
    for name in sys.argv[1:] or CENTRES:
        found = look(Centre(load_scenario(name)))
        rows = [{"scenario": name, "who": who} | seen for who, seen in found.items()]
        write_rows("centre_rules", rows, replace=("scenario", "who"))
        print(name, {who: (seen["broken"], seen["which"]) for who, seen in found.items()})
    header = (
        "scenario", "who", "days", "rules looked at", "broken", "worst balance of an hour",
        "forced decokes", "hours without feed",
    )  # fmt: skip
    lines = [
        [
            row["scenario"], row["who"], f"{int(row['days']):,}", row["rules"], row["broken"],
            f"{float(row['worst_balance']):.1e}", row["forced_decokes"], row["unfed_h"],
        ]
        for row in read_rows("centre_rules")
    ]  # fmt: skip
    print(write_table("centre_rules", header, lines))


if __name__ == "__main__":
    main()
