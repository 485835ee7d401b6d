"""The agent is asked, and the envelope holds what it wants."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

import numpy as np

from shiftwork.errors import UserError, unknown
from shiftwork.operation import modes
from shiftwork.operation.envelope import CROSSED, Envelopes
from shiftwork.operation.modes import Mode
from shiftwork.operation.standing import Standing
from shiftwork.operation.support import OUTSIDE

Decide = Callable[[Mapping[str, float]], np.ndarray]
"""From the known values by key, with no NaN among the needed ones, to the action (A,)."""


def nobody(observation: Mapping[str, float]) -> frozenset[str]:
    """A single agent decides on all its actions in each cycle: none is idle."""
    del observation
    return frozenset()


class Decision(NamedTuple):
    """What the agent wants, and what the envelope leaves of it, by action.

    Attributes:
        proposed: What the agent would set; NaN where nothing is to be decided.
        allowed: What may be written; NaN where nothing may.
        reasons: Why the envelope held it.
    """

    proposed: dict[str, float]
    allowed: dict[str, float]
    reasons: dict[str, str]


@dataclass
class Deciding:
    """An agent within its envelope.

    Attributes:
        decide: The agent.
        needed: Tags that must be known before it can decide.
        envelope: The limits.
        idle: Actions on which nothing is to be decided now: a team's agents have clocks of their own.
        memory: What the agent remembers, for the record of its decision.
        keys: The actions, in the order of the envelope's limits.
    """

    decide: Decide
    needed: frozenset[str]
    envelope: Envelopes
    idle: Callable[[Mapping[str, float]], frozenset[str]] = nobody
    memory: Callable[[], dict[str, Any]] = dict
    keys: tuple[str, ...] = field(init=False)
    _bad: int = 0
    _strange: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.keys = tuple(limit.key for limit in self.envelope.limits.limits)

    def once(self, observation: dict[str, float], standing: Standing) -> Decision | None:
        """Ask the agent, hold its action, and lower the modes for what is wrong with it.

        Returns:
            The decision, or None where the agent cannot decide.
        """
        self.envelope.observe(observation)
        if any(np.isnan(observation.get(key, np.nan)) for key in self.needed):
            return None
        try:
            proposed = np.asarray(self.decide(observation), np.float64)
            if proposed.shape != (len(self.keys),) or not np.isfinite(proposed).all():
                raise UserError(f"the agent gave {proposed.tolist()}")
        except (
            Exception
        ) as error:  # an agent is foreign code: whatever it raises, the plant is held
            self._failed(f"agent: {error}", standing)
            return None
        idle = self.idle(observation)
        considered = tuple(key for key in self.keys if key not in idle)
        if standing.state.mode == Mode.CLOSED:
            considered = tuple(k for k in considered if standing.state.actions[k].written)
        wanted = dict(zip(self.keys, proposed.tolist(), strict=True))
        wanted |= dict.fromkeys(idle, np.nan)
        held = self.envelope.hold(observation, self.only(considered, wanted))
        allowed = dict(zip(self.keys, held.action.tolist(), strict=True))
        reasons = dict(zip(self.keys, held.reason.tolist(), strict=True))
        reasons = {key: reasons[key] for key in considered if reasons[key]}
        self._judge(considered, Decision(wanted, allowed, reasons), standing)
        return Decision(wanted, allowed, reasons)

    def _judge(self, considered: tuple[str, ...], made: Decision, standing: Standing) -> None:
        crossed = [key for key, reason in made.reasons.items() if reason == CROSSED]
        if crossed:
            self._failed(f"{crossed[0]}: {CROSSED}", standing)
        else:
            self._bad = 0
        strange = [key for key, reason in made.reasons.items() if reason.startswith(OUTSIDE)]
        # In a row of its own decisions: those of a team's agents have clocks of their own.
        self._strange |= {
            key: self._strange.get(key, 0) + 1 if key in strange else 0 for key in considered
        }
        if strange and standing.state.mode > Mode.ADVISORY:
            # One decision in a hundred of the people's own is as far: it is not written, and counts.
            worst = max(strange, key=lambda key: self._strange[key])
            times, reason = self._strange[worst], made.reasons[worst]
            if times < modes.MOST_HOLDS:
                standing.fault(reason)
            else:
                standing.demote(Mode.ADVISORY, f"{reason}, {times} times in a row")
        for key in considered:
            side: Literal["", "low", "high"] = ""
            if key in made.reasons and not np.isnan(made.allowed[key]):
                side = "low" if made.allowed[key] > made.proposed[key] else "high"
            standing.set(modes.limited(standing.state, key, side))

    def _failed(self, reason: str, standing: Standing) -> None:
        self._bad += 1
        standing.hold(reason)
        if self._bad >= modes.MOST_HOLDS:
            standing.shed(f"{reason}, {self._bad} times in a row")

    def leaves(
        self, observation: dict[str, float], values: dict[str, float], keys: tuple[str, ...]
    ) -> bool:
        """Return whether the envelope leaves these actions' values as they are."""
        held = self.envelope.hold(observation, self.only(keys, values)).action
        return all(held[i] == values[key] for i, key in enumerate(self.keys) if key in keys)

    def only(self, keys: tuple[str, ...], values: Mapping[str, float]) -> np.ndarray:
        """The action (A,) with NaN where an action is not among the keys: it stays in force."""
        return np.array([values[key] if key in keys else np.nan for key in self.keys])

    def narrow(
        self, key: str, limits: tuple[float, float] | None, standing: Standing, person: modes.Person
    ) -> None:
        """Set or remove an operator's own limits of one action, inside all others, on record.

        Raises:
            Refused: The person may not, or the limits cross.
        """
        if person.role == "viewer":
            raise modes.Refused(f"{person.name} is viewer; only an operator may set limits")
        if key not in self.keys:
            raise unknown("action", key, self.keys)
        if limits is not None and not limits[0] <= limits[1]:
            raise modes.Refused(f"{key}: {limits[0]:g} is above {limits[1]:g}; give [low, high]")
        standing.audit.append(
            "limits", key=key, limits=limits, person=person.name, role=person.role
        )
        own = self.envelope.limits
        changed = tuple(
            replace(one, operator=limits) if one.key == key else one for one in own.limits
        )
        self.envelope = replace(self.envelope, limits=replace(own, limits=changed))
