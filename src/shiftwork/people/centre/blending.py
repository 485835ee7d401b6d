"""The blending desk: the first released tank, nothing extreme, a new one when it runs low."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from shiftwork.people.centre.crew import Person
from shiftwork.plants.centre.blending import ready_t
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.harbour import level_m3
from shiftwork.plants.centre.state import CentreState

SHORT_H = 16.0
"""A recipe that lasts less than that is disliked: it would have to be changed at night."""


def wish_of_blending(
    plant: Centre, state: CentreState, person: Person, mood: Float[Array, ""]
) -> Float[Array, " R"]:
    """How much each recipe is liked, allowed or not.

    Rules of thumb: neither too light nor too heavy, rather one tank than two, rather the recipe
    in force than another, rather a tank by its turn or one that is nearly empty, no big step of
    quality, and always a tank left that a ship can go into.
    """
    layout, tanks, recipes = plant.layout, state.tanks, plant.layout.recipes
    known = tanks.known[:, 0] + tanks.known[:, 1]
    paraffins = jnp.matmul(recipes, known, precision="highest")
    extreme = _outside(person, paraffins)
    # An awkward tank goes along as long as there is another to make up for it.
    awkward = jnp.matmul(recipes, _outside(person, known), precision="highest")
    step = jnp.abs(paraffins - (state.blend.piona[0] + state.blend.piona[1]))
    level = (level_m3(tanks) - layout.heel_m3) / (layout.high_m3 - layout.heel_m3)
    order = 1.0 - jnp.arange(layout.tanks) / layout.tanks
    turn = person.by_number * order + person.by_level * (1.0 - level)
    needs = recipes * layout.most_feed_t_per_h
    lasts_h = jnp.where(
        recipes > 0, ready_t(layout, tanks, state.harbour)[None] / jnp.maximum(needs, 1e-6), jnp.inf
    ).min(1)
    short = jnp.maximum(1.0 - lasts_h / SHORT_H, 0.0)
    parts = (recipes > 0).sum(1)
    kept = np.arange(len(recipes)) == state.blend.recipe
    # Where all tanks feed, no ship can unload.
    blocked = parts == layout.tanks
    return (
        jnp.matmul(recipes, turn, precision="highest")
        + person.keeps * kept.astype(jnp.float32)
        - (person.simple + 0.3 * mood) * (parts - 1).astype(jnp.float32)
        - 30.0 * extreme
        + 25.0 * person.uses_up * awkward
        - 4.0 * person.skill * step
        - short
        - 2.0 * blocked.astype(jnp.float32)
    )


def _outside(person: Person, paraffins: Float[Array, " X"]) -> Float[Array, " X"]:
    """How far shares of paraffins lie outside what the person holds to be usual."""
    too_heavy = jnp.maximum(person.paraffin_low - paraffins, 0.0)
    return too_heavy + jnp.maximum(paraffins - person.paraffin_high, 0.0)
