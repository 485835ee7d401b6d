"""Recipes: which tanks may feed, which do, and when a recipe ends."""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from shiftwork.plants.centre.harbour import drawable_t, receiving
from shiftwork.plants.centre.layout import NO_RECIPE, Layout
from shiftwork.plants.centre.scenario import Scenario
from shiftwork.plants.centre.state import Blend, Harbour, Tanks

SPEC_SLACK = 1e-4
"""Mass fraction by which rounding may leave the specification."""


class Chosen(NamedTuple):
    """A recipe put in force.

    Attributes:
        blend: With it.
        switched: One recipe has followed another, ().
        step_pct: Wt % of the blend that changed class, ().
        off_spec: The blend lies outside its specification, ().
    """

    blend: Blend
    switched: Bool[Array, ""]
    step_pct: Float[Array, ""]
    off_spec: Bool[Array, ""]


def ready_t(layout: Layout, tanks: Tanks, harbour: Harbour) -> Float[Array, " K"]:
    """What may be drawn now: above the heel, settled, released, not being filled."""
    rests = (tanks.rest_h > 0) | receiving(layout, harbour)
    return jnp.where(rests, 0.0, drawable_t(layout, tanks))


def may_blend(
    scenario: Scenario, layout: Layout, tanks: Tanks, harbour: Harbour
) -> Bool[Array, " R"]:
    """Which recipes may be chosen: those that last for an hour at full feed, within specification.

    If none is within, all that last; if none lasts, "none" alone.
    """
    ready = ready_t(layout, tanks, harbour)
    lasts = (ready[None] >= layout.recipes * layout.most_feed_t_per_h).all(1)
    lasts &= np.arange(len(layout.recipes)) != NO_RECIPE
    blends = jnp.matmul(layout.recipes, tanks.known, precision="highest")
    good = lasts & _in_spec(scenario, blends)
    allowed = jnp.where(good.any(), good, lasts)
    return allowed.at[NO_RECIPE].set(~lasts.any())


def choose_recipe(
    scenario: Scenario,
    layout: Layout,
    blend: Blend,
    tanks: Tanks,
    deciding: Bool[Array, ""],
    macro: Int[Array, ""],
    allowed: Bool[Array, " R"],
) -> Chosen:
    """Put blending's choice in force.

    If it is not allowed, the recipe in force goes on, or the first that is allowed.
    """
    each = np.arange(len(layout.recipes), dtype=np.int32)
    legal = ((macro == each) & allowed).any()
    goes_on = ((blend.recipe == each) & allowed).any()
    first = jnp.where(allowed, each, len(each)).min()
    wanted = jnp.where(legal, macro, jnp.where(goes_on, blend.recipe, first))
    recipe = jnp.where(deciding, wanted, blend.recipe).astype(jnp.int32)
    share = jnp.asarray(layout.recipes)[recipe]
    composition = tanks.mass_t / jnp.maximum(tanks.mass_t.sum(-1), 1e-3)[:, None]
    mixed = (share[:, None] * composition).sum(0)
    feeds = recipe != NO_RECIPE
    piona = jnp.where(feeds, mixed, blend.piona)
    # Nothing is switched, and no furnace feels a step, where there was no feed before.
    switched = feeds & (blend.recipe != NO_RECIPE) & (recipe != blend.recipe)
    lasts = jnp.where(feeds, scenario.blending.recipe_h, 1)
    return Chosen(
        blend=Blend(
            recipe=recipe,
            share=share,
            left_h=jnp.where(deciding, lasts, blend.left_h).astype(jnp.int32),
            piona=piona,
        ),
        switched=switched,
        step_pct=jnp.where(switched, 50.0 * jnp.abs(piona - blend.piona).sum(), 0.0),
        off_spec=feeds & ~_in_spec(scenario, piona),
    )


def after_hour(layout: Layout, blend: Blend, tanks: Tanks) -> Blend:
    """Count down; a recipe ends as well when one of its tanks will not last another hour."""
    lasts = (drawable_t(layout, tanks) >= blend.share * layout.most_feed_t_per_h).all()
    return blend._replace(left_h=jnp.where(lasts, jnp.maximum(blend.left_h - 1, 0), 0))


def _in_spec(scenario: Scenario, piona: Float[Array, "*X 5"]) -> Bool[Array, "*X"]:
    rules = scenario.blending
    low = jnp.asarray(rules.spec_low, jnp.float32) / 100 - SPEC_SLACK
    high = jnp.asarray(rules.spec_high, jnp.float32) / 100 + SPEC_SLACK
    low, high = (jnp.broadcast_to(limit, piona.shape) for limit in (low, high))
    return ((piona >= low) & (piona <= high)).all(-1)
