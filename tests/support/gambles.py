"""A valve that pays until it trips: records on which a learner may prefer a losing gamble."""

from __future__ import annotations

import numpy as np

from shiftwork.records.episodes import Episodes
from shiftwork.records.tags import Tag, numbered

ROWS = 8_000


def gamble(rate, size, *, gain=1.0, seed=0, turned=False, terminal=True, steps=1):
    """One valve in [-1, 1]: above 0 it earns ``gain`` and, at ``rate``, ``size`` as well.

    Args:
        rate: Of the event, in a step with the valve above 0.
        size: What the event earns.
        gain: What such a step earns otherwise.
        seed: Of everything.
        turned: Whether above and below 0 change places where the sign that is seen is negative.
        terminal: Whether an episode's end is the plant's.
        steps: In an episode.
    """
    rng = np.random.default_rng(seed)
    sign = rng.choice([-1.0, 1.0], ROWS)
    valve = rng.uniform(-1, 1, ROWS)
    risky = valve * (sign if turned else 1.0) > 0
    reward = risky * (gain + size * (rng.random(ROWS) < rate))
    episodes = ROWS // steps
    seen = np.stack([sign, rng.normal(size=ROWS)], 1).reshape(episodes, steps, 2)
    seen = np.concatenate([seen, rng.normal(size=(episodes, 1, 2))], axis=1).reshape(-1, 2)
    records = Episodes(
        seen.astype(np.float32),
        valve[:, None].astype(np.float32),
        reward.astype(np.float32),
        np.full(episodes, steps, np.int64),
        np.full(episodes, terminal),
        numbered("obs", 2),
        (Tag("valve", "", -1.0, 1.0),),
    )
    return records, valve * (sign if turned else 1.0)
