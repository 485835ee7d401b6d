"""A cracking centre whose numbers are drawn for each episode: one team for many scenarios."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.layout import amounts_of
from shiftwork.plants.centre.scenario import Scenario
from shiftwork.plants.centre.state import CentreState
from shiftwork.plants.operator import Memory, TeamOperator
from shiftwork.plants.team_plant import Prospects, TeamStep, Traits


class Range(NamedTuple):
    """A number of a scenario that is drawn evenly.

    Attributes:
        place: Keys that lead to it, with positions in lists: ("tanks", 0, "level").
        low: The least it can be,
        high: and the most.
    """

    place: tuple[str | int, ...]
    low: float
    high: float


class VariedState(NamedTuple):
    """Where an episode stands.

    Attributes:
        values: The numbers drawn for it, in the order of the ranges, (V,).
        centre: State of the centre with these numbers.
    """

    values: Float[Array, " V"]
    centre: CentreState


@dataclass(frozen=True)
class VariedCentre:
    """A centre of another scenario in each episode; all of them have the same tanks, ships and furnaces to count.

    Agents see what they see at any centre. Nothing tells them the numbers that were drawn.

    Attributes:
        scenario: What is not drawn, checked.
        ranges: What is drawn, each on its own, evenly between two ends.
    """

    scenario: Scenario
    ranges: tuple[Range, ...]

    @functools.cached_property
    def like(self) -> Centre:
        """A centre of the shapes that all have, with room for as many ships as can be planned."""
        often = {("ships", "interval_d"), ("ships", "first_d")}
        ranges = tuple(given for given in self.ranges if given.place in often)
        low = tuple(given.low for given in ranges)
        return Centre(scenario_with(self.scenario, ranges, low))

    @property
    def name(self) -> str:
        """The scenario's."""
        return self.scenario.name

    @property
    def family(self) -> str:
        """Of all centres."""
        return self.like.family

    @property
    def agents(self) -> tuple[str, ...]:
        """As at each of its centres; so are the following."""
        return self.like.agents

    @property
    def roles(self) -> tuple[str, ...]:
        """Receiving, blending, furnace."""
        return self.like.roles

    @property
    def observation_sizes(self) -> tuple[int, ...]:
        """Alike within a role."""
        return self.like.observation_sizes

    @property
    def macro_actions(self) -> tuple[tuple[str, ...], ...]:
        """Alike within a role."""
        return self.like.macro_actions

    @property
    def horizon(self) -> int:
        """Hours."""
        return self.like.horizon

    def observation_names(self, agent: int) -> tuple[str, ...]:
        """Name each column that an agent sees."""
        return self.like.observation_names(agent)

    def traits(self, agent: int) -> tuple[Traits, ...]:
        """In what an agent's macro-actions are like each other."""
        return self.like.traits(agent)

    def prospects(self, agent: int) -> Prospects | None:
        """What an agent's macro-actions would bring."""
        return self.like.prospects(agent)

    def drawn(self, key: PRNGKeyArray) -> Float[Array, " V"]:
        """Draw the numbers of an episode."""
        low, high = (jnp.array([given[end] for given in self.ranges]) for end in (1, 2))
        return low + (high - low) * jax.random.uniform(key, (len(self.ranges),))

    def now(self, state: VariedState) -> tuple[Centre, CentreState]:
        """The centre of an episode, and where it stands."""
        return self._centre(state.values), state.centre

    def reset(self, key: PRNGKeyArray) -> TeamStep:
        """Draw a scenario, and an episode of it."""
        values_key, key = jax.random.split(key)
        values = self.drawn(values_key)
        return _within(values, self._centre(values).reset(key))

    def step(
        self, state: VariedState, macro_action: Int[Array, " N"], key: PRNGKeyArray
    ) -> TeamStep:
        """Run one hour."""
        centre, inner = self.now(state)
        return _within(state.values, centre.step(inner, macro_action, key))

    def one(self, seed: int) -> Scenario:
        """Draw a scenario that can be kept in a file; its name ends in the seed."""
        values = np.asarray(self.drawn(jax.random.key(seed)), np.float64)
        rounded = tuple(float(f"{value:.4g}") for value in values)
        scenario = scenario_with(self.scenario, self.ranges, rounded)
        return scenario.model_copy(update={"name": f"{self.name}-{seed}"})

    def _centre(self, values: Float[Array, " V"]) -> Centre:
        """The centre with (traced) numbers; what follows from them is worked out again."""
        scenario = scenario_with(self.scenario, self.ranges, tuple(values))
        return self.like.of_same_shapes(scenario, amounts_of(scenario, jnp))


class InEach(eqx.Module):
    """An operator of a centre that is another in each episode: it knows the one that it runs.

    Attributes:
        plant: The centre.
        made: Makes the operator of one scenario.
    """

    plant: VariedCentre = eqx.field(static=True)
    made: Callable[[Centre], TeamOperator]

    def begin(self, key: PRNGKeyArray) -> Memory:
        """Begin as at any of its scenarios."""
        return self.made(self.plant.like).begin(key)

    def act(
        self, memory: Memory, step: TeamStep, key: PRNGKeyArray
    ) -> tuple[Memory, Int[Array, " N"]]:
        """Act as at the episode's own scenario."""
        centre, state = self.plant.now(step.state)
        memory, macro_action = self.made(centre).act(memory, step._replace(state=state), key)
        return memory, jnp.asarray(macro_action)


AnyCentre = Centre | VariedCentre
"""A centre of one scenario, or of another one in each episode."""


def scenario_with(
    scenario: Scenario, ranges: tuple[Range, ...], values: tuple[Any, ...]
) -> Scenario:
    """Put (traced) numbers in the place of some of a scenario's; nothing is checked."""
    for given, value in zip(ranges, values, strict=True):
        scenario = _put(scenario, given.place, value)
    return scenario


def _put(table: Any, place: tuple[str | int, ...], value: Any) -> Any:
    if not place:
        return value
    key, *rest = place
    if isinstance(key, int):
        return (*table[:key], _put(table[key], tuple(rest), value), *table[key + 1 :])
    return table.model_copy(update={key: _put(getattr(table, key), tuple(rest), value)})


def _within(values: Float[Array, " V"], step: TeamStep) -> TeamStep:
    return step._replace(state=VariedState(values, step.state))
