"""Furnaces: set-points, decokes and stand-by, cracking for an hour, the shared limits."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from shiftwork.plants.centre.layout import Layout
from shiftwork.plants.centre.scenario import Scenario
from shiftwork.plants.centre.state import (
    CRACKING,
    DECOKING,
    QUEUED,
    STAND_BY,
    Furnaces,
    GasFurnaces,
)
from shiftwork.plants.cracker.furnace import GAS, LIQUID, Cracked, crack, crack_ethane
from shiftwork.plants.cracker.yields import PRODUCTS

ETHANE = PRODUCTS.index("ethane")
CRACKED_GAS = PRODUCTS.index("butenes") + 1
"""So many of the products, from hydrogen to butenes, go through the compressor."""
DRUM_H = 6.0
"""The gas furnaces take the drum's content over this many hours."""
GAS_DECOKE_C = GAS.tube_limit_c - 10.0
"""Tube temperature at which a gas furnace is decoked."""


class Cracking(NamedTuple):
    """What an hour did in the furnaces.

    Attributes:
        furnaces: After it.
        gas: After it.
        total: All furnaces together; products without ethane, which is recycled or burnt, and
            tube temperature, coke and residence time of none.
        feed_t_per_h: Naphtha, of each liquid furnace after the cut, (F,).
        cut_t_per_h: Naphtha that the shared limits cut, ().
        ethane_to_fuel_t_per_h: What the drum does not hold, ().
        load: Share used of the compressor's and the steam limit, (2,).
        forced: Furnaces whose tubes have reached the limit, (F,).
        begun: Furnaces whose forced decoke begins, (F,).
    """

    furnaces: Furnaces
    gas: GasFurnaces
    total: Cracked
    feed_t_per_h: Float[Array, " F"]
    cut_t_per_h: Float[Array, ""]
    ethane_to_fuel_t_per_h: Float[Array, ""]
    load: Float[Array, " 2"]
    forced: Bool[Array, " F"]
    begun: Bool[Array, " F"]


def may_crack(scenario: Scenario, layout: Layout, furnaces: Furnaces) -> Bool[Array, "H A"]:
    """Which macro-actions furnace agents may choose: set-points always, the rest within limits."""
    can_go, can_decoke = _freedom(scenario, furnaces)
    settings = jnp.ones((layout.furnace_agents, layout.decoke), bool)
    if scenario.furnace_agents == "each":
        further = jnp.stack([can_go & can_decoke, can_go], 1)
    else:
        some = (can_go & can_decoke & (furnaces.mode == CRACKING)).any()
        further = jnp.stack([some, some])[None]
    return jnp.concatenate([settings, further], 1)


