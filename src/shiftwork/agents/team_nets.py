"""What the nets of a team compute, with NumPy alone: one set of weights for each agent."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np


@runtime_checkable
class Encoder(Protocol):
    """Weights that turn what an agent saw into a memory; as ``Actors`` has them."""

    @property
    def first(self) -> np.ndarray: ...  # noqa: D102
    @property
    def first_bias(self) -> np.ndarray: ...  # noqa: D102
    @property
    def second(self) -> np.ndarray: ...  # noqa: D102
    @property
    def second_bias(self) -> np.ndarray: ...  # noqa: D102
    @property
    def gates(self) -> np.ndarray: ...  # noqa: D102
    @property
    def gates_bias(self) -> np.ndarray: ...  # noqa: D102
    @property
    def recurrent(self) -> np.ndarray: ...  # noqa: D102
    @property
    def candidate_bias(self) -> np.ndarray: ...  # noqa: D102


def remembered(
    net: Encoder, memory: np.ndarray, looked: np.ndarray, decides: np.ndarray
) -> np.ndarray:
    """Move the memories of those who decide; the others keep theirs.

    Args:
        net: The weights.
        memory: Before, (N, F).
        looked: What nets take in, (N, I).
        decides: Who decides, (N,).

    Returns:
        The memories after it, (N, F).
    """
    x = np.maximum(through(looked, net.first, net.first_bias), 0.0)
    x = np.maximum(through(x, net.second, net.second_bias), 0.0)
    gates = through(x, net.gates, net.gates_bias)
    moved = _recurrent(gates, memory, net.recurrent, net.candidate_bias)
    return np.where(decides[:, None], moved, memory)


def time_code(steps: np.ndarray, periods: np.ndarray, horizon: np.ndarray) -> np.ndarray:
    """Code primitive steps (B,) as sine and cosine in each period and, if there is one, step / horizon."""
    angle = steps[:, None].astype(np.float32) * (np.float32(2 * np.pi) / periods)
    parts = [np.sin(angle), np.cos(angle)]
    if horizon:
        parts.append(steps[:, None].astype(np.float32) / np.float32(horizon))
    return np.concatenate(parts, 1)


def through(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Apply each agent's layer to its row: (N, I) to (N, O)."""
    return np.einsum("ni,nio->no", x, weight) + bias


def normalized(x: np.ndarray) -> np.ndarray:
    """Layer normalization over the last axis, without gain and bias."""
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt(np.square(centred).mean(-1, keepdims=True) + 1e-5)


def softmax(preferences: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Probabilities over what is allowed; 0 everywhere where nothing is."""
    most = np.max(preferences, -1, keepdims=True, where=mask, initial=-1e30)
    share = np.where(mask, np.exp(np.where(mask, preferences - most, 0.0)), 0.0)
    return share / np.maximum(share.sum(-1, keepdims=True), 1e-30)


def _recurrent(
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
