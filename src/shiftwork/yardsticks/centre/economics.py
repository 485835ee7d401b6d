"""What a tonne of naphtha earns, takes and cokes in a liquid furnace, as coefficients.

Yields are linear in composition and money is linear in the prices that move, so the margin of a
tonne is a table: set-points x class x price leader. Only coking has to be looked up for each
composition.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Float64

from shiftwork.plants.centre.cracking import CRACKED_GAS, ETHANE
from shiftwork.plants.centre.market import ETHANE_GJ_PER_T
from shiftwork.plants.centre.scenario import Scenario
from shiftwork.plants.cracker.feed import CLASSES
from shiftwork.plants.cracker.furnace import GAS, LIQUID, coking_of_rings, crack, crack_ethane
from shiftwork.plants.cracker.prices import LEADERS, prices_of

_crack = jax.jit(crack, static_argnums=0)
_crack_ethane = jax.jit(crack_ethane, static_argnums=0)

LONG_H = 1e6
"""Hours after which the bare metal's extra coking has died out."""


class Tonne(NamedTuple):
    """A tonne of naphtha in a clean furnace; M set-points, 5 classes, 5 price leaders.

    Attributes:
        cot_c: Outlet temperature, (M,).
        feed_t_per_h: Of the furnace, (M,).
        worth: Margin in units of each leader, without the ethane that is made, (M, 5, 5). Fuel
            is that of each class by itself; of a mixture it is a little more.
        gas_t: Cracked gas, (M, 5).
        ethane_t: Of it ethane, (M, 5).
    """

    cot_c: Float64[np.ndarray, " M"]
    feed_t_per_h: Float64[np.ndarray, " M"]
    worth: Float64[np.ndarray, "M 5 5"]
    gas_t: Float64[np.ndarray, "M 5"]
    ethane_t: Float64[np.ndarray, "M 5"]


class Ethane(NamedTuple):
    """A tonne of ethane in a clean gas furnace at some loads, each (E,) but the first.

    Attributes:
        worth: Margin in units of each leader, without what is left of the ethane, (E, 5).
        left_t: Not converted.
        gas_t: Cracked gas.
        burnt: Worth of a tonne that is burnt, in units of each leader, (5,).
    """

    worth: Float64[np.ndarray, "E 5"]
    left_t: Float64[np.ndarray, " E"]
    gas_t: Float64[np.ndarray, " E"]
    burnt: Float64[np.ndarray, " 5"]


def tonne_of(
    scenario: Scenario, cot_c: Float[np.ndarray, " M"], feed_t_per_h: Float[np.ndarray, " M"]
) -> Tonne:
    """Work out what a tonne does at set-points."""
    count = len(cot_c)

    def each(value: np.ndarray) -> jax.Array:
        return jnp.repeat(jnp.asarray(value, jnp.float32), len(CLASSES))

    pure = jnp.tile(jnp.eye(len(CLASSES)), (count, 1))
    feed, steam = each(feed_t_per_h), jnp.full(count * len(CLASSES), scenario.furnaces.steam_ratio)
    bare, aged = jnp.zeros_like(feed), jnp.full_like(feed, LONG_H)
    made = _crack(LIQUID, bare, aged, feed, each(cot_c), steam, pure)
    products = np.array(made.products_t_per_h, float) / np.array(feed)[:, None]
    gas, ethane = products[:, :CRACKED_GAS].sum(1), products[:, ETHANE].copy()
    worth = _worth(products, np.array(made.fuel_gj_per_h / feed), scenario.furnaces.steam_ratio)
    worth[:, LEADERS.index("naphtha")] -= 1.0
    return Tonne(
        np.asarray(cot_c, float),
        np.asarray(feed_t_per_h, float),
        worth.reshape(count, len(CLASSES), len(LEADERS)),
        gas.reshape(count, -1),
        ethane.reshape(count, -1),
    )


