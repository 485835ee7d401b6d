"""Sets of floor cells as bits of a few words, so that a set is handled at once.

The cells inside the edge are numbered row by row; each row has one bit more than it has cells,
so that a step to the right or left never ends in another row. A word holds 30 bits: the five
rows of the small kitchen, or three of the nine of the large one.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence

import jax.numpy as jnp
from jaxtyping import Array, Bool, Int, Int32, UInt32

from shiftwork.plants.tasks.overcooked.cells import column_of, row_of

WORD_BITS = 30
Board = tuple[UInt32[Array, "..."], ...]
"""A set of cells, one word after the other."""


class Boards:
    """Sets of cells of a kitchen of n x n cells, edge included.

    Attributes:
        stride: Bits from a cell to the one below.
        words: Words of each set.
    """

    def __init__(self, size: int) -> None:
        self.inner = size - 2
        self.stride = size - 1
        self.words = self.inner * self.stride // WORD_BITS

    def index(self, cells: Int[Array, "*A"]) -> Int32[Array, "*A"]:
        """The bit number of each cell, counted through all words; -1 on and beyond the edge."""
        row, column = row_of(cells) - 1, column_of(cells) - 1
        inside = (row >= 0) & (row < self.inner) & (column >= 0) & (column < self.inner)
        number = row.astype(jnp.int32) * self.stride + column.astype(jnp.int32)
        return jnp.where(inside, number, -1)

    def of(self, index: Int[Array, "*A"]) -> Board:
        """The set of the one cell with a bit number; empty for -1."""
        words = []
        for w in range(self.words):
            bit = index.astype(jnp.int32) - WORD_BITS * w
            here = (bit >= 0) & (bit < WORD_BITS)
            one = jnp.uint32(1) << (bit & 31).astype(jnp.uint32)
            words.append(jnp.where(here, one, jnp.uint32(0)))
        return tuple(words)

    def static(self, cells: Sequence[int]) -> tuple[int, ...]:
        """The same for given cells."""
        words = [0] * self.words
        for cell in cells:
            number = (cell // 16 - 1) * self.stride + cell % 16 - 1
            words[number // WORD_BITS] |= 1 << number % WORD_BITS
        return tuple(words)

    def has(self, board: Board, index: Int[Array, "*A"]) -> Bool[Array, "*A"]:
        """Whether the cell with a bit number belongs to a set; -1 and beyond belong to none."""
        return any_bit(both(board, self.of(index)))

    def grown(self, board: Board) -> Board:
        """All neighbours of a set's cells (and some bits that are no cells)."""
        last = WORD_BITS - self.stride
        words = []
        for w, word in enumerate(board):
            new = (word << 1) | (word >> 1) | (word << self.stride) | (word >> self.stride)
            if w > 0:
                new |= board[w - 1] >> last
            if w + 1 < self.words:
                new |= board[w + 1] << last
            words.append(new)
        return tuple(words)


def both(one: Board, other: Board) -> Board:
    """The intersection of two sets."""
    return tuple(a & b for a, b in zip(one, other, strict=True))


def either(one: Board, other: Board) -> Board:
    """The union of two sets."""
    return tuple(a | b for a, b in zip(one, other, strict=True))


def without(one: Board, other: Board) -> Board:
    """The cells of one set that are not in the other."""
    return tuple(a & ~b for a, b in zip(one, other, strict=True))


def any_bit(board: Board) -> Bool[Array, "*A"]:
    """Whether a set has any cell."""
    return functools.reduce(operator.or_, board) != 0
