"""Writing files so that a reader never sees half of one: a temporary name first, then a rename."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from shiftwork.errors import UserError


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; rename it into place if the block succeeds.

    Args:
        path: The file that is to exist afterwards, whole or not at all.

    Raises:
        UserError: It cannot be written there; what stood there before still does.
    """
    temporary = _beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch(exist_ok=False)
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def write_folder(folder: Path, fill: Callable[[Path], None], *, marker: str) -> None:
    """Fill a new folder under a temporary name and swap it for the one that may stand there.

    Args:
        folder: The folder that is to exist afterwards.
        fill: Writes the content into the folder that it is given.
        marker: A file that a folder of this kind always holds. A folder that exists without it
            holds something else, and is left alone.

    Raises:
        UserError: ``folder`` exists and is not of this kind, holds what the new one would not, or
            cannot be written; what stood there before still does.
    """
    target = folder.resolve()  # of a link, the folder that it leads to
    _refuse_foreign(folder, target, marker)
    temporary = _beside(target)
    retired = _beside(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.mkdir()
        fill(temporary)
        if target.exists():
            _refuse_loss(folder, temporary)
            target.replace(retired)
        try:
            temporary.replace(target)
        except BaseException:
            if retired.exists():
                retired.replace(target)
            raise
    except OSError as error:
        raise _unwritable(folder, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        if target.exists():  # else the retired one is all that is left
            shutil.rmtree(retired, ignore_errors=True)


def _beside(path: Path) -> Path:
    """Name a hidden neighbour, made later by mkdir or touch so that the user's umask holds."""
    return path.parent / f".{path.stem}.{secrets.token_hex(4)}{path.suffix}"


def _unwritable(path: Path, error: OSError) -> UserError:
    return UserError(f"{path}: cannot be written ({error.strerror or error}); choose another --out")


def _refuse_foreign(folder: Path, target: Path, marker: str) -> None:
    if target.is_dir() and ((target / marker).is_file() or not any(target.iterdir())):
        return
    if target.exists():
        raise UserError(
            f"{folder}: exists and holds no {marker}, so it is not overwritten; "
            "choose another --out"
        )


def _refuse_loss(folder: Path, successor: Path) -> None:
    lost = {entry.name for entry in folder.iterdir()} - {e.name for e in successor.iterdir()}
    if lost:
        raise UserError(
            f"{folder}: also holds '{min(lost)}', which would be lost; "
            "move it away or choose another --out"
        )
