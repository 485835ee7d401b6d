"""The benchmark of a week in closed loop, in small: what the connection costs is nothing."""

import pytest

pytest.importorskip("asyncua")
from benchmarks.operation_week import measure


@pytest.mark.slow
def test_through_opc_ua_an_agent_earns_what_it_earns_without():
    row = measure("furnace", 0.25, 1.0, 5, None)
    assert row["steps"] >= 10
    assert row["missed"] == 0
    assert row["taken"] + row["not_as_wished"] == row["steps"]
    if row["not_as_wished"]:  # a busy machine: then it must be that, and nothing else
        assert row["first_reason"].startswith(("late by", "not sent: late by"))
        assert row["taken"] >= row["steps"] / 2
    else:
        assert row["earned_kusd"] == row["alone_kusd"]
