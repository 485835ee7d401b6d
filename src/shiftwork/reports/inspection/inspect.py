"""The inspection: what records hold, and whether an agent could learn from them."""

from __future__ import annotations

from shiftwork.evaluation.gate.judge import size_of, too_few
from shiftwork.learning.offline.evidence import Evidence
from shiftwork.records.held_out import kept_apart
from shiftwork.records.historian.cut import Cut
from shiftwork.records.historian.grid import Grid
from shiftwork.records.historian.plant_file.model import PlantFile, PlantTag
from shiftwork.records.historian.samples import Samples
from shiftwork.reports.inspection.contents import EpisodeSummary, Foresight, Inspection
from shiftwork.reports.inspection.coverage import iso, tag_records
from shiftwork.reports.inspection.experiment import answer_to_moves
from shiftwork.reports.inspection.practice import Practice, foresight, foretold, practices
from shiftwork.reports.inspection.steady import breaches, standing_still
from shiftwork.reports.inspection.support import find_support
from shiftwork.reports.inspection.verdicts import headline, judge_action, reasons

RARE = 0.2
"""Share of the periods below which an action's moves are rare."""


def inspect(
    samples: Samples,
    grid: Grid,
    cut: Cut | None,
    plant: PlantFile,
    *,
    refusal: str = "",
) -> Inspection:
    """Inspect records.

    Args:
        samples: As read from the export.
        grid: Made of the samples.
        cut: Made of the grid; None if no episode could be cut.
        plant: The plant file of them all.
        refusal: Why no episode could be cut.
    """
    used = practices(grid, cut)
    looked: Foresight | None = None
    each: tuple[Evidence | None, ...] = (None,) * len(used)
    if cut is not None:
        looked, each = foresight(cut.episodes, plant.period_s)
    actions = tuple(
        judge_action(
            practice,
            grid.dead_bands[practice.tag.key],
            limits=_limits(practice.tag, cut, column),
            foretold=foretold(cut, practice) if cut else None,
            evidence=evidence,
            cut=cut is not None,
            answer=answer_to_moves(cut, practice, plant) if cut and _rare(practice) else None,
        )
        for column, (practice, evidence) in enumerate(zip(used, each, strict=True))
    )
    verdict, sentence = headline(actions)
    episodes = _summary(cut, plant) if cut else None
    support = find_support(cut, plant.period_s) if cut else None
    tags = tag_records(samples, grid, plant)
    return Inspection(
        plant=plant.name,
        period_s=plant.period_s,
        first=iso(grid.time[0]),
        last=iso(grid.time[-1]),
        stamps=len(grid.time),
        verdict=verdict,
        headline=sentence,
        reasons=tuple(reasons(actions, episodes, looked, support, tags, refusal, _judging(cut))),
        actions=actions,
        episodes=episodes,
        refusal=refusal,
        foresight=looked,
        support=support,
        steadiness=standing_still(grid)[0],
        breaches=breaches(grid, cut),
        tags=tags,
        findings=samples.findings,
    )


def _judging(cut: Cut | None) -> str:
    """What is left to judge an agent by, as `learn` keeps it apart."""
    if cut is None:
        return ""
    kept = kept_apart(cut.episodes).judge
    if kept is None:
        return "Nothing can be kept apart to judge an agent by: record more first."
    if problem := too_few(kept):
        return (
            f"Kept apart by `learn` to judge an agent, the last fifth: {problem}; record on, and judge "
            "by the later records."
        )
    rows, blocks = size_of(kept)
    return (
        f"Kept apart by `learn` to judge an agent, the last fifth: {rows:,} steps in {blocks} blocks "
        "of time, enough for `shiftwork judge`."
    )


def _rare(practice: Practice) -> bool:
    """Whether an action stands still most of the time."""
    return bool(0 < practice.moved.mean() < RARE) if len(practice.moved) else False


def _limits(tag: PlantTag, cut: Cut | None, column: int) -> tuple[float, float] | None:
    if cut is not None:
        return cut.episodes.action_tags[column].low, cut.episodes.action_tags[column].high
    low, high = tag.bounds or ("", "")
    return None if isinstance(low, str) or isinstance(high, str) else (low, high)


def _summary(cut: Cut, plant: PlantFile) -> EpisodeSummary:
    numbers = cut.episodes.statistics
    return EpisodeSummary(
        count=numbers.episodes,
        steps=numbers.steps,
        shortest_s=numbers.shortest * plant.period_s,
        longest_s=numbers.longest * plant.period_s,
        terminal=numbers.terminal_episodes,
        mean_reward=numbers.mean_reward,
        std_reward=numbers.std_reward,
        reward_unit=plant.goal.unit,
        dropped=cut.dropped,
        filled=cut.filled,
    )
