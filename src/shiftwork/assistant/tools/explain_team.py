"""Why a member of a team decides what it does: probabilities, masks, the others, the team's estimate."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from shiftwork.assistant.explaining.team import OpenTeam, Walked
from shiftwork.assistant.export import Export
from shiftwork.assistant.figures import Figure, cited
from shiftwork.errors import UserError, unknown
from shiftwork.plants.centre.masked import why_masked

SHOWN = 5
"""Macro-actions that an answer names, of those allowed and of those not."""
TEAM = "team"
"""Stands for a tag in figures about the whole team."""
PROBABILITY, CHOSEN = "probability", "probability of what was chosen"
MASKED = "not allowed"
SINCE, UNTIL = "in force for", "ended, as recorded, after"

Found = tuple[str, str, float, str]


class NoTeam(UserError):
    """No team is open that could be asked why."""


def explain_team(export: Export, agent: str, episode: float, step: float) -> tuple[Figure, ...]:
    """Say why a member of the team decides what it does at a recorded decision.

    The decision is the agent's last one up to the step. Probabilities are what the team's nets make of
    what was seen and decided until then; the estimates are what its critic learned, no
    measurement, and are of the whole team's situation, not of one macro-action.

    Args:
        export: With a team and its records open.
        agent: Its name, such as "furnace 1".
        episode: Of the records, from 0.
        step: Primitive step of the episode, from 0.

    Returns:
        The probability of each macro-action that is allowed, the greatest first, and of the
        recorded choice; macro-actions that are not allowed, with the reason; for every other agent
        how long its macro-action is in force and when it ended; the team's own estimate then and at
        the next decision of anybody, what was earned between, and how much more came of it
        than expected.

    Raises:
        NoTeam: No team is open.
        UserError: There is no such agent, episode or step.
    """
    opened = export.team
    if opened is None:
        raise NoTeam("no team is open; name its folder with --team and records with --team-records")
    number, row, step = _decision(opened, agent, episode, step)
    walked = opened.walked(int(episode))
    unit_h, unit = amount(opened.records.place.step, "steps")
    return cited(
        export,
        "explain_team",
        {"agent": agent, "episode": float(episode), "step": float(step)},
        [
            *_choices(opened, number, row, step, walked),
            *_others(opened, number, int(episode), step, unit_h, unit),
            *_estimates(opened, int(episode), step, walked),
        ],
        rows=len(opened.records.decisions[number].step),
        coverage=1.0,
        hashes=opened.hashes,
        span=(f"{int(episode)}:{step}", f"{int(episode)}:{step + 1}"),
    )


def named(figures: tuple[Figure, ...]) -> tuple[Figure, ...]:
    """What an answer shows: the likeliest macro-actions, and of those not allowed one of each reason first."""
    likely = [figure for figure in figures if figure.statistic == PROBABILITY][:SHOWN]
    masked = [figure for figure in figures if figure.statistic.startswith(MASKED)]
    firsts = list({figure.statistic: figure for figure in reversed(masked)}.values())[::-1]
    others = [figure for figure in masked if figure not in firsts]
    kept = {id(f) for f in (*likely, *(firsts + others)[:SHOWN])}
    return tuple(
        figure
        for figure in figures
        if id(figure) in kept
        or not (figure.statistic == PROBABILITY or figure.statistic.startswith(MASKED))
    )


def _decision(opened: OpenTeam, agent: str, episode: float, step: float) -> tuple[int, int, int]:
    """Number of the agent, row of its decision in force, and the step at which it was made."""
    records = opened.records
    if agent not in opened.team.agents:
        raise unknown("agent", agent, opened.team.agents)
    count = len(records.length)
    if not (0 <= episode < count and episode == int(episode)):
        raise UserError(
            f"the records hold no episode {episode:g}; choose one from 0 to {count - 1}"
        )
    length = int(records.length[int(episode)])
    if not (0 <= step < length and step == int(step)):
        raise UserError(
            f"episode {episode:g} has no step {step:g}; choose one from 0 to {length - 1}"
        )
    number = opened.team.agents.index(agent)
    found = records.decisions[number]
    # Everybody decides at an episode's first step, so there is one.
    row = int(np.flatnonzero((found.episode == episode) & (found.step <= step))[-1])
    return number, row, int(found.step[row])


def _choices(opened: OpenTeam, number: int, row: int, step: int, walked: Walked) -> Iterator[Found]:
    task, found = opened.records.place.tasks[number], opened.records.decisions[number]
    mask, chances = found.mask[row], walked.chances[step, number]
    for action in np.argsort(-chances[: len(mask)], kind="stable"):
        if mask[action]:
            yield (
                f"{task.agent}: {task.macro_actions[action]}",
                PROBABILITY,
                float(chances[action]),
                "",
            )
    chosen = int(found.macro_action[row])
    yield f"{task.agent}: {task.macro_actions[chosen]}", CHOSEN, float(chances[chosen]), ""
    tasks = opened.records.place.tasks
    feed_changes = any(
        walked.decided[step, other] for other, one in enumerate(tasks) if one.role == "blending"
    )
    why = why_masked(task, found.observation[row], mask, feed_changes)
    for name, allowed, reason in zip(task.macro_actions, mask, why, strict=True):
        if not allowed:
            yield f"{task.agent}: {name}", f"{MASKED}: {reason}" if reason else MASKED, 0.0, ""


def _others(
    opened: OpenTeam, number: int, episode: int, step: int, hours: float, unit: str
) -> Iterator[Found]:
    """What each other agent does meanwhile, and so waits for."""
    for other, task in enumerate(opened.records.place.tasks):
        if other == number:
            continue
        found = opened.records.decisions[other]
        row = int(np.flatnonzero((found.episode == episode) & (found.step <= step))[-1])
        name = f"{task.agent}: {task.macro_actions[int(found.macro_action[row])]}"
        begun = int(found.step[row])
        yield name, SINCE, hours * (step - begun), unit
        yield name, UNTIL, hours * (begun + int(found.duration[row]) - step), unit


def _estimates(opened: OpenTeam, episode: int, step: int, walked: Walked) -> Iterator[Found]:
    if opened.critic is None:
        return
    records = opened.records
    factor, unit = amount(records.place.reward, "")
    value = walked.value
    yield TEAM, "own estimate at the decision", factor * float(value[step]), unit
    later = np.flatnonzero(walked.decided[step + 1 :].any(1))
    first = int(records.length[:episode].sum())
    length = int(records.length[episode])
    until = step + 1 + int(later[0]) if len(later) else length
    reward = records.reward[first + step : first + until].astype(np.float64)
    earned = (TEAM, "earned until the next decision of anybody", factor * float(reward.sum()), unit)
    if until == length and not records.terminal[episode]:
        yield earned
        return  # what lies behind the cut is not known
    follows = 0.0 if until == length else float(value[until])
    if until < length:
        yield TEAM, "own estimate at the next decision of anybody", factor * follows, unit
    yield earned
    worth = opened.discount ** np.arange(len(reward)) @ reward
    came = float(worth) + opened.discount ** len(reward) * follows
    yield TEAM, "more than it expected", factor * (came - float(value[step])), unit


def amount(text: str, otherwise: str) -> tuple[float, str]:
    """Read what a step or a reward of 1 is, such as "1 h" or "1,000 $": a number and its unit."""
    found = re.fullmatch(r"([\d.,]+) *(.*)", text)
    if found is None:
        return 1.0, otherwise
    unit = found[2] if found[2] not in ("", "step") else otherwise
    return float(found[1].replace(",", "")), unit
