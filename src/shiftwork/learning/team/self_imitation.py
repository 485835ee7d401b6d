"""Learning again from the best that a team has done (Oh et al. 2018, arXiv 1806.05635).

What takes all agents at once happens by luck at first, once in hundreds of episodes, and a single
gradient step forgets it. Each learner therefore keeps its best runs and raises the probability
of what was done in them wherever that earned more than the critic expects.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from shiftwork.learning.team.critics import Valued
from shiftwork.learning.team.events import Packed
from shiftwork.learning.team.policy import log_probabilities
from shiftwork.learning.team.returns import event_advantages
from shiftwork.learning.team.rollout import Batch, beside, take


class Best(NamedTuple):
    """The best runs so far, M copies' columns of some batches.

    Attributes:
        batch: What happened.
        earned: Discounted reward from each step to its episode's end or the cut, (T, M).
        score: The best discounted return of an episode in the run, (M,); -inf while empty.
    """

    batch: Batch
    earned: Float[Array, "T M"]
    score: Float[Array, " M"]

    @classmethod
    def empty(cls, like: Batch, runs: int) -> Best:
        """Make room for so many runs."""
        few = take(like, jnp.zeros(runs, jnp.int32))
        zero = jax.tree.map(jnp.zeros_like, few)
        return cls(zero, jnp.zeros_like(zero.reward), jnp.full(runs, -jnp.inf, jnp.float32))

    def merged(self, batch: Batch, discount: float | Array) -> Best:
        """Keep the best of what is kept and what is new."""
        earned = discounted(batch, discount)
        begins = batch.rows.fresh[:-1]
        score = jnp.where(begins, earned, -jnp.inf).max(0)
        scores, order = jax.lax.top_k(jnp.concatenate([self.score, score]), len(self.score))
        kept = take(beside(self.batch, batch), order)
        return Best(kept, jnp.concatenate([self.earned, earned], 1)[:, order], scores)

    def gain(self, critic: Valued) -> Float[Array, "T M"]:
        """max(R - V, 0) in units of the values' spread; 0 where there is no run yet."""
        rows = jax.tree.map(lambda x: x[:-1], self.batch.rows)
        more = jnp.maximum(self.earned - critic.values(rows).mean(0), 0.0) / critic.std
        return jnp.where(jnp.isfinite(self.score), more, 0.0)


def discounted(batch: Batch, discount: float | Array) -> Float[Array, "T E"]:
    """Discounted reward from each step to the end of its episode, or to the cut."""
    nothing = jnp.zeros_like(batch.reward)
    never = jnp.zeros_like(batch.ended)
    return event_advantages(
        batch.reward, batch.ended, never, nothing, nothing[0], discount, 1.0
    ).target


class Again(NamedTuple):
    """Some of the best runs, and what each of their steps earned more than was expected.

    Attributes:
        batch: What happened.
        gain: As ``Best.gain`` gives it, (T, M).
    """

    batch: Batch
    gain: Float[Array, "T M"]


def imitation_loss(
    preferences: Float[Array, "K N M A"], packed: Packed, again: Again
) -> Float[Array, ""]:
    """-log pi(a) times the gain, at the decisions of some of the best runs."""
    logs = log_probabilities(preferences, packed.take(again.batch.mask), 0.0)
    taken = jnp.take_along_axis(logs, packed.take(again.batch.macro)[..., None], -1)[..., 0]
    return -(taken * packed.take(again.gain[:, None])).mean(where=packed.real)
