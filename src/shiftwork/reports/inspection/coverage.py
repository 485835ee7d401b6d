"""What the records hold of each tag: samples, quality, texts, gaps, dead-band."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from jaxtyping import Bool, Shaped

from shiftwork.records.historian.grid import Grid
from shiftwork.records.historian.plant_file.model import PlantFile, PlantTag
from shiftwork.records.historian.samples import BAD, UNCERTAIN, Samples
from shiftwork.reports.inspection.contents import TagRecord

MOST_TEXTS = 5


def tag_records(samples: Samples, grid: Grid, plant: PlantFile) -> tuple[TagRecord, ...]:
    """Look at each tag of a plant, in the plant file's order."""
    counts: dict[str, dict[str, Any]] = {}
    texts: dict[str, tuple[tuple[str, int], ...]] = {}
    for part in samples.parts:
        counts |= _counts(part)
        texts |= _texts(part, plant)
    return tuple(
        _record(tag, counts.get(tag.key, {}), texts.get(tag.key, ()), known_at(grid, tag), grid)
        for tag in plant.tags.values()
    )


def known_at(grid: Grid, tag: PlantTag) -> Bool[np.ndarray, " T"]:
    """Whether a value of a tag is known at each stamp."""
    if tag.role == "state":
        return grid.states[tag.key].is_not_null().to_numpy()
    return ~np.isnan(grid.value[:, grid.keys.index(tag.key)])


def runs(holds: Bool[np.ndarray, " T"]) -> tuple[np.ndarray, np.ndarray]:
    """Find where something holds without interruption: first rows, and rows after the last."""
    padded = np.concatenate([[False], holds, [False]])
    return np.flatnonzero(padded[1:] & ~padded[:-1]), np.flatnonzero(~padded[1:] & padded[:-1])


def iso(stamp: np.datetime64) -> str:
    """Write a moment in ISO 8601, UTC, to the second."""
    return f"{stamp.astype('datetime64[s]')}Z"


def _counts(frame: pl.DataFrame) -> dict[str, dict[str, Any]]:
    good = pl.col("value").filter(pl.col("status") != BAD)
    table = (
        frame.lazy()
        .group_by("tag")
        .agg(
            samples=pl.len(),
            every_s=pl.col("time").diff().dt.total_microseconds().median() / 1e6,
            uncertain=(pl.col("status") == UNCERTAIN).sum(),
            bad=(pl.col("status") == BAD).sum(),
            least=good.min(),
            most=good.max(),
        )
        .collect()
    )
    return {row["tag"]: row for row in table.iter_rows(named=True)}


def _texts(frame: pl.DataFrame, plant: PlantFile) -> dict[str, tuple[tuple[str, int], ...]]:
    """The most frequent texts that stand in the place of numbers, by tag."""
    numeric = [tag.key for tag in plant.tags.values() if tag.role != "state"]
    table = (
        frame.lazy()
        .filter(pl.col("state").is_not_null() & pl.col("tag").cast(pl.String).is_in(numeric))
        .group_by("tag", "state")
        .len()
        .sort("len", "state", descending=[True, False])
        .collect()
    )
    found: dict[str, tuple[tuple[str, int], ...]] = {}
    for tag, text, count in table.iter_rows():
        found[tag] = (*found.get(tag, ()), (text, count))[:MOST_TEXTS]
    return found


def _record(
    tag: PlantTag,
    counts: Mapping[str, Any],
    texts: tuple[tuple[str, int], ...],
    known: Bool[np.ndarray, " T"],
    grid: Grid,
) -> TagRecord:
    first, end = runs(~known)
    gap_s = (end - first) * grid.plant.period_s
    longest = int(gap_s.argmax()) if len(gap_s) else None
    band = grid.dead_bands.get(tag.key)
    return TagRecord(
        key=tag.key,
        source=tag.source,
        role=tag.role,
        unit=tag.unit,
        samples=int(counts.get("samples", 0)),
        every_s=counts.get("every_s"),
        uncertain=int(counts.get("uncertain", 0)),
        bad=int(counts.get("bad", 0)),
        texts=texts,
        known=float(known.mean()),
        gaps=int((gap_s > grid.plant.episodes.gap_s).sum()),
        longest_gap_s=0.0 if longest is None else float(gap_s[longest]),
        longest_gap_at="" if longest is None else iso(grid.time[first[longest]]),
        constant=tag.role != "state" and counts.get("least") == counts.get("most"),
        deviation=band.deviation if band else None,
        dead_band=band.width if band else None,
        hidden=band.hidden if band else False,
        compression=band.reason if band else "",
    )


def share_known(known: Bool[np.ndarray, " T"], bins: int) -> Shaped[np.ndarray, " B"]:
    """Share of known stamps in each of some equal parts of the time, (B,)."""
    part = np.arange(len(known)) * bins // len(known)
    return np.bincount(part, known, bins) / np.maximum(np.bincount(part, minlength=bins), 1)
