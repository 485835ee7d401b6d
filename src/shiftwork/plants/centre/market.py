"""Prices that move, and what an hour earns and costs."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from shiftwork.plants.centre.blending import Chosen
from shiftwork.plants.centre.cracking import Cracking
from shiftwork.plants.centre.harbour import Unloaded
from shiftwork.plants.centre.layout import Layout
from shiftwork.plants.centre.scenario import Scenario
from shiftwork.plants.centre.state import DECOKING
from shiftwork.plants.cracker.prices import (
    LEADERS,
    TYPICAL_LEADERS,
    Prices,
    margin_per_h,
    prices_of,
)

REWARD_USD = 1000.0
"""One unit of reward."""
ETHANE_GJ_PER_T = 47.5
"""Lower heating value of the ethane that is burnt."""


class Account(NamedTuple):
    """An hour in $, each (); all but the margin are costs.

    Attributes:
        margin: Products less naphtha, fuel and dilution steam.
        demurrage: Of ships beyond their laytime.
        switch: Of a change of recipe.
        quality_step: Of the change of the blend that the furnaces feel.
        shortage: Of an hour in which no tank feeds.
        off_spec: Of a blend outside its specification.
        decoke: Of decokes that begin.
        forced_decoke: In addition where the tube temperature forced it.
        curtailed: Of feed cut by the compressor or the steam limit.
        stand_by: Of furnaces kept hot without feed.
    """

    margin: Float[Array, ""]
    demurrage: Float[Array, ""]
    switch: Float[Array, ""]
    quality_step: Float[Array, ""]
    shortage: Float[Array, ""]
    off_spec: Float[Array, ""]
    decoke: Float[Array, ""]
    forced_decoke: Float[Array, ""]
    curtailed: Float[Array, ""]
    stand_by: Float[Array, ""]

    @property
    def profit(self) -> Float[Array, ""]:
        """Margin less all costs."""
        return self.margin - sum(self[1:])


def move(
    scenario: Scenario, layout: Layout, log_price: Float[Array, " 5"], key: PRNGKeyArray
) -> Float[Array, " 5"]:
    """Let the price leaders' own movements go on for an hour.

    Uniform steps of the right variance: over days their sum is normal, and they are cheap.
    """
    spread = layout.volatility / np.float32(np.sqrt(24.0))
    drawn = jax.random.uniform(key, (len(LEADERS),), minval=-np.sqrt(3.0), maxval=np.sqrt(3.0))
    return log_price * (1.0 - 1.0 / (24.0 * scenario.prices.reversion_d)) + spread * drawn


def log_leaders(scenario: Scenario, log_price: Float[Array, " 5"]) -> Float[Array, " 5"]:
    """Log of each leader over its typical level: its own movement and a share of naphtha's."""
    follows = (np.arange(len(LEADERS)) > 0).astype(np.float32) * scenario.prices.passed_on
    return log_price + follows * log_price[0]


def prices_now(scenario: Scenario, log_price: Float[Array, " 5"]) -> Prices:
    """All prices."""
    return prices_of(jnp.asarray(TYPICAL_LEADERS) * jnp.exp(log_leaders(scenario, log_price)))


def account(
    scenario: Scenario,
    prices: Prices,
    chosen: Chosen,
    fed: Bool[Array, ""],
    mode: Int[Array, " F"],
    cracking: Cracking,
    decokes: Bool[Array, " F"],
    unloaded: Unloaded,
) -> Account:
    """Count what an hour earned and cost.

    Args:
        scenario: Of the centre.
        prices: In force.
        chosen: The recipe.
        fed: Some tank feeds.
        mode: Of the liquid furnaces in this hour.
        cracking: What the furnaces did.
        decokes: Furnaces whose decoke was chosen in this hour, (F,).
        unloaded: What the berths did.
    """
    costs = scenario.costs
    burnt = cracking.ethane_to_fuel_t_per_h * ETHANE_GJ_PER_T * prices.fuel_per_gj
    idle = (cracking.feed_t_per_h == 0) & (mode != DECOKING)
    begun = decokes.sum() + cracking.begun.sum()

    def usd(amount: Array) -> Float[Array, ""]:
        return jnp.asarray(amount, jnp.float32)

    return Account(
        margin=margin_per_h(cracking.total, cracking.feed_t_per_h.sum(), prices) + burnt,
        demurrage=usd(costs.demurrage_usd_per_d / 24 * unloaded.waiting_ships),
        switch=usd(costs.switch_usd * usd(chosen.switched)),
        quality_step=usd(costs.quality_step_usd_per_pct * chosen.step_pct),
        shortage=usd(costs.shortage_usd_per_h * usd(~fed)),
        off_spec=usd(costs.off_spec_usd_per_h * usd(chosen.off_spec)),
        decoke=usd(costs.decoke_usd * usd(begun)),
        forced_decoke=usd(costs.forced_decoke_usd * usd(cracking.forced.sum())),
        curtailed=usd(costs.curtailed_usd_per_t * cracking.cut_t_per_h),
        stand_by=usd(costs.standby_usd_per_h * usd(idle.sum())),
    )
