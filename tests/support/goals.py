"""A line with a goal at one end: every step costs 1 until the goal is reached, which ends the episode."""

from __future__ import annotations

import numpy as np

from shiftwork.records.episodes import Episodes
from shiftwork.records.tags import Tag, numbered

GOAL, PACE = 0.9, 0.05


def line(runs=200, steps=100, seed=0):
    """Records of people who walk up and down [-1, 1], a new direction every tenth step.

    A row that begins at the goal earns 0 and is terminal, as in OGBench's tasks; elsewhere a row earns
    -1. Walking goes on behind the goal, in a new episode.
    """
    rng = np.random.default_rng(seed)
    direction = np.repeat(rng.uniform(-1, 1, (runs, -(-steps // 10))), 10, axis=1)[:, :steps]
    action = np.clip(direction + 0.3 * rng.normal(size=(runs, steps)), -1, 1)
    seen = np.empty((runs, steps + 1))
    seen[:, 0] = rng.uniform(-1, 1, runs)
    for step in range(steps):
        seen[:, step + 1] = np.clip(seen[:, step] + PACE * action[:, step], -1, 1)
    terminal = seen[:, :-1] > GOAL
    last = terminal.copy()
    last[:, -1] = True
    at = np.flatnonzero(last)
    behind = seen[:, 1:].reshape(-1)[at]
    return Episodes(
        np.insert(seen[:, :-1].reshape(-1), at + 1, behind)[:, None].astype(np.float32),
        action.reshape(-1, 1).astype(np.float32),
        (terminal - 1.0).reshape(-1).astype(np.float32),
        np.diff(at, prepend=-1).astype(np.int64),
        terminal.reshape(-1)[at],
        numbered("obs", 1),
        (Tag("pace", "", -1.0, 1.0),),
    )
