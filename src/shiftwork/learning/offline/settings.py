"""Settings from the records alone: discount, value range, cloning.

A plant cannot be tried with twenty settings. The rule, in short (reasons and figures:
docs/settings.md):

1. *Discount.* Beyond the lag at which a recorded reward can still be predicted from what was
   seen and done, the future is noise to the learner, whatever it does. The integral scale of this
   predictability, H = sum_k R2(k) / max_k R2(k), is the horizon that the records can carry, and
   the discount is 1 - 1/H.
2. *Where values begin.* At the records' mean discounted return, so that nets need not crawl.
3. *Where infeasible actions are pushed.* To the worst return that recorded rewards allow.
4. *Target nets.* Where the plant ends episodes, values begin at the end and travel back from there,
   one step with each move of the targets; a far horizon needs faster ones.
5. *Cloning.* By the evidence that actions matter (``learning/offline/evidence.py``), at its lower
   bound: on rewards, or on what is seen next. Where there is none, differences between the values of
   actions are noise, and an agent that climbs them leaves people's practice for nothing; it had
   better stay near. And by the number of rows that tell moves apart: from few a critic learns noise.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from shiftwork.learning.learner import Values
from shiftwork.learning.offline.evidence import Evidence, gather_evidence
from shiftwork.records.episodes import Episodes

NO_EVIDENCE, CLEAR_EVIDENCE = 0.02, 0.1
"""Shares of the predictable reward that only the action explains: below the first nothing is known."""

NO_STATE, CLEAR_STATE = 0.01, 0.05
"""The same for the share of one step's change."""

FREE_MOVES = 0.2
"""Deviation of people's moves in like states, in half-widths, from which on all rows count."""

LONG_HELD = 12.0
"""Steps over which moves may last before rows count as fewer."""

FEWEST_TELLING = 100
"""Rows that tell moves apart, below which nothing is said to be known."""

FULL_CLONING = 300.0
"""Values are so light beside it that the agent is a clone: with 10 it still left, step by step, what
people did without any variation, and earned less than they."""

FARTHEST_SIGHT_CLONING = 0.003
"""The least cloning where rewards themselves tell nothing of actions. What an action is worth is then only
known through many steps of looking ahead, and a critic's error in that does not fade with more rows."""

CLOSE_CLONING = 0.3
"""Weight from which the records' owner is told that the agent stays close to practice."""

USUAL_TARGET, FASTEST_TARGET = 0.005, 0.05
"""Share of the way that target nets move in each step: as published, and the most that a rule takes."""

REACHED = 20.0
"""Horizon in steps that the usual share reaches in time: 40,000 updates carry values over five of them."""

SCARCE_ROWS, SCARCE_CLONING, SCARCE_POWER = 1_700, 0.1, 1.5
"""With so many rows cloning weighs so much even where the evidence is clear, and fades with more."""


def cloning(evidence: Evidence) -> float:
    """Weight of cloning: by the number of rows that tell one move from another."""
    if evidence.not_measurable:
        return FULL_CLONING
    least = FARTHEST_SIGHT_CLONING if evidence.reward_share < NO_EVIDENCE else 0.0
    return float(np.clip(scarce(telling_rows(evidence)), least, FULL_CLONING))


def telling_rows(evidence: Evidence) -> float:
    """Rows that tell one move from another.

    None without a sign that actions matter, in the rewards or in what is seen next. And people who
    hardly vary their moves leave many rows and little in them that shows what other moves would do: such
    rows count as fewer, by the variance of the moves in like states, and so do rows of moves that were
    held for long: they are few experiments.
    """
    by_reward = (evidence.reward_share - NO_EVIDENCE) / (CLEAR_EVIDENCE - NO_EVIDENCE)
    by_state = (evidence.state_share - NO_STATE) / (CLEAR_STATE - NO_STATE)
    sign = np.clip(max(by_reward, by_state), 0.0, 1.0)
    free = min(1.0, (evidence.variation / FREE_MOVES) ** 2)
    often = min(1.0, LONG_HELD / evidence.held)
    return max(1e-9, float(evidence.rows * sign * free * often))


