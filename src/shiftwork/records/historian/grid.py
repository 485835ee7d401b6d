"""From samples at any times to a regular time axis: what was known, and what happened.

Two readings of the same samples, and they must not be mixed up:

``value`` is what an agent could have seen at a stamp: the last sample known by then, held. It
never looks ahead, so it is not interpolated, and a laboratory's value enters it only when the
laboratory had reported it.

``mean`` is what happened during the period that begins at the stamp, as one knows afterwards: the
average weighted by time, linear between the samples of a measurement, held for set-points. (The
plain average of archived samples is wrong: a historian keeps more of them where more happens.)

Both use good values and uncertain ones, which are flagged. A bad sample says that from then on
nothing is known, until the next good one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Bool, Float64, Int64, Shaped

from shiftwork.errors import UserError
from shiftwork.records.historian.deadband import DeadBand, dead_band
from shiftwork.records.historian.plant_file.durations import spelled
from shiftwork.records.historian.plant_file.model import PlantFile, PlantTag
from shiftwork.records.historian.samples import Samples
from shiftwork.records.historian.values.quality import BAD, GOOD, UNCERTAIN

MOST_CELLS = 500_000_000
"""Periods times tags of a grid, some 8 GB: more is a stray time stamp or a wrong period."""

KNOWN_PART = 0.5
"""Part of a period that must be known for its mean to count."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Tags on one regular time axis; NaN where nothing trustworthy is known.

    Attributes:
        time: Start of each period, (T,) datetime64[us], UTC.
        keys: The K numeric tags, in the plant file's order.
        value: What was known at the stamp: the last good sample, held, (T, K).
        mean: Average over [time, time + period) weighted by time, (T, K); NaN where less than
            half of the period is known.
        uncertain: Whether a sample of uncertain quality is in either of them, (T, K).
        states: One String column for each state tag, held, null where unknown, (T,).
        dead_bands: For each numeric tag, whether the historian's compression hides it.
        plant: The plant file that it was made with.
    """

    time: Shaped[np.ndarray, " T"]
    keys: tuple[str, ...]
    value: Float64[np.ndarray, "T K"]
    mean: Float64[np.ndarray, "T K"]
    uncertain: Bool[np.ndarray, "T K"]
    states: pl.DataFrame
    dead_bands: dict[str, DeadBand]
    plant: PlantFile


@dataclass(frozen=True)
class _Axis:
    """A regular time axis, and samples' place on it, both in microseconds since 1970 UTC."""

    start: int
    period: int
    count: int

    @property
    def stamps(self) -> Int64[np.ndarray, " T"]:
        return self.start + self.period * np.arange(self.count, dtype=np.int64)


def to_grid(samples: Samples, plant: PlantFile, span: tuple[int, int] | None = None) -> Grid:
    """Put samples on the regular time axis of a plant's decisions.

    The axis runs from the first good sample to the last one, its stamps whole periods away from
    midnight in the plant's time zone.

    Args:
        samples: As read, sorted by tag and time.
        plant: Its period, and each tag's delay, maximum age and manner between samples.
        span: First and last good sample, microseconds since 1970 UTC, where these samples are only
            some of the records'; their own if None.

    Raises:
        UserError: No sample is good, or they are spread over more periods than can be meant.
    """
    axis = _axis(samples.scans if span is None else (_edges(span),), plant)
    numeric = tuple(tag for tag in plant.tags.values() if tag.role != "state")
    shape = (len(numeric), axis.count)
    # One row per tag while they are filled, one column per tag for the reader.
    value, mean, uncertain = np.empty(shape), np.empty(shape), np.empty(shape, bool)
    bands, states = {}, {}
    rows = {tag.key: row for row, tag in enumerate(numeric)}
    for tag in plant.tags.values():
        frame = samples.of(tag.key)
        if tag.role == "state":
            states[tag.key] = _states(axis, frame, tag)
            continue
        history, row = _History.read(frame), rows[tag.key]
        value[row], old = _known_at(axis, history, tag)
        mean[row], vague = _means(axis, history, tag)
        uncertain[row] = old | vague
        bands[tag.key] = dead_band(
            tag, history.time / 1e6, history.value, history.usable, plant.period_s
        )
    return Grid(
        time=axis.stamps.astype("datetime64[us]"),
        keys=tuple(tag.key for tag in numeric),
        value=value.T,
        mean=mean.T,
        uncertain=uncertain.T,
        states=pl.DataFrame(states, schema={key: pl.String() for key in states}),
        dead_bands=bands,
        plant=plant,
    )


