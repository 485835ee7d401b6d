"""The simplest operators, which belong beside every claim: constant set-points and chance."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from shiftwork.plants.operator import Memory, Reactive
from shiftwork.plants.plant import Plant
from shiftwork.plants.team_plant import TeamStep
from shiftwork.records.tags import box


def constant(action: Float[Array, " A"]) -> Reactive:
    """Keep the set-points where they are, whatever happens (plant units)."""
    return Reactive(lambda observation: action)


@dataclass(frozen=True)
class RandomActions:
    """Draw every action of a plant uniformly within its limits.

    Attributes:
        plant: The plant whose limits count.
    """

    plant: Plant

    def begin(self, key: PRNGKeyArray) -> Memory:
        """Remember nothing."""
        del key
        return ()

    def act(
        self, memory: Memory, observation: Float[Array, " O"], key: PRNGKeyArray
    ) -> tuple[Memory, Float[Array, " A"]]:
        """Draw."""
        del observation
        low, high = box(self.plant.action, self.plant.name)
        return memory, jax.random.uniform(key, low.shape, minval=low, maxval=high)


@dataclass(frozen=True)
class RandomLegal:
    """Draw every agent's macro-action among those that its mask allows, all alike."""

    def begin(self, key: PRNGKeyArray) -> Memory:
        """Remember nothing."""
        del key
        return ()

    def act(
        self, memory: Memory, step: TeamStep, key: PRNGKeyArray
    ) -> tuple[Memory, Int[Array, " N"]]:
        """Draw."""
        lottery = jax.random.uniform(key, step.mask.shape)
        return memory, jnp.where(step.mask, lottery, -1.0).argmax(-1).astype(jnp.int32)
