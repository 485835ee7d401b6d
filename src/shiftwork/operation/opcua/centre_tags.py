"""A cracking centre as the tags of a control system, with people at its panels.

Each agent's macro-action is a set-point: its number. A control system runs the sequence behind it, and
shows whose sequence has ended and which the plant permits. A set-point that nobody writes is set by
the centre's people, as they would.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from shiftwork.people.centre.people import People
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.plant import ScoreRange, Step
from shiftwork.plants.run import ACT, BEGIN
from shiftwork.plants.team_plant import TeamStep
from shiftwork.records.tags import Tag, Tags

STEP, EARNED = "step", "earned"


@dataclass(frozen=True)
class CentreTags:
    """Implements ``Plant`` with the centre's team as one vector.

    The observation is, for each agent, what it sees, whether it decides and what it may; then the
    count of the campaign's steps and what the last one earned. An action's column is the number of
    an agent's macro-action, or NaN where people choose; ``info["in_force"]`` tells the numbers, (N,).

    Attributes:
        centre: The simulation.
    """

    centre: Centre

    @property
    def name(self) -> str:
        """The centre's."""
        return self.centre.name

    @functools.cached_property
    def sees(self) -> tuple[tuple[str, ...], ...]:
        """Names of each agent's observation."""
        return tuple(
            tuple(f"{name} {column}" for column in self.centre.observation_names(number))
            for number, name in enumerate(self.centre.agents)
        )

    @functools.cached_property
    def decides(self) -> tuple[str, ...]:
        """Name of the tag that says whether an agent decides."""
        return tuple(f"{name} decides" for name in self.centre.agents)

    @functools.cached_property
    def may(self) -> tuple[tuple[str, ...], ...]:
        """Names of the tags that say what each agent may."""
        names = zip(self.centre.agents, self.centre.macro_actions, strict=True)
        return tuple(tuple(f"{name} may {macro}" for macro in own) for name, own in names)

    @functools.cached_property
    def observation(self) -> Tags:
        """All of it."""
        names = [name for own in (*self.sees, self.decides, *self.may) for name in own]
        return tuple(Tag(name) for name in (*names, STEP, EARNED))

    @functools.cached_property
    def action(self) -> Tags:
        """One for each agent."""
        names = zip(self.centre.agents, self.centre.macro_actions, strict=True)
        return tuple(Tag(name, low=0.0, high=len(own) - 1.0) for name, own in names)

    @property
    def horizon(self) -> int:
        """The centre's."""
        return self.centre.horizon

    @property
    def score(self) -> ScoreRange | None:
        """There is none."""
        return None

    @property
    def targets(self) -> tuple[tuple[int, int], ...]:
        """There are none."""
        return ()

    def reset(self, key: PRNGKeyArray) -> tuple[Any, Float[Array, " O"]]:
        """Begin a campaign with other people."""
        step = self.centre.reset(key)
        people = People(self.centre).begin(jax.random.fold_in(key, BEGIN))
        return (step._replace(info={}), people, step.state.macro_action), self._row(step)

    def step(self, state: Any, action: Float[Array, " A"], key: PRNGKeyArray) -> Step:
        """Run one hour."""
        before, people, old = state
        people, theirs = People(self.centre).act(people, before, jax.random.fold_in(key, ACT))
        wanted = jnp.where(before.decided, theirs, old)
        in_force = jnp.where(jnp.isnan(action), wanted.astype(action.dtype), action).astype(
            jnp.int32
        )
        after = self.centre.step(before.state, in_force, key)
        return Step(
            (after._replace(info={}), people, in_force),
            self._row(after),
            after.reward,
            after.terminal,
            {"in_force": in_force},
        )

    def _row(self, step: TeamStep) -> Float[Array, " O"]:
        centre = self.centre
        sizes, counts = centre.observation_sizes, map(len, centre.macro_actions)
        parts = [step.observation[agent, :size] for agent, size in enumerate(sizes)]
        parts += [step.decided.astype(jnp.float32)]
        parts += [step.mask[agent, :many].astype(jnp.float32) for agent, many in enumerate(counts)]
        counted = jnp.stack([step.state.hour.astype(jnp.float32), step.reward])
        return jnp.concatenate([*parts, counted])