def set_furnaces(
    scenario: Scenario,
    layout: Layout,
    furnaces: Furnaces,
    deciding: Bool[Array, " H"],
    macro: Int[Array, " H"],
) -> tuple[Furnaces, Int[Array, " H"], Bool[Array, " F"]]:
    """Put the furnace agents' choices in force, in the order of the furnaces.

    Whatever is not allowed, or no longer after what earlier furnaces have just chosen, leaves the
    furnace as it is for an hour.

    Returns:
        The furnaces, the macro-actions that are carried out, and which furnaces begin a decoke.
    """
    each = np.arange(layout.decoke)
    setting = (macro[:, None] == each[None]) & deciding[:, None]
    sets = setting.any(1)
    # Each set-point stands alone in a sum of zeros.
    wanted = jnp.where(setting[:, :, None], layout.set_points[None], 0.0).sum(1)
    size = layout.furnaces
    if scenario.furnace_agents == "each":
        decoke = deciding & (macro == layout.decoke)
        leave = deciding & (macro == layout.stand_by)
        own = sets
    else:
        cracks = furnaces.mode == CRACKING
        ripe = [
            _first(jnp.where(cracks, value, -1.0)) & cracks
            for value in (furnaces.clean_h, furnaces.tube_c)
        ]
        oldest, hottest = (deciding & (macro == layout.decoke + k) for k in range(2))
        decoke = (ripe[0] & oldest) | (ripe[1] & hottest)
        leave = jnp.zeros(size, bool)
        own = jnp.broadcast_to(sets, (size,))
        wanted = jnp.broadcast_to(wanted, (size, 2))

    # In the order of furnaces: what those before each would take up is not free for it.
    goes = (decoke | leave) & (furnaces.mode == CRACKING)
    can_go, can_decoke = _freedom(scenario, furnaces, before=_before(goes), begun=_before(decoke))
    decoke &= can_go & can_decoke
    leave &= can_go
    mode = jnp.where(own & (furnaces.mode == STAND_BY), CRACKING, furnaces.mode)
    mode = jnp.where(leave, STAND_BY, jnp.where(decoke, DECOKING, mode))
    cot_set = jnp.where(own, wanted[:, 0], furnaces.cot_set_c)
    feed_set = jnp.where(own, wanted[:, 1], furnaces.feed_set_t_per_h)

    lasts = scenario.furnaces.hold_h
    if scenario.furnace_agents == "each":
        carried = sets | decoke | leave
        hold = jnp.where(carried, lasts, 1)
        kept = jnp.where(mode == STAND_BY, layout.stand_by, _nearest(layout, furnaces))
        done = jnp.where(carried, macro, kept)
    else:
        carried = sets | decoke.any()
        hold = jnp.where(sets, lasts, 1)
        done = jnp.where(carried, macro, _nearest(layout, furnaces)[:1])
    return (
        furnaces._replace(
            mode=mode,
            cot_set_c=cot_set,
            feed_set_t_per_h=feed_set,
            decoke_left_h=jnp.where(decoke, scenario.furnaces.decoke_h, furnaces.decoke_left_h),
            hold_left_h=jnp.where(deciding, hold, furnaces.hold_left_h).astype(jnp.int32),
        ),
        done.astype(jnp.int32),
        decoke,
    )


