"""One way in for records of every kind."""

from __future__ import annotations

import zipfile
from importlib.resources import files
from pathlib import Path

from shiftwork.errors import UserError
from shiftwork.records.compact import read_compact
from shiftwork.records.episodes import Episodes
from shiftwork.records.minari import read_minari
from shiftwork.records.neorl import read_neorl
from shiftwork.records.tags import Tags

PUBLISHED = {"dmsd": "dmsd.npz"}
"""Records that ship with the package, by the name of their plant."""


def load_records(
    path: str | Path, observation_tags: Tags = (), action_tags: Tags = ()
) -> Episodes:
    """Load records: Shiftwork's own file, a NeoRL file, a Minari data set, or shipped ones.

    Args:
        path: File or folder, or the name of records that ship with the package ("dmsd").
        observation_tags: Names for the columns of formats that carry none.
        action_tags: Names and limits for the columns of formats that carry none.

    Raises:
        UserError: They cannot be read; the message says which file, key and row, and the mend.
    """
    if str(path) in PUBLISHED:
        return read_compact(Path(str(files("shiftwork.records") / "published" / PUBLISHED[str(path)])))
    path = Path(path)
    if not path.exists():
        raise UserError(
            f"{path}: no such file; give an .npz, a Minari folder, or one of: {', '.join(PUBLISHED)}"
        )
    if path.is_dir() or path.suffix in (".hdf5", ".h5"):
        return read_minari(path, observation_tags, action_tags)
    return read_compact(path) if _is_compact(path) else read_neorl(path, observation_tags, action_tags)


def _is_compact(path: Path) -> bool:
    """Tell the two .npz layouts apart by the name of one member, without reading values."""
    try:
        with zipfile.ZipFile(path) as archive:
            return "about.npy" in archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return False  # The NeoRL reader says what is wrong with it.
