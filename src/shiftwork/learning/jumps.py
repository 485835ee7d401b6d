"""Tags that people or the world move now and then, and what moves them in a batch.

Such a tag (a set-point, a price, a feed) stands still and then jumps, whatever the agent does. A critic
that sees each jump where it happened learns by heart which recorded states were followed by one; with
a noisy value from then on it holds a plant beside its set-point. But a jump could as well have come in
any other row. So batches draw jumps again: the tag stays where it is, or, at the recorded rate, takes a
recorded jump. The mean of what is learned stays the same, and nothing is left to learn by heart.

Which tags these are is found from records by ``learning/offline/from_outside.py``.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PRNGKeyArray


class Jumps(NamedTuple):
    """What moves from outside, in plant units or the learner's.

    Attributes:
        held: Columns that are moved from outside, (O,).
        rate: Share of rows in which one of them jumps, ().
        value: Where they go, (J, O): new values, or steps where ``relative``.
        moved: Which of them jump together, (J, O).
        relative: Columns that go on from where they are, as prices do, (O,).
    """

    held: Bool[Array, " O"]
    rate: Float[Array, ""]
    value: Float[Array, "J O"]
    moved: Bool[Array, "J O"]
    relative: Bool[Array, " O"]

    def drawn_again(
        self, observation: Float[Array, "B O"], following: Float[Array, "B O"], key: PRNGKeyArray
    ) -> Float[Array, "B O"]:
        """Let what is moved from outside jump by chance, at the recorded rate, (B, O)."""
        hit_key, row_key = jax.random.split(key)
        hit = jax.random.uniform(hit_key, (len(observation), 1)) < self.rate
        row = jax.random.randint(row_key, (len(observation),), 0, len(self.value))
        still = jnp.where(self.held, observation, following)
        there = jnp.where(self.relative, still + self.value[row], self.value[row])
        return jnp.where(hit & self.moved[row], there, still)

    def scaled(self, mean: Float[np.ndarray, " O"], std: Float[np.ndarray, " O"]) -> Jumps:
        """The same in units of deviations from a mean."""
        value = (self.value - np.where(self.relative, 0.0, mean)[None]) / std[None]
        return self._replace(value=jnp.asarray(value, jnp.float32))
