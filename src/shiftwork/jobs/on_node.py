"""A job on a node of a cluster: its inputs come from the object store, its files leave as bytes."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from shiftwork.files import sha256
from shiftwork.jobs.job import versions
from shiftwork.jobs.work import End, said, work


def do_on_node(
    order: dict[str, Any], inputs: dict[str, Any], wanted: dict[str, str]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Do a job in a folder of this node.

    Args:
        order: What ``Job.order`` wrote down.
        inputs: Name -> reference of (file name, content), and SHA-256.
        wanted: Versions of the machine that hands out the jobs.

    Returns:
        How it ended, and what it wrote: path below the job's folder -> content.
    """
    other = [f"{name} {has}" for name, has in versions().items() if wanted.get(name) != has]
    if other:  # a node that joined after all were asked
        return _failed(f"its node has {other[0]}; give all nodes the same version"), {}
    shelf = Path(tempfile.gettempdir()) / f"shiftwork-inputs-{os.getuid()}"
    try:
        with tempfile.TemporaryDirectory(prefix="shiftwork-job-") as scratch:
            here = {name: str(_fetched(shelf, *given)) for name, given in inputs.items()}
            folder = Path(scratch) / order["key"]
            end = work(order | {"folder": str(folder), "inputs": here}, lambda share, note: None)
            if end.error:
                return asdict(end), {}
            files = {
                path.relative_to(folder).as_posix(): path.read_bytes()
                for path in sorted(folder.rglob("*"))
                if path.is_file()
            }
            return asdict(end), files
    except OSError as error:
        return _failed(said(error, shelf)), {}


def _fetched(shelf: Path, reference: Any, sha: str) -> Path:
    """Find an input among those that earlier jobs left on this node, or take it from the store."""
    place = shelf / sha
    if place.is_dir():
        for path in place.iterdir():
            if not path.name.startswith(".") and sha256(path) == sha:
                return path
    import ray

    name, content = ray.get(reference)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Beside other jobs that fetch the same: whoever is last replaces equal content.
    half = place / f".{os.getpid()}"
    try:
        half.write_bytes(content)
        half.replace(place / name)
    finally:
        with suppress(OSError):
            half.unlink()
    found: Path = place / name
    return found


def _failed(error: str) -> dict[str, Any]:
    return asdict(End(error, "", 0.0, os.uname().nodename))
