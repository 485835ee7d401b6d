"""The mixed-integer program of the rolling horizon: tanks, feed and decokes of the next days.

Slots of some hours, then the rest of the episode as one slot, so that naphtha that is kept is
worth what it will earn later. What it simplifies is listed in ``docs/yardsticks.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int

from shiftwork.evaluation.yardsticks.centre_furnace import (
    Furnace,
    decoke_lasts_h,
    decoke_share,
)
from shiftwork.evaluation.yardsticks.centre_outlook import Outlook, expected_leaders
from shiftwork.evaluation.yardsticks.centre_program import Program, Solution
from shiftwork.evaluation.yardsticks.centre_tanks import (
    USUAL_M3_PER_T,
    dry_h,
    held_slots,
    rest_h,
    rule_of_thumb,
    spoils_usd_per_t,
)
from shiftwork.plants.cracker.furnace import GAS
from shiftwork.plants.team.centre.layout import SPECIFIC_M3_PER_T, Layout, layout_of
from shiftwork.plants.team.centre.scenario import Scenario

STEP_PCT = 4.0
"""Wt % that change class with a change of tank, usually."""
OFF_SPEC = 0.005
"""Excess of a class, as mass fraction, that is counted as a whole hour off specification."""
UNLIKE = 0.1
"""Cost of such an excess in what is left in the tanks, relative to that in the feed."""
HEADROOM = 0.995
"""Share of the compressor's limit that is planned for."""


@dataclass(frozen=True)
class PlanSettings:
    """Of the rolling horizon.

    Attributes:
        slot_h: Hours of a slot.
        slots: How many.
        seconds: Time limit of a solve.
        gap: Relative gap at which a solve ends.
        safety_h: Hours of full feed that stock should not fall below, beside one standard
            deviation of a ship's arrival.
        safety_usd_per_t: For each tonne below it and slot.
    """

    slot_h: int = 12
    slots: int = 14
    seconds: float = 1.0
    gap: float = 0.002
    safety_h: float = 24.0
    safety_usd_per_t: float = 1.0


