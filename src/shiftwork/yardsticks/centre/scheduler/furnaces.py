"""How the scheduler of a centre weighs the set-points and decokes of its furnaces."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Float64

from shiftwork.plants.centre.layout import layout_of
from shiftwork.plants.centre.scenario import Scenario
from shiftwork.plants.centre.state import CRACKING, STAND_BY
from shiftwork.yardsticks.centre.economics import Tonne, coking, ethane_of, tonne_of
from shiftwork.yardsticks.centre.scheduler.forecast import Outlook

RESERVE_H = 24.0
"""Hours before the tubes reach their limit at which a decoke should begin."""


class Furnace(NamedTuple):
    """The set-points among which agents choose, at a composition; M set-points.

    Attributes:
        feed_t_per_h: (M,).
        worth: Margin of a tonne with that of its ethane, in units of each leader, (M, 5, 5).
        gas_t: Cracked gas of a tonne and of its ethane, (M,).
        growth: Of coke, mm/h, (M,).
        room: Thickest layer of coke, mm, (M,).
        piona: The composition, mass fractions, (5,).
    """

    feed_t_per_h: Float64[np.ndarray, " M"]
    worth: Float64[np.ndarray, "M 5 5"]
    gas_t: Float64[np.ndarray, " M"]
    growth: Float64[np.ndarray, " M"]
    room: Float64[np.ndarray, " M"]
    piona: Float64[np.ndarray, " 5"]

    def earns(self, leaders: Float64[np.ndarray, " 5"]) -> Float64[np.ndarray, " M"]:
        """Margin of a furnace at each set-point, $/h."""
        return self.feed_t_per_h * (self.worth @ leaders @ self.piona)


def furnace_at(
    scenario: Scenario, piona: Float64[np.ndarray, " 5"], tanks: Float[np.ndarray, "K 5"]
) -> Furnace:
    """Weigh all set-points at a composition; the room for coke is the least of all tanks'."""
    tonne, worth, gas_of_ethane = _money(scenario)
    feeds = np.concatenate([piona[None], tanks])
    growth, room = coking(scenario, tonne.cot_c, tonne.feed_t_per_h, feeds)
    gas = (tonne.gas_t + gas_of_ethane * tonne.ethane_t) @ piona
    return Furnace(tonne.feed_t_per_h, worth, gas, growth[0], room.min(0), piona)


@functools.lru_cache(maxsize=8)
def _money(scenario: Scenario) -> tuple[Tonne, Float64[np.ndarray, "M 5 5"], float]:
    """What a tonne does, its margin with that of its ethane, and the gas of a tonne of ethane."""
    cot, feed = layout_of(scenario).set_points.T
    tonne, ethane = tonne_of(scenario, cot, feed), ethane_of(scenario)
    if not scenario.gas_furnaces.count:
        return tonne, tonne.worth + tonne.ethane_t[..., None] * ethane.burnt, 0.0
    # A tonne of ethane goes round until all of it is converted.
    load = len(ethane.left_t) // 3
    turns = 1 / (1 - ethane.left_t[load])
    worth = tonne.worth + tonne.ethane_t[..., None] * ethane.worth[load] * turns
    return tonne, worth, float(ethane.gas_t[load] * turns)


def decoke_lasts_h(scenario: Scenario) -> float:
    """Hours of full feed that a decoke takes, ramps included."""
    ours = scenario.furnaces
    return ours.decoke_h + ours.feed_levels_t_per_h[-1] / ours.feed_ramp_t_per_h


def decoke_usd(scenario: Scenario, furnace: Furnace, leaders: Float64[np.ndarray, " 5"]) -> float:
    """What a decoke costs, the margin that it loses included."""
    lost = decoke_lasts_h(scenario) * max(furnace.earns(leaders).max(), 0.0)
    return scenario.costs.decoke_usd + float(lost)


def decoke_share(scenario: Scenario, furnace: Furnace) -> float:
    """Share of their time that furnaces spend in decokes."""
    lasts = decoke_lasts_h(scenario)
    return lasts / (lasts + float(np.median(furnace.room / furnace.growth)))


def decokes_to_the_end(outlook: Outlook, furnace: Furnace) -> Float64[np.ndarray, "F M"]:
    """Decokes that each furnace takes if it keeps a set-point to the end."""
    coke = np.where(outlook.mode == CRACKING, outlook.coke_mm, 0.0)[:, None]
    over = coke + furnace.growth * max(outlook.left_h, 1) - furnace.room
    return np.maximum(np.ceil(over / furnace.room), 0.0)


def due_h(
    scenario: Scenario,
    outlook: Outlook,
    furnace: Furnace,
    leaders: Float64[np.ndarray, " 5"],
    decoke_usd: float,
) -> Float64[np.ndarray, " F"]:
    """Hours until each furnace's decoke must begin, one after the other; inf if it need not."""
    decokes = decokes_to_the_end(outlook, furnace)
    best = furnace.earns(leaders) - decoke_usd * decokes / max(outlook.left_h, 1)
    usual = furnace.feed_t_per_h >= np.median(furnace.feed_t_per_h)
    point = np.where(usual, best, -np.inf).argmax(1)
    run = (furnace.room[point] - outlook.coke_mm) / furnace.growth[point]
    runs = (outlook.mode == CRACKING) | (outlook.mode == STAND_BY)
    due = np.where((run < outlook.left_h) & runs, run - RESERVE_H, np.inf)
    apart = (decoke_lasts_h(scenario) + 6) / scenario.furnaces.decokes_at_once
    later = np.inf
    for f in np.argsort(-due):
        if np.isfinite(due[f]):
            later = due[f] = min(due[f], later - apart)
    return np.maximum(due, 0.0)
