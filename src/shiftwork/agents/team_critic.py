"""What a team thinks its situation is worth, with NumPy alone: the critic that taught it, as a file.

The file ``critic.npz`` lies in the team's folder beside the policies. Acting does not need it;
explaining a decision does. Teams of ACAC, and those learned from records, have it; teams of other
algorithms, and folders that earlier versions wrote, have no such file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from shiftwork.agents.team import Team
from shiftwork.agents.team_nets import normalized, remembered, softmax, time_code
from shiftwork.errors import UserError
from shiftwork.records.formats.npz import read_npz, require

FILE = "critic.npz"


class CriticNets(NamedTuple):
    """Weights of the critic of N agents, float32; what a critic lacks is 0, which adds nothing.

    I inputs as of the policies, W width, F memory, C time code, H heads.

    Attributes:
        first: Of the encoder's first layer, (N, I, W), before a ReLU.
        first_bias: (N, W).
        second: Of its second layer, (N, W, W), before a ReLU.
        second_bias: (N, W).
        gates: Into the recurrent unit's reset, update and candidate, (N, W, 3F).
        gates_bias: (N, 3F).
        recurrent: From the memory into the same, (N, F, 3F).
        candidate_bias: Inside the reset gate, (N, F).
        ages: From the time code of the steps since each agent decided, (C, F).
        ages_bias: (F,).
        agent: Embedding of each agent, (N, F).
        mix: To query, key and value of all heads, (F, 3F).
        out: (F, F).
        feed: Of the block's perceptron, (F, G), before a ReLU.
        feed_bias: (G,).
        back: (G, F).
        back_bias: (F,).
        value: To the value, (F,).
        scale: Bias of the value, then standard deviation and mean of what it was fitted to, (3,).
        heads: H, ().
    """

    first: np.ndarray
    first_bias: np.ndarray
    second: np.ndarray
    second_bias: np.ndarray
    gates: np.ndarray
    gates_bias: np.ndarray
    recurrent: np.ndarray
    candidate_bias: np.ndarray
    ages: np.ndarray
    ages_bias: np.ndarray
    agent: np.ndarray
    mix: np.ndarray
    out: np.ndarray
    feed: np.ndarray
    feed_bias: np.ndarray
    back: np.ndarray
    back_bias: np.ndarray
    value: np.ndarray
    scale: np.ndarray
    heads: np.ndarray

    def shapes(self, agents: int, inputs: int, code: int) -> tuple[tuple[int, ...], ...]:
        """What the arrays' shapes must be for a team's sizes, widths as they are."""
        width, size = self.first_bias.size // agents, self.ages_bias.size
        return (
            (agents, inputs, width), (agents, width), (agents, width, width), (agents, width),
            (agents, width, 3 * size), (agents, 3 * size), (agents, size, 3 * size), (agents, size),
            (code, size), (size,), (agents, size), (size, 3 * size), (size, size),
            (size, self.feed_bias.size), (self.feed_bias.size,), (self.feed_bias.size, size), (size,),
            (size,), (3,), (),
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class TeamCritic:
    """ACAC's critic: the carried histories of all agents attend to each other and are averaged.

    Attributes:
        nets: The weights.
    """

    nets: CriticNets

    def begin(self) -> np.ndarray:
        """Memories at an episode's beginning, (N, F)."""
        return np.zeros_like(self.nets.candidate_bias)

    def moved(self, memory: np.ndarray, looked: np.ndarray, decides: np.ndarray) -> np.ndarray:
        """Memories after a step in which some decide: as ``team_nets.remembered`` has it."""
        return remembered(self.nets, memory, looked, decides)

    def value(self, team: Team, memory: np.ndarray, age: np.ndarray) -> float:
        """Estimate what follows: the discounted sum of rewards, in the plant's own reward.

        Args:
            team: Whose critic this is.
            memory: Of all agents, (N, F).
            age: Primitive steps since each decided, (N,).
        """
        nets, actors = self.nets, team.actors
        x = memory + time_code(age, actors.periods, actors.horizon) @ nets.ages + nets.ages_bias
        x = x + nets.agent
        agents, width = x.shape
        split = (normalized(x) @ nets.mix).reshape(agents, 3, int(nets.heads), -1)
        query, key, value = (split[:, i].swapaxes(0, 1) for i in range(3))  # (H, N, F / H)
        score = query @ key.swapaxes(1, 2) * np.float32(value.shape[-1] ** -0.5)
        mixed = softmax(score, np.ones_like(score, bool)) @ value
        x = x + mixed.swapaxes(0, 1).reshape(agents, width) @ nets.out
        fed = np.maximum(normalized(x) @ nets.feed + nets.feed_bias, 0.0)
        x = x + fed @ nets.back + nets.back_bias
        bias, std, mean = nets.scale
        return float((normalized(x).mean(0) @ nets.value + bias) * std + mean)

    def save(self, folder: Path) -> None:
        """Write it into a team's folder."""
        np.savez(folder / FILE, **self.nets._asdict())

    @classmethod
    def load(cls, folder: Path, team: Team) -> TeamCritic | None:
        """Read it from a team's folder; None if the team came without.

        Raises:
            UserError: The file is damaged or of another team.
        """
        file = folder / FILE
        if not file.exists():
            return None
        arrays = read_npz(file)
        require(arrays, CriticNets._fields, file)
        nets = CriticNets(**{name: arrays[name] for name in CriticNets._fields})
        actors = team.actors
        code = 2 * actors.periods.size + bool(actors.horizon.any())
        shapes = nets.shapes(len(team.agents), actors.first.shape[1], code)
        fits = all(
            array.shape == shape and array.dtype == np.float32 and bool(np.isfinite(array).all())
            for array, shape in zip(nets, shapes, strict=True)
        )
        if not fits or not nets.heads >= 1 or nets.ages_bias.size % int(nets.heads):
            raise UserError(
                f"{file}: its arrays do not fit the team's sizes; copy or learn the team again"
            )
        return cls(nets)
