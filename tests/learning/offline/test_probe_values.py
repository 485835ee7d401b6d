"""Every algorithm on every probe plant, whose true values are known by hand.

All probes have records of one shape, so that an algorithm is compiled once and serves all of them,
three seeds at a time.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.learning.learner import Sizes, Values
from shiftwork.learning.loop import create_members, train
from shiftwork.learning.offline import bc, iql, pars, rebrac, td3bc
from shiftwork.learning.offline.algorithms import ALGORITHMS, algorithm
from shiftwork.learning.offline.learn import learn
from shiftwork.learning.replay import Replay, Scaling
from shiftwork.plants.probes.single import PROBES, probe_records

DISCOUNT = 0.9
ROWS = 1024
SEEDS = (0, 1, 2)
UPDATES = 2_000
SMALL = {"discount": DISCOUNT, "actor_width": 32, "batch": 64, "actor_rate": 3e-3}
CRITIC = SMALL | {"width": 32, "critic_rate": 3e-3, "target_rate": 0.02}
# With hardly any cloning, since what is probed is whether the best action is found.
CONFIGS = {
    "bc": bc.Config(**SMALL),
    "td3bc": td3bc.Config(**CRITIC, alpha=100.0),
    "iql": iql.Config(**CRITIC),
    "rebrac": rebrac.Config(**CRITIC, critic_cloning=0.0),
    "pars": pars.Config(**CRITIC | {"critic_rate": 1e-2}, cloning=0.0, penalty_batch=16),
}
VALUED = [name for name in ALGORITHMS if name != "bc"]
BY_NAME = {probe.name: probe for probe in PROBES}
TIME_LIMIT = BY_NAME["time limit"]


def records_of(probe):
    return probe_records(probe, ROWS // probe.steps, seed=0)


def situations(probe):
    """Every (sign, step) of a probe, with its observation and the best action in plant units.

    Where every action is as good, 65 % stands for any.
    """
    signs = np.array([-1.0, 1.0] * probe.steps, np.float32)
    steps = np.repeat(np.arange(probe.steps), 2)
    seen = np.stack([signs, steps * probe.clock], axis=1).astype(np.float32)
    best = [50.0 + 50.0 * probe.best(sign) if probe.best else 65.0 for sign in signs]
    return signs, steps, seen, np.array(best, np.float32)[:, None]


def values(members, scaling, seen, action):
    """Every member's Q in plant reward, (members, pairs)."""
    observation, unit = jnp.asarray(scaling.observe(seen)), scaling.recorded(action, seen)
    found = jax.vmap(lambda member: member.value(observation, unit))(members)
    return np.asarray(found) * scaling.reward_unit


def actions(learned, seen):
    """Every member's action in [-1, 1] of the plant's whole range, (members, B)."""
    agents = [learned.agent(number) for number in range(len(learned.seeds))]
    return np.stack([agent.act(seen)[:, 0] for agent in agents]) / 50.0 - 1.0


def test_every_algorithm_is_probed():
    assert set(CONFIGS) == set(ALGORITHMS)


@pytest.mark.slow
@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
@pytest.mark.parametrize("name", VALUED)
def test_values_and_best_actions_are_recovered(name, probe):
    learned = learn(records_of(probe), name, CONFIGS[name], updates=UPDATES, seeds=SEEDS)
    signs, steps, seen, best = situations(probe)

    true = [
        probe.value(float(sign), int(step), DISCOUNT)
        for sign, step in zip(signs, steps, strict=True)
    ]
    found = values(learned.members, learned.scaling, seen, best)
    np.testing.assert_allclose(found, np.tile(true, (len(SEEDS), 1)), rtol=0.01, atol=0.02)

    if probe.best and name != "iql":  # whose policy is no maximum: see below
        found = actions(learned, seen)
        wanted = np.tile(best[:, 0] / 50.0 - 1.0, (len(SEEDS), 1))
        np.testing.assert_allclose(found, wanted, rtol=0, atol=0.12)


