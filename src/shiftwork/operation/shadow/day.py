"""One day of the audit: what the agent wanted, what people did instead, what they answered."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int64

from shiftwork.errors import UserError
from shiftwork.operation.audit import Entry, open_for_reading, read_entries
from shiftwork.operation.history import day_name
from shiftwork.operation.history_rows import DAY_US
from shiftwork.records.historian.plant_file.model import PlantFile

COMPARED = ("shadow", "advisory")
"""Modes in which people act and the agent only says what it would do."""
MOST_NAMED = 5
"""Faults that are named; they come by the hundred when a sensor breaks."""


@dataclass(frozen=True)
class ActionDay:
    """One action, one entry for each decision of the day, in its own unit.

    Attributes:
        key: Of the action.
        unit: Its unit.
        would: What the envelope left of what the agent wanted, (N,); NaN where nothing.
        did: The set-point in force one period later, before the next decision, (N,); NaN unknown.
        held: Decisions that the envelope changed.
        accepted: Proposals that people accepted.
        rejected: Proposals that people rejected.
    """

    key: str
    unit: str
    would: Float64[np.ndarray, " N"]
    did: Float64[np.ndarray, " N"]
    held: int
    accepted: int
    rejected: int


@dataclass(frozen=True)
class Answer:
    """What a person said to a proposal."""

    at_us: int
    number: int
    key: str
    value: float
    accepted: bool
    reason: str
    person: str


@dataclass(frozen=True)
class Day:
    """What the audit holds of one day (UTC).

    Attributes:
        name: YYYY-MM-DD.
        first: Number of the first record used.
        last: Number of the last.
        hash: Of the last.
        stamp_us: Of each decision that is compared, (N,).
        actions: In the plant file's order.
        modes: Decisions in each mode.
        other: Decisions by other weights than the agent's, which are left out.
        faults: The most frequent faults, and how often.
        all_faults: How many there were.
        answers: Of people, in order.
        closed_us: Stamps of all decisions in closed loop up to the day's end, of whatever agent.
        seen: By each tag that was asked for its value at each decision, (N,); NaN unknown.
        after: The same one period later.
    """

    name: str
    first: int
    last: int
    hash: str
    stamp_us: Int64[np.ndarray, " N"]
    actions: tuple[ActionDay, ...]
    modes: dict[str, int]
    other: int
    faults: tuple[tuple[str, int], ...]
    all_faults: int
    answers: tuple[Answer, ...]
    closed_us: frozenset[int]
    seen: dict[str, Float64[np.ndarray, " N"]]
    after: dict[str, Float64[np.ndarray, " N"]]


def read_day(
    audit: Path, plant: PlantFile, weights: str, day: int | None, keys: Sequence[str] = ()
) -> Day:
    """Read one day.

    Args:
        audit: The file; it may be in use.
        plant: The plant file.
        weights: SHA-256 of the agent's weights: decisions of others are not its own.
        day: Days since 1970 (UTC); the last with a decision of this agent if None.
        keys: Tags whose values are wanted at each decision.

    Raises:
        UserError: The audit cannot be read, or holds no decision of this agent on that day.
    """
    with closing(open_for_reading(audit)) as base:
        passed = _passed(base)
        days = sorted(passed.days.get(weights, {}))
        if not days:
            raise UserError(
                f"{audit}: holds no decision of this agent in shadow or advisory; give the agent's "
                "folder that operate was started with"
            )
        day = days[-1] if day is None else day
        if day not in days:
            raise UserError(
                f"{audit}: holds no decision of this agent in shadow or advisory on "
                f"{day_name(day)}; days with them: {len(days)}, from {day_name(days[0])} to "
                f"{day_name(days[-1])}"
            )
        entries, agents = _of_day(base, passed, day, round(plant.period_s * 1e6))
    compared = [pair for pair in zip(entries, agents, strict=True) if _compared(pair[0])]
    own = [entry for entry, agent in compared if _day_of(entry) == day and agent == weights]
    others = sum(_day_of(entry) == day and agent != weights for entry, agent in compared)
    today = [entry for entry in entries if entry.at_us // DAY_US == day]
    faults = Counter(str(entry.body.get("reason")) for entry in today if entry.kind == "fault")
    answers = tuple(_answer(entry) for entry in today if entry.kind == "answer")
    used = sorted((*own, *today), key=lambda entry: entry.number)
    stamps = {e.body["stamp_us"]: e.body["observation"] for e in entries if "stamp_us" in e.body}
    period_us = round(plant.period_s * 1e6)
    return Day(
        name=day_name(day),
        first=used[0].number,
        last=used[-1].number,
        hash=used[-1].hash,
        stamp_us=np.array([entry.body["stamp_us"] for entry in own], np.int64),
        actions=tuple(
            _action(tag.key, tag.unit, own, stamps, period_us, answers)
            for tag in plant.of_role("action")
        ),
        modes=dict(Counter(str(entry.body["mode"]) for entry in own)),
        other=others,
        faults=tuple(faults.most_common(MOST_NAMED)),
        all_faults=faults.total(),
        answers=answers,
        closed_us=frozenset(passed.closed_us),
        seen={key: _known(own, stamps, key, 0) for key in keys},
        after={key: _known(own, stamps, key, period_us) for key in keys},
    )


def _known(
    own: list[Entry], stamps: dict[int, dict[str, Any]], key: str, later_us: int
) -> Float64[np.ndarray, " N"]:
    """A tag's value at each decision or a time later, NaN where it was unknown or nobody looked."""
    return _numbers([stamps.get(entry.body["stamp_us"] + later_us, {}).get(key) for entry in own])


