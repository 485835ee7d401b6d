"""What every algorithm takes and gives, so that one compiled loop serves them all."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, Self, TypeVar

import jax
from jaxtyping import Array, Float, PRNGKeyArray

from shiftwork.learning.nets import Actor
from shiftwork.learning.replay import Batch

Sample = Callable[[PRNGKeyArray], Batch]
"""Draws a fresh batch."""

Metrics = dict[str, Float[Array, ""]]
C = TypeVar("C", bound=type[Any])


class Sizes(NamedTuple):
    """Columns of observation and action."""

    observation: int
    action: int


class Values(NamedTuple):
    """What the records say about values at a discount, in reward units.

    Attributes:
        mean: Discounted return to go, on average over the records, (): where values begin.
        worst: Lower bound of any return, (): where infeasible actions are pushed to.
    """

    mean: Float[Array, ""] | float
    worst: Float[Array, ""] | float


class Learner(Protocol):
    """An algorithm's whole state as one pytree, so that seeds and settings can be vmapped.

    ``update`` makes one cycle: some critic steps, then one of the actor and of the targets.
    """

    @property
    def actor(self) -> Actor:
        """The policy as it stands, which explores."""

    @property
    def policy(self) -> Actor:
        """The policy that an agent acts with."""

    @classmethod
    def create(cls, key: PRNGKeyArray, sizes: Sizes, config: Any, values: Values) -> Self:
        """Begin with fresh nets."""

    def update(self, sample: Sample, key: PRNGKeyArray, rate: Float[Array, ""]) -> tuple[Self, Metrics]:
        """Make one cycle of updates, all learning rates multiplied by ``rate``."""


class Evaluates(Protocol):
    """A learner that has action values."""

    def value(self, observation: Float[Array, "B O"], action: Float[Array, "B A"]) -> Float[Array, " B"]:
        """Return the learner's estimate of Q in reward units, (B,)."""


def config(cls: C) -> C:
    """Make a frozen dataclass whose floats are data and whose other fields are structure.

    Floats may differ between the members of a vmapped sweep and change without recompiling;
    integers and flags (sizes, counts, switches) belong to the compiled program.
    """
    frozen: Any = dataclasses.dataclass(frozen=True, kw_only=True)(cls)
    names = {f.name: str(f.type) for f in dataclasses.fields(frozen)}
    floats = [name for name, kind in names.items() if kind.startswith("float")]
    jax.tree_util.register_dataclass(
        frozen, data_fields=floats, meta_fields=[n for n in names if n not in floats]
    )
    return frozen
