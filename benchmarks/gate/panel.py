"""The panel: agents of every kind, from good to reckless, and what each is truly worth."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PRNGKeyArray

from benchmarks.gate.plants import people_at
from shiftwork.agents.agent import Agent
from shiftwork.evaluation.plans import Plans, acting
from shiftwork.evaluation.rollout import rollout
from shiftwork.learning.offline.learn import learn
from shiftwork.plants.operator import Operator
from shiftwork.plants.plant import Plant
from shiftwork.plants.run import run
from shiftwork.records.episodes import Episodes

LEARNED = (("pars", 200), ("pars", 800), ("pars", 3_000), ("td3bc", 3_000), ("bc", 2_000))
"""What learns from the teaching records, and for how many updates."""

SWITCHES = (0, 20, 40, 60)
"""Steps at which people hand over: the truth is over states from all parts of an episode."""


def recorded(plant: Plant, people: Operator, episodes: int, steps: int, seed: int) -> Episodes:
    """Records of people: episodes that all are cut after ``steps``."""
    return rollout(Lasting(plant, steps), people, episodes=episodes, seed=seed)


@dataclass(frozen=True)
class Lasting:
    """A plant with another horizon."""

    plant: Plant
    horizon: int

    def __getattr__(self, name: str) -> Any:
        return getattr(self.plant, name)


def panel(teaching: Episodes, seed: int) -> dict[str, Agent]:
    """Learn and distort agents: some thirty of them."""
    agents = {}
    for name, updates in LEARNED:
        made = learn(teaching, name, updates=updates, seeds=(seed,)).agent()
        agents[f"{name}-{updates}"] = made
    rng = np.random.default_rng(seed)
    for base in ("pars-3000", "td3bc-3000", "bc-2000"):
        agent = agents[base]
        agents[f"{base} negated"] = distorted(agent, gain=-1.0)
        agents[f"{base} half"] = distorted(agent, gain=0.5)
        agents[f"{base} double"] = distorted(agent, gain=2.0)
        agents[f"{base} more"] = distorted(agent, shift=0.4)
        agents[f"{base} less"] = distorted(agent, shift=-0.4)
        agents[f"{base} noisy"] = noisy(agent, 0.15, rng)
        agents[f"{base} very noisy"] = noisy(agent, 0.5, rng)
    for level in (-3.0, -1.0, 0.0, 1.0, 3.0):
        agents[f"constant {level:+.0f}"] = distorted(agents["bc-2000"], gain=0.0, shift=level)
    return agents


def distorted(agent: Agent, *, gain: float = 1.0, shift: float = 0.0) -> Agent:
    """Change an agent's last layer, in units before its tanh."""
    weights = (*agent.weights[:-1], (agent.weights[-1] * gain).astype(np.float32))
    biases = (*agent.biases[:-1], (agent.biases[-1] * gain + shift).astype(np.float32))
    return dataclasses.replace(agent, weights=weights, biases=biases)


def noisy(agent: Agent, share: float, rng: np.random.Generator) -> Agent:
    """Disturb all weights by a share of their layer's deviation."""
    return dataclasses.replace(
        agent,
        weights=tuple(
            (w + share * w.std() * rng.normal(size=w.shape)).astype(np.float32)
            for w in agent.weights
        ),
    )


class HandOver(eqx.Module):
    """People run the plant up to a step, then an agent does.

    Attributes:
        agent: Who takes over.
        at: The step, ().
        people: Who begins.
    """

    agent: Any
    at: Array
    people: Any = eqx.field(static=True)

    def begin(self, key: PRNGKeyArray) -> Any:
        """Begin with the people, at step 0."""
        return self.people.begin(key), jnp.zeros((), jnp.int32)

    def act(self, memory: Any, observation: Array, key: PRNGKeyArray) -> tuple[Any, Array]:
        """Act as whoever is in charge."""
        own, step = memory
        own, theirs = self.people.act(own, observation, key)
        return (own, step + 1), jnp.where(step < self.at, theirs, acting(self.agent, observation))


@eqx.filter_jit
def _earned(
    plant: Plant,
    people: Operator,
    agent: Any,
    at: Array,
    key: PRNGKeyArray,
    discount: Array,
    copies: int,
) -> Array:
    lived = run(plant, HandOver(agent, at, people), key, copies)
    steps = jnp.arange(plant.horizon) - at
    weight = jnp.where(steps >= 0, discount ** jnp.maximum(steps, 0), 0.0)
    return (weight[:, None] * lived.reward).sum(0)


def truths(
    name: str,
    agents: list[Agent],
    discount: float,
    steps: int,
    *,
    late: int = 0,
    copies: int = 100,
    seed: int = 7,
) -> np.ndarray:
    """What agents earn from states that people left, per step and discounted, (P, episodes)."""
    plant, people = people_at(name)
    lasting = Lasting(plant, max(SWITCHES) + late + steps)
    plans = Plans.of(agents)
    return np.stack(
        [
            np.concatenate(
                [
                    np.asarray(
                        _earned(
                            lasting,
                            people,
                            plans.operator(i),
                            jnp.asarray(at + late),
                            jax.random.key(seed + at),
                            jnp.asarray(discount),
                            copies,
                        )
                    )
                    for at in SWITCHES
                ]
            )
            for i in range(len(plans))
        ]
    ) * (1.0 - discount)
