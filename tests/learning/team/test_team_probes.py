"""Every algorithm for teams recovers the known values of the probe plants."""

import jax
import numpy as np
import pytest

from shiftwork.learning.team.algorithms import TEAM_ALGORITHMS, team_algorithm
from shiftwork.learning.team.experience import collect
from shiftwork.learning.team.train import evaluate_team, learn_team
from shiftwork.plants.team.probes import TEAM_PROBES, TeamProbe

DISCOUNT = 0.9
SMALL = {
    "discount": DISCOUNT,
    "actor_rate": 3e-3,
    "critic_rate": 3e-3,
    "copies": 64,
    "minibatches": 2,
    "actor_width": 16,
    "actor_memory": 8,
    "critic_width": 16,
    "critic_memory": 16,
}
STEPS = 50_000


def learned(plant, name, **changes):
    config = team_algorithm(name).config(**SMALL | changes)
    return learn_team(plant, name, config, steps=STEPS, seeds=(0, 1))


def first_values(learned, number):
    """The critic's value of fresh episodes, under the team as it stands."""
    learner = jax.tree.map(lambda x: x[number], learned.learners)
    batch = collect(learned.plant, learner.policies, jax.random.key(5), 64, 0.0)
    return np.asarray(learner.critic.values(batch.rows))[:, 0]


@pytest.mark.parametrize("plant", TEAM_PROBES, ids=lambda plant: plant.name)
def test_acac_recovers(plant):
    found = learned(plant, "acac")
    for number in range(2):
        outcome = evaluate_team(plant, found.policies(number), 200, 3)
        assert outcome.returns.mean() == pytest.approx(plant.horizon, rel=0.06)
        np.testing.assert_allclose(first_values(found, number), plant.value(DISCOUNT), rtol=0.12)


@pytest.mark.parametrize("name", [name for name in TEAM_ALGORITHMS if name != "acac"])
@pytest.mark.parametrize("plant", [TeamProbe("observation")], ids=lambda p: p.name)
def test_baselines_recover(plant, name):
    found = learned(plant, name)
    outcome = evaluate_team(plant, found.policies(0), 200, 3)
    assert outcome.returns.mean() == pytest.approx(plant.horizon, rel=0.06)
    np.testing.assert_allclose(first_values(found, 0).mean(), plant.value(DISCOUNT), rtol=0.12)


@pytest.mark.parametrize(
    "option",
    [{"attention": False}, {"own_clock": True}, {"ages": False, "octaves": False}, {"share": True}],
    ids=lambda option: " ".join(option),
)
def test_options_of_acac_recover(option):
    plant = TeamProbe("observation")
    outcome = evaluate_team(plant, learned(plant, "acac", **option).policies(0), 200, 3)
    assert outcome.returns.mean() == pytest.approx(plant.horizon, rel=0.06)
