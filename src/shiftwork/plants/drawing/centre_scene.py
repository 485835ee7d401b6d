"""What a picture of a cracking centre shows, from the plant's state."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Array, Float, Int

from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.layout import SPECIFIC_M3_PER_T, WAITING
from shiftwork.plants.centre.start import NOTICE_H
from shiftwork.plants.centre.trace import tank_status
from shiftwork.plants.cracker.prices import TYPICAL_LEADERS


class ShipSeen(NamedTuple):
    """A ship.

    Attributes:
        cargo_t: Aboard.
        paraffins: By its certificate, mass fraction.
        hours: Until it is expected, or until it begins to cost.
    """

    cargo_t: float
    paraffins: float
    hours: float


class Scene(NamedTuple):
    """A centre at a moment. K tanks, B berths, F furnaces.

    Attributes:
        hour: Since the episode's start.
        announced: The next ships at sea.
        anchored: Ships at anchor.
        berthed: The ship at each berth, or None.
        tank: That each berth fills, or -1, (B,).
        full: Level of each tank by its capacity, (K,).
        paraffins: Of each tank, as known, (K,).
        status: FILLING, RESTING, RELEASED or FEEDING, (K,).
        rest_h: Until release, (K,).
        share: Of the feed, (K,).
        mode: Of each furnace, (F,).
        feed_t_per_h: (F,).
        cot_c: (F,).
        tube_c: (F,).
        clean_h: (F,).
        decoke_left_h: (F,); negative where it is not known.
        load: Share used of the compressor's and the steam limit, (2,).
        prices: Naphtha, ethylene, propylene, $/t, (3,).
    """

    hour: int
    announced: tuple[ShipSeen, ...]
    anchored: tuple[ShipSeen, ...]
    berthed: tuple[ShipSeen | None, ...]
    tank: Int[Array | np.ndarray, " B"]
    full: Float[Array | np.ndarray, " K"]
    paraffins: Float[Array | np.ndarray, " K"]
    status: Int[Array | np.ndarray, " K"]
    rest_h: Int[Array | np.ndarray, " K"]
    share: Float[Array | np.ndarray, " K"]
    mode: Int[Array | np.ndarray, " F"]
    feed_t_per_h: Float[Array | np.ndarray, " F"]
    cot_c: Float[Array | np.ndarray, " F"]
    tube_c: Float[Array | np.ndarray, " F"]
    clean_h: Float[Array | np.ndarray, " F"]
    decoke_left_h: Int[Array | np.ndarray, " F"]
    load: Float[Array | np.ndarray, " 2"]
    prices: Float[Array | np.ndarray, " 3"]


def scene_of(plant: Centre, state: Any) -> Scene:
    """Look at a centre.

    Args:
        plant: The centre.
        state: Of it, as NumPy arrays.
    """
    layout, hour = plant.layout, int(state.hour)
    harbour, tanks, furnaces = state.harbour, state.tanks, state.furnaces
    waiting = [row for row in harbour.view[:WAITING] if row[3] > 0]
    at_sea = [row for row in harbour.view[WAITING:] if row[3] > 0]
    log = np.asarray(state.log_price)
    log = log + plant.scenario.prices.passed_on * log[0] * (np.arange(len(log)) > 0)
    return Scene(
        hour=hour,
        announced=tuple(_ship(row, expected_of(row, hour)) for row in at_sea),
        anchored=tuple(_ship(row, row[2] - hour) for row in waiting),
        berthed=tuple(_ship(row, row[2] - hour) if row[3] > 0 else None for row in harbour.berthed),
        tank=np.asarray(harbour.tank),
        full=(tanks.mass_t * SPECIFIC_M3_PER_T).sum(-1) / layout.capacity_m3,
        paraffins=tanks.known[:, :2].sum(-1),
        status=tank_status(harbour.tank, tanks.rest_h, state.blend.share),
        rest_h=np.asarray(tanks.rest_h),
        share=np.asarray(state.blend.share),
        mode=np.asarray(furnaces.mode),
        feed_t_per_h=np.asarray(furnaces.feed_t_per_h),
        cot_c=np.asarray(furnaces.cot_c),
        tube_c=np.asarray(furnaces.tube_c),
        clean_h=np.asarray(furnaces.clean_h),
        decoke_left_h=np.asarray(furnaces.decoke_left_h),
        load=np.asarray(state.load),
        prices=(TYPICAL_LEADERS * np.exp(log))[:3],
    )


def expected_of(row: Float[np.ndarray, " 17"], hour: float) -> float:
    """Hours until a ship at sea is expected, as announced; overdue is now."""
    told = row[0] - hour <= np.array(NOTICE_H)
    return max(float(row[1] + (told * row[4:7]).sum()) - hour, 0.0)


def _ship(row: Float[np.ndarray, " 17"], hours: float | np.floating) -> ShipSeen:
    return ShipSeen(float(row[3]), float(row[12:14].sum()), float(hours))
