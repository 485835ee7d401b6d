"""The benchmark of faults in small, for a team at a served centre: answered in time, no late write."""

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor

import pytest

pytest.importorskip("asyncua")
from benchmarks.operation_faults import OUTAGE, played

from support.injected import ROWS
from support.team_rig import NOT_PLAYED

SOME = ("link cut", "sensor bad", "write rejected", "set-point moved by another", "audit full")


@pytest.mark.slow
def test_a_teams_faults_are_answered_in_time_and_no_late_write_is_taken_over():
    names = {row.name for row in ROWS}
    assert set(NOT_PLAYED) | set(SOME) < names
    # In a process without the checks of types that tests run with: a cycle of 250 tags would be late.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        work = pool.submit(played, "centre-small", 7, 1, 3, SOME, time.monotonic() + 240)
        rows = work.result(400)
    outages = [row for row in rows if row["fault"].startswith(OUTAGE)]
    faults = [row for row in rows if row not in outages]
    assert len(outages) == 3
    assert [row["fault"] for row in faults] == [row.name for row in ROWS if row.name in SOME]
    assert all(row["answered_s"] <= row["most_s"] for row in faults), faults
    assert not any(row["late"] for row in rows), rows
