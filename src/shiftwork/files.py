"""Writing files so that a reader never sees half of one: a temporary name first, then a rename."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from shiftwork.errors import UserError


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it into place if the block succeeds.

    Args:
        path: The file that is to exist afterwards, whole or not at all.

    Raises:
        UserError: The folder cannot be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror}); choose another --out") from None
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_folder(folder: Path, fill: Callable[[Path], None], *, marker: str) -> None:
    """Fill a new folder under a temporary name and swap it for the one that may stand there.

    Args:
        folder: The folder that is to exist afterwards.
        fill: Writes the content into the folder that it is given.
        marker: A file that a folder of this kind always holds. A folder that exists without it
            holds something else, and is left alone.

    Raises:
        UserError: ``folder`` exists and is not of this kind, or cannot be written.
    """
    if folder.exists() and not (folder / marker).is_file() and (
        not folder.is_dir() or any(folder.iterdir())
    ):
        raise UserError(
            f"{folder}: exists and holds no {marker}, so it is not overwritten; choose another --out"
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise UserError(f"{folder}: cannot be written ({error.strerror}); choose another") from None
    try:
        fill(temporary)
        temporary.chmod(0o755)
        if folder.exists():
            retired = temporary.with_name(temporary.name + ".old")
            folder.replace(retired)
            temporary.replace(folder)
            shutil.rmtree(retired)
        else:
            temporary.replace(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
