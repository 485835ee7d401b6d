"""Which of the places that an agent sees coincide.

An observation tells places by their coordinates: of an object, of a tool, of each agent. Whether a
thing is in somebody's hands, on the board or on the plate then is whether two places are one, which
a small net learns slowly from coordinates. Here it is computed.

Works on NumPy's arrays and on JAX's, and needs neither JAX nor learning code.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

Places = tuple[tuple[int, ...], ...]
"""Columns of an observation that together are one place, for each place; all of one length."""

NEAR = 1e-3
"""Places whose coordinates differ by less in sum are one."""


def pairs(places: Places) -> int:
    """Count the pairs of places, P."""
    return len(places) * (len(places) - 1) // 2


def coincidence(observation: Any, places: Places) -> Any:
    """Tell of each pair of places whether they are one.

    Args:
        observation: (..., D). A place whose coordinates all are 0 is not seen.
        places: Their columns.

    Returns:
        Booleans, (..., P): for places 0 and 1, 0 and 2, ..., 1 and 2, ...; false where not seen.
    """
    if not places:
        return observation[..., :0] > 0
    apart, at = _matrices(places, observation.shape[-1])
    dimensions = len(places[0])
    far = abs(observation @ apart).reshape(*observation.shape[:-1], dimensions, pairs(places))
    return (far.sum(-2) < NEAR) & (abs(observation) @ at > 0)


@functools.cache
def _matrices(places: Places, size: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What takes each coordinate of one place from that of the other, and what finds the first.

    As products, because a batch of them is faster than picking columns.
    """
    columns = np.array(places)
    first, second = np.triu_indices(len(places), 1)
    unit = np.eye(size, dtype=np.float32)
    apart = unit[:, columns[first]] - unit[:, columns[second]]  # (D, P, dimensions)
    return apart.swapaxes(1, 2).reshape(size, -1), unit[:, columns[first]].sum(-1)
