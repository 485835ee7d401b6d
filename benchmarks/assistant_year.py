"""A year of one-minute tags: time to open, time of an answer once open, and peak memory.

python -m benchmarks.assistant_year

Each size is one file of random walks of single precision, with a column for each tag or a row for each
value, and runs in a process of its own. Rows are in ``results/assistant_year.csv``, one for each size and form.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.results import write_rows, write_table
from shiftwork.assistant.assistant import Assistant

CASES = (
    (10, "Parquet"),
    (100, "Parquet"),
    (1000, "Parquet"),
    (100, "CSV, long"),
    (1000, "CSV, wide"),
)
MINUTES = 365 * 24 * 60
MONTHS = (
    ("January 2025", "2025년 1월"),
    ("March 2025", "2025년 3월"),
    ("November 2025", "2025년 11월"),
)


def write_year(folder: Path, tags: int, form: str, seed: int) -> None:
    """Write the export and its plant file."""
    random = np.random.default_rng(seed)
    columns: dict[str, pl.Series] = {
        "time": pl.datetime_range(
            datetime(2025, 1, 1), datetime(2026, 1, 1), "1m", closed="left", eager=True
        )
    }
    plant = ['name = "large"', 'period = "1h"', 'time_zone = "UTC"']
    plant += ["[objective]", 'expression = "t0"', 'unit = "$/h"']
    for number in range(tags):
        walk = 500 + np.cumsum(random.normal(0, 0.1, MINUTES))
        columns[f"t{number}"] = pl.Series(walk.astype(np.float32))
        role = "action" if number == 1 else "observation"
        plant += [f"[tags.t{number}]", f'role = "{role}"', 'unit = "C"']
        plant += ["bounds = [0, 2000]"] * (role == "action")
    frame = pl.DataFrame(columns)
    if form == "Parquet":
        frame.write_parquet(folder / "year.parquet")
    else:
        _write_csv(frame, folder / "year.csv", long=form == "CSV, long")
    (folder / "plant.toml").write_text("\n".join(plant) + "\n", encoding="utf-8")


def _write_csv(frame: pl.DataFrame, path: Path, *, long: bool) -> None:
    """Write a column for each tag, or a row for each value in the order of time; a day at a time."""
    with path.open("wb") as file:
        for number, day in enumerate(frame.iter_slices(24 * 60)):
            if long:
                day = day.unpivot(index="time", variable_name="tag").sort(
                    "time", maintain_order=True
                )
            day.write_csv(file, include_header=number == 0, float_precision=3)


def questions(tags: int) -> list[str]:
    """Both languages, one tag or two, a month or the whole year."""
    asked = []
    for number in range(0, tags, max(tags // 10, 1)):
        tag, other = f"t{number}", f"t{(number + 1) % tags}"
        for english, korean in MONTHS:
            asked += [f"mean and maximum of {tag} in {english}", f"{korean} {tag} 평균과 최대"]
            asked += [f"correlation of {tag} and {other} in {english}"]
        asked += [f"mean of {tag} in 2025", f"compare {tag} in March 2025 with April 2025"]
        asked += [f"how often was {tag} above 500 C in 2025"]
    return asked


def measure(path: Path, tags: int) -> dict[str, float]:
    """Open, ask one question so that it is warm, then take the time of each answer."""
    begin = time.perf_counter()
    assistant = Assistant(path, path.parent / "plant.toml", now="2026-01-01T00:00")
    opened = time.perf_counter() - begin
    first = time.perf_counter()
    asked = questions(tags)
    assistant.ask(asked[0])
    cold = time.perf_counter() - first
    took, answered = [], 0
    for question in asked:
        begin = time.perf_counter()
        answered += assistant.ask(question).status == "answered"
        took.append(time.perf_counter() - begin)
    return {
        "open, s": opened,
        "first answer, s": cold,
        "questions": len(asked),
        "answered": answered,
        "p95, s": float(np.quantile(took, 0.95)),
        "peak, GB": peak_gb(),
    }


def peak_gb() -> float:
    """Peak memory of this process alone; ``getrusage`` counts that of who started it as well."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    peak = next(line for line in lines if line.startswith("VmHWM:"))
    return int(peak.split()[1]) / 1e6


def main() -> None:
    """Measure each size in a process of its own, write CSV and table."""
    rows = []
    for tags, form in CASES:
        with tempfile.TemporaryDirectory() as folder:
            write_year(Path(folder), tags, form, 100)
            (file,) = Path(folder).glob("year.*")
            command = [sys.executable, "-m", "benchmarks.assistant_year", str(file), str(tags)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            rows.append({"tags": tags, "form": form, "seed": 100, **json.loads(done.stdout)})
    write_rows("assistant_year", rows)
    head = (
        "tags, a year of minutes",
        "form",
        "opened in",
        "questions answered",
        "p95",
        "peak memory",
    )
    table = [
        (
            str(row["tags"]),
            row["form"],
            f"{row['open, s']:.0f} s",
            f"{row['answered']} of {row['questions']}",
            f"{1000 * row['p95, s']:.0f} ms",
            f"{row['peak, GB']:.1f} GB",
        )
        for row in rows
    ]
    print(write_table("assistant_year", head, table))


if __name__ == "__main__":
    if sys.argv[1:]:
        print(json.dumps(measure(Path(sys.argv[1]), int(sys.argv[2]))))
    else:
        main()
