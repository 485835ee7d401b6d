"""Records of a team's plant: each decision stands where it was made, with what was seen and chosen."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.evaluation.team_rollout import evaluate_team
from shiftwork.plants.probes.team import TeamProbe
from shiftwork.plants.record_team import place_of, record_team
from shiftwork.yardsticks.simple import RandomLegal


class SignFollower(eqx.Module):
    """Work where the own sign is above 0; runs compiled or step by step."""

    pure: bool = eqx.field(static=True, default=True)

    def begin(self, key):
        del key
        return jnp.zeros((), jnp.int32)

    def act(self, memory, step, key):
        del key
        return memory + 1, (step.observation[:, 0] > 0).astype(jnp.int32)


@pytest.fixture(scope="module")
def plant():
    return TeamProbe("observation", ends=False, horizon=6)


def test_decisions_are_what_the_operator_chose_on_what_it_saw(plant):
    found = record_team(plant, SignFollower(), place_of(plant), episodes=5, seed=3)
    assert found.length.tolist() == [6] * 5
    assert not found.terminal.any()
    for decisions in found.decisions:
        chose = decisions.macro_action[decisions.made]
        assert (chose == (decisions.observation[decisions.made, 0] > 0)).all()
        assert set(decisions.duration[decisions.made]) <= {1, 2, 3}
    # Whoever always follows the sign earns 1 in each step.
    assert found.reward == pytest.approx(1.0)


def test_step_by_step_gives_the_same_records(plant):
    place = place_of(plant)
    compiled = record_team(plant, SignFollower(), place, episodes=2, seed=3)
    stepwise = record_team(plant, SignFollower(pure=False), place, episodes=2, seed=3)
    assert (compiled.reward == stepwise.reward).all()
    for one, other in zip(compiled.decisions, stepwise.decisions, strict=True):
        for name, array in vars(one).items():
            assert (getattr(other, name) == array).all(), name


def test_the_same_seed_is_the_same_episodes_as_in_evaluation(plant):
    found = record_team(plant, RandomLegal(), place_of(plant), episodes=7, seed=11)
    again = evaluate_team(plant, RandomLegal(), 7, 11)
    assert np.allclose(found.returns, again.returns)


def test_an_end_of_the_plant_ends_the_episode():
    plant = TeamProbe("constant", ends=True, horizon=4)
    found = record_team(plant, RandomLegal(), place_of(plant), episodes=3, seed=0)
    assert found.terminal.all()
    assert found.returns.tolist() == [4.0] * 3


def test_a_key_is_an_episode_whatever_the_number(plant):
    place = place_of(plant)
    many = record_team(plant, RandomLegal(), place, episodes=33, seed=2)
    assert len(many.length) == 33
    keys = jax.random.split(jax.random.key(2), 33)
    assert len(np.unique(jax.random.key_data(keys), axis=0)) == 33
