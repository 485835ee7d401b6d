"""Minari data sets (Farama Foundation), from and to ``Episodes``; needs the extra ``minari``.

Layout of its HDF5 form: ``metadata.json`` with the spaces, and ``main_data.hdf5`` with a group
``episode_0``, ``episode_1`` ... of n + 1 observations and n actions, rewards and flags each.
It is read here without the library, which would build the environment that a file names (any
code at all), take the memory that it declares, and say neither episode nor row of what is wrong.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from shiftwork.errors import UserError
from shiftwork.files import write_folder
from shiftwork.records.episodes import Episodes, refuse_nonfinite
from shiftwork.records.formats.npz import damage_told, numbers, refuse_oversize, require
from shiftwork.records.tags import Tags, box, named, tags_from_json

MARKER = "metadata.json"
DATA = "main_data.hdf5"
KEYS = ("observations", "actions", "rewards", "terminations", "truncations")


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise UserError("Minari records need an extra: pip install 'shiftwork[minari]'") from None


def read_minari(path: Path, observation_tags: Tags = (), action_tags: Tags = ()) -> Episodes:
    """Read a Minari data set with flat continuous observations and actions.

    Args:
        path: The data set's folder, its ``data`` folder, or the ``main_data.hdf5`` inside.
        observation_tags: Names of the observation's columns; numbered if not given.
        action_tags: Names and limits of the action's columns; the data set's own action space
            gives the limits if they are not given.

    Raises:
        UserError: The extra is missing, or the data set is damaged or of another kind.
    """
    folder = path.parent if path.is_file() else path
    folder = folder if (folder / MARKER).is_file() else folder / "data"
    for name in (MARKER, DATA):
        if not (folder / name).is_file():
            raise UserError(f"{path}: is no Minari data set ({name} is missing); give its folder")
    metadata = _metadata(folder / MARKER)
    recorded = _read_episodes(folder / DATA, metadata.get("total_episodes"))
    actions = recorded["actions"]
    if not action_tags:
        action_tags = _space_tags(metadata, folder / MARKER)
    columns = recorded["observations"][0].shape[1]
    return Episodes(
        observation=np.concatenate(recorded["observations"]),
        action=np.concatenate(actions),
        reward=np.concatenate(recorded["rewards"]),
        length=np.array([len(action) for action in actions], np.int64),
        terminal=np.array([flag[-1] == 1 for flag in recorded["terminations"]]),
        observation_tags=named(observation_tags, "obs", columns, f"{path}: 'observations'"),
        action_tags=named(action_tags, "action", actions[0].shape[1], f"{path}: 'actions'"),
        source=str(path),
    )


def _metadata(path: Path) -> dict[str, Any]:
    with damage_told(path):
        metadata = json.loads(path.read_bytes())
    if not isinstance(metadata, dict):
        raise UserError(f"{path}: is no Minari metadata; copy the data set again")
    if metadata.get("data_format", "hdf5") != "hdf5":
        raise UserError(
            f"{path}: 'data_format' is {metadata['data_format']}; write it as hdf5 with Minari"
        )
    return metadata


def _space_tags(metadata: dict[str, Any], path: Path) -> Tags:
    """Make numbered tags with the limits of a data set's action space."""
    where = f"{path}: 'action_space'"
    if "action_space" not in metadata:
        raise UserError(f"{where} is missing; give action tags with their limits")
    with damage_told(path):
        space = json.loads(metadata["action_space"])
        if space["type"] != "Box":
            raise UserError(
                f"{where} is {space['type']}; only continuous actions (a flat Box) can be learned"
            )
        low, high = (np.asarray(space[end], np.float64).ravel() for end in ("low", "high"))
        return tags_from_json(
            [
                {"name": f"action{i}", "low": a, "high": b}
                for i, (a, b) in enumerate(zip(low, high, strict=True))
            ],
            where,
        )


