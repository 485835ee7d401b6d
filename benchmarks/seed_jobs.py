"""Benchmarks as jobs: rows of one seed or plant each, done by any number of workers."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.results import ROOT, origin
from shiftwork.cli.progress import do_jobs
from shiftwork.jobs.job import Job

FOLDER = ROOT / "runs" / "benchmarks"
ROWS = "rows.json"


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Give a benchmark the option that chooses its workers."""
    parser.add_argument(
        "--workers",
        help="one job for each, done by local, a number of processes, ray or ray://HOST:PORT; "
        "without it, as ever, side by side in one program",
    )


def done_by(
    workers: str, name: str, function: str, arguments: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Do jobs that write rows, and read all of them.

    Finished jobs are kept for the commit that did them, and for no other one.

    Args:
        workers: As ``run_jobs`` takes them.
        name: Of the benchmark.
        function: In this package: "module:function".
        arguments: Key -> arguments of the job.
    """
    out = FOLDER / name / origin()["commit"]
    jobs = [Job(key, f"{__package__}.{function}", given) for key, given in arguments.items()]
    do_jobs(jobs, out, workers, name).check()
    return [
        row
        for job in jobs
        for row in json.loads((out / job.key / ROWS).read_text(encoding="utf-8"))
    ]


def write_rows_of(folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the rows of a job into its folder."""
    (folder / ROWS).write_text(json.dumps(rows, default=float) + "\n", encoding="utf-8")
