"""Whether a centre keeps every rule and balance, whoever decides: over 1,000 days in each scenario.

    python -m benchmarks.centre_rules [scenario ...]

By chance, legally and not, and by people. Rules and balances are those of
``shiftwork.plants.centre.rules``, looked at in each hour.
"""

from __future__ import annotations

import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.centre_people import QUICK
from benchmarks.results import read_rows, write_rows, write_table
from shiftwork.people.centre.people import People
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.load import NAMES, load_scenario
from shiftwork.plants.centre.rules import broken_rules
from shiftwork.plants.centre.trace import random_policy

DAYS = 1_000
WHO = ("people", "legal chance", "anything at all")


def look(plant: Centre) -> dict[str, dict[str, Any]]:
    """Run whole episodes of each kind: who decides -> what was seen."""
    people = People(plant)
    copies = -(-DAYS * 24 // plant.horizon)
    actions = max(len(names) for names in plant.macro_actions)

    def episode(key: jax.Array, who: jax.Array) -> dict[str, Any]:
        hire_key, reset_key, run_key = jax.random.split(key, 3)
        first = plant.reset(reset_key)._replace(info={})

        def hour(carry: Any, key: jax.Array) -> tuple[Any, Any]:
            before, rota = carry
            people_key, chance_key, wild_key, plant_key = jax.random.split(key, 4)
            rota, ours = people.act(rota, before, people_key)
            _, legal = random_policy(None, before, chance_key)
            wild = jax.random.randint(wild_key, ours.shape, -3, actions + 4)
            after = plant.step(before.state, jnp.stack([ours, legal, wild])[who], plant_key)
            broken = broken_rules(plant, before.state, after)
            info = after.info
            told = {
                "forced": info["forced"].sum(),
                "unfed": ~info["fed"],
                "residual": jnp.abs(info["residual_t"]) / jnp.maximum(info["feed_t"], 40.0),
            }
            return (after._replace(info={}), rota), (broken, told)

        keys = jax.random.split(run_key, plant.horizon)
        _, (broken, told) = jax.lax.scan(hour, (first, people.begin(hire_key)), keys)
        return {
            "broken": {name: where.sum() for name, where in broken.items()},
            "forced": told["forced"].sum(),
            "unfed_h": told["unfed"].sum(),
            "residual": told["residual"].max(),
        }

    keys = jax.random.split(jax.random.key(1), len(WHO) * copies)
    who = jnp.repeat(jnp.arange(len(WHO)), copies)
    found = jax.device_get(jax.jit(jax.vmap(episode), compiler_options=QUICK)(keys, who))
    seen = {}
    for number, name in enumerate(WHO):
        mine = slice(number * copies, (number + 1) * copies)
        broken = {rule: int(count[mine].sum()) for rule, count in found["broken"].items()}
        seen[name] = {
            "days": copies * plant.horizon // 24,
            "rules": len(broken),
            "broken": sum(broken.values()),
            "which": " ".join(rule.replace(" ", "-") for rule, count in broken.items() if count),
            "forced_decokes": int(found["forced"][mine].sum()),
            "unfed_h": int(found["unfed_h"][mine].sum()),
            "worst_balance": float(np.max(found["residual"][mine])),
        }
    return seen


def main() -> None:
    """Look at the scenarios named, or at all."""
    for name in sys.argv[1:] or NAMES:
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
