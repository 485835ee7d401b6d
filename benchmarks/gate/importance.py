"""Weighted importance sampling, the classical estimate that needs neither model nor values.

A piece of the records counts for an agent by how much likelier the agent's choices would have made it
than the people's (Precup, Sutton and Singh 2000, per decision, self-normalized). People's choices are
taken as normal around their clone with the deviation that the records show, the agent's as normal
around its own with the same deviation.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shiftwork.agents.agent import Agent
from shiftwork.records.episodes import Episodes


def weighted_importance(
    records: Episodes, clone: Agent, agents: Sequence[Agent], discount: float, steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Estimate the gain over people by weighting pieces of the records.

    Args:
        records: What people did.
        clone: Their practice.
        agents: The agents.
        discount: Per step.
        steps: Length of the pieces; shorter where episodes are.

    Returns:
        Gain per step and effective number of pieces behind it, both (P,).
    """
    steps = min(steps, int(records.length.min()))
    begins = [
        np.arange(start, start + length - steps + 1, max(steps // 2, 1))
        for start, length in zip(records.starts, records.length, strict=True)
    ]
    rows = np.concatenate(begins)[:, None] + np.arange(steps)
    seen, done = records.transitions.observation, records.action.astype(np.float64)
    practice = clone.act(seen)
    deviation = (done - practice).std(0)
    weight = discount ** np.arange(steps)
    earned = weight * records.reward[rows].astype(np.float64)
    gains, effective = [], []
    for agent in agents:
        apart = np.square(done - practice) - np.square(done - agent.act(seen))
        ratio = np.cumsum((apart / (2.0 * np.square(deviation))).sum(1)[rows], 1)
        share = np.exp(ratio - ratio.max(0))
        share /= share.sum(0)
        gains.append((1.0 - discount) * float((share * earned).sum() - earned.mean(0).sum()))
        effective.append(float(1.0 / np.square(share[:, -1]).sum()))
    return np.array(gains), np.array(effective)
