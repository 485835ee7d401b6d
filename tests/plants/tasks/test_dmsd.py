import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.plants.tasks.dmsd import SWITCH_STEP, Dmsd, DmsdState
from shiftwork.records.formats.load import load_records

PLANT = Dmsd()
KEY = jax.random.key(0)


@pytest.fixture(scope="module")
def records():
    return load_records("dmsd")


@pytest.fixture(scope="module")
def seen(records):
    """Recorded observations, (episode, 101, 6)."""
    return records.observation.reshape(-1, 101, 6)


def make_state(position, velocity, first=(0.0, 0.0), second=None, step=0):
    return DmsdState(
        *(
            jnp.asarray(values, jnp.float32)
            for values in (position, velocity, first, first if second is None else second)
        ),
        step=jnp.asarray(step, jnp.int32),
    )


def roll(state, actions):
    """Step through actions (T, 2) and return all steps."""
    return jax.lax.scan(
        lambda s, action: ((step := PLANT.step(s, action, KEY)).state, step), state, actions
    )[1]


def test_every_recorded_transition_is_reproduced(records, seen):
    old, new = seen[:, :-1].reshape(-1, 6), seen[:, 1:].reshape(-1, 6)
    state = DmsdState(
        position_m=jnp.asarray(old[:, 0:2]),
        velocity_m_per_s=jnp.asarray(old[:, 2:4]),
        first_target_m=jnp.asarray(np.repeat(seen[:, 0, 4:6], 100, axis=0)),
        second_target_m=jnp.asarray(np.repeat(seen[:, SWITCH_STEP, 4:6], 100, axis=0)),
        step=jnp.tile(jnp.arange(100, dtype=jnp.int32), len(seen)),
    )
    step = jax.jit(jax.vmap(PLANT.step, in_axes=(0, 0, None)))(state, records.action, KEY)

    assert len(new) == 100_000
    np.testing.assert_allclose(step.observation[:, :4], new[:, :4], rtol=0, atol=1e-5)
    np.testing.assert_array_equal(step.observation[:, 4:], new[:, 4:])  # switches included
    np.testing.assert_allclose(step.reward, records.reward, rtol=0, atol=1e-4)
    assert not step.terminal.any()
    assert not records.terminal.any()


def test_whole_recorded_episodes_are_reproduced_from_their_first_observation(records, seen):
    first = seen[:, 0]
    state = DmsdState(
        position_m=jnp.asarray(first[:, 0:2]),
        velocity_m_per_s=jnp.asarray(first[:, 2:4]),
        first_target_m=jnp.asarray(first[:, 4:6]),
        second_target_m=jnp.asarray(seen[:, SWITCH_STEP, 4:6]),
        step=jnp.zeros(len(seen), jnp.int32),
    )
    steps = jax.jit(jax.vmap(roll))(state, records.action.reshape(-1, 100, 2))

    np.testing.assert_allclose(steps.observation, seen[:, 1:], rtol=0, atol=1e-4)


def test_recorded_targets_change_at_step_50_only(seen):
    changed = (seen[:, 1:, 4:] != seen[:, :-1, 4:]).any(axis=(0, 2))
    assert np.flatnonzero(changed).tolist() == [SWITCH_STEP - 1]  # seen first in observation 50


def test_score_is_that_which_is_published_for_the_records(records):
    assert PLANT.score.normalized(records.returns.mean()) == pytest.approx(56.6, abs=0.1)


@pytest.mark.parametrize(("mass_kg", "velocity"), [(20.0, (0.13, 0.18)), (30.0, (0.0867, 0.2867))])
def test_one_step_by_hand(mass_kg, velocity):
    # N on mass 1: 2 * (0 - 2) + 4 * (0.5 - 0) + 15 = 13; on mass 2: 2 * 1 + 4 * (0 - 1) - 30 = -32.
    state = make_state((1.0, 0.0), (0.0, 0.5), first=(1.0, 0.2))
    step = Dmsd(mass_kg).step(state, jnp.array([0.5, -1.0]), KEY)

    np.testing.assert_allclose(step.state.position_m, (1.0, 0.1), atol=1e-6)
    np.testing.assert_allclose(step.state.velocity_m_per_s, velocity, atol=1e-4)
    np.testing.assert_allclose(step.info["error_m"], (0.0, 0.1), atol=1e-6)
    np.testing.assert_allclose(step.reward, -np.log(0.01) - np.log(0.11), atol=1e-4)
    assert step.state.step == 1


def test_actions_beyond_the_limits_are_clipped():
    state = make_state((0.1, -0.2), (0.0, 0.3))
    beyond, at = (PLANT.step(state, jnp.array(a), KEY) for a in ([7.0, -1.5], [1.0, -1.0]))
    inside = PLANT.step(state, jnp.array([0.9, -0.9]), KEY)

    np.testing.assert_array_equal(beyond.observation, at.observation)
    assert not np.allclose(inside.observation, at.observation)