def _read_episodes(path: Path, count: Any) -> dict[str, list[np.ndarray]]:
    """Read each array of each episode, float32, checked by itself and against the first's."""
    h5py = _library("h5py")
    episodes: dict[str, list[np.ndarray]] = {key: [] for key in KEYS}
    with damage_told(path), h5py.File(path, "r") as file:
        if count != len(file) or not count:
            raise UserError(
                f"{path}: holds {len(file)} episodes where {MARKER} says {count}; "
                "at least one is needed: copy the data set again"
            )
        size = 0
        for number in range(len(file)):
            where = f"{path}: episode {number}"
            group = file.get(f"episode_{number}", {})
            require(group, KEYS, where)
            for key in KEYS:
                if not isinstance(group[key], h5py.Dataset):
                    raise UserError(
                        f"{where}: '{key}' is not a flat array; flatten the space first"
                    )
                size += group[key].nbytes
            refuse_oversize(size, path)
            for key, array in _checked({key: group[key][()] for key in KEYS}, where).items():
                if episodes[key] and array.shape[1:] != episodes[key][0].shape[1:]:
                    raise UserError(
                        f"{where}: '{key}' has shape {array.shape} unlike episode 0; record it again"
                    )
                episodes[key].append(array)
    return episodes


def _checked(raw: dict[str, np.ndarray], where: str) -> dict[str, np.ndarray]:
    """Check one episode's arrays, and return them as float32."""
    episode = {key: numbers(raw, key, where) for key in KEYS}
    steps = len(episode["rewards"]) if episode["rewards"].ndim else 0
    if not steps:
        raise UserError(f"{where}: 'rewards' has no step; drop the episode")
    for key, axes, rows in zip(KEYS, (2, 2, 1, 1, 1), (steps + 1, *(steps,) * 4), strict=True):
        array = episode[key]
        if array.ndim != axes or len(array) != rows:
            raise UserError(
                f"{where}: '{key}' has shape {array.shape}; needed: "
                f"({rows}, {'columns' if axes == 2 else ''}) for {steps} rewards, with the "
                "observation after the last one kept; record it again"
            )
        refuse_nonfinite(array.reshape(rows, -1), f"{where}: '{key}'")
    for key in ("terminations", "truncations"):
        flag = episode[key]
        for row in np.flatnonzero((flag != 0) & (flag != 1))[:1]:
            raise UserError(f"{where}: '{key}' row {row} is {flag[row]:g}; write a flag as 0 or 1")
        for row in np.flatnonzero(flag[:-1])[:1]:
            raise UserError(f"{where}: '{key}' row {row} ends it before its end; split it there")
    if not (episode["terminations"][-1] or episode["truncations"][-1]):
        raise UserError(f"{where}: never ends; set 'truncations' to true in its last row")
    return episode


def write_minari(
    episodes: Episodes, folder: Path, dataset_id: str = "shiftwork/records-v0"
) -> None:
    """Write episodes as a Minari data set (HDF5) into ``folder``/data.

    Raises:
        UserError: The extra is missing or the folder holds something else.
    """
    minari = _library("minari")
    import gymnasium
    from minari.data_collector import EpisodeBuffer
    from minari.dataset.minari_storage import MinariStorage

    low, high = box(episodes.action_tags, episodes.source)
    steps = episodes.transitions
    truncated = steps.last & ~steps.terminal

    def fill(temporary: Path) -> None:
        storage = MinariStorage.new(
            temporary,
            gymnasium.spaces.Box(-np.inf, np.inf, (episodes.observation.shape[1],), np.float32),
            gymnasium.spaces.Box(low, high, dtype=np.float32),
            data_format="hdf5",
        )
        storage.update_episodes(
            EpisodeBuffer(
                # Every episode before it put one more row, its last, among the observations.
                observations=episodes.observation[start + number : end + number + 1],
                actions=episodes.action[start:end],
                rewards=episodes.reward[start:end],
                terminations=steps.terminal[start:end],
                truncations=truncated[start:end],
            )
            for number, (start, end) in enumerate(
                zip(episodes.starts, episodes.starts + episodes.length, strict=True)
            )
        )
        storage.update_metadata({"dataset_id": dataset_id, "minari_version": minari.__version__})

    write_folder(folder / "data", fill, marker=MARKER, expendable=())
