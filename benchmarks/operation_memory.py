"""Memory of a process that lets a team operate for more than a day, with a day's history closed on the way.

The cycle, the audit (synced), the history and the team are the real ones. The plant is in memory and the clocks
are the benchmark's own, so that a day of cycles passes as fast as this machine makes them.

python -m benchmarks.operation_memory --cycles 100000
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.results import read_rows, write_rows, write_table

# The plant and the team in memory are the tests' own.
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

NAME = "operation_memory"
DAY_S = 86_400
PERIOD_S = 10.0
"""Of the team's plant."""
PARTS = 10
"""How often memory is read."""


def rss_mb() -> float:
    """Memory of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def _operate(at: Any, cycles: int, rng: np.random.Generator) -> list[float]:
    """Run the cycles of a team in closed loop; memory after each tenth of them."""
    cycle, plant, found = at.cycle, at.plant, []
    day = cycle.clock.wall_us() // (DAY_S * 1_000_000)
    for number in range(cycles):
        at.time.s += cycle.plant.period_s
        plant.heat = float(rng.normal())
        plant.tags |= {f"{who}_decides": int(rng.random() < 0.3) for who in ("pump", "oven")}
        await cycle.once(at.time.s)
        plant.writes.clear()  # the tests' plant keeps what was written to it, for ever
        plant.side.tick += 1
        plant.tags["step"] = (plant.tags["step"] + 1) % 240
        now = cycle.clock.wall_us() // (DAY_S * 1_000_000)
        if now != day:
            day = now
            cycle.history.close_days(cycle.clock.wall_us())
        if (number + 1) % max(cycles // PARTS, 1) == 0:
            found.append(rss_mb())
    return found


def measure(cycles: int, seed: int, folder: Path) -> dict[str, Any]:
    """Measure one run; its first day ends after 8 hours, or in the seventh tenth of a shorter one.

    Args:
        cycles: How many.
        seed: Of what the plant shows.
        folder: Of audit and history.
    """
    memory = importlib.import_module("support.memory_team")
    bench = importlib.import_module("support.memory_plant")
    left_s = min(DAY_S / 3, 0.64 * cycles * PERIOD_S)
    clock = bench.FakeTime(1000.0, 20_001.0 * DAY_S - left_s - 1000.0)
    rng, begin = np.random.default_rng(seed), time.perf_counter()
    with memory.team_bench(folder, time=clock) as at:
        at.step()
        at.close_loop(("pump", "oven"))
        found = asyncio.run(_operate(at, cycles, rng))
        records, days = at.cycle.audit.head[0], len([*folder.glob("????-??-??.parquet")])
        state = f"{at.cycle.state.mode.name.lower()}, {at.cycle.state.run.value}"
    return {
        "plant": "pump and oven",
        "seed": seed,
        "cycles": cycles,
        "days": cycles * at.cycle.plant.period_s / DAY_S,
        "days_closed": days,
        "records": records,
        "ended": state,
        "rss_mb": " ".join(f"{one:.1f}" for one in found),
        "wall_s": time.perf_counter() - begin,
    }


def table() -> str:
    """Make the table from the rows."""
    lines = []
    for row in read_rows(NAME):
        memory = [float(one) for one in row["rss_mb"].split()]
        lines.append(
            [
                row["plant"],
                f"{int(row['cycles']):,}",
                f"{float(row['days']):.1f}",
                row["days_closed"],
                f"{int(row['records']):,}",
                " ".join(f"{one:.0f}" for one in memory),
                f"{memory[-1] - memory[len(memory) // 2]:+.1f}",
            ]
        )
    header = [
        "team", "cycles", "days", "days closed", "records of the audit",
        "memory after each tenth, MB", "growth in the second half, MB",
    ]  # fmt: skip
    return write_table(NAME, header, lines)


def main() -> None:
    """Measure, write the rows and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cycles", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=100)
    parser.add_argument("--folder", type=Path, help="of audit and history; temporary unless given")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as text:
        row = measure(options.cycles, options.seed, Path(text))
    print(row)
    write_rows(NAME, [row], replace=("plant", "seed", "cycles"))
    print(table())


if __name__ == "__main__":
    main()