def test_switch_is_seen_and_paid_at_step_50_and_the_horizon_is_no_terminal():
    first, second = (0.5, -0.5), (-1.0, 0.25)
    steps = roll(make_state((0.0, 0.0), (0.0, 0.0), first, second), jnp.zeros((120, 2)))
    index = np.arange(1, 121)[:, None]  # of the observation after each step
    target = np.where(index < SWITCH_STEP, first, second).astype(np.float32)

    np.testing.assert_array_equal(steps.observation[:, 4:], target)
    # Nothing moves, so that the reward is that of standing at 0.
    np.testing.assert_allclose(steps.reward, -np.log(np.abs(target) + 0.01).sum(1), rtol=1e-5)
    assert not steps.terminal.any()


@pytest.mark.parametrize("force", [(0.0, 0.0), (0.5, 0.5), (1.0, -1.0), (0.3, -0.7)])
def test_equilibrium_stays_equilibrium(force):
    stiffness = np.array([[4.0, -2.0], [-2.0, 4.0]])  # N/m
    rest = np.linalg.solve(stiffness, 30.0 * np.array(force))
    steps = roll(make_state(rest, (0.0, 0.0)), jnp.tile(jnp.array(force), (100, 1)))

    np.testing.assert_allclose(steps.observation[:, :2], np.tile(rest, (100, 1)), atol=1e-4)
    np.testing.assert_allclose(steps.observation[:, 2:4], 0.0, atol=1e-4)


def test_energy_decays_without_force():
    keys = jax.random.split(KEY, 64)
    position = jax.vmap(lambda k: jax.random.uniform(k, (2,), minval=-2.0, maxval=2.0))(keys)
    steps = jax.vmap(lambda x: roll(make_state(x, (0.0, 0.0)), jnp.zeros((200, 2))))(position)

    def energy_j(x, v):
        return 10.0 * (v**2).sum(-1) + (x**2).sum(-1) + (x[..., 0] - x[..., 1]) ** 2

    start = energy_j(position, jnp.zeros_like(position))[:, None]
    share = energy_j(steps.state.position_m, steps.state.velocity_m_per_s) / start
    # Both masses in step are the slowest mode, x'' = -0.1 x - 0.2 x': a step of explicit Euler
    # takes the squared amplitude by det(1 + 0.2 A) = 1 - 0.2 * 0.2 + 0.2**2 * 0.1. Energy swings
    # around that, and it is a little more than 1 at first, as explicit Euler has it.
    bound = (1 - 0.2 * 0.2 + 0.2**2 * 0.1) ** np.arange(1, 201)
    assert (share <= 1.5 * bound[None]).all()
    assert share.max() < 1.05


@pytest.fixture(scope="module")
def starts():
    return jax.jit(jax.vmap(PLANT.reset))(jax.random.split(jax.random.key(7), 20_000))


def test_reset_draws_uniformly_from_the_published_ranges(starts):
    state, observation = starts
    first, second = np.asarray(state.first_target_m), np.asarray(state.second_target_m)
    for values, limit in (
        *((column, 0.25) for column in np.asarray(state.position_m).T),
        *((column, 0.1) for column in np.asarray(state.velocity_m_per_s).T),
        *((column, 1.5) for column in first.T),
        *((column[column != other], 1.5) for column, other in zip(second.T, first.T, strict=True)),
    ):
        quantile = np.sort((values + limit) / (2 * limit))
        assert quantile[0] >= 0
        assert quantile[-1] <= 1
        # Kolmogorov-Smirnov distance to the uniform distribution, at the 0.1 % level.
        expected = (np.arange(len(quantile)) + 0.5) / len(quantile)
        assert np.abs(quantile - expected).max() < 1.95 / np.sqrt(len(quantile))
    np.testing.assert_array_equal(
        observation,
        np.concatenate([state.position_m, state.velocity_m_per_s, state.first_target_m], axis=1),
    )
    assert (state.step == 0).all()


def test_half_of_all_masses_have_two_targets_independently(starts):
    two = np.asarray(starts[0].first_target_m != starts[0].second_target_m)
    np.testing.assert_allclose(two.mean(0), 0.5, atol=0.015)
    np.testing.assert_allclose(two.all(1).mean(), 0.25, atol=0.015)


def test_what_is_drawn_is_not_correlated(starts):
    state, _ = starts
    drawn = np.concatenate([np.asarray(values) for values in state[:4]], axis=1)
    two = drawn[:, 4:6] != drawn[:, 6:8]
    correlation = np.corrcoef(drawn[two.all(1)].T) - np.eye(8)
    assert np.abs(correlation).max() < 0.06  # 4 standard errors of about 5,000 episodes


def test_recorded_starts_are_distributed_alike(seen):
    assert (np.abs(seen[:, 0]) <= np.array([0.25, 0.25, 0.1, 0.1, 1.5, 1.5])).all()
    two = seen[:, 0, 4:] != seen[:, SWITCH_STEP, 4:]
    np.testing.assert_allclose(two.mean(0), 0.5, atol=0.05)
    np.testing.assert_allclose(two.all(1).mean(), 0.25, atol=0.05)
