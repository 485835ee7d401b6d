"""What the records hold that an agent learned from: the file that goes with it to the plant.

``learn`` writes it into the agent's folder. At the plant it says three things: which decisions lie
outside the records, which tags drift away from them, and how long a measurement may stand still.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np

from shiftwork.errors import UserError
from shiftwork.operation.envelope import Envelope, Held, Observation
from shiftwork.operation.support import OUTSIDE, Support
from shiftwork.records.episodes import Episodes

FILE = "records_seen.npz"
BLOCK = 200
"""Rows of a mean whose range is remembered; as many cycles make the mean at the plant."""
LEAST_BLOCKS = 5
WIDER = 0.5
"""Part of the range of means by which it is widened at each side: a few blocks do not hold all."""
LONGER = 2.0
"""A measurement may stand still this many times as long as ever in the records."""


@dataclass
class Drift:
    """Forbids to write while the mean of a tag is beyond all means of the records.

    Attributes:
        keys: Of the tags.
        low: Least mean of each, (K,).
        high: Greatest mean of each, (K,).
    """

    keys: tuple[str, ...]
    low: np.ndarray
    high: np.ndarray
    _kept: deque[np.ndarray] = field(default_factory=lambda: deque(maxlen=BLOCK), repr=False)

    def observe(self, observation: Observation) -> None:
        """Keep an observation."""
        row = np.array([observation.get(key, np.nan) for key in self.keys], np.float64)
        if np.isfinite(row).all():
            self._kept.append(row)

    def hold(self, observation: Observation, action: np.ndarray) -> Held:
        """Let everything pass, or nothing while a tag drifts."""
        given = np.asarray(action, np.float64)
        drifting = drifting_tag(self.keys, self._kept, self.low, self.high)
        if not drifting:
            return Held(given, np.zeros(given.shape, bool), np.full(given.shape, "", object))
        reason = f"{OUTSIDE}: {drifting} drifts"
        return Held(
            np.full(given.shape, np.nan),
            np.ones(given.shape, bool),
            np.full(given.shape, reason, object),
        )


@dataclass(frozen=True)
class RecordsSeen:
    """What the records hold, under the names that the agent's tags have there.

    Attributes:
        support: Its keys are names of observations, then of actions.
        low: Least mean of a block of each observation, -inf where there were too few, (O,).
        high: Greatest mean, (O,).
        longest: Most rows in a row with one value, inf where it never changed in an episode, (O,).
    """

    support: Support
    low: np.ndarray
    high: np.ndarray
    longest: np.ndarray

    @classmethod
    def learn(cls, records: Episodes) -> RecordsSeen:
        """Read it from records.

        Raises:
            UserError: There are too few rows to judge by.
        """
        actions = tuple(tag.name for tag in records.action_tags)
        limits = {f"{name} {end}" for name in actions for end in ("low", "high")}
        columns = [i for i, t in enumerate(records.observation_tags) if t.name not in limits]
        names = tuple(records.observation_tags[i].name for i in columns)
        rows = records.transitions.observation[:, columns].astype(np.float64)
        action = records.action.astype(np.float64)
        low, high = range_of_means([rows], BLOCK)
        return cls(
            Support.learn(names, actions, np.concatenate([rows, action], 1)),
            low,
            high,
            _longest(rows, records.length),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Of the observations."""
        return self.support.keys[: -self.support.actions]

    def envelopes(self, keys: Mapping[str, str]) -> list[Envelope]:
        """What holds an agent at the plant.

        Args:
            keys: The plant file's key of each name.
        """
        drift = Drift(tuple(keys[name] for name in self.names), self.low, self.high)
        return [self.support.renamed(keys), drift]

    def still_s(self, keys: Mapping[str, str], period_s: float) -> dict[str, float]:
        """Return how long each measurement may stand still, by the plant file's key, seconds."""
        return {
            keys[name]: LONGER * float(rows) * period_s
            for name, rows in zip(self.names, self.longest, strict=True)
            if np.isfinite(rows)
        }

    def save(self, folder: Path) -> None:
        """Write it into an agent's folder."""
        support = self.support
        np.savez(
            folder / FILE,
            keys=np.array(support.keys),
            actions=np.array(support.actions),
            rows=support.rows.astype(np.float32),
            mean=support.mean,
            std=support.std,
            limit=np.array(support.limit),
            low=self.low,
            high=self.high,
            longest=self.longest,
        )

    @classmethod
    def load(cls, folder: Path) -> RecordsSeen | None:
        """Read it from an agent's folder; None if the agent came without.

        Raises:
            UserError: The file holds something else.
        """

        def read(file: Mapping[str, np.ndarray]) -> RecordsSeen:
            support = Support(
                tuple(str(key) for key in file["keys"]),
                int(file["actions"]),
                file["rows"].astype(np.float64),
                file["mean"],
                file["std"],
                float(file["limit"]),
            )
            return cls(support, file["low"], file["high"], file["longest"])

        return read_seen(folder, read, "learn", "agent")


