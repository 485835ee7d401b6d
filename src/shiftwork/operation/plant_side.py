"""The plant's half of the bargain: what a control system must do with writes from outside.

It is the reference for whoever programs it on a real system, and what the virtual plant runs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from shiftwork.operation.connection import FRESH_TICKS, checksum


@dataclass
class PlantSide:
    """Set-points, loop modes, tick, commit and shed timer.

    Attributes:
        in_force: Set-point of each action.
        low: The plant's own lower limits, which move.
        high: The plant's own upper limits.
        shed_s: Without a sign of life from the owner for so long, the loops go back to local.
        tick: Count of ``advance``; begin it where it was never before, such as at the time of day.
        staged: What was written from outside and is not in force.
        remote: Whether each loop takes set-points from outside.
        enabled: Whether an agent may write at all.
        taken: Tick of the last commit taken over.
        owner: Who writes.
        shed: Whether the loops were taken back; an operator ends it.
        refused: How many commits were too old, or did not cover what was staged.
        clamp: Whether a staged value beyond the limits is moved to them instead of refused.
        rejecting: Whether every staged value is refused.
    """

    in_force: dict[str, float]
    low: dict[str, float]
    high: dict[str, float]
    shed_s: float
    tick: int
    staged: dict[str, float] = field(default_factory=dict)
    remote: dict[str, bool] = field(default_factory=dict)
    enabled: bool = True
    taken: int = 0
    owner: str = ""
    shed: bool = False
    refused: int = 0
    clamp: bool = False
    rejecting: bool = False
    _alive_s: float = 0.0
    _staged_at: int = 0

    def __post_init__(self) -> None:
        self.remote = self.remote or dict.fromkeys(self.in_force, True)
        self.staged = dict(self.in_force)

    def stage(self, key: str, value: float) -> str:
        """Stage one value; return why not, or ""."""
        if self.rejecting:
            return "BadUserAccessDenied"
        if not math.isfinite(value):
            return "BadOutOfRange"
        if not self.low[key] <= value <= self.high[key] and not self.clamp:
            return "BadOutOfRange"
        self.staged[key], self._staged_at = value, self.tick
        return ""

    def beat(self, owner: str, now_s: float) -> None:
        """Note that the owner is alive."""
        if self.owner in ("", owner):
            self.owner, self._alive_s = owner, now_s

    def commit(self, tick: int, crc: int) -> bool:
        """Bring what is staged in force, or refuse.

        All or nothing, except that a loop that is not remote keeps its set-point.
        """
        crc_here = checksum([self.staged[key] for key in self.in_force], [*self.in_force.values()])
        fresh = 0 <= self.tick - tick <= FRESH_TICKS and tick > self.taken
        if not (fresh and crc == crc_here and self.enabled and not self.shed):
            self.refused += 1
            return False
        for key, value in self.staged.items():
            if self.remote[key]:
                self.in_force[key] = min(max(value, self.low[key]), self.high[key])
        self.taken = tick
        return True

    def advance(self, now_s: float) -> None:
        """Count one tick, forget what was staged long ago, take the loops back from a silent owner."""
        self.tick += 1
        if self.tick - self._staged_at > FRESH_TICKS:
            self.staged = dict(self.in_force)
        if self.owner and now_s - self._alive_s > self.shed_s:
            self.take_back()

    def take_back(self) -> None:
        """Shed: every loop is local, nobody owns the plant."""
        self.shed, self.owner = True, ""
        self.remote = dict.fromkeys(self.remote, False)

    def hand_over(self) -> None:
        """What an operator does at the panel: end a shed and let the loops listen again."""
        self.shed = False
        self.remote = dict.fromkeys(self.remote, True)

    def move(self, key: str, value: float) -> None:
        """An operator moves a set-point at the panel."""
        self.in_force[key] = self.staged[key] = value
