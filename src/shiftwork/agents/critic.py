"""What an agent thinks actions are worth, with NumPy alone: the critics that taught it, as a file.

The file ``critic.npz`` lies in the agent's folder beside the policy. Acting does not need it;
explaining an action does. An agent that was cloned (bc) has no critics, and folders written by
earlier versions have no such file.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from shiftwork.agents.agent import Agent
from shiftwork.agents.team_nets import normalized
from shiftwork.errors import UserError
from shiftwork.records.formats.npz import read_npz, require

FILE = "critic.npz"


@dataclass(frozen=True)
class Critic:
    """An ensemble of N action values.

    Attributes:
        weights: (N, in, out) float32 for each layer; the first takes observation and action.
        biases: (N, 1, out) float32 for each layer.
        layer_norm: Whether hidden layers are normalized before their ReLU.
        offset: Where values begin, in the nets' own units.
        support: The bins' values, (K,), where a net gives logits over bins; empty where it gives
            one number.
        unit: Plant reward that counts as 1 in the nets' own units.
    """

    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]
    layer_norm: bool
    offset: float
    support: np.ndarray
    unit: float

    def values(self, agent: Agent, observation: np.ndarray, action: np.ndarray) -> np.ndarray:
        """Estimate what follows if an action is taken and the agent acts from then on.

        Args:
            agent: Whose critics these are.
            observation: (B, O), plant units.
            action: (B, A), plant units; what lies beyond the range that the agent uses counts as
                the end of that range, as it did in learning.

        Returns:
            Every critic's value of each pair, (N, B): the discounted sum of rewards, in the
            plant's own reward, without what follows from outside where that was taken off
            (the agent's ``about["outside"]``).
        """
        seen = np.asarray(observation, np.float32)
        share = agent.limits.share(np.asarray(action, np.float32), seen)
        unit = 2.0 * (share - agent.action_low) / (agent.action_high - agent.action_low) - 1.0
        scaled = (seen - agent.observation_mean) / agent.observation_std
        x = np.concatenate([scaled, np.clip(unit, -1.0, 1.0)], -1).astype(np.float32)
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = np.matmul(x, weight) + bias
            if layer < len(self.weights) - 1:
                x = np.maximum(normalized(x) if self.layer_norm else x, 0.0)
        if not self.support.size:
            return self.unit * (x[..., 0] + self.offset)
        # As a distance from the offset, so that rounding is of the differences that matter.
        likely = np.exp(x - x.max(-1, keepdims=True))
        likely /= likely.sum(-1, keepdims=True)
        return self.unit * (likely @ (self.support - np.float32(self.offset)) + self.offset)

    def save(self, folder: Path) -> None:
        """Write it into an agent's folder."""
        arrays = {f"weight_{i}": w for i, w in enumerate(self.weights)}
        arrays |= {f"bias_{i}": b for i, b in enumerate(self.biases)}
        np.savez(
            folder / FILE,
            layer_norm=np.array(self.layer_norm),
            offset=np.array(self.offset),
            support=self.support,
            unit=np.array(self.unit),
            **arrays,  # type: ignore[arg-type]
        )

    @classmethod
    def load(cls, folder: Path, agent: Agent) -> Critic | None:
        """Read it from an agent's folder; None if the agent came without.

        Raises:
            UserError: The file is damaged or of another agent.
        """
        file = folder / FILE
        if not file.exists():
            return None
        arrays = read_npz(file)
        layers = sum(key.startswith("weight_") for key in arrays)
        names = [f"{kind}_{i}" for i in range(layers) for kind in ("weight", "bias")]
        require(arrays, (*names, "layer_norm", "offset", "support", "unit"), file)
        critic = cls(
            tuple(arrays[f"weight_{i}"] for i in range(layers)),
            tuple(arrays[f"bias_{i}"] for i in range(layers)),
            bool(arrays["layer_norm"].all()),
            float(arrays["offset"].sum()),
            arrays["support"],
            float(arrays["unit"].sum()),
        )
        if not critic._fits(len(agent.observation_tags) + len(agent.action_tags)):
            raise UserError(
                f"{file}: its arrays do not fit the agent's tags; copy or learn it again"
            )
        return critic

    def _fits(self, inputs: int) -> bool:
        numbers = (*self.weights, *self.biases, self.support)
        sizes = [inputs, *(bias.shape[-1] for bias in self.biases if bias.ndim == 3)]
        if not self.weights or len(sizes) != len(self.weights) + 1:
            return False
        nets = self.weights[0].shape[0]
        return (
            all(a.dtype == np.float32 and bool(np.isfinite(a).all()) for a in numbers)
            and all(
                weight.shape == (nets, *pair) and bias.shape == (nets, 1, pair[1])
                for weight, bias, pair in zip(
                    self.weights, self.biases, pairwise(sizes), strict=True
                )
            )
            and self.support.ndim == 1
            and sizes[-1] == max(self.support.size, 1)
            and math.isfinite(self.offset)
            and math.isfinite(self.unit)
            and self.unit > 0
        )
