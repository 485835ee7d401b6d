"""How kitchens begin: as on the map, or drawn at random."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int16, PRNGKeyArray

from shiftwork.plants.team.overcooked.cells import column_of, row_of
from shiftwork.plants.team.overcooked.kitchen import Kitchen


def places(kitchen: Kitchen) -> Int16[Array, " M"]:
    """The cells of all objects as on the map."""
    return jnp.array(kitchen.object_cells, jnp.int16)


def random_places(kitchen: Kitchen, key: PRNGKeyArray) -> Int16[Array, " M"]:
    """Draw agents onto the floor, and all that stands somewhere onto the counters of the edge.

    With a wall from edge to edge there is at least one agent on either side of it. Agents, plates
    and knives are numbered after the draw, in the order in which the map is read.
    """
    agent_key, item_key = jax.random.split(key)
    counters = jnp.array(kitchen.free_places, jnp.int16)
    drawn = jax.random.permutation(item_key, counters)[: kitchen.delivery + 1]
    return jnp.concatenate(
        [
            drawn[: kitchen.n_foods],
            _numbered(kitchen, drawn[kitchen.n_foods : kitchen.n_items]),
            _numbered(kitchen, drawn[kitchen.n_items : kitchen.delivery]),
            drawn[kitchen.delivery :],
            _numbered(kitchen, _agents(kitchen, agent_key)),
        ]
    )


def _agents(kitchen: Kitchen, key: PRNGKeyArray) -> Int16[Array, " N"]:
    floor = np.array(kitchen.floor_cells, np.int16)
    n = kitchen.n_agents
    if kitchen.wall < kitchen.size - 2:
        return jax.random.permutation(key, jnp.asarray(floor))[:n]
    # Redrawing until no side is empty leads to these odds of how many agents are on the left;
    # on each side, all choices of cells remain equally likely.
    sides = floor[floor % 16 < kitchen.middle], floor[floor % 16 > kitchen.middle]
    left_cells, right_cells = (len(side) for side in sides)
    odds = [math.comb(left_cells, k) * math.comb(right_cells, n - k) for k in range(1, n)]
    count_key, left_key, right_key = jax.random.split(key, 3)
    count = 1 + jax.random.categorical(count_key, jnp.log(jnp.array(odds, jnp.float32)))
    left = jax.random.permutation(left_key, jnp.asarray(sides[0]))[:n]
    right = jax.random.permutation(right_key, jnp.asarray(sides[1]))[:n]
    return jnp.where(jnp.arange(n) < count, left, right)


def _numbered(kitchen: Kitchen, cells: Int16[Array, " X"]) -> Int16[Array, " X"]:
    order = cells if kitchen.row_by_row else 16 * column_of(cells) + row_of(cells)
    return cells[jnp.argsort(order)]
