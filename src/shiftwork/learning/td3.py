"""Pieces of TD3 (Fujimoto et al. 2018) that several offline algorithms build on."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from shiftwork.learning.nets import Actor


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
