"""Which files an export consists of: named ones, folders and patterns, and nothing outside them."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from shiftwork.errors import UserError

MOST_FILES = 100_000
ENDINGS = frozenset(
    [
        ".csv",
        ".tsv",
        ".txt",
        ".tab",
        ".dat",
        ".parquet",
        ".pq",
        ".db",
        ".sqlite",
        ".sqlite3",
        ".duckdb",
        ".ddb",
    ]
)
"""Files of a folder or pattern that are read; others that lie there are no export."""
SERVERS = ("postgresql://", "postgres://")


def find_files(paths: Sequence[str | Path]) -> list[Path]:
    """List the files of an export.

    Args:
        paths: Files, folders (read with all folders in them) and patterns such as
            "exports/*.csv". Connection strings are left out.

    Returns:
        Each file once: in the order given, those of a folder or pattern by name.

    Raises:
        UserError: A path leads nowhere, holds no export, or leads outside of its folder.
    """
    found: dict[str, Path] = {}
    for given in paths:
        if is_server(given):
            continue
        count = 0
        for path in _files(given):
            found.setdefault(os.path.realpath(path), path)
            count += 1
            if len(found) > MOST_FILES:
                raise UserError(
                    f"{given}: has more than {MOST_FILES} files; give fewer at a time, or join them"
                )
        if not count:
            raise UserError(
                f"{given}: holds no export; give files that end in {', '.join(sorted(ENDINGS))}"
            )
    return list(found.values())


def is_server(given: str | Path) -> bool:
    """Tell a connection string from a path."""
    return isinstance(given, str) and given.startswith(SERVERS)


def _files(given: str | Path) -> Iterator[Path]:
    text = os.fspath(given)
    if not text or "\0" in text:
        raise UserError(f"{text!r} is no path; give a file, a folder or a pattern")
    path = Path(text)
    if os.path.isdir(path):
        yield from _in_folder(path, path)
    elif os.path.lexists(path):
        yield _regular(path)
    elif glob.has_magic(text):
        yield from _matching(text)
    else:
        raise UserError(f"{path}: no such file or folder; check the path")


def _in_folder(folder: Path, top: Path) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise UserError(f"{folder}: cannot be read ({error.strerror}); check its rights") from None
    for entry in entries:
        path = folder / entry.name
        if entry.name.startswith("."):
            continue
        if entry.is_symlink():
            _refuse_outside(path, top)
        if entry.is_dir(follow_symlinks=False):
            yield from _in_folder(path, top)
        elif path.suffix.lower() in ENDINGS and not (entry.is_symlink() and entry.is_dir()):
            yield _regular(path)


def _matching(pattern: str) -> Iterator[Path]:
    parts = Path(pattern).parts
    fixed = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    top = Path(*parts[:fixed]) if fixed else Path()
    for name in sorted(glob.iglob(pattern, recursive=True)):
        path = Path(name)
        _refuse_outside(path, top)
        if path.suffix.lower() in ENDINGS and not path.is_dir():
            yield _regular(path)


def _refuse_outside(path: Path, top: Path) -> None:
    real, inside = os.path.realpath(path), os.path.realpath(top)
    if os.path.commonpath([real, inside]) != inside:
        raise UserError(
            f"{path}: leads outside of {top}; remove the link, or give the file it leads to"
        )


def _regular(path: Path) -> Path:
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); check the path") from None
    if not stat.S_ISREG(mode):
        raise UserError(f"{path}: is no regular file; remove it, or give a file")
    return path
