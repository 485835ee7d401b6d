"""What a report is made of: the data, before any of it is put into words or pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from shiftwork.agents.agent import Agent
from shiftwork.evaluation.statistics import Interval
from shiftwork.plants.plant import ScoreRange
from shiftwork.records.episodes import Episodes


@dataclass(frozen=True)
class Trace:
    """Learning on the plant; the agent that had only seen records is step 0.

    Attributes:
        steps: Plant steps made at each evaluation, (P,), the first 0.
        returns: Returns of E whole evaluation episodes at each of them, (P, E).
        training_end: Plant step at which each training episode ended, (L,).
        training_return: What it earned, exploration noise included, (L,).
    """

    steps: Int[np.ndarray, " P"]
    returns: Float[np.ndarray, "P E"]
    training_end: Int[np.ndarray, " L"]
    training_return: Float[np.ndarray, " L"]


@dataclass(frozen=True)
class ValueCheck:
    """An estimate from records against what came true: discounted returns, in plant reward.

    Attributes:
        discount: Per step.
        records: What the records' own episodes earned.
        estimate: Fitted Q evaluation of the agent, from records alone.
        outcome: What the agent then earned on the plant, if it was run.
    """

    discount: float
    records: Interval
    estimate: Interval
    outcome: Interval | None


@dataclass(frozen=True)
class ReportContents:
    """All that a report tells.

    Attributes:
        title: Its heading.
        records: What was learned from.
        agents: Name ("offline", "online") to agent, in the order in which they were made.
        rollouts: Name of an agent to its whole episodes on the plant; empty without a plant.
        score: The published scale of returns, if there is one.
        targets: Pairs (observation column, column of its target).
        history: Metric of offline learning to (updates, values), each (P,).
        value_checks: Name of an agent to its estimated and true value.
        trace: Learning on the plant, if there was any.
        notes: Further sentences: commands, seeds, times.
        gate: What the gate said of the last agent, in one sentence; empty if it was not judged.
    """

    title: str
    records: Episodes
    agents: dict[str, Agent]
    rollouts: dict[str, Episodes]
    score: ScoreRange | None
    targets: tuple[tuple[int, int], ...]
    history: dict[str, tuple[np.ndarray, np.ndarray]]
    value_checks: dict[str, ValueCheck]
    trace: Trace | None
    notes: tuple[str, ...]
    gate: str = ""
