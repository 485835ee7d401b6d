"""Where the modes stand, and every change of them on record, whoever makes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from shiftwork.errors import UserError
from shiftwork.operation import modes
from shiftwork.operation.audit import Audit
from shiftwork.operation.modes import Mode, Run, State


@dataclass
class Standing:
    """The state of the modes, with the audit of its changes.

    Attributes:
        audit: Open for writing.
        state: Where the modes stand.
        faults: Everything that was wrong in the cycle under way.
        not_taken: Writes in a row that the plant did not take over.
        expected: What the plant should have in force, for each action that is written.
    """

    audit: Audit
    state: State
    faults: list[str] = field(default_factory=list)
    not_taken: int = 0
    expected: dict[str, float] = field(default_factory=dict)

    def ask(self, change: Callable[..., State], *given: Any, person: modes.Person) -> None:
        """Let a person change the modes.

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
        self.set(changed)

    def fault(self, reason: str) -> None:
        """Note that something is wrong."""
        self.faults.append(reason)
        self.audit.append("fault", reason=reason)

    def hold(self, reason: str) -> None:
        """Let set-points stay until the fault is gone."""
        self.fault(reason)
        self.set(modes.hold(self.state, reason))

    def shed(self, reason: str) -> None:
        """Give the loops back; below closed no loop is ours to give back, and a hold stays one."""
        if self.state.run != Run.SHED and self.state.mode == Mode.CLOSED:
            self.fault(reason)
            self.set(modes.shed(self.state, reason))

    def demote(self, mode: Mode, reason: str) -> None:
        """Lower the mode."""
        self.fault(reason)
        self.set(modes.demote(self.state, mode, reason))

    def track(self, key: str, reason: str) -> None:
        """Let an action follow the plant until a person switches it on again."""
        self.fault(f"{key}: {reason}")
        self.set(modes.track(self.state, key, f"{key}: {reason}"))

    def latch_off(self, key: str, reason: str) -> None:
        """Switch an action off, since the plant rejected its write."""
        self.fault(f"the plant rejected {key}: {reason}")
        self.set(modes.latch_off(self.state, key, f"rejected: {reason}"))

    def set(self, state: State) -> None:
        """Change the state; a change of mode or run is on record."""
        if (state.mode, state.run) != (self.state.mode, self.state.run):
            self.audit.append(
                "mode", mode=state.mode.name.lower(), run=state.run.value, reason=state.reason
            )
        # Whoever switches it on again, even before the next cycle, starts from what is in force.
        self.expected = {
            key: value for key, value in self.expected.items() if state.actions[key].written
        }
        self.state = state
