"""What every algorithm takes and gives, so that one compiled loop serves them all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, runtime_checkable

import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from shiftwork.learning.nets import Actor
from shiftwork.learning.replay import Batch

Sample = Callable[[PRNGKeyArray], Batch]
"""Draws a fresh batch."""

Metrics = dict[str, Float[Array, "..."]]


class Sizes(NamedTuple):
    """Columns of observation and action."""

    observation: int
    action: int


class Values(NamedTuple):
    """What the records say about values at a discount, in reward units.

    Attributes:
        mean: Discounted return to go, on average over the records, (): where values begin.
        worst: Lower bound of any return, (): where infeasible actions are pushed to.
        best: Upper bound of any return, ().
        spread: Deviation of the returns to go, (): the scale on which values differ.
    """

    mean: Float[Array, ""] | float
    worst: Float[Array, ""] | float
    best: Float[Array, ""] | float
    spread: Float[Array, ""] | float

    def scaled(self, by: Float[Array, ""] | float) -> Values:
        """The same for rewards multiplied by a positive number."""
        return Values(*(jnp.asarray(by * value) for value in self))


@runtime_checkable
class Learner(Protocol):
    """An algorithm's whole state as one pytree, so that seeds and settings can be vmapped.

    ``update`` makes one cycle: some critic steps, then one of the actor and of the targets.
    """

    @property
    def config(self) -> Any:
        """Its algorithm's settings."""

    @property
    def actor(self) -> Actor:
        """The policy as it stands, which explores."""

    @property
    def policy(self) -> Actor:
        """The policy that an agent acts with."""

    @classmethod
    def create(cls, key: PRNGKeyArray, sizes: Sizes, config: Any, values: Values) -> Learner:
        """Begin with fresh nets."""

    def update(
        self, sample: Sample, key: PRNGKeyArray, rate: Float[Array, ""]
    ) -> tuple[Learner, Metrics]:
        """Make one cycle of updates, all learning rates multiplied by ``rate``."""
