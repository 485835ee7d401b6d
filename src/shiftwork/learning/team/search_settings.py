"""Settings of going on by search (search.py)."""

from __future__ import annotations

import numpy as np

from shiftwork.errors import UserError
from shiftwork.learning.config import config


@config
class Config:
    """Settings of going on by search.

    Attributes:
        generations: Between two judgements.
        judge_episodes: By which what was found is accepted or refused, the same ones each time.
        candidates: Teams in a generation; half of them lean the opposite way of the other half.
        episodes: Fresh ones in each generation, the same for all of its candidates.
        deviation: Of each leaning at first,
        least_deviation: and at the least.
        move: How far the mean moves: 1 where a candidate's order is a leaning's alone, one deviation.
        best: Share of the candidates whose deviation counts,
        narrow: and how far the deviations move towards it.
    """

    generations: int = 4
    judge_episodes: int = 64
    candidates: int = 48
    episodes: int = 4
    deviation: float = 0.5
    least_deviation: float = 0.03
    move: float = 1.5
    best: float = 0.25
    narrow: float = 0.1

    def check(self) -> None:
        """Refuse settings that nothing can be found with.

        Raises:
            UserError: One of them is impossible.
        """
        for name, least in (
            ("generations", 1), ("episodes", 1), ("candidates", 8), ("judge_episodes", 2)
        ):  # fmt: skip
            if getattr(self, name) < least:
                raise UserError(
                    f"online '{name}' is {getattr(self, name)}; it must be at least {least}"
                )
        if self.candidates % 2:
            raise UserError(
                f"online 'candidates' is {self.candidates}; give an even number, because half of them lean "
                "the opposite way of the other half"
            )
        for name in ("best", "narrow"):
            if not 0.0 < getattr(self, name) <= 1.0:
                raise UserError(
                    f"online '{name}' is {getattr(self, name)}; it must lie above 0 and up to 1"
                )
        for name in ("deviation", "least_deviation", "move"):
            if not 0.0 < getattr(self, name) < np.inf:
                raise UserError(f"online '{name}' is {getattr(self, name)}; give a number above 0")
