"""Which files an export consists of: named ones, folders and patterns, and nothing outside them."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from shiftwork.errors import UserError

MOST_FILES = 100_000
ENDINGS = frozenset((
    ".csv", ".tsv", ".txt", ".tab", ".dat", ".asc", ".prn", ".parquet", ".pq", ".feather", ".arrow", ".ipc",
    ".db", ".sqlite", ".sqlite3", ".duckdb", ".ddb", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".gz", ".zst",
    ".zstd", ".bz2", ".xz", ".zip", ".html", ".htm", ".xml", ".json", ".jsonl", ".ndjson",
))  # fmt: skip
"""Files of a folder or pattern that are read; others that lie there are left out, and named."""
LITTER = ("thumbs.db", "desktop.ini")
"""Files that systems put into folders; like hidden ones they are none of the export."""
SERVERS = ("postgresql://", "postgres://")


def find_files(paths: Sequence[str | Path], left: list[str] | None = None) -> list[Path]:
    """List the files of an export.

    Args:
        paths: Files, folders (read with all folders in them) and patterns such as
            "exports/*.csv". Connection strings are passed over.
        left: Takes the files that are left out, each as "name: why".

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
        for path in _files(given, left if left is not None else []):
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


def _files(given: str | Path, left: list[str]) -> Iterator[Path]:
    text = os.fspath(given)
    if not text or "\0" in text:
        raise UserError(f"{text!r} is not a path; give a file, a folder or a pattern")
    path = Path(text)
    if os.path.isdir(path):
        yield from _in_folder(path, path, left)
    elif os.path.lexists(path):
        yield _regular(path)
    elif glob.has_magic(text):
        yield from _matching(text, left)
    else:
        raise UserError(f"{path}: no such file or folder; check the path")


def _in_folder(folder: Path, top: Path, left: list[str]) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise UserError(f"{folder}: cannot be read ({error.strerror}); check its rights") from None
    for entry in entries:
        path = folder / entry.name
        if entry.name.startswith((".", "~$")) or entry.name.lower() in LITTER:
            continue
        if entry.is_symlink():
            _refuse_outside(path, top)
        if entry.is_dir(follow_symlinks=False):
            yield from _in_folder(path, top, left)
        elif entry.is_symlink() and entry.is_dir():
            left.append(f"{path}: is a link to a folder")
        elif path.suffix.lower() in ENDINGS:
            yield _regular(path)
        else:
            left.append(f"{path}: its ending '{path.suffix}' is not that of an export")


def _matching(pattern: str, left: list[str]) -> Iterator[Path]:
    parts = Path(pattern).parts
    fixed = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    top = Path(*parts[:fixed]) if fixed else Path()
    for name in sorted(glob.iglob(pattern, recursive=True)):
        path = Path(name)
        _refuse_outside(path, top)
        if path.is_dir():
            continue
        if path.suffix.lower() in ENDINGS:
            yield _regular(path)
        else:
            left.append(f"{path}: its ending '{path.suffix}' is not that of an export")


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
        raise UserError(f"{path}: is not a regular file; remove it, or give a file")
    return path
