"""Whole episodes of an operator on a plant: compiled plants batched, Gymnasium's stepped.

Every episode that is begun is finished and counted: keeping those that finish first would
prefer the short ones.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from shiftwork.agents.agent import FARTHEST, Agent
from shiftwork.errors import UserError
from shiftwork.plants.adapters.from_gymnasium import ForeignPlant
from shiftwork.plants.operator import Memory, Operator
from shiftwork.plants.plant import Plant
from shiftwork.plants.run import run
from shiftwork.records.episodes import Episodes
from shiftwork.records.limits import MovingLimits, for_rows
from shiftwork.records.tags import Tags, box

Policy = Callable[[Array], Array]
"""Observations (*B, O) to actions (*B, A), plant units, made of JAX operations."""


def compiled_policy(agent: Agent) -> Policy:
    """Make an agent's policy a JAX function that gives what ``agent.act`` gives."""
    return partial(_act, _numbers(agent), agent.limits)


class AgentOperator(eqx.Module):
    """An agent as a compiled operator; agents of one size share one program.

    Attributes:
        numbers: What differs between agents of one size.
        limits: How the actions' limits move.
    """

    numbers: tuple[Any, ...]
    limits: MovingLimits = eqx.field(static=True)

    @classmethod
    def of(cls, agent: Agent) -> AgentOperator:
        """Take over an agent."""
        return cls(_numbers(agent), agent.limits)

    def begin(self, key: PRNGKeyArray) -> Memory:
        """Remember nothing: an agent acts on its observation alone."""
        del key
        return ()

    def act(
        self, memory: Memory, observation: Float[Array, " O"], key: PRNGKeyArray
    ) -> tuple[Memory, Float[Array, " A"]]:
        """Act as the agent does."""
        del key
        return memory, self.decide(observation)

    def decide(self, observation: Float[Array, "*B O"]) -> Float[Array, "*B A"]:
        """Act in many states at once, plant units."""
        return _act(self.numbers, self.limits, observation)


def _numbers(agent: Agent) -> tuple[Any, ...]:
    """What differs between agents of one size."""
    ranges = (agent.observation_mean, agent.observation_std, agent.action_low, agent.action_high)
    return jax.tree.map(jnp.asarray, (agent.weights, agent.biases, *ranges))


def _act(numbers: tuple[Any, ...], limits: MovingLimits, observation: Array) -> Array:
    weights, biases, mean, std, low, high = numbers
    mean, std = for_rows(mean, observation), for_rows(std, observation)
    bound = FARTHEST * std
    x = (jnp.clip(observation, mean - bound, mean + bound) - mean) / std
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        x = jax.nn.relu(x @ weight + for_rows(bias, x))
    unit = jnp.tanh(x @ weights[-1] + for_rows(biases[-1], x))
    low, high = for_rows(low, unit), for_rows(high, unit)
    share = jnp.clip(low + 0.5 * (unit + 1.0) * (high - low), low, high)
    return limits.action(share, observation)


@eqx.filter_jit
def _run(
    plant: Plant, operator: Operator, key: PRNGKeyArray, episodes: int
) -> tuple[Array, Array, Array, Array]:
    """Run whole episodes; compiled once for all agents of one size."""
    trajectory = run(plant, operator, key, episodes)
    return trajectory[:4]


