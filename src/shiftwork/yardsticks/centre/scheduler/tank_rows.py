"""Ships and tanks in the rolling horizon's program: unloading, levels, resting, recipes."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int

from shiftwork.plants.centre.layout import SPECIFIC_M3_PER_T
from shiftwork.yardsticks.centre.scheduler.horizon import Berthing, Days, Feeding
from shiftwork.yardsticks.centre.scheduler.tanks import (
    USUAL_M3_PER_T,
    dry_h,
    held_slots,
    spoils_usd_per_t,
)

STEP_PCT = 4.0
"""Wt % that change class with a change of tank, usually."""
OFF_SPEC = 0.005
"""Excess of a class, as mass fraction, that counts as an hour off specification in later slots."""
UNLIKE = 0.1
"""Cost of such an excess in what is left in the tanks, relative to that in the feed."""


def add_harbour(days: Days) -> Berthing:
    """Ships unload as berths and their arrival allow, and cost demurrage by what is aboard."""
    program, outlook, scenario = days.program, days.outlook, days.scenario
    hours, end = days.hours, days.begin + days.hours
    ships, tanks, berths = len(outlook.cargo_t), days.layout.tanks, scenario.berths
    m3_per_t = outlook.ship @ SPECIFIC_M3_PER_T
    m3_per_t = np.where(m3_per_t > 0, m3_per_t, USUAL_M3_PER_T)
    over_h = np.clip(end - np.maximum(outlook.free_h, 0)[:, None], 0, hours)
    late = scenario.costs.demurrage_usd_per_d / 24 * over_h
    spoils = spoils_usd_per_t(scenario, days.layout, outlook)
    unload = program.add((ships, tanks, days.slots), worth=-spoils[..., None])
    aboard = program.add(
        (ships, days.slots), worth=-late / np.maximum(outlook.cargo_t, 1.0)[:, None]
    )
    fills = program.add((tanks, days.slots), high=1, whole=days.firm)
    for s in range(days.slots):
        before = aboard[:, s - 1 : s] if s else np.zeros((ships, 0), int)
        first = 0.0 if s else outlook.cargo_t
        program.require(
            (aboard[:, s : s + 1], 1.0), (unload[:, :, s], 1.0), (before, -1.0),
            low=first, high=first,
        )  # fmt: skip
    rate = berths.unloading_m3_per_h
    open_h = np.clip(end - np.maximum(outlook.from_h, 0)[:, None], 0, hours)
    program.require((np.moveaxis(unload, 1, -1), m3_per_t[:, None, None]), high=open_h * rate)
    into = np.moveaxis(unload, 0, -1)
    program.require((into, m3_per_t), (fills[..., None], -rate * hours), high=0.0)
    everything = np.moveaxis(unload, -1, 0).reshape(days.slots, -1)
    program.require((everything, np.repeat(m3_per_t, tanks)), high=berths.count * rate * hours)
    program.require((fills.T, 1.0), high=berths.count + 1)
    return Berthing(unload, aboard, fills)


def add_tanks(days: Days, port: Berthing) -> Feeding:
    """Levels keep their limits; a tank that is filled rests; one that feeds is not filled."""
    program, outlook, layout = days.program, days.outlook, days.layout
    hours, slots, tanks = days.hours, days.slots, layout.tanks
    most = layout.most_feed_t_per_h * hours
    feeds = program.add((tanks, slots), high=1, whole=days.firm)
    draw = program.add((tanks, slots))
    level = program.add((tanks, slots), low=layout.heel_m3[:, None], high=layout.high_m3[:, None])
    m3_per_t = np.maximum(outlook.ship @ SPECIFIC_M3_PER_T, 1.0)
    into = np.moveaxis(port.unload, 0, -1)
    for s in range(slots):
        before = level[:, s - 1 : s] if s else np.zeros((tanks, 0), int)
        first = 0.0 if s else np.clip(outlook.tank_m3, layout.heel_m3, layout.high_m3)
        program.require(
            (level[:, s : s + 1], 1.0), (before, -1.0), (into[:, s], -m3_per_t),
            (draw[:, s : s + 1], days.m3_per_t[:, None]), low=first, high=first,
        )  # fmt: skip
    program.require((draw[..., None], 1.0), (feeds[..., None], -most), high=0.0)
    for lag in range(min(1 + -(-days.scenario.release.rest_h // hours), slots)):
        now, later = port.fills[:, : slots - lag, None], feeds[:, lag:, None]
        program.require((now, 1.0), (later, 1.0), high=1.0)
    closed = days.begin < outlook.rest_h[:, None]
    program.require((feeds[..., None], 1.0), high=np.where(closed, 0.0, 1.0))

    _commitment(days, port, feeds)
    return Feeding(feeds, draw, level)


def _commitment(days: Days, port: Berthing, feeds: Int[np.ndarray, "K s"]) -> None:
    """A recipe lasts its time unless one of its tanks runs dry; its tanks cannot be filled."""
    program, outlook, layout = days.program, days.outlook, days.layout
    held = held_slots(layout, outlook, days.begin, days.hours)
    if held.any():
        used = (outlook.share > 0)[:, None]
        may = np.where(held, used, 1.0)
        program.require((feeds[..., None], 1.0), low=np.where(held, used, 0.0), high=may)
        program.require((port.fills[..., None], 1.0), high=np.where(held, ~used, 1.0))
        return
    first = np.broadcast_to(feeds[:, 0], (*feeds.shape, layout.tanks))
    runs_dry = dry_h(layout, outlook) < days.begin[:, None] + days.hours / 2
    inside = days.begin < days.scenario.blending.recipe_h
    free = np.where(inside, 0.0, 1.0)
    begun = feeds[:, :1, None]
    program.require((feeds[..., None], 1.0), (begun, -1.0), (first, runs_dry), low=-free)
    program.require((feeds[..., None], 1.0), (begun, -1.0), (first, -1.0 * runs_dry), high=free)
    program.require(
        (port.fills[..., None], 1.0), (begun, 1.0), (first, -1.0 * runs_dry), high=1.0 + free
    )


def add_recipes(days: Days, tanks: Feeding) -> None:
    """Few tanks at a time, none with less than a quarter, changes cost, blends within their box."""
    program, rules, costs = days.program, days.scenario.blending, days.scenario.costs
    feeds, draw = tanks.feeds, tanks.draw
    most = days.layout.most_feed_t_per_h * days.hours
    program.require((feeds.T, 1.0), high=rules.recipe_parts)
    least = 1.0 if rules.recipe_parts == 1 else 0.25
    total = np.broadcast_to(draw.T, (days.layout.tanks, days.slots, days.layout.tanks))
    program.require((draw[..., None], 1.0), (total, -least), (feeds[..., None], -most), low=-most)
    change = costs.switch_usd + STEP_PCT * costs.quality_step_usd_per_pct
    switch = program.add(feeds.shape, worth=-change)
    program.require(
        (switch[:, 1:, None], 1.0), (feeds[:, 1:, None], -1.0), (feeds[:, :-1, None], 1.0), low=0.0
    )
    program.require(
        (switch[:, :1], 1.0), (feeds[:, :1], -1.0), low=np.where(days.outlook.share > 0, -1.0, 0.0)
    )
    firm, hour_usd = days.firm[:, None], costs.off_spec_usd_per_h * days.hours
    off = program.add(firm.shape, high=np.where(firm, 1.0, np.inf), worth=-hour_usd, whole=firm)
    unlike = program.add(off.shape, worth=-UNLIKE * hour_usd)
    low, high = (np.array(x) / 100 for x in (rules.spec_low, rules.spec_high))
    for c in range(5):
        own = days.holds[:, :, c].T
        for excess in (own - high[c], low[c] - own):
            worst = float(excess.max())
            if worst <= 0:
                continue
            some = min(worst, OFF_SPEC)
            whole = np.where(firm, worst, some) * most
            program.require((draw.T, excess), (off, -whole), high=0.0)
            # What is left must go together as well, or only what nobody can feed remains.
            program.require(
                (tanks.level.T, excess / days.m3_per_t), (unlike, -some * most), high=0.0
            )
