"""Every row of the fault table once, and broken writes, on a real server behind a real proxy."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

pytest.importorskip("asyncua")
from support.injected import MOST_S, ROWS, inject, outage
from support.rig import Rig

pytestmark = [
    pytest.mark.slow,
    # The library leaves sockets of broken links to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def test_each_row_is_answered_in_time_and_no_late_write_is_taken_over(tmp_path):
    async def some(rows, number):
        (folder := tmp_path / str(number)).mkdir()
        async with Rig(folder, 7 + number) as rig:
            for row in rows:
                made = await inject(rig, row)
                assert made.answered_s <= MOST_S + rig.period_s, made
                assert made.late == 0, made
                # Where the plant's own timer was faster, a person must act.
                assert np.isnan(made.back_s) or row.returns, made
        return len(rows)

    # Nearly all of the time is waiting, so three plants are run at once, each with a loop of its own.
    with ThreadPoolExecutor(3) as pool:
        work = [pool.submit(asyncio.run, some(ROWS[number::3], number)) for number in range(3)]
        assert sum(one.result() for one in work) == len(ROWS)


def test_a_commit_that_waits_in_a_buffer_is_never_taken_over(tmp_path):
    async def some(number):
        (folder := tmp_path / str(number)).mkdir()
        kinds = set()
        async with Rig(folder, 18 + number) as rig:
            await rig.finish()
            for _ in range(5):
                kind, late = await outage(rig, rig.connection)
                assert not late, kind
                kinds.add(kind)
        return kinds

    with ThreadPoolExecutor(2) as pool:
        assert len(set().union(*pool.map(asyncio.run, map(some, range(2))))) == 3
