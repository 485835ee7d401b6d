"""The contract of a plant with several agents, each deciding on its own clock."""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Int32, PRNGKeyArray

from shiftwork.plants.plant import State
from shiftwork.records.positions import Places


class TeamStep(NamedTuple):
    """What the reset or one primitive step of a team's plant gives back.

    N agents; D and A are the largest observation size and macro-action count of any of them.

    Attributes:
        state: The plant's state after the step.
        observation: What each agent saw last, (N, D), zero beyond an agent's own size. It is
            refreshed only where ``decided`` is true; elsewhere the old row is repeated.
        decided: The agent's macro-action has ended with this step, so that it decides again in
            the next, (N,). All true after a reset. May be false at a terminal step.
        mask: Macro-actions an agent may choose, (N, A); false beyond an agent's own count. It
            means something only where ``decided`` is true, and there some entry is true.
        reward: What the step earned the team, ().
        terminal: The plant has ended the episode, (). Reaching the horizon is no terminal: who
            runs the plant counts steps and cuts.
        info: Further signals, name -> array; among them ``macro_action`` (N,), in force during
            the step, and ``success`` (), the step has reached what the plant is there for.
    """

    state: State
    observation: Float[Array, "N D"]
    decided: Bool[Array, " N"]
    mask: Bool[Array, "N A"]
    reward: Float[Array, ""]
    terminal: Bool[Array, ""]
    info: dict[str, Array]


@runtime_checkable
class TeamShape(Protocol):
    """Who decides what at a team's plant: all that is needed to make a team for it.

    Attributes:
        name: By which the plant is called on the command line.
        agents: The agents' names; row i of every per-agent array is that of agent i.
        roles: Each agent's role; agents of one role have equal sizes and may share parameters.
        observation_sizes: Of each agent, at most D.
        macro_actions: The names of each agent's macro-actions in the order of their numbers, at
            most A.
        horizon: Primitive steps after which an episode is cut (a time limit, not a terminal).
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def agents(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def roles(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def observation_sizes(self) -> tuple[int, ...]: ...  # noqa: D102
    @property
    def macro_actions(self) -> tuple[tuple[str, ...], ...]: ...  # noqa: D102
    @property
    def horizon(self) -> int: ...  # noqa: D102


@runtime_checkable
class TeamPlant(TeamShape, Protocol):
    """A simulated plant run by a team, as pure functions for ``jit``, ``vmap`` and ``scan``.

    One step is one primitive step of the whole team. A macro-action lasts any number of steps;
    who has ended one is ``decided`` and chooses the next, all others go on with theirs. Agents
    that differ in size share arrays padded to the largest. A plant is an immutable value: it can
    be hashed, and equal plants are compiled only once; its ``repr`` says all of it, so that a
    checkpoint of one plant is told from that of another with the same name.
    """

    def __hash__(self) -> int: ...

    def reset(self, key: PRNGKeyArray) -> TeamStep:
        """Begin an episode: everybody decides, nothing is earned yet."""

    def step(self, state: State, macro_action: Int[Array, " N"], key: PRNGKeyArray) -> TeamStep:
        """Run one primitive step.

        Args:
            state: Of the plant.
            macro_action: For each agent, (N,). Only those of agents that ``decided`` count;
                whatever is given to a busy agent is ignored.
            key: For what is drawn at random.
        """


@runtime_checkable
class NamesObservations(Protocol):
    """A plant that names what its agents see, column by column."""

    def observation_names(self, agent: int) -> tuple[str, ...]:
        """Name each column that an agent sees."""


@runtime_checkable
class BeginsHalfWay(Protocol):
    """A plant that can also begin an episode where a team might have come to, for learning."""

    def reset_half_way(self, key: PRNGKeyArray) -> TeamStep:
        """Begin like ``reset``, with some of the work already done."""


@runtime_checkable
class SeesPlaces(Protocol):
    """A plant, or what one is made of, whose agents see where things are.

    Attributes:
        places: What columns of every agent's observation are places, and which is its own. A place
            that an agent does not see is 0.
    """

    @property
    def places(self) -> Places: ...  # noqa: D102


class Traits(NamedTuple):
    """What an agent's macro-actions do to things of one kind, and what the agent sees of these.

    S things, such as tanks, or one: all that the agent sees. What is searched for over traits holds for
    every one of the things alike.

    Attributes:
        values: M numbers of the size of 1 for each macro-action and thing, (A, S, M): the share that a
            recipe takes from a tank, the temperature that a setting stands for.
        columns: Of the agent's observation that are about each thing, in the same order for all, (S, C);
            where the plant tells places, of the observation with the agent's own place first.
    """

    values: Float[Array, "A S M"]
    columns: Int32[np.ndarray, "S C"]


class Prospects(NamedTuple):
    """What an agent's macro-actions would bring, as it can tell beforehand: K numbers, each a sum over S things.

        number k of macro-action a = sum over things s of shares[a, s] * observation[columns[s, k]]

    Such as how far the blend that a recipe makes lies from the blend in force. Their squares are searched
    over too, because what is near is often good, on whichever side.

    Attributes:
        shares: How much of each thing a macro-action takes, (A, S).
        columns: Where the agent sees it, as those of ``Traits``; -1 where a thing does not count, (S, K).
    """

    shares: Float[Array, "A S"]
    columns: Int32[np.ndarray, "S K"]


@runtime_checkable
class TellsTraits(Protocol):
    """A plant that says in what its agents' macro-actions are like each other."""

    def traits(self, agent: int) -> tuple[Traits, ...]:
        """What the agent's macro-actions do, a part for each kind of things."""

    def prospects(self, agent: int) -> Prospects | None:
        """What the agent's macro-actions would bring; None where nothing can be told beforehand."""


@runtime_checkable
class OfAFamily(Protocol):
    """A plant, or what one is made of, that is like others: settings that suit them suit it.

    Attributes:
        family: Its name, such as "centre".
    """

    @property
    def family(self) -> str: ...  # noqa: D102


def family_of(plant: object) -> str:
    """Return the family that a plant is of; nothing where it does not say."""
    return plant.family if isinstance(plant, OfAFamily) else ""


def places_of(plant: object) -> Places:
    """Return the places that a plant's agents see; none where it does not say."""
    return plant.places if isinstance(plant, SeesPlaces) else Places()


def traits_of(plant: TeamShape, agent: int) -> tuple[Traits, ...]:
    """Return what an agent's macro-actions do; where a plant does not say, each is like no other."""
    if isinstance(plant, TellsTraits):
        return plant.traits(agent)
    each = jnp.eye(len(plant.macro_actions[agent]))
    return (Traits(each[:, None], np.arange(plant.observation_sizes[agent], dtype=np.int32)[None]),)


def prospects_of(plant: TeamShape, agent: int) -> Prospects | None:
    """Return what an agent's macro-actions would bring; None where a plant does not say."""
    return plant.prospects(agent) if isinstance(plant, TellsTraits) else None
