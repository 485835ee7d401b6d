"""Critics in an agent's folder: NumPy says what JAX says, whatever the algorithm's loss."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.agents.critic import FILE, Critic
from shiftwork.errors import UserError
from shiftwork.learning.learner import Sizes, Values
from shiftwork.learning.offline.algorithms import algorithm
from shiftwork.learning.offline.learn import critics_of, make_agent, save_agent
from shiftwork.learning.replay import Scaling
from support.record_builders import make_episodes

KEY = jax.random.key(0)
RECORDS = make_episodes((30, 50), ())
SMALL = {"width": 8, "actor_width": 8}


def learner_of(name, **settings):
    """A learner of random weights whose critics disagree."""
    config = algorithm(name).config(**{"discount": 0.9, **SMALL, **settings})
    made = algorithm(name).learner.create(KEY, Sizes(2, 2), config, Values(2.0, -5.0, 10.0, 1.0))
    mlp = made.critic.mlp
    heads = tuple(w + 0.3 * jax.random.normal(KEY, w.shape) for w in mlp.weights)
    critic = dataclasses.replace(made.critic, mlp=dataclasses.replace(mlp, weights=heads))
    return dataclasses.replace(made, critic=critic)


def agent_of(learner, scaling, name="pars"):
    about = {"algorithm": name, "seed": 0, "config": {}, "updates": 1, "online_steps": 0}
    return make_agent(learner, scaling, RECORDS, about)


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("pars", {"bins": 0, "critics": 3, "subset": 2}),
        ("pars", {"bins": 11, "reward_scale": 4.0}),
        ("td3bc", {}),
        ("iql", {}),
        ("rebrac", {}),
    ],
)
def test_numpy_gives_the_values_of_jax(tmp_path, name, settings):
    learner, scaling = learner_of(name, **settings), Scaling.of(RECORDS)
    agent = agent_of(learner, scaling, name)
    save_agent(agent, learner, tmp_path / "agent", {}, RECORDS)
    found = Critic.load(tmp_path / "agent", agent)
    rows = RECORDS.transitions
    seen = jnp.asarray(scaling.observe(rows.observation))
    done = scaling.recorded(rows.action, rows.observation)
    values = found.values(agent, rows.observation, rows.action)
    right = np.asarray(learner.critic(seen, done)) / getattr(learner.config, "reward_scale", 1.0)
    np.testing.assert_allclose(values, scaling.reward_unit * right, rtol=2e-5, atol=2e-5)
    assert values.std(0).max() > 1e-3  # critics that agree would show nothing
    np.testing.assert_allclose(
        values.mean(0), scaling.reward_unit * np.asarray(learner.value(seen, done)), rtol=2e-5
    )


def test_cloned_agents_and_old_folders_have_none(tmp_path):
    config = algorithm("bc").config(actor_width=8)
    clone = algorithm("bc").learner.create(KEY, Sizes(2, 2), config, Values(2.0, -5.0, 10.0, 1.0))
    assert critics_of(clone, 1.0) is None
    assert Critic.load(tmp_path, agent_of(clone, Scaling.of(RECORDS))) is None


def test_critics_of_another_agent_are_refused(tmp_path):
    learner = learner_of("td3bc")
    agent = agent_of(learner, Scaling.of(RECORDS))
    critics_of(learner, 1.0).save(tmp_path)
    fewer = dataclasses.replace(agent, observation_tags=agent.observation_tags[:1])
    with pytest.raises(UserError, match="do not fit"):
        Critic.load(tmp_path, fewer)
    (tmp_path / FILE).write_bytes(b"nothing")
    with pytest.raises(UserError):
        Critic.load(tmp_path, agent)
