"""Clones the recorded behaviour with a small network: an example and a check.

The result is a policy file for evaluate.py, whose score should come near the
published one for behaviour cloning (75.1).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from policies import OBSERVATION_CLIP

HIDDEN = (128, 128)
BATCH = 256
LEARNING_RATE = 1e-3
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8  # Adam's usual constants


def clone(observations: np.ndarray, actions: np.ndarray, steps: int, seed: int) -> dict[str, Any]:
    """Fits actions by least squares with Adam.

    Args:
        observations: Shape (n, 31).
        actions: Shape (n, 1), in [-1, 1].
        steps: Gradient steps.
        seed: Of initial weights and batches.

    Returns:
        The arrays of a policy file.
    """
    rng = np.random.default_rng(seed)
    mean = observations.mean(axis=0, dtype=np.float64).astype(np.float32)
    # Two parameters are the same for all patients; 1 leaves them at zero.
    spread = observations.std(axis=0, dtype=np.float64)
    std = np.where(spread > 1e-4 * np.abs(mean) + 1e-12, spread, 1.0).astype(np.float32)
    inputs = np.clip((observations - mean) / std, -OBSERVATION_CLIP, OBSERVATION_CLIP)
    sizes = (observations.shape[1], *HIDDEN, 1)
    weights: list[np.ndarray] = []
    for fan_in, fan_out in zip(sizes[:-1], sizes[1:], strict=True):
        scale = np.sqrt(2 / fan_in)
        weights.append((scale * rng.standard_normal((fan_in, fan_out))).astype(np.float32))
        weights.append(np.zeros(fan_out, dtype=np.float32))
    first = [np.zeros_like(w) for w in weights]
    second = [np.zeros_like(w) for w in weights]
    for step in range(1, steps + 1):
        rows = rng.integers(len(inputs), size=BATCH)
        gradients = _gradients(weights, inputs[rows], actions[rows])
        rate = LEARNING_RATE * (1 - step / (steps + 1))
        for w, g, m, v in zip(weights, gradients, first, second, strict=True):
            m += (1 - BETA1) * (g - m)
            v += (1 - BETA2) * (g * g - v)
            corrected = np.sqrt(v / (1 - BETA2**step)) + EPSILON
            w -= rate * (m / (1 - BETA1**step)) / corrected
    named = {f"{'wb'[i % 2]}{i // 2}": w for i, w in enumerate(weights)}
    return {**named, "obs_mean": mean, "obs_std": std}


def _gradients(
    weights: list[np.ndarray], inputs: np.ndarray, targets: np.ndarray
) -> list[np.ndarray]:
    """Gradients of the mean squared error, one per weight array."""
    layers = len(weights) // 2
    kept = [inputs]
    for i in range(layers):
        hidden = kept[-1] @ weights[2 * i] + weights[2 * i + 1]
        kept.append(np.maximum(hidden, 0) if i < layers - 1 else np.tanh(hidden))
    gradients: list[np.ndarray] = []
    back = 2 * (kept[-1] - targets) / len(inputs) * (1 - kept[-1] ** 2)
    for i in reversed(range(layers)):
        gradients = [kept[i].T @ back, back.sum(axis=0), *gradients]
        if i:
            back = (back @ weights[2 * i].T) * (kept[i] > 0)
    return gradients


def main() -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("records", type=Path, help="NeoRL-2 .npz file")
    parser.add_argument("--out", type=Path, required=True, help="policy file to write")
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with np.load(options.records) as stored:
        observations, actions = stored["obs"], stored["action"]
    arrays = clone(observations, actions, options.steps, options.seed)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez(options.out, **arrays)
    return 0


if __name__ == "__main__":
    sys.exit(main())