def ethane_of(scenario: Scenario, loads: int = 9) -> Ethane:
    """Work out what a tonne of ethane does at even loads between a gas furnace's limits."""
    rules = scenario.gas_furnaces
    feed = jnp.linspace(GAS.feed_low_t_per_h, GAS.feed_high_t_per_h, loads)
    cot, steam = jnp.full(loads, rules.cot_c), jnp.full(loads, rules.steam_ratio)
    made = _crack_ethane(GAS, jnp.zeros(loads), jnp.full(loads, LONG_H), feed, cot, steam)
    products = np.array(made.products_t_per_h, float) / np.array(feed)[:, None]
    gas, left = products[:, :CRACKED_GAS].sum(1), products[:, ETHANE].copy()
    burnt = np.zeros(len(LEADERS))
    burnt[LEADERS.index("fuel")] = ETHANE_GJ_PER_T
    worth = _worth(products, np.array(made.fuel_gj_per_h / feed), rules.steam_ratio)
    return Ethane(worth, left, gas, burnt)


def coking(
    scenario: Scenario,
    cot_c: Float[np.ndarray, " M"],
    feed_t_per_h: Float[np.ndarray, " M"],
    piona: Float[np.ndarray, "P 5"],
) -> tuple[Float64[np.ndarray, "P M"], Float64[np.ndarray, "P M"]]:
    """Growth of coke in mm/h, and the layer in mm that takes the tubes to their limit."""
    shape = (len(piona), len(cot_c))
    feed = jnp.broadcast_to(jnp.asarray(feed_t_per_h, jnp.float32), shape)
    cot = jnp.broadcast_to(jnp.asarray(cot_c, jnp.float32), shape)
    feeds = jnp.broadcast_to(jnp.asarray(piona, jnp.float32)[:, None], (*shape, 5))
    steam, aged = jnp.full(shape, scenario.furnaces.steam_ratio), jnp.full(shape, LONG_H)
    clean, coked = (
        _crack(LIQUID, jnp.full(shape, mm), aged, feed, cot, steam, feeds) for mm in (0.0, 10.0)
    )
    per_mm = (np.array(coked.tube_c, float) - np.array(clean.tube_c)) / 10.0
    room = (LIQUID.tube_limit_c - np.array(clean.tube_c, float)) / per_mm
    return np.array(clean.coke_mm_per_h, float), room


def mixture_share(
    growth: Float64[np.ndarray, "P M"], piona: Float[np.ndarray, "P 5"]
) -> Float64[np.ndarray, " M"]:
    """Share of its parts' mean coking that every mixture of them reaches at least.

    Coking is r exp(q), with r linear in composition (rings) and q concave in it: q rises, ever more
    slowly, with a temperature that is linear in the heat of reaction, which is concave, for the
    hydrogen of the liquid products has a floor. With shares w, means r' and q', and v = w r / r',
    the parts' mean over r' exp(q') is E_v exp(q - q'). Hoeffding's lemma bounds the spread around
    the mean under v by exp(D^2 / 8), D the range of q, and Gruss's inequality bounds the distance
    of the two means by D R / 4 / min r, R the range of r.

    Args:
        growth: Coking of each part, from ``coking``.
        piona: The parts, mass fractions.
    """
    rings = np.asarray(coking_of_rings(jnp.asarray(piona, jnp.float32)), float)
    heat = np.log(growth / rings[:, None])
    spread = np.ptp(heat, axis=0)
    return np.exp(-(spread**2) / 8 - spread * np.ptp(rings) / (4 * rings.min()))


def _worth(
    products: Float64[np.ndarray, "X 11"], fuel_gj: np.ndarray, steam_t: float
) -> Float64[np.ndarray, "X 5"]:
    """Products but ethane, less fuel and steam, in units of each price leader."""
    unit = prices_of(jnp.eye(len(LEADERS)))
    products[:, ETHANE] = 0.0
    fuel, steam = np.asarray(unit.fuel_per_gj), np.asarray(unit.steam_per_t)
    return products @ np.asarray(unit.products, float).T - fuel_gj[:, None] * fuel - steam_t * steam
