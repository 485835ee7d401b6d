"""Whoever acts: people, rules, schedulers, random choices, agents and teams have one shape.

Both contracts are pure functions over a memory of any kind, so whole episodes can be compiled and
many copies run at once. What is always the same (an agent without memory) has the memory ``()``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from jaxtyping import Array, Float, Int, PRNGKeyArray

from shiftwork.plants.team_plant import TeamStep

Memory = Any
"""What an operator carries from one decision to the next, a pytree of fixed shapes."""


@runtime_checkable
class Operator(Protocol):
    """Whoever runs a ``Plant``."""

    def begin(self, key: PRNGKeyArray) -> Memory:
        """Make the memory with which an episode begins."""

    def act(
        self, memory: Memory, observation: Float[Array, " O"], key: PRNGKeyArray
    ) -> tuple[Memory, Float[Array, " A"]]:
        """Decide on one observation; return the memory from now on and the action."""


@runtime_checkable
class TeamOperator(Protocol):
    """Whoever runs a ``TeamPlant``."""

    def begin(self, key: PRNGKeyArray) -> Memory:
        """Make the memory with which an episode begins."""

    def act(
        self, memory: Memory, step: TeamStep, key: PRNGKeyArray
    ) -> tuple[Memory, Int[Array, " N"]]:
        """Decide for each agent; what is given to an agent that may not decide yet is ignored."""


@dataclass(frozen=True, eq=False)
class Reactive:
    """An operator without memory: a function of the observation alone.

    Attributes:
        decide: Observation (O,) to action (A,), plant units, made of JAX operations.
    """

    decide: Callable[[Array], Array]

    def begin(self, key: PRNGKeyArray) -> Memory:
        """Remember nothing."""
        del key
        return ()

    def act(
        self, memory: Memory, observation: Float[Array, " O"], key: PRNGKeyArray
    ) -> tuple[Memory, Float[Array, " A"]]:
        """Act on the observation."""
        del key
        return memory, self.decide(observation)
