"""From numbers to a plain verdict with reasons: on each action, and on the records as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from shiftwork.learning.offline.evidence import FORESEEN, Evidence
from shiftwork.learning.offline.settings import (
    CLOSE_CLONING,
    FEWEST_TELLING,
    cloning,
    telling_rows,
)
from shiftwork.records.historian.deadband import DeadBand
from shiftwork.reports.inspection.contents import (
    RANKS,
    ActionRecord,
    EpisodeSummary,
    Foresight,
    Support,
    TagRecord,
    Verdict,
)
from shiftwork.reports.inspection.experiment import Answer
from shiftwork.reports.inspection.practice import EDGE, FEWEST_ROWS, TAIL, Practice
from shiftwork.reports.inspection.words import count, duration, joined, percent
from shiftwork.reports.paper.measures import number

FEWEST_MOVES = 30
"""Moves below which they show nothing."""

RULE = 0.9
"""Share of the moves that is foretold from which on the operators keep a rule."""

MOST_NAMES = 5
"""Tags that a sentence names."""

THIN_SUPPORT = 0.8
"""Share of supported rows below which much was seen once only."""


CLEAR_ANSWER = 0.1
"""Share of a tag's change after a move that only the move explains, from which it is an experiment."""

STRONG_ANSWER = 0.3
"""The same, from which an agent can learn better than to stay close to practice."""


def judge_action(
    practice: Practice,
    band: DeadBand,
    *,
    limits: tuple[float, float] | None,
    foretold: float | None,
    evidence: Evidence | None,
    cut: bool,
    answer: Answer | None = None,
) -> ActionRecord:
    """Say what the records allow to learn of one action.

    Args:
        practice: Its moves.
        band: Its dead-band.
        limits: The widest that it may be.
        foretold: Share of the moves that follows from what was seen.
        evidence: What the records show of it; None where they are too few.
        cut: Whether episodes could be cut.
        answer: How the plant answers to its moves, where they are rare.
    """
    moved, size = practice.moved, np.abs(practice.move)
    moves = int(moved.sum())
    verdict, reason = _judged(practice, band, moves, foretold=foretold, evidence=evidence, cut=cut)
    if verdict == "imitate" and answer is not None and answer.share >= CLEAR_ANSWER:
        verdict = "learn" if answer.share >= STRONG_ANSWER else "cautious"
        near = "" if verdict == "learn" else ", close to practice"
        reason = (
            f"it was moved only {count(moves, 'time')}, but the plant answers: its moves alone explain "
            f"{percent(answer.share)} of how {answer.tag} changes in the {duration(answer.after_s)} after "
            f"one, so they are an experiment to learn from{near}"
        )
    known = len(practice.setting) > 0
    low, high = (
        np.quantile(practice.setting, [TAIL, 1 - TAIL]).tolist() if known else (np.nan, np.nan)
    )
    share = practice.share
    first, last = np.quantile(share, [TAIL, 1 - TAIL]).tolist() if len(share) else (0.0, 0.0)
    ends = (share <= EDGE) | (share >= 1 - EDGE)
    return ActionRecord(
        key=practice.tag.key,
        unit=practice.tag.unit,
        steps=len(practice.setting),
        moves=moves,
        typical_move=float(np.median(size[moved])) if moves else 0.0,
        largest_move=float(size.max(initial=0.0)),
        low=low,
        high=high,
        limit_low=limits[0] if limits else None,
        limit_high=limits[1] if limits else None,
        box_used=(first, last) if len(share) else None,
        at_limit=float(ends.mean()) if len(share) else None,
        foretold=foretold if moves else None,
        explained=evidence.reward_share if moves and evidence and evidence.foreseen else None,
        verdict=verdict,
        reason=reason,
    )


def _judged(
    practice: Practice,
    band: DeadBand,
    moves: int,
    *,
    foretold: float | None,
    evidence: Evidence | None,
    cut: bool,
) -> tuple[Verdict, str]:
    if band.hidden:
        return "no", (
            f"the historian's dead-band hides its moves ({band.reason}); export the set-point or "
            "output as it is kept on change"
        )
    if not len(practice.move):
        return "no", "it is never known at two decisions in a row; export it, or fix its source"
    if not moves:
        return "no", "it was never moved; make it an observation"
    if moves < FEWEST_MOVES:
        return "no", (
            f"it was moved only {count(moves, 'time')}; {FEWEST_MOVES} moves are the least to "
            "learn from"
        )
    if not cut:
        return "no", f"it was moved {moves:,} times, but no episode could be cut"
    if evidence is None or evidence.not_measurable:
        few = f"fewer than {FEWEST_ROWS} decisions in two episodes"
        return "imitate", (
            f"it was moved {moves:,} times, but whether that mattered cannot be measured: "
            f"{evidence.not_measurable if evidence else few}; give more records, or set "
            "episodes.length to cut long ones"
        )
    rule = ""
    if foretold is not None and foretold >= RULE:
        rule = (
            f"; {percent(foretold)} of its moves follow from what was seen, so the operators keep "
            "a rule and try little else"
        )
    return _by_evidence(evidence, rule)


