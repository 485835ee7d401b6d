"""What operating costs: processor time for many tags, and the time from a durable intent to the write.

A virtual plant with so many tags that wander runs in a process of its own; an agent that wants something
else in each cycle operates it in closed loop by OPC UA, with audit (synced) and history as they are.

python -m benchmarks.operation_load
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import statistics
import tempfile
import time
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from benchmarks.operation_week import close_loop, free_port
from benchmarks.results import read_rows, write_rows, write_table
from shiftwork.operation.desk import Desk
from shiftwork.operation.modes import Mode
from shiftwork.operation.opcua.connection import OpcUaConnection
from shiftwork.operation.opcua.server import PlantServer
from shiftwork.operation.opcua.settings import opcua_settings
from shiftwork.operation.opcua.virtual_file import plant_file_text
from shiftwork.operation.opcua.virtual_plant import VirtualPlant
from shiftwork.operation.opened import opened_cycle
from shiftwork.operation.run import run
from shiftwork.operation.settings import operation_rules
from shiftwork.operation.verdict import Judged
from shiftwork.plants.plant import ScoreRange, Step
from shiftwork.records.historian.plant_file.load import load_plant_file
from shiftwork.records.tags import Tag, Tags

NAME = "operation_load"
KEYS = ("force_1", "force_2")
TICK_S = 0.2
LOOKS = 3
"""Cycles in shadow before the loop is closed; nothing of them is measured."""
START_S = 300.0


@dataclass(frozen=True)
class Wide:
    """A plant with so many tags, each of which wanders; what is written changes nothing."""

    tags: int

    name = "wide"
    horizon = 1_000_000
    score: ScoreRange | None = None
    targets: tuple[tuple[int, int], ...] = ()

    @property
    def observation(self) -> Tags:
        """All tags that are seen."""
        return Tags([Tag(f"tag {number}", "", -1e6, 1e6) for number in range(self.tags)])

    @property
    def action(self) -> Tags:
        """Two set-points."""
        return Tags([Tag(key.replace("_", " "), "", -1.0, 1.0) for key in KEYS])

    def reset(self, key: PRNGKeyArray) -> tuple[Any, Float[Array, " O"]]:
        """Begin anywhere."""
        state = jax.random.normal(key, (self.tags,))
        return state, state

    def step(self, state: Any, action: Float[Array, " A"], key: PRNGKeyArray) -> Step:
        """Wander on."""
        state = state + jax.random.normal(key, (self.tags,))
        zero = 0.0 * action.sum()
        return Step(state, state, zero, zero > 0, {})


def _serve(tags: int, period_s: float, port: int, file: Path, ready: Event) -> None:
    plant = Wide(tags)
    file.write_text(plant_file_text(plant, port, period_s, TICK_S), encoding="utf-8")
    asyncio.run(PlantServer(VirtualPlant(plant, period_s), port, TICK_S).serve(ready.set))


@dataclass
class _Seen:
    """When each intent was about to be recorded, and each commit answered; monotonic."""

    intent_s: list[float] = field(default_factory=list)
    commit_s: list[float] = field(default_factory=list)
    results: list[str] = field(default_factory=list)


async def _operate(folder: Path, cycles: int) -> dict[str, Any]:
    file = load_plant_file(folder / "plant.toml")
    rules = operation_rules(file)
    connection = OpcUaConnection(file, opcua_settings(file), rules.timeout_s)
    random, seen, stop = np.random.default_rng(0), _Seen(), asyncio.Event()
    needed = frozenset(key for key, tag in file.tags.items() if tag.role == "observation")
    judged = Judged(Mode.CLOSED, "for the measurement", "0" * 64)
    begin: list[float] = []

    def decide(_: object) -> np.ndarray:
        return random.uniform(-0.9, 0.9, len(KEYS))

    async with AsyncExitStack() as stack:
        cycle = stack.enter_context(
            opened_cycle(folder, file, rules, connection, (decide, needed), judged, [])
        )
        desk = stack.enter_context(closing(Desk(folder / "desk.sqlite")))
        await connection.start()
        stack.push_async_callback(connection.stop)
        append, commit = cycle.audit.append, connection.commit

        def noted(kind: str, **body: Any) -> int:
            if kind == "intent":
                seen.intent_s.append(time.monotonic())
            return append(kind, **body)

        async def answered(tick: int, crc: int) -> str:
            reason = await commit(tick, crc)
            seen.commit_s.append(time.monotonic())
            return reason

        # The instances are the benchmark's own; their classes stay as they are.
        cycle.audit.append = noted  # type: ignore[method-assign]
        connection.commit = answered  # type: ignore[method-assign]

        def told() -> None:
            seen.results.append(cycle.shown.result)
            if len(seen.results) == LOOKS:
                close_loop(cycle)
                begin.extend([time.monotonic(), time.process_time()])
            if len(seen.results) == LOOKS + cycles:
                begin.extend([time.monotonic(), time.process_time()])
                stop.set()

        await run(cycle, desk, stop, told)
    wall_s, cpu_s = begin[2] - begin[0], begin[3] - begin[1]
    # An intent whose write is not sent has no commit; the last one before a commit is its own.
    took = [
        1000 * (at_s - max(one for one in seen.intent_s if one <= at_s)) for at_s in seen.commit_s
    ]
    return {
        "cycles": cycles,
        "taken": seen.results[LOOKS:].count("taken"),
        "core_share": cpu_s / wall_s,
        "intent_to_write_ms": statistics.median(took) if took else np.nan,
        "worst_ms": max(took, default=np.nan),
    }


def measure(tags: int, period_s: float, cycles: int) -> dict[str, Any]:
    """Measure one plant.

    Args:
        tags: How many are read in each cycle.
        period_s: Of the cycle.
        cycles: In closed loop.
    """
    context, begin = multiprocessing.get_context("spawn"), time.perf_counter()
    with tempfile.TemporaryDirectory() as text:
        folder, ready = Path(text), context.Event()
        given = (tags, period_s, free_port(), folder / "plant.toml", ready)
        server = context.Process(target=_serve, args=given, daemon=True)
        server.start()
        try:
            if not ready.wait(START_S):
                raise RuntimeError("the virtual plant did not start")
            found = asyncio.run(_operate(folder, cycles))
        finally:
            server.kill()
            server.join()
    row = {"tags": tags, "period_s": period_s, "seed": 0}
    return row | found | {"wall_s": time.perf_counter() - begin}


def table() -> str:
    """Make the table from the rows."""
    lines = [
        [
            f"{int(row['tags']):,}",
            f"{float(row['period_s']):g}",
            row["cycles"],
            f"{row['taken']} of {row['cycles']}",
            f"{100 * float(row['core_share']):.1f}",
            f"{float(row['intent_to_write_ms']):.0f} / {float(row['worst_ms']):.0f}"
            if int(row["taken"])
            else "",
        ]
        for row in read_rows(NAME)
    ]
    header = [
        "tags", "cycle, s", "cycles", "taken over", "% of a core", "intent to write, ms, median / worst",
    ]  # fmt: skip
    return write_table(NAME, header, lines)


def main() -> None:
    """Measure, write the rows and the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tags", type=int, nargs="+", default=[300, 1000, 10_000])
    parser.add_argument("--period", type=float, nargs="+", default=[1.0, 5.0, 10.0], help="seconds")
    parser.add_argument("--cycles", type=int, nargs="+", default=[120, 30, 30])
    options = parser.parse_args()
    for tags, period_s, cycles in zip(options.tags, options.period, options.cycles, strict=True):
        row = measure(tags, period_s, cycles)
        print(row, flush=True)
        write_rows(NAME, [row], replace=("tags", "period_s"))
    print(table())


if __name__ == "__main__":
    main()
