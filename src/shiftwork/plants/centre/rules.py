"""Every rule and balance that a centre keeps, checked from one hour to the next.

Nothing that agents choose, legal or not, may break any of them: tests and ``benchmarks.centre_rules``
play at random and look.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool

from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.harbour import CARGO, level_m3
from shiftwork.plants.centre.state import CRACKING, DECOKING, QUEUED, CentreState
from shiftwork.plants.cracker.furnace import LIQUID
from shiftwork.plants.team_plant import TeamStep


def broken_rules(plant: Centre, before: CentreState, after: TeamStep) -> dict[str, Bool[Array, ""]]:
    """Say which rules an hour has broken; pure, for ``jit`` and ``vmap``.

    Args:
        plant: The centre.
        before: The state in which macro-actions were chosen.
        after: What the plant made of them.

    Returns:
        Each rule's name with whether it is broken.
    """
    layout, scenario, state, info = plant.layout, plant.scenario, after.state, after.info
    level = level_m3(state.tanks)
    filled, share = state.harbour.tank, state.blend.share
    tanks = np.arange(layout.tanks)[None]
    being_filled = (filled[:, None] == tanks).any(0)
    one_tank_each = (filled[:, None] == tanks).sum(0) <= 1
    furnaces, old = state.furnaces, before.furnaces
    at_work = (furnaces.mode == DECOKING).sum()
    cracking, cracked = (furnaces.mode == CRACKING).sum(), (old.mode == CRACKING).sum()
    floor = jnp.minimum(cracked, scenario.furnaces.cracking_at_least)
    ship, was = state.harbour.berthed, before.harbour.berthed
    changed_ship = (ship[:, 0] != was[:, 0]) | (ship[:, 12] != was[:, 12])
    ramp = jnp.abs(furnaces.feed_t_per_h - old.feed_t_per_h) > (
        scenario.furnaces.feed_ramp_t_per_h + 1e-3
    )
    stopped = furnaces.feed_t_per_h == 0
    recipe = info["macro_action"][layout.berths]
    # A tank that fed in this hour was neither resting nor full of somebody's cargo.
    fed = jnp.asarray(layout.recipes)[recipe] > 0
    counted = jnp.concatenate(
        [x.reshape(-1).astype(jnp.float32) for x in jax.tree.leaves((state, after[1:]))
         if jnp.issubdtype(x.dtype, jnp.floating)]
    )  # fmt: skip
    return {
        "level below heel": (level < layout.heel_m3 - 0.1).any(),
        "level above high": (level > layout.high_m3 + 0.1).any(),
        "negative mass": (state.tanks.mass_t < -1e-3).any(),
        "composition not whole": (jnp.abs(state.tanks.known.sum(-1) - 1) > 1e-4).any(),
        "empty mask": ~after.mask.any(1).all(),
        "two berths, one tank": ~one_tank_each.all(),
        "fills a feeding tank": (being_filled & (share > 0) & ~after.decided[layout.berths]).any()
        | (fed & (before.harbour.tank[:, None] == tanks).any(0)).any(),
        "feeds a resting tank": (fed & (before.tanks.rest_h > 0)).any(),
        "two cargoes at a berth": (changed_ship & (was[:, CARGO] > 0)).any(),
        "cargo grows": ((ship[:, CARGO] > was[:, CARGO]) & (was[:, CARGO] > 0)).any(),
        "ship uncalled": (before.harbour.called & ~state.harbour.called).any(),
        "unknown mode": ((furnaces.mode < 0) | (furnaces.mode > QUEUED)).any(),
        "too many decokes": at_work > scenario.furnaces.decokes_at_once,
        "too few cracking": cracking + info["forced"].sum() < floor,
        "decokes under feed": ((old.mode == DECOKING) & (furnaces.coke_mm == 0)
                               & (old.coke_mm > 0) & ~stopped).any(),
        "feed beyond load": (furnaces.feed_t_per_h > LIQUID.feed_high_t_per_h).any(),
        "feed ramp": (ramp & ~stopped).any(),
        "COT beyond limits": ((furnaces.cot_c < LIQUID.cot_low_c)
                              | (furnaces.cot_c > LIQUID.cot_high_c)).any(),
        "COT ramp": (jnp.abs(furnaces.cot_c - old.cot_c)
                     > scenario.furnaces.cot_ramp_c_per_h + 1e-3).any(),
        "cracks too hot": (info["forced"] & (furnaces.feed_t_per_h > 0)).any(),
        "shared limit": (state.load > 1 + 1e-5).any(),
        "macro-action out of range": (info["macro_action"] < 0).any()
        | (info["macro_action"] >= jnp.array([len(m) for m in plant.macro_actions])).any(),
        "recipe lasts too long": state.blend.left_h >= scenario.blending.recipe_h,
        "naphtha balance": jnp.abs(info["residual_t"]) > 1e-4 * jnp.maximum(info["feed_t"], 40.0),
        "product balance": jnp.abs(info["ethane_residual_t"])
        > 1e-4 * jnp.maximum(info["feed_t"], 10.0),
        "drum": (state.gas.ethane_t < 0)
        | (state.gas.ethane_t > scenario.gas_furnaces.ethane_t + 1e-3),
        "not finite": ~jnp.isfinite(counted).all(),
        "terminal": after.terminal,
    }  # fmt: skip
