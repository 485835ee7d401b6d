"""The furnace's accounts: margin against a standard, and a provision for the next decoke.

What a furnace earns in a step says little about what its operators did in it. Two habits of cost
accounting fix that; neither changes a comparison between two ways to run the furnace.

*Against the standard.* Prices move the margin ten times as much as any set-point. What the
furnace would earn at usual set-points depends on prices and feed alone, which nobody at the furnace can
change: subtracting it takes the market's luck out, and all ways to run the furnace lose the same.

*Provision for the next decoke.* A decoke costs 60 k$ and two days of margin, weeks after the severity
that caused it, and at any one moment it can be put off. So the account sets money aside as coke is
laid down, at a price for each mm by which a run's provision pays for one usual decoke, and takes it
back when the decoke comes. Over a run the two cancel: the sum of rewards stays what it was, but for the
difference of what is set aside at the first and the last step. Each step's reward then already holds
what coking will cost, so a learner whose discount looks a few days ahead does not take a decoke put
off for a decoke saved.

    reward = margin - decokes and trips - standard - (provision after - provision before)

All of it rests on what the panel shows and on the furnace's design: the law of coking, no true coke.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from shiftwork.plants.cracker.disturbances import TYPICAL_NAPHTHAS
from shiftwork.plants.cracker.furnace import FurnaceDesign, crack
from shiftwork.plants.cracker.furnace_plant import (
    DECOKE_COST_KUSD,
    STEP_H,
    SWING_RATE,
    Furnace,
    FurnaceState,
    Reading,
    read,
)
from shiftwork.plants.cracker.prices import TYPICAL_LEADERS, margin_per_h, prices_of
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


def idle_kusd_per_h(design: FurnaceDesign) -> Float[Array, ""]:
    """What an hour without feed loses at the standard and typical prices, thousand $."""
    typical = jnp.asarray(TYPICAL_NAPHTHAS[1]), jnp.asarray(TYPICAL_LEADERS)
    return standard_margin(design, *typical) / STEP_H


def coke_kusd_per_mm(design: FurnaceDesign) -> Float[Array, ""]:
    """Price of coke, thousand $ for each mm: a usual decoke over the room that it gives back."""
    # Swinging out and in loses half the feed for as long as each takes.
    lost_h = design.decoke_h + design.design_feed_t_per_h / SWING_RATE
    return (DECOKE_COST_KUSD + lost_h * idle_kusd_per_h(design)) / design.coke_room_mm


def first_provision(design: FurnaceDesign, seen: Reading) -> Float[Array, "*B"]:
    """Open the account in the middle of a run, thousand $: the hours run, at the design's coking.

    Args:
        design: Of the furnace.
        seen: The first reading.
    """
    laid = coke_kusd_per_mm(design) * design.coke_mm_per_h * seen.run_h
    return jnp.where(seen.decoke_left_h > 0, idle_kusd_per_h(design) * seen.decoke_left_h, laid)


def next_provision(
    design: FurnaceDesign, provision: Float[Array, "*B"], before: Reading, after: Reading
) -> Float[Array, "*B"]:
    """Carry the account over a step, thousand $.

    While the furnace cracks it grows with the coke that the design's law lays down between the
    two readings. With the decoke, what was set aside is taken back, and the account holds what the
    hours still to come without feed will lose.

    Args:
        design: Of the furnace.
        provision: Before the step.
        before: The reading before it, whose laboratory analysed the step's feed.
        after: The reading after it.
    """
    middle: Reading = jax.tree.map(lambda a, b: 0.5 * (a + b), before, after)
    grown_mm = STEP_H * (
        crack(
            design,
            jnp.zeros_like(middle.cot_c),
            middle.run_h,
            middle.feed_t_per_h,
            middle.cot_c,
            middle.steam_ratio,
            before.piona,
        ).coke_mm_per_h
    )
    carried = jnp.where(before.decoke_left_h > 0, 0.0, provision)
    cracking = carried + coke_kusd_per_mm(design) * grown_mm
    decoking = idle_kusd_per_h(design) * after.decoke_left_h
    return jnp.where(after.decoke_left_h > 0, decoking, cracking)


class AccountedState(NamedTuple):
    """The furnace with its account.

    Attributes:
        furnace: Its state.
        seen: The last observation, (18,).
        provision_kusd: Set aside for the next decoke, ().
    """

    furnace: FurnaceState
    seen: Float[Array, " 18"]
    provision_kusd: Float[Array, ""]


@dataclass(frozen=True)
class FurnaceAgainstStandard(Furnace):
    """The furnace with its reward as the accounts have it; all else is the same."""

    name: str = "furnace-against-standard"

    def reset(self, key: PRNGKeyArray) -> tuple[AccountedState, Float[Array, " 18"]]:  # type: ignore[override]
        """Begin as the furnace does, and open the account."""
        state, observation = super().reset(key)
        opened = first_provision(self.design, read(observation))
        return AccountedState(state, observation, opened), observation

    def step(self, state: AccountedState, action: Float[Array, " 4"], key: PRNGKeyArray) -> Step:  # type: ignore[override]
        """Step as the furnace does; the standard is at the prices that the step began with."""
        step = super().step(state.furnace, action, key)
        before, after = read(state.seen), read(step.observation)
        usual = standard_margin(self.design, before.piona, before.leaders)
        provision = next_provision(self.design, state.provision_kusd, before, after)
        return step._replace(
            state=AccountedState(step.state, step.observation, provision),
            reward=step.reward - usual - (provision - state.provision_kusd),
        )


@partial(jax.jit, static_argnums=0)
def accounted(
    design: FurnaceDesign,
    observation: Float[Array, "N 18"],
    following: Float[Array, "N 18"],
    last: Float[Array, " N"],
) -> tuple[Float[Array, " N"], Float[Array, " N"]]:
    """Return each step's standard margin and growth of the provision, thousand $.

    Args:
        design: Of the furnace.
        observation: Before each step, episodes one after the other.
        following: After each step.
        last: 1 at the last step of an episode.
    """
    before, after = read(observation), read(following)
    opened = first_provision(design, before)

    def one(
        carry: tuple[Array, Array], row: tuple[Reading, Reading, Array, Array]
    ) -> tuple[tuple[Array, Array], Array]:
        provision, first = carry
        before, after, opened, last = row
        provision = jnp.where(first > 0, opened, provision)
        grown = next_provision(design, provision, before, after)
        return (grown, last), grown - provision

    begin = (jnp.zeros(()), jnp.ones(()))
    growth: Array
    _, growth = jax.lax.scan(one, begin, (before, after, opened, last))
    return standard_margin(design, before.piona, before.leaders), growth


def against_standard(records: Episodes, design: FurnaceDesign) -> Episodes:
    """Give records of the furnace the reward as the accounts have it."""
    rows = records.transitions
    usual, growth = accounted(
        design,
        jnp.asarray(rows.observation),
        jnp.asarray(rows.next_observation),
        jnp.asarray(rows.last, jnp.float32),
    )
    reward = (records.reward - np.asarray(usual) - np.asarray(growth)).astype(np.float32)
    return dataclasses.replace(records, reward=reward)
