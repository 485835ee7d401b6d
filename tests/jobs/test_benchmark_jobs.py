"""Benchmarks hand their rows through jobs, and keep them apart by commit."""

from __future__ import annotations

import benchmarks.seed_jobs
import pytest
from benchmarks.seed_jobs import done_by

from shiftwork.jobs.job import function_of


def test_rows_come_back_in_order_and_belong_to_their_commit(tmp_path, monkeypatch):
    monkeypatch.setattr(benchmarks.seed_jobs, "FOLDER", tmp_path)
    monkeypatch.setattr(benchmarks.seed_jobs, "origin", lambda: {"commit": "abc"})
    monkeypatch.setattr(benchmarks.seed_jobs, "__package__", "support")
    keys = {f"s{n}": {"number": n} for n in (2, 1)}
    assert done_by("local", "squares", "small_jobs:square_row", keys) == [
        {"number": 2, "square": 4},
        {"number": 1, "square": 1},
    ]
    assert (tmp_path / "squares" / "abc" / "s2" / "done.json").is_file()


@pytest.mark.parametrize(
    "name", ["offline:rows_of_seed", "team:rows_of_seed", "gate.run_panel:rows_of_plant"]
)
def test_the_functions_that_benchmarks_name_exist(name):
    assert function_of(f"benchmarks.{name}")
