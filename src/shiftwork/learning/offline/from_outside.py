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
from jaxtyping import Float

from shiftwork.learning.jumps import Jumps
from shiftwork.learning.offline.evidence import correlation
from shiftwork.learning.offline.rare_events import ByHash
from shiftwork.records.episodes import Episodes

MOST_MOVED = 0.1
"""Share of rows in which a tag that stands still may move."""

FEWEST_JUMPS = 30
"""Jumps that can show on what they depend."""

CLEAR = 4.0
"""Standard errors from which a difference at the jumps is no chance, with many columns tried."""


def find_jumps(records: Episodes) -> Jumps | None:
    """Find the tags that are moved from outside, in plant units; None if there are none."""
    return _find(ByHash(records))


@lru_cache(maxsize=8)
def _find(key: ByHash) -> Jumps | None:
    rows = key.records.transitions
    seen = rows.observation.astype(np.float64)
    change = rows.next_observation.astype(np.float64) - seen
    jumps = (np.abs(change) > 1e-6 * np.abs(seen).max(0)) & ~rows.last[:, None]
    share, count = jumps.mean(0), jumps.sum(0)
    still = np.flatnonzero((share <= MOST_MOVED) & (count >= FEWEST_JUMPS))
    if not len(still):
        return None
    known = np.concatenate([seen, rows.action.astype(np.float64)], 1)
    known = (known - known.mean(0)) / np.maximum(known.std(0), 1e-12)
    left = change - _foreseen(known, change)
    moving = np.flatnonzero(share > MOST_MOVED)
    held = np.zeros(seen.shape[1], bool)
    for column in still:
        at = jumps[:, column]
        apart = np.abs(known[at].mean(0)) * np.sqrt(at.sum())
        shown = [correlation(left[at, other], change[at, column]) for other in moving]
        beside = max(shown, default=0.0) * np.sqrt(at.sum())
        held[column] = max(apart.max(), beside) < CLEAR
    if not held.any():
        return None
    some = (jumps & held).any(1)
    there = rows.next_observation[some].astype(np.float64)
    relative = np.array([
        held[j] and change[jumps[:, j], j].var() < rows.next_observation[jumps[:, j], j].var()
        for j in range(len(held))
    ])  # fmt: skip
    return Jumps(
        jnp.asarray(held),
        jnp.asarray(some.mean(), jnp.float32),
        jnp.asarray(np.where(relative, change[some], there), jnp.float32),
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


def _foreseen(known: Float[np.ndarray, "T C"], change: Float[np.ndarray, "T O"]) -> np.ndarray:
    """What a linear model makes of the change, (T, O)."""
    design = np.concatenate([np.ones((len(known), 1)), known], 1)
    return np.asarray(design @ np.linalg.lstsq(design, change, rcond=None)[0])
