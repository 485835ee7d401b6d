"""Runs a cycle on the monotonic clock, and lets people reach it through the desk in between."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable

from shiftwork.operation.cycle import Cycle
from shiftwork.operation.desk import Desk

DESK_S = 0.2
"""How often people's requests are looked for."""


async def run(cycle: Cycle, desk: Desk, stop: asyncio.Event, told: Callable[[], None]) -> None:
    """Run cycles until ``stop`` is set.

    The first begins at the next whole period of the wall clock; all others follow on the monotonic
    clock. Whole periods that were missed are left out.

    Args:
        cycle: The cycle.
        desk: Where people's requests come in and the state is shown.
        stop: Set it to end after the cycle under way.
        told: Called after each cycle.
    """
    serving = asyncio.create_task(_serve(cycle, desk))
    try:
        await _cycles(cycle, desk, stop, told)
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving


async def _serve(cycle: Cycle, desk: Desk) -> None:
    """Answer people also while a cycle waits for the plant: whoever says off is heard at once."""
    while True:
        with contextlib.suppress(sqlite3.OperationalError):  # locked or full: the next time
            desk.serve(cycle)
        await asyncio.sleep(DESK_S)


async def _cycles(cycle: Cycle, desk: Desk, stop: asyncio.Event, told: Callable[[], None]) -> None:
    period_s = cycle.plant.period_s
    begin_s, wall_s = cycle.clock.monotonic_s(), cycle.clock.wall_us() / 1e6
    due_s = begin_s + (-wall_s) % period_s
    closed_day = 0
    while not stop.is_set():
        while (left := due_s - cycle.clock.monotonic_s()) > 0 and not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), left)
        if stop.is_set():
            break
        await cycle.once(due_s)
        desk.show(cycle)
        told()
        wall_us = cycle.clock.wall_us()
        if wall_us // 86_400_000_000 != closed_day:
            closed_day = wall_us // 86_400_000_000
            cycle.history.close_days(wall_us)
        late_s = cycle.clock.monotonic_s() - due_s
        due_s += period_s * max(1, -(-late_s // period_s))
