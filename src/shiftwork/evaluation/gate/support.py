"""Whether the records hold anything like what an agent would do, and what happened there then.

For each plan (a state and the action that the agent would take in it) the nearest recorded rows are
found, by observation and action in units of their deviations. A plan is supported if its nearest
row is no farther than rows of one block of the records usually are from those of the others. What
share of its neighbours were events (a trip, an end of the episode, a rare loss) tells how often such
events are to be expected, with a bound: where few different rows are near, little is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial import cKDTree
from scipy.stats import beta

from shiftwork.learning.offline.rare_events import find
from shiftwork.learning.replay import Scaling
from shiftwork.records.episodes import Episodes

MOST_ROWS, MOST_PLANS = 50_000, 4_000
USUAL = 0.99
"""Share of the recorded rows that have a row of another block as near as supported plans must."""
NEIGHBOURS = 10
RARE = "rare, large loss"
CONFIDENCE = 0.95
"""Of each bound on an event's rate."""


@dataclass(frozen=True)
class Support:
    """How far the records carry an agent's plans.

    Attributes:
        plans: Share of the plans with recorded neighbours.
        states: Share of the states with recorded neighbours, whatever is done in them.
        farthest: The columns by which unsupported plans are farthest off, most often first: name
            and by how many deviations in the median.
    """

    plans: float
    states: float
    farthest: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class EventRate:
    """How often an event is to be expected under an agent's plans, in events per step.

    Attributes:
        name: The event.
        recorded: Recorded events, of ``rows`` rows.
        rows: Recorded rows.
        rate: Share of events among the plans' neighbours.
        upper: Upper bound of the rate.
        people: Upper bound of the rate under people.
        loss: What such a row costs beyond an ordinary one, plant reward; NaN if it has no price.
    """

    name: str
    recorded: int
    rows: int
    rate: float
    upper: float
    people: float
    loss: float


class Neighbourhood:
    """The records, ready to be asked for neighbours.

    Args:
        records: The records.
        blocks: Block of each row, (T,).
        seed: Of the rows that stand for all where there are many.
    """

    def __init__(self, records: Episodes, blocks: Int[np.ndarray, " T"], seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.scaling = Scaling.of(records, tail=0.0)
        rows = records.transitions
        events = named_events(records)
        some = rng.permutation(len(rows.reward))[:MOST_ROWS]
        # Events are few: none of them may be left out, so that their rate is counted in full.
        event = np.any(list(events.values()), axis=0)
        kept = np.union1d(some, np.flatnonzero(event))
        self.events = {name: flags[kept] for name, flags in events.items()}
        self.weight = np.where(event[kept], len(some) / len(rows.reward), 1.0)
        self.counts = {name: (int(f.sum()), len(f)) for name, f in events.items()}
        self.losses = {name: _loss(rows.reward, f, name) for name, f in events.items()}
        self.names = [t.name for t in (*records.observation_tags, *records.action_tags)]
        self.points = self.place(rows.observation[kept], rows.action[kept])
        self.columns = rows.observation.shape[1]
        self.tree = cKDTree(self.points)
        self.state_tree = cKDTree(self.points[:, : self.columns])
        asked = rng.permutation(len(kept))[:1_000]
        block = blocks[kept]
        self.far = self._usual(self.tree, self.points, asked, block)
        self.state_far = self._usual(self.state_tree, self.points[:, : self.columns], asked, block)

    def place(self, observation: np.ndarray, action: np.ndarray) -> Float[np.ndarray, "B C"]:
        """Where plans lie: observations by deviations, actions in [-1, 1]."""
        seen = np.asarray(self.scaling.observe(observation), np.float64)
        done = np.asarray(self.scaling.recorded(action, observation), np.float64)
        return np.concatenate([seen, done], axis=1)

    @staticmethod
    def _usual(tree: cKDTree, points: np.ndarray, asked: np.ndarray, block: np.ndarray) -> float:
        """Distance within which nearly all rows have one of another block."""
        distance = np.full(len(asked), np.nan)
        for count in (8, 64, 512):
            still = np.isnan(distance)
            if not still.any():
                break
            found, rows = tree.query(points[asked[still]], min(count, len(points)))
            other = block[rows] != block[asked[still], None]
            first = other.argmax(1)
            distance[still] = np.where(
                other.any(1), np.take_along_axis(found, first[:, None], 1)[:, 0], np.nan
            )
        known = distance[~np.isnan(distance)]
        return float(np.quantile(known, USUAL)) if len(known) else 0.0

    def support(
        self, observation: Float[np.ndarray, "B O"], action: Float[np.ndarray, "B A"]
    ) -> Support:
        """Judge how far the records carry plans."""
        asked = self.place(observation, action)
        distance, nearest = self.tree.query(asked)
        state_distance, _ = self.state_tree.query(asked[:, : self.columns])
        off = distance > self.far
        apart = np.abs(asked - self.points[nearest])[off]
        farthest: list[tuple[str, float]] = []
        if off.any():
            most = np.bincount(apart.argmax(1), minlength=apart.shape[1])
            farthest = [
                (self.names[c], float(np.median(apart[apart.argmax(1) == c, c])))
                for c in np.argsort(-most)[:3]
                if most[c]
            ]
        return Support(
            float((~off).mean()), float((state_distance <= self.state_far).mean()), tuple(farthest)
        )

    def event_rates(
        self, observation: Float[np.ndarray, "B O"], action: Float[np.ndarray, "B A"]
    ) -> tuple[EventRate, ...]:
        """Bound how often each recorded kind of event is to be expected under plans."""
        _, near = self.tree.query(self.place(observation, action), NEIGHBOURS)
        used = np.bincount(near.ravel(), minlength=len(self.points)) * self.weight
        effective = used.sum() ** 2 / np.square(used).sum()
        rates = []
        for name, flags in self.events.items():
            count, rows = self.counts[name]
            rate = float((used * flags).sum() / used.sum())
            rates.append(
                EventRate(
                    name,
                    count,
                    rows,
                    rate,
                    _upper(rate * effective, effective),
                    _upper(count, rows),
                    self.losses[name],
                )
            )
        return tuple(rates)


def named_events(records: Episodes) -> dict[str, Bool[np.ndarray, " T"]]:
    """Rows in which something happened that means hide: ends of episodes, and rare, large losses."""
    low, _ = find(records.reward.astype(np.float64))
    found = {
        "end of the episode by the plant": records.transitions.terminal,
        "rare, large loss": low,
    }
    return {name: flags for name, flags in found.items() if flags.any()} or {RARE: low}


def _loss(reward: np.ndarray, flags: np.ndarray, name: str) -> float:
    """What an event costs beyond an ordinary row; an end has no price that a row could show."""
    if name != RARE or not flags.any():
        return float("nan")
    return float(np.median(reward) - reward[flags].mean(dtype=np.float64))


def _upper(count: float, rows: float) -> float:
    """Upper bound of a rate (Clopper and Pearson 1934)."""
    return float(beta.ppf(CONFIDENCE, count + 1.0, max(rows - count, 1e-9)))
