"""Which tags are moved from outside: found in the records, or left as they were recorded.

Only what the records show to be moved from outside is treated so (``learning/jumps.py``). A tag that
jumps where certain things are seen or done (a trip, a mode, a campaign's end) stays as it was recorded.
So does one whose jumps show in other tags at once (a distance to a set-point beside it), because they
belong together, and one that jumped too rarely to show on what it depends.
"""

from __future__ import annotations

from functools import lru_cache

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float32, Float64

from shiftwork.learning.jumps import Jumps
from shiftwork.learning.offline.evidence import correlation
from shiftwork.learning.offline.rare_events import ByHash
from shiftwork.records.columns import Columns
from shiftwork.records.episodes import Episodes

MOST_MOVED = 0.1
"""Share of rows in which a tag that stands still may move."""

FEWEST_JUMPS = 30
"""Jumps that can show on what they depend."""

MOST_FITTED = 200_000
"""Rows, evenly spaced, to which a linear model of the changes is fitted."""

CLEAR = 4.0
"""Standard errors from which a difference at the jumps is no chance, with many columns tried."""


def find_jumps(records: Episodes) -> Jumps | None:
    """Find the tags that are moved from outside, in plant units; None if there are none."""
    return _find(ByHash(records))


@lru_cache(maxsize=8)
def _find(key: ByHash) -> Jumps | None:
    rows = key.records.transitions
    before, after = rows.observation, rows.next_observation
    jumps = np.stack([_moves(a, b) for a, b in zip(before.T, after.T, strict=True)], 1)
    jumps &= ~rows.last[:, None]
    share, count = jumps.mean(0), jumps.sum(0)
    still = np.flatnonzero((share <= MOST_MOVED) & (count >= FEWEST_JUMPS))
    if not len(still):
        return None
    # What follows from a linear model shows in so many rows as well as in all.
    fitted = np.arange(0, len(jumps), -(-len(jumps) // MOST_FITTED))
    at_jumps = np.flatnonzero(jumps[:, still].any(1))
    mean, std, _ = Columns.of(np.concatenate([before, rows.action], 1))

    def known(at: np.ndarray) -> np.ndarray:
        seen = np.concatenate([before[at], rows.action[at]], 1).astype(np.float64)
        return (seen - mean) / np.maximum(std, 1e-12)

    def change(at: np.ndarray) -> np.ndarray:
        return after[at].astype(np.float64) - before[at]

    weight = np.linalg.lstsq(_with_one(known(fitted)), change(fitted), rcond=None)[0]
    moved, known_there = change(at_jumps), known(at_jumps)
    left = moved - _with_one(known_there) @ weight
    moving = np.flatnonzero(share > MOST_MOVED)
    held = np.zeros(before.shape[1], bool)
    for column in still:
        at = jumps[at_jumps, column]
        apart = np.abs(known_there[at].mean(0)) * np.sqrt(at.sum())
        shown = [correlation(left[at, other], moved[at, column]) for other in moving]
        beside = max(shown, default=0.0) * np.sqrt(at.sum())
        held[column] = max(apart.max(), beside) < CLEAR
    if not held.any():
        return None
    some = (jumps & held).any(1)
    there, step = after[some].astype(np.float64), change(np.flatnonzero(some))
    relative = np.array([
        held[j] and step[jumps[some, j], j].var() < after[jumps[:, j], j].var()
        for j in range(len(held))
    ])  # fmt: skip
    return Jumps(
        jnp.asarray(held),
        jnp.asarray(some.mean(), jnp.float32),
        jnp.asarray(np.where(relative, step, there), jnp.float32),
        jnp.asarray(jumps[some] & held),
        jnp.asarray(relative),
    )


def moved_from_outside(records: Episodes) -> tuple[str, ...]:
    """Names of the tags that ``find_jumps`` finds."""
    found = find_jumps(records)
    if found is None:
        return ()
    return tuple(
        tag.name for tag, held in zip(records.observation_tags, found.held, strict=True) if held
    )


def _moves(before: Float32[np.ndarray, " T"], after: Float32[np.ndarray, " T"]) -> np.ndarray:
    """Where a column moves, (T,)."""
    seen = before.astype(np.float64)
    return np.abs(after - seen) > 1e-6 * np.abs(seen).max()


def _with_one(known: Float64[np.ndarray, "R C"]) -> np.ndarray:
    return np.concatenate([np.ones((len(known), 1)), known], 1)
