"""Settings of going on by experience (improve.py)."""

from __future__ import annotations

import numpy as np

from shiftwork.errors import UserError
from shiftwork.learning.config import config


@config
class Config:
    """Settings of going on by experience.

    Attributes:
        batches: Of experience between two judgements.
        judge_episodes: By which a step is accepted or refused, the same ones each time.
        sharpness: Of the team that acts, once a step is accepted.
        copies: Of the plant, run side by side: a batch is one horizon of each.
        epochs: Passes over each batch.
        minibatches: Updates in a pass.
        actor_rate: Adam's rate for the actors at the beginning,
        critic_rate: and for the critic;
        last_rate: both fall to this share of it.
        clip: How far a ratio of probabilities may leave 1 before it stops counting.
        first_steps: A step that begins before so many plant steps is one of the first, which are to
            bring out what the records hold.
        first_entropy: Weight of the policies' entropy in those,
        entropy: and afterwards, when what records do not hold is to be found.
        limit_ends: Nothing behind the time limit counts.
    """

    batches: int = 10
    judge_episodes: int = 64
    sharpness: float = 3.0
    copies: int = 8
    epochs: int = 4
    minibatches: int = 2
    actor_rate: float = 1e-3
    critic_rate: float = 2e-3
    last_rate: float = 0.2
    clip: float = 0.1
    first_steps: int = 20_000
    first_entropy: float = 0.02
    entropy: float = 0.08
    limit_ends: bool = True

    def check(self) -> None:
        """Refuse settings that nothing can be learned with.

        Raises:
            UserError: One of them is impossible.
        """
        for name in ("batches", "copies", "epochs", "minibatches"):
            if getattr(self, name) < 1:
                raise UserError(f"online '{name}' is {getattr(self, name)}; it must be at least 1")
        if self.judge_episodes < 2:
            raise UserError(
                f"online 'judge_episodes' is {self.judge_episodes}; give at least 2, or nothing says "
                "how sure a difference is"
            )
        if self.copies % self.minibatches:
            raise UserError(
                f"online 'copies' is {self.copies}, which 'minibatches' ({self.minibatches}) does not "
                "divide; change one"
            )
        if not 0.0 < self.sharpness < np.inf:
            raise UserError(f"online 'sharpness' is {self.sharpness}; give a number above 0")
        if not 0.0 <= self.last_rate <= 1.0:
            raise UserError(f"online 'last_rate' is {self.last_rate}; it must lie from 0 to 1")
        for name in (
            "actor_rate",
            "critic_rate",
            "clip",
            "first_steps",
            "first_entropy",
            "entropy",
        ):
            if not 0.0 <= getattr(self, name) < np.inf:
                raise UserError(f"online '{name}' is {getattr(self, name)}; give 0 or more")
