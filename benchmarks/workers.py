"""Time and overhead of jobs with 1 and 2 workers and on two local Ray nodes, one of which is killed.

    python -m benchmarks.workers [--cases dmsd box-pushing-6 nothing] [--share 1.0] [--ways 1 2 ray killed]

Each case is a list of jobs: 20 agents of dmsd, 8 teams of box-pushing-6, 200 jobs that do nothing. "1" and
"2" are processes, "ray" is two nodes of one core each on this machine, and "killed" the same with
``kill -9`` of one node once a quarter of the jobs is finished. Every job has one thread. "Equal" says
whether all files of all jobs are those of one process, to the bit. The overhead of a job is what the
wall time holds beyond its share of the work: time x workers, less the seconds that jobs report, by jobs;
of jobs that do nothing it is the time after the first one has ended. Programs are compiled before the
clock starts, as users find them the second time; the first job of a process still loads them.

The second table is a model, made from the rows of dmsd and of nothing on Ray alone (see ``modelled``).
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import math
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.local_nodes import Node
from benchmarks.results import FIRST_SEED, read_rows, write_rows, write_table
from shiftwork.cli.compile_cache import keep_compiled
from shiftwork.cli.progress import console, progress_bar
from shiftwork.cli.seed_jobs import agent_jobs, team_jobs
from shiftwork.jobs.job import Job, Tell
from shiftwork.jobs.kept import DONE, read_done
from shiftwork.jobs.run import run_jobs
from shiftwork.learning.offline.pars import Config
from shiftwork.records.formats.load import load_records

UPDATES, STEPS = 40_000, 400_000
AGENTS, TEAMS, EMPTY = 20, 8, 200
WAYS = {
    "1": "1 process",
    "2": "2 processes",
    "ray": "2 Ray nodes",
    "killed": "2 Ray nodes, one killed",
}
WIRE_BYTES_PER_S = 1.25e8
"""Assumed between a cluster's machines in the model: 1 Gbit/s."""
MODEL_JOBS = 1_000


def nothing(folder: Path, tell: Tell, *, number: int) -> None:
    """Write a number; a job."""
    (folder / "number.txt").write_text(str(number), encoding="utf-8")


def jobs_of(case: str, share: float, out: Path) -> list[Job]:
    """Make the jobs of a case.

    Args:
        case: dmsd, box-pushing-6 or nothing.
        share: Of the updates and steps of each job.
        out: Where their folders are to be.
    """
    if case == "nothing":
        return [Job(f"n-{n}", "benchmarks.workers:nothing", {"number": n}) for n in range(EMPTY)]
    if case == "dmsd":
        seeds = range(FIRST_SEED, FIRST_SEED + AGENTS)
        records, updates = load_records("dmsd"), max(int(share * UPDATES), 1)
        return agent_jobs(records, "pars", Config(), updates=updates, seeds=seeds, out=out)
    seeds = range(FIRST_SEED, FIRST_SEED + TEAMS)
    return team_jobs(case, "acac", None, steps=max(int(share * STEPS), 1), seeds=seeds)


