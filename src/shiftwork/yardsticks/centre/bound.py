"""An upper bound on what any policy earns in one given episode, with the whole future known.

A linear program over slots of some hours in which everything that a policy may do is possible, and
more. What it keeps of the plant, and why that only ever helps (``docs/yardsticks.md`` says it in
full):

- parcels (a ship's cargo, a tank's first content) stay apart and may be cracked in any mixture;
- furnaces jump between all set-points that ramps can reach, are clean as far as fuel goes, and their
  coke and decokes are counted for all of them together;
- limits hold on the average of a slot, tanks as one big tank;
- of the costs, demurrage on the share of a cargo that is still aboard, decokes, and hours in which
  what is cracked lies outside the blend's specification remain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float64, Int

from shiftwork.plants.centre.blending import SPEC_SLACK
from shiftwork.plants.centre.layout import SPECIFIC_M3_PER_T, Layout, layout_of
from shiftwork.plants.centre.scenario import Scenario
from shiftwork.plants.cracker.furnace import GAS
from shiftwork.yardsticks.centre.cells import Cells, cells_of, prices_in
from shiftwork.yardsticks.centre.economics import ethane_of
from shiftwork.yardsticks.centre.episode import Future
from shiftwork.yardsticks.program import Program

ROUNDING = 1e-5
"""Mass fraction by which a tank's composition may drift in the plant's single precision."""


@dataclass(frozen=True)
class BoundSettings:
    """How finely the program looks; coarser is looser, never wrong.

    Attributes:
        slot_h: Hours of a slot.
        cot_cells: Intervals of outlet temperature.
        off_spec: Whether hours outside the blend's specification cost what they cost.
    """

    slot_h: int = 12
    cot_cells: int = 8
    off_spec: bool = True


class Bound(NamedTuple):
    """An upper bound.

    Attributes:
        profit_usd: Nobody earns more in the episode.
        profit_per_h: The same, $/h.
        seconds: Of solving.
    """

    profit_usd: float
    profit_per_h: float
    seconds: float


class Parcels(NamedTuple):
    """What there is to crack: first contents of tanks, then ships. P parcels.

    Attributes:
        mass_t: (P,).
        piona: Mass fractions, (P, 5).
        m3_per_t: (P,).
        group: Parcels of like composition, (P,).
        middle: Composition of each group, (G, 5).
        lands_h: First hour in which a drop may be ashore; -1 if it is, (P,).
    """

    mass_t: Float64[np.ndarray, " P"]
    piona: Float64[np.ndarray, "P 5"]
    m3_per_t: Float64[np.ndarray, " P"]
    group: Int[np.ndarray, " P"]
    middle: Float64[np.ndarray, "G 5"]
    lands_h: Float64[np.ndarray, " P"]


def bound(
    scenario: Scenario,
    future: Future,
    hours: int | None = None,
    settings: BoundSettings = BoundSettings(),
) -> Bound:
    """Bound the profit of every policy in an episode, or in its first hours.

    Args:
        scenario: Of the centre.
        future: All that will come, from ``future_of``.
        hours: How long the episode lasts; the scenario's horizon if not given.
        settings: How finely to look.
    """
    layout = layout_of(scenario)
    leaders = future.leaders[:hours]
    total_h = len(leaders)
    ends = np.append(np.arange(settings.slot_h, total_h, settings.slot_h), total_h)
    hours_of = np.diff(ends, prepend=0)
    parcels = _parcels(scenario, future, total_h)
    cells = cells_of(scenario, parcels.piona, parcels.group, settings.cot_cells)
    program = Program()

    # Furnaces: tonnes in each slot, cell and group, worth the mean of the slot's hourly best.
    prices = prices_in(cells, parcels.middle, leaders, ends, layout.furnaces)
    cracked = program.add(prices.mean.shape, worth=prices.mean)
    slots, _, groups = prices.mean.shape
    flat = cracked.reshape(slots, -1)
    per_t = 1.0 / np.repeat(cells.most_t_per_h, groups)
    idle = program.add(slots, worth=prices.idle)
    program.require(
        (flat, np.minimum(per_t, 1.0 / cells.least_t_per_h)), (idle[:, None], 1.0),
        high=layout.furnaces * hours_of,
    )  # fmt: skip
    shut = program.add(slots, high=hours_of * scenario.furnaces.decokes_at_once)
    decokes = program.add(1, worth=-scenario.costs.decoke_usd)
    program.require((flat, per_t), (shut[:, None], 1.0), high=layout.furnaces * hours_of)
    program.require((shut, 1.0), (decokes, -scenario.furnaces.decoke_h), low=0.0)
    for room in cells.rooms:
        within = cells.room <= room
        grows = np.where(within[:, None], cells.growth, 0.0).ravel() * per_t
        first = np.maximum(room - future.coke_mm, 0.0).sum()
        program.require((cracked.reshape(-1), np.tile(grows, slots)), (decokes, -room), high=first)

    # Naphtha: each parcel aboard, settling, ready, drawn. Ready is what has rested since its slot.
    count = len(parcels.mass_t)
    ashore_first = np.where(parcels.lands_h < 0, parcels.mass_t, 0.0)
    ready_from = scenario.release.rest_h // settings.slot_h
    open_h = np.clip(ends[:, None] - np.maximum(parcels.lands_h, 0), 0, hours_of[:, None])
    rate = scenario.berths.unloading_m3_per_h
    most = np.where(parcels.lands_h < 0, 0.0, open_h * rate / parcels.m3_per_t)
    drawn = program.add((slots, count), worth=_better(cells, parcels, leaders, ends))
    landed = program.add((slots, count), high=most)
    ready = program.add((slots, count))
    aboard = program.add((slots, count), worth=-_demurrage(scenario, future, parcels, ends))
    one = np.ones(1)
    for s in range(slots):
        rested = [(landed[s - ready_from][:, None], -one)] if s >= ready_from else []
        earlier = [(ready[s - 1][:, None], -one)] if s else []
        first = 0.0 if s else ashore_first
        program.require(
            (ready[s][:, None], one), (drawn[s][:, None], one), *rested, *earlier,
            low=first, high=first,
        )  # fmt: skip
        earlier = [(aboard[s - 1][:, None], -one)] if s else []
        first = 0.0 if s else parcels.mass_t - ashore_first
        program.require(
            (aboard[s][:, None], one), (landed[s][:, None], one), *earlier, low=first, high=first
        )
    for group in range(groups):
        own = drawn[:, parcels.group == group]
        program.require((cracked[:, :, group], 1.0), (own, -1.0), low=0.0, high=0.0)
    level = program.add(slots, low=layout.heel_m3.sum(), high=layout.high_m3.sum())
    before = [np.zeros(0, int), *level[:-1, None]]
    for s in range(slots):
        first = 0.0 if s else (future.tank_t * SPECIFIC_M3_PER_T).sum()
        program.require(
            (level[s : s + 1], 1.0), (before[s], -1.0),
            (landed[s], -parcels.m3_per_t), (drawn[s], parcels.m3_per_t), low=first, high=first,
        )  # fmt: skip
    program.require((landed, parcels.m3_per_t), high=scenario.berths.count * rate * hours_of)

    if settings.off_spec:
        _specification(program, scenario, layout, parcels, drawn, hours_of)
    _shared(program, scenario, future, cells, parcels, cracked, drawn, ends)
    solution = program.solve()
    profit = solution.bound + prices.constant
    return Bound(profit, profit / total_h, solution.seconds)


def _parcels(scenario: Scenario, future: Future, hours: int) -> Parcels:
    ships = future.ships
    come = ships.arrival_h + scenario.berths.berthing_h < hours
    first_t = future.tank_t.sum(1)
    piona = np.concatenate([future.tank_t / first_t[:, None], ships.piona[come]])
    grades = np.array([grade.piona for grade in scenario.ships.grades]) / 100
    nearest = np.abs(piona[:, None] - grades).sum(-1).argmin(1)
    used, group = np.unique(nearest, return_inverse=True)
    return Parcels(
        mass_t=np.concatenate([first_t, ships.cargo_t[come]]),
        piona=piona,
        m3_per_t=piona @ SPECIFIC_M3_PER_T,
        group=group,
        middle=np.stack([piona[group == g].mean(0) for g in range(len(used))]),
        lands_h=np.concatenate(
            [np.full(len(first_t), -1.0), ships.arrival_h[come] + scenario.berths.berthing_h]
        ),
    )


def _better(
    cells: Cells,
    parcels: Parcels,
    leaders: Float[np.ndarray, "T 5"],
    ends: Int[np.ndarray, " s"],
) -> Float64[np.ndarray, "s P"]:
    """What a tonne of a parcel earns more than one of its group's middle, at most in each slot."""
    off = parcels.piona - parcels.middle[parcels.group]
    worth = np.einsum("mcl,pc->lmp", cells.tonne.worth, off)
    flat = worth.reshape(len(worth), -1)
    best = [
        (leaders[end - size : end] @ flat).max(0).reshape(worth.shape[1:]).max(0)
        for end, size in zip(ends, np.diff(ends, prepend=0), strict=True)
    ]
    return np.stack(best)


