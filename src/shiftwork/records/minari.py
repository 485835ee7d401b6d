"""Minari data sets (Farama Foundation), from and to ``Episodes``; needs the extra ``minari``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from shiftwork.errors import UserError
from shiftwork.files import write_folder
from shiftwork.records.episodes import Episodes
from shiftwork.records.tags import Tags, box, numbered

MARKER = "metadata.json"


def _library() -> Any:
    try:
        import minari
    except ImportError:
        raise UserError("Minari records need an extra: pip install 'shiftwork[minari]'") from None
    return minari


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
    minari = _library()
    folder = path.parent if path.is_file() else path
    folder = folder if (folder / MARKER).is_file() else folder / "data"
    if not (folder / MARKER).is_file():
        raise UserError(f"{path}: is no Minari data set ({MARKER} is missing); give its folder")
    try:
        dataset = minari.MinariDataset(folder)
        recorded = list(dataset.iterate_episodes())
        low, high = np.asarray(dataset.action_space.low), np.asarray(dataset.action_space.high)
    except (OSError, KeyError, ValueError, TypeError, AttributeError, AssertionError) as error:
        raise UserError(f"{path}: cannot be read as continuous Minari records ({error})") from None
    for number, episode in enumerate(recorded):
        if not isinstance(episode.observations, np.ndarray) or episode.observations.ndim != 2:
            raise UserError(f"{path}: episode {number} has no flat observations; flatten them first")
        if not (episode.terminations[-1] or episode.truncations[-1]):
            raise UserError(f"{path}: episode {number} never ends; set its last truncation to true")
        if len(episode.observations) != len(episode.actions) + 1:
            raise UserError(f"{path}: episode {number} lacks its last observation; record it anew")
    if not recorded:
        raise UserError(f"{path}: holds no episode; export at least one")

    def joined(name: str) -> np.ndarray:
        return np.concatenate([np.asarray(getattr(e, name), np.float32) for e in recorded])

    observation, action = joined("observations"), joined("actions")
    return Episodes(
        observation=observation,
        action=action,
        reward=joined("rewards"),
        length=np.array([len(e.actions) for e in recorded], np.int64),
        terminal=np.array([bool(e.terminations[-1]) for e in recorded]),
        observation_tags=observation_tags or numbered("obs", observation.shape[1]),
        action_tags=action_tags
        or tuple(
            tag
            for i, (a, b) in enumerate(zip(low.ravel(), high.ravel(), strict=True))
            for tag in numbered("action", i + 1, float(a), float(b))[i:]
        ),
        source=str(path),
    )


def write_minari(episodes: Episodes, folder: Path, dataset_id: str = "shiftwork/records-v0") -> None:
    """Write episodes as a Minari data set (HDF5) into ``folder``/data.

    Raises:
        UserError: The extra is missing or the folder holds something else.
    """
    minari = _library()
    import gymnasium
    from minari.data_collector import EpisodeBuffer
    from minari.dataset.minari_storage import MinariStorage

    low, high = box(episodes.action_tags, episodes.source)
    rows = episodes.starts + np.arange(len(episodes.length))

    def fill(temporary: Path) -> None:
        storage = MinariStorage.new(
            temporary,
            gymnasium.spaces.Box(-np.inf, np.inf, (episodes.observation.shape[1],), np.float32),
            gymnasium.spaces.Box(low, high, dtype=np.float32),
            data_format="hdf5",
        )
        storage.update_episodes(
            EpisodeBuffer(
                observations=episodes.observation[row : row + n + 1],
                actions=episodes.action[start : start + n],
                rewards=episodes.reward[start : start + n],
                terminations=_flag_at_end(n, bool(terminal)),
                truncations=_flag_at_end(n, not terminal),
            )
            for row, start, n, terminal in zip(
                rows, episodes.starts, episodes.length, episodes.terminal, strict=True
            )
        )
        storage.update_metadata({"dataset_id": dataset_id, "minari_version": minari.__version__})

    write_folder(folder / "data", fill, marker=MARKER)


def _flag_at_end(steps: int, value: bool) -> np.ndarray:
    flags = np.zeros(steps, bool)
    flags[-1] = value
    return flags
