"""Whoever acts: people, rules, schedulers, random choices, agents and teams have one shape.

Both contracts are pure functions over a memory of any kind, so whole episodes can be compiled and
many copies run at once. What is always the same (an agent without memory) has the memory ``()``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
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
    """Whoever runs a ``TeamPlant``.

    An operator that cannot be compiled (it solves a program, or acts with NumPy) has a class
    attribute ``pure = False``; the same episodes are then run step by step.
    """

    def begin(self, key: PRNGKeyArray) -> Memory:
        """Make the memory with which an episode begins."""

    def act(
        self, memory: Memory, step: TeamStep, key: PRNGKeyArray
    ) -> tuple[Memory, Int[Array | np.ndarray, " N"]]:
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


@dataclass(frozen=True, eq=False)
class Begun:
    """An operator that begins every episode with a memory given in advance.

    Attributes:
        operator: Whoever acts, an ``Operator`` or a ``TeamOperator``.
        memory: The memory with which episodes begin: the same people again, say.
    """

    operator: Any
    memory: Memory

    def begin(self, key: PRNGKeyArray) -> Memory:
        """Give the memory."""
        del key
        return self.memory

    def act(self, memory: Memory, seen: Any, key: PRNGKeyArray) -> tuple[Memory, Array]:
        """Act as the operator does."""
        memory, action = self.operator.act(memory, seen, key)
        return memory, action