def _demurrage(
    scenario: Scenario, future: Future, parcels: Parcels, ends: Int[np.ndarray, " s"]
) -> Float64[np.ndarray, "s P"]:
    """What a tonne still aboard at the end of a slot has cost at least in it."""
    tanks = len(future.tank_t)
    free = future.ships.free_until_h[: len(parcels.mass_t) - tanks]
    hours = np.clip(ends[:, None] - free, 0, np.diff(ends, prepend=0)[:, None])
    per_t = scenario.costs.demurrage_usd_per_d / 24 * hours / parcels.mass_t[tanks:]
    return np.concatenate([np.zeros((len(ends), tanks)), per_t], 1)


def _specification(
    program: Program,
    scenario: Scenario,
    layout: Layout,
    parcels: Parcels,
    drawn: Int[np.ndarray, "s P"],
    hours: Int[np.ndarray, " s"],
) -> None:
    """Charge hours off specification; all that is not drawn in them keeps to the specification."""
    rules = scenario.blending
    off_h = program.add(len(hours), high=hours, worth=-scenario.costs.off_spec_usd_per_h)
    off = program.add(drawn.shape)
    program.require((off, 1.0), (off_h[:, None], -layout.most_feed_t_per_h), high=0.0)
    program.require((off[..., None], 1.0), (drawn[..., None], -1.0), high=0.0)
    slack = SPEC_SLACK + ROUNDING
    for limits, sign in ((rules.spec_high, 1.0), (rules.spec_low, -1.0)):
        for naphtha, limit in zip(parcels.piona.T, limits, strict=True):
            beyond = sign * (naphtha - limit / 100) - slack
            # Where no parcel can lie beyond it, a limit says nothing.
            if beyond.max() > 0:
                program.require((drawn, beyond), (off, -beyond), high=0.0)