def _by_evidence(evidence: Evidence, rule: str) -> tuple[Verdict, str]:
    """The verdict by the rule with which `learn` sets the weight of cloning."""
    found = "rewards cannot be foreseen at all, whatever it does"
    if evidence.foreseen:
        share = percent(evidence.reward_share)
        found = f"its moves explain {share} of what can be foreseen of the rewards"
    if evidence.state_share > evidence.reward_share:
        joint = " and" if evidence.foreseen else "; its moves explain"
        found += f"{joint} {percent(evidence.state_share)} of how '{evidence.state_tag}' changes"
    telling = telling_rows(evidence)
    if telling < FEWEST_TELLING:
        return "imitate", f"{found}, so nothing shows which move was better{rule}"
    if cloning(evidence) > CLOSE_CLONING:
        count = f"{evidence.rows:,} steps"
        if telling < 0.95 * evidence.rows:
            count += f" tell as much as {telling:,.0f} with free moves, which"
        return "cautious", f"{found}, but {count} is little: an agent stays close to practice{rule}"
    return "learn", found + rule


def headline(actions: Sequence[ActionRecord]) -> tuple[Verdict, str]:
    """Say in a sentence what an agent could learn."""
    of: dict[Verdict, list[str]] = {verdict: [] for verdict in RANKS}
    for action in actions:
        of[action.verdict].append(action.key)
    best = next(verdict for verdict in RANKS if of[verdict])
    if best == "no":
        return best, "No agent can learn from these records yet."
    if best == "imitate":
        text = f"An agent can imitate the operators on {joined(of['imitate'])}, not do better"
    else:
        parts = [f"learn {joined(of['learn'])}"] if of["learn"] else []
        if of["cautious"]:
            near = joined(of["cautious"])
            parts.append(
                f"learn {near} close to practice" if parts else f"learn {near}, close to practice"
            )
        if of["imitate"]:
            parts.append(f"imitate the operators on {joined(of['imitate'])}")
        text = f"An agent can {joined(parts)}"
    if of["no"]:
        text += f"; it cannot learn {joined(of['no'], 'or')}"
    return best, text + "."


def reasons(
    actions: Sequence[ActionRecord],
    episodes: EpisodeSummary | None,
    foresight: Foresight | None,
    support: Support | None,
    tags: Sequence[TagRecord],
    refusal: str,
    judging: str,
) -> Iterable[str]:
    """Say what the verdict rests on, what would judge an agent, and what to fix."""
    if refusal:
        yield f"No episode can be cut: {refusal}."
    for action in actions:
        yield f"{action.key}: {action.reason}."
    if foresight and max(foresight.by_all) >= FORESEEN:
        yield (
            f"Rewards can be foreseen for {duration(foresight.horizon_s)}, so a decision counts by "
            f"what follows within that time (discount {foresight.discount:.3f})."
        )
    if episodes:
        if episodes.std_reward <= 1e-6 * max(abs(episodes.mean_reward), 1.0):
            yield (
                f"Every decision period earns {number(episodes.mean_reward)}: there is nothing to "
                "do better by; fix objective.expression."
            )
        if episodes.count < 2:
            yield (
                "There is one episode, so none can be held out to judge by; set episodes.length "
                'such as "8h" to cut it.'
            )
    if judging:
        yield judging
    hidden = [tag.key for tag in tags if tag.hidden and tag.role != "action"]
    if hidden:
        shown = hidden if len(hidden) <= MOST_NAMES else [*hidden[:MOST_NAMES], "more"]
        yield (
            f"The historian's dead-band hides the variation of {joined(shown)}: export "
            "what it kept before compression, or do not rely on what an agent sees there."
        )
    if support and support.share < THIN_SUPPORT:
        yield (
            f"Only {percent(support.share)} of what was seen has a near neighbour in another "
            "episode: much of it was seen once, and an agent's proposals there are guesses."
        )
