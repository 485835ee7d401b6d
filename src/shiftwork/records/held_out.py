"""Rows that teach and rows that judge: never the same ones.

The last fifth of the records, by time, is kept apart from learning, with a gap before it, because
what follows at once is nearly the same. An agent's folder remembers the rows that taught it, so
that records which hold them can be recognized, whatever file they come in.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, UInt64

from shiftwork.errors import UserError
from shiftwork.records.episodes import Episodes
from shiftwork.records.formats.npz import read_npz, require

SHARE = 0.2
"""Of the rows, kept apart to judge by."""

GAP = 0.01
"""Of the rows, between those that teach and those that judge."""

FEWEST_ROWS = 200
"""Below it nothing is kept apart: too little would be left for either."""

STRETCH = 4
"""Rows that are compared together."""

TAUGHT = "taught.npz"
ALIKE = 0.05
"""Share of the rows that may look like rows that taught, by chance."""


@dataclass(frozen=True)
class Parts:
    """Records in two parts.

    Attributes:
        teach: What may be learned from.
        judge: What was kept apart, later in time; None if there are too few rows.
        gap: Rows between them, in neither.
    """

    teach: Episodes
    judge: Episodes | None
    gap: int


def kept_apart(records: Episodes) -> Parts:
    """Cut records into what teaches and what judges: the last fifth of the rows judges.

    Args:
        records: Episodes in the order in which they were recorded.
    """
    rows = len(records.reward)
    if rows < FEWEST_ROWS:
        return Parts(records, None, 0)
    cut = rows - int(SHARE * rows)
    gap = max(int(GAP * rows), 1)
    return Parts(between(records, 0, cut - gap), between(records, cut, rows), gap)


def between(records: Episodes, first: int, end: int) -> Episodes:
    """Keep the rows from ``first`` up to ``end``; an episode that is cut has no terminal there.

    Raises:
        UserError: No row is kept.
    """
    row = np.arange(len(records.reward))
    return only(records, (row >= first) & (row < end))


def only(records: Episodes, keep: Bool[np.ndarray, " T"]) -> Episodes:
    """Keep some rows; what follows a row that is left out is an episode of its own.

    An episode that is cut has no terminal there.

    Raises:
        UserError: No row is kept.
    """
    rows = np.flatnonzero(keep)
    if not len(rows):
        raise UserError(f"{records.source}: no row is left; give longer records")
    episode = records.episode_of_step[rows]
    first = np.flatnonzero(np.r_[True, (np.diff(rows) > 1) | (np.diff(episode) > 0)])
    begins, length, owner = rows[first], np.diff(np.r_[first, len(rows)]), episode[first]
    # Every episode before it put one more row, its last, among the observations.
    seen = [np.arange(b + e, b + e + n + 1) for b, e, n in zip(begins, owner, length, strict=True)]
    whole = begins + length == (records.starts + records.length)[owner]
    return Episodes(
        records.observation[np.concatenate(seen)],
        records.action[rows],
        records.reward[rows],
        length,
        records.terminal[owner] & whole,
        records.observation_tags,
        records.action_tags,
        records.source,
    )


def fingerprints(records: Episodes) -> UInt64[np.ndarray, " T"]:
    """A number for each transition and the next few of its episode, (T,).

    Equal stretches have equal numbers, others hardly ever, even where a plant that stands still
    repeats single rows.
    """
    rows = records.transitions
    columns = np.concatenate(
        [rows.observation, rows.action, rows.reward[:, None], rows.next_observation], axis=1
    )
    # -0.0 and 0.0 are one value with two spellings.
    words = (columns + np.float32(0)).view(np.uint32).astype(np.uint64)
    mixed = np.full(len(words), 0x9E3779B97F4A7C15, np.uint64)
    for column in words.T:
        mixed = (mixed ^ column) * np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(29)
    found, ends = mixed.copy(), np.repeat(records.starts + records.length, records.length)
    for ahead in range(1, STRETCH):
        row = np.arange(len(mixed)) + ahead
        inside = row < ends
        step = (found[inside] ^ mixed[row[inside]]) * np.uint64(0x94D049BB133111EB)
        found[inside] = step ^ (step >> np.uint64(31))
    return found


def remember(records: Episodes, folder: Path, before: Path | None = None) -> None:
    """Write into an agent's folder which rows taught it.

    Args:
        records: What it learned from.
        folder: The agent's folder.
        before: The folder of the agent that it was improved from, whose rows count as well.
    """
    taught = fingerprints(records)
    if before is not None and (before / TAUGHT).is_file():
        taught = np.concatenate([taught, _taught(before)])
    np.savez(folder / TAUGHT, fingerprint=np.unique(taught))


def unseen(records: Episodes, folder: Path) -> tuple[Episodes, str]:
    """Find what of records may judge an agent, and say what was left out.

    Args:
        records: Records of the agent's plant. If they are those of which a part was kept apart
            when the agent learned, that part is returned.
        folder: The agent's folder.

    Returns:
        The records to judge by, and a sentence for the console; empty if all rows may judge.

    Raises:
        UserError: The rows taught the agent, or its folder does not say which rows did.
    """
    taught = _taught(folder)
    _, judging = _parted(records, taught)
    if judging is not None:
        return judging, (
            f"Of {len(records.reward):,} steps, only the last {len(judging.reward):,} judge the "
            "agent: they taught it nothing"
        )
    if known := _known(records, taught):
        raise UserError(
            f"{records.source}: {known:,} of {len(records.reward):,} steps taught this agent, and "
            "nobody may be judged by what taught it; give later records, or the whole file that it "
            "learned from, whose last fifth was kept apart"
        )
    return records, ""


def rows_that_taught(records: Episodes, folder: Path) -> Bool[np.ndarray, " T"]:
    """Tell which rows taught an agent, (T,): each one that its folder remembers.

    Raises:
        UserError: The folder does not say which rows did.
    """
    return np.isin(fingerprints(records), _taught(folder))


def teaching(records: Episodes, folder: Path) -> Episodes:
    """Find what of records an agent may go on learning from: not what was kept apart to judge it."""
    return _parted(records, _taught(folder))[0] if (folder / TAUGHT).is_file() else records


def _parted(records: Episodes, taught: np.ndarray) -> tuple[Episodes, Episodes | None]:
    """Cut records as they were cut for learning; whole, and None, if they were not."""
    parts = kept_apart(records)
    if parts.judge is None or not _known(parts.teach, taught) or _known(parts.judge, taught):
        return records, None
    return parts.teach, parts.judge


def _taught(folder: Path) -> np.ndarray:
    file = folder / TAUGHT
    if not file.is_file():
        raise UserError(
            f"{file}: is missing, so nothing says which rows taught the agent; learn it again"
        )
    arrays: dict[str, Any] = read_npz(file)
    require(arrays, ("fingerprint",), file)
    return np.asarray(arrays["fingerprint"])


def _known(records: Episodes, taught: np.ndarray) -> int:
    """Rows that taught; 0 if there are no more than may look so by chance."""
    hits = int(np.isin(fingerprints(records), taught).sum())
    return hits if hits > ALIKE * len(records.reward) else 0
