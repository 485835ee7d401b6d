"""PARS: penalizing infeasible actions and reward scaling.

Kim, Shin, Jung, Hong, Yoon, Sung, Lee, Lim, "Penalizing Infeasible Actions and Reward Scaling
in Reinforcement Learning with Offline Data", ICML 2025, arXiv 2507.08761.

    repeat
        repeat actor_delay times                                 (2 offline, 20 online)
            y  = c r + discount min_{subset} Q'(s', a'),  a' smoothed from the target actor
            minimize  loss(Q(s, a), y)  +  penalty loss(Q(s, a_inf), q_min)
        minimize  cloning |pi(s) - a|^2  -  Q(s, pi(s)) / mean |Q|
        move both targets

RS-LN: rewards are scaled up and the critics have LayerNorm, so that the net needs finer
features, recorded and unrecorded actions become less alike, and values fall outside the data.
PA: far outside the feasible box values are pushed to ``q_min``; the critic, which is continuous,
then falls towards the edge of the box from inside.

Ours: values begin at the records' mean return instead of 0; the actor's weight measures how
values differ, not how large they are; the penalty is estimated on a part of the batch; the rates are
higher and fall linearly; and the loss is a cross-entropy over bins instead of squares
(``learning/critic.py``). Both give means. But what nobody could foresee, such as an operator's new
set-point, is noise that a critic trained on squares learns by heart, which shows as a steady offset
from the set-point. Why, with figures: docs/settings.md.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from shiftwork.learning.config import config
from shiftwork.learning.critic import Critic
from shiftwork.learning.learner import Metrics, Sample, Sizes, Values
from shiftwork.learning.nets import Actor, Adam
from shiftwork.learning.offline.td3 import cloning_error, cycle, smoothed_action, value_weight
from shiftwork.learning.replay import Batch


@config
class Config:
    """Settings of PARS; what is None is set from the records (``learning/offline/settings.py``).

    Attributes:
        discount: Per step.
        cloning: Weight of the distance from recorded actions in the actor's loss (beta).
        reward_scale: On rewards of unit deviation (c_reward).
        penalty: Weight of the infeasible actions' loss (alpha).
        distance: Infeasible actions lie at 1 to 2 times this, in half-widths of the box (L).
        policy_noise: Deviation of the target policy's smoothing.
        critic_rate: Adam's rate for the critics.
        actor_rate: Adam's rate for the actor.
        target_rate: Share of the way that targets move towards their nets (tau).
        bins: Of the critics' distributions; 0 gives the paper's squares.
        critics: Size of the ensemble (N).
        subset: Target critics of which the least counts, drawn again each time (S).
        width: Units in each hidden layer of the critics.
        actor_width: Units in each hidden layer of the actor.
        depth: Hidden layers of the critics.
        batch: Transitions in a batch.
        penalty_batch: Rows of the batch on which the penalty is estimated.
        actor_delay: Critic steps for each step of the actor and the targets.
        layer_norm: The LN of RS-LN; off only to show what it does.
        pessimistic: The actor climbs the least of all critics (offline) or their mean (online).
    """

    discount: float | None = None
    cloning: float | None = None
    reward_scale: float = 1.0
    penalty: float = 0.01
    distance: float = 100.0
    policy_noise: float = 0.2
    critic_rate: float = 1e-2
    actor_rate: float = 3e-3
    target_rate: float | None = None
    bins: int = 65
    critics: int = 4
    subset: int = 2
    width: int = 64
    actor_width: int = 64
    depth: int = 2
    batch: int = 256
    penalty_batch: int = 64
    actor_delay: int = 2
    layer_norm: bool = True
    pessimistic: bool = True


class PARS(eqx.Module):
    """The whole state of learning."""

    config: Any
    q_min: Float[Array, ""]
    actor: Actor
    critic: Critic
    actor_target: Actor
    critic_target: Critic
    actor_adam: Adam
    critic_adam: Adam

    @classmethod
    def create(cls, key: PRNGKeyArray, sizes: Sizes, config: Config, values: Values) -> PARS:
        """Begin with fresh nets whose values stand at the records' mean."""
        actor_key, critic_key = jax.random.split(key)
        actor = Actor.create(actor_key, sizes.observation, config.actor_width, sizes.action)
        scaled = values.scaled(config.reward_scale)
        critic = Critic.create(
            critic_key,
            sizes.observation + sizes.action,
            config.width,
            scaled,
            nets=config.critics,
            depth=config.depth,
            layer_norm=config.layer_norm,
            bins=config.bins,
        )
        return cls(
            config,
            jnp.asarray(scaled.worst),
            actor,
            critic,
            actor,
            critic,
            Adam.create(actor),
            Adam.create(critic),
        )

    @property
    def policy(self) -> Actor:
        """What an agent acts with: the actor, averaged over its recent past."""
        return self.actor_target

    def target(
        self, batch: Batch, key: PRNGKeyArray
    ) -> tuple[Float[Array, " B"], Float[Array, "P A"]]:
        """Y = c r + discount (1 - terminal) min over a random subset of Q'(s', a'), and a_inf."""
        noise_key, subset_key, infeasible_key = jax.random.split(key, 3)
        action = smoothed_action(
            self.actor_target, batch.next_observation, noise_key, self.config.policy_noise
        )
        future = self.critic_target(batch.next_observation, action)
        if self.config.subset < self.config.critics:
            order = jax.random.permutation(subset_key, self.config.critics)
            future = future[order[: self.config.subset]]
        target = (
            self.config.reward_scale * batch.reward
            + self.config.discount * batch.continues * future.min(0)
        )
        return target, self.infeasible_actions(infeasible_key, batch.action.shape[-1])

    def infeasible_actions(self, key: PRNGKeyArray, columns: int) -> Float[Array, "P A"]:
        """a_inf: every column uniform in [-2L, -L] or [L, 2L]."""
        size_key, sign_key = jax.random.split(key)
        shape = (self.config.penalty_batch, columns)
        size = self.config.distance * jax.random.uniform(size_key, shape, minval=1.0, maxval=2.0)
        return jnp.where(jax.random.bernoulli(sign_key, shape=shape), size, -size)

    def critic_loss(
        self,
        critic: Critic,
        batch: Batch,
        aim: tuple[Float[Array, " B"], Float[Array, "P A"]],
    ) -> tuple[Float[Array, ""], Metrics]:
        """Temporal-difference loss plus the penalty on infeasible actions, in one pass."""
        target, infeasible = aim
        rows, part = len(target), len(infeasible)
        value, error = critic.value_and_error(
            jnp.concatenate([batch.observation, batch.observation[:part]]),
            jnp.concatenate([batch.action, infeasible]),
            jnp.concatenate([target, jnp.full(part, self.q_min)]),
        )
        recorded, unseen = value[:, :rows], value[:, rows:]
        scale = self.config.reward_scale
        # Summed over critics: each member is trained as if it stood alone.
        loss = (error[:, :rows].mean(1) + self.config.penalty * error[:, rows:].mean(1)).sum()
        return loss, {
            "td_error": jnp.sqrt(jnp.square(recorded - target[None]).mean()) / scale,
            "value": recorded.mean() / scale,
            "value_infeasible": unseen.mean() / scale,
        }

    def actor_loss(
        self, actor: Actor, critic: Critic, batch: Batch
    ) -> tuple[Float[Array, ""], Metrics]:
        """Cloning |pi(s) - a|^2 - Q(s, pi(s)) / mean |Q - offset|."""
        action = actor(batch.observation)
        values = critic(batch.observation, action)
        value = values.min(0) if self.config.pessimistic else values.mean(0)
        distance = cloning_error(action, batch.action).mean()
        loss = self.config.cloning * distance - value_weight(value, critic.offset) * value.mean()
        return loss, {"cloning_error": distance}

    def update(
        self, sample: Sample, key: PRNGKeyArray, rate: Float[Array, ""]
    ) -> tuple[PARS, Metrics]:
        """Make ``actor_delay`` critic steps, then one of the actor and the targets."""
        return cycle(self, sample, key, rate)

    def value(
        self, observation: Float[Array, "B O"], action: Float[Array, "B A"]
    ) -> Float[Array, " B"]:
        """Return the ensemble's mean value in reward units."""
        return self.critic(observation, action).mean(0) / self.config.reward_scale
