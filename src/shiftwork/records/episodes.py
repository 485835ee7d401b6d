"""Episodes: what happened in a plant, as arrays with boundaries that nothing crosses."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float32, Int64

from shiftwork.errors import UserError
from shiftwork.records.limits import MovingLimits
from shiftwork.records.tags import Tags, box


@dataclass(frozen=True, eq=False)
class Transitions:
    """The single steps of episodes, one row each; the last step of an episode has no successor.

    Attributes:
        observation: What was seen, (T, O), plant units.
        action: What was done, (T, A), plant units.
        reward: What it earned, (T,).
        next_observation: What was seen next, (T, O): at an episode's end its last observation,
            never the next episode's first.
        next_action: What was done next, (T, A): at an episode's end, where nothing was done
            any more, the row's own action; ``last`` tells so.
        terminal: The plant ended the episode here, (T,): the future is worth nothing.
        last: The episode's last row for whatever cause, (T,).
    """

    observation: Float32[np.ndarray, "T O"]
    action: Float32[np.ndarray, "T A"]
    reward: Float32[np.ndarray, " T"]
    next_observation: Float32[np.ndarray, "T O"]
    next_action: Float32[np.ndarray, "T A"]
    terminal: Bool[np.ndarray, " T"]
    last: Bool[np.ndarray, " T"]


@dataclass(frozen=True)
class Statistics:
    """What records hold, in a few numbers; returns are undiscounted sums of reward."""

    episodes: int
    steps: int
    terminal_episodes: int
    shortest: int
    longest: int
    mean_return: float
    std_return: float
    worst_return: float
    best_return: float
    mean_reward: float
    std_reward: float
    worst_reward: float
    action_std: tuple[float, ...]
    action_at_limit: float


@dataclass(frozen=True, eq=False)
class Episodes:
    """Recorded episodes of one plant.

    An episode of n steps has n actions and rewards and n + 1 observations: the last observation
    is kept. Episodes stand one behind the other in the order in which they were recorded. Two
    of them hold the same if their ``hash`` agrees.

    Attributes:
        observation: (T + E, O) float32, plant units.
        action: (T, A) float32, plant units, inside the action tags' limits.
        reward: (T,) float32.
        length: Steps of each episode, (E,) int64, each at least 1, T in sum.
        terminal: Whether the plant ended the episode itself, (E,); False means that it was cut
            by a time limit or by the end of the records, which is no terminal.
        observation_tags: One per column of ``observation``.
        action_tags: One per column of ``action``, with finite limits.
        source: Where the records come from; errors begin with it.
    """

    observation: Float32[np.ndarray, "TE O"]
    action: Float32[np.ndarray, "T A"]
    reward: Float32[np.ndarray, " T"]
    length: Int64[np.ndarray, " E"]
    terminal: Bool[np.ndarray, " E"]
    observation_tags: Tags
    action_tags: Tags
    source: str = "records"

    def __post_init__(self) -> None:
        where = self.source
        if not (self.observation_tags and self.action_tags):
            raise UserError(f"{where}: has no observation or no action column; export both")
        self._refuse_shapes()
        for name, array, tags in (
            ("observation", self.observation, self.observation_tags),
            ("action", self.action, self.action_tags),
            ("reward", self.reward[:, None], None),
        ):
            refuse_nonfinite(array, f"{where}: '{name}'", tags)
        low, high = box(self.action_tags, where)
        MovingLimits.find(self.observation_tags, self.action_tags, where)
        with np.errstate(over="ignore"):  # beyond the widest float32, every value is inside
            slack = 1e-5 * (high - low)
            outside = (self.action < low - slack) | (self.action > high + slack)
        if outside.any():
            row, column = np.argwhere(outside)[0]
            tag = self.action_tags[column]
            raise UserError(
                f"{where}: 'action' row {row}, tag '{tag.name}': {self.action[row, column]:g} is "
                f"outside its limits {tag.low:g} to {tag.high:g} "
                f"({int(outside.any(1).sum())} such rows); fix the limits or drop the episodes"
            )

    def _refuse_shapes(self) -> None:
        where = self.source
        for name, dtype, axes in (
            ("observation", np.float32, 2),
            ("action", np.float32, 2),
            ("reward", np.float32, 1),
            ("length", np.int64, 1),
            ("terminal", np.bool_, 1),
        ):
            array = getattr(self, name)
            if array.dtype != dtype or array.ndim != axes:
                raise UserError(
                    f"{where}: '{name}' is {array.dtype} of shape {array.shape}; needed: "
                    f"{np.dtype(dtype)} with {axes} axes; export it again"
                )
        steps, episodes = len(self.reward), len(self.length)
        _refuse_lengths(self.length, steps, where)
        for name, shape in (
            ("observation", (steps + episodes, len(self.observation_tags))),
            ("action", (steps, len(self.action_tags))),
            ("terminal", (episodes,)),
        ):
            has = getattr(self, name).shape
            if has != shape:
                raise UserError(
                    f"{where}: '{name}' has shape {has}; needed for {episodes} episodes of {steps} "
                    f"steps in all: {shape}; export it again"
                )

    @cached_property
    def starts(self) -> Int64[np.ndarray, " E"]:
        """Row of each episode's first action, (E,)."""
        return np.concatenate([[0], np.cumsum(self.length)[:-1]]).astype(np.int64)

    @cached_property
    def episode_of_step(self) -> Int64[np.ndarray, " T"]:
        """The episode to which each step belongs, (T,)."""
        return np.repeat(np.arange(len(self.length), dtype=np.int64), self.length)

    @cached_property
    def transitions(self) -> Transitions:
        """The episodes as single steps, no step reaching over an episode's end."""
        steps = np.arange(len(self.action))
        # One long run needs no copy of what was seen.
        before, after = slice(None, -1), slice(1, None)
        if len(self.length) > 1:
            before = steps + self.episode_of_step
            after = before + 1
        last = np.zeros(len(steps), bool)
        last[self.starts + self.length - 1] = True
        successor = np.where(last, steps, np.minimum(steps + 1, len(steps) - 1))
        terminal = last & self.terminal[self.episode_of_step]
        return Transitions(
            observation=self.observation[before],
            action=self.action,
            reward=self.reward,
            next_observation=self.observation[after],
            next_action=self.action[successor],
            terminal=terminal,
            last=last,
        )

    @cached_property
    def returns(self) -> np.ndarray:
        """Undiscounted return of each episode, (E,) float64."""
        return np.add.reduceat(self.reward.astype(np.float64), self.starts)

    def select(self, episodes: np.ndarray) -> Episodes:
        """Keep some episodes, in the order given.

        Args:
            episodes: Their numbers, (K,), repeats allowed, or a mask, (E,) bool.

        Raises:
            UserError: None is kept.
        """
        chosen = np.arange(len(self.length))[episodes]
        start, length = self.starts[chosen], self.length[chosen]
        steps = _ranges(start, length)
        # Every episode before it put one more row, its last, among the observations.
        seen = _ranges(start + chosen, length + 1)
        return Episodes(
            self.observation[seen],
            self.action[steps],
            self.reward[steps],
            length,
            self.terminal[chosen],
            self.observation_tags,
            self.action_tags,
            self.source,
        )

    @cached_property
    def statistics(self) -> Statistics:
        """The records in a few numbers."""
        low, high = box(self.action_tags, self.source)
        near = 1e-3 * (high - low)
        at_limit = (self.action <= low + near) | (self.action >= high - near)
        return Statistics(
            episodes=len(self.length),
            steps=len(self.action),
            terminal_episodes=int(self.terminal.sum()),
            shortest=int(self.length.min()),
            longest=int(self.length.max()),
            mean_return=float(self.returns.mean()),
            std_return=float(self.returns.std()),
            worst_return=float(self.returns.min()),
            best_return=float(self.returns.max()),
            mean_reward=float(self.reward.mean(dtype=np.float64)),
            std_reward=float(self.reward.std(dtype=np.float64)),
            worst_reward=float(self.reward.min()),
            action_std=tuple(float(s) for s in self.action.std(0, dtype=np.float64)),
            action_at_limit=float(at_limit.mean()),
        )

    @cached_property
    def hash(self) -> str:
        """SHA-256 of values, boundaries and tags: equal records, equal hash, whatever the file."""
        digest = hashlib.sha256(repr((self.observation_tags, self.action_tags)).encode())
        for tag in self.action_tags:
            digest.update((tag.low_tag + tag.high_tag).encode())
        for column in (i for i, tag in enumerate(self.observation_tags) if tag.outside):
            digest.update(f"outside {column}".encode())
        for array in (self.observation, self.action, self.reward, self.length, self.terminal):
            digest.update(repr(array.shape).encode())
            # -0.0 and 0.0 are one value with two spellings.
            plain = array + np.float32(0) if array.dtype == np.float32 else array
            digest.update(plain.tobytes())
        return digest.hexdigest()


