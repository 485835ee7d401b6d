"""The kitchens: where counters, knives, foods and plates stand, and what agents can do there."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from shiftwork.plants.tasks.overcooked.cells import cell

SALAD = """
11111T1
K0a0a0L
K00000O
D000001
1000001
10a000P
11111P1
"""
FEAST = """
1111111FDB1
K000a0a000A
K000a0a000C
K000000000E
K0000000001
D0000000001
10000000001
10000000001
1000000000P
1000a0a000P
11111111PP1
"""
"""Digits: 0 floor, 1 counter; K knife, D (in the first column) delivery, P plate, a agent; other
letters are foods."""


@dataclass(frozen=True)
class Kitchen:
    """A map of n x n cells with its N agents and M objects.

    Objects are numbered foods first, then plates, knives, the delivery, agents: the order of the
    observation. Items, which can be carried, are the foods and plates. The macro-actions 1, 2, ...
    go to object 0, 1, ... up to the delivery.

    Attributes:
        rows: The map without the wall in its middle.
        foods: Letter on the map and name of each food.
        wall: How many rows of the middle column are counters, from row 1.
        row_by_row: Agents, plates and knives are numbered row by row, else column by column.
        deliver: What the macro-action of delivering is called.
        one_hot_tail: Length of the one-hot task code that ends the observation.
    """

    rows: tuple[str, ...]
    foods: tuple[tuple[str, str], ...]
    wall: int
    row_by_row: bool
    deliver: str
    one_hot_tail: int

    @property
    def size(self) -> int:
        """Cells along each side, n."""
        return len(self.rows)

    @property
    def middle(self) -> int:
        """The column (and row) in the middle."""
        return self.size // 2

    @functools.cached_property
    def object_cells(self) -> tuple[int, ...]:
        """The cell in which each object stands on the map, (M,)."""
        return (
            *(self._find(letter)[0] for letter, _ in self.foods),
            *self._find("P"),
            *self._find("K"),
            self._find("D", first_column=True)[0],
            *self._find("a"),
        )

    def _find(self, letter: str, first_column: bool = False) -> list[int]:
        found = [
            (row, column)
            for row, line in enumerate(self.rows)
            for column, here in enumerate(line)
            # The large kitchen has a food D, too.
            if here == letter and (letter != "D" or (column == 0) == first_column)
        ]
        if not self.row_by_row:
            found.sort(key=lambda place: place[::-1])
        return [cell(*place) for place in found]

    @property
    def n_foods(self) -> int:
        """Foods, F."""
        return len(self.foods)

    @functools.cached_property
    def n_items(self) -> int:
        """Foods and plates, I."""
        return self.n_foods + len(self._find("P"))

    @functools.cached_property
    def n_knives(self) -> int:
        """Knives, K."""
        return len(self._find("K"))

    @property
    def delivery(self) -> int:
        """The number of the object to which meals are delivered."""
        return self.n_items + self.n_knives

    @functools.cached_property
    def n_agents(self) -> int:
        """Agents, N."""
        return len(self._find("a"))

    @property
    def n_objects(self) -> int:
        """All objects, M."""
        return self.delivery + 1 + self.n_agents

    @functools.cached_property
    def object_names(self) -> tuple[str, ...]:
        """What each object is called, (M,)."""
        return (
            *(name for _, name in self.foods),
            *(f"plate {p + 1}" for p in range(self.n_items - self.n_foods)),
            *(f"knife {k + 1}" for k in range(self.n_knives)),
            "delivery",
            *(f"agent {i + 1}" for i in range(self.n_agents)),
        )

    @functools.cached_property
    def macro_actions(self) -> tuple[str, ...]:
        """The names of the macro-actions."""
        names = self.object_names
        return (
            "stay",
            *(f"get {name}" for name in names[: self.n_items]),
            *(f"go to {name}" for name in names[self.n_items : self.delivery]),
            self.deliver,
            "chop",
            *(("go to counter",) if self.wall else ()),
            "right",
            "down",
            "left",
            "up",
        )

    @property
    def chop(self) -> int:
        """The macro-action that chops what lies on a knife beside the agent."""
        return self.delivery + 2

    @property
    def go_to_counter(self) -> int:
        """The macro-action that goes to a bare counter in the middle; there is one if ``wall``."""
        return self.chop + 1

    @property
    def first_move(self) -> int:
        """The macro-action "right", after which follow down, left and up."""
        return self.chop + 1 + (self.wall > 0)

    @functools.cached_property
    def counter_order(self) -> tuple[int, ...]:
        """The wall's cells in the order in which "go to counter" tries them: from the middle."""
        middle, out = self.middle, range(1, self.middle)
        rows = [middle, *(row for step in out for row in (middle - step, middle + step))]
        return tuple(cell(row, middle) for row in rows if row <= self.wall)

    def is_floor(self, row: int, column: int) -> bool:
        """Whether one can stand there."""
        inside = 0 < row < self.size - 1 and 0 < column < self.size - 1
        return inside and not (column == self.middle and row <= self.wall)

    @functools.cached_property
    def floor_cells(self) -> tuple[int, ...]:
        """All cells in which one can stand."""
        grid = range(self.size)
        return tuple(cell(row, col) for row in grid for col in grid if self.is_floor(row, col))

    @functools.cached_property
    def free_places(self) -> tuple[int, ...]:
        """Where foods, plates, knives and the delivery may stand in a random kitchen.

        The counters of the edge, without corners and without those that the wall cuts off.
        """
        last, middle = self.size - 1, self.middle
        cut_off = [(0, middle)] * (self.wall > 0) + [(last, middle)] * (self.wall == self.size - 2)
        return tuple(
            cell(row, col)
            for row in range(self.size)
            for col in range(self.size)
            if (row in (0, last)) != (col in (0, last)) and (row, col) not in cut_off
        )


def small_kitchen(wall: int) -> Kitchen:
    """7 x 7 cells, three agents, a salad of tomato, lettuce and onion."""
    foods = (("T", "tomato"), ("L", "lettuce"), ("O", "onion"))
    return Kitchen(tuple(SALAD.split()), foods, wall, False, "deliver", 7)


def large_kitchen(wall: int) -> Kitchen:
    """11 x 11 cells, six agents, a meal of six foods."""
    return Kitchen(tuple(FEAST.split()), tuple((x, x) for x in "ABCDEF"), wall, True, "delivery", 0)


KITCHENS = {
    "A": small_kitchen(wall=0),
    "B": small_kitchen(wall=5),
    "C": small_kitchen(wall=4),
    "large-A": large_kitchen(wall=0),
    "large-B": large_kitchen(wall=9),
    "large-C": large_kitchen(wall=8),
}
"""By map: A is open, B is divided by a wall of counters, C leaves one gap in it."""
