"""Gathered rows in order: by tag and time, repeated hours told apart, no time twice for one tag."""

from __future__ import annotations

import numpy as np
import polars as pl

from shiftwork.records.historian.findings import Findings
from shiftwork.records.historian.gather.gathered import Gathered, Scratch
from shiftwork.records.historian.gather.rows import Rows
from shiftwork.records.historian.parts import Parts, StoredParts
from shiftwork.records.historian.plant_file.model import PlantFile

TAKEN_ROWS = 2**16
"""Rows that are put in order at a time."""


def arrange(
    gathered: Gathered, quality_status: np.ndarray, plant: PlantFile, findings: Findings
) -> Parts:
    """Put gathered rows in order; ``gathered`` is emptied on the way.

    Args:
        gathered: The rows.
        quality_status: Status of each number of a quality, (Q,) uint8.
        plant: The plant.
        findings: Takes what is noticed.

    Returns:
        The frames of ``Samples``: one, or where memory does not hold all rows one for some tags each, in files.

    Raises:
        UserError: The disk is full.
    """
    frames = (
        _arranged(rows, quality_status, plant, findings)
        for rows in gathered.by_tags(len(plant.tags))
    )
    if not gathered.beyond_memory:
        return (*frames,)
    return StoredParts.of(frames, gathered.scratch or Scratch())


def _arranged(
    rows: Rows, quality_status: np.ndarray, plant: PlantFile, findings: Findings
) -> pl.DataFrame:
    """Sort rows by tag with their order kept, in time linear in rows, then by time; one column at a time."""
    order = _order_of(rows.tag)
    counts = np.bincount(rows.tag, minlength=len(plant.tags))
    rows.tag = np.zeros(0, np.uint16)
    ends = np.concatenate([[0], np.cumsum(counts)])
    tag = np.repeat(np.arange(len(counts), dtype=np.uint16), counts)
    time = _taken(rows.time, order)
    _tell_repeated_apart(rows, time, order, ends, plant, findings)
    order = _sort_times(time, order, ends)
    value = _taken(rows.value, order)
    status, quality = rows.status, rows.quality
    rows.time = rows.value = np.zeros(0)
    rows.status = rows.quality = np.zeros(0, np.uint8)
    if quality.any():
        status = np.maximum(status, np.concatenate([[np.uint8(0)], quality_status])[quality])
    del quality
    status = _taken(status, order)
    state = _states(rows, order, len(tag))
    same = (tag[1:] == tag[:-1]) & (time[1:] == time[:-1])
    if same.any():
        _note_conflicts(same, tag, time, value, status, state, plant, findings)
        last = ~np.concatenate([same, [False]])  # the last in the order of the files
        tag, time, value, status = tag[last], time[last], value[last], status[last]
        state = state.filter(last) if state is not None else None
    return _frame(tag, time, value, status, state, plant)


def _taken(column: np.ndarray, order: np.ndarray | None) -> np.ndarray:
    if order is None:
        # Times are written to, and an array that a reader made may be read-only.
        return column if column.flags.writeable else column.copy()
    taken = np.empty_like(column)
    # Some at a time: NumPy makes 64 bits of the order's 32 before it looks anything up.
    for first in range(0, len(order), TAKEN_ROWS):
        rows = slice(first, first + TAKEN_ROWS)
        taken[rows] = column[order[rows]]
    return taken


def _order_of(tag: np.ndarray) -> np.ndarray | None:
    """Rows by tag, in the order of reading within each; None if they stand so already."""
    if (tag[1:] >= tag[:-1]).all():
        return None
    # A radix sort, since numbers of tags have 16 bits.
    return np.argsort(tag, kind="stable").astype(np.uint32)


def _sort_times(time: np.ndarray, order: np.ndarray | None, ends: np.ndarray) -> np.ndarray | None:
    """Sort each tag's times in place, and return the order that does the same to other columns."""
    falls = np.flatnonzero(time[1:] < time[:-1]) + 1
    # Where a tag's rows begin, time may fall.
    for tag in np.unique(np.searchsorted(ends, falls[~np.isin(falls, ends)], side="right") - 1):
        if order is None:
            order = np.arange(len(time), dtype=np.uint32)
        rows = slice(ends[tag], ends[tag + 1])
        by_time = np.argsort(time[rows], kind="stable")
        time[rows] = time[rows][by_time]
        order[rows] = order[rows][by_time]
    return order


