import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.plants.probes.single import PROBES, ProbeState, probe_records

BY_NAME = {probe.name: probe for probe in PROBES}
ANY_PROBE = pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
KEY = jax.random.key(0)


def state_at(sign, step=0):
    return ProbeState(jnp.asarray(sign, jnp.float32), jnp.asarray(step, jnp.int32))


def percent(fraction):
    """The action, in the probes' unit, that learners see as ``fraction`` of [-1, 1]."""
    return jnp.array([50.0 * (fraction + 1.0)])


@pytest.mark.parametrize(
    ("name", "sign", "step", "action", "reward", "terminal"),
    [
        ("constant reward", 1, 0, 30.0, 1.0, True),
        ("constant reward", -1, 0, 90.0, 1.0, True),
        ("observation-dependent reward", 1, 0, 30.0, 1.0, True),
        ("observation-dependent reward", -1, 0, 90.0, -1.0, True),
        ("two-step discount", 1, 0, 30.0, 0.0, False),
        ("two-step discount", -1, 1, 90.0, 1.0, True),
        ("action-dependent reward", 1, 0, 75.0, 1.0, True),
        ("action-dependent reward", -1, 0, 25.0, 0.0, True),
        ("action-dependent reward", -1, 0, 50.0, 0.75, True),
        ("action-dependent reward", 1, 0, -900.0, -1.25, True),  # clipped to 0 %
        ("action-dependent reward", 1, 0, 900.0, 0.75, True),  # clipped to 100 %
        ("action- and observation-dependent reward", 1, 0, 75.0, 1.0, True),
        ("action- and observation-dependent reward", -1, 0, 25.0, 1.0, True),
        ("action- and observation-dependent reward", -1, 0, 75.0, 0.0, True),
        ("time limit", 1, 0, 30.0, 1.0, False),
        ("time limit", -1, 1, 90.0, 1.0, False),
        ("time limit", -1, 7, 90.0, 1.0, False),
    ],
)
def test_steps_by_hand(name, sign, step, action, reward, terminal):
    made = BY_NAME[name].step(state_at(sign, step), jnp.array([action]), KEY)
    np.testing.assert_allclose(made.reward, reward, atol=1e-6)
    assert made.terminal == terminal
    assert made.state.step == step + 1


def test_the_table_above_knows_every_probe():
    assert set(BY_NAME) == {
        "constant reward",
        "observation-dependent reward",
        "two-step discount",
        "action-dependent reward",
        "action- and observation-dependent reward",
        "time limit",
    }


@pytest.mark.parametrize(
    ("name", "sign", "step", "value"),
    [
        ("constant reward", 1, 0, 1.0),
        ("observation-dependent reward", -1, 0, -1.0),
        ("two-step discount", 1, 0, 0.9),
        ("two-step discount", 1, 1, 1.0),
        ("action-dependent reward", -1, 0, 1.0),
        ("action- and observation-dependent reward", -1, 0, 1.0),
        ("time limit", 1, 0, 10.0),
        ("time limit", -1, 1, 10.0),
    ],
)
def test_values_by_hand(name, sign, step, value):
    assert BY_NAME[name].value(sign, step, 0.9) == pytest.approx(value)


@ANY_PROBE
def test_values_obey_the_bellman_equation_and_no_action_is_better(probe):
    """Value(now) = max over actions of reward + discount * value(next), 0 after a terminal."""
    grid = np.linspace(-1, 1, 41)
    actions = jax.vmap(percent)(grid)
    for sign, step in itertools.product((-1.0, 1.0), range(probe.steps)):
        made = jax.vmap(probe.step, in_axes=(None, 0, None))(state_at(sign, step), actions, KEY)
        for discount in (0.0, 0.5, 0.99):
            next_value = [
                0.0 if terminal else probe.value(float(next_sign), step + 1, discount)
                for next_sign, terminal in zip(made.state.sign, made.terminal, strict=True)
            ]
            gained = np.asarray(made.reward) + discount * np.array(next_value)
            np.testing.assert_allclose(gained.max(), probe.value(sign, step, discount), rtol=1e-5)
            if probe.best is None:
                np.testing.assert_allclose(gained, gained[0])
            else:
                assert grid[gained.argmax()] == pytest.approx(probe.best(sign))


@ANY_PROBE
def test_signs_are_fair_at_reset_and_after(probe):
    keys = jax.random.split(KEY, 2000)
    _, first = jax.vmap(probe.reset)(keys)
    after = jax.vmap(lambda key: probe.step(state_at(1.0), percent(0.0), key).observation)(keys)
    for observation in (first, after):
        signs = np.asarray(observation[:, 0])
        assert set(signs) == {-1.0, 1.0}
        assert abs(signs.mean()) < 0.1  # 4.5 standard errors
    clock = 1.0 if probe.clock else 0.0
    assert (np.asarray(first[:, 1]) == 0.0).all()
    assert (np.asarray(after[:, 1]) == clock).all()


@ANY_PROBE
def test_records_have_the_probes_boundaries(probe):
    records = probe_records(probe, episodes=300, seed=0)
    rows = records.transitions

    assert records.length.tolist() == [probe.steps] * 300
    assert records.terminal.tolist() == [probe.terminal] * 300
    assert records.observation.shape == (300 * (probe.steps + 1), 2)
    last = np.arange(1, len(rows.reward) + 1) % probe.steps == 0
    np.testing.assert_array_equal(rows.last, last)
    np.testing.assert_array_equal(rows.terminal, last & probe.terminal)
    # Every row is a step of the probe: its reward, and the clock of what was seen before and next.
    step = np.arange(len(rows.reward)) % probe.steps
    reward = [
        probe.reward(o[0], a[0] / 50.0 - 1.0, s)
        for o, a, s in zip(rows.observation, rows.action, step, strict=True)
    ]
    np.testing.assert_allclose(rows.reward, np.array(reward), atol=1e-5)
    if probe.clock:
        np.testing.assert_array_equal(rows.observation[:, 1], step)
        np.testing.assert_array_equal(rows.next_observation[:, 1], step + 1)


def test_what_is_seen_next_is_seen_at_the_next_step():
    records = probe_records(BY_NAME["time limit"], episodes=100, seed=0)
    rows = records.transitions
    inside = np.flatnonzero(~rows.last)
    np.testing.assert_array_equal(rows.next_observation[inside], rows.observation[inside + 1])
    # All eight patterns of signs: each of an episode's three is drawn with a key of its own.
    assert len(np.unique(records.observation[:, 0].reshape(-1, 3), axis=0)) == 8
    # The observation that ends an episode is kept, and is not the next episode's first.
    ends = np.flatnonzero(rows.last)[:-1]
    assert (rows.next_observation[ends, 0] != rows.observation[ends + 1, 0]).any()


def test_recorded_actions_are_uniform_over_the_box():
    action = probe_records(BY_NAME["constant reward"], episodes=5000, seed=0).action[:, 0]
    quantile = np.sort(action / 100.0)
    expected = (np.arange(5000) + 0.5) / 5000
    assert np.abs(quantile - expected).max() < 1.95 / np.sqrt(5000)


def test_seed_0_is_a_seed_like_others():
    zero, again, one = (probe_records(PROBES[0], 20, seed) for seed in (0, 0, 1))
    assert zero.hash == again.hash
    assert zero.hash != one.hash