def settings_for(scenario: Scenario) -> PlanSettings:
    """Slots of half the time for which a tank rests, so that settling is told well."""
    return PlanSettings(slot_h=min(max(rest_h(scenario) // 2, 4), 12))


class Plan(NamedTuple):
    """What to do in each slot. I ships, K tanks, s slots, F furnaces.

    Attributes:
        made_h: When.
        unload_t: Into each tank, (I, K, s).
        draw_t: (K, s).
        holds: Composition of tanks, (K, s, 5).
        decoke: Begins, (F, s).
        feed_t_per_h: Mean of the furnaces that crack, (s,).
        solution: As the solver left it.
    """

    made_h: int
    unload_t: Float64[np.ndarray, "I K s"]
    draw_t: Float64[np.ndarray, "K s"]
    holds: Float64[np.ndarray, "K s 5"]
    decoke: Float64[np.ndarray, "F s"]
    feed_t_per_h: Float64[np.ndarray, " s"]
    solution: Solution


class Days(NamedTuple):
    """What every part of the program needs.

    Attributes:
        program: To be written.
        scenario: Of the centre.
        layout: Of the centre.
        outlook: What is known.
        furnace: Set-points at the stock's mean composition.
        holds: Composition of each tank as it is expected in each slot, (K, s, 5).
        begin: Hours until each slot begins, (s,).
        hours: Of a slot.
    """

    program: Program
    scenario: Scenario
    layout: Layout
    outlook: Outlook
    furnace: Furnace
    holds: Float64[np.ndarray, "K s 5"]
    begin: Int[np.ndarray, " s"]
    hours: int

    @property
    def slots(self) -> int:
        """How many."""
        return len(self.begin)

    @property
    def m3_per_t(self) -> Float64[np.ndarray, " K"]:
        """Of each tank's present content, with which the program reckons throughout."""
        return (self.outlook.tank @ SPECIFIC_M3_PER_T).astype(float)


class Berthing(NamedTuple):
    """Variables of the harbour: tonnes unloaded (I, K, s), aboard (I, s), tank filled (K, s)."""

    unload: Int[np.ndarray, "I K s"]
    aboard: Int[np.ndarray, "I s"]
    fills: Int[np.ndarray, "K s"]


class Feeding(NamedTuple):
    """Variables of tanks, each (K, s): feeds, tonnes drawn, level in m3."""

    feeds: Int[np.ndarray, "K s"]
    draw: Int[np.ndarray, "K s"]
    level: Int[np.ndarray, "K s"]


def plan(
    scenario: Scenario,
    outlook: Outlook,
    due: Float64[np.ndarray, " F"],
    furnace: Furnace,
    coke_usd_per_mm: float,
    settings: PlanSettings,
    last: Plan | None = None,
) -> Plan | None:
    """Solve for the next days.

    Args:
        scenario: Of the centre.
        outlook: What is known.
        due: Hours until each furnace's decoke must begin; inf if it need not.
        furnace: Set-points at the stock's mean composition.
        coke_usd_per_mm: What coke costs.
        settings: Of the horizon.
        last: The plan before, which tells what tanks are going to hold.

    Returns:
        The plan, or None if the solver found none in its time.
    """
    layout, hours = layout_of(scenario), settings.slot_h
    slots = max(1, min(settings.slots, -(-outlook.left_h // hours)))
    program = Program()
    begin = hours * np.arange(slots)
    holds = _expected_holds(outlook, last, begin, hours)
    days = Days(program, scenario, layout, outlook, furnace, holds, begin, hours)
    port = _harbour(days)
    tanks = _tanks(days, port)
    _recipes(days, tanks)
    starts, lost = _decokes(days, due)
    runs = _furnaces(days, tanks, lost, coke_usd_per_mm)
    _stock(days, port, tanks, coke_usd_per_mm, settings)

    thumb = rule_of_thumb(scenario, layout, outlook, hours, slots)
    first = _one_by_one(days, due[list(starts)])
    rows = np.array(list(starts.values()), int)
    solution = program.solve(
        seconds=settings.seconds,
        gap=settings.gap,
        start=(
            np.concatenate([port.fills.ravel(), tanks.feeds.ravel(), rows.ravel()]),
            np.concatenate([thumb.fills.ravel(), thumb.feeds.ravel(), first.ravel()]),
        ),
    )
    if solution.value is None:
        return None
    value = solution.value
    decoke = np.zeros((layout.furnaces, slots))
    for f, row in starts.items():
        decoke[f] = value[row]
    ran_h = np.maximum(value[runs].sum(1), 1e-6)
    feed = (value[runs] * furnace.feed_t_per_h).sum(1) / ran_h
    unload_t, draw_t = value[port.unload], value[tanks.draw]
    mixed = _mixed(days, unload_t, draw_t)
    return Plan(outlook.hour, unload_t, draw_t, mixed, decoke, feed, solution)


def _expected_holds(
    outlook: Outlook, last: Plan | None, begin: Int[np.ndarray, " s"], hours: int
) -> Float64[np.ndarray, "K s 5"]:
    """What tanks will hold if the last plan is followed: its bilinear products, linearized there."""
    now = np.repeat(outlook.tank[:, None].astype(float), len(begin), 1)
    if last is None:
        return now
    slot = (begin + outlook.hour - last.made_h) // hours
    slot = np.minimum(slot, last.holds.shape[1] - 1)
    # What has changed since the last plan's beginning is known by now.
    return now + last.holds[:, slot] - last.holds[:, slot[:1]]


def _mixed(
    days: Days,
    unload_t: Float64[np.ndarray, "I K s"],
    draw_t: Float64[np.ndarray, "K s"],
) -> Float64[np.ndarray, "K s 5"]:
    """What tanks hold in the middle of each slot as cargoes of the plan are mixed in."""
    stock = days.outlook.tank * (days.outlook.tank_m3 / days.m3_per_t)[:, None]
    holds = []
    for s in range(days.slots):
        stock = stock + np.einsum("ik,ic->kc", unload_t[:, :, s], days.outlook.ship)
        share = stock / np.maximum(stock.sum(-1, keepdims=True), 1.0)
        holds.append(share)
        stock = np.maximum(stock - draw_t[:, s : s + 1] * share, 0.0)
    return np.stack(holds, 1)


def _harbour(days: Days) -> Berthing:
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
    fills = program.add((tanks, days.slots), high=1, whole=True)
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


def _tanks(days: Days, port: Berthing) -> Feeding:
    """Levels keep their limits; a tank that is filled rests; one that feeds is not filled."""
    program, outlook, layout = days.program, days.outlook, days.layout
    hours, slots, tanks = days.hours, days.slots, layout.tanks
    most = layout.most_feed_t_per_h * hours
    feeds = program.add((tanks, slots), high=1, whole=True)
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
    for lag in range(min(1 + -(-rest_h(days.scenario) // hours), slots)):
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


def _recipes(days: Days, tanks: Feeding) -> None:
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
    off = program.add((days.slots, 1), worth=-costs.off_spec_usd_per_h * days.hours)
    unlike = program.add(off.shape, worth=-UNLIKE * costs.off_spec_usd_per_h * days.hours)
    low, high = (np.array(x) / 100 for x in (rules.spec_low, rules.spec_high))
    for c in range(5):
        own = days.holds[:, :, c].T
        for excess in (own - high[c], low[c] - own):
            program.require((draw.T, excess), (off, -OFF_SPEC * most), high=0.0)
            # What is left must go together as well, or only what nobody can feed remains.
            program.require(
                (tanks.level.T, excess / days.m3_per_t), (unlike, -OFF_SPEC * most), high=0.0
            )


def _decokes(
    days: Days, due: Float64[np.ndarray, " F"]
) -> tuple[dict[int, np.ndarray], list[tuple[np.ndarray, np.ndarray]]]:
    """Decokes that fall due in these days: when each begins, and the hours that they take."""
    program, ours, costs = days.program, days.scenario.furnaces, days.scenario.costs
    lasts_h, slots = decoke_lasts_h(days.scenario), days.slots
    span = min(int(np.ceil(lasts_h / days.hours)), slots)
    takes = np.clip(lasts_h - days.hours * np.arange(span), 0, days.hours)
    run_h = float(np.median(days.furnace.room / days.furnace.growth))
    starts: dict[int, np.ndarray] = {}
    lost: list[tuple[np.ndarray, np.ndarray]] = []
    for f in np.flatnonzero(due < days.begin[-1] + days.hours):
        # What is left of a run that ends early is lost; three times the fee stands for all of it.
        early = 3 * costs.decoke_usd * np.maximum(due[f] - days.begin, 0) / run_h
        in_time = np.arange(slots) <= max(int(due[f] // days.hours), 0)
        row = program.add(slots, high=in_time, worth=-early, whole=True)
        late = program.add(1, worth=-costs.forced_decoke_usd)
        program.require((row, 1.0), (late, 1.0), low=1.0, high=1.0)
        starts[int(f)] = row
        for k in range(span):
            number, factor = np.full((slots, 1), row[0]), np.zeros((slots, 1))
            number[k:, 0], factor[k:, 0] = row[: slots - k], takes[k]
            lost.append((number, factor))
    if starts:
        at_work = (days.outlook.busy_h[:, None] > days.begin).sum(0)
        rows = np.stack(list(starts.values()))
        for s in range(slots):
            inside = rows[:, max(s - span + 1, 0) : s + 1].ravel()
            program.require((inside, 1.0), high=float(max(ours.decokes_at_once - at_work[s], 0)))
    return starts, lost


def _one_by_one(days: Days, due: Float64[np.ndarray, " D"]) -> Float64[np.ndarray, "D s"]:
    """Let each decoke begin when it is due if there is a place; the solver begins here."""
    span = int(np.ceil(decoke_lasts_h(days.scenario) / days.hours))
    at_work = (days.outlook.busy_h[:, None] > days.begin).sum(0)
    begins = np.zeros((len(due), days.slots))
    for row in np.argsort(due):
        for s in range(min(int(due[row] // days.hours), days.slots - 1), -1, -1):
            if (at_work[s : s + span] < days.scenario.furnaces.decokes_at_once).all():
                at_work[s : s + span] += 1
                begins[row, s] = 1.0
                break
    return begins


def _furnaces(
    days: Days,
    tanks: Feeding,
    lost: list[tuple[np.ndarray, np.ndarray]],
    coke_usd_per_mm: float,
) -> Int[np.ndarray, "s M"]:
    """Furnace-hours at each set-point crack what tanks give, within compressor and steam."""
    program, outlook, scenario = days.program, days.outlook, days.scenario
    ours, costs, feed, hours = (
        scenario.furnaces,
        scenario.costs,
        days.furnace.feed_t_per_h,
        days.hours,
    )
    leaders = expected_leaders(scenario, outlook, days.begin + hours / 2)
    by_class = np.einsum("mcl,sl->smc", days.furnace.worth, leaders)
    earns = feed * (by_class @ days.furnace.piona) - coke_usd_per_mm * days.furnace.growth
    runs = program.add(earns.shape, worth=earns)
    # What a tonne of each tank earns more than one of the mean.
    better = ((days.holds - days.furnace.piona) * by_class.mean(1)).sum(-1)
    extra = program.add(tanks.draw.shape, worth=better)
    program.require((extra[..., None], 1.0), (tanks.draw[..., None], -1.0), low=0.0, high=0.0)
    program.require((runs, feed), (tanks.draw.T, -1.0), low=0.0, high=0.0)
    shortage = program.add((days.slots, 1), high=1, worth=-costs.shortage_usd_per_h * hours)
    program.require((tanks.feeds.T, 1.0), (shortage, 1.0), low=1.0)
    may_stop = days.layout.furnaces - ours.cracking_at_least
    idle = program.add((days.slots, 1), high=hours * may_stop, worth=-costs.standby_usd_per_h)
    busy = np.clip(outlook.busy_h[:, None] - days.begin, 0, hours).sum(0)
    present = days.layout.furnaces * hours - busy
    program.require(
        (runs, 1.0), (idle, 1.0), (shortage, present[:, None]), *lost, low=present, high=present
    )
    _limits(days, runs, hours)
    return runs


def _limits(days: Days, runs: Int[np.ndarray, "*s M"], hours: float) -> None:
    limits, gas = days.scenario.limits, days.scenario.gas_furnaces
    feed = days.furnace.feed_t_per_h
    most = HEADROOM * limits.compressor_t_per_h * hours
    days.program.require((runs, feed * days.furnace.gas_t), high=most)
    own_steam = 1.3 * gas.steam_ratio * gas.count * GAS.feed_low_t_per_h
    steam = max(limits.steam_t_per_h - own_steam, 0.5 * limits.steam_t_per_h) * hours
    days.program.require((runs, feed * days.scenario.furnaces.steam_ratio), high=steam)


def _stock(
    days: Days, port: Berthing, tanks: Feeding, coke_usd_per_mm: float, settings: PlanSettings
) -> None:
    """Stock should not fall below what is safe; what is left earns in the rest of the episode."""
    program, scenario, layout, furnace = days.program, days.scenario, days.layout, days.furnace
    high_t, heel_t = layout.high_m3 / days.m3_per_t, (layout.heel_m3 / days.m3_per_t).sum()
    safe_h = settings.safety_h + 24 * scenario.ships.eta_sigma_d
    safe_t = min(layout.most_feed_t_per_h * safe_h, 0.4 * high_t.sum())
    short = program.add((days.slots, 1), worth=-settings.safety_usd_per_t)
    program.require((short, 1.0), (tanks.level.T, 1 / days.m3_per_t), low=safe_t + heel_t)
    later_h = max(days.outlook.left_h - days.slots * days.hours, 0)
    if later_h == 0:
        return
    middle = np.array([days.slots * days.hours + later_h / 2])
    leaders = expected_leaders(scenario, days.outlook, middle)[0]
    earns = furnace.earns(leaders) - coke_usd_per_mm * furnace.growth
    runs = program.add(len(earns), worth=earns)
    share = 1 - decoke_share(scenario, furnace)
    program.require((runs, 1.0), high=layout.furnaces * later_h * share)
    _limits(days, runs, later_h)
    supply = np.mean(scenario.ships.cargo_t) / (24 * scenario.ships.interval_d)
    # What comes in the last days rests beyond the end.
    comes = supply * max(later_h - rest_h(scenario) - 12.0, 0.0)
    program.require(
        (runs, furnace.feed_t_per_h), (tanks.level[:, -1], -1 / days.m3_per_t),
        (port.aboard[:, -1], -1.0), high=comes - heel_t,
    )  # fmt: skip
