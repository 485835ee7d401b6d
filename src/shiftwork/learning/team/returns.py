"""Returns and advantages in event time: decisions last as long as they last.

Menda et al. 2019, "Deep Reinforcement Learning for Event-Driven Multi-Agent Decision Processes"
(arXiv 1709.06656), as used by ACAC (Jung et al., ICML 2025). With R_k the discounted reward of the
tau_k primitive steps between the events k and k + 1:

    delta_k = R_k + discount^tau_k V_(k+1) - V_k
    A_k     = delta_k + discount^tau_k lambda A_(k+1)
    G_k     = A_k + V_k

Everything stays on the primitive clock: one backward pass in which lambda is applied at events
only, so that events need no list, no padding and no capacity, whatever their pattern. The clock may
be the joint one (any agent decides) or each agent's own.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float


class Advantages(NamedTuple):
    """What ``event_advantages`` gives; meaningless where there is no event.

    Attributes:
        advantage: A_k at the step at which event k stands, (T, *B).
        target: G_k, what the value at that step should have been, (T, *B).
    """

    advantage: Float[Array, " T *B"]
    target: Float[Array, " T *B"]


def event_advantages(
    reward: Float[Array, " T *B"],
    ended: Bool[Array, " T *B"],
    event: Bool[Array, " T *B"],
    value: Float[Array, " T *B"],
    last_value: Float[Array, "*B"],
    discount: float | Float[Array, ""],
    trace: float | Float[Array, ""],
) -> Advantages:
    """Compute advantages over steps that may hold several episodes one behind the other.

    Args:
        reward: Of each primitive step.
        ended: The plant ended the episode with this step: nothing that follows counts.
        event: At the beginning of this step somebody on this clock decides. True at the first
            step and wherever an episode begins.
        value: V at the beginning of each step; used at events only.
        last_value: V after the last step, which cuts an episode that runs on. The rewards between
            its last event and the cut are all counted.
        discount: Per primitive step (gamma).
        trace: Lambda.
    """

    def backward(
        later: tuple[Array, Array], step: tuple[Array, ...]
    ) -> tuple[tuple[Array, Array], Advantages]:
        # ``follows``: worth of being after this step, seen from the last event before it.
        follows, _ = later
        reward, ended, event, value = step
        target = reward + discount * jnp.where(ended, 0.0, follows)
        advantage = target - value
        follows = jnp.where(event, value + trace * advantage, target)
        return (follows, advantage), Advantages(advantage, target)

    begin = (last_value, jnp.zeros_like(last_value))
    _, found = jax.lax.scan(backward, begin, (reward, ended, event, value), reverse=True)
    return found


def durations(event: Bool[Array, " T *B"]) -> Float[Array, " T *B"]:
    """Primitive steps since the last event, at the beginning of each step; 0 at an event."""

    def forward(age: Array, event: Array) -> tuple[Array, Array]:
        age = jnp.where(event, 0.0, age + 1.0)
        return age, age

    _, ages = jax.lax.scan(forward, jnp.zeros(event.shape[1:]), event)
    return ages
