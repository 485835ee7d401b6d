"""The plant at a moment of a recorded episode: what is where."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.layout import ANNOUNCED, WAITING
from shiftwork.plants.centre.trace import CentreTrace, tank_status
from shiftwork.plants.drawing.centre import HIGH, WIDE, paint_centre
from shiftwork.plants.drawing.centre_scene import Scene, ShipSeen, expected_of
from shiftwork.reports.paper.style import WIDTH_IN, styled


@styled
def plant_picture(plant: Centre, trace: CentreTrace, hour: int) -> Figure:
    """Draw the plant as it was at an hour.

    Args:
        plant: The centre.
        trace: One episode, as NumPy arrays.
        hour: Of the episode.
    """
    figure = Figure((WIDTH_IN, WIDTH_IN * HIGH / WIDE))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    paint_centre(axes, plant, scene_at(plant, trace, hour))
    return figure


def scene_at(plant: Centre, trace: CentreTrace, hour: int) -> Scene:
    """Look at the plant at an hour of an episode."""
    ships, hours, layout = trace.ships, trace.hours, plant.layout
    now = int(hours.hour[hour])
    rows = np.concatenate(
        [
            np.stack([ships.arrival_h, ships.planned_h, ships.free_until_h, ships.cargo_t], -1),
            ships.revision_h, ships.piona, ships.declared,
        ],
        -1,
    )  # fmt: skip
    here = ships.arrival_h <= now
    waiting = np.flatnonzero(here & ~hours.called[hour])[:WAITING]
    at_sea = np.flatnonzero(~here)[:ANNOUNCED]
    known = ships.planned_h[at_sea] - 24 * plant.scenario.ships.nominated_d <= now

    def seen(ship: int, cargo_t: float, until_h: float) -> ShipSeen:
        return ShipSeen(cargo_t, float(ships.declared[ship, :2].sum()), until_h)

    berthed: list[ShipSeen | None] = []
    for berth, ship in enumerate(hours.ship[hour]):
        # A ship that is just being called has its whole cargo aboard.
        left = float(hours.cargo_t[hour, berth]) or float(ships.cargo_t[ship])
        free = float(ships.free_until_h[ship]) - now
        berthed.append(seen(int(ship), left, free) if ship >= 0 else None)
    return Scene(
        hour=now,
        announced=tuple(
            seen(int(s), float(ships.cargo_t[s]), expected_of(rows[s], now)) for s in at_sea[known]
        ),
        anchored=tuple(
            seen(int(s), float(ships.cargo_t[s]), float(ships.free_until_h[s]) - now)
            for s in waiting
        ),
        berthed=tuple(berthed),
        tank=hours.tank[hour],
        full=hours.level_m3[hour] / layout.capacity_m3,
        paraffins=hours.known[hour, :, :2].sum(-1),
        status=tank_status(hours.tank[hour], hours.rest_h[hour], hours.share[hour]),
        rest_h=hours.rest_h[hour],
        share=hours.share[hour],
        mode=hours.mode[hour],
        feed_t_per_h=hours.feed_t_per_h[hour],
        cot_c=hours.cot_c[hour],
        tube_c=hours.tube_c[hour],
        clean_h=hours.clean_h[hour],
        decoke_left_h=np.full(layout.furnaces, -1),
        load=hours.load[hour],
        prices=hours.prices[hour, :3],
    )
