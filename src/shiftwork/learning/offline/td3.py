"""Pieces of TD3 (Fujimoto et al. 2018) that several offline algorithms build on."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from shiftwork.learning.critic import Critic
from shiftwork.learning.learner import Metrics, Sample
from shiftwork.learning.nets import Actor, Adam, averaged
from shiftwork.learning.replay import Batch


def cycle(
    learner: Any, sample: Sample, key: PRNGKeyArray, rate: Float[Array, ""]
) -> tuple[Any, Metrics]:
    """Make ``actor_delay`` critic steps, then one of the actor and of the targets.

    Targets move once in a cycle, so what the critics shall learn in all of its steps is known at
    its beginning: all batches are drawn and all targets computed at once, in large products.

    Args:
        learner: Any algorithm with TD3's nets and the methods ``target``, whose result goes to
            ``critic_loss`` as it is, ``critic_loss`` and ``actor_loss``.
        sample: Draws a batch.
        key: Random key.
        rate: Multiplies both learning rates.
    """
    config = learner.config
    batch_key, target_key, actor_key = jax.random.split(key, 3)
    batches = jax.vmap(sample)(jax.random.split(batch_key, config.actor_delay))
    targets = jax.vmap(learner.target)(batches, jax.random.split(target_key, config.actor_delay))

    def critic_step(
        carry: tuple[Critic, Adam], rows: tuple[Batch, Any]
    ) -> tuple[tuple[Critic, Adam], Metrics]:
        critic, adam = carry
        gradient, metrics = jax.grad(learner.critic_loss, has_aux=True)(critic, *rows)
        return adam.step(critic, gradient, rate * config.critic_rate), metrics

    (critic, critic_adam), metrics = jax.lax.scan(
        critic_step, (learner.critic, learner.critic_adam), (batches, targets)
    )
    gradient, more = jax.grad(learner.actor_loss, has_aux=True)(
        learner.actor, critic, sample(actor_key)
    )
    actor, actor_adam = learner.actor_adam.step(learner.actor, gradient, rate * config.actor_rate)
    moved = dataclasses.replace(
        learner,
        actor=actor,
        critic=critic,
        actor_target=averaged(learner.actor_target, actor, config.target_rate),
        critic_target=averaged(learner.critic_target, critic, config.target_rate),
        actor_adam=actor_adam,
        critic_adam=critic_adam,
    )
    return moved, jax.tree.map(lambda x: x[-1], metrics) | more


def smoothed_action(
    actor: Actor, observation: Float[Array, "B O"], key: PRNGKeyArray, noise: float | Array
) -> Float[Array, "B A"]:
    """Target policy smoothing: the actor's action plus clipped noise, inside the box (eq. 14)."""
    action = actor(observation)
    jitter = jnp.clip(noise * jax.random.normal(key, action.shape), -0.5, 0.5)
    return jnp.clip(action + jitter, -1.0, 1.0)


def value_weight(value: Float[Array, " B"], offset: float | Array = 0.0) -> Float[Array, ""]:
    """Return 1 / mean |Q - offset| without gradient, which makes Q and cloning commensurable.

    TD3+BC (Fujimoto and Gu 2021, eq. 5) has offset 0. With the records' mean value for offset
    the weight measures how values *differ*: adding a constant to all rewards changes nothing.
    """
    return 1.0 / (jnp.abs(jax.lax.stop_gradient(value) - offset).mean() + 1e-6)


def cloning_error(action: Float[Array, "B A"], recorded: Float[Array, "B A"]) -> Float[Array, " B"]:
    """Squared distance from the recorded action, summed over the action's columns."""
    return jnp.square(action - recorded).sum(-1)
