"""The panel desk: temperature by habit, feed by stock, decoke by age and tubes, one at a time."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from shiftwork.people.centre.crew import Person
from shiftwork.plants.centre.blending import ready_t
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.harbour import drawable_t
from shiftwork.plants.centre.market import log_leaders
from shiftwork.plants.centre.state import CRACKING, CentreState, Furnaces
from shiftwork.plants.cracker.prices import LEADERS

USUAL_PARAFFINS = 0.73
"""Of the feed that habits were formed on."""
ETHYLENE = LEADERS.index("ethylene")
WORTH_C = 6.0
"""Nobody moves the outlet temperature for less."""
STRIDE_C = 10.0
"""Nobody moves it further at once."""
NURSE_C = 18.0
"""Below the end of run by so much, tubes begin to be nursed."""
URGENT_C = 9.0
"""Above the end of run by so much, nobody waits for the turn of others."""
LEAST_BETWEEN_D = 0.1
"""Days of stock between the least feed and the full one, at the least."""
STOP, DECOKE = 20.0, 30.0
"""Liking of what goes before any set-point."""


def wish_of_furnaces(
    plant: Centre,
    state: CentreState,
    person: Person,
    mood: Float[Array, ""],
    deciding: Bool[Array, " H"],
    noise: Float[Array, " H"],
) -> Float[Array, "H A"]:
    """How much each macro-action of each furnace agent is liked, allowed or not.

    Args:
        plant: The centre.
        state: As it is.
        person: At the panel.
        mood: Of that person.
        deciding: Agents that decide now; of those due for a decoke the ripest goes first.
        noise: Standard normal: nobody sets two furnaces quite alike.
    """
    layout, furnaces = plant.layout, state.furnaces
    each = plant.scenario.furnace_agents == "each"
    wanted_c = _outlet_c(plant, state, person, mood, noise)
    wanted_feed = _feed(plant, state, person)
    set_c, tube_c = furnaces.cot_set_c, furnaces.tube_c
    if not each:
        set_c, tube_c = set_c[:1], tube_c.max(keepdims=True)
    hot = jnp.clip((tube_c - (person.end_c - NURSE_C)) / NURSE_C, 0.0, 1.0)
    wish_c = wanted_c - person.nursing_c * hot
    stride = jnp.clip(wish_c - set_c, -STRIDE_C, STRIDE_C)
    aim_c = jnp.where(jnp.abs(wish_c - set_c) < WORTH_C, set_c, set_c + stride)
    points = layout.set_points
    off_c = jnp.abs(points[None, :, 0] - aim_c[:, None])
    off = off_c / 10.0 + jnp.abs(points[None, :, 1] - wanted_feed) / 4.0

    due = _due(furnaces, person)
    if each:
        ripe = due & deciding & (furnaces.mode == CRACKING)
        rank = jnp.where(ripe, furnaces.tube_c + furnaces.clean_h / 24.0, 0.0)
        first = ripe & (rank == rank.max())
        stop = jnp.broadcast_to(_starving(plant, state, person), first.shape)
        further = jnp.stack([jnp.where(first, DECOKE, -DECOKE), jnp.where(stop, STOP, -STOP)], 1)
    else:
        old = due & (furnaces.clean_h >= 24.0 * person.oldest_run_d)
        hottest = due & ~old
        further = jnp.where(jnp.stack([old.any(), hottest.any()])[None], DECOKE, -DECOKE)
    return jnp.concatenate([-off, further], 1)


def _outlet_c(
    plant: Centre,
    state: CentreState,
    person: Person,
    mood: Float[Array, ""],
    noise: Float[Array, " H"],
) -> Float[Array, " H"]:
    """Outlet temperature that habit and rules of thumb ask for."""
    log = log_leaders(plant.scenario, state.log_price)
    ethylene_over_naphtha = jnp.clip((log[ETHYLENE] - log[0]) / 0.1, -2.5, 2.5)
    paraffins = state.blend.piona[0] + state.blend.piona[1]
    usual = (
        person.cot_c
        + 3.0 * mood
        + person.price_gain_c * ethylene_over_naphtha
        + person.paraffin_gain_c * (paraffins - USUAL_PARAFFINS) / 0.1
    )
    return usual + 2.0 * noise


def _feed(plant: Centre, state: CentreState, person: Person) -> Float[Array, ""]:
    """Feed of each furnace: full with stock enough, else less; eased at a shared limit."""
    layout = plant.layout
    most = layout.most_feed_t_per_h
    levels = jnp.asarray(plant.scenario.furnaces.feed_levels_t_per_h, jnp.float32)
    cover_d = drawable_t(layout, state.tanks).sum() / most / 24.0
    # Rules that a search tries may have the two crossed; more stock never means less feed.
    between_d = jnp.maximum(person.full_cover_d - person.low_cover_d, LEAST_BETWEEN_D)
    share = (cover_d - person.low_cover_d) / between_d
    feed = levels[0] + (levels[-1] - levels[0]) * jnp.clip(share, 0.0, 1.0)
    eased = state.load.max() > person.ease_load
    return feed - jnp.where(eased, 0.5 * (levels[-1] - levels[0]), 0.0)


def _starving(plant: Centre, state: CentreState, person: Person) -> Bool[Array, ""]:
    """Hardly any released stock, and none to be released in time."""
    layout, tanks = plant.layout, state.tanks
    ready = ready_t(layout, tanks, state.harbour)
    in_time = tanks.rest_h.astype(jnp.float32) <= person.stop_cover_h
    soon = jnp.where(in_time, drawable_t(layout, tanks), 0.0)
    return jnp.maximum(ready, soon).sum() < person.stop_cover_h * layout.most_feed_t_per_h


def _due(furnaces: Furnaces, person: Person) -> Bool[Array, " F"]:
    """Old or hot, and not too soon after another; very hot goes anyway."""
    cracks = furnaces.mode == CRACKING
    old = furnaces.clean_h >= 24.0 * person.oldest_run_d
    hot = furnaces.tube_c >= person.end_c
    since_last_h = jnp.where(cracks, furnaces.clean_h, jnp.inf).min()
    in_turn = since_last_h >= 24.0 * person.stagger_d
    urgent = furnaces.tube_c >= person.end_c + URGENT_C
    return cracks & (((old | hot) & in_turn) | urgent)
