"""Runs a cycle on the monotonic clock, and lets people reach it through the desk in between."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable

import polars as pl

from shiftwork.operation.audit import AuditBroken
from shiftwork.operation.cycle import Cycle
from shiftwork.operation.desk import Desk
from shiftwork.operation.history_rows import HistoryFailed
from shiftwork.operation.shown import Clock
from shiftwork.records.historian.grid import ahead_us
from shiftwork.records.historian.plant_file.model import PlantFile

DESK_S = 0.2
"""How often people's requests are looked for."""
BEAT_S = 1.0
"""How often the plant is shown a sign of life, however long a cycle is."""


async def run(cycle: Cycle, desk: Desk, stop: asyncio.Event, told: Callable[[], None]) -> None:
    """Run cycles until ``stop`` is set.

    The first begins at the next whole period of the plant's clock; all others follow on the monotonic
    clock. Whole periods that were missed are left out.

    Args:
        cycle: The cycle.
        desk: Where people's requests come in and the state is shown.
        stop: Set it to end after the cycle under way; the loops then go back.
        told: Called after each cycle.
    """
    try:
        # If one of them fails, none goes on without it.
        async with asyncio.TaskGroup() as group:
            beside = [group.create_task(one) for one in (_serve(cycle, desk), _beat(cycle))]
            await _cycles(cycle, desk, stop, told)
            for task in beside:
                task.cancel()
    finally:
        await cycle.end()


async def _serve(cycle: Cycle, desk: Desk) -> None:
    """Answer people also while a cycle waits for the plant: whoever says off is heard at once."""
    while True:
        with contextlib.suppress(sqlite3.Error):  # locked or full: the next time
            desk.serve(cycle)
        await asyncio.sleep(DESK_S)


async def _beat(cycle: Cycle) -> None:
    while True:
        await cycle.between()
        await asyncio.sleep(BEAT_S)


def first_due_s(clock: Clock, plant: PlantFile) -> float:
    """When the next whole period of the plant's clock begins, monotonic, seconds."""
    now_s, wall_us = clock.monotonic_s(), clock.wall_us()
    return now_s + (-(wall_us + ahead_us(wall_us, plant)) / 1e6) % plant.period_s


async def _cycles(cycle: Cycle, desk: Desk, stop: asyncio.Event, told: Callable[[], None]) -> None:
    period_s = cycle.plant.period_s
    due_s = first_due_s(cycle.clock, cycle.plant)
    closed_day = 0
    while not stop.is_set():
        while (left := due_s - cycle.clock.monotonic_s()) > 0 and not stop.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), left)
        if stop.is_set():
            break
        await cycle.once(due_s)
        with contextlib.suppress(sqlite3.Error):  # people see by its age that it is not fresh
            desk.show(cycle)
        told()
        day = cycle.clock.wall_us() // 86_400_000_000
        if day != closed_day:
            closed_day = day
            await _close_days(cycle)
            _warn(cycle)
        late_s = cycle.clock.monotonic_s() - due_s
        due_s += period_s * max(1, -(-late_s // period_s))


async def _close_days(cycle: Cycle) -> None:
    """Close the days that are over; one that cannot be stays in the store until the next day."""
    try:
        # A day of many tags takes seconds to write: the next cycles are left out, but people are heard.
        await asyncio.to_thread(cycle.history.close_days, cycle.clock.wall_us())
    except (HistoryFailed, OSError, pl.exceptions.PolarsError) as error:
        with contextlib.suppress(AuditBroken):  # the next cycle stops because of it
            cycle.standing.fault(f"history: a day cannot be closed: {error}")


def _warn(cycle: Cycle) -> None:
    """Put on record, once a day, what people should see to."""
    if notice := cycle.connection.notice():
        with contextlib.suppress(AuditBroken):
            cycle.audit.append("warning", reason=notice)
