"""A team's records judged: who decided how often, what was tried, and what can be learned from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from shiftwork.evaluation.statistics import mean_interval
from shiftwork.learning.team.from_records_settings import FEWEST
from shiftwork.records.team_episodes import Decisions, Task, TeamEpisodes
from shiftwork.reports.paper.measures import count, joined
from shiftwork.reports.team_records.choices import FOLDS, foretell

Verdict = Literal["learn", "imitate", "few", "none"]

SETTLED = 0.95
"""A choice is settled if what was seen foretells one macro-action so surely; and a role can only be
imitated if such a share of its choices is settled."""

FEW = 100
"""Choices of a role, below which what it would have chosen elsewhere cannot be told."""

OFTEN = 20
"""Times that a macro-action must have been allowed before it counts as one that people leave alone."""


@dataclass(frozen=True)
class Tried:
    """How often a macro-action of a role was allowed and chosen.

    Attributes:
        name: Of the macro-action.
        allowed: Decisions in which it was,
        chosen: and in which it was taken.
    """

    name: str
    allowed: int
    chosen: int


@dataclass(frozen=True)
class RoleRecord:
    """What the records hold of one role.

    Attributes:
        role: Its name.
        agents: How many have it.
        decisions: Made in all.
        choices: Those in which two or more macro-actions were allowed.
        macro_actions: All that the role has.
        allowed: Mean number of macro-actions allowed in a choice.
        lasts: Median of primitive steps between two decisions.
        left_alone: Macro-actions that were allowed ``OFTEN`` times or more, and never chosen.
        settled: Share of choices that what was seen foretells with ``SETTLED`` or more; None if there
            are too few choices to tell.
        alternatives: Macro-actions that come into question in a choice at most: exp of the mean
            entropy of what is foretold.
        explained: Share of the uncertainty, as habits leave it, that what was seen takes away.
        verdict: What can be learned.
    """

    role: str
    agents: int
    decisions: int
    choices: int
    macro_actions: tuple[Tried, ...]
    allowed: float
    lasts: float
    left_alone: tuple[str, ...]
    settled: float | None
    alternatives: float | None
    explained: float | None
    verdict: Verdict


@dataclass(frozen=True)
class TeamInspection:
    """What a team's records hold.

    Attributes:
        plant: Its name.
        step: What a primitive step is.
        reward: What a reward of 1 is.
        episodes: How many.
        steps: Primitive steps in all.
        cut: Episodes that did not end themselves.
        mean_return: Of an episode, undiscounted,
        low: with the lower
        high: and the upper end of its 95 % interval.
        roles: In the order of the plant's agents.
        headline: The answer in one sentence.
        reasons: What it rests on, and what cannot be learned.
    """

    plant: str
    step: str
    reward: str
    episodes: int
    steps: int
    cut: int
    mean_return: float
    low: float
    high: float
    roles: tuple[RoleRecord, ...]
    headline: str
    reasons: tuple[str, ...]


def inspect_team(records: TeamEpisodes) -> TeamInspection:
    """Judge what a team's records hold.

    Args:
        records: Of one plant.
    """
    names = list(dict.fromkeys(task.role for task in records.place.tasks))
    roles = tuple(_role(records, name) for name in names)
    returns = records.returns
    mean = mean_interval(returns) if len(returns) > 1 else None
    average = float(returns.mean())
    return TeamInspection(
        plant=records.place.plant,
        step=records.place.step,
        reward=records.place.reward,
        episodes=len(returns),
        steps=len(records.reward),
        cut=int((~records.terminal).sum()),
        mean_return=average,
        low=mean.low if mean else average,
        high=mean.high if mean else average,
        roles=roles,
        headline=_headline(roles, len(returns)),
        reasons=_reasons(roles, len(returns)),
    )


def _role(records: TeamEpisodes, role: str) -> RoleRecord:
    of_role = [
        (task, found)
        for task, found in zip(records.place.tasks, records.decisions, strict=True)
        if task.role == role
    ]
    task = of_role[0][0]
    alike = [(t, d) for t, d in of_role if _same_kind(t, task)]
    made = [_made(found) for _, found in alike]
    mask = np.concatenate([found.mask for found in made])
    chosen = np.concatenate([found.macro_action for found in made])
    lasts = np.concatenate([found.duration for found in made])
    allowed, taken = mask.sum(0), np.bincount(chosen, minlength=mask.shape[1])
    choice = mask.sum(1) > 1
    settled = alternatives = explained = None
    episode = np.concatenate([found.episode for found in made])[choice]
    if choice.sum() >= FEW and len(np.unique(episode)) >= FOLDS:
        seen = np.concatenate([found.observation for found in made])[choice]
        told = foretell(seen, mask[choice], chosen[choice], episode)
        p = told.probability
        settled = float((p.max(1) >= SETTLED).mean())
        surprise = -(p * np.log(np.where(p > 0, p, 1.0))).sum(1)
        # Where the regression is too sure of itself, what it missed by counts as uncertainty too.
        alternatives = float(np.exp(max(surprise.mean(), told.loss)))
        explained = max(0.0, 1.0 - told.loss / told.loss_by_habit) if told.loss_by_habit else 1.0
    return RoleRecord(
        role=role,
        agents=len(of_role),
        decisions=sum(len(_made(found).episode) for _, found in of_role),
        choices=int(choice.sum()),
        macro_actions=tuple(
            Tried(name, int(may), int(did))
            for name, may, did in zip(task.macro_actions, allowed, taken, strict=True)
        ),
        allowed=float(mask[choice].sum(1).mean()) if choice.any() else 1.0,
        lasts=float(np.median(lasts)),
        left_alone=tuple(
            name
            for name, may, did in zip(task.macro_actions, allowed, taken, strict=True)
            if may >= OFTEN and not did
        ),
        settled=settled,
        alternatives=alternatives,
        explained=explained,
        verdict=_verdict(int(choice.sum()), settled),
    )


def _same_kind(one: Task, other: Task) -> bool:
    """Agents of one role may see other columns, if they stand elsewhere; those are not put together."""
    return len(one.observations) == len(other.observations) and len(one.macro_actions) == len(
        other.macro_actions
    )


def _made(found: Decisions) -> Decisions:
    made = found.made
    return Decisions(**{name: values[made] for name, values in vars(found).items()})


def _verdict(choices: int, settled: float | None) -> Verdict:
    if not choices:
        return "none"
    if settled is None:
        return "few"
    return "imitate" if settled >= SETTLED else "learn"


def _headline(roles: tuple[RoleRecord, ...], episodes: int) -> str:
    if episodes < FEWEST:
        return (
            f"No team can be learned yet: {count(episodes, 'episode')} of records, and team learn "
            f"needs {FEWEST}."
        )
    learn = [role.role for role in roles if role.verdict == "learn"]
    rest = [role.role for role in roles if role.verdict != "learn"]
    if not learn:
        return "These records can be imitated only: no role tried different choices in like states."
    if not rest:
        return "Every role tried different choices in like states: better ones can be looked for."
    return (
        f"Different choices in like states were tried by {joined(learn)}; for {joined(rest)} "
        "there is nothing to compare."
    )


def _reasons(roles: tuple[RoleRecord, ...], episodes: int) -> tuple[str, ...]:
    lines = []
    for role in roles:
        if role.verdict == "none":
            lines.append(f"{role.role}: never has a choice; its only macro-action is repeated.")
        elif role.verdict == "few":
            lines.append(
                f"{role.role}: {count(role.choices, 'choice')} in {count(episodes, 'episode')}; at least "
                f"{FEW} in {FOLDS} episodes are needed to say more."
            )
        elif role.verdict == "imitate":
            lines.append(
                f"{role.role}: what was seen settles {100 * (role.settled or 0):.0f} % of its choices. It can "
                "be imitated; what else could be done there was not tried."
            )
        else:
            lines.append(
                f"{role.role}: what was seen settles {100 * (role.settled or 0):.0f} % of its choices; "
                f"on average {role.alternatives:.1f} of {role.allowed:.1f} allowed macro-actions come into question "
                "at most (what people knew and nobody recorded counts as choice here)."
            )
        if role.left_alone:
            shown = [f"'{name}'" for name in role.left_alone[:3]]
            if more := len(role.left_alone) - len(shown):
                shown.append(f"{more} more")
            lines.append(
                f"{role.role}: often allowed and never chosen: {joined(shown)}. Their worth cannot be learned "
                "from these records."
            )
    return tuple(lines)
