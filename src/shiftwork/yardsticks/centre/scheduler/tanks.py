"""What the scheduler of a centre works out about tanks before it solves its program."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Float64, Int

from shiftwork.plants.centre.layout import SPECIFIC_M3_PER_T, Layout
from shiftwork.plants.centre.scenario import Scenario
from shiftwork.yardsticks.centre.scheduler.forecast import Outlook

USUAL_M3_PER_T = 1.41
"""Of naphtha."""


class Thumb(NamedTuple):
    """Which tanks a rule of thumb fills and feeds from in each slot.

    Attributes:
        fills: (K, s).
        feeds: (K, s).
    """

    fills: Bool[np.ndarray, "K s"]
    feeds: Bool[np.ndarray, "K s"]


def stock_mean(outlook: Outlook, layout: Layout) -> Float64[np.ndarray, " 5"]:
    """Composition of all that can be drawn."""
    above = np.maximum(outlook.tank_m3 - layout.heel_m3, 1.0)
    mean = above @ outlook.tank.astype(float)
    return mean / mean.sum()


def rule_of_thumb(
    scenario: Scenario, layout: Layout, outlook: Outlook, hours: int, slots: int
) -> Thumb:
    """Fill the emptiest tank, feed from the fullest that are released: the solver begins here."""
    fills, feeds = (np.zeros((layout.tanks, slots), bool) for _ in range(2))
    level, rests = outlook.tank_m3.astype(float), outlook.rest_h.astype(float)
    left = outlook.cargo_t * USUAL_M3_PER_T
    use = 0.9 * layout.most_feed_t_per_h * hours * USUAL_M3_PER_T
    rate = scenario.berths.unloading_m3_per_h * hours
    most = min(scenario.blending.recipe_parts, 2)
    feeding = outlook.share > 0
    for s in range(slots):
        above = level - layout.heel_m3
        ready = (rests <= s * hours) & (above > 0.02 * layout.capacity_m3)
        feeding &= ready & (above > 0.5 * use / max(feeding.sum(), 1))
        if not feeding.any() or above[feeding].sum() < use:
            for tank in np.argsort(-np.where(ready & ~feeding, above, -1.0)):
                feeding[tank] |= ready[tank] & (feeding.sum() < most)
        feeds[:, s] = feeding
        drawn = np.where(feeding, use / max(feeding.sum(), 1), 0.0)
        level = np.maximum(level - drawn, layout.heel_m3)
        room = np.where(feeding, -1.0, layout.high_m3 - level)
        # What is ready is not filled while the rest would not last until it has settled again.
        stock = np.where(ready, np.maximum(above, 0.0), 0.0)
        needed = use * (2 + scenario.release.rest_h / hours)
        room = np.where((stock > 0.1 * use) & (stock.sum() - stock < needed), -1.0, room)
        flow = rate
        for ship in np.flatnonzero((outlook.from_h < (s + 1) * hours - 2) & (left > 1.0)):
            for _ in range(2):
                first = 1e6 * outlook.filled * (s == 0)
                tank = int(np.where(room > 0, room + first, -1.0).argmax())
                amount = min(left[ship], flow, room[tank])
                full = not fills[tank, s] and fills[:, s].sum() > scenario.berths.count
                if amount < 1.0 or full:
                    break
                fills[tank, s] = True
                flow, left[ship] = flow - amount, left[ship] - amount
                room[tank], level[tank] = room[tank] - amount, level[tank] + amount
                rests[tank] = (s + 1) * hours + scenario.release.rest_h
    return _kept(scenario, layout, outlook, hours, Thumb(fills, feeds))


def dry_h(layout: Layout, outlook: Outlook) -> Float[np.ndarray, " K"]:
    """Hours that each tank would last alone, at full feed."""
    above_m3 = np.maximum(outlook.tank_m3 - layout.heel_m3, 0.0)
    return above_m3 / (outlook.tank @ SPECIFIC_M3_PER_T) / layout.most_feed_t_per_h


def held_slots(
    layout: Layout, outlook: Outlook, begin: Int[np.ndarray, " s"], hours: int
) -> Bool[np.ndarray, " s"]:
    """Slots for the most part of which the recipe in force will last."""
    used = outlook.share > 0
    if outlook.recipe_left_h <= 0 or not used.any():
        return np.zeros(len(begin), bool)
    dry = (dry_h(layout, outlook)[used] / outlook.share[used]).min()
    return begin + hours / 2 < min(outlook.recipe_left_h, dry)


def _kept(scenario: Scenario, layout: Layout, outlook: Outlook, hours: int, thumb: Thumb) -> Thumb:
    """Let the recipe in force last, or else the rule's first one."""
    fills, feeds = thumb
    begin = hours * np.arange(fills.shape[1])
    held = held_slots(layout, outlook, begin, hours)
    recipe = outlook.share > 0
    if not held.any():
        recipe = feeds[:, 0].copy()
        dry = dry_h(layout, outlook)[recipe].min(initial=np.inf)
        held = (begin + hours / 2 <= dry) & (begin < scenario.blending.recipe_h)
    feeds[:, held] = recipe[:, None]
    fills[:, held] &= ~recipe[:, None]
    # A tank that is filled rests before it feeds.
    for lag in range(min(1 + -(-scenario.release.rest_h // hours), len(begin))):
        earlier = slice(0, len(begin) - lag)
        fills[:, earlier] &= ~feeds[:, lag:]
    return Thumb(fills, feeds)


def spoils_usd_per_t(
    scenario: Scenario, layout: Layout, outlook: Outlook
) -> Float64[np.ndarray, "I K"]:
    """Cost of a tonne of cargo in a tank whose present content it would take off specification.

    This stands for the product of content and composition, which no linear program can hold.
    """
    low, high = (
        np.array(x) / 100 for x in (scenario.blending.spec_low, scenario.blending.spec_high)
    )
    m3_per_t = outlook.tank @ SPECIFIC_M3_PER_T
    stock = (outlook.tank_m3 / m3_per_t)[:, None]
    room = (layout.high_m3 / m3_per_t)[:, None] - stock
    cargo = np.maximum(np.minimum(outlook.cargo_t[:, None, None], room), 1.0)
    mix = (outlook.ship[:, None] * cargo + outlook.tank * stock) / (cargo + stock)
    off = ((mix < low) | (mix > high)).any(-1) & (outlook.cargo_t > 0)[:, None]
    # In a recipe of several tanks the others may correct it.
    chance = 1.0 if scenario.blending.recipe_parts == 1 else 0.5
    return off * chance * scenario.costs.off_spec_usd_per_h / layout.most_feed_t_per_h


def awkward_usd_per_t(
    scenario: Scenario,
    layout: Layout,
    holds: Float64[np.ndarray, "K 5"],
    sight: Float[np.ndarray, "X 5"],
) -> Float64[np.ndarray, " K"]:
    """Cost of a tonne that is kept, for what it needs of others to come within specification.

    It goes by the class that is nearest to a limit: half of an hour off specification for what lies
    as far outside as anything in sight, a quarter at the limit, less for what lies inside and can
    make up for others; 0 for all where every naphtha is within by itself.

    Args:
        scenario: Of the centre.
        layout: Of the centre.
        holds: Compositions to value.
        sight: Compositions of all that is there or comes.
    """
    low, high = (
        np.array(x) / 100 for x in (scenario.blending.spec_low, scenario.blending.spec_high)
    )
    naphthas = np.concatenate([holds, sight])
    excess = np.maximum(naphthas - high, low - naphthas)
    binds = excess.max(0) > 0
    if not binds.any():
        return np.zeros(len(holds))
    # Classes differ in how far anything lies outside: each is measured by its worst.
    outside = np.clip(excess[:, binds] / excess[:, binds].max(0), -1.0, 1.0).max(1)
    usd = 0.5 * scenario.costs.off_spec_usd_per_h / layout.most_feed_t_per_h
    return usd * (0.5 + 0.5 * outside[: len(holds)])
