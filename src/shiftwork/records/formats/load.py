"""One way in for records of every kind."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

from shiftwork.errors import UserError
from shiftwork.records.episodes import Episodes
from shiftwork.records.formats.compact import compact_episodes, read_compact
from shiftwork.records.formats.flat import MARKER as MARKER_OF_FLAT
from shiftwork.records.formats.flat import flat_episodes, is_flat_hdf5, read_flat_hdf5
from shiftwork.records.formats.minari import MARKER, read_minari
from shiftwork.records.formats.neorl import neorl_episodes
from shiftwork.records.formats.npz import read_npz
from shiftwork.records.tags import Tags

PUBLISHED = {"dmsd": "dmsd.npz"}
"""Records that ship with the package, by the name of their plant."""

EPISODES = (".npz", ".hdf5", ".h5")
"""How the names of files of episodes end."""


def load_records(path: str | Path, observation_tags: Tags = (), action_tags: Tags = ()) -> Episodes:
    """Load records: Shiftwork's own file, a NeoRL, D4RL, OGBench or Minari one, or shipped ones.

    Args:
        path: File or folder, or the name of records that ship with the package ("dmsd").
        observation_tags: Names for the columns of formats that carry none.
        action_tags: Names and limits for the columns of formats that carry none.

    Raises:
        UserError: They cannot be read; the message says which file, key and row, and the fix.
    """
    if str(path) in PUBLISHED:
        shipped = files("shiftwork.records") / "published" / PUBLISHED[str(path)]
        return read_compact(Path(str(shipped)))
    path = Path(path)
    if not os.path.exists(path):  # unlike Path.exists, false where the name itself is impossible
        raise UserError(
            f"{path}: no such file; give an .npz, a Minari folder, or one of: "
            f"{', '.join(PUBLISHED)}"
        )
    if not _holds_episodes(path):
        raise UserError(
            f"{path}: is no file of episodes (.npz) and no Minari data set; if it is an export, say what "
            f"its columns mean with --tags FILE.toml (shiftwork inspect {path} --draft --out FILE.toml writes a "
            "first one)"
        )
    if path.is_dir() or path.suffix.lower() in (".hdf5", ".h5"):
        flat = not path.is_dir() and is_flat_hdf5(path)
        return (read_flat_hdf5 if flat else read_minari)(path, observation_tags, action_tags)
    arrays = read_npz(path)
    if "about" in arrays:
        return compact_episodes(arrays, path)
    if MARKER_OF_FLAT in arrays:
        return flat_episodes(arrays, path, observation_tags, action_tags)
    return neorl_episodes(arrays, path, observation_tags, action_tags)


def _holds_episodes(path: Path) -> bool:
    """Whether a path looks like episodes, damaged or not, rather than like an export."""
    if path.is_dir():
        return (path / MARKER).is_file() or (path / "data").is_dir() or any(path.glob("*.hdf5"))
    return path.suffix.lower() in EPISODES