def rollout(
    plant: Plant | ForeignPlant, operator: Agent | Operator, *, episodes: int, seed: int
) -> Episodes:
    """Let an operator run whole episodes on a plant.

    Args:
        plant: A built-in plant or a Gymnasium environment.
        operator: An agent, which must know as many columns as the plant has, or any operator. On
            a Gymnasium environment only agents act.
        episodes: Number of episodes.
        seed: Any integer; 0 is as good a seed as others. The same seed gives the same episodes
            (starts and disturbances), whoever acts.

    Raises:
        UserError: Operator and plant do not fit, or no episode is asked for.
    """
    if isinstance(operator, Agent):
        check_fit(plant, operator)
    if episodes < 1:
        raise UserError(f"episodes is {episodes}; run at least one")
    if isinstance(plant, ForeignPlant):
        if not isinstance(operator, Agent):
            raise UserError(
                f"plant '{plant.name}' is a Gymnasium environment, on which only agents act; "
                "give an agent's folder"
            )
        return _foreign(plant, operator, episodes, seed)
    acting = AgentOperator.of(operator) if isinstance(operator, Agent) else operator
    observation, action, reward, terminal = map(
        np.asarray, _run(plant, acting, jax.random.key(seed), episodes)
    )
    ended = terminal.any(0)
    length = np.where(ended, terminal.argmax(0) + 1, len(reward)).astype(np.int64)
    low, high = box(plant.action, plant.name)
    return Episodes(
        observation=np.concatenate([observation[: n + 1, e] for e, n in enumerate(length)]),
        action=np.clip(np.concatenate([action[:n, e] for e, n in enumerate(length)]), low, high),
        reward=np.concatenate([reward[:n, e] for e, n in enumerate(length)]),
        length=length,
        terminal=np.asarray(ended),
        observation_tags=plant.observation,
        action_tags=plant.action,
        source=f"rollouts on {plant.name}",
    )


def check_fit(plant: Plant | ForeignPlant, agent: Agent) -> None:
    """Check that an agent sees and moves what a plant shows and takes.

    Raises:
        UserError: The numbers of columns differ, or the same tags stand in another order.
    """
    pairs: tuple[tuple[str, Tags, Tags], ...] = (
        ("observation", plant.observation, agent.observation_tags),
        ("action", plant.action, agent.action_tags),
    )
    for kind, have, want in pairs:
        if len(have) != len(want):
            raise UserError(
                f"plant '{plant.name}' has {len(have)} {kind} tags, the agent was made for {len(want)}; "
                "choose the plant that its records came from"
            )
        names, wanted = [tag.name for tag in have], [tag.name for tag in want]
        # Other names may be mere numbers of unnamed columns; the same ones elsewhere are a mistake.
        if names != wanted and sorted(names) == sorted(wanted):
            raise UserError(
                f"plant '{plant.name}' has its {kind} tags in another order than the agent "
                f"({', '.join(names)}; the agent: {', '.join(wanted)}); learn from records in the "
                "plant's order"
            )


def _foreign(plant: ForeignPlant, agent: Agent, episodes: int, seed: int) -> Episodes:
    """Give every copy its share of the episodes in advance, so that short ones gain nothing."""
    quota = [len(part) for part in np.array_split(np.arange(episodes), plant.copies)]
    done: list[list[dict[str, Any]]] = [[] for _ in quota]
    observation = plant.reset(seed)
    running = [_begun(first) for first in observation]
    while any(len(d) < q for d, q in zip(done, quota, strict=True)):
        action = agent.act(observation)
        step = plant.step(action)
        ended = step.terminal | step.truncated
        observation = plant.restart()
        for copy, episode in enumerate(running):
            episode["observation"].append(step.next_observation[copy])
            episode["action"].append(action[copy])
            episode["reward"].append(step.reward[copy])
            if ended[copy]:
                episode["terminal"] = bool(step.terminal[copy])
                if len(done[copy]) < quota[copy]:
                    done[copy].append(episode)
                running[copy] = _begun(observation[copy])
    whole = [episode for copy in done for episode in copy]
    return Episodes(
        observation=np.concatenate([np.stack(e["observation"]) for e in whole]),
        action=np.concatenate([np.stack(e["action"]) for e in whole]),
        reward=np.concatenate([np.array(e["reward"], np.float32) for e in whole]),
        length=np.array([len(e["reward"]) for e in whole], np.int64),
        terminal=np.array([e["terminal"] for e in whole]),
        observation_tags=plant.observation,
        action_tags=plant.action,
        source=f"rollouts on {plant.name}",
    )


def _begun(first: np.ndarray) -> dict[str, Any]:
    return {"observation": [first], "action": [], "reward": [], "terminal": False}
