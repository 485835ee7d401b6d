"""Rollouts: whole episodes, every one counted, on plants of ours and on foreign ones."""

import dataclasses
import itertools

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec

from shiftwork.agents.agent import Agent
from shiftwork.errors import UserError
from shiftwork.evaluation.rollout import check_fit, rollout
from shiftwork.plants.adapters.from_gymnasium import ForeignPlant
from shiftwork.plants.plant import Step
from shiftwork.plants.probes.single import PROBES
from shiftwork.plants.run import run
from shiftwork.plants.tasks.dmsd import Dmsd
from shiftwork.records.tags import Tag, numbered
from shiftwork.yardsticks.simple import RandomActions, constant

BY_NAME = {probe.name: probe for probe in PROBES}


def proportional(plant, gain=0.5):
    """An agent that answers the first observation: tanh(gain * x), over the plant's whole box."""
    weight = np.zeros((len(plant.observation), len(plant.action)), np.float32)
    weight[0] = gain
    return Agent(
        (weight,),
        (np.zeros(len(plant.action), np.float32),),
        np.zeros(len(plant.observation), np.float32),
        np.ones(len(plant.observation), np.float32),
        np.array([tag.low for tag in plant.action], np.float32),
        np.array([tag.high for tag in plant.action], np.float32),
        plant.observation,
        plant.action,
    )


@dataclasses.dataclass(frozen=True)
class Fuse:
    """Draws a number of steps at birth, shows it, and ends by itself after them: 1 to 9."""

    name: str = "fuse"
    horizon: int = 6
    score: None = None
    targets: tuple[tuple[int, int], ...] = ()
    observation = numbered("obs", 2)
    action = (Tag("valve", "%", -1.0, 1.0),)

    def reset(self, key):
        state = jnp.stack([jax.random.randint(key, (), 1, 10).astype(jnp.float32), jnp.zeros(())])
        return state, state

    def step(self, state, action, key):
        moved = state + jnp.array([0.0, 1.0])
        return Step(moved, moved, action[0] + moved[1], moved[1] == moved[0], {})


def test_whole_episodes_are_kept_and_counted():
    plant = Fuse()
    found = rollout(plant, proportional(plant), episodes=50, seed=0)
    born = found.observation[found.starts + np.arange(50)]  # each episode has one row more

    assert len(found.length) == 50
    np.testing.assert_array_equal(born[:, 1], 0)
    # Cut right: at the end where it ends, at the horizon where it would go on, even at its edge.
    np.testing.assert_array_equal(found.length, np.minimum(born[:, 0], plant.horizon))
    np.testing.assert_array_equal(found.terminal, born[:, 0] <= plant.horizon)
    assert {1, plant.horizon} <= set(found.length.tolist())
    assert found.terminal.any()
    assert not found.terminal.all()
    # No row of what the plant did after an end, and the last observation of every episode.
    rows = found.transitions
    np.testing.assert_array_equal(rows.next_observation[:, 1], rows.observation[:, 1] + 1)
    np.testing.assert_array_equal(rows.next_observation[:, 0], rows.observation[:, 0])
    # What was done is what the agent says, and what it earned is the plant's.
    np.testing.assert_allclose(found.action[:, 0], np.tanh(0.5 * rows.observation[:, 0]), rtol=1e-5)
    np.testing.assert_allclose(
        found.reward, found.action[:, 0] + rows.next_observation[:, 1], rtol=1e-5
    )


def test_seeds_decide_and_zero_is_one_of_them():
    plant = Fuse()
    one, again, other = (
        rollout(plant, proportional(plant), episodes=20, seed=s) for s in (0, 0, 1)
    )
    assert one.hash == again.hash
    assert one.hash != other.hash


def test_a_time_limit_is_no_terminal_and_an_end_is_one():
    for name, terminal in (("time limit", False), ("two-step discount", True)):
        plant = BY_NAME[name]
        found = rollout(plant, proportional(plant), episodes=7, seed=0)
        assert found.length.tolist() == [2] * 7
        assert found.terminal.tolist() == [terminal] * 7


def test_a_good_agent_earns_what_is_known():
    plant = BY_NAME["action- and observation-dependent reward"]
    agent = proportional(plant, gain=float(np.arctanh(0.5)))  # half the sign: the best action
    found = rollout(plant, agent, episodes=10, seed=0)
    np.testing.assert_allclose(found.returns, 1.0, atol=1e-5)


def test_published_plant_runs_to_its_horizon():
    found = rollout(Dmsd(), proportional(Dmsd()), episodes=3, seed=0)
    assert found.length.tolist() == [100] * 3
    assert not found.terminal.any()


def test_a_run_can_be_compiled_and_has_the_shapes_it_says():
    plant = Fuse()
    found = jax.jit(lambda key: run(plant, constant(jnp.zeros(1)), key, 5))(jax.random.key(0))
    assert found.observation.shape == (7, 5, 2)
    assert found.action.shape == (6, 5, 1)
    assert found.reward.shape == found.terminal.shape == (6, 5)
    # What follows a terminal step is not earned: 1 + 2 + ... up to the end or the horizon.
    born = np.asarray(found.observation[0, :, 0])
    length = np.minimum(born, plant.horizon)
    np.testing.assert_allclose(found.returns, length * (length + 1) / 2)


