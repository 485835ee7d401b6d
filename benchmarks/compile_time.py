"""What compiling costs before a team learns anything, and how fast it learns then.

    python -m benchmarks.compile_time

Nothing is read from the cache of compiled programs. Each plant runs in a process of its own.
An update here is one batch learned from and the whole episodes by which progress is reported.
Seconds are processor time of the process, because a machine is often shared; a quiet machine with
several cores takes less time on the clock.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from typing import Any

PLANTS = ("centre-small", "centre-steady", "overcooked-A", "overcooked-large-A", "box-pushing-6")
"""Measured by default."""


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure(name: str) -> str:
    """Compile and run updates of one plant; return a row of the table.

    Args:
        name: The plant's name.
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
    begin = _cpu_s()
    draw = jax.jit(
        jax.vmap(lambda key: create(key, plant, config)), compiler_options=train.DRAWN_ONCE
    )
    learners: Any = jax.block_until_ready(draw(keys))
    piece: Any = train._run_piece
    arguments = (plant, learners, keys, jnp.float32(0.0), jnp.float32(0.01), 1)
    lower_s, lowered = _cpu_s(), piece.lower(*arguments)
    compile_s, compiled = _cpu_s(), lowered.compile()
    run_s = _cpu_s()
    jax.block_until_ready(compiled(*arguments))
    first_s = _cpu_s()
    jax.block_until_ready(compiled(*arguments))
    again_s = _cpu_s() - first_s
    steps = (config.copies + train.WATCH_EPISODES) * plant.horizon
    return (
        f"| {name} | {lower_s - begin:.1f} | {compile_s - lower_s:.1f} | {run_s - compile_s:.1f} "
        f"| {first_s - begin:.1f} | {steps / again_s:,.0f} |"
    )


def main() -> None:
    """Print the table of all plants, or the row of the one named."""
    if len(sys.argv) == 2:
        print(measure(sys.argv[1]))
        return
    print("| plant | draw nets s | trace s | compile s | first update s | plant steps per s |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |", flush=True)
    uncached = os.environ | {"JAX_ENABLE_COMPILATION_CACHE": "false"}
    for name in PLANTS:
        command = [sys.executable, "-m", "benchmarks.compile_time", name]
        subprocess.run(command, env=uncached, check=True)


if __name__ == "__main__":
    main()