def _shared(
    program: Program,
    scenario: Scenario,
    future: Future,
    cells: Cells,
    parcels: Parcels,
    cracked: Int[np.ndarray, "s C G"],
    drawn: Int[np.ndarray, "s P"],
    ends: Int[np.ndarray, " s"],
) -> None:
    """Add ethane, which is cracked or burnt, the compressor and the steam limit."""
    limits, rules = scenario.limits, scenario.gas_furnaces
    slots, hours = len(ends), np.diff(ends, prepend=0)
    flat = cracked.reshape(slots, -1)
    ethane = ethane_of(scenario)
    by_hour = future.leaders[: ends[-1]] @ np.concatenate([ethane.worth, ethane.burnt[None]]).T
    top = np.maximum.reduceat(by_hour, ends - hours, axis=0)  # (s, E + 1)
    between = np.maximum(top[:, :-2], top[:, 1:-1])
    load = np.linspace(GAS.feed_low_t_per_h, GAS.feed_high_t_per_h, len(ethane.left_t))[1:]
    fed = program.add(between.shape, worth=between)
    burnt = program.add(slots, worth=top[:, -1])
    drum = program.add(slots, high=rules.ethane_t)
    program.require((fed, 1.0 / load), high=rules.count * hours)

    def per_t(table: np.ndarray, extreme: np.ufunc) -> tuple[np.ndarray, np.ndarray]:
        middle = extreme.reduceat(table @ parcels.middle.T, cells.starts, axis=0).ravel()
        off = parcels.piona - parcels.middle[parcels.group]
        return middle, extreme.reduce(table @ off.T, axis=0)

    made, made_more = per_t(cells.tonne.ethane_t, np.maximum)
    left = np.maximum(ethane.left_t[:-1], ethane.left_t[1:])
    before = [np.zeros(0, int), *drum[:-1, None]]
    for s in range(slots):
        first = 0.0 if s else future.ethane_t
        program.require(
            (drum[s : s + 1], 1.0), (before[s], -1.0), (burnt[s : s + 1], 1.0),
            (fed[s], 1.0 - left),
            (flat[s], -made), (drawn[s], -made_more), low=first, high=first,
        )  # fmt: skip
    gas, gas_less = per_t(cells.tonne.gas_t, np.minimum)
    gas_of_ethane = np.minimum(ethane.gas_t[:-1], ethane.gas_t[1:])
    program.require(
        (flat, gas), (drawn, gas_less), (fed, gas_of_ethane), high=limits.compressor_t_per_h * hours
    )
    program.require(
        (flat, scenario.furnaces.steam_ratio), (fed, rules.steam_ratio),
        high=limits.steam_t_per_h * hours,
    )  # fmt: skip
