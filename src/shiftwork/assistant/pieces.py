"""The course of a tag over a range as straight pieces, from which all statistics are computed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from jaxtyping import Float64

from shiftwork.assistant.export import Export
from shiftwork.records.historian.grid import KNOWN_PART
from shiftwork.records.historian.samples import BAD


@dataclass(frozen=True, eq=False)
class Pieces:
    """Straight pieces of a tag's course inside a half-open range; between them nothing is known.

    Attributes:
        start_s: Begin of each piece, seconds after the begin of the range, (N,).
        length_s: Length of each piece, seconds, above 0, (N,).
        left: Value at its begin, (N,).
        right: Value just before its end, (N,).
        rows: Usable samples inside the range.
        range_s: Length of the range, seconds.
    """

    start_s: Float64[np.ndarray, " N"]
    length_s: Float64[np.ndarray, " N"]
    left: Float64[np.ndarray, " N"]
    right: Float64[np.ndarray, " N"]
    rows: int
    range_s: float

    @property
    def coverage(self) -> float:
        """Share of the range in which the value is known, 0 to 1."""
        return float(self.length_s.sum() / self.range_s)


def pieces(export: Export, key: str, start: int, stop: int) -> Pieces:
    """Cut a tag's course out of an export.

    A value stands (hold) or runs straight to the next usable one. It lasts until the next sample,
    but not longer than the tag's ``max_age``; a value whose next sample is bad or too late stands
    for that time. A bad sample ends what is known. The last sample before the range counts too.

    Args:
        export: The export.
        key: A numeric tag.
        start: First microsecond of the range, since 1970 UTC.
        stop: The microsecond after the range.
    """
    tag = export.numeric_tag(key)
    part = export.samples.of(key)
    time = part["time"].to_physical().to_numpy()
    first = max(int(np.searchsorted(time, start, side="right")) - 1, 0)
    after = int(np.searchsorted(time, stop, side="left"))
    part, time = part.slice(first, after + 1 - first), time[first : after + 1]
    value = part["value"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    usable = np.isfinite(value) & (part["status"].to_numpy() != BAD)
    oldest = round(tag.max_age_s * 1e6)
    gap = np.diff(time, append=time[-1:] + oldest)
    end = time + np.minimum(gap, oldest)
    following = np.append(value[1:], np.nan)
    straight = np.append(usable[1:], False) & (gap <= oldest) & (not tag.hold)
    slope = np.where(straight, following - value, 0.0) / np.maximum(gap, 1)
    begin, finish = np.maximum(time, start), np.minimum(end, stop)
    kept = usable & (finish > begin)
    left = value + slope * (begin - time)
    right = np.where(straight & (finish == end), following, value + slope * (finish - time))
    return Pieces(
        start_s=(begin[kept] - start) / 1e6,
        length_s=(finish[kept] - begin[kept]) / 1e6,
        left=left[kept],
        right=right[kept],
        rows=int((usable & (time >= start) & (time < stop)).sum()),
        range_s=(stop - start) / 1e6,
    )


def blocks(
    course: Pieces, edges: Float64[np.ndarray, " E"]
) -> tuple[Float64[np.ndarray, " B"], Float64[np.ndarray, " B"]]:
    """Known seconds and integral of a course in blocks that follow each other.

    Args:
        course: The course.
        edges: Ends of the B blocks, seconds after the begin of the range, rising, (B + 1,).

    Returns:
        Known seconds and integral over them (value times seconds), (B,) each.
    """
    count = len(edges) - 1
    end_s = course.start_s + course.length_s
    first = np.maximum(np.searchsorted(edges, course.start_s, side="right") - 1, 0)
    last = np.minimum(np.searchsorted(edges, end_s, side="left") - 1, count - 1)
    # Each piece once for every block that it reaches into.
    times = np.maximum(last - first + 1, 0)
    piece = np.repeat(np.arange(len(times)), times)
    block = np.arange(len(piece)) - np.repeat(np.cumsum(times) - times, times) + first[piece]
    start, length = course.start_s[piece], course.length_s[piece]
    begin = np.clip(edges[block] - start, 0.0, length)
    end = np.clip(edges[block + 1] - start, 0.0, length)
    slope = ((course.right - course.left) / course.length_s)[piece]
    area = (end - begin) * (course.left[piece] + slope * (begin + end) / 2)
    return (
        np.bincount(block, end - begin, minlength=count).astype(np.float64),
        np.bincount(block, area, minlength=count).astype(np.float64),
    )


def period_means(course: Pieces, period_s: float) -> Float64[np.ndarray, " P"]:
    """Time-weighted mean of each whole period from the begin of the range on, (P,).

    A period of which less than half is known has none (NaN), as on the grid of records.
    """
    count = int(course.range_s / period_s + 1e-9)
    known, total = blocks(course, np.arange(count + 1) * period_s)
    enough = known >= KNOWN_PART * period_s
    return np.where(enough, total / np.where(enough, known, 1.0), np.nan)
