"""Way finding: the first step of the path that A* finds on an agent's memory of the kitchen.

Cells are expanded in the order of (path length so far + distance to the target, 1 if the cell is
believed to hold an agent). Among equal ones the order is that of the public environment's binary
heap, which is rebuilt here entry by entry, so that each first step is the very same. The heap is
a few rows of numbers, moved as a whole: all its levels are looked at in each operation, which
compiles to vector instructions over many copies, whereas following one path through each heap
does not.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int16, Int32

from shiftwork.plants.tasks.overcooked.board import Board, Boards, any_bit, both, without
from shiftwork.plants.tasks.overcooked.cells import DOWN, LEFT, RIGHT, STAY, UP

ORDER = (RIGHT, LEFT, DOWN, UP)
"""In which a cell's neighbours are looked at."""

# An entry of a heap, from the highest bit: detour so far (5 bits), whether the cell is believed
# to hold an agent (1), the path's first step (2), the cell's bit number (7).
KEY_SHIFT, FIRST_SHIFT, CELL_MASK = 9, 7, 127
MOST_DETOUR = 30
"""Longer detours, in pairs of steps, count alike; the kitchens have none."""
EMPTY = 0x7FFF
TIES = (1 << KEY_SHIFT) - 1

LANES_OF = 32
"""One lane for so many agents: most need no search, and their lengths differ much."""

Heap = list[Int16[Array, "..."]]
"""Level by level, (2**level, L); the children of a level's entry j are 2j and 2j + 1 of the next."""


class Task(NamedTuple):
    """Ways to find, each an entry of the last axis, J.

    Attributes:
        walkable: Floor cells that an agent may plan to walk through.
        flagged: Those believed to hold an agent.
        start: Bit number of the agent's cell.
        row: Of the target, counted from the first row inside the edge, as bit numbers are.
        column: Likewise.
    """

    walkable: Board
    flagged: Board
    start: Int16[Array, " J"]
    row: Int16[Array, " J"]
    column: Int16[Array, " J"]


class _Lanes(NamedTuple):
    """Searches side by side, (L,) each; who has finished one begins the next.

    Attributes:
        job: The number of the search that the lane is at.
        busy: It is at one.
        task: What is searched for; ``walkable`` without the cells seen already.
        heap: Entries of cells to expand.
        size: Entries in use.
        begun: Searches begun by any lane, ().
        found: First steps of all searches, (J,).
    """

    job: Int32[Array, " L"]
    busy: Bool[Array, " L"]
    task: Task
    heap: Heap
    size: Int16[Array, " L"]
    begun: Int32[Array, ""]
    found: Int16[Array, " J"]


