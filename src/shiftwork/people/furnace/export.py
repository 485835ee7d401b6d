"""The furnace people's records as a plant historian exports them, and the plant file to read them.

Everything here is simulated, and says so: in the files' names, in the Parquet file's metadata and
in the plant file's name and first line.

What the plant's steps tell every four hours becomes what a historian keeps: actual values are
scanned once an hour on the straight line between two steps and compressed with the tag's dead-bands;
set-points, laboratory and prices are kept on change; accounting writes each step's margin, what
the standard would have earned, and what was set aside for the next decoke; now and then an instrument
fails. Each copy of the furnace is a year of its own, after some days without data.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, NamedTuple

import jax.numpy as jnp
import numpy as np
import polars as pl

from shiftwork.files import written_whole
from shiftwork.plants.cracker.furnace import FurnaceDesign
from shiftwork.plants.cracker.furnace_plant import STEP_H, Furnace
from shiftwork.plants.cracker.standard import accounted
from shiftwork.plants.run import Trajectory
from shiftwork.records.historian.compression import Compression, archived

START = datetime(2020, 1, 1, tzinfo=UTC)
BREAK_S = 4 * 86_400
"""Without data between two years: longer than the gap that ends an episode."""
SET_AFTER_S = 300
"""Operators set what they make of a step's readings five minutes later."""
SCAN_S, KEPT_AT_LEAST_S = 3600.0, 2 * 3600.0
FAILURES_PER_YEAR = 6.0
"""Of each instrument that is compressed; each lasts up to a day and a half."""
FAILED = ("I/O Timeout", "Bad Input", "Configure")

Kind = Literal["measured", "counted", "told"]


@dataclass(frozen=True)
class Signal:
    """An observation column of the furnace in the historian.

    Attributes:
        key: In the plant file.
        source: In the historian.
        kind: "measured" (scanned and compressed), "counted" (kept at every step) or "told" (kept
            when it changes).
        dead_band: Of exception reporting and again of compression, in its unit.
    """

    key: str
    source: str
    kind: Kind
    dead_band: float = 0.0


SIGNALS = (
    Signal("feed", "F101.FIC01.PV", "measured", 0.1),
    Signal("cot", "F101.TIC01.PV", "measured", 0.25),
    Signal("steam_ratio", "F101.FFC02.PV", "measured", 0.002),
    Signal("tube", "F101.TI90.PV", "measured", 0.5),
    Signal("run_time", "F101.KQ01.RUNHOURS", "counted"),
    Signal("decoke_left", "F101.KQ02.DECOKE", "counted"),
    Signal("n_paraffins", "LAB.NAPHTHA.NP", "told"),
    Signal("isoparaffins", "LAB.NAPHTHA.IP", "told"),
    Signal("olefins", "LAB.NAPHTHA.O", "told"),
    Signal("naphthenes", "LAB.NAPHTHA.N", "told"),
    Signal("aromatics", "LAB.NAPHTHA.A", "told"),
    Signal("price_naphtha", "ERP.PRICE.NAPHTHA", "told"),
    Signal("price_ethylene", "ERP.PRICE.ETHYLENE", "told"),
    Signal("price_propylene", "ERP.PRICE.PROPYLENE", "told"),
    Signal("price_butadiene", "ERP.PRICE.BUTADIENE", "told"),
    Signal("price_fuel", "ERP.PRICE.FUELGAS", "told"),
    Signal("yield_ethylene", "F101.AI10.C2H4", "measured", 0.05),
    Signal("yield_propylene", "F101.AI10.C3H6", "measured", 0.05),
)
"""In the order of the furnace's observation."""
SET_POINTS = {
    "feed_sp": "F101.FIC01.SP",
    "cot_sp": "F101.TIC01.SP",
    "steam_ratio_sp": "F101.FFC02.SP",
    "end_of_run_sp": "F101.TI90.EOR",
}
ACCOUNTS = {
    "margin": "F101.ACC.MARGIN",
    "standard": "F101.ACC.STANDARD",
    "provision": "F101.ACC.PROVISION",
}
MODE = "F101.MODE"


class Files(NamedTuple):
    """What was written: samples and plant file."""

    parquet: Path
    plant: Path


def write_people_export(
    plant: Furnace, trajectory: Trajectory, folder: Path, seed: int = 0
) -> Files:
    """Write what people did as ``furnace-simulated.parquet`` with ``furnace-simulated.toml``.

    Args:
        plant: The furnace that they trajectory.
        trajectory: What it went through; one copy after the other, each as a year of its own.
        folder: Where to.
        seed: Of the instruments' failures.

    Raises:
        UserError: It cannot be written there.
    """
    rng = np.random.default_rng(seed)
    years = [
        _year(plant.design, trajectory, copy, rng).with_columns(
            pl.col("second") + copy * (len(trajectory.reward) * STEP_H * 3600 + BREAK_S)
        )
        for copy in range(trajectory.reward.shape[1])
    ]
    begin = pl.lit(START).dt.cast_time_unit("us")
    frame = (
        pl.concat(years)
        .select(
            time=begin + pl.duration(microseconds=(pl.col("second") * 1e6).cast(pl.Int64)),
            tag=pl.col("tag"),
            value=pl.col("value"),
            quality=pl.col("quality"),
        )
        .sort("time", "tag")
    )
    files = Files(folder / "furnace-simulated.parquet", folder / "furnace-simulated.toml")
    with written_whole(files.parquet) as temporary:
        frame.write_parquet(temporary, metadata={"simulated": "people at a simulated furnace"})
    with written_whole(files.plant) as temporary:
        temporary.write_text(plant_file(plant), encoding="utf-8")
    return files


