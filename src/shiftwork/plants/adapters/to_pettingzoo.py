"""A team plant as a PettingZoo environment, for users with their own learner.

``TeamEnv(make_team_plant("overcooked-A"))`` is a parallel environment. Each of its steps is one
primitive step of the team, for which every agent gives a macro-action; those of busy agents are
ignored. ``info["decided"]`` and ``info["action_mask"]`` tell who decides next, among what.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping
from typing import Any, SupportsIndex

import gymnasium
import jax
import numpy as np
from jaxtyping import Array
from pettingzoo import ParallelEnv  # type: ignore[import-untyped]

from shiftwork.errors import UserError
from shiftwork.plants.team_plant import TeamPlant, TeamStep

Observations = dict[str, np.ndarray]
Infos = dict[str, dict[str, Any]]


class TeamEnv(ParallelEnv[str, np.ndarray, int]):  # type: ignore[misc]
    """A team's plant as a PettingZoo parallel environment on the CPU.

    Reaching the horizon truncates and never terminates; a terminal terminates and never
    truncates. Both hold for all agents at once.

    Attributes:
        plant: What is run.
        possible_agents: All agents.
        agents: Those of the running episode: all, or none after its end.
    """

    def __init__(self, plant: TeamPlant) -> None:
        """Prepare a plant; environments of equal plants share one compiled program."""
        self.plant = plant
        self.metadata: dict[str, Any] = {"name": plant.name, "render_modes": []}
        self.possible_agents = list(plant.agents)
        self.agents: list[str] = []
        self._reset, self._step = _compiled(plant)
        self._rng = np.random.default_rng()
        self._state: Any = None
        self._key: Array = jax.random.key(0)
        self._decided = np.ones(len(plant.agents), bool)
        self._mask = np.zeros((len(plant.agents), 0), bool)
        self._steps = 0

    @functools.cache  # noqa: B019 - PettingZoo wants the same object each time
    def observation_space(self, agent: str) -> gymnasium.spaces.Box:
        """The agent's own entries, without padding."""
        size = self.plant.observation_sizes[self._number(agent)]
        return gymnasium.spaces.Box(-np.inf, np.inf, (size,), np.float32)

    @functools.cache  # noqa: B019
    def action_space(self, agent: str) -> gymnasium.spaces.Discrete:
        """The agent's macro-actions."""
        return gymnasium.spaces.Discrete(len(self.plant.macro_actions[self._number(agent)]))

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observations, Infos]:
        """Begin an episode; without a seed the stream of episodes goes on."""
        del options
        if seed is not None:
            self._rng = np.random.default_rng(seed)
        self._key = jax.random.key(int(self._rng.integers(2**31)))
        self.agents, self._steps = list(self.possible_agents), 0
        return self._shown(self._reset(self._key))

    def step(
        self, actions: Mapping[str, SupportsIndex]
    ) -> tuple[Observations, dict[str, float], dict[str, bool], dict[str, bool], Infos]:
        """Run one primitive step.

        Args:
            actions: A macro-action for each agent; a busy one may be left out.

        Raises:
            UserError: No episode is running, or an agent that decides gives no macro-action that
                it may choose.
        """
        if not self.agents:
            raise UserError(f"plant '{self.plant.name}': no episode is running; call reset() first")
        macro_action = np.array(
            [self._checked(number, actions.get(agent)) for number, agent in enumerate(self.agents)],
            np.int32,
        )
        step = self._step(self._state, macro_action, self._key, np.int32(self._steps))
        self._steps += 1
        observations, infos = self._shown(step)
        terminated = bool(step.terminal)
        truncated = not terminated and self._steps >= self.plant.horizon
        running, reward = self.agents, float(step.reward)
        if terminated or truncated:
            self.agents = []
        return (
            observations,
            dict.fromkeys(running, reward),
            dict.fromkeys(running, terminated),
            dict.fromkeys(running, truncated),
            infos,
        )

    def _number(self, agent: str) -> int:
        return self.possible_agents.index(agent)

    def _checked(self, number: int, given: SupportsIndex | None) -> int:
        if not self._decided[number]:
            return 0  # the plant does not look at it
        mask, agent = self._mask[number], self.possible_agents[number]
        if given is None:
            raise UserError(f"{agent}: decides now but has no action; give it one")
        action = operator.index(given)
        if not (0 <= action < len(mask)) or not mask[action]:
            allowed = ", ".join(str(a) for a in np.flatnonzero(mask))
            raise UserError(f"{agent}: may not choose action {action} now; allowed: {allowed}")
        return action

    def _shown(self, step: TeamStep) -> tuple[Observations, Infos]:
        self._state = step.state
        # Copies: what JAX gives out cannot be written to.
        self._decided, self._mask = np.array(step.decided), np.array(step.mask)
        seen = np.array(step.observation, np.float32)
        observations, infos = {}, {}
        for number, agent in enumerate(self.possible_agents):
            observations[agent] = seen[number, : self.plant.observation_sizes[number]]
            actions = len(self.plant.macro_actions[number])
            infos[agent] = {
                "decided": bool(self._decided[number]),
                "action_mask": self._mask[number, :actions].astype(np.int8),
            }
        return observations, infos


@functools.cache
def _compiled(plant: TeamPlant) -> tuple[Callable[..., TeamStep], Callable[..., TeamStep]]:
    """Compile reset and step of a plant once, for however many environments are made of it."""

    def step(state: Any, macro_action: Array, key: Array, number: Array) -> TeamStep:
        return plant.step(state, macro_action, jax.random.fold_in(key, number + 1))

    return jax.jit(plant.reset), jax.jit(step)
