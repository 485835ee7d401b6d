"""Choosing among a handful of settings by what the records say, without trying any on the plant.

Candidates learn side by side from one part of the episodes, in one compiled program, and are
judged by fitted Q evaluation on the other part, all at the default's discount: beyond the horizon
that the records can carry, estimates are noise. The default stays unless another is better with
confidence: a tie is no reason to leave what the rule settled.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from shiftwork.errors import UserError
from shiftwork.evaluation.fqe import Evaluation, fitted_q_evaluation
from shiftwork.learning.offline.algorithms import algorithm
from shiftwork.learning.offline.learn import Learned, learn
from shiftwork.learning.offline.settings import settle
from shiftwork.learning.progress import Advance
from shiftwork.records.episodes import Episodes


@dataclass(frozen=True)
class Selection:
    """What selection found.

    Attributes:
        configs: The candidates, the default first, everything settled.
        evaluations: One for each candidate, on episodes that it did not learn from.
        chosen: Number of the candidate to take.
        learned: All candidates, as they learned from a part of the records.
    """

    configs: tuple[Any, ...]
    evaluations: tuple[Evaluation, ...]
    chosen: int
    learned: Learned


def candidates(name: str, records: Episodes) -> tuple[Any, ...]:
    """A handful of settings around the default: what matters most, one step either way.

    Args:
        name: The algorithm.
        records: What it will learn from.
    """
    default = settle(algorithm(name).config(), records)
    horizon = 1.0 / (1.0 - default.discount)
    around = [
        default,
        dataclasses.replace(default, discount=1.0 - 1.0 / max(0.5 * horizon, 2.0)),
        dataclasses.replace(default, discount=1.0 - 1.0 / (2.0 * horizon)),
    ]
    if hasattr(default, "cloning"):
        other = min(0.1 * default.cloning, 1.0) if default.cloning >= 1.0 else 1.0
        around.append(dataclasses.replace(default, cloning=other))
    return tuple(around)


def select(
    records: Episodes,
    name: str = "pars",
    configs: Sequence[Any] = (),
    *,
    updates: int = 20_000,
    seed: int = 0,
    advance: Advance | None = None,
) -> Selection:
    """Choose settings from the records alone.

    Args:
        records: At least four episodes.
        name: The algorithm.
        configs: Candidates that differ in floats only, the default first; made by ``candidates``
            if none are given.
        updates: Critic updates of each candidate.
        seed: Of learning and evaluation.
        advance: Told of progress, in updates of learning and of evaluation.

    Raises:
        UserError: There are too few episodes to keep some apart.
    """
    if len(records.length) < 4:
        raise UserError(
            f"{records.source}: {len(records.length)} episodes are too few to choose settings by; "
            "give at least 4, or leave --select out"
        )
    order = np.random.default_rng(seed).permutation(len(records.length))
    cut = max(1, len(order) // 5)
    judge, teach = records.select(np.sort(order[:cut])), records.select(np.sort(order[cut:]))
    given = tuple(settle(c, records) for c in configs) or candidates(name, records)
    learned = learn(teach, name, given, updates=updates, seeds=[seed] * len(given), advance=advance)
    evaluations = tuple(
        fitted_q_evaluation(judge, learned.agent(i), given[0].discount, seed=seed, advance=advance)
        for i in range(len(given))
    )
    return Selection(given, evaluations, choose(evaluations), learned)


def choose(evaluations: Sequence[Evaluation]) -> int:
    """Take the best candidate whose members beat the default's nine times out of ten.

    Members of the same number saw the same bootstrap draw, so that their differences are paired.
    """
    default = evaluations[0].members
    best, found = 0, 0.0
    for number, evaluation in enumerate(evaluations[1:], start=1):
        difference = evaluation.members - default
        if (difference > 0).mean() >= 0.9 and difference.mean() > found:
            best, found = number, float(difference.mean())
    return best