def first_steps(boards: Boards, tasks: Task, wanted: Bool[Array, " J"]) -> Int16[Array, " J"]:
    """Find first steps where they are wanted, and there is a path of two steps or more."""
    levels = 5 if boards.words == 1 else 6
    found, sure = _straight(boards, tasks)
    hard = wanted & ~sure
    (jobs,) = jnp.nonzero(hard, size=hard.shape[0], fill_value=0)
    jobs, count = jobs.astype(jnp.int32), hard.sum(dtype=jnp.int32)

    def begin(at: _Lanes, free: Bool[Array, " L"]) -> _Lanes:
        """Give searches that nobody has begun to free lanes."""
        number = at.begun + jnp.cumsum(free, dtype=jnp.int32) - 1
        busy = number < count
        job = jobs[jnp.minimum(number, hard.shape[0] - 1)]
        new = jax.tree.map(lambda values: values[job], tasks)
        opened = without(new.walkable, boards.of(new.start))
        heap = [jnp.full((1 << level, *job.shape), EMPTY, jnp.int16) for level in range(levels)]
        heap[0] = new.start[None]
        task = new._replace(walkable=opened)
        was = (at.job, at.busy, at.task, at.heap, at.size)
        fresh = (job, busy, task, heap, jnp.ones_like(at.size))
        job, busy, task, heap, size = jax.tree.map(lambda a, b: jnp.where(free, a, b), fresh, was)
        begun = at.begun + free.sum(dtype=jnp.int32)
        return _Lanes(job, busy, task, heap, size, begun, at.found)

    def go_on(at: _Lanes) -> _Lanes:
        task = at.task
        top = at.heap[0][0]
        cell, first = top & CELL_MASK, (top >> FIRST_SHIFT) & 3
        row = cell // boards.stride
        rows, columns = task.row - row, task.column - (cell - row * boards.stride)
        heap, size, opened = _popped(at.heap, at.size), at.size - 1, task.walkable
        closer = {RIGHT: columns > 0, LEFT: columns < 0, DOWN: rows > 0, UP: rows < 0}
        offset = {RIGHT: 1, LEFT: -1, DOWN: boards.stride, UP: -boards.stride}
        for direction in ORDER:
            neighbour = cell + offset[direction]
            bits = boards.of(neighbour)
            new, flag = any_bit(both(opened, bits)), any_bit(both(task.flagged, bits))
            further = (~closer[direction]).astype(jnp.int16)
            detour = jnp.minimum((top >> (KEY_SHIFT + 1)) + further, MOST_DETOUR)
            step = jnp.where(cell == task.start, direction, first)
            key = 2 * detour + flag.astype(jnp.int16)
            entry = (key << KEY_SHIFT) | (step << FIRST_SHIFT) | neighbour
            size = size + new.astype(jnp.int16)
            heap = _pushed(heap, jnp.where(new, size, 0), entry.astype(jnp.int16))
            opened = without(opened, bits)
        arrived = at.busy & (jnp.abs(rows) + jnp.abs(columns) == 1)
        found = at.found.at[jnp.where(arrived, at.job, hard.shape[0])].set(first, mode="drop")
        task = task._replace(walkable=opened)
        return begin(_Lanes(at.job, at.busy, task, heap, size, at.begun, found), arrived)

    lanes = min(hard.shape[0], max(64, hard.shape[0] // LANES_OF))
    nothing = jnp.zeros(lanes, jnp.int16)
    idle = _Lanes(
        job=nothing.astype(jnp.int32),
        busy=nothing > 0,
        task=jax.tree.map(lambda values: values[:lanes], tasks),
        heap=[jnp.zeros((1 << level, lanes), jnp.int16) for level in range(levels)],
        size=nothing,
        begun=jnp.zeros((), jnp.int32),
        found=found,
    )
    last = jax.lax.while_loop(lambda at: at.busy.any(), go_on, begin(idle, nothing == 0))
    return jnp.where(wanted, last.found, STAY).astype(jnp.int16)


def _straight(boards: Boards, task: Task) -> tuple[Int16[Array, " J"], Bool[Array, " J"]]:
    """Walk towards the target through clear cells, by rows while that is possible.

    Where this leads to the target without turning back, A* does just the same.

    Returns:
        The first step, and whether it leads there; else it means nothing.
    """
    clear = without(task.walkable, task.flagged)

    def walk(at: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        cell, rows, columns = at
        by_row, by_column = jnp.sign(rows), jnp.sign(columns)
        down = (by_row != 0) & boards.has(clear, cell + by_row * boards.stride)
        side = ~down & (by_column != 0) & boards.has(clear, cell + by_column)
        moves = jnp.abs(rows) + jnp.abs(columns) > 1
        down, side = down & moves, side & moves
        step = jnp.where(down, by_row * boards.stride, jnp.where(side, by_column, 0))
        rows, columns = rows - jnp.where(down, by_row, 0), columns - jnp.where(side, by_column, 0)
        return cell + step, rows, columns

    row = task.start // boards.stride
    rows, columns = task.row - row, task.column - (task.start - row * boards.stride)
    at = walk((task.start, rows, columns))
    vertical, horizontal = jnp.where(rows > 0, DOWN, UP), jnp.where(columns > 0, RIGHT, LEFT)
    first = jnp.where(at[1] != rows, vertical, horizontal)
    at = jax.lax.fori_loop(0, 2 * boards.inner - 3, lambda _, at: walk(at), at)
    return first.astype(jnp.int16), jnp.abs(at[1]) + jnp.abs(at[2]) == 1


def _key(entries: Int16[Array, "*A"]) -> Int16[Array, "*A"]:
    """What entries are compared by: equal keys are equal, whatever else they hold."""
    return entries | TIES


def _numbers(depth: int) -> Int16[Array, "X 1"]:
    """The places of a level's entries, counted from 1 at the top."""
    return jnp.arange(1 << depth, 2 << depth, dtype=jnp.int16)[:, None]


def _popped(heap: Heap, size: Int16[Array, " L"]) -> Heap:
    """Take the first entry away; the last one sinks from its place, to the left on ties."""
    at_last = [_numbers(depth) == size[None] for depth in range(len(heap))]
    sinking = jnp.full_like(size, EMPTY)
    for depth in range(1, len(heap)):
        hit = jnp.where(at_last[depth], heap[depth], EMPTY)
        while hit.shape[0] > 1:
            half = hit.shape[0] // 2
            hit = jnp.minimum(hit[:half], hit[half:])
        sinking = jnp.minimum(sinking, hit[0])
    heap = [jnp.where(hit, EMPTY, level) for hit, level in zip(at_last, heap, strict=True)]
    on_way = jnp.ones_like(heap[0], bool)
    new = []
    for depth, level in enumerate(heap[:-1]):
        left, right = heap[depth + 1][0::2], heap[depth + 1][1::2]
        go_left = _key(left) <= _key(right)
        child = jnp.where(go_left, left, right)
        rises = _key(child) < _key(sinking)[None]
        new.append(jnp.where(on_way, jnp.where(rises, child, sinking), level))
        is_left = (_numbers(depth + 1) & 1) == 0
        on_way = jnp.repeat(on_way & rises, 2, 0) & (jnp.repeat(go_left, 2, 0) == is_left)
    new.append(jnp.where(on_way, sinking, heap[-1]))
    return new


def _pushed(heap: Heap, place: Int16[Array, " L"], entry: Int16[Array, " L"]) -> Heap:
    """Put an entry at a place after the last, whence it climbs past larger and equal ones."""
    ancestor = jnp.zeros_like(place)
    new: Heap = []
    for depth in reversed(range(len(heap))):
        level = heap[depth]
        ancestor = jnp.where(
            place >= 2 << depth, ancestor >> 1, jnp.where(place >= 1 << depth, place, 0)
        )
        climbed = jnp.where(_key(level) >= _key(entry)[None], entry, level)
        if depth:
            parent = jnp.repeat(heap[depth - 1], 2, axis=0)
            climbed = jnp.where(_key(parent) >= _key(entry)[None], parent, climbed)
        new.append(jnp.where(_numbers(depth) == ancestor[None], climbed, level))
    return new[::-1]
