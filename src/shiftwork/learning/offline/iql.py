"""IQL: Kostrikov, Nair, Levine, "Offline RL with Implicit Q-Learning", ICLR 2022.

Never asks for the value of an action that nobody took (arXiv 2110.06169):

    V:  minimize  L_tau( min_i Q'_i(s, a) - V(s) ),  L_tau(u) = |tau - 1(u < 0)| u^2     (eq. 5)
    Q:  minimize  ( r + discount V(s') - Q_i(s, a) )^2                                  (eq. 6)
    pi: maximize  exp( temperature (Q' - V) ) log pi(a | s)                             (eq. 7)

The policy is a Gaussian around a tanh mean with one deviation for each action column, as
published; the agent acts by its mean. Advantages are divided by their mean size in the batch,
so that one temperature serves rewards of any size (ours).
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
from shiftwork.learning.nets import MLP, Actor, Adam, averaged
from shiftwork.learning.replay import Batch


@config
class Config:
    """Settings of IQL.

    Attributes:
        discount: Per step; from the records if None.
        expectile: How far V leans to the best recorded actions (tau); 0.5 is their mean.
        temperature: How strongly the policy prefers them (beta).
        critic_rate: Adam's rate for Q and V.
        actor_rate: Adam's rate for the policy.
        target_rate: Share of the way that the target moves towards Q; from the records if None.
        width: Units in each of the two hidden layers of Q and V.
        actor_width: Units in each of the policy's two hidden layers.
        batch: Transitions in a batch.
    """

    discount: float | None = None
    expectile: float = 0.7
    temperature: float = 3.0
    critic_rate: float = 1e-3
    actor_rate: float = 1e-3
    target_rate: float | None = None
    width: int = 64
    actor_width: int = 64
    batch: int = 256


class IQL(eqx.Module):
    """The whole state of learning; ``offset`` is added to the net that is V."""

    config: Any
    actor: Actor
    log_std: Float[Array, " A"]
    critic: Critic
    critic_target: Critic
    state_value: MLP
    offset: Float[Array, ""]
    actor_adam: Adam
    critic_adam: Adam
    value_adam: Adam

    @classmethod
    def create(cls, key: PRNGKeyArray, sizes: Sizes, config: Config, values: Values) -> IQL:
        """Begin with fresh nets whose values stand at the records' mean."""
        actor_key, critic_key, value_key = jax.random.split(key, 3)
        actor = Actor.create(actor_key, sizes.observation, config.actor_width, sizes.action)
        log_std = jnp.zeros(sizes.action)
        offset = jnp.asarray(values.mean, jnp.float32)
        critic = Critic.create(
            critic_key,
            sizes.observation + sizes.action,
            config.width,
            values,
            nets=2,
            layer_norm=False,
        )
        state_value = MLP.create(value_key, (sizes.observation, config.width, config.width, 1))
        return cls(
            config,
            actor,
            log_std,
            critic,
            critic,
            state_value,
            offset,
            Adam.create((actor, log_std)),
            Adam.create(critic),
            Adam.create(state_value),
        )

    @property
    def policy(self) -> Actor:
        """What an agent acts with: the actor."""
        return self.actor

    def v(self, net: MLP, observation: Float[Array, "B O"]) -> Float[Array, " B"]:
        """V(s)."""
        return net(observation)[0, :, 0] + self.offset

    def value_loss(self, net: MLP, batch: Batch) -> Float[Array, ""]:
        """Expectile regression of V on the target critic (eq. 5)."""
        best = self.critic_target(batch.observation, batch.action).min(0)
        error = best - self.v(net, batch.observation)
        weight = jnp.where(error < 0, 1 - self.config.expectile, self.config.expectile)
        return (weight * jnp.square(error)).mean()

    def critic_loss(
        self, critic: Critic, batch: Batch, net: MLP
    ) -> tuple[Float[Array, ""], Metrics]:
        """Squared error of Q against r + discount (1 - terminal) V(s') (eq. 6)."""
        future = self.v(net, batch.next_observation)
        target = batch.reward + self.config.discount * batch.continues * future
        value = critic(batch.observation, batch.action)
        error = jnp.square(value - jax.lax.stop_gradient(target)[None]).mean(1)
        return error.sum(), {"td_error": jnp.sqrt(error.mean()), "value": value.mean()}

    def actor_loss(
        self, policy: tuple[Actor, Float[Array, " A"]], batch: Batch, net: MLP
    ) -> tuple[Float[Array, ""], Metrics]:
        """Log likelihood of recorded actions, weighted by their advantage (eq. 7)."""
        actor, log_std = policy
        best = self.critic_target(batch.observation, batch.action).min(0)
        advantage = best - self.v(net, batch.observation)
        unit = jnp.abs(advantage).mean() + 1e-6
        weight = jnp.minimum(jnp.exp(self.config.temperature * advantage / unit), 100.0)
        action = actor(batch.observation)
        deviation = (batch.action - action) / jnp.exp(log_std)[None]
        log_likelihood = -(0.5 * jnp.square(deviation) + log_std[None]).sum(-1)
        distance = jnp.square(action - batch.action).sum(-1).mean()
        return -(weight * log_likelihood).mean(), {"cloning_error": distance}

    def update(
        self, sample: Sample, key: PRNGKeyArray, rate: Float[Array, ""]
    ) -> tuple[IQL, Metrics]:
        """Make one step of V, policy and Q on one batch, in the order of the published code."""
        batch = sample(key)
        gradient = jax.grad(self.value_loss)(self.state_value, batch)
        state_value, value_adam = self.value_adam.step(
            self.state_value, gradient, rate * self.config.critic_rate
        )
        policy = (self.actor, self.log_std)
        gradient, more = jax.grad(self.actor_loss, has_aux=True)(policy, batch, state_value)
        (actor, log_std), actor_adam = self.actor_adam.step(
            policy, gradient, rate * self.config.actor_rate
        )
        gradient, metrics = jax.grad(self.critic_loss, has_aux=True)(
            self.critic, batch, state_value
        )
        critic, critic_adam = self.critic_adam.step(
            self.critic, gradient, rate * self.config.critic_rate
        )
        learner = IQL(
            self.config,
            actor,
            jnp.clip(log_std, -5.0, 2.0),
            critic,
            averaged(self.critic_target, critic, self.config.target_rate),
            state_value,
            self.offset,
            actor_adam,
            critic_adam,
            value_adam,
        )
        return learner, metrics | more

    def value(
        self, observation: Float[Array, "B O"], action: Float[Array, "B A"]
    ) -> Float[Array, " B"]:
        """Return the mean of both critics in reward units."""
        return self.critic(observation, action).mean(0)
