"""What a furnace cannot choose: the naphtha it is fed, and the prices of the day."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from shiftwork.plants.cracker.prices import TYPICAL_LEADERS

TYPICAL_NAPHTHAS = np.array(
    [
        [0.54, 0.30, 0.000, 0.12, 0.040],
        [0.51, 0.22, 0.005, 0.19, 0.075],
        [0.39, 0.19, 0.010, 0.27, 0.140],
    ],
    np.float32,
)
"""Light, open-spec and heavy naphtha: mass fractions within the usual ranges (K)."""

TANK_DAYS = 4.0
"""Mean time for which one tank feeds; the changes come at random."""
MEMORY = 0.4
"""How much of a tank's grade is still in the next one's, as cargoes come from few suppliers."""
TANK_NOISE, LAB_NOISE = 0.08, 0.03
"""Relative scatter of each class from tank to tank, and of the laboratory."""

REVERSION_DAYS = 90.0
"""Within which a price forgets its deviation (K)."""
VOLATILITY = np.array([0.020, 0.030, 0.030, 0.040, 0.025], np.float32)
"""Of the prices in ``LEADERS``, relative, by the square root of a day (K)."""
COMMON = 0.3
"""Correlation of every price with what moves all of them, which is crude oil (K)."""
DEVIATION_LIMIT = 0.6
"""Of the logarithm of a price: about a half to nearly twice the typical price."""


class Tank(NamedTuple):
    """The naphtha that feeds the furnace.

    Attributes:
        grade: From light (-1) over open-spec (0) to heavy (1), ().
        piona: Mass fractions, (5,).
        lab_piona: The same as the laboratory found it, (5,).
    """

    grade: Float[Array, ""]
    piona: Float[Array, " 5"]
    lab_piona: Float[Array, " 5"]


def first_tank(key: PRNGKeyArray) -> Tank:
    """Draw a tank without knowing the one before."""
    grade_key, key = jax.random.split(key)
    return _filled(jax.random.uniform(grade_key, (), minval=-1.0, maxval=1.0), key)


def next_tank(tank: Tank, hours: float, key: PRNGKeyArray) -> Tank:
    """Keep the tank for the hours to come, or change it."""
    change_key, grade_key, key = jax.random.split(key, 3)
    change = jax.random.uniform(change_key) < 1 - np.exp(-hours / 24 / TANK_DAYS)
    fresh = jax.random.uniform(grade_key, (), minval=-1.0, maxval=1.0)
    grade = jnp.clip(MEMORY * tank.grade + np.sqrt(1 - MEMORY**2) * fresh, -1.0, 1.0)
    other = _filled(grade, key)
    return jax.tree.map(lambda new, old: jnp.where(change, new, old), other, tank)


def first_prices(key: PRNGKeyArray) -> Float[Array, " 5"]:
    """Draw deviations of the logarithms of ``LEADERS`` from typical, as they are in the long run."""
    spread = VOLATILITY * np.sqrt(REVERSION_DAYS / 2).astype(np.float32)
    return _held(spread * _correlated(key))


def next_prices(
    deviation: Float[Array, " 5"], hours: float, key: PRNGKeyArray
) -> Float[Array, " 5"]:
    """Move the deviations on: a random walk that is drawn back (Ornstein-Uhlenbeck)."""
    days = hours / 24
    keep = float(np.exp(-days / REVERSION_DAYS))
    shock = VOLATILITY * float(np.sqrt(REVERSION_DAYS / 2 * (1 - keep**2)))
    return _held(keep * deviation + shock * _correlated(key))


def leaders(deviation: Float[Array, " 5"]) -> Float[Array, " 5"]:
    """Return the prices in the order of ``LEADERS``."""
    return jnp.exp(deviation) * TYPICAL_LEADERS


def _filled(grade: Float[Array, ""], key: PRNGKeyArray) -> Tank:
    light, open_spec, heavy = TYPICAL_NAPHTHAS
    base = open_spec + jnp.where(
        grade < 0, -grade * (light - open_spec), grade * (heavy - open_spec)
    )
    noise = jax.random.normal(key, (2, 5))
    piona = base * jnp.exp(TANK_NOISE * noise[0])
    piona /= piona.sum()
    lab = piona * jnp.exp(LAB_NOISE * noise[1])
    return Tank(grade, piona, lab / lab.sum())


def _correlated(key: PRNGKeyArray) -> Float[Array, " 5"]:
    draws = jax.random.normal(key, (6,))
    return COMMON**0.5 * draws[5] + (1 - COMMON) ** 0.5 * draws[:5]


def _held(deviation: Float[Array, " 5"]) -> Float[Array, " 5"]:
    return jnp.clip(deviation, -DEVIATION_LIMIT, DEVIATION_LIMIT)
