import heapq

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shiftwork.plants.tasks.overcooked import path
from shiftwork.plants.tasks.overcooked.board import Boards

STEPS = {0: (0, 1), 2: (0, -1), 1: (1, 0), 3: (-1, 0)}
"""In the order in which neighbours are looked at."""


def a_star(start, target, walkable, flagged):
    """Plain A*: the first steps by the public heap, and the length of the shortest path."""
    heap, seen = [((0, 0), start, 0, None)], {start}
    while heap:
        _, at, length, first = _pop(heap)
        for direction, (down, right) in STEPS.items():
            cell = (at[0] + down, at[1] + right)
            step = direction if first is None else first
            if cell in seen:
                continue
            if walkable.get(cell):
                seen.add(cell)
                rest = abs(cell[0] - target[0]) + abs(cell[1] - target[1])
                _push(heap, ((length + 1 + rest, flagged[cell]), cell, length + 1, step))
            if cell == target:
                return step
    return None


def _push(heap, entry):
    heap.append(entry)
    _climb(heap, len(heap) - 1)


def _climb(heap, i):
    while i and heap[i][0] <= heap[(i - 1) // 2][0]:
        heap[i], heap[(i - 1) // 2] = heap[(i - 1) // 2], heap[i]
        i = (i - 1) // 2


def _pop(heap):
    top, last = heap[0], heap.pop()
    if heap:
        i = 0
        while 2 * i + 1 < len(heap):
            child = 2 * i + 1
            if child + 1 < len(heap) and heap[child + 1][0] < heap[child][0]:
                child += 1
            heap[i], i = heap[child], child
        heap[i] = last
        _climb(heap, i)
    return top


def shortest(start, target, walkable):
    heap, best = [(0, start)], {start: 0}
    while heap:
        length, at = heapq.heappop(heap)
        for down, right in STEPS.values():
            cell = (at[0] + down, at[1] + right)
            if cell == target:
                return length + 1
            if walkable.get(cell) and cell not in best:
                best[cell] = length + 1
                heapq.heappush(heap, (length + 1, cell))
    return None


@pytest.mark.parametrize("size", [7, 11])
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**31), share=st.sampled_from([0.05, 0.15, 0.3]))
def test_first_steps_are_those_of_plain_a_star(size, seed, share):
    # Far more obstacles and agents than a kitchen ever shows.
    rng, boards, inner, jobs = np.random.default_rng(seed), Boards(size), size - 2, 48
    words = np.zeros((2, boards.words, jobs), np.uint32)
    start, target, wanted, expected = (np.zeros((jobs, *s), np.int16) for s in ((), (2,), (), ()))
    for job in range(jobs):
        grid = [(r, c) for r in range(inner) for c in range(inner)]
        walkable = {cell: rng.random() > share for cell in grid}
        flagged = {cell: bool(rng.random() < share) for cell in grid}
        begin, edge = grid[rng.integers(len(grid))], int(rng.integers(inner))
        goal = [(-1, edge), (inner, edge), (edge, -1), (edge, inner), grid[rng.integers(len(grid))]]
        goal = goal[rng.integers(5)]
        for (r, c), ok in walkable.items():
            bit = r * boards.stride + c
            words[0, bit // 30, job] |= np.uint32(ok << bit % 30)
            words[1, bit // 30, job] |= np.uint32(flagged[r, c] << bit % 30)
        start[job], target[job] = begin[0] * boards.stride + begin[1], goal
        step = a_star(begin, goal, walkable, flagged) if begin != goal else None
        far = begin != goal and abs(begin[0] - goal[0]) + abs(begin[1] - goal[1]) > 1
        wanted[job] = far and step is not None
        expected[job] = step if wanted[job] else 4
        assert (step is None) == (begin == goal or shortest(begin, goal, walkable) is None)
    task = path.Task(tuple(words[0]), tuple(words[1]), start, target[:, 0], target[:, 1])
    found = FIRST_STEPS(size, jax.tree.map(jnp.asarray, task), jnp.asarray(wanted, bool))
    np.testing.assert_array_equal(found, expected)


FIRST_STEPS = jax.jit(lambda size, *rest: path.first_steps(Boards(size), *rest), static_argnums=0)
