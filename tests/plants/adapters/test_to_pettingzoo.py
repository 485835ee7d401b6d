import warnings

import jax
import numpy as np
import pytest

from shiftwork.errors import UserError
from shiftwork.plants.adapters.to_pettingzoo import TeamEnv
from shiftwork.plants.catalogue import make_team_plant

with warnings.catch_warnings():
    # Importing PettingZoo's tests brings in plants of its own in a way that it deprecates.
    warnings.simplefilter("ignore", DeprecationWarning)
    from pettingzoo.test import parallel_api_test


@pytest.fixture
def env():
    return TeamEnv(make_team_plant("box-pushing-6"))


@pytest.mark.parametrize("name", ["box-pushing-6", "overcooked-B-rand"])
def test_passes_the_parallel_api_test(name, capsys):
    parallel_api_test(TeamEnv(make_team_plant(name)), num_cycles=120)
    capsys.readouterr()


def test_is_the_plant_itself(env):
    plant, rng = env.plant, np.random.default_rng(0)
    seen, info = env.reset(seed=0)
    state = plant.reset(jax.random.key(0)).state
    step = jax.jit(plant.step)
    for _ in range(30):
        actions = {agent: int(rng.integers(8)) for agent in env.agents}
        expected = step(state, np.array(list(actions.values()), np.int32), jax.random.key(0))
        seen, reward, terminated, _, info = env.step(actions)
        for i, agent in enumerate(plant.agents):
            np.testing.assert_array_equal(seen[agent], expected.observation[i])
            assert reward[agent] == pytest.approx(float(expected.reward))
            assert terminated[agent] == bool(expected.terminal)
            assert info[agent]["decided"] == bool(expected.decided[i])
        state = expected.state
        if expected.terminal:
            break


def test_the_horizon_truncates_and_never_terminates(env):
    env.reset(seed=1)
    for number in range(env.plant.horizon):
        *_, terminated, truncated, _ = env.step(dict.fromkeys(env.agents, 7))
        assert not any(terminated.values())
        assert all(truncated.values()) == (number == env.plant.horizon - 1)
    assert env.agents == []


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        ({"agent 1": 0}, "agent 2: decides now but has no action; give it one"),
        ({"agent 1": 0, "agent 2": 8}, "agent 2: may not choose action 8 now; allowed: 0, 1,"),
        ({"agent 1": -1, "agent 2": 0}, "agent 1: may not choose action -1 now; allowed: 0, 1,"),
    ],
)
def test_bad_actions_are_one_line(env, actions, message):
    env.reset(seed=0)
    with pytest.raises(UserError) as error:
        env.step(actions)
    assert str(error.value).startswith(message)


def test_step_before_reset_is_one_line(env):
    with pytest.raises(UserError, match="no episode is running; call reset"):
        env.step({})


def test_seeds_draw_the_same_episodes_again():
    env = TeamEnv(make_team_plant("overcooked-A-rand"))
    first, _ = env.reset(seed=0)
    second, _ = env.reset()
    again, _ = env.reset(seed=0)
    for agent in env.agents:
        np.testing.assert_array_equal(first[agent], again[agent])
    assert any((first[agent] != second[agent]).any() for agent in env.agents)
