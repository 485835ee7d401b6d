"""Records of a team's plant: whoever runs it, what was decided becomes ``TeamEpisodes``."""

from __future__ import annotations

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key, PRNGKeyArray

from shiftwork.plants.operator import Memory, TeamOperator
from shiftwork.plants.run_team import run_team, run_team_stepwise
from shiftwork.plants.team_plant import NamesObservations, TeamPlant, TeamStep
from shiftwork.records.team_episodes import NOTHING, Decisions, Task, TeamEpisodes, TeamPlace

SIDE_BY_SIDE = 32
"""Episodes of one compiled run: more would fill the memory on long horizons."""


class Noted(eqx.Module):
    """An operator whose memory also holds what it chose last.

    What is in force may be something else: a plant replaces what cannot be done.

    Attributes:
        operator: Whoever acts.
        agents: How many.
    """

    operator: TeamOperator
    agents: int = eqx.field(static=True)

    def begin(self, key: PRNGKeyArray) -> Memory:
        """Begin as the operator does."""
        return self.operator.begin(key), jnp.zeros(self.agents, jnp.int32)

    def act(self, memory: Memory, step: TeamStep, key: PRNGKeyArray) -> tuple[Memory, Any]:
        """Act as the operator does."""
        own, macro = self.operator.act(memory[0], step, key)
        return (own, jnp.asarray(macro, jnp.int32)), macro


def place_of(
    plant: TeamPlant, *, step: str = "1 step", reward: str = "1", scenario: str = ""
) -> TeamPlace:
    """Describe a plant as records do.

    Args:
        plant: The plant.
        step: What a primitive step is, such as "1 h".
        reward: What a reward of 1 is.
        scenario: Text of its scenario file, if it is one of the user's own.
    """

    def names(agent: int) -> tuple[str, ...]:
        if isinstance(plant, NamesObservations):
            return plant.observation_names(agent)
        return tuple(f"column {n + 1}" for n in range(plant.observation_sizes[agent]))

    tasks = tuple(
        Task(name, role, names(agent), plant.macro_actions[agent])
        for agent, (name, role) in enumerate(zip(plant.agents, plant.roles, strict=True))
    )
    return TeamPlace(plant.name, repr(plant), tasks, plant.horizon, step, reward, scenario)


def record_team(
    plant: TeamPlant, operator: TeamOperator, place: TeamPlace, *, episodes: int, seed: int
) -> TeamEpisodes:
    """Let an operator run whole episodes, and keep what everybody saw, might do and chose.

    Args:
        plant: The plant.
        operator: Whoever acts; one that is not pure is run step by step.
        place: What ``place_of`` says of the plant.
        episodes: How many.
        seed: Of the episodes, as for ``evaluate_team``: the same seed gives the same ones.
    """
    noted = Noted(operator, len(plant.agents))
    keys = jax.random.split(jax.random.key(seed), episodes)
    kept: list[Any] = []
    if getattr(operator, "pure", True):
        for begin in range(0, episodes, SIDE_BY_SIDE):
            # The last run is filled up, so that one program serves all.
            chosen = np.minimum(np.arange(begin, begin + min(SIDE_BY_SIDE, episodes)), episodes - 1)
            rows = jax.device_get(_run(plant, noted, keys[chosen]))
            kept += [
                jax.tree.map(lambda x, n=n: x[n], rows)
                for n in range(min(len(chosen), episodes - begin))
            ]
    else:
        for key in keys:
            first, rows = run_team_stepwise(plant, noted, key, _keep)
            kept.append((_seen(first), rows))
    return _episodes(place, [_cut(*rows) for rows in kept])


def _seen(step: TeamStep) -> tuple[Array, Array, Array]:
    return step.observation, step.decided, step.mask


def _keep(before: TeamStep, after: TeamStep, memory: Memory) -> tuple[Any, ...]:
    del before
    return (*_seen(after), memory[1], after.reward, after.terminal)


@eqx.filter_jit
def _run(plant: TeamPlant, noted: Noted, keys: Key[Array, " E"]) -> Any:
    def one(key: PRNGKeyArray) -> Any:
        first, rows = run_team(plant, noted, key, _keep)
        return _seen(first), rows

    return jax.vmap(one)(keys)


class Ran(NamedTuple):
    """One episode of T steps, with what was seen behind the last one."""

    observation: Float[np.ndarray, "T1 N D"]
    decided: Bool[np.ndarray, "T1 N"]
    mask: Bool[np.ndarray, "T1 N A"]
    macro: Int[np.ndarray, "T N"]
    reward: Float[np.ndarray, " T"]
    ended: bool


def _cut(first: tuple[Any, ...], rows: tuple[Any, ...]) -> Ran:
    """Put the first step before the others, and drop what follows a terminal step."""
    *seen, macro, reward, terminal = map(np.asarray, rows)
    steps = int(terminal.argmax()) + 1 if terminal.any() else len(terminal)
    observation, decided, mask = (
        np.concatenate([np.asarray(begin)[None], later[:steps]])
        for begin, later in zip(first, seen, strict=True)
    )
    return Ran(observation, decided, mask, macro[:steps], reward[:steps], bool(terminal.any()))


def _episodes(place: TeamPlace, found: list[Ran]) -> TeamEpisodes:
    decisions = []
    for agent, task in enumerate(place.tasks):
        parts = [_decisions(task, agent, number, one) for number, one in enumerate(found)]
        fields = zip(*(vars(part).values() for part in parts), strict=True)
        decisions.append(Decisions(*(np.concatenate(field) for field in fields)))
    return TeamEpisodes(
        place,
        tuple(decisions),
        np.concatenate([one.reward for one in found]).astype(np.float32),
        np.array([len(one.reward) for one in found], np.int64),
        np.array([one.ended for one in found]),
    )


def _decisions(task: Task, agent: int, episode: int, one: Ran) -> Decisions:
    step = np.flatnonzero(one.decided[:, agent]).astype(np.int64)
    chosen = np.append(one.macro[:, agent], NOTHING)[step].astype(np.int64)
    return Decisions(
        np.full(len(step), episode, np.int64),
        step,
        one.observation[step, agent, : len(task.observations)].astype(np.float32),
        one.mask[step, agent, : len(task.macro_actions)].astype(bool),
        chosen,
        np.diff(step, append=len(one.reward)).astype(np.int64),
    )
