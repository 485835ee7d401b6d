"""Columns measured piece by piece are those of the whole, to the bit, and take no wide copy."""

import tracemalloc

import numpy as np
import pytest

from shiftwork.records.columns import Columns


@pytest.mark.parametrize("columns", [1, 2, 7, 8, 9, 16, 17, 60])
def test_they_are_those_of_the_whole_to_the_bit(columns):
    rows = np.random.default_rng(columns).normal(3.0, 2.0, (5_003, columns)).astype(np.float32)
    whole = rows.astype(np.float64)
    found = Columns.of(rows)
    np.testing.assert_array_equal(found.mean, whole.mean(0))
    np.testing.assert_array_equal(found.std, whole.std(0))
    np.testing.assert_array_equal(found.largest, np.abs(whole).max(0))


def test_of_wide_records_only_some_columns_are_copied_at_once():
    rows = np.ones((20_000, 200), np.float32)
    tracemalloc.start()
    Columns.of(rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < rows.nbytes / 2  # eight columns of float64, twice, of 200
