"""Small teams that learn probe plants in seconds, and what their critics think of them."""

import equinox as eqx
import jax
import numpy as np

from shiftwork.learning.team.algorithms import team_algorithm
from shiftwork.learning.team.rollout import collect
from shiftwork.learning.team.train import DRAWN_ONCE, learn_team

DISCOUNT = 0.9
SMALL = {
    "discount": DISCOUNT,
    "actor_rate": 3e-3,
    "critic_rate": 3e-3,
    "copies": 64,
    "epsilon": 0.0,
    "minibatches": 2,
    "actor_width": 16,
    "actor_memory": 8,
    "critic_width": 16,
    "critic_memory": 16,
}
STEPS = 30_000


def learned(plant, name, **changes):
    config = team_algorithm(name).config(**SMALL | changes)
    return learn_team(plant, name, config, steps=STEPS, seeds=(0,))


def fresh(plant, **changes):
    """A small ACAC that has not learned anything yet."""
    config = team_algorithm("acac").config(**SMALL | changes)
    create = team_algorithm("acac").create
    return jax.jit(lambda key: create(key, plant, config), compiler_options=DRAWN_ONCE)(
        jax.random.key(0)
    )


gathered = eqx.filter_jit(collect)
"""``collect`` as one program, where it would be many small ones."""


def first_values(learned):
    """The critic's value of fresh episodes, under the team as it stands."""
    return np.asarray(_first_values(learned.plant, learned.learner(0)))


@eqx.filter_jit
def _first_values(plant, learner):
    batch = collect(plant, learner.policies, jax.random.key(5), 64, 0.0)
    return learner.critic.values(batch.rows)[:, 0]
