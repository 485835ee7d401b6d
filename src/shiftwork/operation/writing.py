"""One write to the plant, from the durable intent to the durable outcome.

A write that failed is not a write that did not happen. After a broken link its outcome is
*unknown* until the plant has been read again: it was taken over if the plant says so, and it can no
longer be once the plant's tick is beyond the commit's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from shiftwork.operation.audit import Audit
from shiftwork.operation.connection import FRESH_TICKS, Connection, Lost, Reading, checksum

READS_PER_TICK = 4
MOST_READS = 2 * READS_PER_TICK * (FRESH_TICKS + 1)
"""Reads while the plant has not answered: twice the time in which it must have."""

Result = Literal["taken", "not taken", "rejected", "clamped", "unknown", "not sent"]


@dataclass(frozen=True)
class Intent:
    """A write that is on record and may be under way.

    Attributes:
        number: The record's number in the audit.
        tick: The plant's tick that the commit repeats.
        before: Set-points in force, all of them.
        values: What is to be in force, by action, all of them.
    """

    number: int
    tick: int
    before: dict[str, float]
    values: dict[str, float]


@dataclass(frozen=True)
class Outcome:
    """What became of a write.

    Attributes:
        result: "unknown" until the plant has been read again.
        reasons: By action, or "" for all, why it is not simply taken.
        reading: The last one, if there was any.
    """

    result: Result
    reasons: dict[str, str] = field(default_factory=dict)
    reading: Reading | None = None


async def write(
    connection: Connection,
    intent: Intent,
    keys: tuple[str, ...],
    tick_s: float,
    objection: Callable[[], str],
) -> Outcome:
    """Stage, commit and read back.

    Args:
        connection: The plant.
        intent: Values and tick; it is on record already.
        keys: The actions to stage; the others' values are in force already.
        tick_s: Time between two of the plant's ticks.
        objection: Says why it must not be committed after all, or "": staging takes time, and
            people act meanwhile.
    """
    try:
        refused = await connection.stage({key: intent.values[key] for key in keys})
        if refused:
            return Outcome("rejected", refused)
        if why := objection():
            return Outcome("not sent", {"": why})
        crc = checksum([*intent.values.values()], [*intent.before.values()])
        reason = await connection.commit(intent.tick, crc)
        for _ in range(MOST_READS):
            reading = await connection.read_panel()
            outcome = resolved(intent, reading)
            # A refusal may be a gateway's that lost the answer: what was taken over counts.
            if outcome is not None and outcome.result == "not taken" and reason:
                return Outcome("rejected", dict.fromkeys(keys, reason), reading)
            if outcome is not None:
                return outcome
            await asyncio.sleep(tick_s / READS_PER_TICK)
    except Lost as error:
        return Outcome("unknown", {"": str(error)})
    return Outcome("unknown", {"": "the plant's tick stands still"})


def last_check(intent: Intent, keys: tuple[str, ...], owner: str, guard: Reading) -> str:
    """Say why an intent must not be sent after all, or "".

    Args:
        intent: On record.
        keys: The actions that it writes.
        owner: Name of this process.
        guard: Read after the intent was recorded.
    """
    if not guard.enabled or guard.shed:
        return "the plant does not enable writes"
    if guard.owner != owner:
        return f"the plant's owner is '{guard.owner}'"
    for key in keys:
        if not guard.remote[key]:
            return f"the loop of {key} is not remote"
    for key, value in intent.before.items():
        if guard.samples[key].number != value:
            return f"somebody else moved {key}"
    if guard.tick - intent.tick >= FRESH_TICKS:
        return "the plant's tick is too old"
    return ""


def resolved(intent: Intent, reading: Reading) -> Outcome | None:
    """Say what became of a write, or None while it may still be taken over."""
    if reading.taken == intent.tick:
        differs = {
            key: f"in force is {reading.samples[key].number:g}, written was {value:g}"
            for key, value in intent.values.items()
            if reading.samples[key].number != value
        }
        return Outcome("clamped" if differs else "taken", differs, reading)
    # The count never repeats: behind the commit's tick the plant has been restarted.
    if reading.taken > intent.tick or not 0 <= reading.tick - intent.tick <= FRESH_TICKS:
        return Outcome("not taken", {"": "the plant did not take it over in time"}, reading)
    return None


def unfinished(audit: Audit) -> Intent | None:
    """Find the last intent of an audit if it has no outcome: a process was killed in between."""
    intent, outcome = audit.last("intent"), audit.last("outcome")
    if intent is None:
        return None
    if outcome and outcome.number > intent.number and outcome.body["result"] != "unknown":
        return None
    body = intent.body
    return Intent(intent.number, int(body["tick"]), body["before"], body["values"])
