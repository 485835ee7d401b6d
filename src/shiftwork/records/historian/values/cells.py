"""A cell that cannot be read, and how its text is shown in a message."""

from __future__ import annotations

import numpy as np

from shiftwork.errors import UserError


class CellError(Exception):
    """A cell that cannot be read, before it is known in which row of which table it is."""

    def __init__(self, index: int, problem: str) -> None:
        super().__init__(problem)
        self.index = index
        self.problem = problem

    def at(self, table: str, rows: np.ndarray) -> UserError:
        """The error for the user.

        Args:
            table: Its name.
            rows: The number of each cell's row, (T,).
        """
        return UserError(f"{table}: row {int(rows[self.index])}: {self.problem}")


def short(text: str) -> str:
    """Text of at most 40 characters for a message, with invisible characters by their numbers."""
    text = "".join(
        c if c.isprintable() and not (c.isspace() and c != " ") else f"<U+{ord(c):04X}>"
        for c in text
    )
    return text if len(text) <= 40 else text[:37] + "..."
