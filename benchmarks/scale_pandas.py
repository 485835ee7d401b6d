"""The plain pandas way from a long export to a grid of means; run by ``benchmarks.scale``.

It stands alone, since pandas is no dependency: ``PYTHON benchmarks/scale_pandas.py EXPORT LIMIT``
prints wall and CPU time in seconds and the peak of memory in GiB. It does less than what it is compared
with: it averages the samples of each minute as they are, unweighted, and knows no last value, no
age, no flags, no states and no duplicates.
"""

import resource
import sys
import time

import pandas as pd


def main() -> None:
    """Read, drop what is bad, a column for each tag, minute means."""
    path, limit_gib = sys.argv[1], float(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_AS, (int(limit_gib * 2**30),) * 2)
    begun, worked = time.perf_counter(), time.process_time()
    binary = path.endswith(".parquet")
    frame = pd.read_parquet(path) if binary else pd.read_csv(path, parse_dates=["timestamp"])
    frame = frame[frame["quality"] == 192]
    wide = frame.pivot(index="timestamp", columns="tag", values="value")
    grid = wide.resample("1min").mean()
    wall_s, cpu_s = time.perf_counter() - begun, time.process_time() - worked
    peak_gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(wall_s, cpu_s, peak_gib, len(grid))


if __name__ == "__main__":
    main()
