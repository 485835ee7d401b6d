"""What every algorithm takes and gives, so that one compiled loop serves them all."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol, TypeVar, dataclass_transform, runtime_checkable

import jax
from jaxtyping import Array, Float, PRNGKeyArray

from shiftwork.learning.nets import Actor
from shiftwork.learning.replay import Batch

Sample = Callable[[PRNGKeyArray], Batch]
"""Draws a fresh batch."""

Metrics = dict[str, Float[Array, "..."]]
T = TypeVar("T")


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


@runtime_checkable
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
    def create(cls, key: PRNGKeyArray, sizes: Sizes, config: Any, values: Values) -> Learner:
        """Begin with fresh nets."""

    def update(
        self, sample: Sample, key: PRNGKeyArray, rate: Float[Array, ""]
    ) -> tuple[Learner, Metrics]:
        """Make one cycle of updates, all learning rates multiplied by ``rate``."""


@dataclass_transform(frozen_default=True, kw_only_default=True)
def config(cls: type[T]) -> type[T]:
    """Make a frozen dataclass whose floats are data and whose other fields are structure.

    Floats may differ between the members of a vmapped sweep and change without recompiling;
    integers and flags (sizes, counts, switches) belong to the compiled program.
    """
    frozen: Any = dataclasses.dataclass(frozen=True, kw_only=True)(cls)
    names = {f.name: str(f.type) for f in dataclasses.fields(frozen)}
    floats = [name for name, kind in names.items() if kind.startswith("float")]
    others = [name for name in names if name not in floats]

    def flatten(one: Any) -> tuple[list[tuple[Any, Any]], tuple[Any, ...]]:
        keys = [jax.tree_util.GetAttrKey(name) for name in floats]
        return [(key, getattr(one, key.name)) for key in keys], tuple(
            getattr(one, n) for n in others
        )

    def unflatten(structure: tuple[Any, ...], data: Iterable[Any]) -> Any:
        values = dict(zip(others, structure, strict=True)) | dict(zip(floats, data, strict=True))
        return _made(frozen, values)

    jax.tree_util.register_pytree_with_keys(frozen, flatten, unflatten)
    return frozen


def replaced(config: Any, **changes: Any) -> Any:
    """Change fields of a configuration whose floats may be arrays by now."""
    return _made(type(config), vars(config) | changes)


def _made(cls: Any, values: dict[str, Any]) -> Any:
    """Make a configuration without its constructor, which takes floats and no arrays."""
    made = object.__new__(cls)
    vars(made).update(values)
    return made
