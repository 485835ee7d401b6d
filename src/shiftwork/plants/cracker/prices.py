"""What naphtha, products and utilities cost, and the margin of a furnace."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from shiftwork.plants.cracker.furnace import Cracked
from shiftwork.plants.cracker.yields import PRODUCTS

LEADERS = ("naphtha", "ethylene", "propylene", "butadiene", "fuel")
"""The prices that move by themselves: $/t, fuel $/GJ."""

FOLLOWS = {
    # Burnt, so worth their heating value in GJ/t.
    "hydrogen": ("fuel", 120.0),
    "methane": ("fuel", 50.0),
    "ethylene": ("ethylene", 1.0),
    # Recycled and cracked, to ethylene for the most part.
    "ethane": ("ethylene", 0.6),
    "propylene": ("propylene", 1.0),
    "butadiene": ("butadiene", 1.0),
    "butenes": ("naphtha", 0.95),
    "benzene": ("naphtha", 1.35),
    "toluene": ("naphtha", 1.10),
    "other pygas": ("naphtha", 0.95),
    "fuel oil": ("naphtha", 0.65),
}
"""Product -> (the leader that it follows, by which ratio); the ratios are K."""

STEAM_GJ_PER_T = 2.0
"""Fuel that a tonne of dilution steam takes (K)."""

_RATIO = np.zeros((len(LEADERS), len(PRODUCTS)), np.float32)
for _column, _product in enumerate(PRODUCTS):
    _leader, _ratio = FOLLOWS[_product]
    _RATIO[LEADERS.index(_leader), _column] = _ratio


class Prices(NamedTuple):
    """Prices in force.

    Attributes:
        naphtha: $/t, (*B,).
        products: $/t in the order of ``PRODUCTS``, (*B, 11).
        fuel_per_gj: $/GJ, (*B,).
        steam_per_t: Dilution steam, $/t, (*B,).
    """

    naphtha: Float[Array, "*#B"]
    products: Float[Array, "*#B 11"]
    fuel_per_gj: Float[Array, "*#B"]
    steam_per_t: Float[Array, "*#B"]


def prices_of(leaders: Float[Array, "*#B 5"]) -> Prices:
    """Price everything from the prices that move by themselves, in the order of ``LEADERS``."""
    return Prices(*_priced(leaders))


def _priced(leaders: Any) -> tuple[Any, Any, Any, Any]:
    fuel = leaders[..., 4]
    ratio = np.expand_dims(_RATIO, tuple(range(leaders.ndim - 1)))
    products = (leaders[..., None] * ratio).sum(-2)
    return leaders[..., 0], products, fuel, STEAM_GJ_PER_T * fuel


def margin_per_h(
    cracked: Cracked, feed_t_per_h: Float[Array, "*#B"], prices: Prices
) -> Float[Array, "*#B"]:
    """Products less feed, fuel and dilution steam, in $/h; decokes are not in it."""
    # Not (a * b).sum(-1): jax 0.10.2 compiles that wrongly on a CPU, without an error, where both
    # sides are broadcast to some hundred thousand sums and something is subtracted from them.
    sold = jnp.einsum(
        "...p,...p->...", cracked.products_t_per_h, prices.products, precision="highest"
    )
    return (
        sold
        - feed_t_per_h * prices.naphtha
        - cracked.fuel_gj_per_h * prices.fuel_per_gj
        - cracked.steam_t_per_h * prices.steam_per_t
    )


TYPICAL_LEADERS = np.array([632.0, 860.0, 980.0, 1050.0, 7.0], np.float32)
"""June 2021 (S: naphtha, ethylene, propylene; K: butadiene, fuel)."""

# Made by NumPy, so that importing this module starts no device.
TYPICAL = Prices(*_priced(TYPICAL_LEADERS))