@pytest.mark.parametrize("name", VALUED)
def test_values_of_other_actions_are_recovered_too(name):
    """Recorded actions cover the box, so that all of Q is known: 1 - (a - sign / 2)^2."""
    probe = BY_NAME["action- and observation-dependent reward"]
    learned = learn(records_of(probe), name, CONFIGS[name], updates=UPDATES, seeds=SEEDS)
    fraction = np.tile(np.linspace(-0.9, 0.9, 7, dtype=np.float32), 2)
    sign = np.repeat(np.array([-1.0, 1.0], np.float32), 7)
    seen = np.stack([sign, np.zeros(14, np.float32)], axis=1)

    found = values(learned.members, learned.scaling, seen, 50 + 50 * fraction[:, None])
    true = 1 - (fraction - 0.5 * sign) ** 2
    np.testing.assert_allclose(found, np.tile(true, (len(SEEDS), 1)), rtol=0, atol=0.08)


def test_iql_learns_the_expectile_and_the_weighted_mean():
    """Between the mean and the best, exactly: both follow from Q and the uniform actions alone."""
    config = dataclasses.replace(CONFIGS["iql"], temperature=0.5)
    probe = BY_NAME["action-dependent reward"]
    learned = learn(records_of(probe), "iql", config, updates=UPDATES, seeds=SEEDS)
    action = np.linspace(-1, 1, 20_001)
    q = 1 - (action - 0.5) ** 2
    expectile = q.mean()
    for _ in range(200):  # eq. 5 set to zero, as a fixed point
        weight = np.where(q < expectile, 1 - config.expectile, config.expectile)
        expectile = (weight * q).sum() / weight.sum()
    assert q.mean() < expectile < q.max()

    _, _, seen, _ = situations(probe)
    observation = jnp.asarray(learned.scaling.observe(seen))
    v = jax.vmap(lambda member: member.v(member.state_value, observation))(learned.members)
    np.testing.assert_allclose(v * learned.scaling.reward_unit, expectile, rtol=0, atol=0.04)

    # eq. 7 with our unit of advantage: the most likely mean is the weighted mean.
    advantage = (q - expectile) / np.abs(q - expectile).mean()
    weight = np.minimum(np.exp(config.temperature * advantage), 100.0)
    mean = (weight * action).sum() / weight.sum()
    assert 0.1 < mean < 0.4
    np.testing.assert_allclose(actions(learned, seen), mean, rtol=0, atol=0.06)


@pytest.mark.slow
@pytest.mark.parametrize("name", VALUED)
def test_a_time_limit_is_no_end(name):
    """From 0, where nothing is given away, values climb to 1 / (1 - discount).

    With ends instead of cuts they would stop at 1 / (1 - discount / 2): every other step ends.
    """
    found = {}
    for ending in (False, True):
        records = records_of(TIME_LIMIT)
        records = dataclasses.replace(records, terminal=np.full(len(records.terminal), ending))
        scaling = Scaling.of(records)
        chosen = algorithm(name)
        config = dataclasses.replace(CONFIGS[name], target_rate=0.05)
        members = create_members(
            chosen.learner, Sizes(2, 1), [config] * 3, [Values(0.0, -20.0, 20.0, 5.0)] * 3, SEEDS
        )
        replay = Replay.of(records.transitions, scaling)
        members, _ = train(members, replay, SEEDS, UPDATES if ending else 2 * UPDATES)
        _, _, seen, best = situations(TIME_LIMIT)
        found[ending] = values(members, scaling, seen, best)

    np.testing.assert_allclose(found[False], 1 / (1 - DISCOUNT), rtol=0.03)
    # The same observation now has two returns, and policies climb the noise of such a fit a little.
    np.testing.assert_allclose(found[True], 1 / (1 - DISCOUNT / 2), atol=0.5)


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_bc_recovers_the_mean_recorded_action(probe):
    """Whatever the reward: +-60 % of the half-range by the sign, with noise of mean zero."""
    records = records_of(probe)
    sign = records.transitions.observation[:, :1]
    noise = (records.action - 50.0) / 50.0  # uniform in [-1, 1]
    records = dataclasses.replace(records, action=50.0 + 30.0 * sign + 20.0 * noise)
    learned = learn(records, "bc", CONFIGS["bc"], updates=UPDATES, seeds=SEEDS)

    signs, _, seen, _ = situations(probe)
    wanted = np.tile(0.6 * signs, (len(SEEDS), 1))
    np.testing.assert_allclose(actions(learned, seen), wanted, rtol=0, atol=0.05)
