"""Small things that the cycle, the page and the tests share: its clocks and what it shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from shiftwork.operation.modes import State


@dataclass(frozen=True)
class Clock:
    """Both clocks; tests give their own.

    Attributes:
        monotonic_s: Seconds; the schedule and every duration.
        wall_us: Microseconds since 1970 UTC; only for records.
    """

    monotonic_s: Callable[[], float]
    wall_us: Callable[[], int]


@dataclass(frozen=True)
class Shown:
    """What a person is shown of the last cycle.

    Attributes:
        stamp_us: The cycle's stamp.
        observation: Known values.
        proposed: By action what the agent would set; NaN where it did not decide.
        allowed: By action what the envelope leaves; NaN where nothing may be written.
        reasons: By action why the envelope held it.
        faults: Everything that was wrong in this cycle.
        result: What became of the write, "" if nothing was to be written.
    """

    stamp_us: int
    observation: dict[str, float] = field(default_factory=dict)
    proposed: dict[str, float] = field(default_factory=dict)
    allowed: dict[str, float] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    result: str = ""

    def decision(self, state: State) -> dict[str, Any]:
        """The same as a record of the audit holds it, with the modes at that moment."""
        return {
            "observation": self.observation,
            "proposed": self.proposed,
            "allowed": self.allowed,
            "held": self.reasons,
            "mode": state.mode.name.lower(),
            "run": state.run.value,
            "actions": {key: action.value for key, action in state.actions.items()},
        }
