"""Ships, berths and tanks: who is called, what flows, what rests, what it costs."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from shiftwork.plants.centre.layout import ANNOUNCED, SPECIFIC_M3_PER_T, WAIT, WAITING, Layout
from shiftwork.plants.centre.scenario import Scenario
from shiftwork.plants.centre.start import NOTICE_H, unpacked
from shiftwork.plants.centre.state import Harbour, Ship, Tanks

CARGO = Ship._fields.index("cargo_t")
"""The column of a ship's row that holds its cargo."""
FULL_M3 = 1.0
"""A tank with less room than this is full: far below what a gauge tells, far above rounding."""


class Unloaded(NamedTuple):
    """What an hour did at the berths.

    Attributes:
        harbour: After it.
        tanks: After it.
        received_t: Into each tank, (K,).
        waiting_ships: Ships that cost demurrage, ().
    """

    harbour: Harbour
    tanks: Tanks
    received_t: Float[Array, " K"]
    waiting_ships: Float[Array, ""]


def level_m3(tanks: Tanks) -> Float[Array, " K"]:
    """Volume in each tank."""
    return (tanks.mass_t * SPECIFIC_M3_PER_T[None]).sum(-1)


def drawable_t(layout: Layout, tanks: Tanks) -> Float[Array, " K"]:
    """Mass above each tank's heel."""
    volume = level_m3(tanks)
    return tanks.mass_t.sum(-1) * jnp.clip(1.0 - layout.heel_m3 / jnp.maximum(volume, 1.0), 0.0)


def receiving(layout: Layout, harbour: Harbour) -> Bool[Array, " K"]:
    """Tanks that a berth fills or is about to."""
    return (harbour.tank[:, None] == np.arange(layout.tanks)[None]).any(0)


def expected_h(ships: Ship, hour: Int[Array, ""]) -> Float[Array, "*X"]:
    """The arrival as announced: the plan and the corrections given so far."""
    notice = jnp.broadcast_to(np.array(NOTICE_H, np.float32), ships.revision_h.shape)
    given = (ships.arrival_h - hour.astype(jnp.float32))[..., None] <= notice
    return ships.planned_h + jnp.where(given, ships.revision_h, 0.0).sum(-1)


def look_out(scenario: Scenario, harbour: Harbour, hour: Int[Array, ""]) -> Harbour:
    """Find the first ships at anchor and the next to arrive."""
    table = harbour.table
    size = table.shape[0]
    each = np.arange(size, dtype=np.int32)
    now_h = hour.astype(jnp.float32)
    here = table[:, Ship._fields.index("arrival_h")] <= now_h
    anchored = here & ~harbour.called
    numbers = []
    last = jnp.full((), -1, jnp.int32)
    for _ in range(WAITING):
        last = jnp.where(anchored & (each > last), each, size).min()
        numbers.append(last)
    arrived = here.sum().astype(jnp.int32)
    for ahead in range(ANNOUNCED):
        number = arrived + ahead
        planned = table[jnp.minimum(number, size - 1), Ship._fields.index("planned_h")]
        known = (number < size) & (planned - 24 * scenario.ships.nominated_d <= now_h)
        numbers.append(jnp.where(known, number, size))
    number = jnp.stack(numbers)
    row = table[jnp.minimum(number, size - 1)]
    return harbour._replace(number=number, view=jnp.where((number < size)[:, None], row, 0.0))


def may_berth(
    scenario: Scenario, layout: Layout, harbour: Harbour, tanks: Tanks, feeding: Bool[Array, " K"]
) -> Bool[Array, "B A"]:
    """Which macro-actions each berth may choose: waiting always, ships into tanks that take them."""
    room = layout.high_m3 - level_m3(tanks) >= scenario.berths.unloading_m3_per_h
    free = room & ~feeding & ~receiving(layout, harbour)
    occupied = harbour.berthed[:, CARGO] > 0
    present = harbour.number[:WAITING] < harbour.table.shape[0]
    # With cargo left, only the berth's own ship, which stands in the first ship's place.
    first = np.arange(WAITING) == 0
    ship = jnp.where(occupied[:, None], first, present)
    into = (ship[:, :, None] & free[None, None]).reshape(layout.berths, -1)
    return jnp.concatenate([jnp.ones((layout.berths, 1), bool), into], 1)


