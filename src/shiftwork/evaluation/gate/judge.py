"""The verdict on an agent: pass, not proven or worse, with the reasons.

    estimate -> interval -> decision;  the same for two controls, which must come out as known

The controls are judged beside the agent, by the same models. The agent with its moves turned round
must not pass. A second clone of people's practice should gain nothing; what it does gain is how far
off the zero is, and widens every interval.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from shiftwork.agents.agent import Agent
from shiftwork.errors import UserError
from shiftwork.evaluation.gate.estimate import WORK, Estimate, estimate
from shiftwork.evaluation.statistics import Interval
from shiftwork.learning.offline.blocks import blocks_of
from shiftwork.learning.offline.evidence import gather_evidence
from shiftwork.learning.offline.learn import learn
from shiftwork.learning.progress import Advance
from shiftwork.records.episodes import Episodes

Decision = Literal["pass", "not proven", "worse"]

QUANTILE = 3.0
"""Spreads on either side of the estimate; 2.6 hold 90 % of the truths of plants left out of the panel, and
with 3 no losing agent of the panel passes (docs/gate.md; ``python -m benchmarks.gate.table``)."""

STRANGE = 0.3
"""Share of a gain that is doubted where all plans are without recorded neighbours."""

ENOUGH_SUPPORT = 0.6
"""Share of the plans that must have recorded neighbours."""

MOST_EVENTS = 2.0
"""Times the people's upper bound that the upper bound of an event's rate may be."""

FEWEST_BLOCKS, FEWEST_ROWS = 8, 800
FARTHEST = 6.0
"""Deviations between the means of a tag that only other units or another plant explain."""

CLONE_UPDATES = 2_000
TOTAL_WORK = WORK + 2 * CLONE_UPDATES
"""Updates that ``judge`` reports to ``advance``."""


@dataclass(frozen=True)
class Judgement:
    """What is known of an agent before it acts.

    Attributes:
        decision: pass, not proven or worse.
        gain: Over people's practice, plant reward per step, with its 90 % interval.
        estimate: What it rests on.
        turned: The gain of the agent with its moves turned round.
        clone: The gain of a second clone.
        reasons: Why, in plain sentences; the first says the most.
        settle: What would settle it, where nothing is proven.
        rows: Recorded steps that judged.
        blocks: Blocks of time among them.
    """

    decision: Decision
    gain: Interval
    estimate: Estimate
    turned: Interval
    clone: Interval
    reasons: tuple[str, ...]
    settle: tuple[str, ...]
    rows: int
    blocks: int


def judge(
    agent: Agent, records: Episodes, *, seed: int = 0, advance: Advance | None = None
) -> Judgement:
    """Judge an agent by records that did not teach it.

    Args:
        agent: The agent.
        records: Records that it has not seen (``records/held_out.py`` finds them).
        seed: Of everything that is drawn.
        advance: Receives progress in updates, ``TOTAL_WORK`` in all.

    Raises:
        UserError: The records are too few, or of another plant than the agent's.
    """
    refuse_unfit(agent, records)
    clone, second = (
        learn(records, "bc", updates=CLONE_UPDATES, seeds=(s,), advance=advance).agent()
        for s in (seed, seed + 1)
    )
    turned = turned_round(agent)
    discount = agent.about.get("config", {}).get("discount") or gather_evidence(records).discount
    found = estimate(
        records, clone, [agent, turned, second], float(discount), seed=seed, advance=advance
    )
    zero = found[2].gain
    gains = [interval(e, zero) for e in found]
    decision, reasons = decide(found[0], gains[0])
    if decide(found[1], gains[1])[0] == "pass":
        reasons = ("the agent with its moves turned round would pass as well", *reasons)
        decision = "not proven" if decision == "pass" else decision
    rows, blocks = size_of(records)
    settle = what_settles(found[0], gains[0], rows) if decision == "not proven" else ()
    return Judgement(
        decision, gains[0], found[0], gains[1], gains[2], reasons, settle, rows, blocks
    )


def refuse_unfit(agent: Agent, records: Episodes) -> None:
    """Refuse records that cannot judge an agent.

    Raises:
        UserError: They are too few, or of another plant than the agent's.
    """
    if problem := too_few(records):
        raise UserError(
            f"{records.source}: {problem}; give more records that the agent has not seen"
        )
    refuse_other_plants(agent, records)


def too_few(records: Episodes) -> str:
    """Say why records are too few to judge by; nothing if they are not."""
    rows, blocks = size_of(records)
    if blocks >= FEWEST_BLOCKS and rows >= FEWEST_ROWS:
        return ""
    return (
        f"{rows:,} steps in {blocks} blocks of time are too few to judge by (needed: {FEWEST_ROWS} "
        f"steps in {FEWEST_BLOCKS} episodes, or pieces of 100 steps of a long one)"
    )


def size_of(records: Episodes) -> tuple[int, int]:
    """Steps of records, and blocks of time among them: both must be enough to judge by."""
    return len(records.reward), int(blocks_of(records)[0].max()) + 1


def spread(e: Estimate) -> float:
    """How unsure an estimate is, plant reward per step: what can go wrong, added up in squares."""
    against = max(0.0, -math.copysign(1.0, e.gain) * e.fitted)
    parts = (
        e.members.std(ddof=1),
        e.block_error,
        0.5 * e.replay,
        STRANGE * (1.0 - e.support.plans) * e.gain,
        against,
    )
    return float(np.sqrt(np.square(parts).sum()))


def interval(e: Estimate, zero: float = 0.0, width: float = QUANTILE) -> Interval:
    """The gain with its 90 % interval.

    Args:
        e: The estimate.
        zero: What a second clone gains over the first: how far off the zero itself may be.
        width: Spreads on either side of the estimate.
    """
    half = width * math.hypot(spread(e), zero)
    return Interval(e.gain, e.gain - half, e.gain + half)


def decide(e: Estimate, gain: Interval) -> tuple[Decision, tuple[str, ...]]:
    """Decide by one agent's estimate alone, and say why."""
    if gain.high < 0.0:
        return "worse", ("it earns less than people's practice",)
    reasons = []
    if gain.low <= 0.0:
        reasons.append("its gain over people's practice may be chance")
    if e.support.plans < ENOUGH_SUPPORT:
        where = ", ".join(f"'{name}'" for name, _ in e.support.farthest)
        reasons.append(
            f"only {100 * e.support.plans:.0f} % of what it would do was ever done in a like state"
            + (f" (farthest off: {where})" if where else "")
        )
    for event in e.events:
        # What would cost less than the agent surely gains, even at its bound, need not stop it.
        priced = event.upper * event.loss < gain.low
        if event.recorded and event.upper > MOST_EVENTS * event.people and not priced:
            reasons.append(
                f"'{event.name}' may come at up to {1000 * event.upper:.2g} in 1,000 steps; under "
                f"people at {1000 * event.people:.2g} at most"
            )
    if reasons:
        return "not proven", tuple(reasons)
    return "pass", ("it earns more than people's practice, by plans that the records know",)


