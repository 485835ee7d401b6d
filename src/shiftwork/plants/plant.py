"""The contract of a plant with one decision maker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

from jaxtyping import Array, Bool, Float, PRNGKeyArray

from shiftwork.records.tags import Tags

State = Any
"""A pytree of arrays that only the plant itself looks into."""


class Step(NamedTuple):
    """What one step of a plant gives back.

    Attributes:
        state: The plant's state after the step.
        observation: What is seen after the step, (O,), plant units.
        reward: What the step earned, ().
        terminal: The plant has ended the episode, so that nothing follows, (). Reaching the
            horizon is no terminal: who runs the plant counts steps and cuts.
        info: Further signals for pictures and reports, name -> array.
    """

    state: State
    observation: Float[Array, " O"]
    reward: Float[Array, ""]
    terminal: Bool[Array, ""]
    info: dict[str, Array]


@dataclass(frozen=True)
class ScoreRange:
    """Returns that count as 0 and 100 on a plant's published scale."""

    low: float
    high: float

    def normalized(self, value: Any) -> Any:
        """Map an undiscounted return (or an array of them) to the published scale."""
        return 100 * (value - self.low) / (self.high - self.low)


@runtime_checkable  # A ForeignPlant has all these names too: ask for that one first.
class Plant(Protocol):
    """A simulated plant as pure functions, so that ``jit``, ``vmap`` and ``scan`` apply.

    A plant is an immutable value: it can be hashed, and equal plants are compiled only once.

    Attributes:
        name: By which the plant is called on the command line.
        observation: Tags of the observation's columns; what is seen never leaves their spans.
        action: Tags of the action's columns, with finite limits.
        horizon: Steps after which an episode is cut (a time limit, not a terminal).
        score: The published scale of returns, if there is one.
        targets: Pairs (observation column, column of its target), for pictures.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def observation(self) -> Tags: ...  # noqa: D102
    @property
    def action(self) -> Tags: ...  # noqa: D102
    @property
    def horizon(self) -> int: ...  # noqa: D102
    @property
    def score(self) -> ScoreRange | None: ...  # noqa: D102
    @property
    def targets(self) -> tuple[tuple[int, int], ...]: ...  # noqa: D102

    def __hash__(self) -> int: ...

    def reset(self, key: PRNGKeyArray) -> tuple[State, Float[Array, " O"]]:
        """Begin an episode: its state and first observation (O,)."""

    def step(self, state: State, action: Float[Array, " A"], key: PRNGKeyArray) -> Step:
        """Run one step; actions beyond the limits are clipped to them."""