def scarce(rows: Any) -> Any:
    """Weight of cloning that so many rows, a number or an array above 0, call for if actions matter."""
    return SCARCE_CLONING * (SCARCE_ROWS / rows) ** SCARCE_POWER


def target_rate(records: Episodes, discount: float) -> float:
    """How fast target nets follow: in proportion to the horizon where episodes end by themselves.

    Elsewhere values begin at the records' mean and hold about as much everywhere, so that the usual
    rate does. But where a goal or a trip ends what is earned, places differ by how far it is, and a
    value knows of it only when it has come the whole way.
    """
    if not records.terminal.any():
        return USUAL_TARGET
    horizon = 1.0 / (1.0 - discount)
    return float(np.clip(USUAL_TARGET * horizon / REACHED, USUAL_TARGET, FASTEST_TARGET))


def explained(config: Any, evidence: Evidence) -> str:
    """Say in a sentence or two what the records showed and which settings follow.

    Args:
        config: Settled from the evidence.
        evidence: What the records showed.
    """
    if evidence.not_measurable:
        line = (
            f"Not measurable because {evidence.not_measurable}; so discount {config.discount:.3f}"
        )
        return line + (
            ", and the agent keeps to people's practice" if hasattr(config, "cloning") else ""
        )
    if not evidence.foreseen:
        line = f"From the records: no reward could be predicted, so discount {config.discount:.3f}"
    else:
        line = (
            f"From the records: rewards can be predicted {evidence.horizon:.0f} steps ahead, so "
            f"discount {config.discount:.3f}"
        )
    if not hasattr(config, "cloning"):
        return line
    telling = telling_rows(evidence)
    if telling < FEWEST_TELLING:
        shown = "too little of what follows depends on the actions for the records to show it"
    elif evidence.reward_share >= evidence.state_share:
        shown = f"actions explain at least {100 * evidence.reward_share:.0f} % of that"
    else:
        shown = (
            f"actions explain at least {100 * evidence.state_share:.0f} % of how "
            f"'{evidence.state_tag}' changes where that does not follow from what is seen"
        )
    count = f"{evidence.rows:,} steps"
    if telling < 0.95 * evidence.rows:
        count += f", as good as {telling:,.0f} with free moves,"
    return f"{line}; {shown}, so with {count} cloning {config.cloning:.3g}"


def value_range(records: Episodes, discount: float, reward_unit: float) -> Values:
    """Mean, bounds and spread of the discounted return to go, in reward units.

    The mean is over all recorded steps; where an episode was cut, the future is taken to be the
    mean itself, so that m = mean(A + B m) with A the discounted rewards up to the cut and B the
    discount at it. The worst and the best are bounds of any return that recorded rewards allow:
    the extreme ordinary reward for ever, or an end with the extreme terminal reward.
    """
    rows = records.transitions
    reward = rows.reward.astype(np.float64) / reward_unit
    earned, carried = np.empty_like(reward), np.empty_like(reward)
    a, b = 0.0, 0.0
    for t in range(len(reward) - 1, -1, -1):
        if rows.last[t]:
            a, b = 0.0, 0.0 if rows.terminal[t] else 1.0
        a, b = reward[t] + discount * a, discount * b
        earned[t], carried[t] = a, b
    mean = earned.mean() / max(1.0 - carried.mean(), 1e-9)
    bounds = np.concatenate([reward[~rows.terminal] / (1.0 - discount), reward[rows.terminal]])
    spread = (earned + carried * mean).std()
    return Values(float(mean), float(bounds.min()), float(bounds.max()), float(spread))


def settle(config: Any, records: Episodes) -> Any:
    """Fill what a configuration leaves open (None) from the records.

    Args:
        config: Any algorithm's configuration.
        records: What it will learn from.
    """
    still_open = [f.name for f in dataclasses.fields(config) if getattr(config, f.name) is None]
    if not still_open:
        return config
    found: dict[str, float] = {}
    if "discount" in still_open or "cloning" in still_open:
        evidence = gather_evidence(records)
        found = {"discount": evidence.discount, "cloning": cloning(evidence)}
    discount = found["discount"] if config.discount is None else config.discount
    found["target_rate"] = target_rate(records, discount)
    return dataclasses.replace(config, **{name: found[name] for name in still_open})
