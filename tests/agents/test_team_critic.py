"""A team's critic judges from its folder as it did while it learned, without learning code."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.agents.team_critic import FILE, TeamCritic
from shiftwork.errors import UserError
from shiftwork.learning.team import acac
from shiftwork.learning.team.algorithms import team_algorithm
from shiftwork.learning.team.exported import critic_of, team_of
from shiftwork.learning.team.policy import Rows
from shiftwork.plants.probes.team import TeamProbe

PLANT = TeamProbe("observation", ends=False, horizon=12)
SIZES = {"actor_width": 16, "actor_memory": 8, "critic_width": 12, "critic_memory": 8}


@pytest.fixture(autouse=True, scope="module")
def _compile_quickly():
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


def learner(**changes):
    config = acac.Config(**SIZES | {"best_runs": 0} | changes)
    drawn = jax.jit(lambda key: acac.create(key, PLANT, config))(jax.random.key(1))
    rng = np.random.default_rng(2)
    noise = jax.tree.map(
        lambda x: x + 0.3 * rng.normal(size=x.shape).astype(np.float32), drawn.critic
    )
    return drawn, noise


def episode(seed=4, steps=12):
    rng = np.random.default_rng(seed)
    seen = rng.normal(size=(steps, 2, max(PLANT.observation_sizes))).astype(np.float32)
    decided = rng.random((steps, 2)) < 0.5
    decided[0] = True
    for agent in range(2):  # what was not decided anew was seen before
        for step in range(1, steps):
            if not decided[step, agent]:
                seen[step, agent] = seen[step - 1, agent]
    return seen, decided


def walked(critic, team, seen, decided):
    memory, age, values = critic.begin(), np.zeros(2), []
    for step, (looks, decides) in enumerate(zip(seen, decided, strict=True)):
        age = np.where(decides, 0, age + 1)
        memory = critic.moved(memory, team.looked(looks, step), decides)
        values.append(critic.value(team, memory, age))
    return np.array(values)


@pytest.mark.parametrize(
    "changes",
    [{"share": True}, {"attention": False}, {"ages": False, "octaves": False}],
)
def test_it_judges_as_the_critic_that_learned(changes, tmp_path):
    drawn, valued = learner(**changes)
    seen, decided = episode()
    clock = jnp.arange(len(seen), dtype=jnp.float32)
    inputs = jax.vmap(drawn.policies.look)(jnp.asarray(seen)[:, None], clock[:, None])
    fresh = (clock == 0)[:, None]
    rows = Rows(inputs, jnp.asarray(decided)[..., None], fresh)
    right = np.asarray(jax.jit(lambda rows: valued.values(rows))(rows))[0, :, 0]
    team = team_of(PLANT, drawn.policies, {})
    critic_of(valued, 2).save(tmp_path)
    ours = walked(TeamCritic.load(tmp_path, team), team, seen, decided)
    assert np.ptp(right) > 0.1
    # A value is meant where somebody decides, and behind the last step.
    meant = decided.any(1)
    meant[-1] = True
    assert meant.sum() > 5
    np.testing.assert_allclose(ours[meant], right[meant], rtol=1e-4, atol=1e-4)


def test_another_algorithm_has_none():
    config = team_algorithm("mac-niacc").config(**SIZES | {"best_runs": 0})
    drawn = jax.eval_shape(
        lambda: team_algorithm("mac-niacc").create(jax.random.key(0), PLANT, config)
    )
    assert critic_of(drawn.critic, 2) is None


def test_a_folder_without_one_or_with_another_teams(tmp_path):
    drawn, valued = learner()
    team = team_of(PLANT, drawn.policies, {})
    assert TeamCritic.load(tmp_path, team) is None
    nets = critic_of(valued, 2).nets
    TeamCritic(nets._replace(value=nets.value[:-1])).save(tmp_path)
    with pytest.raises(UserError, match="do not fit the team's sizes"):
        TeamCritic.load(tmp_path, team)
    TeamCritic(nets._replace(heads=np.float32(3))).save(tmp_path)
    with pytest.raises(UserError, match="do not fit"):
        TeamCritic.load(tmp_path, team)
    (tmp_path / FILE).write_bytes(b"no arrays")
    with pytest.raises(UserError, match=FILE):
        TeamCritic.load(tmp_path, team)


def test_it_needs_no_learning_code():
    code = "import sys, shiftwork.agents.team_critic; print([m for m in ('jax', 'equinox') if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
