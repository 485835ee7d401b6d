"""The weights by which a team acts, as NumPy arrays, and what was searched among them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

SEARCHED = ("direct", "squares", "shares", "columns")
"""The arrays of ``Actors`` that a search fills."""


class Actors(NamedTuple):
    """Weights of N recurrent policies, float32; only an agent's own decisions move its memory.

    D observation, Q pairs of places, C time code, W width, F memory, A macro-actions, P periods. An
    input is [observation, its own place first, which places coincide, sin and cos of time in each
    period, time / horizon].

    Attributes:
        first: Of the encoder's first layer, (N, D + Q + C, W), before a ReLU.
        first_bias: (N, W).
        second: Of its second layer, (N, W, W), before a ReLU.
        second_bias: (N, W).
        gates: Into the recurrent unit's reset, update and candidate, (N, W, 3F).
        gates_bias: (N, 3F).
        recurrent: From the memory into the same, (N, F, 3F).
        candidate_bias: Inside the reset gate, (N, F).
        mix: From the memory, (N, F, W), before a layer normalization and a ReLU.
        mix_bias: (N, W).
        head: To preferences, (N, W, A).
        head_bias: (N, A).
        direct: From an input straight to preferences, (N, D + Q + C, A); 0 where nothing was searched.
        squares: Of what macro-actions would bring, K numbers, to preferences, (N, K).
        shares: How much of each of S things a macro-action takes, for that, (N, A, S).
        columns: Which input tells of a thing, -1 for none, (N, S, K); whole numbers.
        periods: Of the time code in primitive steps, (P,).
        horizon: In primitive steps, (); 0 if time / horizon is no input.
    """

    first: np.ndarray
    first_bias: np.ndarray
    second: np.ndarray
    second_bias: np.ndarray
    gates: np.ndarray
    gates_bias: np.ndarray
    recurrent: np.ndarray
    candidate_bias: np.ndarray
    mix: np.ndarray
    mix_bias: np.ndarray
    head: np.ndarray
    head_bias: np.ndarray
    direct: np.ndarray
    squares: np.ndarray
    shares: np.ndarray
    columns: np.ndarray
    periods: np.ndarray
    horizon: np.ndarray

    def shapes(self, agents: int, seen: int, actions: int) -> tuple[tuple[int, ...], ...]:
        """What the arrays' shapes must be for a team's sizes (``seen`` is D + Q), widths as they are."""
        width, memory = self.first_bias.size // agents, self.candidate_bias.size // agents
        inputs = seen + 2 * self.periods.size + bool(self.horizon.any())
        numbers, things = (
            size // agents for size in (self.squares.size, self.shares.size // actions)
        )
        return (
            (agents, inputs, width),
            (agents, width),
            (agents, width, width),
            (agents, width),
            (agents, width, 3 * memory),
            (agents, 3 * memory),
            (agents, memory, 3 * memory),
            (agents, memory),
            (agents, memory, width),
            (agents, width),
            (agents, width, actions),
            (agents, actions),
            (agents, inputs, actions),
            (agents, numbers),
            (agents, actions, things),
            (agents, things, numbers),
            (self.periods.size,),
            (),
        )


def not_searched(agents: int, inputs: int, actions: int) -> list[np.ndarray]:
    """What ``Actors`` hold, in their order of ``SEARCHED``, where nothing was searched.

    Args:
        agents: N.
        inputs: D + Q + C.
        actions: A.
    """
    nothing = [
        np.zeros((agents, *rest), np.float32) for rest in ((inputs, actions), (1,), (actions, 1))
    ]
    return [*nothing, np.full((agents, 1, 1), -1, np.float32)]


def straight(net: Actors, looked: np.ndarray) -> np.ndarray:
    """What a search added to preferences, (N, A), by what nets take in, (N, I).

    direct: inputs, each weighed for each macro-action
    squares: of sums over things of a macro-action's share and the input that tells of the thing
    """
    # Column -1 is the last: one of zeros.
    known = np.concatenate([looked, np.zeros((len(looked), 1), np.float32)], 1)
    things = known[np.arange(len(known))[:, None, None], net.columns.astype(int)]
    brought = np.einsum("nas,nsk->nak", net.shares, things)
    squared: np.ndarray = np.einsum("nak,nk->na", np.square(brought), net.squares)
    return squared + np.einsum("ni,nia->na", looked, net.direct)