def _numbers(values: list[Any]) -> Float64[np.ndarray, " N"]:
    return np.array([np.nan if value is None else value for value in values], np.float64)


def closed_stamps(audit: Path) -> frozenset[int]:
    """Stamps of all decisions in closed loop, microseconds since 1970 UTC.

    Raises:
        UserError: The audit cannot be read.
    """
    with closing(open_for_reading(audit)) as base:
        return frozenset(_passed(base).closed_us)


def in_closed_loop(
    stamp_us: Int64[np.ndarray, " T"], closed_us: frozenset[int]
) -> Bool[np.ndarray, " T"]:
    """Whether each step was decided in closed loop, (T,).

    Args:
        stamp_us: When each was decided, microseconds since 1970 UTC.
        closed_us: Stamps of the decisions in closed loop.
    """
    return np.isin(stamp_us, np.fromiter(closed_us, np.int64, len(closed_us)))


@dataclass
class _Passed:
    """What one pass over the whole audit keeps: little, since audits grow.

    ``days``: by weights, the days with decisions that are compared. ``begins``: by day, the number of
    its first record and the weights that decided then.
    """

    days: dict[str, set[int]] = field(default_factory=dict)
    begins: dict[int, tuple[int, str]] = field(default_factory=dict)
    closed_us: set[int] = field(default_factory=set)


def _passed(base: sqlite3.Connection) -> _Passed:
    found, weights = _Passed(), ""
    for entry in read_entries(base):
        weights = str(entry.body.get("agent", "")) if entry.kind == "start" else weights
        found.begins.setdefault(entry.at_us // DAY_US, (entry.number, weights))
        if _compared(entry):
            found.days.setdefault(weights, set()).add(_day_of(entry))
        elif entry.body.get("mode") == "closed" and "stamp_us" in entry.body:
            found.closed_us.add(entry.body["stamp_us"])
    return found


def _of_day(
    base: sqlite3.Connection, passed: _Passed, day: int, period_us: int
) -> tuple[list[Entry], list[str]]:
    """The records of a day and of one period after it, and the weights that decided at each.

    A cycle's stamp is the whole period nearest to its time, so its day may begin in the day before.
    """
    number, weights = passed.begins.get(day - 1, passed.begins.get(day, (1, "")))
    entries, agents = [], []
    for entry in read_entries(base, number):
        if entry.at_us > (day + 1) * DAY_US + 2 * period_us:
            break
        weights = str(entry.body.get("agent", "")) if entry.kind == "start" else weights
        if entry.at_us >= day * DAY_US - period_us:
            entries.append(entry)
            agents.append(weights)
    return entries, agents


def _compared(entry: Entry) -> bool:
    body = entry.body
    return entry.kind == "decision" and body.get("mode") in COMPARED and bool(body.get("proposed"))


def _day_of(entry: Entry) -> int:
    return int(entry.body["stamp_us"]) // DAY_US


def _answer(entry: Entry) -> Answer:
    body = entry.body
    return Answer(
        entry.at_us,
        int(body["proposal"]),
        str(body["key"]),
        float(body["value"]),
        bool(body["accepted"]),
        str(body["reason"]),
        str(body["person"]),
    )


def _action(
    key: str,
    unit: str,
    own: list[Entry],
    stamps: dict[int, dict[str, Any]],
    period_us: int,
    answers: tuple[Answer, ...],
) -> ActionDay:
    mine = [answer.accepted for answer in answers if answer.key == key]
    return ActionDay(
        key,
        unit,
        _numbers([entry.body["allowed"].get(key) for entry in own]),
        _known(own, stamps, key, period_us),
        sum(bool(entry.body["held"].get(key)) for entry in own),
        sum(mine),
        len(mine) - sum(mine),
    )
