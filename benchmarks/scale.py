"""From large exports to a one-minute grid: time and memory against rows, beside plain pandas.

python -m benchmarks.scale [--pandas PYTHON_WITH_PANDAS] [--folder SCRATCH] [--rows 60.48e6]
python -m benchmarks.scale --rows 604.8e6 --formats parquet --parts 1    # more than memory holds

1,000 tags at 10 s for 7 days in the long form, with quality, in the order of time: 60.48 million
rows as Parquet, a tenth of them as CSV, and a third and a tenth of each. Every case runs in a
process of its own on two cores; the peak of memory is that of the whole process. CPU time is there
because wall time also measures what else the machine does.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from benchmarks.results import read_rows, write_rows, write_table
from shiftwork.cli.progress import console

TAGS = 1000
STEP_S = 10
ROWS = 7 * 86400 // STEP_S * TAGS
PARTS = (0.1, 1 / 3, 1.0)
FORMATS = {"parquet": 1.0, "csv": 0.1}
"""With the share of rows that is made of each: text is slow."""
CORES = 2
PANDAS_GIB = 14.0
"""Address space that pandas gets, so that it fails instead of taking the machine."""


def main() -> None:
    """Make the exports, measure each case, write CSV and table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pandas", help="a Python interpreter that has pandas and pyarrow")
    parser.add_argument("--folder", help="where the exports are made; by default a temporary one")
    parser.add_argument("--rows", type=float, default=ROWS, help="of the largest export")
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=list(FORMATS))
    parser.add_argument("--parts", nargs="+", type=float, default=list(PARTS), help="of those rows")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        measure(Path(given.measure))
        return
    with tempfile.TemporaryDirectory(dir=given.folder) as scratch:
        cases = [
            (ending, int(given.rows * FORMATS[ending] * part))
            for ending in given.formats
            for part in given.parts
        ]
        rows = list(measured(Path(scratch), cases, given.pandas))
    write_rows("scale", rows, replace=("way", "format", "rows"))
    console.print(table(read_rows("scale")))


def measured(
    scratch: Path, cases: list[tuple[str, int]], pandas: str | None
) -> Iterator[dict[str, Any]]:
    """Measure every case; exports are made one at a time and removed again."""
    for ending, most in cases:
        count = most // TAGS * TAGS
        path = scratch / f"export.{ending}"
        make_export(path, count)
        size = path.stat().st_size
        ways = {"shiftwork": [sys.executable, "-m", "benchmarks.scale", "--measure", str(path)]}
        if pandas:
            script = Path(__file__).with_name("scale_pandas.py")
            ways["pandas"] = [pandas, str(script), str(path), str(PANDAS_GIB)]
        for way, command in ways.items():
            row = {"way": way, "format": ending, "rows": count, "file_mb": size / 1e6}
            row |= run(command)
            console.print(row)
            yield row
        path.unlink()


def run(command: list[str]) -> dict[str, Any]:
    """Run one case on two cores; without figures if it ended for want of memory."""
    cores = set(sorted(os.sched_getaffinity(0))[:CORES])
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: os.sched_setaffinity(0, cores),
        env=os.environ | {"POLARS_MAX_THREADS": str(CORES), "OMP_NUM_THREADS": str(CORES)},
    )
    if done.returncode:
        cause = done.stderr.strip().splitlines()[-1:] or [f"signal {-done.returncode}"]
        return {"wall_s": "", "cpu_s": "", "peak_gib": "", "periods": "", "failed": cause[0][:80]}
    wall_s, cpu_s, peak_gib, periods = done.stdout.split()[-4:]
    return {
        "wall_s": float(wall_s),
        "cpu_s": float(cpu_s),
        "peak_gib": float(peak_gib),
        "periods": int(periods),
        "failed": "",
    }


def measure(path: Path) -> None:
    """Read one export and grid it; print wall and CPU time, peak memory and the length of the grid."""
    from shiftwork.records.historian.grid import to_grid
    from shiftwork.records.historian.plant_file.load import parse_plant
    from shiftwork.records.historian.samples import read_samples

    plant = parse_plant(plant_text(), Path("plant.toml"))
    begun, worked = time.perf_counter(), time.process_time()
    grid = to_grid(read_samples([path], plant), plant)
    wall_s, cpu_s = time.perf_counter() - begun, time.process_time() - worked
    peak_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(wall_s, cpu_s, peak_gib, len(grid.time))


def plant_text() -> str:
    """A plant file with all of the tags."""
    tags = [f'[tags.t{i:04d}]\nrole = "observation"\n' for i in range(1, TAGS)]
    first = '[tags.t0000]\nrole = "action"\nbounds = [0, 100]\n'
    head = 'name = "scale"\nperiod = "1min"\n[objective]\nexpression = "t0001"\n'
    return head + first + "".join(tags)


def make_export(path: Path, count: int) -> None:
    """Write an export of so many rows, a day's tenth at a time.

    Values wander and are rounded as a historian rounds them; one in a thousand is bad.
    """
    rng = np.random.default_rng(20250304)
    names = pa.array([f"t{i:04d}" for i in range(TAGS)])
    start = np.datetime64(datetime(2025, 3, 4), "us").astype(np.int64)
    level = rng.normal(50, 10, TAGS)
    writer: Any = None
    stamps = count // TAGS
    for first in range(0, stamps, 864):
        here = min(864, stamps - first)
        walk = level + np.cumsum(rng.normal(0, 0.05, (here, TAGS)), 0)
        level = walk[-1]
        times = start + (first + np.arange(here)) * STEP_S * 1_000_000
        codes = np.tile(np.arange(TAGS, dtype=np.int32), here)
        quality = np.where(rng.random(here * TAGS) < 0.001, 0, 192)
        batch = pa.table(
            {
                "tag": pa.DictionaryArray.from_arrays(codes, names),
                "timestamp": pa.array(np.repeat(times, TAGS), pa.timestamp("us")),
                "value": np.round(walk, 3).ravel(),
                "quality": pa.array(quality, pa.int16()),
            }
        )
        if path.suffix == ".csv":
            batch = batch.set_column(0, "tag", batch["tag"].cast(pa.string()))
            writer = writer or pacsv.CSVWriter(path, batch.schema)
        writer = writer or pq.ParquetWriter(path, batch.schema, compression="zstd")
        writer.write_table(batch)
    writer.close()


def table(rows: list[dict[str, str]]) -> str:
    """The measured cases as Markdown."""
    rows = sorted(
        rows, key=lambda row: (row["format"] == "csv", int(row["rows"]), row["way"] != "shiftwork")
    )
    lines = [
        (
            row["way"],
            row["format"],
            f"{int(row['rows']) / 1e6:.2f}",
            f"{float(row['file_mb']):.0f}",
            f"{float(row['wall_s']):.1f}" if row["wall_s"] else "out of memory",
            f"{float(row['cpu_s']):.1f}" if row["wall_s"] else "",
            f"{float(row['peak_gib']):.2f}" if row["wall_s"] else f"> {PANDAS_GIB:g}",
        )
        for row in rows
    ]
    header = ("way", "format", "rows (million)", "file (MB)", "wall time (s)", "CPU time (s)",
              "peak memory (GiB)")  # fmt: skip
    return write_table("scale", header, lines)


if __name__ == "__main__":
    main()