def crack_hour(
    scenario: Scenario,
    furnaces: Furnaces,
    gas: GasFurnaces,
    piona: Float[Array, " 5"],
    fed: Bool[Array, ""],
) -> Cracking:
    """Move towards the set-points, crack, coke, and decoke for an hour.

    Args:
        scenario: Of the centre.
        furnaces: With the choices in force.
        gas: Gas furnaces, by rule.
        piona: Of the blend, mass fractions.
        fed: Some tank feeds; otherwise all liquid furnaces lose their feed at once.
    """
    ours = scenario.furnaces
    ramp = ours.feed_ramp_t_per_h
    target = jnp.where(furnaces.mode == CRACKING, furnaces.feed_set_t_per_h, 0.0)
    feed = furnaces.feed_t_per_h + jnp.clip(target - furnaces.feed_t_per_h, -ramp, ramp)
    feed = jnp.where(fed & (furnaces.mode != QUEUED), feed, 0.0)
    cot = furnaces.cot_c + jnp.clip(
        furnaces.cot_set_c - furnaces.cot_c, -ours.cot_ramp_c_per_h, ours.cot_ramp_c_per_h
    )
    steam = jnp.full_like(feed, ours.steam_ratio)
    blend = jnp.broadcast_to(piona, (*feed.shape, 5))
    liquid = crack(LIQUID, furnaces.coke_mm, furnaces.clean_h, feed, cot, steam, blend)
    moved_gas, ethane = _gas_hour(scenario, gas)

    # The recycled ethane goes first; naphtha shares what the limits leave.
    limits = scenario.limits
    from_liquid = liquid.products_t_per_h.sum(0)
    from_gas = ethane.products_t_per_h.sum(0)
    asked = jnp.stack([from_liquid[:CRACKED_GAS].sum(), liquid.steam_t_per_h.sum()])
    taken = jnp.stack([from_gas[:CRACKED_GAS].sum(), ethane.steam_t_per_h.sum()])
    limit = jnp.array([limits.compressor_t_per_h, limits.steam_t_per_h], jnp.float32)
    share = jnp.clip((limit - taken) / jnp.maximum(asked, 1e-3), 0.0, 1.0).min()

    products = share * from_liquid + from_gas
    drum = moved_gas.ethane_t + products[ETHANE]
    to_fuel = jnp.maximum(drum - scenario.gas_furnaces.ethane_t, 0.0)
    total = Cracked(
        products_t_per_h=jnp.where(np.arange(len(PRODUCTS)) == ETHANE, 0.0, products),
        fuel_gj_per_h=share * liquid.fuel_gj_per_h.sum() + ethane.fuel_gj_per_h.sum(),
        steam_t_per_h=share * liquid.steam_t_per_h.sum() + ethane.steam_t_per_h.sum(),
        tube_c=jnp.zeros(()),
        coke_mm_per_h=jnp.zeros(()),
        residence_s=jnp.zeros(()),
    )

    decokes = (furnaces.mode == DECOKING) & (feed == 0)
    left = jnp.where(decokes, jnp.maximum(furnaces.decoke_left_h - 1, 0), furnaces.decoke_left_h)
    clean = decokes & (left == 0)
    too_hot = (furnaces.mode == CRACKING) & (feed > 0) & (liquid.tube_c >= LIQUID.tube_limit_c)
    mode = jnp.where(clean, CRACKING, furnaces.mode)
    # Too hot a tube stops the furnace at once; it is decoked as soon as there is a place.
    queued = too_hot | (mode == QUEUED)
    places = ours.decokes_at_once - (mode == DECOKING).sum()
    begins = queued & (_before(queued) < places)
    mode = jnp.where(begins, DECOKING, jnp.where(queued, QUEUED, mode)).astype(jnp.int32)
    after = Furnaces(
        mode=mode,
        feed_t_per_h=jnp.where(queued, 0.0, feed),
        cot_c=cot,
        feed_set_t_per_h=furnaces.feed_set_t_per_h,
        cot_set_c=furnaces.cot_set_c,
        coke_mm=jnp.where(clean, 0.0, furnaces.coke_mm + liquid.coke_mm_per_h),
        clean_h=jnp.where(clean, 0.0, furnaces.clean_h + (feed > 0).astype(jnp.float32)),
        tube_c=liquid.tube_c,
        decoke_left_h=jnp.where(begins, ours.decoke_h, left).astype(jnp.int32),
        hold_left_h=jnp.where(
            _of_agents(scenario, clean), 0, jnp.maximum(furnaces.hold_left_h - 1, 0)
        ).astype(jnp.int32),
    )
    return Cracking(
        furnaces=after,
        gas=moved_gas._replace(ethane_t=drum - to_fuel),
        total=total,
        feed_t_per_h=share * feed,
        cut_t_per_h=(1.0 - share) * feed.sum(),
        ethane_to_fuel_t_per_h=to_fuel,
        load=(share * asked + taken) / limit,
        forced=too_hot,
        begun=begins,
    )


def deciding_furnaces(scenario: Scenario, furnaces: Furnaces) -> Bool[Array, " H"]:
    """Agents whose macro-action has ended; a decoke ends when it is done."""
    ended = furnaces.hold_left_h == 0
    if scenario.furnace_agents == "all":
        return ended
    return ended & ((furnaces.mode == CRACKING) | (furnaces.mode == STAND_BY))