def turned_round(agent: Agent) -> Agent:
    """The agent with every move turned round within its range: a control that must not pass."""
    return dataclasses.replace(
        agent,
        weights=(*agent.weights[:-1], -agent.weights[-1]),
        biases=(*agent.biases[:-1], -agent.biases[-1]),
    )


def refuse_other_plants(agent: Agent, records: Episodes) -> None:
    """Refuse records whose tags or units are not the agent's.

    Raises:
        UserError: They are not; the message names the tag.
    """
    for have, want in (
        (records.observation_tags, agent.observation_tags),
        (records.action_tags, agent.action_tags),
    ):
        names, wanted = [tag.name for tag in have], [tag.name for tag in want]
        if names != wanted:
            missing = next((n for n in wanted if n not in names), None)
            what = f"has no tag '{missing}'" if missing else "has the agent's tags in another order"
            raise UserError(
                f"{records.source}: {what}, so it is of another plant or plant file; give records "
                "of the agent's plant, cut by the plant file it learned with"
            )
        for old, new in zip(want, have, strict=True):
            if old.unit and new.unit and old.unit != new.unit:
                raise UserError(
                    f"{records.source}: tag '{new.name}' is in {new.unit}, and the agent learned it "
                    f"in {old.unit}; give it in {old.unit}"
                )
    seen = records.observation.astype(np.float64)
    away = (np.median(seen, 0) - agent.observation_mean) / agent.observation_std
    column = int(np.abs(away).argmax())
    if abs(away[column]) > FARTHEST:
        raise UserError(
            f"{records.source}: tag '{records.observation_tags[column].name}' is near "
            f"{np.median(seen[:, column]):.4g} and was near {agent.observation_mean[column]:.4g} in "
            "what taught the agent; give records in the same units, of the same plant"
        )


def what_settles(e: Estimate, gain: Interval, rows: int) -> tuple[str, ...]:
    """Say what data would settle an open verdict."""
    found = []
    sampled = math.hypot(float(e.members.std(ddof=1)), e.block_error)
    if gain.low <= 0.0 < gain.estimate:
        rest = spread(e) ** 2 - sampled**2
        room = (gain.estimate / QUANTILE) ** 2 - rest
        if room > 0.0:
            needed = math.ceil(rows * sampled**2 / room)
            found.append(
                f"about {needed:,} recorded steps instead of {rows:,}, if they are like these"
            )
        else:
            found.append(
                "records in which people try what the agent would do: more of the same would not help"
            )
    if e.support.plans < ENOUGH_SUPPORT and e.support.farthest:
        names = " and ".join(f"'{name}'" for name, _ in e.support.farthest[:2])
        found.append(f"test moves that bring {names} where the agent would go, in small steps")
    return tuple(found)
