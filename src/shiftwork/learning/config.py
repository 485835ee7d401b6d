"""Configurations whose floats are data and whose other fields are structure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, TypeVar, dataclass_transform

import jax

T = TypeVar("T")


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
