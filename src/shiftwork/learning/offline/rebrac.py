"""ReBRAC: Tarasov et al., "Revisiting the Minimalist Approach to Offline RL", NeurIPS 2023.

TD3+BC with the cloning penalty split in two, LayerNorm and a third layer in the critics
(arXiv 2305.09836, section 3):

    y = r + discount [ min_i Q'_i(s', a') - critic_cloning |a' - a'_recorded|^2 ]
    actor: minimize  actor_cloning |pi(s) - a|^2  -  min_i Q_i(s, pi(s)) / mean |Q|

Where an episode ends there is no recorded next action, so nothing is penalized there.

Ours: values begin at the records' mean return, and the weight of Q measures how values differ.
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
    """Settings of ReBRAC.

    Attributes:
        discount: Per step; from the records if None.
        actor_cloning: Weight of cloning in the actor's loss (beta 1).
        critic_cloning: Weight of cloning in the critic's target (beta 2).
        policy_noise: Deviation of the target policy's smoothing.
        critic_rate: Adam's rate for the critics.
        actor_rate: Adam's rate for the actor.
        target_rate: Share of the way that targets move towards their nets (tau); from the records if None.
        width: Units in each of the critics' hidden layers.
        depth: Hidden layers of the critics.
        bins: Of the critics' distributions; 0 gives the paper's squares.
        actor_width: Units in each of the actor's two hidden layers.
        batch: Transitions in a batch.
        actor_delay: Critic steps for each step of the actor and the targets.
    """

    discount: float | None = None
    actor_cloning: float = 0.01
    critic_cloning: float = 0.01
    policy_noise: float = 0.2
    critic_rate: float = 1e-3
    actor_rate: float = 1e-3
    target_rate: float | None = None
    width: int = 64
    depth: int = 3
    bins: int = 0
    actor_width: int = 64
    batch: int = 256
    actor_delay: int = 2


class ReBRAC(eqx.Module):
    """The whole state of learning."""

    config: Any
    actor: Actor
    critic: Critic
    actor_target: Actor
    critic_target: Critic
    actor_adam: Adam
    critic_adam: Adam

    @classmethod
    def create(cls, key: PRNGKeyArray, sizes: Sizes, config: Config, values: Values) -> ReBRAC:
        """Begin with fresh nets whose values stand at the records' mean."""
        actor_key, critic_key = jax.random.split(key)
        actor = Actor.create(actor_key, sizes.observation, config.actor_width, sizes.action)
        critic = Critic.create(
            critic_key,
            sizes.observation + sizes.action,
            config.width,
            values,
            nets=2,
            depth=config.depth,
            bins=config.bins,
        )
        return cls(config, actor, critic, actor, critic, Adam.create(actor), Adam.create(critic))

    @property
    def policy(self) -> Actor:
        """What an agent acts with: the actor, averaged over its recent past."""
        return self.actor_target

    def target(self, batch: Batch, key: PRNGKeyArray) -> Float[Array, " B"]:
        """Y = r + discount (1 - terminal) [min_i Q'_i(s', a') - beta_2 |a' - a'_recorded|^2]."""
        action = smoothed_action(
            self.actor_target, batch.next_observation, key, self.config.policy_noise
        )
        future = self.critic_target(batch.next_observation, action).min(0)
        distance = cloning_error(action, batch.next_action) * (1.0 - batch.last)
        future = future - self.config.critic_cloning * distance
        return batch.reward + self.config.discount * batch.continues * future

    def critic_loss(
        self, critic: Critic, batch: Batch, target: Float[Array, " B"]
    ) -> tuple[Float[Array, ""], Metrics]:
        """Temporal-difference loss, summed over both critics."""
        value, error = critic.value_and_error(batch.observation, batch.action, target)
        td_error = jnp.sqrt(jnp.square(value - target[None]).mean())
        return error.mean(1).sum(), {"td_error": td_error, "value": value.mean()}

    def actor_loss(
        self, actor: Actor, critic: Critic, batch: Batch
    ) -> tuple[Float[Array, ""], Metrics]:
        """beta_1 |pi(s) - a|^2 - min_i Q_i(s, pi(s)) / mean |Q - offset|."""
        action = actor(batch.observation)
        value = critic(batch.observation, action).min(0)
        distance = cloning_error(action, batch.action).mean()
        loss = self.config.actor_cloning * distance
        return loss - value_weight(value, critic.offset) * value.mean(), {"cloning_error": distance}

    def update(
        self, sample: Sample, key: PRNGKeyArray, rate: Float[Array, ""]
    ) -> tuple[ReBRAC, Metrics]:
        """Make ``actor_delay`` critic steps, then one of the actor and the targets."""
        return cycle(self, sample, key, rate)

    def value(
        self, observation: Float[Array, "B O"], action: Float[Array, "B A"]
    ) -> Float[Array, " B"]:
        """Return the mean of both critics in reward units."""
        return self.critic(observation, action).mean(0)
