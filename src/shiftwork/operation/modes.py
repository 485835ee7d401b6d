"""Modes: how much an agent may do, and who may change it. A pure state machine.

====================  ==========================================================================
mode                  what the agent does
====================  ==========================================================================
off                   nothing
shadow                decides; nothing is shown as a proposal, nothing is written
advisory              proposes; a person accepts or rejects
closed                writes the actions that are on, inside the envelope
====================  ==========================================================================

In every mode the run is in one of three states: *run*; *hold*, in which set-points stay as they
are until the fault is gone; *shed*, in which the loops are back with the local control until a
person resets it.

The engineer sets the highest mode, up to what the verdict on the agent allows. An operator goes one
step up or any number down, switches each action, and resets a shed. Software only goes down: no
function here lets it raise a mode, switch an action on or reset a shed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum, StrEnum
from typing import Literal

from shiftwork.errors import UserError, unknown


class Mode(IntEnum):
    """How much the agent may do; a higher one includes the lower ones."""

    OFF = 0
    SHADOW = 1
    ADVISORY = 2
    CLOSED = 3


class Run(StrEnum):
    """Whether set-points move, stay, or are with the local control."""

    RUN = "run"
    HOLD = "hold"
    SHED = "shed"


class ActionState(StrEnum):
    """What happens to one action.

    OFF: not used until a person switches it on (a rejected write latches it here). TRACKING:
    follows the plant's set-point, ready to be switched on. ON: written in closed mode. LOW and
    HIGH: on, and held by a limit at that side.
    """

    OFF = "off"
    TRACKING = "tracking"
    ON = "on"
    LOW = "limited low"
    HIGH = "limited high"

    @property
    def written(self) -> bool:
        """Whether closed mode writes it."""
        return self in (ActionState.ON, ActionState.LOW, ActionState.HIGH)


Role = Literal["viewer", "operator", "engineer"]
RANKS: tuple[Role, ...] = ("viewer", "operator", "engineer")
"""Each may do what those before it may."""


@dataclass(frozen=True)
class Person:
    """Who asks for a change.

    Attributes:
        name: As it stands in the audit.
        role: What the person may do; an engineer may do what an operator may.
    """

    name: str
    role: Role

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise UserError("a change needs the name of the person who asks for it; give one")


class Refused(UserError):
    """A change that this person may not make, or not now."""


GOOD_CYCLES = 2
"""Good cycles in a row after which a hold ends."""
MOST_HOLDS = 3
"""Held decisions in a row (no number, crossed limits, an error of the agent) before a shed."""


@dataclass(frozen=True)
class State:
    """Everything that the modes are made of.

    Attributes:
        actions: State of each action by its key.
        highest: Highest mode that the engineer allows.
        cap: Highest mode that the verdict on the agent allows; ``highest`` is never above it.
        mode: Mode now.
        run: Whether set-points move, stay, or are with the local control.
        reason: Why the last change was made.
        good: Good cycles in a row during a hold.
    """

    actions: dict[str, ActionState] = field(default_factory=dict)
    highest: Mode = Mode.SHADOW
    cap: Mode = Mode.SHADOW
    mode: Mode = Mode.OFF
    run: Run = Run.RUN
    reason: str = ""
    good: int = 0

    @classmethod
    def begin(cls, keys: tuple[str, ...], highest: Mode, cap: Mode) -> State:
        """Begin: in shadow, every action tracking, whatever was before (a restart is no person)."""
        highest = min(highest, cap)
        mode = min(highest, Mode.SHADOW)
        return cls(dict.fromkeys(keys, ActionState.TRACKING), highest, cap, mode, reason="start")

    @property
    def written(self) -> tuple[str, ...]:
        """The actions that may be written now."""
        if self.mode != Mode.CLOSED or self.run != Run.RUN:
            return ()
        return tuple(key for key, state in self.actions.items() if state.written)


# What people do.


def request_mode(state: State, mode: Mode, person: Person) -> State:
    """Change the mode as an operator or engineer asks.

    Raises:
        Refused: The person may not, or the step is too large, or above the highest mode.
    """
    _needs(person, "operator", "change the mode")
    if mode > state.highest:
        raise Refused(
            f"{mode.name.lower()} is above the highest mode, {state.highest.name.lower()}; "
            "an engineer can raise that"
        )
    if mode > state.mode + 1:
        raise Refused(
            f"from {state.mode.name.lower()} to {mode.name.lower()} is more than one step; "
            f"go to {Mode(state.mode + 1).name.lower()} first"
        )
    if mode > state.mode and state.run != Run.RUN:
        raise Refused(
            f"the run is in {state.run.value} ({state.reason}); "
            + ("reset the shed first" if state.run == Run.SHED else "wait until the hold ends")
        )
    return _to_mode(state, mode, f"{person.name} ({person.role})")


def set_highest(state: State, highest: Mode, person: Person) -> State:
    """Set the highest mode; a mode above it comes down.

    Raises:
        Refused: Only an engineer may, and not beyond the verdict.
    """
    _needs(person, "engineer", "set the highest mode")
    if highest > state.cap:
        raise Refused(
            f"the verdict on the agent allows {state.cap.name.lower()} at most; an engineer can "
            "override it"
        )
    state = replace(state, highest=highest)
    why = f"{person.name} set the highest mode to {highest.name.lower()}"
    return _to_mode(state, min(state.mode, highest), why)


def override(state: State, person: Person) -> State:
    """Take responsibility for an agent without a passed verdict, until the process ends.

    The highest mode stays as it is; the engineer sets it next.

    Raises:
        Refused: Only an engineer may, or there is nothing to override.
    """
    _needs(person, "engineer", "override the verdict")
    if state.cap == Mode.CLOSED:
        raise Refused("the verdict sets no limit; there is nothing to override")
    return replace(state, cap=Mode.CLOSED, reason=f"{person.name} overrode the verdict")


def switch(state: State, key: str, on: bool, person: Person) -> State:
    """Switch one action on or off; on, it starts from the set-point in force.

    Raises:
        Refused: The person may not, or the mode is not closed, or the run does not run.
        UserError: There is no such action.
    """
    _needs(person, "operator", "switch an action")
    if key not in state.actions:
        raise unknown("action", key, state.actions)
    if on and state.mode != Mode.CLOSED:
        raise Refused(f"the mode is {state.mode.name.lower()}; actions are switched on in closed")
    if on and state.run != Run.RUN:
        raise Refused(f"the run is in {state.run.value} ({state.reason}); wait or reset it first")
    return _to_action(state, key, ActionState.ON if on else ActionState.OFF)


def reset(state: State, person: Person) -> State:
    """End a shed: the run goes on in shadow, and every action tracks.

    Raises:
        Refused: The person may not, or nothing is shed.
    """
    _needs(person, "operator", "reset a shed")
    if state.run != Run.SHED:
        raise Refused("nothing is shed; there is nothing to reset")
    state = replace(state, run=Run.RUN, good=0)
    return _to_mode(state, min(state.mode, Mode.SHADOW), f"{person.name} reset the shed")


# What software does: it only goes down.


def demote(state: State, mode: Mode, reason: str) -> State:
    """Lower the mode to at most ``mode``."""
    return _to_mode(state, min(state.mode, mode), reason) if mode < state.mode else state


def hold(state: State, reason: str) -> State:
    """Let set-points stay until two good cycles have passed; a shed stays a shed."""
    if state.run == Run.SHED:
        return state
    return replace(state, run=Run.HOLD, reason=reason, good=0)


def shed(state: State, reason: str) -> State:
    """Give the loops back to the local control until a person resets it."""
    if state.run == Run.SHED:
        return state
    actions = {
        key: ActionState.TRACKING if action.written else action
        for key, action in state.actions.items()
    }
    return replace(state, run=Run.SHED, reason=reason, actions=actions, good=0)


def good_cycle(state: State) -> State:
    """Count a cycle without a fault; the second in a row ends a hold."""
    if state.run != Run.HOLD:
        return state
    if state.good + 1 < GOOD_CYCLES:
        return replace(state, good=state.good + 1)
    return replace(state, run=Run.RUN, good=0, reason="good cycles")


def track(state: State, key: str, reason: str) -> State:
    """Let an action follow the plant, since somebody else moved it or its loop is not remote."""
    if not state.actions[key].written:
        return state
    return replace(_to_action(state, key, ActionState.TRACKING), reason=reason)


def latch_off(state: State, key: str, reason: str) -> State:
    """Switch an action off, since the plant rejected its write."""
    return replace(_to_action(state, key, ActionState.OFF), reason=reason)


def limited(state: State, key: str, side: Literal["", "low", "high"]) -> State:
    """Note at which side a written action is held by a limit."""
    if not state.actions[key].written:
        return state
    to = {"": ActionState.ON, "low": ActionState.LOW, "high": ActionState.HIGH}[side]
    return _to_action(state, key, to)


def _needs(person: Person, role: Literal["operator", "engineer"], what: str) -> None:
    if RANKS.index(person.role) < RANKS.index(role):
        raise Refused(f"{person.name} is {person.role}; only an {role} may {what}")


def _to_mode(state: State, mode: Mode, reason: str) -> State:
    actions = state.actions
    if mode != Mode.CLOSED:
        actions = {k: ActionState.TRACKING if a.written else a for k, a in actions.items()}
    return replace(state, mode=mode, reason=reason, actions=actions)


def _to_action(state: State, key: str, to: ActionState) -> State:
    return replace(state, actions=state.actions | {key: to})
