"""The mixed-integer program of the rolling horizon: tanks, feed and decokes of the next days.

Slots of some hours, then the rest of the episode as one slot, so that naphtha that is kept is
worth what it will earn later. What it simplifies is listed in ``docs/yardsticks.md``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int

from shiftwork.plants.centre.layout import layout_of
from shiftwork.plants.centre.scenario import Scenario
from shiftwork.yardsticks.centre.scheduler.forecast import Outlook
from shiftwork.yardsticks.centre.scheduler.furnace_rows import (
    add_decokes,
    add_furnaces,
    add_stock,
    one_by_one,
)
from shiftwork.yardsticks.centre.scheduler.furnaces import Furnace
from shiftwork.yardsticks.centre.scheduler.horizon import Days, PlanSettings
from shiftwork.yardsticks.centre.scheduler.tank_rows import add_harbour, add_recipes, add_tanks
from shiftwork.yardsticks.centre.scheduler.tanks import rule_of_thumb
from shiftwork.yardsticks.program import Program, Solution


class Plan(NamedTuple):
    """What to do in each slot. I ships, K tanks, s slots, F furnaces.

    Attributes:
        made_h: When.
        unload_t: Into each tank, (I, K, s).
        draw_t: (K, s).
        holds: Composition of tanks, (K, s, 5).
        decoke: Begins, (F, s).
        feed_t_per_h: Of all furnaces together, (s,).
        solution: As the solver left it.
    """

    made_h: int
    unload_t: Float64[np.ndarray, "I K s"]
    draw_t: Float64[np.ndarray, "K s"]
    holds: Float64[np.ndarray, "K s 5"]
    decoke: Float64[np.ndarray, "F s"]
    feed_t_per_h: Float64[np.ndarray, " s"]
    solution: Solution


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
    firm = begin < settings.firm_h
    days = Days(program, scenario, layout, outlook, furnace, holds, begin, hours, firm)
    port = add_harbour(days)
    tanks = add_tanks(days, port)
    add_recipes(days, tanks)
    starts, lost = add_decokes(days, due)
    runs = add_furnaces(days, tanks, lost, coke_usd_per_mm)
    add_stock(days, port, tanks, coke_usd_per_mm, settings)

    thumb = rule_of_thumb(scenario, layout, outlook, hours, slots)
    first = one_by_one(days, due[list(starts)])
    rows = np.array(list(starts.values()), int).reshape(-1, slots)
    solution = program.solve(
        seconds=settings.seconds,
        gap=settings.gap,
        start=(
            np.concatenate([x[..., firm].ravel() for x in (port.fills, tanks.feeds, rows)]),
            np.concatenate([x[..., firm].ravel() for x in (thumb.fills, thumb.feeds, first)]),
        ),
    )
    if solution.value is None:
        return None
    value = solution.value
    decoke = np.zeros((layout.furnaces, slots))
    for f, row in starts.items():
        decoke[f] = value[row]
    feed = (value[runs] * furnace.feed_t_per_h).sum(1) / hours
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
