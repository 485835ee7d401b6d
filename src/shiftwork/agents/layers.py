"""Layers of a team's nets in NumPy: row i of every array is that of agent i."""

from __future__ import annotations

import numpy as np


def through(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Apply each agent's layer to its row: (N, I) to (N, O)."""
    return np.einsum("ni,nio->no", x, weight) + bias


def recurrent(
    gates: np.ndarray, state: np.ndarray, weight: np.ndarray, candidate_bias: np.ndarray
) -> np.ndarray:
    """One step of a gated recurrent unit (Cho et al. 2014), (N, F)."""
    reset, update, candidate = np.split(gates, 3, 1)
    past_reset, past_update, past = np.split(np.einsum("nf,nfg->ng", state, weight), 3, 1)
    reset, update = _sigmoid(reset + past_reset), _sigmoid(update + past_update)
    candidate = np.tanh(candidate + reset * (past + candidate_bias))
    return candidate + update * (state - candidate)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1.0 + np.tanh(0.5 * x))  # cannot overflow


def normalized(x: np.ndarray) -> np.ndarray:
    """Apply a layer normalization without weights, (N, W)."""
    centred = x - x.mean(1, keepdims=True)
    return centred / np.sqrt(np.square(centred).mean(1, keepdims=True) + 1e-5)


def softmax(preferences: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Probabilities over what is allowed; 0 everywhere where nothing is."""
    most = np.max(preferences, 1, keepdims=True, where=mask, initial=-1e30)
    share = np.where(mask, np.exp(np.where(mask, preferences - most, 0.0)), 0.0)
    return share / np.maximum(share.sum(1, keepdims=True), 1e-30)