def _tell_repeated_apart(
    gathered: Rows,
    time: np.ndarray,
    order: np.ndarray | None,
    ends: np.ndarray,
    plant: PlantFile,
    findings: Findings,
) -> None:
    """Tell the two runs of an hour that the clock showed twice apart, by the order of rows.

    Time goes on within each run, so it falls back once, where the second one begins (in files
    that run backwards, it jumps forward). Where it does not, a time that a tag has twice is taken
    for the first run and then the second, and one that it has once for the first.
    """
    rows, later_us = gathered.repeated_rows, gathered.repeated_us
    if not len(rows):
        return
    if order is not None:
        marked = np.zeros(len(time), bool)
        marked[rows] = True
        extra = dict(zip(rows.tolist(), later_us.tolist(), strict=True))
        rows = np.flatnonzero(marked[order])
        later_us = np.array([extra[row] for row in order[rows].tolist()])
    tags = np.searchsorted(ends, rows, side="right") - 1
    day = time[rows] // 86_400_000_000
    starts = np.flatnonzero(np.diff(tags, prepend=-1) | (np.abs(np.diff(day, prepend=day[0])) > 1))
    for first, end in zip(starts, [*starts[1:], len(rows)], strict=True):
        hour = rows[first:end]
        # The rows beside the hour show whether the file runs backwards, even where it has one of each.
        own = slice(ends[tags[first]], ends[tags[first] + 1])
        before, behind = max(hour[0] - 1, own.start), min(hour[-1] + 1, own.stop - 1)
        second, sure = _second_run(time[hour], backwards=bool(time[behind] < time[before]))
        time[hour[second]] += later_us[first:end][second]
        if not sure:
            key = list(plant.tags)[tags[first]]
            findings.note(
                "repeated hour", key, len(hour), f"{_utc(time[hour[0]])} or an hour later"
            )


def _second_run(time: np.ndarray, *, backwards: bool) -> tuple[np.ndarray, bool]:
    """Which rows of one repeated hour belong to its second run, and whether that is sure.

    Args:
        time: Its rows' times as the clock showed them, in the order of the file, (T,).
        backwards: The rows beside it fall in time; within it, more steps of one kind count.
    """
    steps = np.diff(time)
    falling, rising = (steps < 0).sum(), (steps > 0).sum()
    backwards = falling > rising or (falling == rising and backwards)
    forward = time[::-1] if backwards else time
    falls = np.flatnonzero(np.diff(forward) < 0)
    second = np.zeros(len(time), bool)
    if len(falls) == 1:
        second[falls[0] + 1 :] = True
    else:
        seen: set[int] = set()
        for row, stamp in enumerate(forward.tolist()):
            second[row] = stamp in seen
            seen.add(stamp)
    sure = len(falls) == 1 or (len(falls) == 0 and 2 * second.sum() == len(time))
    return (second[::-1] if backwards else second), bool(sure)


def _states(gathered: Rows, order: np.ndarray | None, rows: int) -> pl.Series | None:
    """Text of every row, null where there is none; None if no row has any."""
    texts = gathered.state_texts
    if not len(texts):
        return None
    number = np.full(rows, len(texts), np.uint32)
    number[gathered.state_rows] = np.arange(len(texts), dtype=np.uint32)
    texts = pl.concat([texts, pl.Series([None], dtype=pl.String)])
    return texts.gather(_taken(number, order)).alias("state")


def _note_conflicts(
    same: np.ndarray,
    tag: np.ndarray,
    time: np.ndarray,
    value: np.ndarray,
    status: np.ndarray,
    state: pl.Series | None,
    plant: PlantFile,
    findings: Findings,
) -> None:
    before = np.flatnonzero(same)
    after = before + 1
    equal = (value[before] == value[after]) | (np.isnan(value[before]) & np.isnan(value[after]))
    equal &= status[before] == status[after]
    if state is not None:
        equal &= state.gather(before).eq_missing(state.gather(after)).to_numpy()
    for kind, rows in (("duplicate", before[equal]), ("conflicting duplicate", before[~equal])):
        for number in np.unique(tag[rows]):
            some = rows[tag[rows] == number]
            findings.note(kind, list(plant.tags)[number], len(some), _utc(time[some[0]]))


def _utc(us: np.int64) -> str:
    return f"{np.datetime64(int(us), 'us').item():%Y-%m-%d %H:%M:%S} UTC"


def _frame(
    tag: np.ndarray,
    time: np.ndarray,
    value: np.ndarray,
    status: np.ndarray,
    state: pl.Series | None,
    plant: PlantFile,
) -> pl.DataFrame:
    keys = pl.Series("tag", list(plant.tags), dtype=pl.Enum(list(plant.tags)))
    frame = pl.DataFrame(
        [
            keys.gather(tag),
            pl.Series("time", time).cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
            pl.Series("value", value, nan_to_null=True),
            pl.Series("status", status),
        ]
    )
    # As a literal, a column without any text takes no memory.
    return frame.with_columns(pl.lit(None, pl.String).alias("state") if state is None else state)
