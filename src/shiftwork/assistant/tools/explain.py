"""Why an agent proposes an action: limits, its own estimates, the nearest records, its inputs."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from shiftwork.assistant.explaining.moments import Moment, recorded_moment
from shiftwork.assistant.explaining.opened import OpenAgent
from shiftwork.assistant.explaining.reasons import Reasons, reasons
from shiftwork.assistant.export import Export
from shiftwork.assistant.figures import Figure, cited
from shiftwork.errors import UserError

AGENT, RECORDS = "agent", "records"
"""Stand for a tag in figures about the agent's own estimates, and about its records."""
MOVES = "moves the action by this part of its range"
NAMED = 3
"""Inputs that an answer names."""

Found = tuple[str, str, float, str]


class NoAgent(UserError):
    """No agent is open that could be asked why."""


def explain(export: Export, start: str, stop: str) -> tuple[Figure, ...]:
    """Say why the agent proposes what it proposes at a decision.

    The decision is the one in force at the start of the range, or else the first one in it: an
    operated plant's, by its audit, where there is one, else the records'. The agent's own
    estimates are what its critics learned, no measurement; how far an input moves the action says
    what the agent looks at, not what moves the plant.

    Args:
        export: The export, with an agent open.
        start: Begin of the range, ISO; in the plant's zone if it has no offset.
        stop: End of the range.

    Returns:
        For each action what is proposed, in force before, set afterwards and allowed, and limits
        that bind; the critics' mean value of the proposal and their spread, and how far the
        action in force, the one set afterwards and the best alternative lie above or below it;
        the distance to the nearest record; and for each input by which part of its range the
        action moves, on average, when the input alone takes values of the records, the largest
        first.

    Raises:
        NoAgent: No agent is open.
        UserError: There is no decision there, or a tag that the agent needs is not known.
    """
    opened = export.agent
    if opened is None:
        raise NoAgent("no agent is open; name its folder with --agent")
    moment = moment_of(export, *export.span(start, stop))
    unknown = [
        k for k in sorted(opened.columns.needed) if not np.isfinite(moment.known.get(k, np.nan))
    ]
    at = export.local(moment.stamp_us)
    if unknown:
        raise UserError(
            f"{unknown[0]} is not known at {at}, and the agent needs it to decide; choose another time"
        )
    keys = opened.columns.action_keys
    others = tuple(
        np.array([values.get(key, np.nan) for key in keys])
        for values in (moment.known, moment.after)
    )
    compared = tuple(action for action in others if np.isfinite(action).all())
    why = reasons(opened, moment.known, compared)
    end = export.local(moment.stamp_us + round(export.plant.period_s * 1e6))
    return cited(
        export,
        "explain",
        {"start": at, "stop": end},
        [*_actions(export, opened, moment, why), *_estimates(export, opened, others, why), *_inputs(why)],
        rows=0 if opened.seen is None else len(opened.seen.support.rows),
        coverage=1.0,
        hashes=(*opened.hashes, *moment.cites),
    )  # fmt: skip


def moment_of(export: Export, start_us: int, stop_us: int) -> Moment:
    """Find the decision in force at the start of a range, or else the first one in it.

    Raises:
        UserError: There is none.
    """
    if export.operated is not None:
        found = export.operated.moment(start_us, stop_us)
        period_us = round(export.plant.period_s * 1e6)
        if found is not None and start_us < found.stamp_us + period_us:
            return found
    keys = {tag.key for tag in export.plant.of_role("action")}
    if export.agent is not None:
        keys |= export.agent.columns.needed
    return recorded_moment(export.grid_of(keys), start_us, stop_us)


def _actions(export: Export, opened: OpenAgent, moment: Moment, why: Reasons) -> Iterator[Found]:
    for column, key in enumerate(opened.columns.action_keys):
        unit = export.plant.tags[key].unit
        yield key, "proposed", float(why.proposed[column]), unit
        for statistic, values in (
            ("in force before", moment.known),
            ("allowed by the envelope", moment.allowed),
            ("set afterwards", moment.after),
        ):
            if np.isfinite(values.get(key, np.nan)):
                yield key, statistic, float(values[key]), unit
        for limit in why.binding:
            if limit.action == column:
                side = "upper" if limit.upper else "lower"
                yield key, f"binding limit {limit.whose}, {side}", limit.value, unit


def _estimates(
    export: Export, opened: OpenAgent, others: tuple[np.ndarray, ...], why: Reasons
) -> Iterator[Found]:
    factor, amount = export.plant.goal.amount(export.plant.period_s)
    scale, unit = (1.0, export.plant.goal.unit) if amount is None else (factor, amount)
    if len(why.value):
        yield AGENT, "own estimate of the proposal", scale * float(why.value.mean()), unit
        yield AGENT, "own estimate, spread of the critics", scale * float(np.ptp(why.value)), unit
        worth = iter(why.worth)
        for name, action in zip(("in force", "set afterwards"), others, strict=True):
            if np.isfinite(action).all():
                yield from _worth(name, scale * next(worth).less, unit)
    if why.best is not None:
        for column, key in enumerate(opened.columns.action_keys):
            best = float(why.best.action[column])
            yield key, "best alternative by own estimate", best, export.plant.tags[key].unit
        yield from _worth("best alternative", scale * why.best.less, unit)
    if math.isfinite(why.distance):
        yield RECORDS, "distance to the nearest record", why.distance, ""
        yield RECORDS, "distance within which nearly all records lie", why.usual, ""


def _worth(name: str, less: np.ndarray, unit: str) -> Iterator[Found]:
    what = f"own estimate, {name} less proposal"
    yield AGENT, what, float(less.mean()), unit
    yield AGENT, f"{what}, lowest critic", float(less.min()), unit
    yield AGENT, f"{what}, highest critic", float(less.max()), unit


def _inputs(why: Reasons) -> Iterator[Found]:
    for key in why.inputs(len(why.moves)):
        yield key, MOVES, why.moves[key], ""
