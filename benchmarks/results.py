"""Raw results as CSV with their origin, and tables as Markdown made from the CSV alone."""

from __future__ import annotations

import csv
import platform
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from shiftwork.evaluation.statistics import iqm_interval
from shiftwork.files import written_whole

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "benchmarks" / "results"
RECORDS = Path(__file__).parent / "records"
FIRST_SEED = 100
"""Seeds below it have helped to choose settings and are never reported."""


def origin() -> dict[str, str]:
    """Commit, device, versions and date of a result; "dirty" if more than results was changed."""
    changed = _git(
        "status", "--porcelain", "--untracked-files=no", "--", ".", f":(exclude){FOLDER}"
    )
    device = jax.devices()[0]
    name = _processor() if device.platform == "cpu" else device.device_kind
    return {
        "commit": _git("describe", "--always") + "-dirty" * bool(changed),
        "device": name,
        "jax": jax.__version__,
        "python": platform.python_version(),
        "date": time.strftime("%Y-%m-%d"),
    }


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    except OSError:
        names = []
    return f"{names[0]}, {len(names)} cores" if names else platform.processor() or "CPU"


def write_rows(
    name: str, rows: Sequence[Mapping[str, Any]], *, replace: Iterable[str] = ()
) -> Path:
    """Write results to ``results/name.csv``.

    Args:
        name: Of the file.
        rows: All with the same columns.
        replace: Columns that tell experiments apart: earlier rows that agree with new ones in
            all of them are replaced, other earlier rows stay.
    """
    path = FOLDER / f"{name}.csv"
    here = origin()
    new = [{k: _short(v) for k, v in row.items()} | here for row in rows]
    keys = tuple(replace)
    taken = {tuple(str(row[k]) for k in keys) for row in new}
    old = [r for r in read_rows(name) if keys and tuple(r.get(k, "") for k in keys) not in taken]
    with (
        written_whole(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.DictWriter(file, list(new[0]), restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows([*old, *new])
    return path


def read_rows(name: str) -> list[dict[str, str]]:
    """Read ``results/name.csv``, or nothing if it is not there."""
    path = FOLDER / f"{name}.csv"
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_table(name: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a Markdown table to ``results/name.md`` and return it."""
    lines = [
        "| " + " | ".join(header) + " |",
        "| --- |" + " ---: |" * (len(header) - 1),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]
    text = "\n".join(lines) + "\n"
    with written_whole(FOLDER / f"{name}.md") as temporary:
        temporary.write_text(text, encoding="utf-8")
    return text


def scored(rows: Iterable[Mapping[str, str]], column: str = "score") -> str:
    """Interquartile mean of a column over seeds with its 95 % interval, for a table's cell."""
    values = [float(row[column]) for row in rows]
    return f"{iqm_interval(values)}" if values else ""


def _short(value: Any) -> Any:
    return f"{value:.6g}" if isinstance(value, (float, np.floating)) else value
