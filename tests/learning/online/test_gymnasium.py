"""Learning by experience on a foreign environment: the same counts and rows as on plants of ours."""

import dataclasses
import os
import signal

import gymnasium
import jax
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec

from shiftwork.errors import Stopped, UserError
from shiftwork.learning.learner import Sizes, Values
from shiftwork.learning.loop import create_members, member
from shiftwork.learning.offline import bc
from shiftwork.learning.online import gymnasium as experience
from shiftwork.learning.online.steps import Online
from shiftwork.learning.replay import Replay, Scaling
from shiftwork.plants.adapters.from_gymnasium import ForeignPlant
from shiftwork.plants.probes.single import PROBES, probe_records

ONLINE = Online(steps=20, updates_per_step=2, piece=8, ramp=10)
COPIES = 2


class Candle(gymnasium.Env):
    """Shows its step; burns down after 3, or is cut after 5 where it was born large."""

    observation_space = gymnasium.spaces.Box(-10.0, 10.0, (2,), np.float32)
    action_space = gymnasium.spaces.Box(0.0, 100.0, (1,), np.float32)
    stepped = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.large, self.at = float(self.np_random.random() < 0.5), 0
        return self._seen(), {}

    def step(self, action):
        type(self).stepped += 1
        self.at += 1
        burnt = not self.large and self.at == 3
        return self._seen(), float(action[0]), burnt, False, {}

    def _seen(self):
        return np.array([self.at, self.large], np.float32)


@pytest.fixture
def improve(monkeypatch):
    """Improve a learner on two candles; the last store is kept in ``stores``."""
    spec = EnvSpec("Candle-v0", entry_point=Candle, max_episode_steps=5)
    monkeypatch.setitem(gymnasium.registry, "Candle-v0", spec)
    monkeypatch.setattr(Candle, "stepped", 0)
    records = probe_records(PROBES[0], 64, seed=0)
    scaling = dataclasses.replace(
        Scaling.of(records),
        observation_mean=np.zeros(2, np.float32),
        observation_std=np.ones(2, np.float32),
    )
    config = bc.Config(discount=0.9, actor_width=8, batch=16)
    learner = member(
        create_members(bc.BC, Sizes(2, 1), [config], [Values(0.0, -1.0, 1.0, 1.0)], [0]), 0
    )
    stores, inner = [], experience._round

    def kept(*given):
        learner, store = inner(*given)
        stores.append(store)
        return learner, store

    monkeypatch.setattr(experience, "_round", kept)

    def improve(online=ONLINE, seed=0, **options):
        return experience.improve_foreign(
            learner,
            ForeignPlant("Candle-v0", COPIES),
            scaling,
            Replay.of(records.transitions, scaling),
            online,
            seed,
            **options,
        )

    return improve, stores


def rows_of(store):
    """The filled rows, time by copy."""
    size = int(store.size)
    return jax.tree.map(
        lambda x: np.asarray(x)[:size].reshape(size // COPIES, COPIES, *x.shape[1:]), store.rows
    )


def test_every_step_of_every_copy_is_counted_and_stored_as_it_was(improve):
    run, stores = improve
    watched = []
    learner, history = run(watch=lambda done, learner: watched.append(done))
    assert Candle.stepped == history.steps == ONLINE.steps == int(stores[-1].size)
    assert int(learner.actor_adam.moments.count) == ONLINE.steps * ONLINE.updates_per_step
    assert watched == [8, 16, 20]

    rows = rows_of(stores[-1])
    at, large = rows.observation[..., 0], rows.observation[..., 1]
    np.testing.assert_array_equal(rows.next_observation[..., 0], at + 1)
    np.testing.assert_array_equal(rows.next_observation[..., 1], large)
    np.testing.assert_array_equal(rows.continues == 0, (large == 0) & (at == 2))
    np.testing.assert_array_equal(rows.last == 1, at == np.where(large == 1, 4, 2))
    assert (rows.last == 1).any()
    assert ((rows.last == 1) & (rows.continues == 1)).any()
    assert (rows.continues == 0).any()
    going_on = rows.last[:-1] == 0
    np.testing.assert_array_equal(rows.next_action[:-1][going_on], rows.action[1:][going_on])
    assert (history.episode_end >= 0).sum() == (rows.last == 1).sum()


def test_a_resumed_run_goes_on_counting_and_begins_new_episodes(improve, tmp_path):
    run, stores = improve
    checkpoint = tmp_path / "online.npz"
    calls = []

    def interrupt(amount, note=""):
        calls.append(amount)
        if len(calls) == 4:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Stopped, match="stopped after 8 of 20 plant steps"):
        run(advance=interrupt, checkpoint=checkpoint)
    with pytest.raises(UserError, match="belongs to another agent, plant or settings"):
        run(seed=1, checkpoint=checkpoint)

    learner, history = run(checkpoint=checkpoint)
    assert Candle.stepped == history.steps == int(stores[-1].size) == 20
    assert int(learner.actor_adam.moments.count) == 40
    rows = rows_of(stores[-1])
    # The episodes that were running are over: nothing follows them, though nothing ended.
    np.testing.assert_array_equal(rows.last[3], 1)
    np.testing.assert_array_equal(rows.observation[4, :, 0], 0)
    burnt = (rows.observation[..., 1] == 0) & (rows.observation[..., 0] == 2)
    np.testing.assert_array_equal(rows.continues == 0, burnt)
