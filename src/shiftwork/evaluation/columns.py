"""Rows and columns that values and rewards are learned from."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Int

from shiftwork.records.episodes import Transitions
from shiftwork.records.limits import for_rows
from shiftwork.records.tags import Tags

MOST_PAIRS = 60
"""Distances that are looked at; with more tags of one unit the first ones stand for all."""

MOST_ROWS = 400_000
"""Rows that one fit holds: it draws no more, and millions would take the memory of a small machine."""


def some_rows(transitions: Transitions, seed: int) -> tuple[Transitions, Int[np.ndarray, " R"]]:
    """Draw rows that stand for all where there are very many; otherwise keep all.

    Returns:
        The rows, and their numbers, (R,), rising.
    """
    count = len(transitions.reward)
    if count <= MOST_ROWS:
        return transitions, np.arange(count)
    kept = np.sort(np.random.default_rng(seed).permutation(count)[:MOST_ROWS])
    parts = {name: column[kept] for name, column in vars(transitions).items()}
    return Transitions(**parts), kept


def alike(tags: Tags) -> Int[np.ndarray, "2 P"]:
    """Pairs of columns in one unit: a plant is paid for the distance to a set-point, say."""
    pairs = [
        (i, j)
        for i, j in combinations(range(len(tags)), 2)
        if tags[i].unit and tags[i].unit == tags[j].unit
    ]
    return np.array(pairs[:MOST_PAIRS], np.int64).reshape(-1, 2).T


def distances(observation: Any, std: Any, pairs: Any) -> Any:
    """Distances between like columns, (..., P), in the larger of their deviations.

    Args:
        observation: (..., O), plant units, NumPy or JAX.
        std: Deviations of the columns, (O,) or more, plant units.
        pairs: From ``alike``.
    """
    module = np if isinstance(observation, np.ndarray) else jnp
    a, b = pairs
    apart = module.abs(observation[..., a] - observation[..., b])
    return apart / for_rows(module.maximum(std[a], std[b]), apart)
