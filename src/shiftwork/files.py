"""Writing files so that a reader never sees half of one: a temporary name first, then a rename."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from shiftwork.errors import UserError

try:
    import fcntl
except ImportError:  # there is no such lock on Windows
    fcntl = None  # type: ignore[assignment]

VERSION = "0.1.0"
"""The package's version, which every written folder carries."""


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


def write_folder(
    folder: Path,
    fill: Callable[[Path], None],
    *,
    marker: str,
    expendable: Collection[str] | None = None,
) -> None:
    """Fill a new folder under a temporary name and swap it for the one that may stand there.

    Args:
        folder: The folder that is to exist afterwards.
        fill: Writes the content into the folder that it is given.
        marker: A file that a folder of this kind always holds. A folder that exists without it
            holds something else, and is left alone.
        expendable: What a folder of this kind may hold that the new one need not. If given, a
            folder that holds anything else that would be lost is left alone as well.

    Raises:
        UserError: ``folder`` exists and is not of this kind, holds what may not be lost, or cannot
            be written; what stood there before still does.
    """
    target = Path(os.path.realpath(folder))  # of a link, the folder that it leads to
    temporary = _beside(target)
    retired = _beside(target)
    try:
        _refuse_foreign(folder, target, marker)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.mkdir()
        fill(temporary)
        if target.exists():
            if expendable is not None:
                _refuse_loss(folder, {e.name for e in temporary.iterdir()} | set(expendable))
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
        if os.path.exists(target):  # else the retired one is all that is left
            shutil.rmtree(retired, ignore_errors=True)


def write_described(
    folder: Path,
    fill: Callable[[Path], None],
    *,
    marker: str,
    about: dict[str, Any],
    card: str,
    attach: Callable[[Path], None] | None = None,
) -> None:
    """Write a folder that says what it is: to programs as JSON, to people as README.md.

    Args:
        folder: As for ``write_folder``.
        fill: Writes what the folder is for.
        marker: The name of the JSON file.
        about: What stands in it.
        card: What stands in README.md.
        attach: Writes further files.

    Raises:
        UserError: As ``write_folder`` does.
    """

    def everything(temporary: Path) -> None:
        fill(temporary)
        (temporary / marker).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        (temporary / "README.md").write_text(card, encoding="utf-8")
        if attach:
            attach(temporary)

    write_folder(folder, everything, marker=marker)


def read_description(folder: Path, *, marker: str, kind: str, made: str) -> Any:
    """Read the JSON file by which a folder says what it is.

    Args:
        folder: The folder.
        marker: The name of the file.
        kind: What the folder should be ("agent"), for messages.
        made: What makes such folders, for messages.

    Raises:
        UserError: The file is missing or no JSON.
    """
    file = folder / marker
    if not file.is_file():
        raise UserError(f"{folder}: is no {kind} ({marker} is missing); give {made}")
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise UserError(f"{file}: is damaged; copy or learn the {kind} again") from None


def sha256(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def on_disk(path: Path) -> None:
    """Wait until a file, or the names in a folder, lie on the disk, where a loss of power leaves them.

    Raises:
        OSError: The disk is full or fails.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    except PermissionError:  # Windows opens no folders; there names are safe without this
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path, busy: str) -> Iterator[None]:
    """Keep other processes out of what a file stands for while the block runs.

    Args:
        path: The file; it is made, and stays.
        busy: What is wrong if another process is in, with the fix.

    Raises:
        UserError: Another process is in.
        OSError: The file cannot be made.
    """
    with path.open("ab") as lock:
        if fcntl is not None:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UserError(busy) from None
            except OSError:  # some network disks know no locks; then only the user keeps runs apart
                pass
        yield


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


def _refuse_loss(folder: Path, kept: set[str]) -> None:
    lost = {entry.name for entry in folder.iterdir()} - kept
    if lost:
        raise UserError(
            f"{folder}: also holds '{min(lost)}', which would be lost; "
            "move it away or choose another --out"
        )
