"""What compiling costs before a team learns anything, and how fast it learns then.

    python -m benchmarks.compile_time

Nothing is read from the cache of compiled programs. Each plant runs in a process of its own.
An update here is one batch learned from and the whole episodes by which progress is reported. Work of
less than ten million plant steps gets a program that is optimized less, and longer work another one.
Seconds are processor time of the process, because a machine is often shared; a quiet machine with
several cores takes less time on the clock.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from typing import Any

from benchmarks.results import read_rows, write_rows, write_table
from shiftwork.cli.progress import console
from shiftwork.learning.compiling import LONG_STEPS, compiled_for

PLANTS = ("centre-small", "centre-steady", "overcooked-A", "overcooked-large-A", "box-pushing-6")
"""Measured by default."""
WORK = {"short": 0, "long": LONG_STEPS}
"""For how many plant steps the program is made."""


def measure(name: str, work: str) -> dict[str, Any]:
    """Compile and run updates of one plant; return what it took.

    Args:
        name: The plant's name.
        work: Of ``WORK``.
    """
    import jax
    import jax.numpy as jnp

    from shiftwork.learning.team import train
    from shiftwork.learning.team.algorithms import team_algorithm
    from shiftwork.learning.team.preset import preset
    from shiftwork.plants.catalogue import make_team_plant

    plant = make_team_plant(name)
    config = preset("acac", plant)
    keys = jnp.stack([jax.random.key(0)])
    create = team_algorithm("acac").create
    begin = time.process_time()
    draw = jax.jit(
        jax.vmap(lambda key: create(key, plant, config)), compiler_options=train.DRAWN_ONCE
    )
    learners: Any = jax.block_until_ready(draw(keys))
    piece: Any = compiled_for(train.run_piece, WORK[work])
    arguments = (plant, learners, keys, jnp.float32(0.0), jnp.float32(0.01), 1)
    lower_s, lowered = time.process_time(), piece.lower(*arguments)
    compile_s, compiled = time.process_time(), lowered.compile()
    run_s = time.process_time()
    jax.block_until_ready(compiled(*arguments))
    first_s = time.process_time()
    jax.block_until_ready(compiled(*arguments))
    again_s = time.process_time() - first_s
    steps = (config.copies + train.WATCH_EPISODES) * plant.horizon
    return {
        "plant": name, "work": work, "draw_s": lower_s - begin, "trace_s": compile_s - lower_s,
        "compile_s": run_s - compile_s, "first_s": first_s - begin, "steps_per_s": steps / again_s,
    }  # fmt: skip


def main() -> None:
    """Measure all plants, each in a process of its own, and write CSV and table; or print one's row."""
    if len(sys.argv) == 3:
        print(json.dumps(measure(*sys.argv[1:])))
        return
    uncached = os.environ | {"JAX_ENABLE_COMPILATION_CACHE": "false"}
    for name, work in itertools.product(PLANTS, WORK):
        command = [sys.executable, "-m", "benchmarks.compile_time", name, work]
        done = subprocess.run(command, env=uncached, check=True, capture_output=True, text=True)
        row = json.loads(done.stdout.splitlines()[-1])
        write_rows("compile_time", [row], replace=("plant", "work"))
        console.print(f"{name}, {work} work: first update after {row['first_s']:.0f} s")
    lines = [
        [
            row["plant"],
            row["work"],
            *(f"{float(row[key]):.1f}" for key in ("draw_s", "trace_s", "compile_s", "first_s")),
            f"{float(row['steps_per_s']):,.0f}",
        ]
        for row in read_rows("compile_time")
    ]
    header = [
        "plant",
        "work",
        "draw nets s",
        "trace s",
        "compile s",
        "first update s",
        "plant steps per s",
    ]
    console.print(write_table("compile_time", header, lines))


if __name__ == "__main__":
    main()
