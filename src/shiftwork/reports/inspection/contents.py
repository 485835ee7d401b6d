"""What an inspection finds: plain numbers and verdicts, before any of it is written or drawn.

Times are text in ISO 8601, UTC; durations are seconds; shares lie between 0 and 1. None stands
for what the records cannot tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shiftwork.records.historian.findings import Finding

Verdict = Literal["learn", "cautious", "imitate", "no"]
"""What records allow: to learn better than the operators do; to do so but close to their practice;
to imitate them only; nothing."""

RANKS: tuple[Verdict, ...] = ("learn", "cautious", "imitate", "no")
"""From the best verdict to the worst."""


@dataclass(frozen=True)
class TagRecord:
    """What the records hold of one tag.

    Attributes:
        key: Its name in the plant file.
        source: Its name in the export.
        role: Its role.
        unit: Its unit.
        samples: How many were kept.
        every_s: Median time between them, None for fewer than two.
        uncertain: Samples of uncertain quality.
        bad: Samples of bad quality, text states among them.
        texts: The most frequent texts in a numeric tag's place, with how often each.
        known: Share of the decision periods at whose beginning a value is known.
        gaps: Stretches without one that are longer than the plant file allows in an episode.
        longest_gap_s: The longest stretch without one, 0 for none.
        longest_gap_at: Where that begins, "" for none.
        constant: Whether every good value is the same.
        deviation: Standard deviation over time, tag units; None for states.
        dead_band: Effective dead-band, tag units, 0 for none; None for states.
        hidden: Whether the dead-band hides what the tag did.
        compression: What was found about the dead-band, in words.
    """

    key: str
    source: str
    role: str
    unit: str
    samples: int
    every_s: float | None
    uncertain: int
    bad: int
    texts: tuple[tuple[str, int], ...]
    known: float
    gaps: int
    longest_gap_s: float
    longest_gap_at: str
    constant: bool
    deviation: float | None
    dead_band: float | None
    hidden: bool
    compression: str


@dataclass(frozen=True)
class ActionRecord:
    """How the operators used one action, and what that lets an agent learn.

    Attributes:
        key: The action.
        unit: Its unit.
        steps: Decision periods that were looked at.
        moves: In how many of them it was moved, by more than its dead-band or rounding.
        typical_move: Median size of those moves, tag units.
        largest_move: The largest, tag units.
        low: It was hardly ever (in one step of 200) below this, tag units.
        high: Nor above this.
        limit_low: The least that its limits allow, tag units.
        limit_high: The most.
        box_used: Ends of the part of the box of the moment that was used, as shares of the box,
            but for one step of 200 at either end.
        at_limit: Share of the steps in which it was at an end of its box.
        foretold: Share of the moves' variance that follows from what was seen, judged on episodes
            held out: near 1, the operators keep a rule and try nothing.
        explained: Share of what can be foreseen of the rewards that only this action explains.
        verdict: What an agent can learn of it.
        reason: Why.
    """

    key: str
    unit: str
    steps: int
    moves: int
    typical_move: float
    largest_move: float
    low: float
    high: float
    limit_low: float | None
    limit_high: float | None
    box_used: tuple[float, float] | None
    at_limit: float | None
    foretold: float | None
    explained: float | None
    verdict: Verdict
    reason: str


@dataclass(frozen=True)
class EpisodeSummary:
    """What was cut from the records.

    Attributes:
        count: Episodes.
        steps: Decision periods in them.
        shortest_s: Duration of the shortest.
        longest_s: Duration of the longest.
        terminal: How many ended because the plant shut down.
        mean_reward: Of a decision period, in the objective's unit.
        std_reward: Its standard deviation.
        reward_unit: The objective's unit.
        dropped: Why periods are in no episode, with how many.
        filled: Tag to stamps at which a short gap was filled.
    """

    count: int
    steps: int
    shortest_s: float
    longest_s: float
    terminal: int
    mean_reward: float
    std_reward: float
    reward_unit: str
    dropped: dict[str, int]
    filled: dict[str, int]


@dataclass(frozen=True)
class Foresight:
    """How far rewards can be foreseen, and by what.

    Attributes:
        after_s: How much later the reward is, (K,).
        by_all: Share of its variance that what was seen and done foretells, (K,).
        by_seen: The same by what was seen alone, (K,).
        horizon_s: How far rewards can be foreseen.
        discount: The discount per step that follows.
        action_share: Share of it that only actions explain.
        cloning: Weight of imitation that follows.
    """

    after_s: tuple[float, ...]
    by_all: tuple[float, ...]
    by_seen: tuple[float, ...]
    horizon_s: float
    discount: float
    action_share: float
    cloning: float


@dataclass(frozen=True)
class Support:
    """How much of what was seen in one episode was seen in another as well.

    Attributes:
        share: Rows with a near neighbour in another episode, not right before or after.
        median_distance: Of a row to that neighbour, standard deviations.
        near: Distance that counts as near.
        by_episode: The same share for each episode, in their order.
        begins: When each episode begins.
        stranger: The tag that is furthest from the nearest neighbours of rows without support.
    """

    share: float
    median_distance: float
    near: float
    by_episode: tuple[float, ...]
    begins: tuple[str, ...]
    stranger: str | None


@dataclass(frozen=True)
class Steadiness:
    """How much of the time the plant stood still.

    Attributes:
        share: Stamps at which it did.
        window_s: Looked at before and after each stamp.
        least: Change between the two that counts as none, standard deviations.
    """

    share: float
    window_s: float
    least: float


@dataclass(frozen=True)
class Breach:
    """Where the records leave a limit.

    Attributes:
        key: The tag.
        unit: Its unit.
        limit: "low" or "high" for absolute limits, "fall" or "rise" for the rate of change.
        count: In how many decision periods.
        share: Of those in which it could be told.
        worst: The furthest beyond, tag units.
        first: When it first was.
    """

    key: str
    unit: str
    limit: str
    count: int
    share: float
    worst: float
    first: str


@dataclass(frozen=True)
class Inspection:
    """What records hold, and whether an agent could learn from them.

    Attributes:
        plant: Its name.
        period_s: The decision period.
        first: The first stamp of the time grid.
        last: The last one.
        stamps: How many there are.
        verdict: Of the best action.
        headline: The verdict in a sentence.
        reasons: What it rests on, and what to fix.
        actions: One for each action.
        episodes: What was cut, None if nothing could be.
        refusal: Why nothing could be cut, "" if something could.
        foresight: None if it could not be measured.
        support: None if it could not be measured.
        steadiness: None if it could not be measured.
        breaches: Where the records leave limits of actions, or bounds of other tags.
        tags: One for each tag, in the plant file's order.
        findings: What reading noticed.
    """

    plant: str
    period_s: float
    first: str
    last: str
    stamps: int
    verdict: Verdict
    headline: str
    reasons: tuple[str, ...]
    actions: tuple[ActionRecord, ...]
    episodes: EpisodeSummary | None
    refusal: str
    foresight: Foresight | None
    support: Support | None
    steadiness: Steadiness | None
    breaches: tuple[Breach, ...]
    tags: tuple[TagRecord, ...]
    findings: tuple[Finding, ...]
