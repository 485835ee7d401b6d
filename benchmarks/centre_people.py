"""What people earn at a cracking centre, beside decisions by chance on the same ships and prices.

python -m benchmarks.centre_people [scenario ...]
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import jax
import numpy as np

from benchmarks.results import read_rows, write_rows, write_table
from shiftwork.evaluation.statistics import mean_interval
from shiftwork.people.centre.people import People
from shiftwork.plants.catalogue import CENTRES
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.load import load_scenario
from shiftwork.plants.centre.trace import profit_usd, run_centre
from shiftwork.plants.cracker.yields import PRODUCTS
from shiftwork.plants.operator import TeamOperator
from shiftwork.yardsticks.simple import RandomLegal

EPISODES = 8
QUICK = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
"""So few episodes take longer to compile than to run."""


def episodes_of(plant: Centre) -> dict[str, dict[str, np.ndarray]]:
    """Run whole episodes: who decides -> numbers of each episode, (EPISODES,)."""
    operators: dict[str, TeamOperator] = {"people": People(plant), "chance": RandomLegal()}

    def episode(operator: TeamOperator, key: jax.Array) -> dict[str, jax.Array]:
        hours = run_centre(plant, operator, key).hours
        items = {name: value.mean() for name, value in hours.account._asdict().items()}
        return items | {
            "profit": profit_usd(hours.account).mean(),
            "feed_t_per_h": hours.fed_t.mean(),
            "ethylene_t_per_h": hours.products_t[:, PRODUCTS.index("ethylene")].mean(),
            "shortage_h": (~hours.fed).sum(),
            "demurrage_h": (hours.account.demurrage > 0).sum(),
            "switches": (hours.account.switch > 0).sum(),
            "forced": hours.forced.sum(),
        }

    keys = jax.random.split(jax.random.key(0), EPISODES)
    return {
        name: jax.device_get(
            jax.jit(jax.vmap(partial(episode, operator)), compiler_options=QUICK)(keys)
        )
        for name, operator in operators.items()
    }


def main() -> None:
    """Run the scenarios named, or all."""
    for name in sys.argv[1:] or CENTRES:
        rows: list[dict[str, Any]] = []
        for who, found in episodes_of(Centre(load_scenario(name))).items():
            rows += [
                {"scenario": name, "who": who, "episode": e}
                | {key: float(value[e]) for key, value in found.items()}
                for e in range(EPISODES)
            ]
            print(f"{name}, {who}: profit {mean_interval(found['profit'].astype(float))} $/h")
        write_rows("centre_people", rows, replace=("scenario", "who", "episode"))
    print(write_table("centre_people", HEADER, [_line(*pair) for pair in _pairs()]))


HEADER = (
    "scenario", "who", "profit, $/h", "margin, $/h", "people earn more, $/h", "ethylene, t/h",
    "shortage, h", "demurrage, $/h", "off spec, $/h",
)  # fmt: skip


def _pairs() -> list[tuple[str, str]]:
    told = {(row["scenario"], row["who"]): None for row in read_rows("centre_people")}
    order = {name: place for place, name in enumerate(CENTRES)}
    return sorted(told, key=lambda pair: (order[pair[0]], pair[1] != "people"))


def _line(scenario: str, who: str) -> list[str]:
    rows = [row for row in read_rows("centre_people") if row["scenario"] == scenario]

    def column(name: str, of: str) -> np.ndarray:
        mine = sorted((row for row in rows if row["who"] == of), key=lambda r: int(r["episode"]))
        return np.array([float(row[name]) for row in mine])

    ours = column("profit", who)
    more = ""
    if who == "people":
        # The same ships and prices: compared episode by episode.
        found = mean_interval(ours - column("profit", "chance"))
        more = f"{found.estimate:,.0f} ({found.low:,.0f} to {found.high:,.0f})"
    means = {name: column(name, who).mean() for name in
             ("profit", "margin", "ethylene_t_per_h", "shortage_h", "demurrage", "off_spec")}  # fmt: skip
    return [
        scenario, who, f"{means['profit']:,.0f}", f"{means['margin']:,.0f}", more,
        f"{means['ethylene_t_per_h']:.1f}", f"{means['shortage_h']:.1f}",
        f"{means['demurrage']:,.0f}", f"{means['off_spec']:,.0f}",
    ]  # fmt: skip


if __name__ == "__main__":
    main()
