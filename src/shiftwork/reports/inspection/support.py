"""Whether what was seen in one episode was seen in another: is there anything to learn from there?

The distance of two rows is the root mean square, over the observation's tags, of their difference
in standard deviations. Two rows taken at random lie 1.4 apart on average. If a row's nearest
neighbour lies within 0.5, that neighbour tells seven eighths of the row's variance, and the row
counts as supported. Neighbours are looked for in other episodes, at least 100 decision periods away:
what follows soon is near because little time has passed.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float32, Int64

from shiftwork.records.historian.cut import Cut
from shiftwork.reports.inspection.contents import Support
from shiftwork.reports.inspection.coverage import iso

NEAR = 0.5
AWAY = 100
"""Decision periods that a neighbour must be away."""

REFERENCE_ROWS, ASKED_ROWS = 20_000, 5_000
BLOCK = 500


def find_support(cut: Cut, period_s: float) -> Support | None:
    """Measure the support of a cut's observations; None if there is one episode only.

    Rows are thinned out evenly where there are more than can be compared.
    """
    episodes = cut.episodes
    if len(episodes.length) < 2:
        return None
    seen, columns = _standardized(cut)
    episode = np.repeat(np.arange(len(episodes.length)), episodes.length + 1)
    reference, asked = _thinned(len(seen), REFERENCE_ROWS), _thinned(len(seen), ASKED_ROWS)
    distance = np.empty(len(asked))
    square = np.zeros(seen.shape[1])
    at = ((cut.stamps - cut.stamps[0]) / np.timedelta64(1, "us")) / (1e6 * period_s)
    known, known_episode = seen[reference], episode[reference]
    length = np.square(known).sum(1)
    for start in range(0, len(asked), BLOCK):
        rows = asked[start : start + BLOCK]
        own = seen[rows]
        gap = length - 2 * own @ known.T
        gap[episode[rows][:, None] == known_episode] = np.inf
        gap[np.abs(at[rows][:, None] - at[reference]) < AWAY] = np.inf
        nearest = gap.argmin(1)
        difference = np.square(own - known[nearest])
        alone = np.isinf(gap.min(1))
        distance[start : start + BLOCK] = np.where(alone, np.inf, np.sqrt(difference.mean(1)))
        square += difference[(difference.mean(1) > NEAR**2) & ~alone].sum(0)
    if np.isinf(distance).all():
        return None
    near = distance <= NEAR
    told = np.bincount(episode[asked], minlength=len(episodes.length))
    share = np.bincount(episode[asked], near, len(episodes.length)) / np.maximum(told, 1)
    return Support(
        share=float(near.mean()),
        median_distance=float(np.median(distance[np.isfinite(distance)])),
        near=NEAR,
        by_episode=tuple(float(x) for x in share),
        begins=tuple(iso(stamp) for stamp in cut.spans[:, 0]),
        stranger=None if not square.any() else columns[int(square.argmax())],
    )


def _standardized(cut: Cut) -> tuple[Float32[np.ndarray, "TE O"], list[str]]:
    """Observations in standard deviations, of the tags that vary; the box's ends left out."""
    episodes = cut.episodes
    ends = {name for tag in episodes.action_tags for name in (tag.low_tag, tag.high_tag)}
    seen = episodes.observation.astype(np.float64)
    deviation = seen.std(0)
    varied = deviation > 1e-6 * np.abs(seen).max(0)
    columns = [
        i for i, t in enumerate(episodes.observation_tags) if varied[i] and t.name not in ends
    ]
    if not columns:
        return np.zeros((len(seen), 1), np.float32), [episodes.observation_tags[0].name]
    scaled = (seen[:, columns] - seen[:, columns].mean(0)) / deviation[columns]
    return scaled.astype(np.float32), [episodes.observation_tags[i].name for i in columns]


def _thinned(rows: int, most: int) -> Int64[np.ndarray, " K"]:
    return np.linspace(0, rows - 1, min(rows, most)).astype(np.int64)
