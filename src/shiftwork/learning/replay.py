"""Recorded transitions on the device, scaled for learning, and batches drawn from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from shiftwork.errors import UserError
from shiftwork.learning.jumps import Jumps
from shiftwork.learning.outside import Outside
from shiftwork.plants.operator import Reactive
from shiftwork.records.columns import Columns
from shiftwork.records.episodes import Episodes, Transitions
from shiftwork.records.limits import FIXED, MovingLimits, for_rows
from shiftwork.records.tags import box

Numbers = Any
"""A NumPy array outside of compiled programs, a traced one inside."""


@partial(
    jax.tree_util.register_dataclass,
    data_fields=[
        "observation_mean",
        "observation_std",
        "action_low",
        "action_high",
        "reward_unit",
        "outside",
    ],
    meta_fields=["limits"],
)
@dataclass(frozen=True)
class Scaling:
    """How plant units become the learner's units, learned from records.

    Observations: zero mean, unit deviation. A column that hardly ever moves is not blown up.
    Actions: [-1, 1] spans what people did (all but the rarest half per cent at either end), never
    more than the tags' limits. So the unit box is the region with support, and an agent, whose
    output ends in a tanh, cannot propose beyond it. Where an action's limits differ from step to
    step, all this is meant of its share of the box of the moment: -1 and 1 are other set-points at
    each step, and PARS penalizes beyond the limits that held there and then.
    Rewards: without what follows from outside, divided by their deviation.

    Attributes:
        observation_mean: (O,), plant units.
        observation_std: (O,), plant units.
        action_low: (A,), plant units or share of moving limits; -1 to the learner.
        action_high: (A,), plant units or share of moving limits; +1 to the learner.
        reward_unit: Plant reward that counts as 1.
        limits: Where the observation holds limits that move.
        outside: What of a reward is the same whatever is done; None if nothing is known to be.
    """

    observation_mean: Numbers
    observation_std: Numbers
    action_low: Numbers
    action_high: Numbers
    reward_unit: Any
    limits: MovingLimits = FIXED
    outside: Outside | None = None

    @classmethod
    def of(cls, records: Episodes, tail: float = 0.005) -> Scaling:
        """Fit the scaling to records.

        Raises:
            UserError: An action was never moved, so that nothing can be learned about it.
        """
        mean, std, span = Columns.of(records.observation)
        low, high = box(records.action_tags, records.source)
        limits = MovingLimits.find(records.observation_tags, records.action_tags, records.source)
        low, high = np.where(limits.moving, 0, low), np.where(limits.moving, 1, high)
        action = np.asarray(limits.share(records.action, records.transitions.observation))
        used_low = np.quantile(action, tail, axis=0).astype(np.float32)
        used_high = np.quantile(action, 1 - tail, axis=0).astype(np.float32)
        for tag, a, b, whole in zip(
            records.action_tags, used_low, used_high, high - low, strict=True
        ):
            if b - a <= 1e-6 * whole:
                raise UserError(
                    f"{records.source}: action tag '{tag.name}' was never moved, so nothing can be "
                    "learned about it; make it an observation or leave it out"
                )
        reward_std = float(records.reward.std(dtype=np.float64))
        return cls(
            observation_mean=mean.astype(np.float32),
            observation_std=np.where(std > 1e-6 * span, std, 1.0).astype(np.float32),
            action_low=np.maximum(used_low, low).astype(np.float32),
            action_high=np.minimum(used_high, high).astype(np.float32),
            reward_unit=reward_std if reward_std > 1e-6 else 1.0,
            limits=limits,
        )

    def observe(self, observation: Array | np.ndarray) -> Any:
        """Scale observations (..., O) from plant units."""
        mean = for_rows(self.observation_mean, observation)
        return (observation - mean) / for_rows(self.observation_std, observation)

    def act(self, action: Array | np.ndarray, observation: Array | np.ndarray) -> Any:
        """Turn the learner's actions (..., A) into plant units, seeing (..., O) in plant units."""
        low, high = for_rows(self.action_low, action), for_rows(self.action_high, action)
        share = low + 0.5 * (action + 1.0) * (high - low)
        return self.limits.action(share, observation)

    def earned(self, reward: Array | np.ndarray, observation: Array | np.ndarray) -> Any:
        """Scale rewards (...,) that came of acting on observations (..., O) in plant units."""
        if self.outside is not None:
            reward = reward - self.outside(observation)
        return reward / self.reward_unit

    def operator(self, policy: Callable[[Array], Array]) -> Reactive:
        """Make a policy in the learner's units, (B, O) to (B, A), an operator in plant units."""
        return Reactive(lambda seen: self.act(policy(self.observe(seen)[None])[0], seen))

    def recorded(self, action: Array | np.ndarray, observation: Array | np.ndarray) -> Array:
        """Turn plant actions (..., A) into the learner's; rare ones beyond the box are clipped."""
        share = self.limits.share(action, observation)
        unit = 2.0 * (share - self.action_low) / (self.action_high - self.action_low) - 1.0
        return jnp.clip(unit, -1.0, 1.0)


