"""Margin against the standard: what set-points earn beyond what usual ones would at today's prices.

Prices move the margin of a furnace ten times as much as anything that its operators can do, so in
a plain margin the effect of a set-point drowns. What the furnace would earn at usual set-points
depends on prices and feed alone, which nobody at the furnace can change: subtracting it takes the
market's luck out of the reward and leaves every comparison of two ways to run the furnace as it
was, because all of them lose the same.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from shiftwork.plants.cracker.disturbances import leaders
from shiftwork.plants.cracker.furnace import FurnaceDesign, crack
from shiftwork.plants.cracker.people import read
from shiftwork.plants.cracker.plant import STEP_H, Furnace, FurnaceState
from shiftwork.plants.cracker.prices import margin_per_h, prices_of
from shiftwork.plants.cracker.yields import REFERENCE_STEAM
from shiftwork.plants.plant import Step
from shiftwork.records.episodes import Episodes

USUAL_COKE = 0.4
"""Of the room for coke: tubes in the middle of a run."""


def standard_margin(
    design: FurnaceDesign, piona: Float[Array, "*B 5"], prices: Float[Array, "*B 5"]
) -> Float[Array, "*B"]:
    """Margin of a step at design set-points, thousand $.

    Args:
        design: Of the furnace.
        piona: The laboratory's mass fractions of the feed.
        prices: In the order of ``LEADERS``.
    """
    one = jnp.ones(piona.shape[:-1])
    feed = design.design_feed_t_per_h * one
    cracked = crack(
        design,
        USUAL_COKE * design.coke_room_mm * one,
        1e4 * one,
        feed,
        design.design_cot_c * one,
        REFERENCE_STEAM * one,
        piona,
    )
    return STEP_H / 1000 * margin_per_h(cracked, feed, prices_of(prices))


@dataclass(frozen=True)
class FurnaceAgainstStandard(Furnace):
    """The furnace with its reward against the standard; all else is the same."""

    name: str = "furnace-against-standard"

    def step(self, state: FurnaceState, action: Float[Array, " 4"], key: PRNGKeyArray) -> Step:
        """Step as the furnace does; prices and laboratory are those that the step began with."""
        step = super().step(state, action, key)
        usual = standard_margin(self.design, state.tank.lab_piona, leaders(state.price_deviation))
        return step._replace(reward=step.reward - usual)


def against_standard(records: Episodes, design: FurnaceDesign) -> Episodes:
    """Give records of the furnace the reward against the standard."""
    seen = read(jnp.asarray(records.transitions.observation))
    usual = jax.jit(standard_margin, static_argnums=0)(design, seen.piona, seen.leaders)
    reward = (records.reward - np.asarray(usual)).astype(np.float32)
    return dataclasses.replace(records, reward=reward)
