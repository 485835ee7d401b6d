"""Jobs on a Ray cluster, seen from the command that hands them out.

Ray itself is spoken to by a child process (``on_ray.py``): where a cluster's head is lost, Ray ends
the process that talked to it, and nobody would be left to say so.
"""

from __future__ import annotations

import importlib.util
import queue
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shiftwork.errors import UserError
from shiftwork.files import written_whole
from shiftwork.jobs.job import Job, versions
from shiftwork.jobs.local import Child
from shiftwork.jobs.work import End, Heard

PATIENCE_S = 10.0
"""For the child to say goodbye to the cluster."""

LOST = "ray-lost.txt"


def run_cluster(jobs: Sequence[Job], address: str, unfinished: Path, heard: Heard) -> None:
    """Do jobs on a Ray cluster.

    Args:
        jobs: The jobs.
        address: "ray", or "ray://HOST:PORT".
        unfinished: Below which each job's files arrive in a folder of its key.
        heard: Told how they go.

    Raises:
        UserError: Ray is not installed, there is no cluster, a node has other versions, or the
            cluster was lost.
    """
    if importlib.util.find_spec("ray") is None:
        raise UserError(
            f"--workers {address} needs the package ray; install it: pip install 'shiftwork[scale]'"
        )
    events: queue.Queue[tuple[Child, dict[str, Any] | None]] = queue.Queue()
    log = unfinished / "ray.log"
    child = Child(("shiftwork.jobs.on_ray", address), {}, log, events)
    left = {job.key for job in jobs}
    try:
        child.send({"jobs": [_order(job, unfinished) for job in jobs], "versions": versions()})
        while left:
            _, event = events.get()
            if event is None:
                raise _lost(child, address, unfinished.parent / LOST, len(left))
            if "refused" in event:
                raise UserError(event["refused"])
            if "told" in event:
                heard.told(event["told"])
            else:
                left.remove(event["key"])
                heard.ended(event["key"], End(**event["end"]))
    except BaseException:
        child.kill()
        raise
    child.finish(PATIENCE_S)


def _lost(child: Child, address: str, file: Path, left: int) -> UserError:
    """Keep what Ray printed last, and say that the cluster is gone."""
    cause = child.cause
    with written_whole(file) as temporary:
        temporary.write_text(child.printed + "\n", encoding="utf-8")
    return UserError(
        f"the Ray cluster at '{address}' was lost (what talked to it {cause}; its last words are in {file}); "
        f"start it again, and the same command does the {left} jobs that are left"
    )


def _order(job: Job, unfinished: Path) -> dict[str, Any]:
    """Write down a job with what the cluster must provide for it."""
    hashes = {name: given.sha256 for name, given in job.inputs.items()}
    asked = {"hashes": hashes, "cores": job.cores, "gpus": job.gpus}
    return job.order(unfinished / job.key) | asked
