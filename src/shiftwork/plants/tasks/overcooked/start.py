"""How kitchens begin: as on the map, drawn at random, or with a part of the work done."""

from __future__ import annotations

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int8, Int16, PRNGKeyArray

from shiftwork.plants.tasks.overcooked.cells import column_of, row_of
from shiftwork.plants.tasks.overcooked.kitchen import Kitchen
from shiftwork.plants.tasks.overcooked.state import CHOPPED


class Work(NamedTuple):
    """How far a kitchen's foods and plates have come; F foods, I items.

    Attributes:
        item: The cell of each item.
        chops: Of each food.
        plate: The item number of the plate that each food lies on, or -1.
    """

    item: Int16[Array, " I"]
    chops: Int8[Array, " F"]
    plate: Int8[Array, " F"]


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


def nothing_done(kitchen: Kitchen, places: Int16[Array, " M"]) -> Work:
    """Every item is at its place, and fresh."""
    chops = jnp.zeros(kitchen.n_foods, jnp.int8)
    return Work(places[: kitchen.n_items], chops, chops - 1)


def half_done(kitchen: Kitchen, places: Int16[Array, " M"], key: PRNGKeyArray) -> Work:
    """Draw how far the work has come, from nothing to a meal that waits to be delivered.

    Some foods lie chopped on one plate, some chopped elsewhere, and others are fresh. All counts are
    alike probable. What is chopped and on no plate has been moved, anything else perhaps: to a bare
    counter, of the wall too, or, at most one food each, a knife.

    Args:
        kitchen: Where.
        places: Of all objects at first.
        key: For the draw.
    """
    foods, items = kitchen.n_foods, kitchen.n_items
    keys = jax.random.split(key, 9)
    plated = jax.random.randint(keys[0], (), 0, foods + 1)
    ready = jax.random.randint(keys[1], (), plated, foods + 1)
    rank = jax.random.permutation(keys[2], jnp.arange(foods))
    plate = jax.random.randint(keys[3], (), foods, items, jnp.int8)
    on = jnp.where(rank < plated, plate, -1).astype(jnp.int8)

    moved = jax.random.bernoulli(keys[4], jax.random.uniform(keys[5]), (items,))
    moved = moved.at[:foods].set(moved[:foods] | (rank < ready))
    counters = jnp.array([*kitchen.free_places, *kitchen.counter_order], jnp.int16)
    taken = (counters[:, None] == places[None, : kitchen.delivery + 1]).any(1)
    place = jax.random.uniform(keys[6], counters.shape) + taken.astype(jnp.float32)
    bare = counters[jnp.argsort(place)][:items]
    knives = places[items : kitchen.delivery]
    some = jax.random.permutation(keys[7], foods)[: kitchen.n_knives]
    used = jax.random.bernoulli(keys[8], shape=knives.shape)
    there = bare.at[some].set(jnp.where(used, knives, bare[some]))
    item = jnp.where(moved, there, places[:items])
    item = item.at[:foods].set(jnp.where(on >= 0, item[plate], item[:foods]))
    return Work(item, jnp.where(rank < ready, CHOPPED, 0).astype(jnp.int8), on)


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
