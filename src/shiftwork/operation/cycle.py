"""The cycle of an agent at the plant: read, check, decide, hold, record, write, read back, record.

Every cycle makes at least one durable record. Whatever goes wrong has one answer, the mildest that
is safe: set-points stay (hold); after ``shed_after`` the loops go back to the local control (shed).
A late cycle writes nothing, and nothing is ever caught up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from shiftwork.errors import UserError, unknown
from shiftwork.operation import modes
from shiftwork.operation.audit import Audit, AuditBroken
from shiftwork.operation.checks import Checks
from shiftwork.operation.connection import Connection, Lost, Reading
from shiftwork.operation.envelope import Envelopes, Held
from shiftwork.operation.history import History
from shiftwork.operation.inputs import Inputs
from shiftwork.operation.modes import Mode, Run, State
from shiftwork.operation.settings import OperationRules
from shiftwork.operation.shown import Clock, Shown
from shiftwork.operation.support import OUTSIDE
from shiftwork.operation.writing import Intent, Outcome, last_check, resolved, unfinished, write
from shiftwork.records.historian.plant_file.model import PlantFile

MOST_GRACE_S = 5.0
"""A cycle that is later than this, or than a tenth of the period, writes nothing."""


@dataclass(frozen=True)
class Seen:
    """What a cycle read, and what of it is known."""

    reading: Reading
    observation: dict[str, float]


Decide = Callable[[Mapping[str, float]], np.ndarray]
"""From the known values by key, with no NaN among the needed ones, to the action (A,)."""


@dataclass
class Cycle:
    """An agent, a plant and everything between them.

    Attributes:
        plant: The plant file.
        rules: Its rules for operation.
        owner: Name of this process; the plant knows by it who writes.
        connection: The link.
        decide: The agent.
        needed: Tags that must be known before it can decide.
        envelope: The limits.
        audit: Open for writing.
        history: Open for writing.
        clock: Both clocks.
        cap: Highest mode that the verdict on the agent allows.
        verdict: Why.
        state: Modes; people change it through ``ask``.
        shown: The last cycle, for people.
    """

    plant: PlantFile
    rules: OperationRules
    owner: str
    connection: Connection
    decide: Decide
    needed: frozenset[str]
    envelope: Envelopes
    audit: Audit
    history: History
    clock: Clock
    cap: Mode
    verdict: str
    state: State = field(init=False)
    shown: Shown = field(default_factory=lambda: Shown(0))
    _inputs: Inputs = field(init=False)
    _checks: Checks = field(init=False)
    _pending: Intent | None = field(init=False)
    _expected: dict[str, float] = field(default_factory=dict)
    _bad_decisions: int = 0
    _bad_since_s: float | None = None
    _faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._keys = tuple(tag.key for tag in self.plant.of_role("action"))
        self.state = State.begin(self._keys, self.rules.highest_mode, self.cap)
        self._inputs = Inputs(self.plant)
        self._checks = Checks(self.plant, self.rules)
        self._pending = unfinished(self.audit)
        mode, cap = self.state.mode.name.lower(), self.cap.name.lower()
        self.audit.append("start", owner=self.owner, mode=mode, cap=cap, verdict=self.verdict)

    @property
    def grace_s(self) -> float:
        """How late a cycle may be and still write."""
        return min(self.plant.period_s / 10, MOST_GRACE_S)

    def ask(self, change: Callable[..., State], *given: Any, person: modes.Person) -> None:
        """Let a person change the modes, on record.

        Raises:
            Refused: The person may not; that is on record too.
        """
        what = {"change": change.__name__, "given": [str(item) for item in given]}
        who = {"person": person.name, "role": person.role}
        try:
            changed = change(self.state, *given, person)
        except UserError as error:
            self.audit.append("refused", **what, **who, reason=str(error))
            raise
        self.audit.append("person", **what, **who)
        self._set(changed)

    def narrow(self, key: str, limits: tuple[float, float] | None, person: modes.Person) -> None:
        """Set or remove an operator's own limits of one action, inside all others, on record.

        Raises:
            Refused: The person may not, or the limits cross.
        """
        if person.role == "viewer":
            raise modes.Refused(f"{person.name} is viewer; only an operator may set limits")
        if key not in self._keys:
            raise unknown("action", key, self._keys)
        if limits is not None and not limits[0] <= limits[1]:
            raise modes.Refused(f"{key}: {limits[0]:g} is above {limits[1]:g}; give [low, high]")
        self.audit.append("limits", key=key, limits=limits, person=person.name, role=person.role)
        own = self.envelope.limits
        changed = tuple(
            replace(one, operator=limits) if one.key == key else one for one in own.limits
        )
        self.envelope = replace(self.envelope, limits=replace(own, limits=changed))

    async def once(self, due_s: float) -> None:
        """Run one cycle.

        Args:
            due_s: When it should have begun, monotonic, seconds.
        """
        wall_us = self.clock.wall_us()
        stamp_us = self._inputs.stamp_us(wall_us)
        self._faults = []
        self.shown = Shown(stamp_us)
        try:
            await self._run(due_s, wall_us, stamp_us)
        except Lost as error:
            self._hold(f"link: {error}")
        except AuditBroken as error:
            await self._stop(f"audit: {error}")
        try:
            await self._finish(stamp_us)
        except AuditBroken as error:
            await self._stop(f"audit: {error}")
        self.shown = replace(self.shown, faults=tuple(self._faults))

    async def _run(self, due_s: float, wall_us: int, stamp_us: int) -> None:
        if self.state.mode == Mode.OFF:
            return
        now_s = self.clock.monotonic_s()
        jump = self._checks.clock(now_s, wall_us)
        reading = await self.connection.read()
        self._resolve(reading)
        observation = self._observe(reading, stamp_us, now_s)
        self._check_plant(reading, now_s)
        if jump:
            self._hold(jump)
        if self.state.mode == Mode.CLOSED and self.state.run != Run.SHED:
            await self.connection.beat(self.owner)
        if not self._decide(observation):
            return
        keys = tuple(key for key in self.state.written if not np.isnan(self.shown.allowed[key]))
        if self._faults or self._pending is not None or not keys:
            return
        late_s = self.clock.monotonic_s() - due_s
        if late_s > self.grace_s:
            self._fault(f"late by {late_s:.2f} s: nothing is written")
            return
        await self._write(keys, Seen(reading, observation), due_s)

    def _observe(self, reading: Reading, stamp_us: int, now_s: float) -> dict[str, float]:
        samples, bad = self._checks.samples(reading, now_s)
        self._inputs.add(stamp_us, samples)
        self.history.add(stamp_us, samples)
        observation = self._inputs.observe(stamp_us)
        missing = sorted(key for key in self.needed if np.isnan(observation.get(key, np.nan)))
        if missing:
            first = missing[0]
            more = f" and {len(missing) - 1} more" if missing[1:] else ""
            self._hold(f"{first} {bad.get(first, 'is not known')}{more}")
        self.shown = Shown(stamp_us, observation)
        return observation

    def _check_plant(self, reading: Reading, now_s: float) -> None:
        """Everything that the plant itself says against writing."""
        if still := self._checks.tick(reading.tick, now_s):
            self._hold(still)
        if self.state.mode < Mode.CLOSED:
            self._expected = {}
            return
        if reading.owner not in ("", self.owner):
            self._fault(f"'{reading.owner}' writes to this plant")
            self._set(modes.demote(self.state, Mode.OFF, self._faults[-1]))
        if reading.shed:
            self._shed("the plant has taken its loops back")
        if not reading.enabled:
            self._hold("the plant does not enable writes")
        for key in self._keys:
            now = reading.samples[key].number
            if not self.state.actions[key].written:
                self._expected.pop(key, None)
                continue
            if not reading.remote[key]:
                self._track(key, "its loop is not remote")
            elif self._expected.setdefault(key, now) != now and self._pending is None:
                self._track(key, f"somebody else moved it to {now:g}")

    def _decide(self, observation: dict[str, float]) -> bool:
        """Ask the agent, hold its action within the envelope, note both; False if it cannot."""
        self.envelope.observe(observation)
        if any(np.isnan(observation.get(key, np.nan)) for key in self.needed):
            return False
        try:
            proposed = np.asarray(self.decide(observation), np.float64)
            if proposed.shape != (len(self._keys),) or not np.isfinite(proposed).all():
                raise UserError(f"the agent gave {proposed.tolist()}")
        except (
            Exception
        ) as error:  # an agent is foreign code: whatever it raises, the plant is held
            self._bad_decisions += 1
            self._hold(f"agent: {error}")
            if self._bad_decisions >= modes.MOST_HOLDS:
                self._shed(f"{self._bad_decisions} failed decisions in a row")
            return False
        considered = self._keys
        if self.state.mode == Mode.CLOSED:
            considered = tuple(key for key in self._keys if self.state.actions[key].written)
        wanted = dict(zip(self._keys, proposed.tolist(), strict=True))
        held = self.envelope.hold(observation, self._only(considered, wanted))
        self._note(observation, considered, wanted, held)
        return True

    def _note(
        self,
        observation: dict[str, float],
        considered: tuple[str, ...],
        wanted: dict[str, float],
        held: Held,
    ) -> None:
        allowed = dict(zip(self._keys, held.action.tolist(), strict=True))
        reasons = dict(zip(self._keys, held.reason.tolist(), strict=True))
        reasons = {key: reasons[key] for key in considered if reasons[key]}
        self.shown = Shown(self.shown.stamp_us, observation, wanted, allowed, reasons)
        crossed = any("cross" in reason for reason in reasons.values())
        self._bad_decisions = self._bad_decisions + 1 if crossed else 0
        if crossed:
            self._hold("limits cross, or are unknown")
        if self._bad_decisions >= modes.MOST_HOLDS:
            self._shed("limits crossed in three cycles")
        if OUTSIDE in reasons.values() and self.state.mode > Mode.ADVISORY:
            self._fault(OUTSIDE)
            self._set(modes.demote(self.state, Mode.ADVISORY, OUTSIDE))
        for key in considered:
            side: Literal["", "low", "high"] = ""
            if key in reasons and not np.isnan(allowed[key]):
                side = "low" if allowed[key] > wanted[key] else "high"
            self._set(modes.limited(self.state, key, side))

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
        guard = await self.connection.read()
        late_s = self.clock.monotonic_s() - due_s
        if late_s > self.grace_s:
            refusal = f"late by {late_s:.2f} s"
        elif not set(keys) <= set(self.state.written):
            refusal = "a person changed the mode"
        else:
            refusal = last_check(intent, keys, self.owner, guard)
        if not refusal:
            now = seen.observation | {
                key: sample.number
                for key, sample in guard.samples.items()
                if self.plant.tags[key].role == "limit"
            }
            allowed = self.envelope.hold(now, self._only(keys, values)).action
            if any(allowed[i] != values[key] for i, key in enumerate(self._keys) if key in keys):
                refusal = "the limits moved"
        if refusal:
            self._outcome(intent, Outcome("not sent", {"": refusal}))
            return
        self._pending = intent
        self._outcome(intent, await write(self.connection, intent, keys, self.rules.tick_s / 4))

    def _only(self, keys: tuple[str, ...], values: Mapping[str, float]) -> np.ndarray:
        """The action (A,) with NaN where an action is not among the keys: it stays in force."""
        return np.array([values[key] if key in keys else np.nan for key in self._keys])

    def _resolve(self, reading: Reading) -> None:
        """Find out what became of a write whose outcome is unknown."""
        if self._pending is None:
            return
        outcome = resolved(self._pending, reading)
        if outcome is None:
            self._hold("a write is still unknown")
            return
        self._outcome(self._pending, outcome, recovered=True)

    def _outcome(self, intent: Intent, outcome: Outcome, recovered: bool = False) -> None:
        self._pending = intent if outcome.result == "unknown" else None
        self.shown = replace(self.shown, result=outcome.result)
        self.audit.append(
            "outcome",
            intent=intent.number,
            tick=intent.tick,
            result=outcome.result,
            reasons=outcome.reasons,
            recovered=recovered,
        )
        if outcome.result == "unknown":
            self._hold(f"link: {outcome.reasons['']}")
        elif outcome.result == "rejected":
            for key, reason in outcome.reasons.items():
                self._fault(f"the plant rejected {key}: {reason}")
                self._set(modes.latch_off(self.state, key, f"rejected: {reason}"))
        elif outcome.result == "clamped":
            for key, reason in outcome.reasons.items():
                self._track(key, reason)
        # Where it was not taken, a set-point that moved was moved by somebody else.
        if outcome.result in ("taken", "clamped") and outcome.reading is not None:
            self._expected = {
                key: outcome.reading.samples[key].number
                for key in self._keys
                if self.state.actions[key].written
            }

    async def _finish(self, stamp_us: int) -> None:
        """Record a cycle that wrote nothing, count good ones, shed what was held for too long."""
        now_s = self.clock.monotonic_s()
        if not self._faults:
            self._set(modes.good_cycle(self.state))
        if self.state.run == Run.HOLD:
            self._bad_since_s = now_s if self._bad_since_s is None else self._bad_since_s
            if now_s - self._bad_since_s > self.rules.shed_after_s:
                self._shed(f"held for {now_s - self._bad_since_s:.0f} s: {self.state.reason}")
        else:
            self._bad_since_s = None
        if self.state.mode != Mode.OFF and not self.shown.result:
            self.audit.append("decision", stamp_us=stamp_us, **self._decision())
        if self.state.run == Run.SHED and self.state.mode == Mode.CLOSED:
            try:
                await self.connection.shed()
            except Lost as error:
                self._fault(f"link: {error}; the plant's own timer takes the loops back")

    def _decision(self) -> dict[str, Any]:
        return {
            "observation": self.shown.observation,
            "proposed": self.shown.proposed,
            "allowed": self.shown.allowed,
            "held": self.shown.reasons,
            "mode": self.state.mode.name.lower(),
            "run": self.state.run.value,
            "actions": {key: state.value for key, state in self.state.actions.items()},
        }

    async def _stop(self, reason: str) -> None:
        """The audit is broken: nothing is written any more, and the loops go back."""
        self._faults.append(reason)
        closed = self.state.mode == Mode.CLOSED
        self.state = modes.demote(modes.shed(self.state, reason), Mode.SHADOW, reason)
        if closed:
            try:
                await self.connection.shed()
            except Lost as error:
                self._faults.append(f"link: {error}; the plant's own timer takes the loops back")

    def _fault(self, reason: str) -> None:
        self._faults.append(reason)
        self.audit.append("fault", reason=reason)

    def _hold(self, reason: str) -> None:
        self._fault(reason)
        self._set(modes.hold(self.state, reason))

    def _shed(self, reason: str) -> None:
        # Below closed no loop is ours to give back: the run stays in hold.
        if self.state.run != Run.SHED and self.state.mode == Mode.CLOSED:
            self._fault(reason)
            self._set(modes.shed(self.state, reason))

    def _track(self, key: str, reason: str) -> None:
        self._fault(f"{key}: {reason}")
        self._set(modes.track(self.state, key, f"{key}: {reason}"))

    def _set(self, state: State) -> None:
        """Change the state; a change of mode or run is on record."""
        if (state.mode, state.run) != (self.state.mode, self.state.run):
            self.audit.append(
                "mode", mode=state.mode.name.lower(), run=state.run.value, reason=state.reason
            )
        # Whoever switches it on again, even before the next cycle, starts from what is in force.
        self._expected = {
            key: value for key, value in self._expected.items() if state.actions[key].written
        }
        self.state = state