Seen = TypeVar("Seen")


def read_seen(
    folder: Path, read: Callable[[Mapping[str, np.ndarray]], Seen], verb: str, whose: str
) -> Seen | None:
    """Read what records hold from the folder of who learned from them; None if it is not there.

    Args:
        folder: An agent's or a team's.
        read: Takes the arrays of the file.
        verb: Of the command that wrote it, for the message.
        whose: "agent" or "team", for the message.

    Raises:
        UserError: The file holds something else.
    """
    path = folder / FILE
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            return read(file)
    except (OSError, KeyError, ValueError) as error:
        raise UserError(
            f"{path}: is not what {verb} wrote ({error}); learn the {whose} again, or remove it"
        ) from None


def range_of_means(runs: Sequence[np.ndarray], block: int) -> tuple[np.ndarray, np.ndarray]:
    """Range of the means of blocks of rows, widened, since a few do not hold all; infinite if there are too few.

    Args:
        runs: Rows that follow each other, (N, K) each; no block reaches over an end.
        block: Rows of one.

    Returns:
        Least and greatest mean of each column, (K,) each.
    """
    means = np.concatenate(
        [
            rows[: len(rows) // block * block].reshape(-1, block, rows.shape[1]).mean(1)
            for rows in runs
        ]
    )
    if len(means) < LEAST_BLOCKS:
        wide = np.full(runs[0].shape[1], np.inf)
        return -wide, wide
    low, high = means.min(0), means.max(0)
    return low - WIDER * (high - low), high + WIDER * (high - low)


def drifting_tag(
    keys: Sequence[str], kept: deque[np.ndarray], low: np.ndarray, high: np.ndarray
) -> str:
    """The first tag whose mean over the last rows is beyond a range; none while they are too few.

    Args:
        keys: Of the columns.
        kept: The last rows, as many as it may hold at most.
        low: Least mean of each column.
        high: Greatest mean of each.
    """
    if len(kept) != kept.maxlen:
        return ""
    mean = np.mean(kept, axis=0)
    beyond = (mean < low) | (mean > high)
    return keys[int(beyond.argmax())] if beyond.any() else ""


def _longest(rows: np.ndarray, length: np.ndarray) -> np.ndarray:
    """Most rows in a row with one value, (O,); inf where a whole episode knows no other."""
    begins = np.zeros(len(rows), bool)
    begins[np.cumsum(length)[:-1]] = begins[0] = True
    found = np.empty(rows.shape[1])
    for column, values in enumerate(rows.T):
        starts = np.flatnonzero(begins | (np.diff(values, prepend=np.nan) != 0))
        runs = np.diff(starts, append=len(rows))
        whole = begins[starts] & np.append(begins, True)[starts + runs]
        found[column] = np.inf if whole.any() else runs.max()
    return found
