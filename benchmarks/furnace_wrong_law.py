"""The furnace's envelope where its law is wrong: trips under reckless set-points, by margin.

    python -m benchmarks.furnace_wrong_law [--decisions 1000000] [--margins 8 16 24 32]

The operator wants full feed, or anything at random, and no decoke before the limit. Each furnace runs
for 240 days from a start of its own; a decision is a step of 4 hours, and no two furnaces share feeds or
prices. The envelope takes every furnace for the usual one. What the furnace is instead:

- *as known*: the same;
- activation energy of coking, heat of reaction, or both, 10 % off, either way;
- a pyrometer whose reading falls behind by 0.1 C a day, up to 15 C;
- all that makes tubes hotter than foreseen at once.

Trips are counted with an exact upper bound (Clopper and Pearson, 95 %, one side). "Feed" is the mean over
all steps, what caution costs.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
from scipy import stats

from benchmarks.results import FIRST_SEED, origin, read_rows, write_rows, write_table
from shiftwork.cli.progress import console, progress_bar
from shiftwork.plants.cracker.envelope import FurnaceWithinEnvelope
from shiftwork.plants.cracker.furnace import LIQUID, FurnaceDesign
from shiftwork.plants.cracker.furnace_plant import STEP_H, Furnace
from shiftwork.plants.plant import Step
from shiftwork.plants.run import run

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

NAME = "furnace_wrong_law"
HORIZON = 240 * 24 // STEP_H
TUBE = 3
"""Column of the pyrometer's reading."""
DRIFT_C_PER_D, MOST_DRIFT_C = 0.1, 15.0
PIECE = 128
"""Furnaces that run side by side."""


@dataclass(frozen=True)
class Drifting:
    """A furnace whose pyrometer reads less and less of what it should; a ``Plant`` as the furnace is."""

    furnace: Furnace

    def __getattr__(self, name: str) -> Any:
        return getattr(self.furnace, name)

    def reset(self, key: Any) -> tuple[Any, Any]:
        """Begin with a pyrometer that was just set."""
        state, seen = self.furnace.reset(key)
        return (state, jnp.zeros(())), seen

    def step(self, state: Any, action: Any, key: Any) -> Step:
        """Step, and read too little. The decoke that the reading asks for comes late as well."""
        inner, days = state
        days = days + STEP_H / 24
        low_c = jnp.minimum(DRIFT_C_PER_D * days, MOST_DRIFT_C)
        step = self.furnace.step(inner, action, key)
        after = step.state._replace(measured_tube_c=step.state.measured_tube_c - low_c)
        return step._replace(state=(after, days), observation=step.observation.at[TUBE].add(-low_c))


def furnaces() -> dict[str, Any]:
    """What the furnaces are while the envelope takes them for ``LIQUID``."""

    def other(coking: float = 1.0, heat: float = 1.0) -> FurnaceDesign:
        return replace(
            LIQUID, coking_kj_per_mol=coking * LIQUID.coking_kj_per_mol, reaction_heat=heat
        )

    def furnace(design: FurnaceDesign) -> Furnace:
        return Furnace(design, horizon=HORIZON)

    return {
        "as known": furnace(LIQUID),
        "activation energy + 10 %": furnace(other(coking=1.1)),
        "activation energy - 10 %": furnace(other(coking=0.9)),
        "heat of reaction + 10 %": furnace(other(heat=1.1)),
        "heat of reaction - 10 %": furnace(other(heat=0.9)),
        "pyrometer 15 C low": Drifting(furnace(LIQUID)),
        "all three": Drifting(furnace(other(1.1, 1.1))),
    }


@partial(jax.jit, static_argnums=(0, 1))
def lived(plant: Any, operator: Any, key: Any) -> tuple[Any, Any, Any]:
    """Trips, held steps and feed of one piece of furnaces, in sum."""
    ran = run(plant, operator, key, PIECE)
    feed = ran.observation[..., 0]
    held = ran.info.get("held", jnp.zeros(()))
    return ran.info["violation"].sum(), held.sum(), feed.mean()


def measured(plant: Any, decisions: int, bar: Any) -> dict[str, Any]:
    """Run reckless operators on furnaces until so many decisions are made."""
    operator = importlib.import_module("support.reckless").Reckless()
    pieces = -(-decisions // (PIECE * HORIZON))
    trips = held = feed = 0.0
    for number in range(pieces):
        got = lived(plant, operator, jax.random.key(FIRST_SEED + number))
        trips, held, feed = (a + float(b) for a, b in zip((trips, held, feed), got, strict=True))
        bar(1)
    made = pieces * PIECE * HORIZON
    return {
        "decisions": made,
        "furnaces": pieces * PIECE,
        "trips": int(trips),
        "held": held / made,
        "feed_t_per_h": feed / pieces,
    }


def bound(trips: int, decisions: int) -> float:
    """Upper 95 % bound of trips in 100,000 decisions."""
    return 1e5 * float(stats.beta.ppf(0.95, trips + 1, decisions - trips))


def table() -> str:
    """Make the table from the CSV."""
    rows = read_rows(NAME)
    margins = sorted({row["margin_c"] for row in rows}, key=lambda text: float(text or 0))
    lines = []
    for name in furnaces():
        cells = []
        for margin in margins:
            for row in (r for r in rows if (r["furnace"], r["margin_c"]) == (name, margin)):
                most = bound(int(row["trips"]), int(row["decisions"]))
                cells.append(
                    f"{int(row['trips']):,} (< {most:.3g}), {float(row['feed_t_per_h']):.1f}"
                )
        lines.append([name, *cells])
    heads = [f"{m} C" if m else "no envelope" for m in margins]
    return write_table(NAME, ("furnace", *heads), lines)


def main() -> None:
    """Run all furnaces with and without the envelope, write CSV and table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--decisions", type=int, default=1_000_000)
    parser.add_argument("--margins", type=float, nargs="+", default=[8.0, 16.0, 24.0, 32.0])
    options = parser.parse_args()
    console.print(origin())
    pieces = -(-options.decisions // (PIECE * HORIZON))
    for name, furnace in furnaces().items():
        for margin in (None, *options.margins):
            begun = time.perf_counter()
            plant = furnace if margin is None else FurnaceWithinEnvelope(furnace, LIQUID, margin)
            with progress_bar(f"{name}, {margin or 'no envelope'}", pieces, "pieces") as bar:
                found = measured(plant, options.decisions, bar)
            row = {
                "furnace": name,
                "margin_c": "" if margin is None else f"{margin:g}",
                **found,
                "wall_s": time.perf_counter() - begun,
            }
            write_rows(NAME, [row], replace=("furnace", "margin_c"))
            console.print(f"{name}, margin {row['margin_c'] or 'none'}: {row['trips']} trips")
    console.print(table())


if __name__ == "__main__":
    main()
