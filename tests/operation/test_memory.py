"""The benchmark of memory in small: a team in closed loop over a day's end, which is closed on the way."""

import pytest
from benchmarks.operation_memory import measure


@pytest.mark.slow
def test_a_team_operates_over_a_days_end_without_growing(tmp_path):
    row = measure(800, 5, tmp_path)
    assert row["ended"] == "closed, run"
    assert row["days_closed"] == 1
    assert row["records"] > 800
    memory = [float(one) for one in row["rss_mb"].split()]
    assert len(memory) == 10
    # The day ends in the seventh tenth; behind it caches are full.
    assert memory[9] - memory[7] < 3.0
