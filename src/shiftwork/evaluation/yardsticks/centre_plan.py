"""The mixed-integer program of the rolling horizon: tanks, feed and decokes of the next days.

Slots of some hours, then the rest of the episode as one slot, so that naphtha that is kept is
worth what it will earn later. What it simplifies is listed in ``docs/yardsticks.md``.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float64

from shiftwork.evaluation.yardsticks.centre_economics import (
    Tonne,
    coking,
    ethane_of,
    tonne_of,
)
from shiftwork.evaluation.yardsticks.centre_outlook import Outlook, expected_leaders
from shiftwork.evaluation.yardsticks.centre_program import Program, Solution
from shiftwork.plants.cracker.furnace import GAS
from shiftwork.plants.team.centre.layout import SPECIFIC_M3_PER_T, Layout, layout_of
from shiftwork.plants.team.centre.scenario import Scenario
from shiftwork.plants.team.centre.state import CRACKING, STAND_BY


@dataclass(frozen=True)
class PlanSettings:
    """Of the rolling horizon.

    Attributes:
        slot_h: Hours of a slot.
        slots: How many.
        seconds: Time limit of a solve.
        gap: Relative gap at which a solve ends.
        safety_h: Hours of full feed that stock should not fall below, beside one deviation of a
            ship's arrival.
        safety_usd_per_t: For each tonne below it and slot.
    """

    slot_h: int = 12
    slots: int = 14
    seconds: float = 3.0
    gap: float = 0.002
    safety_h: float = 24.0
    safety_usd_per_t: float = 1.0


class Furnace(NamedTuple):
    """Set-points as the scheduler weighs them, at a composition; M set-points.

    Attributes:
        cot_c: Outlet temperature, (M,).
        feed_t_per_h: (M,).
        worth: Margin of a tonne with the ethane's, in units of each leader, (M, 5 classes, 5).
        gas_t: Cracked gas of a tonne and of its ethane, (M,).
        growth: Of coke, mm/h, (M,).
        room: Thickest layer, mm, (M,).
    """

    cot_c: Float64[np.ndarray, " M"]
    feed_t_per_h: Float64[np.ndarray, " M"]
    worth: Float64[np.ndarray, "M 5 5"]
    gas_t: Float64[np.ndarray, " M"]
    growth: Float64[np.ndarray, " M"]
    room: Float64[np.ndarray, " M"]


class Thumb(NamedTuple):
    """Which tanks a rule of thumb fills and feeds from, each (K, s)."""

    fills: np.ndarray
    feeds: np.ndarray


def rule_of_thumb(
    scenario: Scenario, layout: Layout, outlook: Outlook, hours: int, slots: int
) -> Thumb:
    """Fill the emptiest tank, feed from the two fullest that are released; the solver begins here."""
    tanks = layout.tanks
    fills, feeds = np.zeros((tanks, slots), bool), np.zeros((tanks, slots), bool)
    level = outlook.tank_m3.copy()
    rest = outlook.rest_h.astype(float)
    use = 0.9 * layout.most_feed_t_per_h * hours * 1.41  # m3
    rate = scenario.berths.unloading_m3_per_h * hours
    left = outlook.cargo_t * 1.41
    whole_rest = scenario.release.settling_h + scenario.release.lab_h
    feeding = outlook.share > 0
    for s in range(slots):
        above = level - layout.heel_m3
        ready = (rest <= s * hours) & (above > 0.02 * layout.capacity_m3)
        feeding &= ready & (above > 0.5 * use / max(feeding.sum(), 1))
        if not feeding.any() or above[feeding].sum() < use:
            for k in np.argsort(-np.where(ready & ~feeding, above, -1.0)):
                if feeding.sum() < min(scenario.blending.recipe_parts, 2) and ready[k]:
                    feeding[k] = True
        feeds[:, s] = feeding
        drawn = np.where(feeding, use / max(feeding.sum(), 1), 0.0)
        level = np.maximum(level - drawn, layout.heel_m3)
        come = outlook.from_h < (s + 1) * hours - 2
        room = np.where(feeding, -1.0, layout.high_m3 - level)
        moved = 0.0
        for ship in np.flatnonzero(come & (left > 1.0)):
            for _ in range(2):
                tank = int(np.where(room > 0, room + 1e6 * outlook.filled * (s == 0), -1.0).argmax())
                amount = min(left[ship], rate - moved, room[tank])
                if amount < 1.0:
                    break
                fills[tank, s] = True
                left[ship] -= amount
                level[tank] += amount
                room[tank] -= amount
                moved += amount
                rest[tank] = (s + 1) * hours + whole_rest
    return Thumb(fills, feeds)


class Plan(NamedTuple):
    """What to do; tonnes in each slot. I ships, K tanks, s slots, F furnaces.

    Attributes:
        made_h: When.
        unload_t: (I, K, s).
        draw_t: (K, s).
        decoke: Furnaces to be decoked within the first slot, (F,).
        feed_t_per_h: Of all furnaces together while none changes, (s,).
        solution: As the solver left it.
    """

    made_h: int
    unload_t: Float64[np.ndarray, "I K s"]
    draw_t: Float64[np.ndarray, "K s"]
    decoke: Float64[np.ndarray, "F s"]
    feed_t_per_h: Float64[np.ndarray, " s"]
    solution: Solution


@functools.lru_cache(maxsize=8)
def _money(scenario: Scenario) -> tuple[Tonne, Float64[np.ndarray, "M 5 5"], float]:
    """What a tonne does, its margin with that of its ethane, and gas of a tonne of ethane."""
    cot, feed = layout_of(scenario).set_points.T
    tonne, ethane = tonne_of(scenario, cot, feed), ethane_of(scenario)
    if not scenario.gas_furnaces.count:
        return tonne, tonne.worth + tonne.ethane_t[..., None] * ethane.burnt, 0.0
    # A tonne of ethane goes round until all of it is converted.
    load = len(ethane.left_t) // 3
    turns = 1 / (1 - ethane.left_t[load])
    worth = tonne.worth + tonne.ethane_t[..., None] * ethane.worth[load] * turns
    return tonne, worth, float(ethane.gas_t[load] * turns)


def furnace_at(
    scenario: Scenario, piona: Float[np.ndarray, " 5"], tanks: Float[np.ndarray, "K 5"]
) -> Furnace:
    """Weigh all set-points at a composition; the room for coke is the least of all tanks'."""
    tonne, worth, gas_of_ethane = _money(scenario)
    growth, room = coking(
        scenario, tonne.cot_c, tonne.feed_t_per_h, np.concatenate([piona[None], tanks])
    )
    gas = (tonne.gas_t + gas_of_ethane * tonne.ethane_t) @ piona
    return Furnace(tonne.cot_c, tonne.feed_t_per_h, worth, gas, growth[0], room.min(0))


