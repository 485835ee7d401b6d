"""The harbour desk: the first waiting ship into the first tank with room."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from shiftwork.people.centre.crew import Person
from shiftwork.plants.centre.blending import ready_t
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.harbour import CARGO, level_m3
from shiftwork.plants.centre.layout import WAITING
from shiftwork.plants.centre.start import unpacked
from shiftwork.plants.centre.state import CentreState

WANTED, NOT_WANTED = 10.0, -10.0
"""Waiting is worth 0; what is wanted comes before it and the rest after it."""
LITTLE_H = 6.0
"""Hours of feed that are not worth keeping a tank for."""
LAYTIME_LEAD_H = 12.0
"""How much sooner the second ship must begin to cost for someone to take it first."""


def wish_of_berths(
    plant: Centre, state: CentreState, person: Person, mood: Float[Array, ""]
) -> Float[Array, "B A"]:
    """How much each macro-action of each berth is liked, allowed or not.

    A tank is filled if there is enough room in it or the ship is about to cost, and if enough
    released stock stays beside it. Among such tanks habit decides: the first by number, the
    emptiest, or the one that holds the like.
    """
    layout, harbour, tanks = plant.layout, state.harbour, state.tanks
    usable = layout.high_m3 - layout.heel_m3
    room = (layout.high_m3 - level_m3(tanks)) / usable
    ready = ready_t(layout, tanks, harbour)
    ready_h = ready / layout.most_feed_t_per_h
    # A tank that holds hardly anything released takes nothing away.
    stays = (ready_h.sum() - ready_h >= person.reserve_h) | (ready_h <= LITTLE_H)
    order = 1.0 - jnp.arange(layout.tanks) / layout.tanks

    at_berth, view = unpacked(harbour.berthed), unpacked(harbour.view)
    occupied = harbour.berthed[:, CARGO] > 0
    # The ship that each half of the macro-actions is about, (B, 2).
    free_until = jnp.where(
        occupied[:, None], at_berth.free_until_h[:, None], view.free_until_h[:WAITING]
    )
    declared = jnp.where(
        occupied[:, None, None], at_berth.declared[:, None], view.declared[:WAITING]
    )
    hurry = free_until - state.hour.astype(jnp.float32) <= person.hurry_h - 6.0 * mood
    unlike = jnp.abs(_paraffins(declared)[..., None] - _paraffins(tanks.known)[None, None])
    # What is already in a nearly empty tank does not matter.
    unlike = unlike * (1.0 - room)[None, None]
    liking = (
        (person.by_number * order + person.by_level * room)[None, None]
        - 10.0 * person.by_likeness * unlike
        + jnp.where(ready > 0, -1.0, 0.0)[None, None]
    )
    worth = hurry[..., None] | (room >= person.room_share)[None, None]
    wanted = worth & stays[None, None]
    sooner = free_until[:, 1] < free_until[:, 0] - LAYTIME_LEAD_H
    second = jnp.where(sooner & (person.looks_at_laytime > 0.5), 3.0, -3.0)
    turn = jnp.stack([jnp.zeros_like(second), second], 1)[..., None]
    wish = jnp.where(wanted, WANTED + liking + turn, NOT_WANTED)
    wait = jnp.zeros((layout.berths, 1))
    return jnp.concatenate([wait, wish.reshape(layout.berths, -1)], 1)


def _paraffins(piona: Float[Array, "*X 5"]) -> Float[Array, "*X"]:
    return piona[..., 0] + piona[..., 1]
