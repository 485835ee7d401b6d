"""The part of a reward that follows from tags which nobody at the plant can move: prices, feed quality, weather.

It is the same whatever an agent does, so it can be taken off: every comparison between two ways to run
the plant stays as it is, and what is left to learn varies far less (Dietterich, Trimponias and Chen,
"Discovering and Removing Exogenous State Variables and Rewards for Reinforcement Learning", ICML 2018,
arXiv 1806.01584).

Which tags these are is found from records by ``learning/offline/outside_rewards.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax
import numpy as np

MOST_PRODUCTS = 12
"""Tags up to which their products count; beyond, their squares alone do."""

FARTHEST = 3.0
"""Deviations from the mean beyond which a tag counts as being there: nothing was recorded farther out."""

Numbers = Any
"""A NumPy array outside of compiled programs, a traced one inside."""


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["mean", "std", "weight"],
    meta_fields=["columns"],
)
@dataclass(frozen=True)
class Outside:
    """A quadratic function of observations that no action moves.

    Attributes:
        mean: (E,) of these columns, plant units.
        std: (E,), plant units.
        weight: (F,), plant reward, of a constant, the columns and their products.
        columns: Which of the observation's columns, E of them.
    """

    mean: Numbers
    std: Numbers
    weight: Numbers
    columns: tuple[int, ...] = field(default=())

    def __call__(self, observation: Numbers) -> Numbers:
        """Tell what of the rewards follows from observations (..., O) in plant units, (...,)."""
        total = self.weight[0]
        for weight, term in zip(self.weight[1:], self.terms(observation), strict=True):
            total = total + weight * term
        return total

    def terms(self, observation: Numbers) -> list[Numbers]:
        """The columns in deviations from their means, and their products, each (...,)."""
        at = [
            ((observation[..., column] - mean) / std).clip(-FARTHEST, FARTHEST)
            for column, mean, std in zip(self.columns, self.mean, self.std, strict=True)
        ]
        far = 1 if len(at) > MOST_PRODUCTS else len(at)
        return at + [a * b for i, a in enumerate(at) for b in at[i : i + far]]

    def about(self) -> dict[str, Any]:
        """Put it into numbers that an agent's file can hold."""
        numbers = {
            name: np.asarray(getattr(self, name)).tolist() for name in ("mean", "std", "weight")
        }
        return numbers | {"columns": list(self.columns)}

    @classmethod
    def of(cls, about: dict[str, Any]) -> Outside:
        """Read what ``about`` wrote."""
        mean, std, weight = (
            np.array(about[name], np.float32) for name in ("mean", "std", "weight")
        )
        return cls(mean, std, weight, tuple(int(column) for column in about["columns"]))
