"""How fast a cracking centre runs: hours of the whole plant per second, and compile time.

python -m benchmarks.centre_speed [scenario ...]
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import jax.numpy as jnp

from benchmarks.results import read_rows, write_rows, write_table
from shiftwork.plants.catalogue import CENTRES
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.load import load_scenario
from shiftwork.plants.team_plant import TeamStep

COPIES = 512
HOURS = 240
REPEATS = 3


def measure(plant: Centre) -> dict[str, Any]:
    """Run random legal decisions in many copies; the best of some repetitions."""

    def run(key: jax.Array) -> jax.Array:
        begin_key, run_key = jax.random.split(key)
        begin = jax.vmap(plant.reset)(jax.random.split(begin_key, COPIES))

        def hour(step: TeamStep, key: jax.Array) -> tuple[TeamStep, jax.Array]:
            choose_key, plant_key = jax.random.split(key)
            # The first macro-action allowed from a random one on: a fair draw would cost as much
            # as the plant.
            width = step.mask.shape[-1]
            since = jax.random.randint(choose_key, step.decided.shape, 0, width)
            ahead = (jnp.arange(width) - since[..., None]) % width
            nearest = jnp.where(step.mask, ahead, width).min(-1)
            macro = (since + nearest) % width
            made = jax.vmap(plant.step)(step.state, macro, jax.random.split(plant_key, COPIES))
            # What agents would read is used, so that nothing of it is left out.
            used = made.reward.sum() + made.observation.sum() + made.mask.sum()
            return made._replace(info={}), used

        return jax.lax.scan(hour, begin._replace(info={}), jax.random.split(run_key, HOURS))[
            1
        ].sum()

    since = time.perf_counter()
    compiled = jax.jit(run).lower(jax.random.key(0)).compile()
    compile_s = time.perf_counter() - since
    # One program on a CPU keeps little more than one core busy: one run for each core.
    runs = os.cpu_count() or 1 if jax.default_backend() == "cpu" else 1
    wall_s = cpu_s = float("inf")
    with ThreadPoolExecutor(runs) as pool:
        for repeat in range(REPEATS):
            keys = list(jax.random.split(jax.random.key(repeat), runs))
            since, cpu_since = time.perf_counter(), time.process_time()
            list(pool.map(lambda key: compiled(key).block_until_ready(), keys))
            wall_s = min(wall_s, time.perf_counter() - since)
            cpu_s = min(cpu_s, time.process_time() - cpu_since)
    made = runs * COPIES * HOURS
    return {
        "scenario": plant.name,
        "agents": len(plant.agents),
        "copies": COPIES,
        "hours": made,
        "hours_per_second": made / wall_s,
        "hours_per_cpu_second": made / cpu_s,
        "compile_s": compile_s,
        "runs_at_once": runs,
    }


def main() -> None:
    """Measure the scenarios named, or all."""
    for name in sys.argv[1:] or CENTRES:
        row = measure(Centre(load_scenario(name)))
        write_rows("centre_speed", [row], replace=("scenario", "device"))
        print(f"{name}: {row['hours_per_second']:,.0f} h/s, {row['compile_s']:.1f} s to compile")
    rows = [
        [
            row["scenario"],
            row["agents"],
            f"{float(row['hours_per_second']):,.0f}",
            f"{float(row['hours_per_cpu_second']):,.0f}",
            f"{float(row['compile_s']):.1f}",
            row["device"],
        ]
        for row in read_rows("centre_speed")
    ]
    header = (
        "scenario", "agents", "hours/s", "hours per CPU-second", "compile, s", "device",
    )  # fmt: skip
    print(write_table("centre_speed", header, rows))


if __name__ == "__main__":
    main()