@dataclass(frozen=True, eq=False)
class _History:
    """The samples of one numeric tag.

    Attributes:
        time: Microseconds, increasing, (N,).
        value: (N,), 0 where not usable.
        usable: Good or uncertain, and a finite number, (N,).
        uncertain: Usable, of uncertain quality, (N,).
    """

    time: Int64[np.ndarray, " N"]
    value: Float64[np.ndarray, " N"]
    usable: Bool[np.ndarray, " N"]
    uncertain: Bool[np.ndarray, " N"]

    @classmethod
    def read(cls, frame: pl.DataFrame) -> _History:
        value = frame["value"].to_numpy()  # NaN where it is null
        status = frame["status"].to_numpy()
        usable = np.isfinite(value) & (status != BAD)
        return cls(
            time=frame["time"].to_physical().to_numpy(),
            value=np.where(usable, value, 0.0),
            usable=usable,
            uncertain=usable & (status == UNCERTAIN),
        )


def _edges(span: tuple[int, int]) -> pl.LazyFrame:
    time = pl.Series("time", span).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return pl.DataFrame([time, pl.Series("status", [GOOD, GOOD], pl.UInt8)]).lazy()


def _axis(parts: Iterable[pl.LazyFrame], plant: PlantFile) -> _Axis:
    edges = [
        part.filter(pl.col("status") != BAD)
        .select(
            first=pl.col("time").min().to_physical(),
            last=pl.col("time").max().to_physical(),
        )
        .collect()
        for part in parts
    ]
    found = pl.concat(edges).select(pl.min("first"), pl.max("last"))
    where = f"records of {plant.path}"
    first, last = found.row(0)
    if first is None:
        raise UserError(f"{where}: no sample is good; check the quality column and the sources")
    period = round(plant.period_s * 1e6)
    # The first sample's offset serves all: summer time moves the clock by whole periods mostly.
    start = whole_period(first, period, ahead_us(first, plant))
    count = (last - start) // period + 1
    if count * len(plant.tags) > MOST_CELLS:
        begin, end = (str(np.datetime64(t, "us").astype("datetime64[s]")) for t in (first, last))
        raise UserError(
            f"{where}: run from {begin} to {end} UTC, {count} periods of "
            f"{spelled(plant.period_s)} for {len(plant.tags)} tags; drop stray time stamps or set "
            "a longer period"
        )
    return _Axis(start, period, count)


def ahead_us(time_us: int, plant: PlantFile) -> int:
    """How far the plant's clock is ahead of UTC at a time; whole periods are those of its clock.

    Args:
        time_us: Microseconds since 1970 UTC.
        plant: Names its time zone.
    """
    utc = pl.Series([time_us], dtype=pl.Datetime("us", "UTC"))
    local = utc.dt.convert_time_zone(plant.zone).dt.replace_time_zone(None)
    return int(local.to_physical()[0]) - time_us


def whole_period(time_us: int, period_us: int, ahead_us: int) -> int:
    """The last whole period up to a time, of a clock that is so far ahead of UTC, microseconds."""
    return (time_us + ahead_us) // period_us * period_us - ahead_us


def in_force(
    stamp: Int64[np.ndarray, "*S"] | int,
    told: Int64[np.ndarray, "*S"],
    oldest: Int64[np.ndarray, "*S"] | int,
) -> Bool[np.ndarray, "*S"]:
    """Say which of the last samples are known at their stamps and not too old.

    Args:
        stamp: Microseconds.
        told: When each sample was told, microseconds: a laboratory's value when it was reported.
        oldest: The age to which each is held, microseconds.
    """
    return (told <= stamp) & (stamp - told <= oldest)


def _last_known(
    axis: _Axis, time: Int64[np.ndarray, " N"], tag: PlantTag
) -> tuple[Int64[np.ndarray, " T"], Bool[np.ndarray, " T"]]:
    """For each stamp the last sample known by then, and whether that is there and not too old.

    The age of a laboratory's value counts from when it was reported.
    """
    told = time + round(tag.laboratory_delay_s * 1e6)
    stamps = axis.stamps
    last = np.maximum(np.searchsorted(told, stamps, side="right") - 1, 0)
    if not len(time):
        return last, np.zeros(axis.count, bool)
    return last, in_force(stamps, told[last], round(tag.max_age_s * 1e6))


