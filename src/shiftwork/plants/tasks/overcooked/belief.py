"""What each agent remembers of where things are."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Int16

from shiftwork.plants.tasks.overcooked.cells import sees


def remember(
    believed: Int16[Array, "N M"],
    agent: Int16[Array, " N"],
    objects: Int16[Array, " M"],
    home: Int16[Array, " M"],
) -> Int16[Array, "N M"]:
    """Update every agent's memory with what it sees.

    What is in view is known. What is not, though the remembered cell is in view, is believed back
    at its home, even where the home is in view as well and empty. All else stays as remembered.
    This holds for other agents too, so that an agent out of sight may be believed at its start.

    Args:
        believed: The remembered cell of each object.
        agent: The agents' cells.
        objects: The objects' true cells.
        home: The objects' cells at the reset.
    """
    in_view = sees(agent[:, None], objects[None])
    missed = sees(agent[:, None], believed)
    return jnp.where(in_view, objects, jnp.where(missed, home, believed))