class Batch(NamedTuple):
    """Transitions in the learner's units.

    Attributes:
        observation: (B, O).
        action: (B, A) in [-1, 1].
        reward: (B,).
        next_observation: (B, O).
        next_action: (B, A); meaningless where ``last``.
        continues: (B,), 0 at a terminal, else 1: whether there is a future to bootstrap from.
        last: (B,), 1 at an episode's last row for whatever cause, else 0.
    """

    observation: Float[Array, "*B O"]
    action: Float[Array, "*B A"]
    reward: Float[Array, "*B"]
    next_observation: Float[Array, "*B O"]
    next_action: Float[Array, "*B A"]
    continues: Float[Array, "*B"]
    last: Float[Array, "*B"]


class Replay(eqx.Module):
    """A store of transitions on the device, of which the first ``size`` rows are filled.

    Attributes:
        rows: Arrays with a leading axis of the store's capacity.
        size: Number of rows that may be drawn, ().
        jumps: What is moved from outside, in the learner's units: drawn again in each batch.
    """

    rows: Batch
    size: Int[Array, ""]
    jumps: Jumps | None = None

    @classmethod
    def of(cls, transitions: Transitions, scaling: Scaling, jumps: Jumps | None = None) -> Replay:
        """Put recorded transitions on the device.

        Args:
            transitions: In plant units.
            scaling: To the learner's units.
            jumps: What is moved from outside, in plant units.
        """
        if jumps is not None:
            jumps = jumps.scaled(scaling.observation_mean, scaling.observation_std)
        return cls(scaled(transitions, scaling), jnp.asarray(len(transitions.reward)), jumps)

    @classmethod
    def empty(cls, like: Batch, capacity: int) -> Replay:
        """Make room for ``capacity`` transitions of the same shapes."""
        rows = jax.tree.map(lambda x: jnp.zeros((capacity, *x.shape[1:]), x.dtype), like)
        return cls(rows, jnp.zeros((), jnp.int32))

    def add(self, batch: Batch) -> Replay:
        """Append what one step of K copies gave, K rows; the store must have room for them.

        What is done now is the next action of the rows of the step before, unless they were the
        last of their episodes.
        """
        count = len(batch.reward)
        before = self.size - count  # of an empty store, rows that are overwritten at once
        past, last = (
            jax.lax.dynamic_slice_in_dim(x, before, count)
            for x in (self.rows.next_action, self.rows.last)
        )
        known = jnp.where(last[:, None] > 0, past, batch.action)
        rows = self.rows._replace(
            next_action=jax.lax.dynamic_update_slice_in_dim(self.rows.next_action, known, before, 0)
        )
        rows = jax.tree.map(
            lambda store, new: jax.lax.dynamic_update_slice_in_dim(store, new, self.size, 0),
            rows,
            batch,
        )
        return Replay(rows, self.size + count)

    def cut(self, count: int) -> Replay:
        """Mark the newest ``count`` rows as the last of their episodes: nothing follows them."""
        newest = jnp.arange(len(self.rows.last)) >= self.size - count
        filled = jnp.arange(len(self.rows.last)) < self.size
        last = jnp.where(newest & filled, 1.0, self.rows.last)
        return Replay(self.rows._replace(last=last), self.size)

    def sample(self, key: PRNGKeyArray, batch_size: int) -> Batch:
        """Draw rows uniformly, with replacement."""
        rows = jax.random.randint(key, (batch_size,), 0, self.size)
        batch = jax.tree.map(lambda x: x[rows], self.rows)
        if self.jumps is None:
            return batch
        following = self.jumps.drawn_again(
            batch.observation, batch.next_observation, jax.random.fold_in(key, 1)
        )
        return batch._replace(next_observation=following)


def scaled(transitions: Transitions, scaling: Scaling) -> Batch:
    """Turn transitions in plant units into the learner's."""
    return Batch(
        observation=jnp.asarray(scaling.observe(transitions.observation)),
        action=scaling.recorded(transitions.action, transitions.observation),
        reward=jnp.asarray(scaling.earned(transitions.reward, transitions.observation)),
        next_observation=jnp.asarray(scaling.observe(transitions.next_observation)),
        next_action=scaling.recorded(transitions.next_action, transitions.next_observation),
        continues=1.0 - jnp.asarray(transitions.terminal, jnp.float32),
        last=jnp.asarray(transitions.last, jnp.float32),
    )
