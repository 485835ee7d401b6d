"""Processes that are killed, and disks that break, at random moments: what was promised is there."""

import pytest

from support.crashes import KINDS, broken_disk, crash


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_no_acknowledged_record_is_lost_and_no_write_is_without_its_intent(tmp_path, kind):
    library = broken_disk(tmp_path) if kind != "kill -9" else None
    if kind != "kill -9" and library is None:
        pytest.skip("no C compiler (cc) to break a disk with")
    writes = 0
    for seed in range(3):
        left = crash(tmp_path / "run", kind, seed, library)
        assert left.acknowledged > 0
        assert (left.lost, left.without_intent, left.after_broken, left.not_shed) == (0, 0, 0, 0)
        writes += left.writes
    assert writes > 0
