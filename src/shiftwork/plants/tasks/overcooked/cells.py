"""Cells as single numbers, 16 * row + column, and what follows from that.

Row 0 is at the top, column 0 on the left. A neighbour is reached by adding a number, and two
cells are compared at once; no kitchen is wider than 16.
"""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Bool, Int

RIGHT, DOWN, LEFT, UP, STAY = range(5)
"""The primitive actions."""
AHEAD = (1, 16, -1, -16, 0)
"""By primitive action: what is added to the cell of who does it."""
SIGHT = 2
"""How far an agent sees, in rows and in columns, through walls too."""


def cell(row: int, column: int) -> int:
    """Number a cell."""
    return 16 * row + column


def row_of(cells: Int[Array, "*A"]) -> Int[Array, "*A"]:
    """Rows of cells."""
    return cells >> 4


def column_of(cells: Int[Array, "*A"]) -> Int[Array, "*A"]:
    """Columns of cells."""
    return cells & 15


def distance(one: Int[Array, "*A"], other: Int[Array, "*B"]) -> Int[Array, "*C"]:
    """Rows plus columns between cells."""
    rows, columns = row_of(one) - row_of(other), column_of(one) - column_of(other)
    return jnp.abs(rows) + jnp.abs(columns)


def sees(viewer: Int[Array, "*A"], cells: Int[Array, "*B"]) -> Bool[Array, "*C"]:
    """Whether cells lie within the 5 x 5 cells around the viewer."""
    rows, columns = row_of(viewer) - row_of(cells), column_of(viewer) - column_of(cells)
    return (jnp.abs(rows) <= SIGHT) & (jnp.abs(columns) <= SIGHT)


def ahead(cells: Int[Array, "*A"], primitive: Int[Array, "*A"]) -> Int[Array, "*A"]:
    """The cell that each primitive action, which may be "stay", aims at."""
    step = jnp.select([primitive == d for d in range(4)], AHEAD[:4], 0)
    return cells + step.astype(cells.dtype)