def _known_at(
    axis: _Axis, history: _History, tag: PlantTag
) -> tuple[Float64[np.ndarray, " T"], Bool[np.ndarray, " T"]]:
    """Value known at each stamp, and whether it is an uncertain one."""
    last, there = _last_known(axis, history.time, tag)
    if not len(history.time):
        return np.full(axis.count, np.nan), there
    there &= history.usable[last]
    return np.where(there, history.value[last], np.nan), there & history.uncertain[last]


def _means(
    axis: _Axis, history: _History, tag: PlantTag
) -> tuple[Float64[np.ndarray, " T"], Bool[np.ndarray, " T"]]:
    """Average over each period weighted by time, and whether an uncertain sample is in it.

    Time is cut at samples and at stamps. In each piece the tag runs straight, so the piece's area
    is that of a trapezoid; areas are summed period by period, and not over the whole record, whose
    large numbers would swallow the small ones.
    """
    if len(history.time) == 0:
        return np.full(axis.count, np.nan), np.zeros(axis.count, bool)
    edges = np.append(axis.stamps, axis.start + axis.count * axis.period)
    time = history.time
    inside = slice(*np.searchsorted(time, [edges[0], edges[-1]]))
    cuts = np.sort(np.concatenate([edges, time[inside]]), kind="stable")
    left, right = cuts[:-1], cuts[1:]
    sample = np.searchsorted(time, left, side="right") - 1  # the last one at or before the piece

    known, slope, vague = _lines(history, tag)
    origin = np.maximum(sample, 0)
    since_s = (left - time[origin]) / 1e6
    length_s = (right - left) / 1e6
    there = known[origin] & (sample >= 0)
    if tag.hold:
        # Held to its maximum age, which may be reached within the piece.
        length_s = np.clip(tag.max_age_s - since_s, 0.0, length_s)
    length_s = np.where(there, length_s, 0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        middle = history.value[origin] + slope[origin] * (since_s + length_s / 2)
        period = (left - axis.start) // axis.period
        area = np.bincount(period, np.where(there, middle, 0.0) * length_s, axis.count)
        covered_s = np.bincount(period, length_s, axis.count)
        enough = covered_s >= KNOWN_PART * axis.period / 1e6
        mean = np.where(enough, area / np.where(enough, covered_s, 1.0), np.nan)
    mean[~np.isfinite(mean)] = np.nan
    doubtful = np.bincount(period, vague[origin] & (length_s > 0), axis.count) > 0
    return mean, doubtful & enough


def _lines(
    history: _History, tag: PlantTag
) -> tuple[Bool[np.ndarray, " N"], Float64[np.ndarray, " N"], Bool[np.ndarray, " N"]]:
    """What runs from each sample to the next: is it known, its slope per second, is it uncertain.

    A held tag stands, up to its maximum age. Any other runs straight to the next good sample, if
    that is no further than the maximum age; up to a bad one it stands.
    """
    known = history.usable.copy()
    slope = np.zeros(len(known))
    vague = history.uncertain.copy()
    if tag.hold:
        return known, slope, vague
    gap_s = np.diff(history.time) / 1e6
    straight = known[:-1] & known[1:] & (gap_s > 0)
    rise = np.diff(history.value)
    slope[:-1] = np.where(straight, rise, 0.0) / np.where(straight, gap_s, 1.0)
    vague[:-1] |= straight & history.uncertain[1:]
    known[:-1] &= gap_s <= tag.max_age_s
    known[-1] = False  # whither it went after its last sample, nobody knows
    return known, slope, vague


def _states(axis: _Axis, part: pl.DataFrame, tag: PlantTag) -> pl.Series:
    """Text of a state tag at each stamp, held."""
    last, there = _last_known(axis, part["time"].to_physical().to_numpy(), tag)
    if not len(part):
        return pl.Series(tag.key, [None] * axis.count, pl.String())
    there &= (part["status"].to_numpy() != BAD)[last]
    return pl.select(
        pl.when(pl.Series(there)).then(part["state"].gather(last)).alias(tag.key)
    ).to_series()