def _year(
    design: FurnaceDesign, trajectory: Trajectory, copy: int, rng: np.random.Generator
) -> pl.DataFrame:
    """All samples of one copy: second, tag, value as text, quality."""
    seen = np.asarray(trajectory.observation[:, copy], np.float64)
    done = np.asarray(trajectory.action[:, copy], np.float64)
    stamp_s = np.arange(len(seen)) * STEP_H * 3600.0
    parts = []
    for column, signal in enumerate(SIGNALS):
        if signal.kind == "measured":
            parts.append(_measured(signal, stamp_s, seen[:, column], rng))
        else:
            kept = _changes(seen[:, column]) if signal.kind == "told" else np.arange(len(seen))
            parts.append(_samples(signal.source, stamp_s[kept], seen[kept, column]))
    for column, source in enumerate(SET_POINTS.values()):
        kept = _changes(done[:, column])
        parts.append(_samples(source, stamp_s[kept] + SET_AFTER_S, done[kept, column]))
    earned = np.asarray(trajectory.reward[:, copy])
    last = jnp.zeros(len(earned)).at[-1].set(1.0)
    usual, grown = accounted(
        design,
        jnp.asarray(trajectory.observation[:-1, copy]),
        jnp.asarray(trajectory.observation[1:, copy]),
        last,
    )
    for source, kusd in zip(ACCOUNTS.values(), (earned, usual, grown), strict=True):
        parts.append(_samples(source, stamp_s[:-1], np.asarray(kusd, np.float64)))
    mode = np.where(seen[:, 5] > 0, "DECOKE", "CRACK")
    kept = _changes(mode)
    parts.append(
        pl.DataFrame({"second": stamp_s[kept], "tag": MODE, "value": mode[kept], "quality": "Good"})
    )
    return pl.concat(parts)


def _measured(
    signal: Signal, stamp_s: np.ndarray, value: np.ndarray, rng: np.random.Generator
) -> pl.DataFrame:
    """Scan, compress, and let the instrument fail now and then."""
    scan_s = np.arange(0.0, stamp_s[-1] + 1, SCAN_S)
    scans = np.interp(scan_s, stamp_s, value)
    how = Compression(
        1.0, signal.dead_band, 0.0, KEPT_AT_LEAST_S, signal.dead_band, 0.0, KEPT_AT_LEAST_S
    )
    kept = archived(scan_s, scans, how)
    frame = _samples(signal.source, scan_s[kept], scans[kept])
    failures = rng.poisson(FAILURES_PER_YEAR * stamp_s[-1] / 86_400 / 365)
    for begin in rng.uniform(0, stamp_s[-1], failures):
        end = begin + rng.uniform(1, 36) * 3600
        cause = FAILED[rng.integers(len(FAILED))]
        bad = pl.DataFrame(
            {"second": [begin], "tag": signal.source, "value": cause, "quality": "Bad"}
        )
        frame = pl.concat([frame.filter(~pl.col("second").is_between(begin, end)), bad])
    return frame


def _samples(source: str, second: np.ndarray, value: np.ndarray) -> pl.DataFrame:
    text = pl.Series(value).round_sig_figs(7).cast(pl.String)
    return pl.DataFrame({"second": second, "tag": source, "value": text, "quality": "Good"})


def _changes(value: np.ndarray) -> np.ndarray:
    """Positions of the first value and of each that differs from the one before."""
    return np.flatnonzero(np.concatenate([[True], value[1:] != value[:-1]]))


def plant_file(plant: Furnace) -> str:
    """Write the plant file with which the export is read."""
    lines = [
        "# Simulated: people at a simulated naphtha furnace, one decision every four hours.",
        'name = "furnace (simulated people)"',
        f'period = "{STEP_H}h"',
        'time_zone = "UTC"',
        "",
        "[objective]",
        "# Margin of a period less what decokes and trips cost, against what usual set-points",
        "# would have earned at the prices of the day, less what was set aside in it for the next",
        "# decoke (taken back when that comes); all as accounting wrote them.",
        'expression = "margin - standard - provision"',
        'unit = "k$ in 4 h"',
        "",
        "[episodes]",
        'gap = "2d"',
        'length = "120d"',
    ]
    for key, source in ACCOUNTS.items():
        lines += ["", f"[tags.{key}]", f'source = "{source}"', 'role = "objective"', "hold = true"]
    lines += [
        "",
        "[tags.mode]",
        f'source = "{MODE}"',
        'role = "state"',
        'max_age = "400d"',
    ]
    for tag, (key, source) in zip(plant.action, SET_POINTS.items(), strict=True):
        lines += [
            "",
            f"[tags.{key}]",
            f'source = "{source}"',
            'role = "action"',
            f'unit = "{tag.unit}"',
            f"bounds = [{tag.low:g}, {tag.high:g}]",
            'max_age = "400d"',
            "dead_band = 0.0001  # kept on change",
            "also_observed = false",
        ]
    for tag, signal in zip(plant.observation, SIGNALS, strict=True):
        lines += [
            "",
            f"[tags.{signal.key}]",
            f'source = "{signal.source}"',
            'role = "observation"',
            f'unit = "{tag.unit}"',
            f"span = [{tag.low:g}, {tag.high:g}]",
        ]
        if signal.kind == "told":
            lines += ["outside = true", "hold = true", 'max_age = "60d"', "dead_band = 0.0001"]
        elif signal.kind == "counted":
            lines += ["hold = true"]
        else:
            lines += [f"dead_band = {signal.dead_band:g}"]
    return "\n".join(lines) + "\n"
