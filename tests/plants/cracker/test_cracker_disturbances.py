import jax
import jax.numpy as jnp
import numpy as np
import pytest

from shiftwork.plants.cracker.disturbances import (
    COMMON,
    REVERSION_DAYS,
    TANK_DAYS,
    VOLATILITY,
    first_prices,
    first_tank,
    leaders,
    next_prices,
    next_tank,
)
from shiftwork.plants.cracker.prices import TYPICAL_LEADERS

KEY = jax.random.key(3)
COPIES, STEPS = 400, 600


@pytest.fixture(scope="module")
def tanks():
    """Tanks every 4 h, (step, copy)."""

    def step(tank, key):
        tank = jax.vmap(next_tank, in_axes=(0, None, 0))(tank, 4.0, jax.random.split(key, COPIES))
        return tank, tank

    first = jax.vmap(first_tank)(jax.random.split(KEY, COPIES))
    return jax.jit(lambda tank: jax.lax.scan(step, tank, jax.random.split(KEY, STEPS))[1])(first)


@pytest.fixture(scope="module")
def deviations():
    """Deviations of logarithmic prices every 4 h, (step, copy, 5)."""

    def step(now, key):
        now = jax.vmap(next_prices, in_axes=(0, None, 0))(now, 4.0, jax.random.split(key, COPIES))
        return now, now

    first = jax.vmap(first_prices)(jax.random.split(KEY, COPIES))
    return np.asarray(
        jax.jit(lambda now: jax.lax.scan(step, now, jax.random.split(KEY, STEPS))[1])(first)
    )


def test_tanks_change_every_few_days_and_not_between(tanks):
    changed = np.any(tanks.piona[1:] != tanks.piona[:-1], axis=-1)
    assert 4 / 24 / changed.mean() == pytest.approx(TANK_DAYS, rel=0.05)
    analysed = np.any(tanks.lab_piona[1:] != tanks.lab_piona[:-1], axis=-1)
    np.testing.assert_array_equal(changed, analysed)


def test_naphthas_lie_between_light_and_heavy(tanks):
    percent = 100 * np.asarray(tanks.piona)
    np.testing.assert_allclose(percent.sum(-1), 100, atol=1e-4)
    assert (percent >= 0).all()
    paraffins = percent[..., 0] + percent[..., 1]
    low, middle, high = np.percentile(paraffins, [1, 50, 99])
    assert 50 < low < 65
    assert 68 < middle < 78
    assert 80 < high < 88
    assert np.abs(tanks.grade).max() <= 1
    # Tanks scatter around their grade.
    correlation = np.corrcoef(paraffins.ravel(), np.asarray(tanks.grade).ravel())[0, 1]
    assert -0.99 < correlation < -0.8


def test_the_laboratory_is_near_but_not_exact(tanks):
    error = 100 * np.asarray(tanks.lab_piona - tanks.piona)
    np.testing.assert_allclose(100 * np.asarray(tanks.lab_piona).sum(-1), 100, atol=1e-4)
    assert 0.2 < error[..., 0].std() < 2.0
    np.testing.assert_allclose(error.mean((0, 1)), 0, atol=0.1)


def test_prices_stay_as_they_were_drawn_and_move_by_their_volatility(deviations):
    spread = VOLATILITY * np.sqrt(REVERSION_DAYS / 2)
    for step in (0, -1):
        np.testing.assert_allclose(deviations[step].mean(0), 0, atol=0.035)
        np.testing.assert_allclose(deviations[step].std(0), spread, rtol=0.12)
    day = (deviations[6:] - deviations[:-6]).std((0, 1))
    np.testing.assert_allclose(day, VOLATILITY, rtol=0.05)


def test_prices_move_together_in_part(deviations):
    moves = np.diff(deviations, axis=0).reshape(-1, 5)
    correlation = np.corrcoef(moves.T)[~np.eye(5, dtype=bool)]
    np.testing.assert_allclose(correlation, COMMON, atol=0.03)


def test_prices_are_positive_and_typical_without_deviation(deviations):
    np.testing.assert_allclose(leaders(jnp.zeros(5)), TYPICAL_LEADERS)
    prices = TYPICAL_LEADERS * np.exp(deviations)
    assert (prices > 0.5 * TYPICAL_LEADERS).all()
    assert (prices < 2 * TYPICAL_LEADERS).all()
