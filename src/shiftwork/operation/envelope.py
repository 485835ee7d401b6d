"""The envelope: the last thing between a decision and a write, for any plant.

Every envelope has one contract, ``hold(observation, action) -> (action, held, reason)``. What it
returns may be written as it is. Where it returns NaN, nothing may be written to that action: the
set-point in force stays. An envelope never guesses: a limit or a set-point that is unknown means
that nothing is written.

All values have any number of leading axes, so one decision and a million fuzzed ones run through
the same code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

Observation = Mapping[str, Any]
"""Numbers by key of the plant file, each of shape (*B,); NaN where nothing trustworthy is known.
It holds the set-points in force (under the actions' keys) and the limit tags as well."""

CROSSED = "a limit is unknown, or limits cross"
"""The reason that limits give where nothing at all lies between them."""


class Held(NamedTuple):
    """What an envelope returns.

    Attributes:
        action: What may be written, (*B, A) float64; NaN where nothing may be.
        held: Whether the envelope changed the action or forbids to write it, (*B, A).
        reason: Why, (*B, A) of text; "" where not held.
    """

    action: np.ndarray
    held: np.ndarray
    reason: np.ndarray


@runtime_checkable
class Envelope(Protocol):
    """Limits that an agent may not leave."""

    def observe(self, observation: Observation) -> None:
        """Take in a cycle's observation, once a cycle; only envelopes with a memory need it."""

    def hold(self, observation: Observation, action: np.ndarray) -> Held:
        """Return what of an action (*B, A), plant units, may be written; changes no memory."""


@dataclass(frozen=True)
class ActionLimits:
    """Limits of one action; every number may be None, which sets no limit.

    Attributes:
        key: The action's key in the plant file.
        bounds: Absolute limits by the plant file: numbers, or keys of limit tags that move.
        rate: The most that it may fall (at most 0) and rise (at least 0) in ``rate_per_s``:
            numbers, or keys of limit tags.
        rate_per_s: Seconds.
        engineer: The engineer's limits, inside the plant file's.
        operator: The operator's limits of the moment, inside the engineer's.
        least_move: A smaller change than this is not written, plant units.
        choice: The number stands for a choice: what lies outside is not written, nor moved.
    """

    key: str
    bounds: tuple[float | str, float | str]
    rate: tuple[float | str, float | str] | None = None
    rate_per_s: float = 60.0
    engineer: tuple[float, float] | None = None
    operator: tuple[float, float] | None = None
    least_move: float = 0.0
    choice: bool = False


class Box(NamedTuple):
    """Where one action may lie now.

    Attributes:
        low: (*B,), NaN where unknown or where limits cross.
        high: (*B,), the same.
        low_name: Which limit ``low`` is, (*B,) of text.
        high_name: Which limit ``high`` is, (*B,) of text.
    """

    low: np.ndarray
    high: np.ndarray
    low_name: np.ndarray
    high_name: np.ndarray


@dataclass(frozen=True)
class LimitEnvelope:
    """Absolute, rate and moving limits of each action.

    Absolute limits come before rate limits, as in the records' boxes: where the set-point in force
    lies outside the absolute limits, the only choice is their nearest point.

    Attributes:
        limits: One for each action, in the order of the action's columns.
        period_s: A write may come once in this time, seconds; rate limits count over it.
    """

    limits: tuple[ActionLimits, ...]
    period_s: float

    def observe(self, observation: Observation) -> None:
        """These limits have no memory."""

    def box(self, observation: Observation, column: int) -> Box:
        """Find where an action may lie now."""
        limits = self.limits[column]
        now = _number(observation.get(limits.key, np.nan))

        def value(end: float | str) -> np.ndarray:
            return _number(observation.get(end, np.nan) if isinstance(end, str) else end)

        low, low_name = value(limits.bounds[0]), _text("the plant's low limit", now)
        high, high_name = value(limits.bounds[1]), _text("the plant's high limit", now)
        known = np.isfinite(now) & np.isfinite(low) & np.isfinite(high)
        for pair, whose in ((limits.engineer, "engineer"), (limits.operator, "operator")):
            if pair is None:
                continue
            low_name = np.where(pair[0] > low, f"the {whose}'s low limit", low_name)
            high_name = np.where(pair[1] < high, f"the {whose}'s high limit", high_name)
            low, high = np.maximum(low, pair[0]), np.minimum(high, pair[1])
        known &= low <= high
        if limits.rate is not None:
            share = self.period_s / limits.rate_per_s
            with np.errstate(all="ignore"):  # what overflows is unknown, below
                fall, rise = (now + value(end) * share for end in limits.rate)
            known &= np.isfinite(fall) & np.isfinite(rise) & (fall <= now) & (rise >= now)
            low_name = np.where(fall > low, "the rate limit", low_name)
            high_name = np.where(rise < high, "the rate limit", high_name)
            low, high = np.clip(fall, low, high), np.clip(rise, low, high)
        low, high = np.where(known, low, np.nan), np.where(known, high, np.nan)
        shape = np.broadcast_shapes(low.shape, high.shape)
        return Box(
            np.broadcast_to(low, shape),
            np.broadcast_to(high, shape),
            np.broadcast_to(low_name, shape),
            np.broadcast_to(high_name, shape),
        )

    def hold(self, observation: Observation, action: np.ndarray) -> Held:
        """Bring each action to the nearest point that its limits allow."""
        given = np.asarray(action, np.float64)
        allowed, reason = np.empty(given.shape), np.empty(given.shape, object)
        for column, limits in enumerate(self.limits):
            wanted = given[..., column]
            now = _number(observation.get(limits.key, np.nan))
            box = self.box(observation, column)
            moved = np.clip(wanted, box.low, box.high)
            why = np.where(wanted < box.low, box.low_name, "")
            why = np.where(wanted > box.high, box.high_name, why)
            inside = (box.low <= now) & (now <= box.high)
            with np.errstate(invalid="ignore"):
                small = np.abs(moved - now) < limits.least_move
            why = np.where(small & inside & (moved != now), "smaller than the least move", why)
            moved = np.where(small & inside, now, moved)
            unknown = np.isnan(moved)
            why = np.where(unknown, _why_unknown(wanted, now, box), why)
            if limits.choice:
                moved = np.where(moved == wanted, moved, np.nan)
            allowed[..., column], reason[..., column] = moved, why
        return Held(allowed, (allowed != given) | np.isnan(allowed), reason)

    def inside(self, observation: Observation, action: np.ndarray) -> np.ndarray:
        """Return whether each action (*B, A) lies within its limits, (*B, A); NaN does not."""
        boxes = [self.box(observation, column) for column in range(len(self.limits))]
        return np.stack(
            [(b.low <= action[..., i]) & (action[..., i] <= b.high) for i, b in enumerate(boxes)],
            -1,
        )


@dataclass(frozen=True)
class Envelopes:
    """Several envelopes as one: the limits first, then the others, then the limits as a check.

    An action that a later envelope moves is not bounded again, since that could leave the later
    one: if it then lies outside the limits, or a second pass would move it, nothing is written.

    Attributes:
        limits: The actions' own limits.
        others: Relations, support, models of the plant.
    """

    limits: LimitEnvelope
    others: Sequence[Envelope] = ()

    def observe(self, observation: Observation) -> None:
        """Show the observation to every envelope."""
        for envelope in self.others:
            envelope.observe(observation)

    def hold(self, observation: Observation, action: np.ndarray) -> Held:
        """Apply one after the other; what is not inside all of them is not written."""
        given = np.asarray(action, np.float64)
        now = in_force(observation, [limit.key for limit in self.limits.limits], given.shape)
        allowed, _, reason = self.limits.hold(observation, given)
        for envelope in self.others:
            # What is not written stays in force, and the next envelope must know it.
            stays = np.isnan(allowed)
            step = envelope.hold(observation, np.where(stays, now, allowed))
            stop = np.isnan(step.action) | (stays & (step.action != now))
            allowed = np.where(stays | stop, np.nan, step.action)
            reason = np.where(step.held & ~stays, step.reason, reason)
            # A change to one action may rest on another that cannot be written: then none is.
            broken = (stays & step.held).any(-1, keepdims=True)
            reason = np.where(broken & ~np.isnan(allowed), "another action cannot be moved", reason)
            allowed = np.where(broken, np.nan, allowed)
        if self.others:
            allowed, reason = self._check(observation, now, allowed, reason)
        return Held(allowed, (allowed != given) | np.isnan(allowed), reason)

    def _check(
        self, observation: Observation, now: np.ndarray, allowed: np.ndarray, reason: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Refuse the whole action unless every envelope leaves it as it is."""
        written = ~np.isnan(allowed)
        whole = np.where(written, allowed, now)
        fits = (self.limits.inside(observation, whole) | ~written).all(-1, keepdims=True)
        for envelope in self.others:
            again = envelope.hold(observation, whole).action
            fits &= ((again == whole) | ~written).all(-1, keepdims=True)
        reason = np.where(written & ~fits, "the limits contradict each other", reason)
        return np.where(fits, allowed, np.nan), reason


def in_force(observation: Observation, keys: Sequence[str], shape: tuple[int, ...]) -> np.ndarray:
    """Return the set-points in force, (*B, A), NaN where unknown."""
    columns = [np.broadcast_to(_number(observation.get(key, np.nan)), shape[:-1]) for key in keys]
    return np.stack(columns, -1)


def _number(value: Any) -> np.ndarray:
    return np.asarray(value, np.float64)


def _text(text: str, like: np.ndarray) -> np.ndarray:
    return np.full(like.shape, text, object)


def _why_unknown(wanted: np.ndarray, now: np.ndarray, box: Box) -> np.ndarray:
    why = np.where(np.isnan(box.low), CROSSED, "")
    why = np.where(np.isnan(now), "the set-point in force is unknown", why)
    return np.where(np.isnan(wanted), "the agent gave no number", why)