def _refuse_lengths(length: np.ndarray, rows: int, where: str) -> None:
    """Check that lengths cut ``rows`` steps into episodes."""
    if not length.size or not rows:
        raise UserError(f"{where}: holds no episode; export at least one")
    # Each by itself first: the sum of absurd ones may wrap around to something plausible.
    for episode in np.flatnonzero((length < 1) | (length > rows))[:1]:
        raise UserError(
            f"{where}: 'length' of episode {episode} is {length[episode]}, but it needs 1 to "
            f"{rows} steps; drop or fix the episode"
        )
    if length.sum() != rows:
        raise UserError(
            f"{where}: 'length' sums to {length.sum()} steps, but 'reward' has {rows} rows; "
            "export it again"
        )


def _ranges(first: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Join the ranges that start at ``first``, (K,), and are ``count`` long, (K,)."""
    before = np.cumsum(count) - count
    return np.repeat(first - before, count) + np.arange(count.sum())


def refuse_nonfinite(array: np.ndarray, where: str, tags: Tags | None = None) -> None:
    """Raise the error that names the first NaN or infinity of a (T, C) array.

    Raises:
        UserError: A value is not finite.
    """
    bad = ~np.isfinite(array)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        tag = f", tag '{tags[column].name}'" if tags else ""
        raise UserError(
            f"{where} row {row}{tag}: {array[row, column]} is not a finite number in float32 "
            f"({int(bad.any(1).sum())} such rows); drop those episodes or fill the gap"
        )
