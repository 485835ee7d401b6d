"""Ship papers: what the centre's people knew of each ship, and from when on.

A ship is nominated with its cargo and the certificate of it, its agent corrects the announced arrival
three times, and with its arrival the end of its laytime stands. Nothing of what it really brings is here.
"""

from __future__ import annotations

import math
from datetime import datetime

import numpy as np
import polars as pl

from shiftwork.people.centre.signals import CLASSES_SHOWN
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.start import NOTICE_H
from shiftwork.plants.centre.trace import CentreTrace

NOMINATED, NOTICE, ARRIVED = "nominated", "notice", "arrived"


def ship_papers(plant: Centre, trace: CentreTrace, begin: datetime) -> pl.DataFrame:
    """List what became known of the ships of an episode.

    Columns: timestamp, from when on it was known; ship, counted by arrival from 1, as in the shift
    log; paper ("nominated", "notice", "arrived"); expected, the arrival as announced, or as it was;
    cargo_t; laytime_ends, of a ship that has arrived; the certificate's classes in wt %. What was known
    before the record begins stands at its beginning.

    Args:
        plant: The centre.
        trace: One episode, as NumPy arrays.
        begin: When it began.
    """
    ships, rows = trace.ships, []
    hours = len(trace.hours.hour)
    ahead_h = 24.0 * plant.scenario.ships.nominated_d
    for number in range(len(ships.arrival_h)):
        arrival, planned = float(ships.arrival_h[number]), float(ships.planned_h[number])
        nominated = max(math.ceil(min(planned - ahead_h, arrival)), 0)
        notices = [max(math.ceil(arrival - notice), 0) for notice in NOTICE_H]
        known = {nominated: NOMINATED}
        known |= {hour: NOTICE for hour in notices if nominated < hour < arrival}
        known[max(int(arrival), 0)] = ARRIVED
        for hour, paper in known.items():
            given = np.array([notice <= hour for notice in notices])
            announced = planned + float((ships.revision_h[number] * given).sum())
            arrived = paper == ARRIVED
            certificate = 100.0 * np.asarray(ships.declared[number], np.float64)
            rows.append(
                (
                    hour,
                    number + 1,
                    paper,
                    arrival if arrived else announced,
                    float(ships.cargo_t[number]),
                    float(ships.free_until_h[number]) if arrived else None,
                    *(round(float(certificate[column]), 2) for column in CLASSES_SHOWN.values()),
                )
            )
    rows.sort(key=lambda row: row[:2])
    schema: dict[str, type[pl.DataType]] = {
        "hour": pl.Int64, "ship": pl.Int64, "paper": pl.String, "expected_h": pl.Float64,
        "cargo_t": pl.Float64, "laytime_h": pl.Float64, **dict.fromkeys(CLASSES_SHOWN, pl.Float64),
    }  # fmt: skip
    frame = pl.DataFrame(rows, schema=schema, orient="row").filter(pl.col("hour") < hours)

    def stamp(column: str) -> pl.Expr:
        return pl.lit(begin) + pl.duration(seconds=(3600 * pl.col(column)).round().cast(pl.Int64))

    return frame.select(
        stamp("hour").alias("timestamp"),
        "ship",
        "paper",
        stamp("expected_h").dt.strftime("%Y-%m-%dT%H:%M:%SZ").alias("expected"),
        pl.col("cargo_t").round(1),
        stamp("laytime_h").dt.strftime("%Y-%m-%dT%H:%M:%SZ").alias("laytime_ends"),
        *CLASSES_SHOWN,
    )
