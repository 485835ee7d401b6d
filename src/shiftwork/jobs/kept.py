"""The folder of a run: one folder for each finished job, and what tells it from any other work.

    FOLDER/KEY/            what the job wrote
    FOLDER/KEY/done.json   what it was, and that it is whole
    FOLDER/KEY/failed.txt  instead of both: the error and its traceback
    FOLDER/.unfinished/    jobs in flight; worth nothing once the run has ended
    FOLDER/.jobs.lock      held while a run is at work here

A job's folder gets its name when the job has ended, so a folder with ``done.json`` is whole.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from shiftwork.errors import UserError
from shiftwork.files import locked, written_whole
from shiftwork.jobs.job import Job

DONE = "done.json"
FAILED = "failed.txt"
UNFINISHED = ".unfinished"
LOCK = ".jobs.lock"


def claim(folder: Path) -> None:
    """Make a folder one of jobs, if it holds nothing else.

    Raises:
        UserError: It holds something else, or cannot be written.
    """
    try:
        if folder.exists() and not (folder / LOCK).exists() and any(folder.iterdir()):
            raise UserError(
                f"{folder}: exists and holds no results of jobs, so nothing is put into it; choose "
                "another --out"
            )
        folder.mkdir(parents=True, exist_ok=True)
        (folder / LOCK).touch()
    except OSError as error:
        raise _unwritable(folder, error) from None


@contextmanager
def held(folder: Path) -> Iterator[Path]:
    """Keep other runs out of a folder while the block runs; yield where jobs in flight write.

    Raises:
        UserError: Another run is at work there, or it is no folder of jobs.
    """
    claim(folder)
    unfinished = folder / UNFINISHED
    busy = f"{folder}: another run is at work here; wait for it, or choose another --out"
    with locked(folder / LOCK, busy):
        shutil.rmtree(unfinished, ignore_errors=True)
        try:
            unfinished.mkdir()
        except OSError as error:
            raise _unwritable(folder, error) from None
        try:
            yield unfinished
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)


def is_finished(folder: Path, job: Job) -> bool:
    """Whether a job's result is there already.

    Raises:
        UserError: Its folder holds the result of other work, or something else.
    """
    place = folder / job.key
    if not place.exists():
        return False
    if not (place / DONE).is_file():
        if (place / FAILED).is_file() or not any(place.iterdir()):
            return False
        raise UserError(
            f"{place}: exists and holds no {DONE}, so it is not overwritten; move it away or choose "
            "another --out"
        )
    about = read_done(place)
    other = [name for name, value in job.identity.items() if about.get(name) != value]
    if other:
        raise UserError(
            f"{place}: is the result of other work ({_difference(other[0], about, job)}); delete it or "
            "choose another --out"
        )
    return True


def read_done(place: Path) -> dict[str, Any]:
    """Read what a finished job's folder says of it.

    Raises:
        UserError: The file is missing or damaged.
    """
    try:
        about: dict[str, Any] = json.loads((place / DONE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UserError(
            f"{place / DONE}: is missing or damaged; delete the folder, and the job is done again"
        ) from None
    return about


def keep(folder: Path, unfinished: Path, job: Job, about: dict[str, Any]) -> None:
    """Give a finished job's folder its name.

    Args:
        folder: Of the run.
        unfinished: Where the job wrote.
        job: The job.
        about: How it went.

    Raises:
        UserError: It cannot be written.
    """
    here, place = unfinished / job.key, folder / job.key
    text = json.dumps(job.identity | about, indent=2) + "\n"
    with written_whole(here / DONE) as temporary:
        temporary.write_text(text, encoding="utf-8")
    _replace(here, place)


def keep_failure(folder: Path, unfinished: Path, job: Job, text: str) -> Path:
    """Put an error where the job's result would be, and return its file.

    Args:
        folder: Of the run.
        unfinished: Where the job wrote; what it wrote is dropped.
        job: The job.
        text: The error and its traceback.

    Raises:
        UserError: It cannot be written.
    """
    shutil.rmtree(unfinished / job.key, ignore_errors=True)
    with written_whole(folder / job.key / FAILED) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return folder / job.key / FAILED


def _replace(here: Path, place: Path) -> None:
    """Move a folder to where nothing is, or only an earlier failure."""
    try:
        if place.exists():
            with suppress(FileNotFoundError):
                (place / FAILED).unlink()
            place.rmdir()
        here.replace(place)
    except OSError as error:
        raise _unwritable(place, error) from None


def _difference(name: str, about: dict[str, Any], job: Job) -> str:
    """Say in what way the work of a folder is another one."""
    had, wants = about.get(name), job.identity[name]
    if not isinstance(had, dict) or not isinstance(wants, dict):
        return f"{name} {had}, not {wants}"
    key = next(k for k in sorted({*had, *wants}) if had.get(k) != wants.get(k))
    if name == "inputs":
        return f"another file '{key}'"
    values = [json.dumps(of.get(key)) for of in (had, wants)]
    if max(map(len, values)) > 60:
        return f"another value of '{key}'"
    return f"'{key}' {values[0]}, not {values[1]}"


def _unwritable(path: Path, error: OSError) -> UserError:
    return UserError(f"{path}: cannot be written ({error.strerror or error}); choose another --out")
