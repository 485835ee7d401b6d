"""Corridors: a small plant of primitive actions with options on it, whose values are known by hand.

It shows how a plant of one's own gets macro-actions, and is a probe for what learns on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from shiftwork.plants.options import Moment, OneStep, WithOptions
from shiftwork.plants.synchronous import JointStep

LEFT, STAY, RIGHT = range(3)


class CorridorState(NamedTuple):
    """Where the corridors stand.

    Attributes:
        cell: Of each agent, 0 at the left end, (2,).
        step: Steps made, ().
    """

    cell: Int[Array, " 2"]
    step: Int[Array, ""]


@dataclass(frozen=True)
class Corridor:
    """Two agents, each in a corridor of its own; a step earns the share of them at the right end.

    Attributes:
        cells: Of a corridor.
        start: The cell in which each agent begins.
        horizon: Steps after which the plant ends the episode.
    """

    cells: int = 5
    start: tuple[int, int] = (2, 1)
    horizon: int = 8
    name: str = "corridor"
    agents: tuple[str, ...] = ("agent 1", "agent 2")
    roles: tuple[str, ...] = ("walker", "walker")
    observation_sizes: tuple[int, ...] = (1, 1)
    actions: tuple[tuple[str, ...], ...] = (("left", "stay", "right"),) * 2

    def value(self, discount: float) -> float:
        """Value of a fresh episode in which both go to the right end and wait there."""
        arrivals = [max(0, self.cells - 2 - begin) for begin in self.start]
        shares = [sum(discount**t for t in range(at, self.horizon)) for at in arrivals]
        return sum(shares) / len(shares)

    def reset(self, key: PRNGKeyArray) -> JointStep:
        """Begin where everybody starts."""
        del key
        return self.begin(jnp.array(self.start, jnp.int32))

    def begin(self, cell: Int[Array, " 2"]) -> JointStep:
        """Begin in given cells."""
        step = self._told(CorridorState(cell, jnp.zeros((), jnp.int32)))
        return step._replace(reward=jnp.zeros(()))

    def step(self, state: CorridorState, action: Int[Array, " 2"], key: PRNGKeyArray) -> JointStep:
        """Move everybody by a cell at most."""
        del key
        cell = jnp.clip(state.cell + action.astype(jnp.int32) - STAY, 0, self.cells - 1)
        return self._told(CorridorState(cell, state.step + 1))

    def _told(self, state: CorridorState) -> JointStep:
        there = state.cell == self.cells - 1
        return JointStep(
            state=state,
            observation=(2.0 * state.cell.astype(jnp.float32) / (self.cells - 1) - 1.0)[:, None],
            allowed=jnp.ones((2, 3), bool),
            reward=there.mean(dtype=jnp.float32),
            terminal=state.step >= self.horizon,
            info={"success": there.all()},
        )


@dataclass(frozen=True)
class GoToEnd:
    """Walk to one end of the corridor, by what the agent sees of its place: -1 left to 1 right.

    Attributes:
        name: Of the option.
        right: To the right end, else to the left one.
    """

    name: str
    right: bool

    def may_begin(self, moment: Moment) -> Bool[Array, ""]:
        """Anywhere else."""
        return ~self._there(moment.observation)

    def act(self, moment: Moment, key: PRNGKeyArray) -> Int[Array, ""]:
        """One cell further."""
        del moment, key
        return jnp.full((), RIGHT if self.right else LEFT, jnp.int32)

    def ends(self, moment: Moment, key: PRNGKeyArray) -> Bool[Array, ""]:
        """On arrival."""
        del key
        return self._there(moment.observation)

    def _there(self, observation: Float[Array, " 1"]) -> Bool[Array, ""]:
        return observation[0] >= 1.0 if self.right else observation[0] <= -1.0


def corridor_with_options(plant: Corridor) -> WithOptions:
    """Let agents wait for a step or go to an end."""
    options = (OneStep("wait", STAY), GoToEnd("go left", False), GoToEnd("go right", True))
    return WithOptions(f"{plant.name}-options", plant, (options, options))
