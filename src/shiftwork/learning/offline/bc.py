"""BC: behaviour cloning. Do what the people did; the yardstick that every learner must beat.

    minimize  mean |pi(s) - a|^2

Rewards are not looked at.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from shiftwork.learning.config import config
from shiftwork.learning.learner import Metrics, Sample, Sizes, Values
from shiftwork.learning.nets import Actor, Adam
from shiftwork.learning.offline.td3 import cloning_error
from shiftwork.learning.replay import Batch


@config
class Config:
    """Settings of BC.

    Attributes:
        discount: Unused by BC itself; kept so that its policy can be evaluated at one.
        actor_rate: Adam's rate.
        actor_width: Units in each of the two hidden layers.
        batch: Transitions in a batch.
    """

    discount: float | None = None
    actor_rate: float = 1e-3
    actor_width: int = 64
    batch: int = 256


class BC(eqx.Module):
    """The whole state of learning."""

    config: Any
    actor: Actor
    actor_adam: Adam

    @classmethod
    def create(cls, key: PRNGKeyArray, sizes: Sizes, config: Config, values: Values) -> BC:
        """Begin with a fresh net; values play no part."""
        del values
        actor = Actor.create(key, sizes.observation, config.actor_width, sizes.action)
        return cls(config, actor, Adam.create(actor))

    @property
    def policy(self) -> Actor:
        """What an agent acts with: the actor."""
        return self.actor

    def actor_loss(self, actor: Actor, batch: Batch) -> tuple[Float[Array, ""], Metrics]:
        """Mean squared distance from the recorded action."""
        distance = cloning_error(actor(batch.observation), batch.action).mean()
        return distance, {"cloning_error": distance}

    def update(
        self, sample: Sample, key: PRNGKeyArray, rate: Float[Array, ""]
    ) -> tuple[BC, Metrics]:
        """Make one step."""
        gradient, metrics = jax.grad(self.actor_loss, has_aux=True)(self.actor, sample(key))
        actor, adam = self.actor_adam.step(self.actor, gradient, rate * self.config.actor_rate)
        return BC(self.config, actor, adam), metrics