def test_any_operator_runs_the_same_episodes():
    plant = Fuse()
    kept, drawn, agent = (
        rollout(plant, operator, episodes=20, seed=3)
        for operator in (constant(jnp.ones(1)), RandomActions(plant), proportional(plant))
    )
    for other in (drawn, agent):
        np.testing.assert_array_equal(other.length, kept.length)
        np.testing.assert_array_equal(other.observation, kept.observation)
    assert (kept.action == 1).all()
    # Uniform over the box, another draw at each step and in each episode.
    assert len(np.unique(drawn.action)) == len(drawn.action)
    assert abs(drawn.action.mean()) < 0.3
    assert drawn.action.min() < -0.8
    assert drawn.action.max() > 0.8


def test_each_episode_has_a_memory_of_its_own():
    class Counts:
        def begin(self, key):
            return jax.random.randint(key, (), 10, 1000)

        def act(self, memory, observation, key):
            return memory + 1, memory[None].astype(jnp.float32)

    found = run(Fuse(), Counts(), jax.random.key(0), 5)
    assert len(np.unique(found.action[0])) == 5
    np.testing.assert_array_equal(np.diff(found.action[..., 0], axis=0), 1)


def test_on_a_gymnasium_environment_only_agents_act(foreign):
    with pytest.raises(UserError, match="only agents act"):
        rollout(foreign(1), constant(jnp.zeros(1)), episodes=1, seed=0)


class ForeignFuse(gymnasium.Env):
    """Ends after 2 or 9 steps, by chance; the reward is the step.

    The observation shows after how many, the step, and which copy it is.
    """

    observation_space = gymnasium.spaces.Box(0.0, np.inf, (3,), np.float32)
    action_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float32)
    made = itertools.count()

    def __init__(self):
        self.number = next(self.made)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.life = 2 if self.np_random.random() < 0.5 else 9
        self.at = 0
        return self._seen(), {}

    def step(self, action):
        self.at += 1
        return self._seen(), float(self.at), self.at == self.life, False, {}

    def _seen(self):
        return np.array([self.life, self.at, self.number], np.float32)


@pytest.fixture
def foreign(monkeypatch):
    spec = EnvSpec("ForeignFuse-v0", entry_point=ForeignFuse, max_episode_steps=7)
    monkeypatch.setitem(gymnasium.registry, "ForeignFuse-v0", spec)
    return lambda copies: ForeignPlant("ForeignFuse-v0", copies)


@pytest.mark.parametrize(("copies", "episodes"), [(1, 5), (4, 4), (4, 10), (4, 3)])
def test_foreign_rollouts_give_exactly_the_episodes_asked_for(foreign, copies, episodes):
    plant = foreign(copies)
    found = rollout(plant, proportional(plant), episodes=episodes, seed=0)
    born = found.observation[found.starts + np.arange(episodes)]
    assert len(found.length) == episodes
    # Every copy has its share, settled before it is known how long its episodes last.
    _, share = np.unique(born[:, 2], return_counts=True)
    assert len(share) == min(copies, episodes)
    assert share.max() - share.min() <= 1
    np.testing.assert_array_equal(born[:, 1], 0)
    np.testing.assert_array_equal(found.length, np.where(born[:, 0] == 2, 2, 7))
    np.testing.assert_array_equal(found.terminal, born[:, 0] == 2)
    rows = found.transitions
    np.testing.assert_array_equal(rows.next_observation[:, 1], rows.observation[:, 1] + 1)
    np.testing.assert_allclose(found.action[:, 0], np.tanh(0.5 * rows.observation[:, 0]), rtol=1e-5)
    np.testing.assert_array_equal(found.reward, rows.next_observation[:, 1])


def test_short_episodes_are_not_preferred(foreign):
    """One half is short. Taken as they finish, two thirds or more of them would be.

    With one episode for each of 200 copies the first 100 to finish would all be short.
    """
    plant = foreign(200)
    found = rollout(plant, proportional(plant), episodes=200, seed=0)
    assert abs((found.length == 2).mean() - 0.5) < 0.11  # 3 deviations
    plant = foreign(8)
    found = rollout(plant, proportional(plant), episodes=200, seed=1)
    assert abs((found.length == 2).mean() - 0.5) < 0.11


def test_foreign_rollouts_are_reproducible(foreign):
    one, again, other = (
        rollout(foreign(3), proportional(foreign(3)), episodes=9, seed=seed) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one.reward, again.reward)
    assert not np.array_equal(one.reward, other.reward)


def test_misfits_are_told_in_one_line():
    plant = Fuse()
    agent = proportional(plant)
    three = dataclasses.replace(agent, observation_tags=numbered("obs", 3))
    two = dataclasses.replace(agent, action_tags=(*agent.action_tags, Tag("steam", "", 0.0, 1.0)))
    for bad, told in ((three, "has 2 observation tags"), (two, "has 1 action tags")):
        with pytest.raises(UserError, match=told) as error:
            rollout(plant, bad, episodes=1, seed=0)
        assert "\n" not in str(error.value)
        assert "'fuse'" in str(error.value)


def test_tags_in_another_order_are_refused_and_other_names_are_not():
    plant = Fuse()
    agent = proportional(plant)
    turned = dataclasses.replace(agent, observation_tags=agent.observation_tags[::-1])
    with pytest.raises(UserError, match="in another order"):
        check_fit(plant, turned)
    named = dataclasses.replace(agent, observation_tags=(Tag("life"), Tag("age")))
    check_fit(plant, named)
    check_fit(plant, agent)


@pytest.mark.parametrize("episodes", [0, -3])
def test_at_least_one_episode(episodes):
    with pytest.raises(UserError, match="run at least one"):
        rollout(Fuse(), proportional(Fuse()), episodes=episodes, seed=0)
