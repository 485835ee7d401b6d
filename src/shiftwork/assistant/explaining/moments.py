"""What was known, in force and decided at a moment: from an operated plant's audit, or the records.

A moment is a stamp of the plant's decisions. The audit says what the agent saw and what the envelope
left of its proposal; records say what was known, put on the grid as for learning.
"""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from shiftwork.errors import UserError
from shiftwork.operation.audit import Entry, open_for_reading
from shiftwork.records.historian.grid import Grid

AUDIT = "audit.sqlite"
_COLUMNS = "number, at_us, monotonic_us, kind, body, hash"
_STAMP = "json_extract(body, '$.stamp_us')"


@dataclass(frozen=True)
class Moment:
    """A decision of the plant, with what was known for it.

    Attributes:
        stamp_us: When, microseconds since 1970 UTC.
        known: Values by key, NaN where nothing is known.
        after: Set-points in force at the next decision, by key of the action; NaN where unknown.
        allowed: What the envelope left of the proposal, by key; NaN where nothing was to be
            written; empty where no agent operated.
        held: Why it held the proposal, by key.
        cites: Hash of the audit's record, if there is one.
    """

    stamp_us: int
    known: dict[str, float]
    after: dict[str, float] = field(default_factory=dict)
    allowed: dict[str, float] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)
    cites: tuple[str, ...] = ()


@dataclass(frozen=True)
class Operated:
    """The audit of an operated plant, open for reading; another process may be writing it.

    Attributes:
        folder: As ``shiftwork operate --out`` wrote it.
    """

    folder: Path

    def entries(self, kinds: tuple[str, ...], start_us: int, stop_us: int) -> list[Entry]:
        """Return records of some kinds in a half-open range of time, in their order.

        Raises:
            UserError: There is no audit.
        """
        marks = ", ".join("?" for _ in kinds)
        return self._read(
            f"WHERE kind IN ({marks}) AND at_us >= ? AND at_us < ? ORDER BY number",
            (*kinds, start_us, stop_us),
        )

    def holds(self, hash_: str) -> bool:
        """Return whether the audit holds a record with this hash."""
        return bool(self._read("WHERE hash = ?", (hash_,)))

    def moment(self, start_us: int, stop_us: int) -> Moment | None:
        """Find the decision in force at the start of a range, or else the first one in it."""
        decided = "WHERE kind IN ('decision', 'intent') AND json_extract(body, '$.proposed') NOT IN ('{}')"
        found = self._read(
            f"{decided} AND {_STAMP} <= ? ORDER BY number DESC LIMIT 1", (start_us,)
        ) or self._read(f"{decided} AND {_STAMP} < ? ORDER BY number LIMIT 1", (stop_us,))
        if not found:
            return None
        body = found[0].body
        stamp = int(body["stamp_us"])
        following = self._read(f"{decided} AND {_STAMP} > ? ORDER BY number LIMIT 1", (stamp,))
        known = _numbers(body["observation"])
        later = _numbers(following[0].body["observation"]) if following else {}
        return Moment(
            stamp,
            known,
            {key: later.get(key, float("nan")) for key in body["proposed"]},
            _numbers(body["allowed"]),
            dict(body["held"]),
            (found[0].hash,),
        )

    def last_us(self) -> int | None:
        """Stamp of the last decision, None if there is none."""
        found = self.moment(2**62, 2**62)
        return found.stamp_us if found else None

    def _read(self, where: str, given: tuple[str | int, ...]) -> list[Entry]:
        with closing(open_for_reading(self.folder / AUDIT)) as base:
            rows = base.execute(f"SELECT {_COLUMNS} FROM audit {where}", given).fetchall()
        return [
            Entry(number, at, monotonic, kind, json.loads(body), hash_)
            for number, at, monotonic, kind, body, hash_ in rows
        ]


def recorded_moment(grid: Grid, start_us: int, stop_us: int) -> Moment:
    """Find the decision of the records in force at the start of a range, or else the first in it.

    Args:
        grid: The records on the plant's decisions.
        start_us: Begin of the range, microseconds since 1970 UTC.
        stop_us: Its end.

    Raises:
        UserError: The records have no decision there.
    """
    stamps = grid.time.astype(np.int64)
    row = int(np.searchsorted(stamps, start_us, side="right")) - 1
    period_us = round(grid.plant.period_s * 1e6)
    if row < 0 and stamps[0] < stop_us:
        row = 0
    if row < 0 or start_us >= stamps[row] + period_us:
        raise UserError("the records hold no decision at that time; choose a time that they cover")
    later = grid.value[row + 1] if row + 1 < len(stamps) else np.full(len(grid.keys), np.nan)
    actions = [tag.key for tag in grid.plant.of_role("action")]
    columns = {key: grid.keys.index(key) for key in actions}
    return Moment(
        int(stamps[row]),
        dict(zip(grid.keys, grid.value[row].tolist(), strict=True)),
        {key: float(later[column]) for key, column in columns.items()},
    )


def _numbers(found: dict[str, float | None]) -> dict[str, float]:
    return {key: float("nan") if value is None else float(value) for key, value in found.items()}
