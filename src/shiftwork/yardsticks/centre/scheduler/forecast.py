"""What a scheduler knows of a centre at a time, and expects: nothing that the team cannot see.

Ships at sea are those that are announced; later ones are expected as planned, of the mean grade.
Prices return to their typical level as they do on average. Coke is told from the tube temperature,
which the furnace's own equations turn into millimetres, so the state's figure is used.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from shiftwork.plants.centre.harbour import expected_h
from shiftwork.plants.centre.layout import ANNOUNCED, SPECIFIC_M3_PER_T, WAITING, Layout
from shiftwork.plants.centre.scenario import Scenario
from shiftwork.plants.centre.scenario_checks import mean_grade
from shiftwork.plants.centre.start import NOTICE_H, NOTICE_SHARE, unpacked
from shiftwork.plants.centre.state import DECOKING, QUEUED, CentreState, Ship
from shiftwork.plants.cracker.prices import LEADERS, TYPICAL_LEADERS

OVERDUE_H = 12.0
"""A ship that is expected by now but not there is expected so much later."""


class Outlook(NamedTuple):
    """The centre as its scheduler sees it. I ships, K tanks, F furnaces.

    Attributes:
        hour: Since the start.
        left_h: Until the end.
        cargo_t: Still aboard; the ship at each berth first (0 if there is none), then the places
            at anchor, then ships at sea, (I,).
        ship: Composition as certificate and grade together let expect, (I, 5).
        from_h: Hours from now until its first drop can be ashore; of ships at sea it is one
            standard deviation late, (I,).
        free_h: Hours from now until demurrage begins, (I,).
        tank: Composition as known, (K, 5).
        tank_m3: Level, (K,).
        rest_h: Hours until the tank may feed if nothing is added, (K,).
        filled: A berth fills it, (K,).
        share: Of the feed, (K,).
        recipe_left_h: Of the recipe in force.
        mode: Of the liquid furnaces, (F,).
        feed_set_t_per_h: Of the liquid furnaces, (F,).
        cot_set_c: Of the liquid furnaces, (F,).
        coke_mm: On their tubes, (F,).
        busy_h: Hours until a furnace that is or waits to be decoked cracks again, (F,).
        log_leaders: Of the prices over their typical level: own movement, (5,).
    """

    hour: int
    left_h: int
    cargo_t: Float[np.ndarray, " I"]
    ship: Float[np.ndarray, "I 5"]
    from_h: Float[np.ndarray, " I"]
    free_h: Float[np.ndarray, " I"]
    tank: Float[np.ndarray, "K 5"]
    tank_m3: Float[np.ndarray, " K"]
    rest_h: Int[np.ndarray, " K"]
    filled: Bool[np.ndarray, " K"]
    share: Float[np.ndarray, " K"]
    recipe_left_h: int
    mode: Int[np.ndarray, " F"]
    feed_set_t_per_h: Float[np.ndarray, " F"]
    cot_set_c: Float[np.ndarray, " F"]
    coke_mm: Float[np.ndarray, " F"]
    busy_h: Float[np.ndarray, " F"]
    log_leaders: Float[np.ndarray, " 5"]


def look(scenario: Scenario, layout: Layout, state: CentreState, ahead_h: int) -> Outlook:
    """Read a state, with ships expected within the next ``ahead_h`` hours."""
    view, berthed, expected, open_share = jax.device_get(_ships(state))
    state = jax.device_get(state)
    port, tanks, furnaces = state.harbour, state.tanks, state.furnaces
    hour = int(state.hour)
    there = port.number < layout.ships
    begins = scenario.berths.berthing_h
    expected = expected - hour
    sigma_h = 24 * scenario.ships.eta_sigma_d
    at_sea = np.maximum(expected + sigma_h * np.sqrt(open_share), OVERDUE_H)
    anchored = np.arange(WAITING + ANNOUNCED) < WAITING
    opens = np.floor(view.planned_h - scenario.ships.laycan_h / 2) - hour
    free = np.where(
        anchored, view.free_until_h - hour,
        np.ceil(np.maximum(expected, opens) + scenario.ships.laytime_h),
    )  # fmt: skip
    # Nothing but the plan is known of later ships: one at each interval after the last announced.
    rules = scenario.ships
    first = 24 * rules.first_d - 24 * rules.interval_d * ~np.any(there)
    planned = np.max(view.planned_h[there], initial=first)
    step = 24 * rules.interval_d
    later = np.arange(planned + step, hour + ahead_h, step) - hour
    later = later[(later > 0) & (later + hour < 24 * scenario.horizon_d)]
    more = len(later)
    mean = np.tile(np.array(mean_grade(scenario)) / 100, (more, 1))
    filled = (port.tank[:, None] == np.arange(layout.tanks)).any(0)
    ramp_h = np.ceil(furnaces.feed_t_per_h / scenario.furnaces.feed_ramp_t_per_h)
    busy = np.where(furnaces.mode == DECOKING, furnaces.decoke_left_h + ramp_h, 0.0)
    busy = np.where(furnaces.mode == QUEUED, 2.0 * scenario.furnaces.decoke_h, busy)
    return Outlook(
        hour=hour,
        left_h=24 * scenario.horizon_d - hour,
        cargo_t=np.concatenate(
            [berthed.cargo_t, np.where(there, view.cargo_t, 0.0),
             np.full(more, np.mean(scenario.ships.cargo_t))]
        ),
        ship=np.concatenate([_believed(scenario, berthed.declared, view.declared), mean]),
        from_h=np.concatenate(
            [port.left_h * (port.tank >= 0.0), np.where(anchored, 0.0, at_sea) + begins,
             later + sigma_h + begins]
        ),
        free_h=np.concatenate(
            [berthed.free_until_h - hour, free, later + scenario.ships.laytime_h]
        ),
        tank=np.asarray(tanks.known),
        tank_m3=np.asarray(tanks.mass_t @ SPECIFIC_M3_PER_T),
        rest_h=np.where(filled, scenario.release.rest_h, tanks.rest_h).astype(int),
        filled=np.asarray(filled),
        share=np.asarray(state.blend.share),
        recipe_left_h=int(state.blend.left_h),
        mode=np.asarray(furnaces.mode),
        feed_set_t_per_h=np.asarray(furnaces.feed_set_t_per_h),
        cot_set_c=np.asarray(furnaces.cot_set_c),
        coke_mm=np.asarray(furnaces.coke_mm),
        busy_h=busy,
        log_leaders=np.asarray(state.log_price),
    )  # fmt: skip


@jax.jit
def _ships(state: CentreState) -> tuple[Ship, Ship, Float[Array, " Q"], Float[Array, " Q"]]:
    """Ships in view, at berths; when those in view are expected, and variance not yet told."""
    view = unpacked(state.harbour.view)
    left_h = (view.arrival_h - state.hour.astype(np.float32))[:, None]
    coming = (left_h > np.array(NOTICE_H, np.float32)[None]).astype(np.float32)
    open_share = (coming * np.array(NOTICE_SHARE, np.float32)[None]).sum(-1)
    return view, unpacked(state.harbour.berthed), expected_h(view, state.hour), open_share


def _believed(scenario: Scenario, *declared: Float[np.ndarray, "_ 5"]) -> Float[np.ndarray, "I 5"]:
    """Half certificate, half grade: both are off the truth by the same deviation; 0 if no ship."""
    said = np.concatenate(declared)
    grades = np.array([grade.piona for grade in scenario.ships.grades]) / 100
    nearest = grades[np.abs(said[:, None] - grades).sum(-1).argmin(1)]
    return np.where(said.sum(-1, keepdims=True) > 0, (said + nearest) / 2, 0.0)


def expected_leaders(
    scenario: Scenario, outlook: Outlook, hours_ahead: Float[np.ndarray, " s"]
) -> Float[np.ndarray, "s 5"]:
    """Prices as they are expected some hours from now."""
    rules = scenario.prices
    left = np.exp(-hours_ahead / (24 * rules.reversion_d))[:, None] * outlook.log_leaders
    follows = np.array([0.0] + [rules.passed_on] * (len(LEADERS) - 1))
    return np.asarray(TYPICAL_LEADERS) * np.exp(left + follows * left[:, :1])