def call_ships(
    scenario: Scenario,
    layout: Layout,
    harbour: Harbour,
    deciding: Bool[Array, " B"],
    macro: Int[Array, " B"],
    allowed: Bool[Array, "B A"],
    feeding: Bool[Array, " K"],
) -> tuple[Harbour, Int[Array, " B"]]:
    """Put the berths' choices in force.

    A berth whose choice is not allowed, or goes for a tank that feeds or that an earlier berth
    has just taken, or for the ship that an earlier berth has just called, waits for an hour.

    Args:
        scenario: Of the centre.
        layout: Of the centre.
        harbour: Before.
        deciding: Berths that decide now.
        macro: What they chose.
        allowed: What they may choose by the state.
        feeding: Tanks that feed in this hour, by a choice just made too.

    Returns:
        The harbour, and the macro-actions that are carried out.
    """
    tanks = np.arange(layout.tanks)
    taken, called = feeding, harbour.called
    ships_gone = jnp.zeros(WAITING, bool)
    rows, targets, lefts, macros = [], [], [], []
    for berth in range(layout.berths):
        wanted = macro[berth]
        # Indexing compares: a number out of range matches nothing, so it is not allowed.
        legal = ((wanted == np.arange(layout.berth_actions)) & allowed[berth]).any()
        second = wanted > layout.tanks
        tank = wanted - 1 - jnp.where(second, layout.tanks, 0)
        into = tanks == tank
        occupied = harbour.berthed[berth, CARGO] > 0
        ship = (np.arange(WAITING) == second.astype(jnp.int32)) & ~occupied
        free = ~(into & taken).any() & ~(ship & ships_gone).any()
        goes = deciding[berth] & legal & (wanted != WAIT) & free
        refused = deciding[berth] & ~goes & ~(legal & (wanted == WAIT))
        takes = goes & ~occupied
        taken = taken | (into & goes)
        ships_gone = ships_gone | (ship & goes)
        row = jnp.where(second, harbour.view[1], harbour.view[0])
        number = jnp.where(second, harbour.number[1], harbour.number[0])
        called = called | ((np.arange(called.shape[0]) == number) & takes)
        rows.append(jnp.where(takes, row, harbour.berthed[berth]))
        targets.append(jnp.where(goes, tank, harbour.tank[berth]))
        wait = jnp.where(refused, 1, scenario.berths.wait_h)
        # A ship that lies at the berth already goes on into the next tank at once.
        begin = jnp.where(goes, jnp.where(occupied, 0, scenario.berths.berthing_h), wait)
        lefts.append(jnp.where(deciding[berth], begin, harbour.left_h[berth]))
        macros.append(jnp.where(refused, WAIT, wanted))
    harbour = harbour._replace(
        called=called,
        berthed=jnp.stack(rows),
        tank=jnp.stack(targets).astype(jnp.int32),
        left_h=jnp.stack(lefts).astype(jnp.int32),
    )
    return harbour, jnp.stack(macros)


def unload(
    scenario: Scenario,
    layout: Layout,
    harbour: Harbour,
    tanks: Tanks,
    drawn_t: Float[Array, " K"],
    hour: Int[Array, ""],
) -> Unloaded:
    """Draw the feed, unload for an hour, let tanks rest, and count ships beyond their laytime.

    Args:
        scenario: Of the centre.
        layout: Of the centre.
        harbour: With the choices in force.
        tanks: Before.
        drawn_t: Taken out of each tank.
        hour: Which hour this is.
    """
    total = tanks.mass_t.sum(-1)
    real = tanks.mass_t / jnp.maximum(total, 1e-3)[:, None]
    left = tanks.mass_t - drawn_t[:, None] * real

    ship = unpacked(harbour.berthed)
    runs = (harbour.tank >= 0) & (harbour.left_h == 0)
    into = (harbour.tank[:, None] == np.arange(layout.tanks)[None]) & runs[:, None]
    volume = (left * SPECIFIC_M3_PER_T[None]).sum(-1)
    room = jnp.where(into, layout.high_m3 - volume, 0.0).sum(-1)
    t_per_m3 = 1.0 / jnp.maximum((ship.piona * SPECIFIC_M3_PER_T[None]).sum(-1), 1e-3)
    flow = jnp.clip(room, 0.0, scenario.berths.unloading_m3_per_h) * t_per_m3
    amount = jnp.where(runs, jnp.minimum(ship.cargo_t, flow), 0.0)
    poured = jnp.where(into, amount[:, None], 0.0)
    received = poured.sum(0)
    mass = left + (poured[:, :, None] * ship.piona[:, None, :]).sum(0)

    # What a mixture is known to be: what was known of the tank and what the certificate says.
    stock = left.sum(-1)
    declared = (poured[:, :, None] * ship.declared[:, None, :]).sum(0)
    mixed = (tanks.known * stock[:, None] + declared) / jnp.maximum(stock + received, 1e-3)[:, None]
    filled = received > 0
    rest = jnp.where(filled, scenario.release.rest_h, jnp.maximum(tanks.rest_h - 1, 0)).astype(
        jnp.int32
    )
    released = (rest == 0) & (tanks.rest_h > 0)
    known = jnp.where(filled[:, None], mixed, jnp.where(released[:, None], real, tanks.known))

    cargo = ship.cargo_t - amount
    now_h = hour.astype(jnp.float32)
    there = (harbour.berthed[:, CARGO] > 0) & (now_h >= ship.free_until_h)
    table = unpacked(harbour.table)
    at_anchor = (table.arrival_h <= now_h) & (now_h >= table.free_until_h) & ~harbour.called

    left_h = jnp.maximum(harbour.left_h - 1, 0)
    # Full within rounding, or empty: the macro-action has ended.
    full = room - amount / t_per_m3 <= FULL_M3
    ends = runs & ((cargo <= 0) | full)
    berthed = jnp.concatenate(
        [harbour.berthed[:, :CARGO], cargo[:, None], harbour.berthed[:, CARGO + 1 :]], 1
    )
    return Unloaded(
        harbour=harbour._replace(
            berthed=berthed, tank=jnp.where(ends, -1, harbour.tank), left_h=left_h
        ),
        tanks=Tanks(mass, known, rest),
        received_t=received,
        waiting_ships=(there.sum() + at_anchor.sum()).astype(jnp.float32),
    )


def deciding_berths(harbour: Harbour) -> Bool[Array, " B"]:
    """Berths that neither unload nor wait."""
    return (harbour.tank < 0) & (harbour.left_h == 0)
