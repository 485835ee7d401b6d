"""Settings of learning a team from records (from_records.py)."""

from __future__ import annotations

import math

import numpy as np

from shiftwork.errors import UserError
from shiftwork.learning.config import config, replaced

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
        rarest: How many times a rare macro-action may count, against the most common one of its role.
        folds: Parts of the episodes, of which each is held out once.
        piece: Longer episodes are learned from in pieces of so many steps.
        minibatch: Episodes or pieces of an update.
        passes: Of each cloning through the records, at the least,
        updates: and so many updates at the least; looks on held-out episodes choose how many count
            of the plain one.
        looks: On held-out episodes, in one cloning.
        rounds: Of the critic's targets.
        round_passes: Of the critic through the records in each, at the least,
        round_updates: and so many updates at the least.
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
    rarest: float = 10.0
    folds: int = 3
    piece: int = 240
    minibatch: int = 16
    passes: int = 15
    updates: int = 120
    looks: int = 12
    rounds: int = 18
    round_passes: float = 1.5
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
            "piece",
            "minibatch",
            "updates",
            "looks",
            "rounds",
            "round_updates",
            "actor_width",
        ):
            if getattr(self, name) < 1:
                raise UserError(f"config '{name}' is {getattr(self, name)}; it must be at least 1")
        for name in ("passes", "round_passes"):
            if not 0.0 <= getattr(self, name) < np.inf:
                raise UserError(f"config '{name}' is {getattr(self, name)}; give 0 or more")
        if not 1.0 <= self.rarest < np.inf:
            raise UserError(f"config 'rarest' is {self.rarest}; give 1 (all alike) or more")
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

    def for_pieces(self, pieces: int) -> Config:
        """Return settings with as many updates as so many episodes or pieces ask for."""
        share = pieces / self.minibatch
        each_look = math.ceil(max(self.updates, self.passes * share) / self.looks)
        in_round = math.ceil(max(self.round_updates, self.round_passes * share))
        return replaced(self, updates=each_look * self.looks, round_updates=in_round)
