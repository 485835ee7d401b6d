"""From what agents remember to the first steps of their ways."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int8, Int16

from shiftwork.plants.tasks.overcooked import path
from shiftwork.plants.tasks.overcooked.board import Board, Boards, any_bit, both, either, without
from shiftwork.plants.tasks.overcooked.cells import AHEAD, STAY, column_of, distance, row_of
from shiftwork.plants.tasks.overcooked.kitchen import Kitchen


class Ways(NamedTuple):
    """Where each of N agents would go.

    Attributes:
        first_step: A primitive action, "stay" without a path, (N,).
        exists: Whether there is a path, (N,).
    """

    first_step: Int8[Array, " N"]
    exists: Bool[Array, " N"]


def find_ways(
    kitchen: Kitchen,
    believed: Int16[Array, "N M"],
    target: Int16[Array, " N"],
    wanted: Bool[Array, " N"],
) -> Ways:
    """Find the first step of each agent's best path to a neighbour of its target.

    Agents plan through cells believed to hold other agents, if nothing else is as short, and
    around items believed to lie on the floor, which were last seen in somebody's hands.

    Args:
        kitchen: The kitchen.
        believed: The cells of all objects as each agent remembers them.
        target: The cell to get to; any kind of cell but the agent's own.
        wanted: Whose way to find; the others "stay".
    """
    boards = Boards(kitchen.size)
    n, items = kitchen.n_agents, kitchen.n_items
    own = believed[:, -n:][jnp.arange(n), jnp.arange(n)]
    marks = _union(boards, believed[:, :items])
    agents = _union(boards, believed[:, -n:])
    floor = tuple(jnp.uint32(word) for word in boards.static(kitchen.floor_cells))
    walkable = either(without(floor, marks), both(floor, agents))
    start = boards.index(own)
    near = _union(boards, target[:, None] + jnp.array(AHEAD[:4], jnp.int16)[None])
    beside = distance(own, target) == 1
    step = jnp.full(n, STAY, jnp.int16)
    for direction in range(4):
        step = jnp.where(own + AHEAD[direction] == target, direction, step)
    exists = wanted & (
        beside | _connected(boards, walkable, boards.of(start), near, wanted & ~beside)
    )
    task = path.Task(
        walkable, agents, start.astype(jnp.int16), row_of(target) - 1, column_of(target) - 1
    )
    found = _first_steps(boards, task, exists & ~beside)
    first = jnp.where(beside, step, found)
    return Ways(jnp.where(exists, first, STAY).astype(jnp.int8), exists)


def _union(boards: Boards, cells: Int16[Array, "N X"]) -> Board:
    index = boards.index(cells)
    words = boards.of(index)
    return tuple(jax.lax.reduce(w, jnp.uint32(0), jax.lax.bitwise_or, (1,)) for w in words)


def _connected(
    boards: Boards, walkable: Board, start: Board, near: Board, asked: Bool[Array, " N"]
) -> Bool[Array, " N"]:
    """Whether one can walk from the start to a cell near the target, which is another one."""

    def flood(at: tuple[Board, Board, Bool[Array, " N"]]) -> tuple[Board, Board, Bool[Array, " N"]]:
        reached, _, _ = at
        new = either(reached, both(boards.grown(reached), walkable))
        grew = any_bit(without(new, reached))
        return new, both(new, near), asked & grew & ~any_bit(both(new, near))

    begin = start, both(start, near), asked
    _, arrived, _ = jax.lax.while_loop(lambda at: at[2].any(), flood, begin)
    return any_bit(arrived)


def _first_steps(boards: Boards, task: path.Task, wanted: Bool[Array, " J"]) -> Int16[Array, " J"]:
    """Search for all agents of all copies of a plant together, under whatever ``vmap``."""

    @jax.custom_batching.custom_vmap
    def search(task: path.Task, wanted: Bool[Array, " J"]) -> Int16[Array, " J"]:
        return path.first_steps(boards, task, wanted)

    @search.def_vmap
    def of_many(copies: int, batched: Any, *inputs: Any) -> tuple[Array, bool]:
        def joined(values: Array, has_axis: bool) -> Array:
            return (values if has_axis else jnp.tile(values, (copies, 1))).reshape(-1)

        found = search(*jax.tree.map(joined, inputs, tuple(batched)))
        return found.reshape(copies, -1), True

    return search(task, wanted)
