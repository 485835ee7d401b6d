"""Furnaces in the rolling horizon's program: decokes, feed, and what stock is worth later."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int

from shiftwork.yardsticks.centre.scheduler.forecast import expected_leaders
from shiftwork.yardsticks.centre.scheduler.furnaces import decoke_lasts_h, decoke_share
from shiftwork.yardsticks.centre.scheduler.horizon import Berthing, Days, Feeding, PlanSettings
from shiftwork.yardsticks.centre.scheduler.set_points import HEADROOM, steam_for_naphtha
from shiftwork.yardsticks.centre.scheduler.tanks import awkward_usd_per_t


def add_decokes(
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
        row = program.add(slots, high=in_time, worth=-early, whole=days.firm)
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


def one_by_one(days: Days, due: Float64[np.ndarray, " D"]) -> Float64[np.ndarray, "D s"]:
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


def add_furnaces(
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
    feed = days.furnace.feed_t_per_h
    most = HEADROOM * days.scenario.limits.compressor_t_per_h * hours
    days.program.require((runs, feed * days.furnace.gas_t), high=most)
    steam = steam_for_naphtha(days.scenario) * hours
    days.program.require((runs, feed * days.scenario.furnaces.steam_ratio), high=steam)


def add_stock(
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
    comes = supply * max(later_h - scenario.release.rest_h - 12.0, 0.0)
    program.require(
        (runs, furnace.feed_t_per_h), (tanks.level[:, -1], -1 / days.m3_per_t),
        (port.aboard[:, -1], -1.0), high=comes - heel_t,
    )  # fmt: skip
    # What is kept keeps its quality: otherwise the best would be cracked first, and the worst left.
    by_class = np.einsum("mcl,l->c", furnace.worth, leaders) / len(earns)
    better = (days.holds[:, -1] - furnace.piona) @ by_class
    above_t = (np.maximum(days.outlook.tank_m3 - layout.heel_m3, 0) / days.m3_per_t).sum()
    used = min(1.0, layout.most_feed_t_per_h * later_h / (comes + above_t + 1.0))
    outlook = days.outlook
    sight = np.concatenate([outlook.tank, outlook.ship[outlook.cargo_t > 0]])
    awkward = awkward_usd_per_t(scenario, layout, days.holds[:, -1], sight)
    per_t = used * (better - awkward)
    kept = program.add(layout.tanks, worth=per_t)
    program.require(
        (kept[:, None], 1.0), (tanks.level[:, -1:], -1 / days.m3_per_t[:, None]), low=0.0, high=0.0
    )
