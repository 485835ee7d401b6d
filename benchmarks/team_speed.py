"""How fast team plants run alone: primitive steps of the whole team per second, and compile time.

python -m benchmarks.team_speed [plant ...]
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
from shiftwork.plants.catalogue import make_team_plant
from shiftwork.plants.team_plant import TeamPlant

PLANTS = (
    "box-pushing-6",
    "box-pushing-8",
    "box-pushing-10",
    "overcooked-A",
    "overcooked-B",
    "overcooked-C",
    "overcooked-B-rand",
    "overcooked-large-A",
    "overcooked-large-B",
    "overcooked-large-B-rand",
)
COPIES = 2048
REPEATS = 3
PUBLIC = {"box": 42_000, "overcooked": 6_500, "overcooked-large": 1_500}
"""Steps per CPU-second of the public code, one copy in one process (middle of what was measured)."""


def measure(plant: TeamPlant) -> dict[str, Any]:
    """Run whole episodes of random macro-actions in many copies; the best of some repetitions."""
    n, actions = len(plant.agents), len(plant.macro_actions[0])
    steps = plant.horizon

    def run(key: jax.Array) -> jax.Array:
        begin = jax.vmap(plant.reset)(jax.random.split(key, COPIES))

        def step(state: Any, key: jax.Array) -> tuple[Any, jax.Array]:
            macro = jax.random.randint(key, (COPIES, n), 0, actions)
            made = jax.vmap(plant.step, (0, 0, None))(state, macro, key)
            # Who has ended begins again, so that all copies do real work all the time.
            again = jax.tree.map(
                lambda a, b: jnp.where(made.terminal.reshape(-1, *[1] * (a.ndim - 1)), a, b),
                begin.state,
                made.state,
            )
            return again, made.reward.sum() + made.observation.sum() + made.decided.sum()

        return jax.lax.scan(step, begin.state, jax.random.split(key, steps))[1].sum()

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
    made = runs * COPIES * steps
    return {
        "plant": plant.name,
        "copies": COPIES,
        "steps": made,
        "steps_per_second": made / wall_s,
        "steps_per_cpu_second": made / cpu_s,
        "compile_s": compile_s,
        "runs_at_once": runs,
    }


def main() -> None:
    """Measure the plants named, or all."""
    for name in sys.argv[1:] or PLANTS:
        row = measure(make_team_plant(name))
        write_rows("team_speed", [row], replace=("plant", "device"))
        print(
            f"{name}: {row['steps_per_second']:,.0f} steps/s, {row['compile_s']:.1f} s to compile"
        )
    rows = [
        [
            row["plant"],
            f"{float(row['steps_per_second']):,.0f}",
            f"{float(row['steps_per_cpu_second']):,.0f}",
            f"{_public(row['plant']):,}",
            f"{float(row['compile_s']):.1f}",
            row["device"],
        ]
        for row in read_rows("team_speed")
    ]
    header = (
        "plant", "steps/s", "steps per CPU-second", "public code, steps per CPU-second",
        "compile, s", "device",
    )  # fmt: skip
    print(write_table("team_speed", header, rows))


def _public(plant: str) -> int:
    return next(PUBLIC[kind] for kind in sorted(PUBLIC, reverse=True) if plant.startswith(kind))


if __name__ == "__main__":
    main()
