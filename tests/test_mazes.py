"""The mazes' recipe and its reading of official files, on tiny ones; OGBench itself is not needed."""

import csv

import gymnasium
import h5py
import numpy as np
import pytest
from benchmarks import results
from benchmarks.mazes import __main__ as mazes
from benchmarks.mazes import comparison, recipe

from shiftwork.errors import UserError

WALLS = np.array(
    [
        [1, 1, 1, 1, 1],
        [1, 0, 0, 0, 1],
        [1, 0, 1, 0, 1],
        [1, 0, 1, 0, 1],
        [1, 1, 1, 1, 1],
    ]
)
PLANT = "tests-line-v0"


class Line(gymnasium.Env):
    """A point on a line that is pushed; at 1 the episode ends."""

    observation_space = gymnasium.spaces.Box(-2, 2, (2,), np.float32)
    action_space = gymnasium.spaces.Box(-1, 1, (2,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.at = np.zeros(2, np.float32)
        return self.at, {}

    def step(self, action):
        self.at = np.clip(self.at + 0.1 * action, -2, 2).astype(np.float32)
        return self.at, -1.0, bool(self.at[0] > 1), False, {}


@pytest.fixture
def plant(monkeypatch, tmp_path):
    """A registered environment, and a folder for results."""
    monkeypatch.setitem(
        gymnasium.registry,
        PLANT,
        gymnasium.envs.registration.EnvSpec(PLANT, entry_point=Line, max_episode_steps=30),
    )
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    monkeypatch.setattr(comparison, "load", lambda: None)
    return f"gymnasium:{PLANT}"


def pushed(rows=600, run=20):
    """People who push to the right: positions, pushes, and whether a run ends."""
    rng = np.random.default_rng(0)
    action = np.clip(rng.normal(0.9, 0.3, (rows, 2)), -1, 1)
    seen = np.empty((rows, 2))
    for row in range(rows):
        seen[row] = 0 if row % run == 0 else seen[row - 1] + 0.1 * action[row - 1]
    return seen.astype(np.float32), action.astype(np.float32), np.arange(rows) % run == run - 1


def test_goals_are_ends_and_corners_and_ways_go_round_walls():
    assert recipe.goal_cells(WALLS) == [(1, 1), (1, 3), (3, 1), (3, 3)]
    count = recipe.steps_to(WALLS, (3, 3))
    assert count[3, 1] == 6
    assert count[2, 2] == -1
    assert recipe.next_cell(count, (3, 1)) == (2, 1)
    assert recipe.next_cell(count, (3, 3)) == (3, 3)


def test_a_row_that_begins_at_the_goal_earns_0_and_is_terminal():
    seen = np.array([[0.0, 0.0], [3.0, 0.0], [4.5, 0.0]], np.float32)
    found = recipe.with_task({"qpos": seen}, np.array([4.0, 0.0]), 1.0)
    assert found["rewards"].tolist() == [-1.0, 0.0, 0.0]
    assert found["masks"].tolist() == [1.0, 0.0, 0.0]


def test_an_ogbench_file_without_rewards_gets_those_of_a_task(tmp_path, monkeypatch):
    monkeypatch.setattr(comparison, "goal_of", lambda maze, task: (np.array([1.2, 1.2]), 0.3))
    seen, action, ends = pushed()
    path = tmp_path / "pointmaze-tiny-navigate-v0.npz"
    np.savez(path, observations=seen, actions=action, terminals=ends, qpos=seen)
    found = comparison.from_file(path, None, 2)
    at_goal = np.linalg.norm(seen - 1.2, axis=1) <= 0.3
    assert found.plant == "ogbench.locomaze:pointmaze-tiny-singletask-task2-v0"
    assert found.records.terminal.sum() == at_goal.sum() > 0
    assert set(found.records.reward) == {-1.0, 0.0}


def measured_rows(tmp_path, *words):
    """Run the command and read its rows."""
    mazes.main([*words, "--updates", "1000", "--episodes", "3", "--variants", "BC"])
    with (tmp_path / "mazes.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_an_ogbench_file_is_read_with_a_task_and_judged(plant, tmp_path, monkeypatch):
    monkeypatch.setattr(comparison, "goal_of", lambda maze, task: (np.array([1.2, 1.2]), 0.3))
    seen, action, ends = pushed()
    path = tmp_path / "pointmaze-tiny-navigate-v0.npz"
    np.savez(path, observations=seen, actions=action, terminals=ends, qpos=seen)
    rows = measured_rows(tmp_path, "--data", str(path), "--plant", plant)
    assert [r["task"] for r in rows] == ["pointmaze-tiny-navigate-v0, task 1"]
    assert float(rows[0]["goal"]) == 1.0
    assert 10 <= float(rows[0]["steps"]) <= 14
    assert "100 %" in (tmp_path / "mazes.md").read_text()


@pytest.mark.slow
def test_a_d4rl_file_is_read_as_it_stands(plant, tmp_path):
    seen, action, ends = pushed()
    path = tmp_path / "antmaze-tiny.hdf5"
    with h5py.File(path, "w") as file:
        for name, array in (("observations", seen), ("actions", action), ("timeouts", ends),
                            ("rewards", (seen[:, 0] > 1).astype(np.float32)),
                            ("terminals", seen[:, 0] > 1)):  # fmt: skip
            file[name] = array
    rows = measured_rows(tmp_path, "--data", str(path), "--plant", plant)
    assert float(rows[0]["goal"]) == 1.0
    assert rows[0]["seed"] == "100"


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(UserError, match="give --plant"):
        comparison.from_file(tmp_path / "antmaze.hdf5", None, 1)
    with pytest.raises(UserError, match="there is no such file"):
        comparison.from_file(tmp_path / "pointmaze-medium-navigate-v0.npz", None, 1)
