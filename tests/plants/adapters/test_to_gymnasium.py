import os
import subprocess
import sys
import warnings
from collections import Counter
from dataclasses import dataclass

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.utils.env_checker import check_env

from shiftwork.errors import UserError
from shiftwork.plants.adapters.to_gymnasium import PlantEnv
from shiftwork.plants.catalogue import PLANTS
from shiftwork.plants.probes.single import PROBES
from shiftwork.plants.tasks.dmsd import Dmsd, DmsdState
from shiftwork.records.tags import Tag

BY_NAME = {probe.name: probe for probe in PROBES}
# Advice of Gymnasium's checker that a plant in its own units cannot take.
ADVICE = ("minimum value is -infinity", "maximum value is infinity", "symmetric and normalized")


def checked(env, **kwargs):
    """Run Gymnasium's checker and return its warnings, less the advice above."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check_env(env, **kwargs)
    return [str(w.message) for w in caught if not any(a in str(w.message) for a in ADVICE)]


@pytest.mark.parametrize("plant", [*PLANTS.values(), *PROBES], ids=lambda plant: plant.name)
def test_gymnasiums_own_checker_has_nothing_to_say(plant):
    # There is no picture to check, and the rest of that check needs a registered environment.
    assert checked(PlantEnv(plant), skip_render_check=True) == []


@pytest.mark.parametrize("name", PLANTS)
def test_our_plants_are_registered_and_pass_the_whole_checker(name):
    env = gymnasium.make(f"shiftwork.plants.adapters.to_gymnasium:shiftwork/{name}-v0")
    assert env.unwrapped.plant == PLANTS[name]
    assert env.spec.max_episode_steps == PLANTS[name].horizon
    assert gymnasium.envs.registration.EnvSpec.from_json(env.spec.to_json()).id == env.spec.id
    assert checked(env.unwrapped) == []


def test_registered_environments_run_side_by_side():
    envs = gymnasium.make_vec("shiftwork/dmsd-v0", num_envs=3, vectorization_mode="sync")
    observation, _ = envs.reset(seed=0)
    assert observation.shape == (3, 6)
    for step in range(1, 101):
        observation, _, terminated, truncated, _ = envs.step(envs.action_space.sample())
        assert not terminated.any()
        assert truncated.tolist() == [step == 100] * 3


def test_spaces_are_the_tags():
    env = PlantEnv(Dmsd())
    inf = np.inf
    np.testing.assert_array_equal(env.observation_space.low, [-inf, -inf, -inf, -inf, -1.5, -1.5])
    np.testing.assert_array_equal(env.observation_space.high, [inf, inf, inf, inf, 1.5, 1.5])
    np.testing.assert_array_equal(PlantEnv(PROBES[0]).action_space.low, [0.0])
    np.testing.assert_array_equal(PlantEnv(PROBES[0]).action_space.high, [100.0])
    assert env.observation_space.dtype == env.action_space.dtype == np.float32


@pytest.mark.parametrize(
    ("plant", "ends"),
    [
        (BY_NAME["constant reward"], [(True, False)]),  # terminal in the step of the time limit
        (BY_NAME["two-step discount"], [(False, False), (True, False)]),
        (BY_NAME["time limit"], [(False, False), (False, True)]),
        (Dmsd(horizon=3), [(False, False), (False, False), (False, True)]),
    ],
    ids=["terminal", "terminal after two", "time limit", "dmsd cut at three"],
)
def test_a_terminal_terminates_and_a_time_limit_truncates(plant, ends):
    env = PlantEnv(plant)
    for seed in (0, None):
        env.reset(seed=seed)
        assert [env.step(env.action_space.sample())[2:4] for _ in ends] == ends
        with pytest.raises(ResetNeeded, match="call reset"):
            env.step(env.action_space.sample())


def test_a_step_before_the_first_reset_is_refused():
    with pytest.raises(ResetNeeded, match="'dmsd': call reset"):
        PlantEnv(Dmsd()).step(np.zeros(2, np.float32))


def test_steps_are_the_plants_own():
    env, plant = PlantEnv(Dmsd()), Dmsd()
    first, info = env.reset(seed=3)
    assert info == {}
    state = DmsdState(*(jnp.asarray(first[i : i + 2]) for i in (0, 2, 4, 4)), jnp.zeros((), int))
    for action in np.random.default_rng(0).uniform(-2, 2, (SWITCH := 30, 2)).astype(np.float32):
        step = plant.step(state, jnp.asarray(action), jax.random.key(0))
        state = step.state
        observation, reward, _, _, info = env.step(action)
        np.testing.assert_allclose(observation, step.observation, atol=1e-6)
        assert reward == pytest.approx(float(step.reward), abs=1e-4)
        np.testing.assert_allclose(info["error_m"], step.info["error_m"], atol=1e-6)
    assert state.step == SWITCH


def test_what_is_given_out_is_numpy_and_the_callers_own():
    env = PlantEnv(Dmsd())
    observation, _ = env.reset(seed=0)
    after, reward, terminated, truncated, info = env.step(np.ones(2))
    for array in (observation, after, info["error_m"]):
        assert type(array) is np.ndarray
        array[:] = np.nan  # writable, and the environment does not see it
    assert type(reward) is float
    assert type(terminated) is type(truncated) is bool
    assert np.isfinite(env.step(np.ones(2))[0]).all()


def episodes(env, seed, count=3):
    """First observations and all rewards of a few episodes, of which only the first is seeded."""
    rows = []
    for number in range(count):
        observation, _ = env.reset(seed=seed if number == 0 else None)
        rows.append([*observation])
        ended = False
        while not ended:
            observation, reward, terminated, truncated, _ = env.step(np.zeros(2, np.float32))
            rows[-1] += [*observation, reward]
            ended = terminated or truncated
    return np.array(rows)


def test_a_seed_begins_a_stream_of_different_episodes():
    env = PlantEnv(Dmsd(horizon=4))
    zero = episodes(env, 0)
    np.testing.assert_array_equal(zero, episodes(env, 0))
    np.testing.assert_array_equal(zero, episodes(PlantEnv(Dmsd(horizon=4)), 0))
    assert not np.array_equal(zero, episodes(env, 1))
    assert len(np.unique(zero[:, 0])) == 3


def test_steps_draw_from_the_stream_too():
    env = PlantEnv(BY_NAME["time limit"])

    def signs(seed):
        seen = []
        for number in range(40):
            seen.append(env.reset(seed=seed if number == 0 else None)[0][0])
            seen += [env.step(env.action_space.low)[0][0] for _ in range(2)]
        return np.reshape(seen, (40, 3))

    zero = signs(0)
    np.testing.assert_array_equal(zero, signs(0))
    assert not np.array_equal(zero, signs(1))
    # The three signs of an episode take all eight patterns: each is drawn with a key of its own.
    assert len(np.unique(zero, axis=0)) == 8


def test_seed_0_is_no_missing_seed():
    first = {PlantEnv(Dmsd()).reset()[0].tobytes() for _ in range(4)}
    assert len(first) == 4  # never seeded: each begins somewhere else
    assert len({PlantEnv(Dmsd()).reset(seed=0)[0].tobytes() for _ in range(4)}) == 1


TRACES = Counter()


@dataclass(frozen=True)
class Traced(Dmsd):
    """Counts how often it is traced."""

    def reset(self, key):
        TRACES["reset"] += 1
        return super().reset(key)

    def step(self, state, action, key):
        TRACES["step"] += 1
        return super().step(state, action, key)


def test_equal_plants_are_compiled_once_for_any_number_of_environments():
    TRACES.clear()
    for seed in range(3):
        episodes(PlantEnv(Traced(horizon=5)), seed)
    assert TRACES == {"reset": 1, "step": 1}
    episodes(PlantEnv(Traced(mass_kg=30.0, horizon=5)), 0)  # another plant
    assert TRACES == {"reset": 2, "step": 2}


@dataclass(frozen=True)
class Unlimited(Dmsd):
    @property
    def action(self):
        return (Tag("force 1", "N"), Tag("force 2", "N"))


def test_actions_without_limits_are_the_users_to_mend():
    with pytest.raises(UserError, match="plant 'dmsd': action tag 'force 1'"):
        PlantEnv(Unlimited())


def test_it_stays_on_the_first_cpu_whatever_the_default_device_is():
    program = """
import jax, numpy as np
cpu, other = jax.devices()
jax.config.update("jax_default_device", other)
from shiftwork.plants.tasks.dmsd import Dmsd
from shiftwork.plants.adapters.to_gymnasium import PlantEnv
assert next(iter(jax.numpy.ones(()).devices())) == other
env = PlantEnv(Dmsd())
env.reset(seed=0)
for _ in range(3):
    env.step(np.zeros(2, np.float32))
assert all(leaf.devices() == {cpu} for leaf in jax.tree.leaves(env._running))
"""
    settings = {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    subprocess.run([sys.executable, "-c", program], check=True, env={**os.environ, **settings})


def test_without_a_cpu_backend_it_takes_what_there_is(monkeypatch):
    found = jax.local_devices

    def local_devices(backend=None):
        if backend == "cpu":
            raise RuntimeError("Unknown backend: 'cpu' requested")
        return found()

    monkeypatch.setattr(jax, "local_devices", local_devices)
    assert PlantEnv(Dmsd()).reset(seed=0)[0].shape == (6,)
