"""What the page shows, read from the files of the operating process; no session to the plant."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shiftwork.errors import UserError
from shiftwork.operation.audit import open_for_reading
from shiftwork.operation.desk import Caller
from shiftwork.operation.history_open import reading
from shiftwork.operation.history_store import HistoryFailed

TREND_S = 7200.0
MOST_PERIODS = 900
"""A trend shows two hours, or this many periods where they are shorter."""
EVENTS = (
    "fault",
    "mode",
    "person",
    "refused",
    "limits",
    "answer",
    "warning",
    "start",
    "stop",
    "audit full",
)
"""Kinds of records that people are shown as a list."""
MOST_EVENTS = 40


@dataclass(frozen=True)
class Source:
    """Reads desk, history and audit.

    Attributes:
        folder: The folder that operate writes to.
    """

    folder: Path

    def state(self) -> dict[str, Any]:
        """The state that was published last, with its age; without one, why there is none."""
        try:
            with closing(Caller(self.folder / "desk.sqlite")) as caller:
                state = caller.state()
        except (UserError, sqlite3.Error) as error:
            return {"missing": str(error)}
        if not state:
            return {"missing": "no cycle has run yet; wait for one period"}
        # On the server's clock: the viewer's may be wrong.
        return state | {"age_s": round(time.time() - state["written_s"], 2)}

    def events(self) -> list[dict[str, Any]]:
        """The last records that a person should see, newest first."""
        marks = ", ".join("?" for _ in EVENTS)
        query = (
            f"SELECT number, at_us, kind, body FROM audit WHERE kind IN ({marks}) "
            "ORDER BY number DESC LIMIT ?"
        )
        with closing(open_for_reading(self.folder / "audit.sqlite")) as base:
            rows = base.execute(query, (*EVENTS, MOST_EVENTS)).fetchall()
        return [
            {"number": number, "at_s": at_us / 1e6, "kind": kind, "body": json.loads(body)}
            for number, at_us, kind, body in rows
        ]

    def trend(self, key: str) -> dict[str, Any]:
        """Time, set-point in force, proposal and limits of one action.

        Raises:
            UserError: There is no such action, or nothing operates here.
        """
        state = self.state()
        action = next((a for a in state.get("actions", []) if a["key"] == key), None)
        if action is None:
            raise UserError(f"unknown action '{key}', or nothing operates here")
        window_s = min(TREND_S, MOST_PERIODS * state["period_s"])
        since_us = round((time.time() - window_s) * 1e6)
        low, high = action["bounds"]
        read = {name for name in (key, low, high) if isinstance(name, str)}
        found = self._history(read, since_us)
        proposed = self._proposed(key, since_us)
        times = sorted({*found.get(key, {}), *proposed})
        return {
            "time_s": [at / 1e6 for at in times],
            "in_force": [found.get(key, {}).get(at) for at in times],
            "proposed": [proposed.get(at) for at in times],
            "low": _held(low, times, found),
            "high": _held(high, times, found),
        }

    def _history(self, keys: set[str], since_us: int) -> dict[str, dict[int, float | None]]:
        # A held limit is kept when it changes: the sample before the window comes along.
        try:
            with reading(self.folder) as store:
                return {key: dict(store.since(key, since_us)) if store else {} for key in keys}
        except HistoryFailed as error:
            raise UserError(f"the history cannot be read now ({error})") from None

    def _proposed(self, key: str, since_us: int) -> dict[int, float | None]:
        query = (
            "SELECT json_extract(body, '$.stamp_us'), json_extract(body, ?) FROM audit "
            "WHERE kind IN ('decision', 'intent') AND at_us >= ?"
        )
        with closing(open_for_reading(self.folder / "audit.sqlite")) as base:
            rows = base.execute(query, (f'$.proposed."{key}"', since_us)).fetchall()
        return {stamp: value for stamp, value in rows if stamp is not None}


def _held(
    limit: float | str, times: list[int], found: dict[str, dict[int, float | None]]
) -> list[float | None]:
    """A limit at each time: a number, or the last sample of a limit tag."""
    if not isinstance(limit, str):
        return [limit] * len(times)
    samples = sorted(found.get(limit, {}).items())
    held: list[float | None] = []
    last, first = None, 0
    for at in times:
        while first < len(samples) and samples[first][0] <= at:
            last, first = samples[first][1], first + 1
        held.append(last)
    return held
