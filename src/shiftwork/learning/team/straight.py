"""What a search found (search.py): preferences straight from what agents saw last, beside their nets.

    preference of a += x . direct[:, a] + sum over numbers k of squares[k] * prospect[a, k] ** 2
    prospect[a, k]   = sum over things s of shares[a, s] * x[columns[s, k]]

Prospects are what macro-actions would bring (``plants.team_plant.Prospects``); a sum of columns does not
say that one is near to another, its square does.
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from shiftwork.learning.nets import product
from shiftwork.plants.team_plant import Prospects, TeamShape, prospects_of


class Straight(eqx.Module):
    """Weights of N nets, with what they count.

    Attributes:
        direct: From an input to preferences, (N, I, A).
        squares: Of what macro-actions would bring, (N, K).
        shares: How much of each thing a macro-action takes, (N, A, S); data.
        columns: Which input tells of a thing, -1 for none, (N, S, K); data, kept as float like all that
            an optimizer is given.
    """

    direct: Float[Array, "N I A"]
    squares: Float[Array, "N K"]
    shares: Float[Array, "N A S"]
    columns: Float[Array, "N S K"]

    @classmethod
    def create(cls, plant: TeamShape, first: tuple[int, ...], inputs: int) -> Straight:
        """Count nothing yet.

        Args:
            plant: The plant, which says what macro-actions would bring.
            first: The first agent that uses each set of weights.
            inputs: I.
        """
        actions = max(map(len, plant.macro_actions))
        told = [prospects_of(plant, agent) or _nothing() for agent in first]
        things, numbers = (max(one.columns.shape[axis] for one in told) for axis in (0, 1))
        shares = [_padded(jnp.asarray(one.shares), (actions, things), 0.0) for one in told]
        columns = [
            _padded(jnp.asarray(one.columns, jnp.float32), (things, numbers), -1.0) for one in told
        ]
        return cls(
            jnp.zeros((len(first), inputs, actions)),
            jnp.zeros((len(first), numbers)),
            jnp.stack(shares),
            jnp.stack(columns),
        )

    def __call__(self, x: Float[Array, "N B I"]) -> Float[Array, "N B A"]:
        """Prefer by what agents saw last."""
        would = jax.vmap(brought)(x, self.shares, self.columns)
        squared = jnp.einsum("nbak,nk->nba", jnp.square(would), self.squares)
        return product(x, self.direct) + squared


def brought(
    x: Float[Array, "B I"], shares: Float[Array, "A S"], columns: Float[Array, "S K"]
) -> Float[Array, "B A K"]:
    """What macro-actions would bring, by what was seen last.

    Args:
        x: What was seen.
        shares: How much of each thing a macro-action takes; data.
        columns: Which input tells of a thing, -1 for none; data.
    """
    shares, columns = jax.lax.stop_gradient((shares, columns))
    # Column -1 is the last: one of zeros.
    known = jnp.concatenate([x, jnp.zeros((len(x), 1))], -1)
    return jnp.einsum("as,bsk->bak", shares, known[:, columns.astype(jnp.int32)])


def _padded(x: Array, shape: tuple[int, int], value: float) -> Array:
    more = [(0, want - has) for want, has in zip(shape, x.shape, strict=True)]
    return jnp.pad(x, more, constant_values=value)


def _nothing() -> Prospects:
    """Of agents that cannot tell what their macro-actions would bring: one number, always 0."""
    return Prospects(jnp.zeros((0, 1)), np.full((1, 1), -1, np.int32))
