"""A centre's future as one could imagine it: what is known stays, what nobody can know is drawn."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.harbour import look_out, receiving
from shiftwork.plants.centre.start import (
    NOTICE_H,
    free_until,
    grades,
    packed,
    revisions,
    unpacked,
    whole,
)
from shiftwork.plants.centre.state import CentreState, Ship, Tanks

PIONA = slice(7, 12)
"""The columns of a ship's row that hold what it really brings."""
HALF = 0.5**0.5
"""Of two errors that are equally large, so much is left once one of them is known."""


def imagined(plant: Centre, state: CentreState, key: PRNGKeyArray) -> CentreState:
    """Draw what nobody can know: arrivals to come, ships to come, what ships and resting tanks really hold.

    Kept are ships at anchor and at berths, notices that were given, certificates, released tanks, prices of now.
    The layer of coke is kept too: tube temperatures tell most of it.

    Args:
        plant: The centre.
        state: Where it stands.
        key: Random key.
    """
    ship_key, tank_key = jax.random.split(key)
    harbour = state.harbour
    before = unpacked(harbour.table)
    now_h = state.hour.astype(jnp.float32)
    here = before.arrival_h <= now_h
    in_view = (np.arange(len(here))[:, None] == harbour.number[None]).any(1)
    ships = _ships(plant, before, here, here | in_view, now_h, ship_key)
    table = packed(ships)
    # Ships that are here come first, in the same order: whether they were called still stands in place.
    table = table[jnp.argsort(ships.arrival_h)]
    berthed = unpacked(harbour.berthed)
    at_berth = jnp.abs(berthed.planned_h[:, None] - before.planned_h[None]).argmin(1)
    berthed_rows = harbour.berthed.at[:, PIONA].set(ships.piona[at_berth])
    tanks = _tanks(plant, state.tanks, receiving(plant.layout, harbour), tank_key)
    harbour = look_out(
        plant.scenario, harbour._replace(table=table, berthed=berthed_rows), state.hour
    )
    return state._replace(harbour=harbour, tanks=tanks)


def _ships(
    plant: Centre,
    ships: Ship,
    here: Bool[Array, " S"],
    known: Bool[Array, " S"],
    now_h: Float[Array, ""],
    key: PRNGKeyArray,
) -> Ship:
    rules, layout = plant.scenario.ships, plant.layout
    revision_key, grade_key, true_key, declared_key, cargo_key = jax.random.split(key, 5)
    notice = jnp.asarray(NOTICE_H)[None]
    told = (ships.arrival_h - now_h)[:, None] <= notice
    revision = revisions(rules, jax.random.normal(revision_key, told.shape))
    revision = jnp.where(told, ships.revision_h, revision)
    # A notice that was given says that a ship is near, one that was not that it is farther away.
    nearest_h = now_h + jnp.where(told, 0.0, notice).max(-1) + 1.0
    farthest_h = now_h + jnp.where(told, notice, jnp.inf).min(-1)
    drawn = jnp.ceil(ships.planned_h + revision.sum(-1))
    arrival = jnp.where(told.all(-1), ships.arrival_h, jnp.clip(drawn, nearest_h, farthest_h))
    last = arrival - ships.planned_h - revision[:, :-1].sum(-1)
    revision = revision.at[:, -1].set(jnp.where(told[:, -1], revision[:, -1], last))
    noise = rules.assay_sigma / 100
    # Given a certificate, the truth lies about half way to what its grade usually is.
    usual = jnp.asarray(layout.grade_piona)
    nearest = jnp.abs(ships.declared[:, None] - usual[None]).sum(-1).argmin(-1)
    likely = 0.5 * (ships.declared + usual[nearest])
    away = noise * jax.random.normal(true_key, likely.shape)
    new = whole(grades(layout, len(here), grade_key) + away)
    true = jnp.where(known[:, None], whole(likely + HALF * away), new)
    declared = whole(true + noise * jax.random.normal(declared_key, likely.shape))
    cargo = jax.random.uniform(
        cargo_key, here.shape, minval=rules.cargo_t[0], maxval=rules.cargo_t[1]
    )
    return Ship(
        arrival_h=arrival,
        planned_h=ships.planned_h,
        free_until_h=jnp.where(
            here, ships.free_until_h, free_until(rules, ships.planned_h, arrival)
        ),
        cargo_t=jnp.where(known, ships.cargo_t, cargo),
        revision_h=revision,
        piona=true,
        declared=jnp.where(known[:, None], ships.declared, declared),
    )


def _tanks(plant: Centre, tanks: Tanks, filling: Bool[Array, " K"], key: PRNGKeyArray) -> Tanks:
    """What a tank that was not released yet really holds lies about what certificates say."""
    noise = plant.scenario.ships.assay_sigma / 100
    away = HALF * noise * jax.random.normal(key, tanks.known.shape)
    unsure = (tanks.rest_h > 0) | filling
    mass = tanks.mass_t.sum(-1, keepdims=True) * whole(tanks.known + away)
    return tanks._replace(mass_t=jnp.where(unsure[:, None], mass, tanks.mass_t))
