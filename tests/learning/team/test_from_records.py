"""A team learns from records alone, on probes whose best choices are known."""

import json

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork import Team
from shiftwork.evaluation.team_rollout import SavedTeam, evaluate_team
from shiftwork.learning.team.folder import load_team, save_from_records
from shiftwork.learning.team.from_records import learn_from_records
from shiftwork.learning.team.from_records_settings import Config
from shiftwork.plants.probes.team import TeamProbe
from shiftwork.plants.record_team import place_of, record_team

PLANT = TeamProbe("observation", ends=False, horizon=12)
SMALL = Config(
    discount=0.9, actor_rate=1e-2, critic_rate=1e-2, folds=2, updates=60, looks=3,
    rounds=6, round_updates=8, minibatch=32, temperature=0.5, sharpness=3.0,
    actor_width=8, actor_memory=4, critic_width=8, critic_memory=8,
)  # fmt: skip


class Sometimes(eqx.Module):
    """Follows the own sign with a probability, and does the opposite otherwise."""

    right: float

    def begin(self, key):
        del key
        return ()

    def act(self, memory, step, key):
        follows = jax.random.bernoulli(key, self.right, (2,))
        return memory, ((step.observation[:, 0] > 0) == follows).astype(jnp.int32)


@pytest.fixture(scope="module")
def people():
    return record_team(PLANT, Sometimes(0.6), place_of(PLANT), episodes=96, seed=1)


@pytest.fixture(scope="module")
def found(people):
    return learn_from_records(people, SMALL, seed=3)


def earned(policies):
    return float(evaluate_team(PLANT, policies, 64, 9).returns.mean()) / PLANT.horizon


@pytest.mark.slow
def test_the_clone_does_as_people_do_and_the_weighted_team_better(people, found):
    recorded = people.returns.mean() / PLANT.horizon
    assert recorded == pytest.approx(0.6, abs=0.03)
    assert earned(found.clone) == pytest.approx(0.6, abs=0.06)
    assert earned(found.learner.policies) > 0.72
    assert earned(found.learner.team) > 0.8


@pytest.mark.slow
def test_the_team_acts_as_sharply_as_the_settings_say(found):
    assert float(found.learner.config.sharpness) == 3.0
    assert found.team_config.sharpness == 3.0


@pytest.mark.slow
def test_the_same_seed_learns_the_same(people, found):
    again = learn_from_records(people, SMALL, seed=3)
    for one, other in zip(
        jax.tree.leaves(again.learner), jax.tree.leaves(found.learner), strict=True
    ):
        assert (np.asarray(one) == np.asarray(other)).all()


@pytest.mark.slow
def test_plain_cloning_does_as_people_do_and_as_unsurely(people):
    cloned = learn_from_records(people, SMALL, method="clone", seed=3)
    assert earned(cloned.learner.team) == pytest.approx(0.6, abs=0.06)
    assert float(cloned.learner.config.sharpness) == 1.0


@pytest.mark.slow
def test_the_folder_acts_with_numpy_and_goes_on_from_there(people, found, tmp_path):
    save_from_records(found, people, tmp_path / "team")
    plant, policies, about = load_team(tmp_path / "team", lambda name: PLANT)
    assert plant is PLANT
    assert about["records"]["episodes"] == 96
    assert about["steps"] == 0
    team = Team.load(tmp_path / "team")
    acts = evaluate_team(PLANT, SavedTeam(team), 24, 9).returns.mean() / PLANT.horizon
    assert acts > 0.75
    step = PLANT.reset(jax.random.key(0))
    team.begin(0)
    team.act(np.asarray(step.observation), np.asarray(step.decided), np.asarray(step.mask))
    _, preferences = policies.step(
        policies.memory(1),
        policies.look(step.observation[None], jnp.zeros(1)),
        jnp.ones((2, 1), bool),
    )
    assert team.probabilities == pytest.approx(
        np.asarray(jax.nn.softmax(preferences[:, 0])), abs=1e-5
    )
    card = (tmp_path / "team" / "README.md").read_text()
    assert "No plant was run" in card
    assert (
        json.loads((tmp_path / "team" / "team.json").read_text())["records"]["method"] == "weighted"
    )