def measured(case: str, way: str, share: float, scratch: Path, expected: str) -> dict[str, Any]:
    """Do all jobs of a case in one way; one row.

    Args:
        case: As for ``jobs_of``.
        way: In ``WAYS``.
        share: As for ``jobs_of``.
        scratch: An empty folder.
        expected: The hash of all files with one process; "" if that is this one.
    """
    first = [0.0]

    def advance(amount: float, note: str) -> None:
        bar(amount, note)
        first[0] = first[0] or time.perf_counter()

    jobs = jobs_of(case, share, scratch)
    with (
        cluster(way, scratch, len(jobs) // 4) as workers,
        progress_bar(f"{case}: {WAYS[way]}", len(jobs), "jobs") as bar,
    ):
        begun = time.perf_counter()
        run_jobs(jobs, scratch, workers, advance=advance, told=console.print).check()
        wall_s = time.perf_counter() - begun
    work_s = sum(read_done(scratch / job.key)["wall_s"] for job in jobs)
    if case == "nothing":
        overhead_s = (begun + wall_s - first[0]) / (len(jobs) - 1)
    else:
        overhead_s = (wall_s * (1 if way == "1" else 2) - work_s) / len(jobs)
    hashed = contents(scratch)
    written = sum(p.stat().st_size for p in scratch.glob("*/*") if p.is_file())
    return {
        "case": case,
        "way": way,
        "jobs": len(jobs),
        "share": share,
        "wall_s": wall_s,
        "work_s": work_s,
        "overhead_s": "" if way == "killed" else overhead_s,
        "start_s": first[0] - begun if case == "nothing" else "",
        "job_bytes": written // len(jobs),
        "input_bytes": sum(p.stat().st_size for p in scratch.glob("*.npz")),
        "files": hashed[:12],
        "equal": "" if not expected else "yes" if hashed[:12] == expected else "no",
    }


@contextmanager
def cluster(way: str, folder: Path, after: int) -> Iterator[str]:
    """Start what a way needs, and kill a node after so many finished jobs where it says so."""
    if way not in ("ray", "killed"):
        yield way
        return
    nodes = [Node()]
    before = os.environ.get("RAY_ADDRESS")
    os.environ["RAY_ADDRESS"] = nodes[0].address
    try:
        nodes.append(Node(nodes[0].address))
        if way == "killed":
            threading.Thread(target=_kill_later, args=(nodes[1].kill, folder, after)).start()
        yield "ray"
    finally:
        for node in nodes:
            node.kill()
        os.environ.pop("RAY_ADDRESS")
        if before is not None:
            os.environ["RAY_ADDRESS"] = before


def _kill_later(kill: Callable[[], None], folder: Path, after: int) -> None:
    while len(list(folder.glob(f"*/{DONE}"))) < after:
        time.sleep(0.02)
    kill()


def contents(folder: Path) -> str:
    """Hash all that jobs wrote, without what says how it went."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*/**/*")):
        if path.is_file() and path.name != DONE:
            name = path.relative_to(folder).as_posix()
            digest.update(json.dumps([name, path.stat().st_size]).encode() + path.read_bytes())
    return digest.hexdigest()


def table(rows: Sequence[dict[str, str]]) -> str:
    """Make the table of what was measured."""
    lines = []
    for row in rows:
        one = [r for r in rows if (r["case"], r["share"]) == (row["case"], row["share"])]
        alone = next((float(r["wall_s"]) for r in one if r["way"] == "1"), math.nan)
        lines.append(
            (
                row["case"],
                WAYS[row["way"]],
                row["jobs"],
                f"{float(row['wall_s']):.1f}",
                f"{alone / float(row['wall_s']):.2f}",
                f"{float(row['overhead_s']):.3f}" if row["overhead_s"] else "",
                row["equal"],
            )
        )
    header = (
        "jobs of",
        "workers",
        "jobs",
        "time (s)",
        "times 1 process",
        "overhead per job (s)",
        "equal",
    )
    return write_table("workers", header, lines)


def modelled(rows: Sequence[dict[str, str]], workers: int) -> tuple[float, str]:
    """How long ``MODEL_JOBS`` seeds of dmsd take on a cluster, and what it waits for.

    start + the longest of three that go on side by side:
        jobs in rounds       ceil(jobs / workers) x seconds of a job
        one command's hands  jobs x seconds that it is busy with one
        one command's wire   (records x workers + what jobs write) / 1 Gbit/s

    Every worker is as fast as a core here, none is lost, and records are sent to each one, though nodes
    could pass them on.
    """
    dmsd = next(r for r in rows if (r["case"], r["way"]) == ("dmsd", "ray"))
    empty = next(r for r in rows if (r["case"], r["way"]) == ("nothing", "ray"))
    job_s = float(dmsd["work_s"]) / int(dmsd["jobs"])
    sent = float(dmsd["input_bytes"]) * workers + float(dmsd["job_bytes"]) * MODEL_JOBS
    parts = {
        "jobs": math.ceil(MODEL_JOBS / workers) * job_s,
        "the command that hands out jobs": MODEL_JOBS * float(empty["overhead_s"]),
        "its network": sent / WIRE_BYTES_PER_S,
    }
    slowest = max(parts, key=lambda name: parts[name])
    return float(empty["start_s"]) + parts[slowest], slowest


def model_table(rows: Sequence[dict[str, str]]) -> str:
    """Make the table of the model."""
    alone = modelled(rows, 1)[0]
    lines = []
    for workers in (1, 2, 10, 100, 300, 1_000):
        time_s, waits_for = modelled(rows, workers)
        lines.append(
            (
                f"{workers:,}",
                f"{time_s / 60:,.1f}",
                f"{alone / time_s:,.1f}",
                f"{workers * time_s / 3600:,.1f}",
                waits_for,
            )
        )
    header = ("workers", "minutes", "times 1 worker", "core hours", "waits for")
    return write_table("workers_model", header, lines)


def main() -> None:
    """Run what is asked for, replace its rows in the CSV, and make both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    cases = ["nothing", "dmsd", "box-pushing-6"]
    parser.add_argument("--cases", nargs="+", default=cases, choices=cases)
    parser.add_argument("--ways", nargs="+", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--share", type=float, default=1.0, help="of each job's updates or steps")
    options = parser.parse_args()
    if importlib.util.find_spec("ray") is None and {"ray", "killed"} & set(options.ways):
        raise SystemExit(
            "the ways ray and killed need the package ray: pip install 'shiftwork[scale]'"
        )
    keep_compiled()  # as the command line does; workers and nodes inherit it
    for case in options.cases:
        rows: list[dict[str, Any]] = []
        if case != "nothing":
            with tempfile.TemporaryDirectory() as scratch:  # compiles the programs
                jobs = jobs_of(case, options.share, Path(scratch))
                run_jobs(jobs[:1], Path(scratch), 1).check()
        for way in options.ways:
            with tempfile.TemporaryDirectory() as scratch:
                expected = rows[0]["files"] if rows and rows[0]["way"] == "1" else ""
                rows.append(measured(case, way, options.share, Path(scratch), expected))
            console.print(rows[-1])
        write_rows("workers", rows, replace=("case", "way"))
    rows_now = read_rows("workers")
    console.print(table(rows_now))
    if {("dmsd", "ray"), ("nothing", "ray")} <= {(r["case"], r["way"]) for r in rows_now}:
        console.print(model_table(rows_now))


if __name__ == "__main__":
    main()
