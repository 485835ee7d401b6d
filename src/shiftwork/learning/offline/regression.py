"""Ridge regression on random features, fitted on some blocks of time and judged on others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RIDGES = 10.0 ** np.arange(0, 6)
"""Ridges tried."""

NONE = 1e-12
"""Sum of squares up to which nothing varies."""


@dataclass(frozen=True)
class Errors:
    """Squares of what was not predicted, and of what there was to predict, by block.

    Attributes:
        left: (blocks, C).
        whole: (blocks, C).
    """

    left: np.ndarray
    whole: np.ndarray

    @classmethod
    def of(cls, missed: np.ndarray, whole: np.ndarray, block: np.ndarray, blocks: int) -> Errors:
        """Sum the squares by block, of (T, C) each."""
        sums = np.zeros((2, blocks, missed.shape[1]))
        np.add.at(sums[0], block, np.square(missed))
        np.add.at(sums[1], block, np.square(whole))
        return cls(*sums)

    def share(self, draw: np.ndarray | None = None) -> np.ndarray:
        """Share of the variance that was predicted, (C,), not below 0; of a bootstrap's draw.

        0 where there was none: what never varies shows nothing.
        """
        count = np.ones(len(self.left)) if draw is None else draw
        whole = count @ self.whole
        share = 1.0 - (count @ self.left) / np.maximum(whole, NONE)
        return np.where(whole > NONE, np.clip(share, 0.0, 1.0), 0.0)


def missed_across_halves(
    inputs: np.ndarray,
    weight: np.ndarray,
    shift: np.ndarray,
    target: np.ndarray,
    held_out: np.ndarray,
    block: np.ndarray,
) -> np.ndarray:
    """Fit on each half of the blocks; return what it misses on the other, (T, C).

    Args:
        inputs: (T, I).
        weight: (I, FEATURES) of the random features.
        shift: (FEATURES,).
        target: (T, C).
        held_out: (T,) which half a row belongs to.
        block: (T,) its block.
    """
    features = np.maximum(inputs @ weight + shift, 0.0)
    design = np.concatenate([np.ones((len(inputs), 1), np.float32), inputs, features], axis=1)
    missed = target - target.mean(0)
    for judge in (held_out, ~held_out):
        if judge.any() and not judge.all():
            centre = target[~judge].mean(0)
            fitted = _ridge(design[~judge], target[~judge] - centre, block[~judge], design[judge])
            missed[judge] = target[judge] - centre - fitted
    return missed


def _ridge(design: np.ndarray, target: np.ndarray, block: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Predict by ridge regression; the ridge by cross-validation over blocks, column by column.

    Rows of one block are alike, so that only blocks kept apart show what a ridge is worth.
    """
    parts = [block % 2 == 0, block % 2 == 1]
    grams = [(design[p].T @ design[p]).astype(np.float64) for p in parts]
    along = [design[p].T @ target[p] for p in parts]
    missed = np.zeros((len(RIDGES), target.shape[1]))
    for fit, judge in ((0, 1), (1, 0)):
        for row, solution in enumerate(_solutions(grams[fit], along[fit])):
            predicted = design[parts[judge]] @ solution
            missed[row] += np.square(target[parts[judge]] - predicted).sum(0)
    best = missed.argmin(0)
    solutions = np.stack(_solutions(grams[0] + grams[1], along[0] + along[1]))
    return np.asarray(at @ solutions[best, :, np.arange(target.shape[1])].T)


def _solutions(gram: np.ndarray, along: np.ndarray) -> list[np.ndarray]:
    """The weights for each ridge, (F, C) each."""
    size, axes = np.linalg.eigh(gram)
    size, along = np.maximum(size, 0.0)[:, None], axes.T @ along
    return [(axes @ (along / (size + ridge))).astype(np.float32) for ridge in RIDGES]
