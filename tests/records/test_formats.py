"""Every format gives back what was put into it."""

import dataclasses
import importlib
import sys
from pathlib import Path

import gymnasium
import h5py
import numpy as np
import pytest
from hypothesis import given, settings

from shiftwork.records.episodes import Episodes
from shiftwork.records.formats.compact import write_compact
from shiftwork.records.formats.load import load_records
from shiftwork.records.formats.minari import write_minari
from shiftwork.records.formats.neorl import write_neorl
from shiftwork.records.tags import Tag
from support.record_builders import (
    ACTION,
    OBSERVATION,
    Fields,
    any_fields,
    make_episodes,
    neorl_arrays,
    refused,
    save,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all examples of a property: each overwrites the one before."""
    return tmp_path_factory.mktemp("formats")


@given(fields=any_fields())
@settings(deadline=None)
def test_compact_round_trip(folder: Path, fields: Fields) -> None:
    episodes = Episodes(**fields)
    write_compact(episodes, folder / "compact.npz")
    again = load_records(folder / "compact.npz")
    assert again.hash == episodes.hash
    assert again.observation_tags == episodes.observation_tags
    assert again.action_tags == episodes.action_tags


@given(fields=any_fields())
@settings(deadline=None)
def test_neorl_round_trip(folder: Path, fields: Fields) -> None:
    episodes = Episodes(**fields)
    write_neorl(episodes, folder / "neorl.npz")
    again = load_records(folder / "neorl.npz", episodes.observation_tags, episodes.action_tags)
    assert again.hash == episodes.hash


@given(fields=any_fields())
@settings(deadline=None, max_examples=30)
def test_minari_round_trip(folder: Path, fields: Fields) -> None:
    episodes = Episodes(**fields)
    write_minari(episodes, folder / "minari")
    again = load_records(folder / "minari", episodes.observation_tags, episodes.action_tags)
    assert again.hash == episodes.hash


def test_all_formats_agree_on_plant_units(tmp_path: Path) -> None:
    # The valve moves in per cent, not in [-1, 1]: no format may rescale or round it.
    episodes = make_episodes()
    write_compact(episodes, tmp_path / "compact.npz")
    write_neorl(episodes, tmp_path / "neorl.npz")
    write_minari(episodes, tmp_path / "minari")
    hashes = {
        load_records(path, OBSERVATION, ACTION).hash
        for path in (
            tmp_path / "compact.npz",
            str(tmp_path / "neorl.npz"),
            tmp_path / "minari",
            tmp_path / "minari" / "data",
            tmp_path / "minari" / "data" / "main_data.hdf5",
        )
    }
    assert hashes == {episodes.hash}


def test_compact_keeps_tags_of_any_spelling(tmp_path: Path) -> None:
    tags = (
        Tag('say "90 °C", \\ 온도', "°C", -np.inf, 1e300),
        Tag("count", "", -0.0, 3.0),
    )
    episodes = dataclasses.replace(make_episodes(), observation_tags=tags)
    write_compact(episodes, tmp_path / "tags.npz")
    assert load_records(tmp_path / "tags.npz").observation_tags == tags
    assert load_records(tmp_path / "tags.npz").hash == episodes.hash


@pytest.mark.usefixtures("unhooked")
def test_limits_of_any_number_type_are_written_and_hashed_alike(tmp_path: Path) -> None:
    plain = (Tag("valve", "%", 0.0, 100.0), Tag("pump", "", -1.0, 1.0))
    mixed = (Tag("valve", "%", -0.0, 100), Tag("pump", "", np.float32(-1), np.int64(1)))
    episodes = dataclasses.replace(make_episodes(), action_tags=mixed)
    assert episodes.hash == dataclasses.replace(episodes, action_tags=plain).hash
    write_compact(episodes, tmp_path / "mixed.npz")
    assert load_records(tmp_path / "mixed.npz").hash == episodes.hash


def test_the_same_episodes_make_the_same_file(tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        write_compact(make_episodes(), tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda a: a, id="NeoRL-2"),
        pytest.param(lambda a: {k: v.astype(np.float64) for k, v in a.items()}, id="double"),
        pytest.param(lambda a: {k: v.astype(">f4") for k, v in a.items()}, id="big-endian"),
        pytest.param(lambda a: {k: np.asfortranarray(v) for k, v in a.items()}, id="Fortran"),
        pytest.param(
            lambda a: a | {k: a[k][:, None] for k in ("reward", "done", "truncated")}, id="columns"
        ),
        pytest.param(
            lambda a: a | {k: a[k].astype(bool) for k in ("done", "truncated")}, id="bool flags"
        ),
        pytest.param(
            lambda a: (
                {k: v for k, v in a.items() if k != "truncated"} | {"index": np.array([0, 3])}
            ),
            id="NeoRL-1",
        ),
        # The records may stop while an episode is under way: that is a cut, not an end.
        pytest.param(lambda a: a | {"truncated": np.zeros(5)}, id="open end"),
        pytest.param(lambda a: a | {"next_action": np.zeros((5, 1))}, id="surplus array"),
    ],
)
def test_neorl_variants_are_one(tmp_path: Path, change) -> None:
    episodes = load_records(save(tmp_path / "neorl.npz", change(neorl_arrays())))
    assert episodes.length.tolist() == [3, 2]
    assert episodes.terminal.tolist() == [True, False]
    # The last next_obs of each episode is its last observation.
    assert episodes.observation[:, 0].tolist() == [0, 1, 2, 3, 100, 101, 102]
    assert episodes.action[:, 0].tolist() == [-1, -0.5, 0, 0.5, 1]
    assert episodes.reward.tolist() == [0, 1, 2, 3, 4]
    assert [tag.name for tag in episodes.observation_tags] == ["obs0", "obs1"]
    assert episodes.action_tags == (Tag("action0", "", -1.0, 1.0),)


def test_what_stands_in_a_neorl_file(tmp_path: Path) -> None:
    write_neorl(make_episodes((3, 1, 2), terminal=(1,)), tmp_path / "neorl.npz")
    with np.load(tmp_path / "neorl.npz") as archive:
        file = dict(archive)
    assert {key: array.dtype for key, array in file.items()} == dict.fromkeys(
        ("obs", "action", "next_obs", "reward", "done", "truncated"), np.float32
    )
    assert file["obs"][:, 0].tolist() == [0, 1, 2, 100, 200, 201]
    assert file["next_obs"][:, 0].tolist() == [1, 2, 3, 101, 201, 202]
    # An episode ends either by itself or by a cut.
    assert file["done"].tolist() == [0, 0, 0, 1, 0, 0]
    assert file["truncated"].tolist() == [0, 0, 1, 0, 0, 1]


def test_a_time_limit_is_no_terminal(tmp_path: Path) -> None:
    episodes = load_records(save(tmp_path / "neorl.npz", neorl_arrays()))
    rows = episodes.transitions
    assert rows.terminal.tolist() == [False, False, True, False, False]
    assert rows.last.tolist() == [False, False, True, False, True]


def test_the_minari_library_reads_what_we_write(tmp_path: Path) -> None:
    minari = importlib.import_module("minari")
    episodes = make_episodes((3, 1, 2), terminal=(1,))
    write_minari(episodes, tmp_path, "plant/crude-v3")
    dataset = minari.MinariDataset(tmp_path / "data")
    assert (dataset.total_episodes, dataset.total_steps, dataset.id) == (3, 6, "plant/crude-v3")
    assert dataset.action_space.low.tolist() == [0, -1]
    assert dataset.action_space.high.tolist() == [100, 1]
    rows = episodes.transitions
    for number, recorded in enumerate(dataset.iterate_episodes()):
        mine = episodes.episode_of_step == number
        assert np.array_equal(recorded.observations[:-1], rows.observation[mine])
        assert np.array_equal(recorded.observations[1:], rows.next_observation[mine])
        assert np.array_equal(recorded.actions, rows.action[mine])
        assert np.array_equal(recorded.rewards, rows.reward[mine])
        assert np.array_equal(recorded.terminations, rows.terminal[mine])
        assert np.array_equal(recorded.truncations, (rows.last & ~rows.terminal)[mine])


def test_we_read_what_the_minari_library_records(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    minari = importlib.import_module("minari")
    env = gymnasium.make("Pendulum-v1", max_episode_steps=4)
    buffers = []
    for seed in (1, 2):
        observation, _ = env.reset(seed=seed)
        buffer = minari.data_collector.EpisodeBuffer(
            observations=[observation], infos={"noise": [0]}
        )
        for _ in range(4):
            action = np.array([1.5], np.float32)
            observation, reward, terminated, truncated, _ = env.step(action)
            buffer = buffer.add_step_data(
                {
                    "observation": observation,
                    "action": action,
                    "reward": reward,
                    "terminated": terminated,
                    "truncated": truncated,
                    "info": {"noise": 0},
                }
            )
        buffers.append(buffer)
    env.close()
    minari.create_dataset_from_buffers(
        "pendulum/steady-v0",
        buffers,
        observation_space=env.observation_space,
        action_space=env.action_space,
        # The library asks for its whole form to be filled in.
        **dict.fromkeys(("description", "code_permalink", "author", "author_email"), "none"),
        algorithm_name="steady torque",
        env="Pendulum-v1",
        eval_env="Pendulum-v1",
    )
    seen = np.concatenate([buffer.observations for buffer in buffers])
    rewards = np.concatenate([buffer.rewards for buffer in buffers])
    episodes = load_records(tmp_path / "pendulum" / "steady-v0")
    assert episodes.length.tolist() == [4, 4]
    assert episodes.terminal.tolist() == [False, False]
    assert np.array_equal(episodes.observation, seen)
    assert np.array_equal(episodes.reward, rewards.astype(np.float32))
    assert np.array_equal(episodes.action, np.full((8, 1), 1.5, np.float32))
    assert episodes.action_tags == (Tag("action0", "", -2.0, 2.0),)


def test_minari_limits_come_from_the_tags_if_given(tmp_path: Path) -> None:
    write_minari(make_episodes(), tmp_path)
    numbered = load_records(tmp_path)
    assert numbered.action_tags == (Tag("action0", "", 0.0, 100.0), Tag("action1", "", -1.0, 1.0))
    given_tags = (Tag("valve", "%", 0.0, 50.0), Tag("pump", "", -2.0, 2.0))
    assert load_records(tmp_path, (), given_tags).action_tags == given_tags


def test_a_minari_file_may_have_flags_as_numbers(tmp_path: Path) -> None:
    write_minari(make_episodes(), tmp_path)
    with h5py.File(tmp_path / "data" / "main_data.hdf5", "a") as file:
        for group in file.values():
            flags = group["terminations"][()].astype(np.uint8)
            del group["terminations"]
            group["terminations"] = flags
    assert load_records(tmp_path, OBSERVATION, ACTION).hash == make_episodes().hash


@pytest.mark.parametrize("module", ["minari", "h5py"])
def test_a_missing_extra_is_told(tmp_path: Path, monkeypatch, module: str) -> None:
    write_minari(make_episodes(), tmp_path)
    monkeypatch.setitem(sys.modules, module, None)
    if module == "minari":
        refused(lambda: write_minari(make_episodes(), tmp_path / "b"), "shiftwork[minari]")
    else:
        refused(lambda: load_records(tmp_path), "shiftwork[minari]")
