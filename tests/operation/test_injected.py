"""Every row of the fault table once, and broken writes, on a real server behind a real proxy."""

import asyncio

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
    async def test():
        async with Rig(tmp_path, 7) as rig:
            for row in ROWS:
                made = await inject(rig, row)
                assert made.answered_s <= MOST_S + rig.period_s, made
                assert made.late == 0, made
                # Where the plant's own timer was faster, a person must act.
                assert np.isnan(made.back_s) or row.returns, made

    asyncio.run(test())


def test_a_commit_that_waits_in_a_buffer_is_never_taken_over(tmp_path):
    async def test():
        kinds = set()
        async with Rig(tmp_path, 8) as rig:
            await rig.finish()
            for _ in range(8):
                kind, late = await outage(rig, rig.connection)
                assert not late, kind
                kinds.add(kind)
        assert len(kinds) == 3

    asyncio.run(test())
