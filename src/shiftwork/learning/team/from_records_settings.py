"""Settings of learning a team from records (from_records.py)."""

from __future__ import annotations

import numpy as np

from shiftwork.errors import UserError
from shiftwork.learning.config import config

METHODS = ("weighted", "clone")

FEWEST = 4
"""Episodes that can be split into two folds of two."""


@config
class Config:
    """Settings of learning from a team's records.

    Attributes:
        discount: Per primitive step.
        trace: Lambda of the critic's targets and of the advantages.
        actor_rate: Adam's rate for the actors; it falls to 0.
        critic_rate: Adam's rate for the critics; it falls to a tenth.
        norm: The gradient's whole norm is clipped at this.
        lightest: Least weight of a decision, before weights are scaled to a mean of 1,
        heaviest: and the greatest.
        temperature: Of the weights, in spreads of the advantage.
        sharpness: Preferences are multiplied by this when the team acts.
        folds: Parts of the episodes, of which each is held out once.
        minibatch: Episodes of an update.
        updates: Of each cloning; of the plain one, looks on held-out episodes choose how many count.
        look_every: Updates between two looks.
        rounds: Of the critic's targets.
        round_updates: Updates of the critic in each.
        actor_width: Of the actors' layers.
        actor_memory: Of the actors' recurrence.
        critic_width: Of the critic's layers.
        critic_memory: Of the critic's recurrence.
        share: Agents of one role share an actor, and the critic's encoder of an agent's history.
    """

    discount: float = 0.99
    trace: float = 0.95
    actor_rate: float = 2e-3
    critic_rate: float = 2e-3
    norm: float = 1.0
    lightest: float = 0.02
    heaviest: float = 20.0
    temperature: float = 0.4
    sharpness: float = 4.0
    folds: int = 3
    minibatch: int = 16
    updates: int = 120
    look_every: int = 10
    rounds: int = 18
    round_updates: int = 12
    actor_width: int = 64
    actor_memory: int = 64
    critic_width: int = 32
    critic_memory: int = 32
    share: bool = True

    def check(self, method: str, episodes: int) -> None:
        """Refuse settings that nothing can be learned with.

        Args:
            method: One of ``METHODS``.
            episodes: There are in the records.

        Raises:
            UserError: One of them is impossible.
        """
        if method not in METHODS:
            raise UserError(f"unknown method '{method}'; give {' or '.join(METHODS)}")
        for name in (
            "minibatch",
            "updates",
            "look_every",
            "rounds",
            "round_updates",
            "actor_width",
        ):
            if getattr(self, name) < 1:
                raise UserError(f"config '{name}' is {getattr(self, name)}; it must be at least 1")
        if self.updates % self.look_every:
            raise UserError(
                f"config 'updates' is {self.updates}, which 'look_every' ({self.look_every}) does "
                "not divide; change one"
            )
        if episodes < FEWEST:
            raise UserError(
                f"there are {episodes} episodes, too few to hold some out; record at least {FEWEST}"
            )
        if not 2 <= self.folds <= episodes // 2:
            raise UserError(
                f"config 'folds' is {self.folds}, but there are {episodes} episodes; give 2 to "
                f"{episodes // 2} folds, or more records"
            )
        for name in ("discount", "trace"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise UserError(
                    f"config '{name}' is {getattr(self, name)}; it must lie from 0 to 1"
                )
        for name in ("temperature", "sharpness"):
            if not 0.0 < getattr(self, name) < np.inf:
                raise UserError(f"config '{name}' is {getattr(self, name)}; give a number above 0")
