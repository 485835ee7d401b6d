"""What the plant itself says against writing, before a write and after it."""

from __future__ import annotations

import math

from shiftwork.operation.connection import Reading
from shiftwork.operation.modes import MOST_HOLDS, Mode
from shiftwork.operation.standing import Standing
from shiftwork.operation.writing import Outcome


def object_to(standing: Standing, reading: Reading, owner: str, pending: bool) -> None:
    """Answer everything that a reading says against writing; it matters only in closed.

    Args:
        standing: Where the modes stand.
        reading: This cycle's.
        owner: Name of this process.
        pending: Whether a write by this process may still be taken over.
    """
    if standing.state.mode < Mode.CLOSED:
        standing.expected = {}
        return
    if reading.owner not in ("", owner):
        standing.demote(Mode.OFF, f"'{reading.owner}' writes to this plant")
    if reading.shed:
        standing.shed("the plant has taken its loops back")
    if not reading.enabled:
        standing.hold("the plant does not enable writes")
    for key, action in standing.state.actions.items():
        now = reading.samples[key].number
        if math.isnan(now):
            # The commit covers every set-point in force, also of actions that are off.
            standing.hold(f"{key}: the set-point in force is unknown")
        elif not action.written:
            continue
        elif not reading.remote[key]:
            standing.track(key, "its loop is not remote")
        elif standing.expected.setdefault(key, now) != now and not pending:
            standing.track(key, f"somebody else moved it to {now:g}")


def answer(standing: Standing, outcome: Outcome, recovered: bool) -> None:
    """Answer what became of a write.

    Args:
        standing: Where the modes stand.
        outcome: On record already.
        recovered: Whether it was found out in a later cycle, or by a later process.
    """
    first = outcome.reasons.get("", "")
    if outcome.result == "unknown":
        standing.hold(f"link: {first}")
    elif outcome.result == "rejected":
        for key, reason in outcome.reasons.items():
            standing.latch_off(key, reason)
    elif outcome.result == "clamped":
        for key, reason in outcome.reasons.items():
            standing.track(key, reason)
    elif outcome.result == "not taken" and not recovered:
        standing.not_taken += 1
        standing.hold(f"not taken: {first}")
        if standing.not_taken >= MOST_HOLDS:
            standing.shed(f"{standing.not_taken} writes in a row were not taken")
    # Where it was not taken, a set-point that moved was moved by somebody else.
    if outcome.result in ("taken", "clamped") and outcome.reading is not None:
        standing.not_taken = 0
        standing.expected = {
            key: outcome.reading.samples[key].number
            for key, action in standing.state.actions.items()
            if action.written
        }
