"""What cannot be run is told in one line that names the thing and the mend."""

import sys

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

from shiftwork.errors import UserError
from shiftwork.plants.adapters.from_gymnasium import ForeignPlant


class Shaped(gymnasium.Env):
    """Has the spaces it is told."""

    observation_space = spaces.Box(-1.0, 1.0, (2,), np.float32)
    action_space = spaces.Box(-1.0, 1.0, (2,), np.float32)

    def __init__(self, observation=None, action=None):
        self.observation_space = observation or self.observation_space
        self.action_space = action or self.action_space


def raising(error):
    def make(**kwargs):
        raise error

    return make


@pytest.mark.parametrize(
    ("entry_point", "limit", "words"),
    [
        (lambda: Shaped(action=spaces.Discrete(3)), 8, "actions are Discrete"),
        (lambda: Shaped(action=spaces.MultiBinary(3)), 8, "actions are MultiBinary"),
        (lambda: Shaped(observation=spaces.Discrete(3)), 8, "observations are Discrete"),
        (
            lambda: Shaped(observation=spaces.Dict(a=spaces.Box(0, 1, (1,)))),
            8,
            "observations are Dict.*FlattenObservation",
        ),
        (
            lambda: Shaped(observation=spaces.Box(0, 255, (4, 4, 3), np.uint8)),
            8,
            r"observations have the shape \(4, 4, 3\).*FlattenObservation",
        ),
        (
            lambda: Shaped(action=spaces.Box(0, 3, (2,), np.int64)),
            8,
            r"actions are whole numbers \(int64\).*TransformAction",
        ),
        (
            lambda: Shaped(action=spaces.Box(np.float32([-1, 0]), np.float32([1, np.inf]))),
            8,
            "action 1 has the limits 0 to inf.*TransformAction",
        ),
        (
            lambda: Shaped(action=spaces.Box(np.float32([0, 0]), np.float32([0, 0]))),
            8,
            "action 0 has the limits 0 to 0.*TransformAction",
        ),
        (Shaped, None, "no time limit; register it with max_episode_steps"),
        (raising(OSError("no\nmodel file")), 8, r"cannot be made .*OSError: no model.*make\('"),
        (raising(ModuleNotFoundError("No module named 'gone'")), 8, "missing.*'gone'.*install it"),
        ("nowhere.at_all:Env", 8, "missing.*'nowhere'.*install it"),
    ],
)
def test_what_cannot_be_run_is_one_clear_error(register, entry_point, limit, words):
    register("Odd-v0", entry_point, max_episode_steps=limit)
    with pytest.raises(UserError, match=f"^plant 'Odd-v0': .*{words}") as error:
        ForeignPlant("Odd-v0")
    assert ";" in str(error.value)  # what to do
    assert "\n" not in str(error.value)


def test_an_old_version_of_mujoco_is_told_where_it_went():
    with pytest.raises(UserError, match=r"plant 'HalfCheetah-v3': .*gymnasium-robotics"):
        ForeignPlant("HalfCheetah-v3")


def test_a_discrete_environment_of_gymnasium_itself_is_refused():
    with pytest.raises(UserError, match="plant 'CartPole-v1': its actions are Discrete"):
        ForeignPlant("CartPole-v1")


def test_a_constant_column_keeps_infinite_ends(register):
    low, high = np.array([0.0, 5.0], np.float32), np.array([1.0, 5.0], np.float32)
    register("Constant-v0", lambda: Shaped(observation=spaces.Box(low, high)), 8)
    tags = ForeignPlant("Constant-v0").observation
    assert [(tag.low, tag.high) for tag in tags] == [(0.0, 1.0), (-np.inf, np.inf)]


def test_missing_mujoco_is_told_with_its_mend(monkeypatch):
    for module in [m for m in sys.modules if m.startswith("gymnasium.envs.mujoco")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "mujoco", None)  # as if it were not installed
    with pytest.raises(UserError, match=r"plant 'HalfCheetah-v5': .*MuJoCo is not installed.*pip"):
        ForeignPlant("HalfCheetah-v5")


def test_a_package_that_registers_can_be_named_in_front(tmp_path, monkeypatch):
    (tmp_path / "own_plants.py").write_text(
        "import gymnasium\n"
        "from gymnasium.envs.classic_control import PendulumEnv\n"
        "gymnasium.register('OwnPendulum-v0', PendulumEnv, max_episode_steps=7)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    plant = ForeignPlant("own_plants:OwnPendulum-v0")
    monkeypatch.delitem(gymnasium.registry, "OwnPendulum-v0")
    assert (plant.name, plant.horizon) == ("own_plants:OwnPendulum-v0", 7)


@pytest.mark.parametrize("name", ["no_such_package:Plant-v0", ".relative:Plant-v0"])
def test_a_package_that_cannot_be_imported_is_the_users_to_mend(name):
    with pytest.raises(UserError, match=f"plant '{name}': .* cannot be imported .*; install it"):
        ForeignPlant(name)


def test_no_copies_are_refused():
    with pytest.raises(UserError, match="0 copies cannot be run; ask for 1 or more"):
        ForeignPlant("Pendulum-v1", copies=0)
