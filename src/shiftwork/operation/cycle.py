"""The cycle of an agent at the plant: read, check, decide, hold, record, write, read back, record.

Every cycle makes at least one durable record. Whatever goes wrong has one answer, the mildest that
is safe: set-points stay (hold); after ``shed_after`` the loops go back to the local control (shed).
A late cycle writes nothing, and nothing is ever caught up.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from shiftwork.operation import modes
from shiftwork.operation.audit import Audit, AuditBroken
from shiftwork.operation.checks import Checks
from shiftwork.operation.connection import Connection, Lost, Reading
from shiftwork.operation.deciding import Deciding
from shiftwork.operation.history import History
from shiftwork.operation.history_rows import HistoryFailed
from shiftwork.operation.inputs import Inputs
from shiftwork.operation.modes import Mode, Run, State
from shiftwork.operation.objections import answer, object_to
from shiftwork.operation.proposals import Proposals
from shiftwork.operation.settings import OperationRules
from shiftwork.operation.shown import Clock, Shown
from shiftwork.operation.standing import Standing
from shiftwork.operation.verdict import Judged
from shiftwork.operation.writing import Intent, Outcome, last_check, resolved, unfinished, write
from shiftwork.records.historian.plant_file.model import PlantFile

MOST_GRACE_S = 5.0
"""A cycle that is later than this, or than a tenth of the period, writes nothing."""
TIMER = "the plant's own timer takes the loops back"


@dataclass(frozen=True)
class Seen:
    """What a cycle read, and what of it is known."""

    reading: Reading
    observation: dict[str, float]


@dataclass
class Cycle:
    """An agent, a plant and everything between them.

    Attributes:
        plant: The plant file.
        rules: Its rules for operation.
        owner: Name of this process; the plant knows by it who writes.
        connection: The link.
        deciding: The agent within its envelope.
        audit: Open for writing.
        history: Open for writing.
        clock: Both clocks.
        judged: The verdict on the agent.
        still_s: By tag, how long it may stand still as the records say, seconds; the rules come first.
        standing: Where the modes stand.
        proposals: What is proposed in advisory.
        shown: The last cycle, for people.
    """

    plant: PlantFile
    rules: OperationRules
    owner: str
    connection: Connection
    deciding: Deciding
    audit: Audit
    history: History
    clock: Clock
    judged: Judged
    still_s: Mapping[str, float] = field(default_factory=dict)
    standing: Standing = field(init=False)
    proposals: Proposals = field(init=False)
    shown: Shown = field(default_factory=lambda: Shown(0))
    _inputs: Inputs = field(init=False)
    _checks: Checks = field(init=False)
    _pending: Intent | None = field(init=False)
    _bad_since_s: float | None = None
    _given_back: bool = False
    _busy: bool = False

    def __post_init__(self) -> None:
        self._keys = tuple(tag.key for tag in self.plant.of_role("action"))
        self.standing = Standing(
            self.audit, State.begin(self._keys, self.rules.highest_mode, self.judged.cap)
        )
        self.proposals = Proposals(self._keys)
        self._inputs = Inputs(self.plant)
        self._checks = Checks(self.plant, self.rules, {**self.still_s, **self.rules.still_s})
        self._pending = unfinished(self.audit)
        self.audit.append(
            "start",
            owner=self.owner,
            agent=self.judged.weights,
            mode=self.state.mode.name.lower(),
            cap=self.judged.cap.name.lower(),
            verdict=self.judged.why,
        )

    @property
    def state(self) -> State:
        """Where the modes stand."""
        return self.standing.state

    @property
    def grace_s(self) -> float:
        """How late a cycle may be and still write."""
        return min(self.plant.period_s / 10, MOST_GRACE_S)

    def ask(self, change: Callable[..., State], *given: Any, person: modes.Person) -> None:
        """Let a person change the modes, on record.

        Raises:
            Refused: The person may not; that is on record too.
        """
        self.standing.ask(change, *given, person=person)

    def narrow(self, key: str, limits: tuple[float, float] | None, person: modes.Person) -> None:
        """Set or remove an operator's own limits of one action, on record.

        Raises:
            Refused: The person may not, or the limits cross.
        """
        self.deciding.narrow(key, limits, self.standing, person)

    async def once(self, due_s: float) -> None:
        """Run one cycle.

        Args:
            due_s: When it should have begun, monotonic, seconds.
        """
        wall_us = self.clock.wall_us()
        stamp_us = self._inputs.stamp_us(wall_us)
        self.standing.faults, self.shown, self._busy = [], Shown(stamp_us), True
        try:
            try:
                await self._run(due_s, wall_us, stamp_us)
            except Lost as error:
                self.standing.hold(f"link: {error}")
            await self._finish(stamp_us)
        except AuditBroken as error:
            await self._stop(f"audit: {error}")
        except Exception as error:  # a defect here: the loops must not stay with it
            await self._stop(f"unexpected: {type(error).__name__}: {error}")
            raise
        finally:
            self._busy = False
            self.shown = replace(self.shown, faults=tuple(self.standing.faults))

    async def between(self) -> None:
        """Between two cycles: show the plant a sign of life, and shed what is held for too long."""
        if self._busy or self.state.mode != Mode.CLOSED:
            return
        try:
            self._watch_hold()
            await self._give_back()
            if self.state.run != Run.SHED:
                await self.connection.beat(self.owner)
        except Lost as error:
            if self.state.run == Run.RUN and not self._busy:
                self.standing.hold(f"link: {error}")
        except AuditBroken as error:
            await self._stop(f"audit: {error}")

    async def end(self) -> None:
        """End in order: the loops go back at once, not only when the plant's timer is over."""
        try:
            self.standing.shed("the process ends")
            with contextlib.suppress(Lost):  # the plant's own timer takes them back
                await self._give_back()
            self.audit.append("stop")
        except AuditBroken as error:
            await self._stop(f"audit: {error}")

    async def _run(self, due_s: float, wall_us: int, stamp_us: int) -> None:
        if self.state.mode == Mode.OFF:
            return
        now_s = self.clock.monotonic_s()
        jump = self._checks.clock(now_s, wall_us)
        reading = await self.connection.read()
        self._resolve(reading)
        observation = await self._observe(reading, stamp_us, now_s)
        if still := self._checks.tick(reading.tick, now_s):
            self.standing.hold(still)
        object_to(self.standing, reading, self.owner, self._pending is not None)
        if jump:
            self.standing.hold(jump)
        if self.state.mode == Mode.CLOSED and self.state.run != Run.SHED:
            await self.connection.beat(self.owner)
        decision = self.deciding.once(observation, self.standing)
        if decision is None:
            return
        self.shown = Shown(stamp_us, observation, *decision)
        keys = tuple(key for key in self.state.written if not np.isnan(self.shown.allowed[key]))
        if self.standing.faults or self._pending is not None or not keys:
            return
        if late := self._late(due_s):
            self.standing.fault(f"{late}: nothing is written")
            return
        await self._write(keys, Seen(reading, observation), due_s)

    async def _observe(self, reading: Reading, stamp_us: int, now_s: float) -> dict[str, float]:
        samples, bad = self._checks.samples(reading, now_s)
        self._inputs.add(stamp_us, samples)
        try:
            # A database may take its time; people and the sign of life must not wait for it.
            await asyncio.to_thread(self.history.add, stamp_us, samples)
        except (HistoryFailed, OSError) as error:
            self.standing.hold(f"history: {error}")
        observation = self._inputs.observe(stamp_us)
        needed = self.deciding.needed
        missing = sorted(key for key in needed if np.isnan(observation.get(key, np.nan)))
        if missing:
            first = missing[0]
            more = f" and {len(missing) - 1} more" if missing[1:] else ""
            self.standing.hold(f"{first} {bad.get(first, 'is not known')}{more}")
        self.shown = Shown(stamp_us, observation)
        return observation

    async def _write(self, keys: tuple[str, ...], seen: Seen, due_s: float) -> None:
        """From the durable intent to the durable outcome."""
        before = {key: seen.reading.samples[key].number for key in self._keys}
        values = before | {key: self.shown.allowed[key] for key in keys}
        tick = seen.reading.tick
        number = self.audit.append(
            "intent",
            stamp_us=self.shown.stamp_us,
            tick=tick,
            before=before,
            values=values,
            write=keys,
            **self._decision(),
        )
        intent = Intent(number, tick, before, values)
        # Limits, modes and enable once more: the record took time, and people act meanwhile.
        try:
            guard = await self.connection.read_panel()
        except Lost as error:
            self._outcome(intent, Outcome("not sent", {"": f"link: {error}"}))
            raise
        now = seen.observation | {
            key: sample.number
            for key, sample in guard.samples.items()
            if self.plant.tags[key].role == "limit"
        }

        def objection() -> str:
            if not set(keys) <= set(self.state.written):
                return "a person changed the mode"
            return "" if self.deciding.leaves(now, values, keys) else "the limits moved"

        refusal = self._late(due_s) or last_check(intent, keys, self.owner, guard) or objection()
        if refusal:
            self._outcome(intent, Outcome("not sent", {"": refusal}))
            return
        self._pending = intent
        sent = write(self.connection, intent, keys, self.rules.tick_s, objection)
        self._outcome(intent, await sent)

    def _late(self, due_s: float) -> str:
        late_s = self.clock.monotonic_s() - due_s
        return f"late by {late_s:.2f} s" if late_s > self.grace_s else ""

    def _resolve(self, reading: Reading) -> None:
        """Find out what became of a write whose outcome is unknown."""
        if self._pending is None:
            return
        outcome = resolved(self._pending, reading)
        if outcome is None:
            self.standing.hold("a write is still unknown")
            return
        self._outcome(self._pending, outcome, recovered=True)

    def _outcome(self, intent: Intent, outcome: Outcome, recovered: bool = False) -> None:
        self._pending = intent if outcome.result == "unknown" else None
        if not recovered:
            self.shown = replace(self.shown, result=outcome.result)
        self.audit.append(
            "outcome",
            intent=intent.number,
            tick=intent.tick,
            result=outcome.result,
            reasons=outcome.reasons,
            recovered=recovered,
        )
        answer(self.standing, outcome, recovered)

    async def _finish(self, stamp_us: int) -> None:
        """Record a cycle that wrote nothing, count good ones, shed what was held for too long."""
        if not self.standing.faults:
            self.standing.set(modes.good_cycle(self.state))
        self._watch_hold()
        if self.state.mode != Mode.OFF and not self.shown.result:
            number = self.audit.append("decision", stamp_us=stamp_us, **self._decision())
            if not self.standing.faults:
                self.proposals.add(number, self.shown.allowed)
        if self.state.mode != Mode.ADVISORY or self.standing.faults:
            self.proposals.clear()
        try:
            await self._give_back()
        except Lost as error:
            self.standing.fault(f"link: {error}; {TIMER}")

    def _watch_hold(self) -> None:
        now_s = self.clock.monotonic_s()
        if self.state.run != Run.HOLD:
            self._bad_since_s = None
            return
        self._bad_since_s = now_s if self._bad_since_s is None else self._bad_since_s
        held_s = now_s - self._bad_since_s
        if held_s > self.rules.shed_after_s:
            self.standing.shed(f"held for {held_s:.0f} s: {self.state.reason}")

    async def _give_back(self) -> None:
        """Ask for a shed until the plant has heard it once; then the panel decides again."""
        if self.state.run != Run.SHED:
            self._given_back = False
        elif self.state.mode == Mode.CLOSED and not self._given_back:
            await self.connection.shed()
            self._given_back = True

    def _decision(self) -> dict[str, Any]:
        return self.shown.decision(self.state) | self.deciding.memory()

    async def _stop(self, reason: str) -> None:
        """Nothing can be put on record any more: nothing is written, and the loops go back."""
        self.standing.faults.append(reason)
        closed = self.state.mode == Mode.CLOSED
        self.standing.state = modes.demote(modes.shed(self.state, reason), Mode.SHADOW, reason)
        if closed:
            try:
                await self.connection.shed()
            except Lost as error:
                self.standing.faults.append(f"link: {error}; {TIMER}")
