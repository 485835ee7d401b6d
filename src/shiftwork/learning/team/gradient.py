"""Going on by the gradient: batches of experience, and the update that learns from each (actor_critic.py).

What acts and what learns are told apart by sharpness. A team that learned from records repeats what
people mostly did; one that is to find something better has to stay unsure for long. So entropy is paid
for while learning, preferences count several times as much in the team that acts, and both ends are kept:
the early lead of a sharp team, and a learner that does not get stuck (docs/teams.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from shiftwork.learning.compiling import compiled_for
from shiftwork.learning.learner import Metrics
from shiftwork.learning.nets import Adam
from shiftwork.learning.team.actor_critic import (
    TeamLearner,
    moved_by_gradients,
    without_chance,
)
from shiftwork.learning.team.improve_settings import Config
from shiftwork.plants.team_plant import TeamPlant


@dataclass(frozen=True)
class Gradient:
    """Goes on by the gradient.

    Attributes:
        plant: Where.
        settings: How.
    """

    plant: TeamPlant
    settings: Config

    @property
    def piece(self) -> int:
        """Plant steps between two judgements."""
        return self.settings.batches * self.settings.copies * self.plant.horizon

    def begin(self, learner: TeamLearner) -> tuple[TeamLearner, TeamLearner]:
        """Make of a team what learns, and what is accepted until something better is found."""
        accepted = prepared(learner, self.settings)
        return sharpened(accepted, self.settings), accepted

    def back(self, accepted: TeamLearner) -> TeamLearner:
        """Learn from what was accepted."""
        return sharpened(accepted, self.settings)

    def found(self, learner: TeamLearner) -> TeamLearner:
        """The team as it would act."""
        return learner

    def go_on(
        self, learner: TeamLearner, key: PRNGKeyArray, number: int, pieces: int
    ) -> tuple[TeamLearner, Metrics]:
        """Learn for one piece of so many."""
        settings = self.settings
        left = 1.0 - number / pieces * (1.0 - settings.last_rate)
        early = number * self.piece < settings.first_steps
        entropy = jnp.asarray(settings.first_entropy if early else settings.entropy, jnp.float32)
        learner = eqx.tree_at(
            lambda it: (it.config.entropy, it.config.entropy_end), learner, (entropy, entropy)
        )
        learn = compiled_for(_learn, pieces * self.piece)
        return learn(self.plant, learner, key, jnp.asarray(left, jnp.float32), settings.batches)


def prepared(learner: TeamLearner, settings: Config) -> TeamLearner:
    """Give a learner the settings it goes on with: nothing uniform, no best runs, fresh moments."""
    old = learner.config
    floats = ("actor_rate", "critic_rate", "clip")
    changes = {name: jnp.asarray(getattr(settings, name), jnp.float32) for name in floats}
    goes_on = without_chance(
        old,
        copies=settings.copies,
        epochs=settings.epochs,
        minibatches=settings.minibatches,
        limit_ends=settings.limit_ends,
        **changes,
    )
    critic = learner.critic
    return TeamLearner(
        goes_on,
        learner.policies,
        critic,
        critic,
        Adam.create(learner.policies),
        Adam.create(moved_by_gradients(critic)),
        learner.batches,
        None,
        learner.variance,
    )


def sharpened(learner: TeamLearner, settings: Config) -> TeamLearner:
    """The same learner, whose team acts as sharply as the settings say."""
    sharpness = jnp.asarray(settings.sharpness, jnp.float32)
    return eqx.tree_at(lambda it: it.config.sharpness, learner, sharpness)


def _learn(
    plant: TeamPlant, learner: TeamLearner, key: PRNGKeyArray, left: Float[Array, ""], batches: int
) -> tuple[TeamLearner, Metrics]:
    def one(learner: TeamLearner, key: PRNGKeyArray) -> tuple[TeamLearner, Metrics]:
        return learner.update(plant, key, left)

    learner, metrics = jax.lax.scan(one, learner, jax.random.split(key, batches))
    return learner, jax.tree.map(lambda x: x.mean(keepdims=True), metrics)
