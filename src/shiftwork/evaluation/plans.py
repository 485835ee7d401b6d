"""Several agents as one array program: what each would do in the same states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from shiftwork.agents.agent import Agent
from shiftwork.evaluation.rollout import AgentOperator


@dataclass(frozen=True)
class Plans:
    """P agents of one plant, with nets of equal or different sizes.

    Attributes:
        operators: Agents of one size, stacked along a leading axis, group by group.
        order: For each agent its group and its place there.
    """

    operators: tuple[AgentOperator, ...]
    order: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, agents: Sequence[Agent]) -> Plans:
        """Stack agents, those of one size together, so that each size is compiled once."""
        groups: dict[tuple[tuple[int, ...], ...], list[AgentOperator]] = {}
        places = []
        for agent in agents:
            size = tuple(w.shape for w in agent.weights)
            group = groups.setdefault(size, [])
            places.append((size, len(group)))
            group.append(AgentOperator.of(agent))
        sizes = list(groups)
        stacked = tuple(jax.tree.map(lambda *x: jnp.stack(x), *groups[s]) for s in sizes)
        return cls(stacked, tuple((sizes.index(s), place) for s, place in places))

    def __len__(self) -> int:
        return len(self.order)

    def operator(self, number: int) -> AgentOperator:
        """Give one agent as an operator."""
        group, place = self.order[number]
        return jax.tree.map(lambda x: x[place], self.operators[group])

    def at(self, observation: Float[Array, "*B O"]) -> Float[Array, "P *B A"]:
        """What every agent would do in the same states, plant units."""
        return jnp.stack([acting(self.operator(i), observation) for i in range(len(self))])


@jax.jit
def acting(operator: AgentOperator, observation: Float[Array, "*B O"]) -> Float[Array, "*B A"]:
    """Act in a batch of states, plant units."""
    return operator.decide(observation)
