"""Policies that the Simglucose benchmark can play, from the command line's names."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import numpy as np
from model import OBSERVED_PARAMETERS
from plant import FULL_RATE, OBSERVATION_SIZE

# Observations, one row per plant, to one action per plant.
Policy = Callable[[np.ndarray], np.ndarray]

OBSERVATION_CLIP = 10.0


class NetworkPolicy:
    """A multilayer perceptron read from an `.npz` file, in plain NumPy.

    The file holds `w0, b0, w1, b1, ...` (weights of shape inputs x outputs,
    relu in between, tanh at the end) and `obs_mean`, `obs_std`. Observations
    are standardized, then clipped to +-10.
    """

    def __init__(self, file: Path) -> None:
        """Reads and checks the weights.

        Args:
            file: The `.npz` file.

        Raises:
            ValueError: If arrays are missing, do not fit together, hold
                anything not finite, or a standard deviation is not positive.
        """
        with np.load(file) as stored:
            arrays = {name: stored[name].astype(np.float32) for name in stored.files}
        for name in ("obs_mean", "obs_std", "w0", "b0"):
            if name not in arrays:
                raise ValueError(f"{file}: no array {name!r}")
        if not all(np.isfinite(values).all() for values in arrays.values()):
            raise ValueError(f"{file}: holds numbers that are not finite")
        self._mean, self._std = arrays["obs_mean"], arrays["obs_std"]
        for name in ("obs_mean", "obs_std"):
            if arrays[name].shape != (OBSERVATION_SIZE,):
                raise ValueError(f"{file}: {name} is not of shape ({OBSERVATION_SIZE},)")
        if (self._std <= 0).any():
            raise ValueError(f"{file}: obs_std must be positive throughout")
        self._layers = []
        width = OBSERVATION_SIZE
        for i in count():
            if f"w{i}" not in arrays:
                break
            weight, bias = arrays[f"w{i}"], arrays.get(f"b{i}")
            if weight.ndim != 2 or weight.shape[0] != width:
                raise ValueError(f"{file}: w{i} has shape {weight.shape}, inputs {width}")
            width = weight.shape[1]
            if bias is None or bias.shape != (width,):
                raise ValueError(f"{file}: b{i} does not fit w{i}")
            self._layers.append((weight, bias))
        if width != 1:
            raise ValueError(f"{file}: the last layer gives {width} numbers, not 1")

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        """Actions for a batch of observations, shape (n,)."""
        hidden = (observations.astype(np.float32) - self._mean) / self._std
        hidden = np.clip(hidden, -OBSERVATION_CLIP, OBSERVATION_CLIP)
        for weight, bias in self._layers[:-1]:
            hidden = np.maximum(hidden @ weight + bias, 0)
        weight, bias = self._layers[-1]
        return np.asarray(np.tanh(hidden @ weight + bias)[:, 0])


def basal(observations: np.ndarray) -> np.ndarray:
    """The rate that holds each patient steady when fasting, as doctors set it.

    It is read from two observed parameters: u2ss (pmol/kg/min) and weight.
    """
    column = {name: 1 + i for i, name in enumerate(OBSERVED_PARAMETERS)}
    rate = observations[:, column["u2ss"]] * observations[:, column["BW"]] / 6000
    return np.asarray(2 * rate / FULL_RATE - 1)


def load_policy(name: str) -> Policy:
    """Makes a policy from its name on the command line.

    Args:
        name: `constant:VALUE`, `basal`, or the path of an `.npz` file.

    Returns:
        The policy.

    Raises:
        ValueError: If the constant is not a number in [-1, 1] or the file is
            not a fitting network.
    """
    if name == "basal":
        return basal
    if name.startswith("constant:"):
        value = float(name.removeprefix("constant:"))
        if not -1 <= value <= 1:
            raise ValueError(f"{name}: the action must lie in [-1, 1]")
        return lambda observations: np.full(len(observations), value)
    return NetworkPolicy(Path(name))
