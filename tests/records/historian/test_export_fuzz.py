"""A correct export, changed in one way: read right, or refused or noticed with the matter named."""

from __future__ import annotations

import pytest
from benchmarks.export_fuzz.changes import CHANGES
from benchmarks.export_fuzz.judge import RIGHT, judged

ROUNDS = 8
"""Rounds of each change: above 200 in all."""


@pytest.mark.slow
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_never_misread_in_silence(name, tmp_path):
    for seed in range(ROUNDS):
        assert judged(name, seed, tmp_path) in RIGHT, seed
