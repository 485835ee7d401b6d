"""Why a centre's agent may not choose a macro-action, from what it saw and what its mask allows.

The rules are those of ``may_berth``, ``may_blend`` and ``may_crack``, read backwards: records hold what
was seen, not the state. Needs NumPy alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np

from shiftwork.records.team_episodes import Task

Reason = Literal[
    "no such ship",
    "its own ship goes first",
    "the tank is being filled",
    "the tank feeds",
    "the tank is full",
    "a tank in it is not ready",
    "it does not last an hour or is out of specification",
    "another recipe lasts",
    "too few others would crack",
    "no place for a decoke",
    "no furnace can be decoked now",
    "",
]
"""The last: the rules do not say."""

Seen = Mapping[str, float]


def why_masked(
    task: Task, observation: np.ndarray, mask: np.ndarray, feed_changes: bool = False
) -> tuple[Reason, ...]:
    """Say of each macro-action why it is not allowed.

    Args:
        task: Who decides.
        observation: What it saw, (O,).
        mask: What it may choose, (A,).
        feed_changes: Blending decides at the same step, so that no tank counts as feeding.

    Returns:
        For each macro-action the reason, "" where it is allowed or the rules do not say, as of
        every plant that is no centre.
    """
    seen = dict(zip(task.observations, np.asarray(observation).tolist(), strict=True))
    allowed = dict(zip(task.macro_actions, np.asarray(mask, bool).tolist(), strict=True))
    rule = _RULES.get(task.role, _unknown)
    return tuple(
        "" if allowed[name] else rule(name, seen, allowed, feed_changes)
        for name in task.macro_actions
    )


def _unknown(name: str, seen: Seen, allowed: Mapping[str, bool], feed_changes: bool) -> Reason:
    return ""


def _berth(name: str, seen: Seen, allowed: Mapping[str, bool], feed_changes: bool) -> Reason:
    found = re.fullmatch(r"(first|second) ship into tank (.+)", name)
    if found is None or f"tank {found[2]} being filled" not in seen:
        return ""
    which, tank = found[1], f"tank {found[2]}"
    if seen["own ship at berth"] > 0:
        if which == "second":
            return "its own ship goes first"
    elif not seen[f"ship at anchor {1 if which == 'first' else 2} known"] > 0:
        return "no such ship"
    if seen[f"{tank} being filled"] > 0:
        return "the tank is being filled"
    if seen[f"{tank} share of feed"] > 0 and not feed_changes:
        return "the tank feeds"
    return "the tank is full"


def _blending(name: str, seen: Seen, allowed: Mapping[str, bool], feed_changes: bool) -> Reason:
    if name == "none":
        return "another recipe lasts"
    tanks = [part.rpartition(" ")[0] for part in name.split(" + ")]
    ready = [seen.get(f"tank {tank} ready") for tank in tanks]
    if None in ready:
        return ""
    if not all(ready):
        return "a tank in it is not ready"
    return "it does not last an hour or is out of specification"


def _furnace(name: str, seen: Seen, allowed: Mapping[str, bool], feed_changes: bool) -> Reason:
    stands_by = [allowed[other] for other in allowed if other.startswith("stand-by ")]
    if not stands_by:
        return "no furnace can be decoked now" if name.startswith("decoke the ") else ""
    # Whoever may not stand by may not decoke either: both stop it from cracking.
    if not stands_by[0]:
        return "too few others would crack"
    return "no place for a decoke" if name == "decoke now" else ""


_RULES: dict[str, Callable[[str, Seen, Mapping[str, bool], bool], Reason]] = {
    "receiving": _berth,
    "blending": _blending,
    "furnace": _furnace,
}
