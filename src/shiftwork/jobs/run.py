"""Doing a list of jobs, and keeping what is finished: the one way to run them anywhere.

    plan       which are finished already?      (kept.py)
    do         here, in processes, on Ray       (local.py, cluster.py)
    keep       each as soon as it has ended     (kept.py)

Whatever ends a run early costs the jobs in flight alone: the same call goes on from the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shiftwork.errors import Stopped, UserError
from shiftwork.jobs.job import Job, versions
from shiftwork.jobs.kept import held, is_finished, keep, keep_failure
from shiftwork.jobs.local import run_here, run_processes
from shiftwork.jobs.work import End

MOST_NAMED = 5
"""Failed jobs that an error names; the others have their files."""


@dataclass(frozen=True)
class Outcome:
    """What became of a list of jobs.

    Attributes:
        folder: Holds a folder for each finished job.
        finished: Keys of the jobs that were done now,
        before: and of those that were finished before.
        failed: Key -> error in one line; the traceback is in the job's folder.
    """

    folder: Path
    finished: tuple[str, ...]
    before: tuple[str, ...]
    failed: Mapping[str, str]

    def check(self) -> None:
        """Refuse to go on where jobs have failed.

        Raises:
            UserError: Some have; the message names them.
        """
        if not self.failed:
            return
        named = [f"'{key}' ({error})" for key, error in list(self.failed.items())[:MOST_NAMED]]
        more = len(self.failed) - len(named)
        total = len(self.failed) + len(self.finished) + len(self.before)
        raise UserError(
            f"{self.folder}: {len(self.failed)} of {total} jobs failed: {', '.join(named)}"
            + (f" and {more} more" if more else "")
            + "; each one's failed.txt there says more, and the same command tries them again"
        )


def run_jobs(
    jobs: Sequence[Job],
    folder: Path,
    workers: str | int = "local",
    *,
    advance: Callable[[float, str], None] | None = None,
    told: Callable[[str], None] | None = None,
) -> Outcome:
    """Do all jobs that are not finished yet.

    Args:
        jobs: The jobs, each with a key of its own.
        folder: Receives a folder for each.
        workers: "local" for this process, a number of processes, "ray" for the cluster that this
            machine belongs to, or "ray://HOST:PORT".
        advance: Told of progress in jobs, with the name of what goes on.
        told: Told what a person should know: failures, lost workers.

    Raises:
        Stopped: Ctrl-C was pressed; finished jobs are kept.
        UserError: A folder holds something else, workers cannot be had, or a node has other versions.
    """
    workers = parse_workers(workers)
    _refuse_twins(jobs)
    for job in jobs:
        job.check()
    with held(folder) as unfinished:
        before = [job for job in jobs if is_finished(folder, job)]
        run = _Run(jobs, folder, unfinished, advance, told)
        run.skip(before)
        there = {job.key for job in before}
        left = [job for job in jobs if job.key not in there]
        try:
            if not left:
                pass
            elif workers == "local":
                run_here(left, unfinished, run)
            elif isinstance(workers, int):
                run_processes(left, workers, unfinished, run)
            else:
                from shiftwork.jobs.cluster import run_cluster

                run_cluster(left, workers, unfinished, run)
        except (Stopped, KeyboardInterrupt):
            kept = len(before) + len(run.finished)
            raise Stopped(
                f"stopped; {kept} of {len(jobs)} jobs are finished and kept in {folder}"
            ) from None
    return Outcome(folder, tuple(run.finished), tuple(job.key for job in before), run.failed)


def parse_workers(workers: str | int) -> str | int:
    """Read what was given as workers.

    Returns:
        "local", a number of processes, "ray" or an address that begins with "ray://".

    Raises:
        UserError: It is none of these.
    """
    text = str(workers)
    if text in ("local", "ray") or (text.startswith("ray://") and text != "ray://"):
        return text
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise UserError(
        f"--workers is '{text}'; give local, a number of processes, ray, or ray://HOST:PORT"
    )


def _refuse_twins(jobs: Sequence[Job]) -> None:
    for key, count in Counter(job.key for job in jobs).items():
        if count > 1:
            raise UserError(f"two jobs have the key '{key}'; give each one of its own")


class _Run:
    """Hears how jobs go, keeps what they give, and passes progress on."""

    def __init__(
        self,
        jobs: Sequence[Job],
        folder: Path,
        unfinished: Path,
        advance: Callable[[float, str], None] | None,
        told: Callable[[str], None] | None,
    ) -> None:
        self._jobs = {job.key: job for job in jobs}
        self._folder, self._unfinished = folder, unfinished
        self._advance, self._told = advance, told
        self._now = dict.fromkeys(self._jobs, 0.0)  # of the present try
        self._most = dict.fromkeys(self._jobs, 0.0)  # what was passed on
        self.finished: list[str] = []
        self.failed: dict[str, str] = {}

    def skip(self, before: Sequence[Job]) -> None:
        """Pass on what earlier runs have done."""
        for job in before:
            self._pass_on(job.key, 1.0, "finished before")

    def share(self, key: str, share: float, note: str) -> None:
        """A share of a job was done."""
        self._now[key] += share
        self._pass_on(key, min(self._now[key], 1.0), f"{key}: {note}" if note else key)

    def ended(self, key: str, end: End) -> None:
        """A job has ended: keep what it gave."""
        job = self._jobs[key]
        if end.error:
            text = f"{end.error}\n\n{end.trace}\n"
            file = keep_failure(self._folder, self._unfinished, job, text)
            self.failed[key] = end.error
            self.told(f"job '{key}' failed: {end.error} (see {file})")
        else:
            about = {
                "python": versions()["Python"],
                "cores": job.cores,
                "gpus": job.gpus,
                "wall_s": round(end.wall_s, 3),
                "where": end.where,
            }
            keep(self._folder, self._unfinished, job, about)
            self.finished.append(key)
        self._pass_on(key, 1.0, key)

    def again(self, key: str, text: str) -> None:
        """A job begins from nothing once more."""
        self._now[key] = 0.0
        self.told(text)

    def told(self, text: str) -> None:
        """Pass on what a person should know."""
        if self._told:
            self._told(text)

    def _pass_on(self, key: str, most: float, note: str) -> None:
        new = most - self._most[key]
        if new > 0 and self._advance:
            self._advance(new, note)
        self._most[key] = max(most, self._most[key])
