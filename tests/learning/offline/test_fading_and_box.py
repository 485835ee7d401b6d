"""Two choices of who learns: rates that fade online, and a box as wide as anybody's actions."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.learning.learner import Sizes, Values
from shiftwork.learning.offline import bc, pars
from shiftwork.learning.offline.learn import learn
from shiftwork.learning.online.steps import Online, learn_once, online_learner
from shiftwork.learning.replay import Replay, Scaling
from shiftwork.records.episodes import Episodes
from shiftwork.records.tags import Tag, numbered

ONLINE = Online(steps=40, updates_per_step=2, fading=True)


@pytest.fixture(scope="module")
def records():
    """Ten episodes in which the valve is nearly always between 40 and 60 %, but not always."""
    rng = np.random.default_rng(0)
    action = rng.uniform(40, 60, (600, 1))
    action[5], action[300] = 2.0, 95.0
    return Episodes(
        rng.normal(size=(610, 2)).astype(np.float32),
        action.astype(np.float32),
        rng.normal(size=600).astype(np.float32),
        np.full(10, 60, np.int64),
        np.zeros(10, bool),
        numbered("obs", 2),
        (Tag("valve", "%", 0.0, 100.0),),
    )


@pytest.mark.slow
def test_with_fading_the_last_step_changes_nothing_and_a_half_way_one_half_as_much(records):
    config = pars.Config(discount=0.9, cloning=0.1, target_rate=0.005, width=8, actor_width=8, batch=16,
                         penalty_batch=4, critics=2, subset=2)  # fmt: skip
    key = jax.random.key(0)
    learner = online_learner(
        pars.PARS.create(
            key, Sizes(2, 1), config, Values(mean=0.0, worst=-5.0, best=5.0, spread=1.0)
        ),
        ONLINE,
    )
    rows = Replay.of(records.transitions, Scaling.of(records))
    store = Replay(rows.rows, jnp.zeros((), jnp.int32))
    steady = dataclasses.replace(ONLINE, fading=False)

    @jax.jit
    def moved(size):
        """How far the actor's first step goes, fading and not."""
        filled = dataclasses.replace(store, size=size)

        def actors(online):
            after, _ = learn_once(learner, rows, filled, key, online)
            return jnp.abs(after.actor.mlp.weights[-1] - learner.actor.mlp.weights[-1]).max()

        return actors(ONLINE), actors(steady)

    whole, full = moved(jnp.int32(40))
    assert whole == 0.0
    assert full > 0.0
    half, full = moved(jnp.int32(20))
    # Adam's first step is as long as its rate.
    assert half == pytest.approx(0.5 * float(full), rel=0.05)


def test_a_tail_of_zero_lets_an_agent_do_what_anybody_ever_did(records):
    config = bc.Config(discount=0.9, actor_width=4, batch=4)
    usual = learn(records, "bc", config, updates=1).scaling
    widest = learn(records, "bc", config, updates=1, tail=0.0).scaling
    assert usual.action_low > 39.0
    assert usual.action_high < 61.0
    assert widest.action_low == 2.0
    assert widest.action_high == 95.0
