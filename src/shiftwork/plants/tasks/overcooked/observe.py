"""What agents see."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float32, Int8

from shiftwork.plants.tasks.overcooked.cells import column_of, row_of, sees
from shiftwork.plants.tasks.overcooked.kitchen import Kitchen
from shiftwork.plants.tasks.overcooked.state import CHOPPED, KitchenState
from shiftwork.records.positions import Places


def look(kitchen: Kitchen, state: KitchenState) -> Int8[Array, "N D"]:
    """What each agent sees now: of foods row, column and chops, of other objects row and column.

    What is out of view is zero. Nothing is remembered.
    """
    cells = state.object_cells
    view = sees(state.agent[:, None], cells[None])
    n, foods = kitchen.n_agents, kitchen.n_foods
    places = jnp.stack([row_of(cells), column_of(cells)], -1).astype(jnp.int8)
    of_foods = jnp.concatenate([places[:foods], state.chops[:, None]], 1)
    tail = jnp.zeros((n, kitchen.one_hot_tail), jnp.int8)
    return jnp.concatenate(
        [
            jnp.where(view[:, :foods, None], of_foods, 0).reshape(n, -1),
            jnp.where(view[:, foods:, None], places[foods:], 0).reshape(n, -1),
            tail.at[:, -1:].set(1),
        ],
        axis=1,
    )


def scale(kitchen: Kitchen) -> Float32[np.ndarray, " D"]:
    """What each entry is divided by, so that all are between 0 and 1."""
    n, foods, others = kitchen.size, kitchen.n_foods, kitchen.n_objects - kitchen.n_foods
    return np.array(
        [n, n, CHOPPED] * foods + [n, n] * others + [1] * kitchen.one_hot_tail, np.float32
    )


def places(kitchen: Kitchen) -> Places:
    """Which entries are the row and column of each object, and which object each agent is."""
    foods, others = kitchen.n_foods, kitchen.n_objects - kitchen.n_foods
    begins = [3 * food for food in range(foods)] + [3 * foods + 2 * i for i in range(others)]
    columns = tuple((begin, begin + 1) for begin in begins)
    return Places(columns, tuple(range(len(columns) - kitchen.n_agents, len(columns))))
