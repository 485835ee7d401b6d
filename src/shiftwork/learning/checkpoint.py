"""Keeping what has been learned so far, so that stopped work goes on where it stood."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

import jax
import numpy as np

from shiftwork.errors import UserError
from shiftwork.files import written_whole
from shiftwork.records.formats.npz import read_npz, require

Tree = TypeVar("Tree")


def save_tree(path: Path, tree: Any, about: dict[str, Any]) -> None:
    """Write a pytree of arrays with a description, whole or not at all."""
    leaves = [np.asarray(_plain(leaf)) for leaf in jax.tree.leaves(tree)]
    with written_whole(path) as temporary:
        np.savez(
            temporary,
            about=np.array(json.dumps(about, sort_keys=True)),
            **{f"leaf_{i:03d}": leaf for i, leaf in enumerate(leaves)},  # type: ignore[arg-type]
        )


def read_about(path: Path) -> dict[str, Any]:
    """Read the description beside a saved tree.

    Raises:
        UserError: The file is damaged.
    """
    arrays = read_npz(path)
    require(arrays, ("about",), path)
    try:
        about = json.loads(str(arrays["about"]))
    except json.JSONDecodeError:
        about = None
    if not isinstance(about, dict):
        raise UserError(f"{path}: is damaged; delete it to begin again")
    return about


def about_same_work(path: Path, identity: dict[str, Any], work: str) -> dict[str, Any]:
    """Read the description of a checkpoint from which the same work is to go on.

    Args:
        path: The checkpoint.
        identity: What makes the work the same.
        work: What else it may belong to, for the message: "records, settings or seeds".

    Raises:
        UserError: It belongs to other work, or is damaged.
    """
    about = read_about(path)
    if about.get("identity") != identity:
        raise UserError(f"{path}: belongs to {work}; delete it or choose another --out")
    return about


def load_tree(path: Path, like: Tree) -> Tree:
    """Read a pytree that ``save_tree`` wrote, into the structure of ``like``.

    Raises:
        UserError: The file is damaged or holds another structure.
    """
    arrays = read_npz(path)
    leaves, structure = jax.tree.flatten(like)
    saved = [arrays.get(f"leaf_{i:03d}") for i in range(len(leaves))]
    wanted = [np.asarray(_plain(leaf)) for leaf in leaves]
    if len(arrays) != len(leaves) + 1 or any(
        s is None or (s.shape, s.dtype) != (w.shape, w.dtype)
        for s, w in zip(saved, wanted, strict=True)
    ):
        raise UserError(f"{path}: was written by other settings or another version; learn it again")
    return jax.tree.unflatten(
        structure, [_like(leaf, array) for leaf, array in zip(leaves, saved, strict=True)]
    )


def _plain(leaf: Any) -> Any:
    if isinstance(leaf, jax.Array) and jax.numpy.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return jax.random.key_data(leaf)
    return leaf


def _like(leaf: Any, array: Any) -> Any:
    if isinstance(leaf, jax.Array) and jax.numpy.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return jax.random.wrap_key_data(array)
    return jax.numpy.asarray(array)
