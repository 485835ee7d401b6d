"""The places that an agent sees: its own first, and which of them coincide.

An observation tells places by their coordinates: of an object, of a tool, of each agent. Whether a
thing is in somebody's hands, on the board or on the plate then is whether two places are one, which
a small net learns slowly from coordinates. Here it is computed.

Agents that share a net must tell themselves from the others: each finds its own place where the
others find theirs.

Works on NumPy's arrays and on JAX's, and needs neither JAX nor learning code.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Places(NamedTuple):
    """Where in the observations of N agents places stand.

    Attributes:
        columns: Columns of an observation that together are one place, for each place; all of one
            length.
        own: Which of the places is each agent's own, N of them; none where no agent has a place.
    """

    columns: tuple[tuple[int, ...], ...] = ()
    own: tuple[int, ...] = ()


NEAR = 1e-3
"""Places whose coordinates differ by less in sum are one."""


def make_sense(places: Places, agents: int, size: int) -> bool:
    """Whether all are as long as one another and stand in an observation of so many columns.

    And nobody's own is another's.
    """
    columns = {column for place in places.columns for column in place}
    lengths = {len(place) for place in places.columns}
    own = set(places.own)
    whose = len(own) == len(places.own) and len(own) in (0, agents)
    whose = whose and own <= set(range(len(places.columns)))
    return whose and len(lengths) < 2 and 0 not in lengths and columns <= set(range(size))


def pairs(places: Places) -> int:
    """Count the pairs of places, P."""
    return len(places.columns) * (len(places.columns) - 1) // 2


def sense(observation: Any, places: Places) -> Any:
    """Make of observations what nets take in.

    Args:
        observation: (N, ..., D), a leading axis of agents.
        places: What its columns are.

    Returns:
        (N, ..., D + P): the observation with the agent's own place before those of the others, and
        for each pair of places, as they stand then, 1 where they coincide.
    """
    arrays = observation.__array_namespace__()
    if places.own:
        order = own_first(places, observation.shape[-1])
        order = order.reshape(len(order), *[1] * (observation.ndim - 2), -1)
        observation = arrays.take_along_axis(observation, arrays.asarray(order), axis=-1)
    same = coincidence(observation, places)
    return arrays.concat([observation, same.astype(observation.dtype)], axis=-1)


def coincidence(observation: Any, places: Places) -> Any:
    """Tell of each pair of places whether they are one.

    Args:
        observation: (..., D). A place whose coordinates all are 0 is not seen.
        places: Their columns.

    Returns:
        Booleans, (..., P): for places 0 and 1, 0 and 2, ..., 1 and 2, ...; false where not seen.
    """
    arrays = observation.__array_namespace__()
    # One dimension after the other, and one place against all later ones: no copy of all pairs.
    along = [observation[..., list(columns)] for columns in zip(*places.columns, strict=True)]
    same = [observation[..., :0] > 0]
    for place in range(len(places.columns) - 1):
        here = [x[..., place : place + 1] for x in along]
        far = sum(abs(x[..., place + 1 :] - own) for x, own in zip(along, here, strict=True))
        same.append((far < NEAR) & (sum(abs(own) for own in here) > 0))
    return arrays.concat(same, axis=-1)


@functools.cache
def own_first(places: Places, size: int) -> NDArray[np.int64]:
    """Which column of its observation each agent finds where, (N, D).

    Where the first agent's place stands everybody finds its own, and behind it the others' in their
    order. The first agent finds everything where it is.
    """
    order = np.tile(np.arange(size), (len(places.own), 1))
    for agent, own in enumerate(places.own):
        others = [place for place in places.own if place != own]
        for at, place in zip(places.own, [own, *others], strict=True):
            order[agent, list(places.columns[at])] = places.columns[place]
    return order
