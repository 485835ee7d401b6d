"""Files of D4RL and OGBench, written here in their layout, each step where it belongs."""

import h5py
import numpy as np
import pytest

from shiftwork.errors import UserError
from shiftwork.records.formats.load import load_records

OBS = np.arange(12, dtype=np.float32).reshape(6, 2)
ACT = np.linspace(-1, 1, 6, dtype=np.float32)[:, None]
REW = np.arange(6, dtype=np.float32)


def flags(*rows):
    return np.isin(np.arange(6), rows)


def d4rl(path, **changes):
    """Six rows; the second ends an episode for good, the fourth is cut, the sixth is the file's last."""
    arrays = {
        "observations": OBS, "actions": ACT, "rewards": REW,
        "terminals": flags(1), "timeouts": flags(3), "infos/qpos": OBS,
    } | changes  # fmt: skip
    with h5py.File(path, "w") as file:
        for key, array in arrays.items():
            if array is not None:
                file[key] = array
    return path


def ogbench(path, **changes):
    """Two recorded runs of three rows; the goal is reached in the second row."""
    arrays = {
        "observations": OBS, "actions": ACT, "rewards": REW - 1, "terminals": flags(2, 5),
        "masks": 1.0 - flags(1), "next_observations": OBS + 2, "qpos": OBS,
    } | changes  # fmt: skip
    np.savez(path, **{key: array for key, array in arrays.items() if array is not None})
    return path


def test_a_cut_step_without_its_next_observation_is_left_out(tmp_path):
    found = load_records(d4rl(tmp_path / "hopper.hdf5"))
    assert found.length.tolist() == [2, 1, 1]
    assert found.terminal.tolist() == [True, False, False]
    # The terminal step is kept: what it leads to counts for nothing. Rows 3 and 5 only end what led there.
    assert found.observation[:, 0].tolist() == [0, 2, 2, 4, 6, 8, 10]
    assert found.reward.tolist() == [0, 1, 2, 4]
    assert found.action[:, 0].tolist() == pytest.approx(ACT[[0, 1, 2, 4], 0].tolist())
    assert (found.action_tags[0].low, found.action_tags[0].high) == (-1.0, 1.0)


def test_next_observations_keep_every_step(tmp_path):
    found = load_records(d4rl(tmp_path / "a.hdf5", next_observations=OBS + 0.5))
    assert found.length.tolist() == [2, 2, 2]
    assert found.reward.tolist() == REW.tolist()
    ends = np.cumsum(found.length + 1) - 1
    assert found.observation[ends, 0].tolist() == [2.5, 6.5, 10.5]


def test_no_step_leads_into_another_episode(tmp_path):
    rng = np.random.default_rng(0)
    for _ in range(50):
        terminals, timeouts = rng.uniform(size=(2, 40)) < 0.2
        seen = np.arange(40, dtype=np.float32)[:, None]
        with h5py.File(tmp_path / "b.hdf5", "w") as file:
            for key, array in (
                ("observations", seen), ("actions", seen * 0), ("rewards", seen[:, 0]),
                ("terminals", terminals), ("timeouts", timeouts),
            ):  # fmt: skip
                file[key] = array
        found = load_records(tmp_path / "b.hdf5").transitions
        ended = np.append(terminals | timeouts, True)
        for row, after, is_terminal in zip(
            found.observation[:, 0].astype(int), found.next_observation[:, 0].astype(int),
            found.terminal, strict=True,
        ):  # fmt: skip
            assert after == (row if is_terminal else row + 1)
            assert is_terminal == terminals[row]
            assert is_terminal or not ended[row]
        # Every step that can be kept is kept: all but those cut, and the file's last if it did not end.
        cut = timeouts & ~terminals
        cut[-1] = not terminals[-1]
        assert found.observation[:, 0].tolist() == np.flatnonzero(~cut).tolist()


def test_a_reached_goal_ends_an_episode_and_a_recorded_run_does_not(tmp_path):
    found = load_records(ogbench(tmp_path / "maze.npz"))
    assert found.length.tolist() == [2, 1, 3]
    assert found.terminal.tolist() == [True, False, False]
    assert found.reward.tolist() == (REW - 1).tolist()


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"rewards": None}, "array 'rewards' is missing; OGBench's files have none until a task"),
        ({"actions": ACT[:5]}, "'actions' has 5 rows, 'observations' 6"),
        ({"masks": REW}, "'masks' row 2 is 2; write a flag as 0 or 1"),
        ({"next_observations": OBS[:3]}, "'next_observations' has shape (3, 2)"),
        ({"observations": np.where(OBS == 4, np.nan, OBS)}, "'observations'"),
        ({"terminals": None}, "array 'terminals' is missing"),
        ({"observations": OBS[:0], "actions": ACT[:0]}, "'observations' has no row"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused(tmp_path, changes, line):
    with pytest.raises(UserError) as refused:
        load_records(ogbench(tmp_path / "maze.npz", **changes))
    assert line in str(refused.value)
    assert "maze.npz" in str(refused.value)


def test_one_step_alone_cannot_be_learned_from(tmp_path):
    one = {"observations": OBS[:1], "actions": ACT[:1], "rewards": REW[:1], "terminals": [False]}
    with h5py.File(tmp_path / "c.hdf5", "w") as file:
        for key, array in one.items():
            file[key] = array
    with pytest.raises(UserError, match="no episode has more than the one step"):
        load_records(tmp_path / "c.hdf5")
