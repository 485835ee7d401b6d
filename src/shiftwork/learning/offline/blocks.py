"""Blocks of time: what is fitted on some is judged on others."""

from __future__ import annotations

import numpy as np

from shiftwork.records.episodes import Episodes

SHORTEST_BLOCK = 100
"""Steps that a piece of a long run has at least."""

BLOCKS = 40
"""Pieces that one long run is cut into where it is long enough."""

FEWEST_BLOCKS, FEWEST_ROWS = 6, 400
"""Below these nothing is measured."""

DRAWS = 200
"""Of a bootstrap over blocks."""


def blocks_of(records: Episodes) -> tuple[np.ndarray, np.ndarray]:
    """Number each step's block, (T,), and the step at which it ends, (T,)."""
    steps = len(records.reward)
    longest = max(SHORTEST_BLOCK, steps // BLOCKS)
    within = np.arange(steps) - records.starts[records.episode_of_step]
    # Pieces of one episode are of like length, so that no crumb is left at its end.
    pieces = np.maximum(records.length // longest, 1)
    piece = within * pieces[records.episode_of_step] // records.length[records.episode_of_step]
    first = np.concatenate([[True], (np.diff(records.episode_of_step) > 0) | (np.diff(piece) > 0)])
    block = np.cumsum(first) - 1
    end = np.append(np.flatnonzero(first)[1:], steps)
    return block, end[block]


def halves_and_draws(blocks: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Choose half of the blocks, and draw from all of them again and again for a bootstrap.

    Args:
        blocks: How many there are, N.
        rng: Gives both, in this order.

    Returns:
        Whether each block is in the first half, (N,), and how often it is in each draw, (DRAWS, N).
    """
    half = np.zeros(blocks, bool)
    half[rng.permutation(blocks)[: blocks // 2]] = True
    return half, rng.multinomial(blocks, np.full(blocks, 1 / blocks), DRAWS)