def decoke_usd(scenario: Scenario, furnace: Furnace, leaders: Float[np.ndarray, " 5"],
               piona: Float[np.ndarray, " 5"]) -> float:  # fmt: skip
    """What a decoke costs, the feed that it loses included."""
    ours = scenario.furnaces
    best = (furnace.feed_t_per_h * (furnace.worth @ leaders @ piona)).max()
    lost_h = ours.decoke_h + ours.feed_levels_t_per_h[-1] / ours.feed_ramp_t_per_h
    return scenario.costs.decoke_usd + lost_h * max(best, 0.0)


def plan(
    scenario: Scenario,
    layout: Layout,
    outlook: Outlook,
    due_h: Float[np.ndarray, " F"],
    furnace: Furnace,
    coke_usd_per_mm: float,
    settings: PlanSettings = PlanSettings(),
) -> Plan | None:
    """Solve for the next days.

    Args:
        scenario: Of the centre.
        layout: Of the centre.
        outlook: What is known.
        due_h: Hours until each furnace's decoke must begin; inf if it need not.
        furnace: Set-points at the stock's mean composition.
        coke_usd_per_mm: What coke costs.
        settings: Of the horizon.

    Returns:
        The plan, or None if the solver found none in its time.
    """
    ours, costs, berths = scenario.furnaces, scenario.costs, scenario.berths
    hours = settings.slot_h
    slots = max(1, min(settings.slots, -(-outlook.left_h // hours)))
    begin = hours * np.arange(slots)
    end = begin + hours
    rest_h = max(outlook.left_h - slots * hours, 0)
    ships, tanks = len(outlook.cargo_t), layout.tanks
    ship_m3 = outlook.ship @ SPECIFIC_M3_PER_T
    ship_m3 = np.where(ship_m3 > 0, ship_m3, 1.4)
    tank_m3 = outlook.tank @ SPECIFIC_M3_PER_T
    program = Program()

    # Harbour.
    gone = np.maximum(outlook.from_h, 0)
    open_h = np.clip(end - gone[:, None], 0, hours)
    over_h = np.clip(end - np.maximum(outlook.free_h, 0)[:, None], 0, hours)
    per_t = costs.demurrage_usd_per_d / 24 * over_h / np.maximum(outlook.cargo_t, 1.0)[:, None]
    unload = program.add((ships, tanks, slots))
    aboard = program.add((ships, slots), worth=-per_t)
    fills = program.add((tanks, slots), high=1, whole=True)
    rate = berths.unloading_m3_per_h
    for s in range(slots):
        before = aboard[:, s - 1 : s] if s else np.zeros((ships, 0), int)
        first = 0.0 if s else outlook.cargo_t
        program.require(
            (aboard[:, s : s + 1], 1.0), (unload[:, :, s], 1.0), (before, -1.0),
            low=first, high=first,
        )  # fmt: skip
    by_ship = np.moveaxis(unload, 1, -1)  # (I, s, K)
    program.require((by_ship, ship_m3[:, None, None]), high=open_h * rate)
    into = np.moveaxis(unload, 0, -1)  # (K, s, I)
    program.require((into, ship_m3), (fills[..., None], -rate * hours), high=0.0)
    everything = np.moveaxis(unload, -1, 0).reshape(slots, -1)
    program.require((everything, np.repeat(ship_m3, tanks)), high=berths.count * rate * hours)
    program.require((fills.T, 1.0), high=berths.count + 1)

    # Tanks.
    most = layout.most_feed_t_per_h * hours
    feeds = program.add((tanks, slots), high=1, whole=True)
    draw = program.add((tanks, slots))
    level = program.add((tanks, slots), low=layout.heel_m3[:, None], high=layout.high_m3[:, None])
    for s in range(slots):
        before = level[:, s - 1 : s] if s else np.zeros((tanks, 0), int)
        first = 0.0 if s else np.clip(outlook.tank_m3, layout.heel_m3, layout.high_m3)
        program.require(
            (level[:, s : s + 1], 1.0), (before, -1.0), (into[:, s], -ship_m3),
            (draw[:, s : s + 1], tank_m3[:, None]), low=first, high=first,
        )  # fmt: skip
    program.require((draw[..., None], 1.0), (feeds[..., None], -most), high=0.0)
    whole_rest = scenario.release.settling_h + scenario.release.lab_h
    for lag in range(1 + -(-whole_rest // hours)):
        now, later = slice(0, slots - lag), slice(lag, slots)
        if slots > lag:
            program.require((fills[:, now, None], 1.0), (feeds[:, later, None], 1.0), high=1.0)
    closed = begin[None] < outlook.rest_h[:, None]
    program.require((feeds[..., None], 1.0), high=np.where(closed, 0.0, 1.0))
    program.require((feeds.T, 1.0), high=scenario.blending.recipe_parts)
    quarter = {1: 1.0, 2: 0.25, 3: 0.25}[scenario.blending.recipe_parts]
    total = np.broadcast_to(draw.T, (tanks, slots, tanks))
    program.require((draw[..., None], 1.0), (total, -quarter), (feeds[..., None], -most), low=-most)
    switch = program.add(
        (tanks, slots), worth=-(costs.switch_usd + 4 * costs.quality_step_usd_per_pct)
    )
    program.require(
        (switch[:, 1:, None], 1.0), (feeds[:, 1:, None], -1.0), (feeds[:, :-1, None], 1.0), low=0.0
    )
    program.require((switch[:, :1], 1.0), (feeds[:, :1], -1.0), low=np.where(outlook.share > 0, -1.0, 0.0))
    # Off specification by half a percent costs what it costs by any amount.
    off = program.add(slots, worth=-costs.off_spec_usd_per_h * hours)
    low, high = (
        np.array(x) / 100 for x in (scenario.blending.spec_low, scenario.blending.spec_high)
    )
    for c in range(5):
        program.require(
            (draw.T, outlook.tank[:, c] - high[c]), (off[:, None], -0.005 * most), high=0.0
        )
        program.require(
            (draw.T, low[c] - outlook.tank[:, c]), (off[:, None], -0.005 * most), high=0.0
        )

    # Furnaces.
    times = np.append(begin + hours / 2, slots * hours + rest_h / 2)
    leaders = expected_leaders(scenario, outlook, times)
    piona = _stock_mean(outlook, layout)
    each_t = furnace.feed_t_per_h
    by_class = np.einsum("mcl,sl->smc", furnace.worth, leaders)
    earns = each_t * (by_class @ piona) - coke_usd_per_mm * furnace.growth
    runs = program.add((slots, len(each_t)), worth=earns[:-1])
    shortage = program.add(slots, high=1, worth=-costs.shortage_usd_per_h * hours)
    idle = program.add(slots, high=hours * (layout.furnaces - ours.cracking_at_least),
                       worth=-costs.standby_usd_per_h)  # fmt: skip
    middle = by_class[:-1].mean(1)  # (s, 5)
    differs = (outlook.tank - piona) @ middle.T
    extra = program.add((tanks, slots), worth=differs)
    program.require((extra[..., None], 1.0), (draw[..., None], -1.0), low=0.0, high=0.0)
    program.require((runs, each_t), (draw.T, -1.0), low=0.0, high=0.0)
    program.require((feeds.T, 1.0), (shortage[:, None], 1.0), low=1.0)
    starts, lost, late = _decokes(program, scenario, layout, outlook, due_h, begin, end, settings)
    busy = np.clip(outlook.busy_h[:, None] - begin, 0, hours).sum(0)
    present = layout.furnaces * hours - busy
    program.require(
        (runs, 1.0), (idle[:, None], 1.0), (shortage[:, None], present[:, None]), *lost,
        low=present, high=present,
    )  # fmt: skip
    gas = each_t * furnace.gas_t
    limit = scenario.limits
    own_steam = (
        scenario.gas_furnaces.steam_ratio * scenario.gas_furnaces.count * GAS.feed_low_t_per_h * 1.3
    )
    steam = max(limit.steam_t_per_h - own_steam, 0.5 * limit.steam_t_per_h)
    program.require((runs, gas), high=0.995 * limit.compressor_t_per_h * hours)
    program.require((runs, each_t * ours.steam_ratio), high=steam * hours)

    # Stock: safety, and what it earns after the last slot.
    supply = np.mean(scenario.ships.cargo_t) / (24 * scenario.ships.interval_d)
    least = most / hours * (settings.safety_h + 24 * scenario.ships.eta_sigma_d)
    short = program.add(slots, worth=-settings.safety_usd_per_t)
    heel = layout.heel_m3 / tank_m3
    program.require(
        (short[:, None], 1.0),
        (level.T, 1 / tank_m3),
        low=min(least, 0.4 * (layout.high_m3 / tank_m3).sum()) + heel.sum(),
    )
    if rest_h > 0:
        again = layout.furnaces * rest_h * (1 - _decoke_share(scenario, furnace))
        rest = program.add(len(each_t), worth=earns[-1])
        program.require((rest, 1.0), high=again)
        program.require((rest, gas), high=0.995 * limit.compressor_t_per_h * rest_h)
        program.require((rest, each_t * ours.steam_ratio), high=steam * rest_h)
        comes = supply * max(rest_h - whole_rest - 12.0, 0.0)
        program.require(
            (rest, each_t), (level[:, -1], -1 / tank_m3), (aboard[:, -1], -1.0),
            high=comes - heel.sum(),
        )  # fmt: skip
    first = rule_of_thumb(scenario, layout, outlook, settings.slot_h, slots)
    number = [fills.ravel(), feeds.ravel()]
    values = [first.fills.ravel(), first.feeds.ravel()]
    for f, row in starts.items():
        number.append(row)
        values.append(np.arange(slots) == min(int(due_h[f] // hours), slots - 1))
    solution = program.solve(
        seconds=settings.seconds, gap=settings.gap,
        start=(np.concatenate(number), np.concatenate(values).astype(float)),
    )  # fmt: skip
    if solution.value is None:
        return None
    value = solution.value
    chosen = np.zeros((layout.furnaces, slots))
    for f, row in starts.items():
        chosen[f] = value[row]
    hours_run = np.maximum(value[runs].sum(1), 1e-6)
    mean_feed = (value[runs] * each_t).sum(1) / hours_run
    del late
    return Plan(outlook.hour, value[unload], value[draw], chosen, mean_feed, solution)


def _decokes(program, scenario, layout, outlook, due_h, begin, end, settings):  # type: ignore
    """Add decokes that fall due: when each begins, which hours it takes."""
    ours, hours, slots = scenario.furnaces, settings.slot_h, len(begin)
    lasts = ours.decoke_h + ours.feed_levels_t_per_h[-1] / ours.feed_ramp_t_per_h
    span = int(np.ceil(lasts / hours))
    takes = np.clip(lasts - hours * np.arange(span), 0, hours)
    starts, lost = {}, []
    for f in np.flatnonzero(due_h < end[-1]):
        last = max(int(due_h[f] // hours), 0)
        # What is left of the run when it is decoked earlier is lost.
        early = scenario.costs.decoke_usd / 1000 * np.maximum(due_h[f] - begin, 0) / 24
        allowed = np.arange(slots) <= last
        row = program.add(slots, high=allowed, worth=-4 * early, whole=True)
        late = program.add(1, worth=-scenario.costs.forced_decoke_usd)
        program.require((row, 1.0), (late, 1.0), low=1.0, high=1.0)
        starts[int(f)] = row
        for k in range(min(span, slots)):
            number = np.full((slots, 1), row[0])
            factor = np.zeros((slots, 1))
            number[k:, 0], factor[k:, 0] = row[: slots - k], takes[k]
            lost.append((number, factor))
    if starts:
        at_work = (outlook.busy_h[:, None] > begin).sum(0)
        rows = np.stack(list(starts.values()))
        for s in range(slots):
            inside = rows[:, max(s - span + 1, 0) : s + 1].ravel()
            room = max(ours.decokes_at_once - at_work[s], 0)
            if inside.size:
                program.require((inside, 1.0), high=float(room))
    return starts, lost, None


def _decoke_share(scenario: Scenario, furnace: Furnace) -> float:
    """Share of their time that furnaces spend in decokes."""
    ours = scenario.furnaces
    lasts = ours.decoke_h + ours.feed_levels_t_per_h[-1] / ours.feed_ramp_t_per_h
    run_h = float(np.median(furnace.room / furnace.growth))
    return lasts / (lasts + run_h)


def _stock_mean(outlook: Outlook, layout: Layout) -> Float64[np.ndarray, " 5"]:
    above = np.maximum(outlook.tank_m3 - layout.heel_m3, 1.0)
    mean = above @ outlook.tank
    return mean / mean.sum()


stock_mean = _stock_mean
__all__ = [
    "CRACKING",
    "STAND_BY",
    "Furnace",
    "Plan",
    "PlanSettings",
    "decoke_usd",
    "furnace_at",
    "plan",
    "stock_mean",
]
