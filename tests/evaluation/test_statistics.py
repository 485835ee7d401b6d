"""Interquartile means and bootstrap intervals against hand-computed numbers and oracles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shiftwork.errors import UserError
from shiftwork.evaluation.statistics import (
    Interval,
    interquartile_mean,
    iqm_interval,
    mean_interval,
)


def trimmed_mean(values):
    """scipy.stats.trim_mean(values, 0.25): cut a quarter of the values at either end."""
    cut = len(values) // 4
    return np.sort(values)[cut : len(values) - cut].mean()


numbers = st.floats(-1e6, 1e6)


@given(st.integers(1, 10).flatmap(lambda n: st.lists(numbers, min_size=4 * n, max_size=4 * n)))
def test_with_a_multiple_of_four_it_is_the_trimmed_mean(values):
    np.testing.assert_allclose(
        interquartile_mean(np.array(values)), trimmed_mean(values), rtol=1e-9, atol=1e-6
    )


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([7.0], 7.0),
        ([1.0, 3.0], 2.0),
        # Of 3, a quarter is 0.75 of a value: a quarter of each end stays.
        ([10.0, 0.0, 4.0], (0.25 * 0 + 4 + 0.25 * 10) / 1.5),
        # Of 5, a quarter is 1.25 values: three quarters of the second and the fourth stay.
        ([100.0, 1.0, 2.0, 4.0, 8.0], (0.75 * 2 + 4 + 0.75 * 8) / 2.5),
        ([0.0, 0.0, 0.0, 0.0, 1e9], 0.0),
    ],
)
def test_by_hand(values, wanted):
    assert interquartile_mean(np.array(values)) == pytest.approx(wanted)


def test_along_an_axis():
    table = np.arange(24.0).reshape(8, 3) ** 2
    np.testing.assert_allclose(
        interquartile_mean(table, axis=0), [trimmed_mean(column) for column in table.T]
    )
    assert interquartile_mean(table, axis=1).shape == (8,)


@given(st.lists(numbers, min_size=1, max_size=20), numbers)
def test_an_interval_holds_its_estimate_and_moves_with_the_scores(values, shift):
    found = iqm_interval(values, resamples=200)
    assert min(values) - 1e-6 <= found.low <= found.high <= max(values) + 1e-6
    # Order says nothing.
    np.testing.assert_allclose(iqm_interval(values[::-1], resamples=200).estimate, found.estimate)
    moved = iqm_interval(np.array(values) + shift, resamples=200)
    np.testing.assert_allclose(moved, np.array(found) + shift, rtol=1e-6, atol=1e-3)


def test_intervals_narrow_with_runs_and_widen_with_confidence():
    scores = np.random.default_rng(0).normal(50, 10, 400)
    few, many = iqm_interval(scores[:10]), iqm_interval(scores)
    assert few.high - few.low > 3 * (many.high - many.low) > 0
    assert many.low < many.estimate < many.high
    sure = iqm_interval(scores, confidence=0.99)
    assert sure.low < many.low < many.high < sure.high
    assert iqm_interval(scores, seed=0) == many
    assert iqm_interval(scores, seed=1) != many


def test_intervals_cover_the_truth_as_often_as_they_say():
    """80 % intervals of 300 draws: the binomial deviation is 2.3 %."""
    rng = np.random.default_rng(0)
    draws = [rng.normal(0, 1, 30) for _ in range(300)]
    for interval in (iqm_interval, mean_interval):
        covered = 0
        for draw in draws:
            found = interval(draw, confidence=0.8, resamples=300)
            covered += found.low <= 0 <= found.high
        assert 0.71 < covered / 300 < 0.87


def test_seeds_are_drawn_within_each_task():
    """Tasks without any spread of their own: a draw across tasks would invent some."""
    table = np.repeat([[0.0], [50.0], [100.0]], 5, axis=1)
    assert iqm_interval(table) == Interval(50.0, 50.0, 50.0)


def test_mean_interval_against_the_normal_approximation():
    values = np.random.default_rng(0).normal(3.0, 2.0, 500)
    found = mean_interval(values)
    assert found.estimate == pytest.approx(values.mean())
    half = 1.96 * values.std() / np.sqrt(len(values))
    assert found.low == pytest.approx(values.mean() - half, abs=0.15 * half)
    assert found.high == pytest.approx(values.mean() + half, abs=0.15 * half)
    assert mean_interval([4.0]) == Interval(4.0, 4.0, 4.0)


@pytest.mark.parametrize("scores", [[], np.zeros((0, 3)), np.zeros((3, 0)), np.zeros((2, 2, 2))])
def test_nothing_to_average_is_refused(scores):
    with pytest.raises(UserError, match="scores have shape"):
        iqm_interval(scores)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_a_number_is_refused(bad):
    with pytest.raises(UserError, match="not a number"):
        iqm_interval([1.0, bad])
    with pytest.raises(UserError, match="not a number"):
        mean_interval([1.0, bad])


def test_no_episode_is_refused():
    with pytest.raises(UserError, match="no episode"):
        mean_interval([])


def test_how_an_interval_is_written():
    assert str(Interval(1.26, -0.5, 3.0)) == "1.3 [-0.5, 3.0]"
