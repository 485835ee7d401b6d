"""An import that is kept while it goes on: stopped by whatever, the same command goes on with it.

    FOLDER/import-HASH/identity.json   what is imported: files by their SHA-256, what the plant file says of
                                       reading, versions; HASH is of this
    FOLDER/import-HASH/state.json      where it stands, what was noticed, and which files of rows belong to it
    FOLDER/import-HASH/N.tag, ...      rows, as ``Rows.write`` writes them
    FOLDER/import-HASH/.lock           held while a command is at work here

Files of rows are on the disk before a state names them, no file gets the name of an earlier one, and a state
is swapped for the one before it in one step. So what a process leaves that is killed is whole at any
moment: the last state, and perhaps files that none names, which the next start removes.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from shiftwork.errors import Stopped, UserError
from shiftwork.files import locked, on_disk, sha256, written_whole
from shiftwork.jobs.job import versions
from shiftwork.records.historian.gather.gathered import no_room
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.historian.readers.discover import find_files, is_server

CHECKPOINT_S = 30.0
"""Seconds between two states, as where agents learn."""

IDENTITY = "identity.json"
STATE = "state.json"
LOCK = ".lock"

READ_BY = ("key", "source", "missing", "time", "quality")
"""What of a tag decides how its rows are read, besides whether its role is "state"."""

LIBRARIES = ("polars", "pyarrow", "numpy")


@dataclass(frozen=True)
class Keep:
    """Where imports are kept, and who hears of them.

    Attributes:
        folder: Holds a folder for each import.
        told: Told what a person should know.
        note: Told where it stands, again and again.
    """

    folder: Path
    told: Callable[[str], None]
    note: Callable[[str], None]


class KeptImport:
    """The folder of one import.

    Attributes:
        folder: Where it is.
        state: The last one that was saved; None at the beginning.
        note: Told where the import stands.
    """

    def __init__(self, folder: Path, note: Callable[[str], None]) -> None:
        self.folder, self.note = folder, note
        self.state = _state_in(folder)
        self._saved = time.monotonic()
        self._remove_unnamed()

    @property
    def due(self) -> bool:
        """Whether it is time to save."""
        return time.monotonic() - self._saved >= CHECKPOINT_S

    def save(self, state: dict[str, Any]) -> None:
        """Save where the import stands; files of rows that it names are written.

        Raises:
            UserError: The disk is full; the state before it stands.
        """
        _write_json(self.folder / STATE, state)
        self.state = state
        self._remove_unnamed()
        self._saved = time.monotonic()

    def stopped(self) -> str:
        """Say what is kept of the import that was stopped."""
        stands = self.state["stands"] if self.state else "no values yet"
        return f"stopped the import, of which {stands} are kept in {self.folder}"

    def _remove_unnamed(self) -> None:
        named = (
            {name for name, _ in self.state["gathered"]["gathered"]["files"]}
            if self.state
            else set()
        )
        for path in self.folder.iterdir():
            if path.name not in (IDENTITY, STATE, LOCK) and path.stem not in named:
                path.unlink(missing_ok=True)


@contextmanager
def kept_import(keep: Keep, paths: Sequence[str | Path], plant: PlantFile) -> Iterator[KeptImport]:
    """Open the folder of an import, and keep other commands out of it while the block runs.

    Args:
        keep: Where imports are kept.
        paths: The exports, as ``read_samples`` has them.
        plant: What its tags are called and mean.

    Raises:
        Stopped: Ctrl-C was pressed; the last state is kept.
        UserError: It cannot be kept, another command is at work there, or the folder is damaged.
    """
    files = find_files(paths)
    _refuse_unkeepable(keep.folder, paths, files)
    identity = _identity(files, plant, keep.note)
    text = json.dumps(identity, indent=1, sort_keys=True) + "\n"
    folder = keep.folder / f"import-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / LOCK).touch()
    except OSError as error:
        raise UserError(
            f"{folder}: cannot be written ({error.strerror}); choose another --keep"
        ) from None
    busy = (
        f"{folder}: another command reads the same exports; wait for it, or choose another --keep"
    )
    with locked(folder / LOCK, busy):
        kept = KeptImport(folder, keep.note)
        keep.told(_beginning(kept, identity))
        if kept.state is None:
            _write_json(folder / IDENTITY, identity)
        try:
            yield kept
        except KeyboardInterrupt:
            raise Stopped(kept.stopped()) from None


def _identity(
    files: Sequence[Path], plant: PlantFile, note: Callable[[str], None]
) -> dict[str, Any]:
    """All that the rows depend on, as JSON holds it."""
    hashes = []
    for path in files:
        note(f"{path}: is what was read before?")
        try:
            hashes.append([str(path), sha256(path)])
        except OSError as error:
            raise UserError(
                f"{path}: cannot be read ({error.strerror}); check its rights"
            ) from None
    tags = [
        {name: getattr(tag, name) for name in READ_BY} | {"state": tag.role == "state"}
        for tag in plant.tags.values()
    ]
    of_programs = {name: text for name, text in versions().items() if name != "JAX"}
    of_programs |= {name: version(name) for name in LIBRARIES}
    identity = {
        "files": hashes,
        "plant": {
            "tags": tags,
            "export": plant.export.model_dump(mode="json", warnings=False),
            "time_zone": plant.zone,
        },
        "versions": of_programs | {"SQLite": sqlite3.sqlite_version},
    }
    as_read: dict[str, Any] = json.loads(json.dumps(identity))
    return as_read


def _refuse_unkeepable(folder: Path, paths: Sequence[str | Path], files: Sequence[Path]) -> None:
    """Refuse what would read what it keeps, and what may be otherwise at the next start."""
    if any(map(is_server, paths)):
        raise UserError(
            "what a server holds may change from one start to the next, so that an import from it cannot be kept; "
            "leave --keep out, or give files"
        )
    real = os.path.realpath(folder)
    exports = [os.path.realpath(path) for path in paths if os.path.isdir(path)]
    if any(os.path.commonpath([real, export]) == export for export in exports) or any(
        os.path.commonpath([real, os.path.realpath(file)]) == real for file in files
    ):
        raise UserError(
            f"{folder}: lies among the exports, where it would be read itself; choose a folder beside them for --keep"
        )


def _beginning(kept: KeptImport, identity: dict[str, Any]) -> str:
    """Say whether an import goes on or begins, and if others are there, why it is none of them."""
    if kept.state is not None:
        return f"Going on with an import of which {kept.state['stands']} were read before ({kept.folder})"
    others = list(kept.folder.parent.glob(f"import-*/{IDENTITY}"))
    if not others:
        return f"The import is kept in {kept.folder}: if it is stopped, the same command goes on with it"
    last = max(others, key=lambda file: file.stat().st_mtime)
    size = sum(file.stat().st_size for file in last.parent.iterdir())
    return (
        f"This is a new import, kept in {kept.folder}: {_difference(last, identity)} than in "
        f"{last.parent}, which stays until you delete it ({size / 1e6:,.0f} MB)"
    )


def _difference(other: Path, identity: dict[str, Any]) -> str:
    """Say what another import is of, in which this one differs."""
    try:
        was = json.loads(other.read_text(encoding="utf-8"))
        files, before = dict(identity["files"]), dict(was["files"])
        changed = [name for name, found in files.items() if before.get(name, found) != found]
        if changed:
            return f"{changed[0]} holds something else"
        if was["files"] != identity["files"]:
            return "other files are given"
        if was["plant"] != identity["plant"]:
            return "the plant file's tags, [export] or time_zone say something else"
        return "Shiftwork or a library has another version"
    except (OSError, ValueError, KeyError, TypeError):
        return "something else is read"


def _state_in(folder: Path) -> dict[str, Any] | None:
    try:
        state: dict[str, Any] = json.loads((folder / STATE).read_text(encoding="utf-8"))
        return state
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        raise UserError(
            f"{folder / STATE}: is damaged; delete {folder}, and all is read again"
        ) from None


def _write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a file whole or not at all, so that it also outlasts a loss of power."""
    try:
        with written_whole(path) as temporary:
            temporary.write_text(
                json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8"
            )
            on_disk(temporary)
        on_disk(path.parent)
    except UserError as error:
        if not isinstance(error.__cause__, OSError):
            raise
        no_room(path.parent, error.__cause__, kept=True)
    except OSError as error:
        no_room(path.parent, error, kept=True)
