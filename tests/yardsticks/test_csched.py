"""The published example has published optima, and nothing that keeps the limits beats them."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shiftwork.errors import UserError
from shiftwork.yardsticks.csched import EXAMPLE, PUBLISHED, Cycles, best_schedule, profit_per_d


def test_published_optimum_with_four_sub_cycles():
    found = best_schedule(EXAMPLE, 4)
    assert found.profit_per_d == pytest.approx(PUBLISHED[4], abs=1e-3)
    assert found.sub_cycles == (4, 1, 2)


def test_published_optimum_with_twenty_sub_cycles():
    found = best_schedule(EXAMPLE, 20)
    assert found.profit_per_d == pytest.approx(PUBLISHED[20], abs=1e-3)
    assert found.sub_cycles == (15, 1, 6)


def broken(cycles: Cycles, n: np.ndarray, days: np.ndarray, cycle: float) -> float:
    """How far a schedule leaves its limits."""
    fed = np.array(cycles.rate_t_per_d) * days / cycle
    return max(
        (np.array(cycles.least_t_per_d) - fed).max(),
        (fed - np.array(cycles.most_t_per_d)).max(),
        float(n @ np.array(cycles.changeover_d) + days.sum() - cycle),
        days.max() - cycles.longest_d,
    )


def test_the_optimum_keeps_the_limits():
    found = best_schedule(EXAMPLE, 20)
    n, days = np.array(found.sub_cycles), np.array(found.cracking_d)
    assert broken(EXAMPLE, n, days, found.cycle_d) < 1e-6


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_random_schedule_is_better(seed):
    # A hundred each, near the optimum or anywhere, drawn to fill the cycle: most keep the limits.
    rng = np.random.default_rng(seed)
    n = rng.integers(1, 5, (100, 3)).astype(float)
    share = rng.dirichlet((6, 4, 4), 100)
    cycle = rng.uniform(40, 400, 100)
    days = share * np.maximum(cycle - n @ np.array(EXAMPLE.changeover_d), 0)[:, None]
    kept = np.array([broken(EXAMPLE, *row) <= 0 for row in zip(n, days, cycle, strict=True)])
    profit = profit_per_d(EXAMPLE, n, days, cycle)[kept]
    assert (profit <= PUBLISHED[4] + 1e-3).all()


def test_quicker_and_cheaper_cleaning_earns_more():
    quick = dataclasses.replace(EXAMPLE, changeover_d=(1.0, 1.5, 1.5), cleaning_cost=(50.0,) * 3)
    assert best_schedule(quick, 4).profit_per_d > 1.02 * PUBLISHED[4]


def test_what_cannot_be_scheduled_is_refused():
    with pytest.raises(UserError, match="give lower least_t_per_d"):
        best_schedule(dataclasses.replace(EXAMPLE, least_t_per_d=(1000.0,) * 3), 2)
