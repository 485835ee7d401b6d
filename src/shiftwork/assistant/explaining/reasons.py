"""What stands behind a proposal, computed from the agent alone: limits, critics, records, inputs.

Nothing here is a measurement. The critics learned from records what follows an action, and their
spread says how little they agree; how far an input moves the action says what the policy looks
at, not what moves the plant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from shiftwork.assistant.explaining.opened import OpenAgent

Whose = Literal["of the moment", "of what people did"]

TOUCHES = 0.01
"""A limit binds within this part of the range that the agent uses."""
POINTS = 5
"""Alternatives of each action, even from one end of its range to the other."""
TRIED = 24
"""Recorded values of each input that are tried, evenly spaced over the time of the records."""


@dataclass(frozen=True)
class Binding:
    """A limit that a proposal touches.

    Attributes:
        action: Column of the action.
        upper: Whether it is the upper end.
        whose: The plant's limit of the moment, or the end of what people did.
        value: The limit, plant units.
    """

    action: int
    upper: bool
    whose: Whose
    value: float


@dataclass(frozen=True)
class Worth:
    """The agent's own estimate of an action against that of its proposal.

    Attributes:
        action: (A,), plant units.
        less: Every critic's value of it less that of the proposal, (N,): the discounted sum of
            rewards, in the plant's reward.
    """

    action: np.ndarray
    less: np.ndarray


@dataclass(frozen=True)
class Reasons:
    """What stands behind a proposal.

    Attributes:
        proposed: (A,), plant units.
        low: Lowest that the agent may propose now, (A,).
        high: Highest, (A,).
        binding: Limits that it touches.
        value: Every critic's value of the proposal, (N,); none without critics.
        worth: Own estimates of the actions given, in their order.
        best: The alternative inside the range whose mean value is highest; None without critics.
        distance: From the nearest record, in deviations; NaN without records.
        usual: The distance within which 99 % of records lie that were held out; NaN without.
        moves: For each input, by key, the mean change of the action that changes most, as a part of
            the range that the agent uses, when the input alone takes values that it had in the
            records; where the records are not known, one deviation up and down.
    """

    proposed: np.ndarray
    low: np.ndarray
    high: np.ndarray
    binding: tuple[Binding, ...]
    value: np.ndarray
    worth: tuple[Worth, ...]
    best: Worth | None
    distance: float
    usual: float
    moves: dict[str, float]

    def inputs(self, count: int) -> tuple[str, ...]:
        """Keys of the inputs that move the action most, in that order; only those that do."""
        order = sorted(self.moves, key=lambda key: -self.moves[key])[:count]
        return tuple(key for key in order if self.moves[key] > 0)


def reasons(
    opened: OpenAgent, known: Mapping[str, float], others: tuple[np.ndarray, ...] = ()
) -> Reasons:
    """Find what stands behind the agent's proposal.

    Args:
        opened: The agent.
        known: What is known, by key of the plant file, with no NaN among what the agent needs.
        others: Actions (A,) that the critics are to compare with the proposal.

    Raises:
        UserError: The agent cannot decide there.
    """
    agent = opened.agent
    row = opened.columns.row(known).astype(np.float32)
    proposed = agent.act(row)
    low, high = (agent.limits.action(end, row) for end in (agent.action_low, agent.action_high))
    low, high = (np.asarray(end, np.float64) for end in (low, high))
    alternatives = _alternatives(np.asarray(proposed, np.float64), low, high)
    asked = np.stack([proposed, *others, *alternatives])
    value = np.zeros((0, len(asked)))
    if opened.critic is not None:
        value = opened.critic.values(agent, np.broadcast_to(row, (len(asked), len(row))), asked)
    less = value - value[:, :1]
    best = None
    if len(value) and len(alternatives):
        number = 1 + len(others) + int(less[:, 1 + len(others) :].mean(0).argmax())
        best = Worth(asked[number], less[:, number])
    distance, usual = _distance(opened, row, proposed)
    return Reasons(
        np.asarray(proposed, np.float64),
        low,
        high,
        _binding(opened, row, proposed, low, high),
        value[:, 0],
        tuple(Worth(asked[1 + i], less[:, 1 + i]) for i in range(len(others)) if len(value)),
        best,
        distance,
        usual,
        _moves(opened, known, proposed, high - low),
    )


def _alternatives(proposed: np.ndarray, low: np.ndarray, high: np.ndarray) -> list[np.ndarray]:
    """Points of each action's range, the others as proposed; what has no width is left out."""
    found = []
    for column in np.flatnonzero(high > low):
        for value in np.linspace(low[column], high[column], POINTS):
            point = proposed.copy()
            point[column] = value
            found.append(point)
    return found


def _binding(
    opened: OpenAgent, row: np.ndarray, proposed: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[Binding, ...]:
    agent = opened.agent
    moving = agent.limits.moving
    box = [np.broadcast_to(end, proposed.shape) for end in agent.limits.box(row)]
    absolute = (
        [tag.low for tag in agent.action_tags],
        [tag.high for tag in agent.action_tags],
    )
    found = []
    for upper, used in enumerate((low, high)):
        limit = np.where(moving, box[upper], absolute[upper])
        near = TOUCHES * (high - low)
        for column in np.flatnonzero(np.abs(proposed - used) <= near):
            of_plant = abs(used[column] - limit[column]) <= near[column]
            found.append(
                Binding(
                    int(column),
                    bool(upper),
                    "of the moment" if of_plant else "of what people did",
                    float(limit[column] if of_plant else used[column]),
                )
            )
    return tuple(found)


def _distance(opened: OpenAgent, row: np.ndarray, proposed: np.ndarray) -> tuple[float, float]:
    if opened.seen is None:
        return float("nan"), float("nan")
    support = opened.seen.support
    names = [tag.name for tag in opened.agent.observation_tags]
    seen = [row[names.index(name)] for name in opened.seen.names]
    nearest = support.distance(np.concatenate([seen, proposed])[None])
    return float(nearest[0]), float(support.limit)


def _moves(
    opened: OpenAgent, known: Mapping[str, float], proposed: np.ndarray, width: np.ndarray
) -> dict[str, float]:
    """Give each input alone other values, and look at the action; limits that follow it, follow."""
    columns, values = opened.columns, _values(opened, known)
    count = sum(map(len, values.values()))
    moments = {key: np.full(count, value, np.float64) for key, value in known.items()}
    first = 0
    for key, tried in values.items():
        moments[key][first : first + len(tried)] = tried
        first += len(tried)
    change = np.abs(opened.agent.act(columns.rows(moments)) - proposed)
    part = (change / np.where(width > 0, width, np.inf)).max(-1).reshape(len(values), -1)
    return dict(zip(values, part.mean(1).tolist(), strict=True))


def _values(opened: OpenAgent, known: Mapping[str, float]) -> dict[str, np.ndarray]:
    """Values to try for each input, by key: those of the records, or one deviation up and down."""
    keys, needed = opened.columns.keys, opened.columns.needed
    if opened.seen is not None:
        support = opened.seen.support
        rows = np.linspace(0, len(support.rows) - 1, TRIED).astype(int)
        recorded = support.mean + support.std * support.rows[rows]
        names = opened.seen.names
        return {keys[name]: recorded[:, i] for i, name in enumerate(names) if keys[name] in needed}
    agent = opened.agent
    tags = zip(agent.observation_tags, agent.observation_std, strict=True)
    return {
        keys[tag.name]: np.clip(
            known[keys[tag.name]] + np.array([std, -std], np.float64), tag.low, tag.high
        )
        for tag, std in tags
        if keys[tag.name] in needed
    }