def _gas_hour(scenario: Scenario, gas: GasFurnaces) -> tuple[GasFurnaces, Cracked]:
    """Run the gas furnaces by rule; the drum is returned without what they make.

    Furnaces that are not decoked share what the drum holds over some hours, within their load,
    and stop where it would not last. One at a time is decoked, when its tubes near the limit.
    """
    rules, count = scenario.gas_furnaces, gas.coke_mm.shape[0]
    decokes = gas.decoke_left_h > 0
    runs = ~decokes & (gas.tube_c < GAS_DECOKE_C)
    running = runs.sum().astype(jnp.float32)
    each = gas.ethane_t / DRUM_H / jnp.maximum(running, 1)
    each = jnp.clip(each, GAS.feed_low_t_per_h, GAS.feed_high_t_per_h)
    each = jnp.where(each * running <= gas.ethane_t, each, 0.0)
    feed = jnp.where(runs, each, 0.0)
    cot, steam = jnp.full(count, rules.cot_c), jnp.full(count, rules.steam_ratio)
    made = crack_ethane(GAS, gas.coke_mm, gas.clean_h, feed, cot, steam)
    ripe = ~decokes & (jnp.where(feed > 0, made.tube_c, gas.tube_c) >= GAS_DECOKE_C)
    begins = ripe & (_before(ripe) < 1 - decokes.sum())
    left = jnp.maximum(gas.decoke_left_h - 1, 0)
    clean = decokes & (left == 0)
    tube = jnp.where(feed > 0, made.tube_c, gas.tube_c)
    after = GasFurnaces(
        coke_mm=jnp.where(clean, 0.0, gas.coke_mm + made.coke_mm_per_h),
        clean_h=jnp.where(clean, 0.0, gas.clean_h + (feed > 0).astype(jnp.float32)),
        tube_c=jnp.where(clean, rules.cot_c, tube),
        decoke_left_h=jnp.where(begins, rules.decoke_h, left).astype(jnp.int32),
        ethane_t=gas.ethane_t - feed.sum(),
    )
    return after, made


def _freedom(
    scenario: Scenario,
    furnaces: Furnaces,
    before: Int[Array, " F"] | int = 0,
    begun: Int[Array, " F"] | int = 0,
) -> tuple[Bool[Array, " F"], Bool[Array, " F"]]:
    """Whether each furnace may stop cracking, and whether there is a place for its decoke.

    Args:
        scenario: Of the centre.
        furnaces: All of them.
        before: Furnaces ahead of each that stop cracking with the same decision.
        begun: Decokes that furnaces ahead of each begin with the same decision.
    """
    cracks = (furnaces.mode == CRACKING).astype(jnp.int32)
    stays = cracks.sum() - cracks - before
    at_work = ((furnaces.mode == DECOKING) | (furnaces.mode == QUEUED)).sum()
    can_go = stays >= scenario.furnaces.cracking_at_least
    can_decoke = (at_work + begun < scenario.furnaces.decokes_at_once) & jnp.ones_like(can_go)
    return can_go, can_decoke


def _before(some: Bool[Array, " X"]) -> Int[Array, " X"]:
    """How many of them stand before each."""
    size = some.shape[0]
    return (some[None] & np.tril(np.ones((size, size), bool), -1)).sum(1).astype(jnp.int32)


def _first(value: Float[Array, " F"]) -> Bool[Array, " F"]:
    """The largest, the first of equals."""
    largest = value == value.max()
    return largest & (_before(largest) == 0)


def _nearest(layout: Layout, furnaces: Furnaces) -> Int[Array, " F"]:
    """The set-point macro-action that a furnace holds when its choice was refused."""
    wanted = jnp.stack([furnaces.cot_set_c, furnaces.feed_set_t_per_h], 1)
    off = jnp.abs(wanted[:, None] - layout.set_points[None]).sum(-1)
    least = off == off.min(1, keepdims=True)
    return jnp.where(least, np.arange(layout.decoke), layout.decoke).min(1).astype(jnp.int32)


def _of_agents(scenario: Scenario, of_furnaces: Bool[Array, " F"]) -> Bool[Array, " H"]:
    """A furnace's end of decoke concerns its own agent; one that runs all goes on."""
    if scenario.furnace_agents == "each":
        return of_furnaces
    return jnp.zeros(1, bool)
