"""The coke on the tubes, estimated from what the panel shows, and the hottest tube to come.

Whoever guards a furnace (``envelope``) and whoever plans it (the optimum among the yardsticks) must
judge by one estimate: this one. The law of coking carries the estimate on, and each reading of the
pyrometer corrects it a little.
"""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from shiftwork.plants.cracker.furnace import Cracked, FurnaceDesign, crack
from shiftwork.plants.cracker.furnace_plant import (
    COT_RATE,
    FEED_RATE,
    STEAM_RATE,
    STEP_H,
    Reading,
)

MARGIN_C = 8.0
"""Kept between the hottest tube as it is foreseen and the limit."""
LEAST_GAIN = 0.1
"""Weight of a reading in the estimate of coke, however many there were before."""
KNOWN = 1e3
"""Readings that the certainty of clean tubes after a decoke is worth."""
COVERED_H = 1e4
"""Hours after which no bare metal is left; tube temperatures do not depend on it."""


def foreseen(
    design: FurnaceDesign,
    seen: Reading,
    coke_mm: Float[Array, ""],
    set_points: Float[Array, "U 3"],
) -> Float[Array, " U"]:
    """Hottest tube of the coming step for each choice of set-points, C.

    After the first hour, where feed may have risen before COT has fallen, and at the step's end.
    """
    now = jnp.stack([seen.feed_t_per_h, seen.cot_c, seen.steam_ratio])[None, None]
    rates = jnp.array([FEED_RATE, COT_RATE, STEAM_RATE])[None, None]
    hours = jnp.array([1.0, STEP_H])[:, None, None]
    feed, cot, steam = jnp.moveaxis(
        jnp.clip(set_points[None], now - hours * rates, now + hours * rates), -1, 0
    )
    coke, covered = jnp.full_like(feed, coke_mm), jnp.full_like(feed, COVERED_H)
    return crack(design, coke, covered, feed, cot, steam, seen.piona).tube_c.max(0)


def estimate(
    design: FurnaceDesign,
    coke_mm: Float[Array, ""],
    readings: Float[Array, ""],
    piona: Float[Array, " 5"],
    after: Reading,
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Carry the estimated coke over a step by the law of coking, and correct it by the reading.

    Args:
        design: Of the furnace.
        coke_mm: Estimate before the step, ().
        readings: That went into it, ().
        piona: The laboratory's mass fractions of the step's feed, known before the step, (5,).
        after: The panel after it.
    """

    def at(coke_mm: Float[Array, ""] | float) -> Cracked:
        coke = jnp.full_like(after.feed_t_per_h, coke_mm)
        return crack(
            design,
            coke,
            after.run_h,
            after.feed_t_per_h,
            after.cot_c,
            after.steam_ratio,
            piona,
        )

    clean_c, coked_c = at(0.0).tube_c, at(1.0).tube_c
    told_mm = (after.tube_c - clean_c) / jnp.maximum(coked_c - clean_c, 1.0)
    grown_mm = coke_mm + STEP_H * at(coke_mm).coke_mm_per_h
    decoking = after.decoke_left_h > 0
    # Without much feed a reading tells nothing.
    trusted = (after.feed_t_per_h >= 0.9 * design.feed_low_t_per_h) & ~decoking
    readings = jnp.where(decoking, KNOWN, readings + trusted.astype(jnp.float32))
    gain = jnp.where(trusted, jnp.maximum(1.0 / jnp.maximum(readings, 1.0), LEAST_GAIN), 0.0)
    grown_mm = jnp.where(decoking, 0.0, grown_mm + gain * (told_mm - grown_mm))
    return jnp.maximum(grown_mm, 0.0), readings
