"""Whole episodes of a policy on a plant: our plants compiled and batched, foreign ones stepped.

Every episode that is begun is finished and counted: keeping those that finish first would
prefer the short ones.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from shiftwork.agents.agent import FARTHEST, Agent
from shiftwork.errors import UserError
from shiftwork.plants.adapters.from_gymnasium import ForeignPlant
from shiftwork.plants.plant import Plant
from shiftwork.records.episodes import Episodes
from shiftwork.records.limits import MovingLimits
from shiftwork.records.tags import Tags, box

Policy = Callable[[Array], Array]
"""Observations (B, O) to actions (B, A), plant units, made of JAX operations."""


def compiled_policy(agent: Agent) -> Policy:
    """Make an agent's policy a JAX function that gives what ``agent.act`` gives."""
    return partial(_act, _numbers(agent), agent.limits)


def _numbers(agent: Agent) -> tuple[Any, ...]:
    """What differs between agents of one size."""
    ranges = (agent.observation_mean, agent.observation_std, agent.action_low, agent.action_high)
    return jax.tree.map(jnp.asarray, (agent.weights, agent.biases, *ranges))


def _act(numbers: tuple[Any, ...], limits: MovingLimits, observation: Array) -> Array:
    weights, biases, mean, std, low, high = numbers
    bound = FARTHEST * std
    x = (jnp.clip(observation, mean - bound, mean + bound) - mean) / std
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        x = jax.nn.relu(x @ weight + bias)
    unit = jnp.tanh(x @ weights[-1] + biases[-1])
    share = jnp.clip(low + 0.5 * (unit + 1.0) * (high - low), low, high)
    return limits.action(share, observation)


def simulate(
    plant: Plant, policy: Policy, key: PRNGKeyArray, episodes: int
) -> tuple[Float[Array, "T1 E O"], Float[Array, "T E A"], Float[Array, "T E"], Array]:
    """Run ``episodes`` episodes side by side to the horizon; pure, so it can be jitted.

    Returns:
        Observations (H + 1, E, O), actions (H, E, A), rewards (H, E) and whether each step was
        terminal (H, E). What follows a terminal step is not part of the episode.
    """
    reset_key, step_key = jax.random.split(key)
    state, first = jax.vmap(plant.reset)(jax.random.split(reset_key, episodes))

    def one(carry: tuple[Any, Array], key: PRNGKeyArray) -> tuple[tuple[Any, Array], Any]:
        state, observation = carry
        action = policy(observation)
        step = jax.vmap(plant.step)(state, action, jax.random.split(key, episodes))
        return (step.state, step.observation), (
            step.observation,
            action,
            step.reward,
            step.terminal,
        )

    _, (later, action, reward, terminal) = jax.lax.scan(
        one, (state, first), jax.random.split(step_key, plant.horizon)
    )
    return jnp.concatenate([first[None], later]), action, reward, terminal


@partial(jax.jit, static_argnums=(0, 2, 4))
def _run(
    plant: Plant, numbers: tuple[Any, ...], limits: MovingLimits, key: PRNGKeyArray, episodes: int
) -> tuple[Array, Array, Array, Array]:
    """Compiled once for all agents of one size."""
    return simulate(plant, partial(_act, numbers, limits), key, episodes)


def episode_returns(
    plant: Plant, policy: Policy, key: PRNGKeyArray, episodes: int
) -> Float[Array, " E"]:
    """Undiscounted returns of whole episodes, (E,); pure, so it can be jitted and vmapped."""
    _, _, reward, terminal = simulate(plant, policy, key, episodes)
    over = jnp.cumsum(terminal, 0) - terminal > 0  # what follows a terminal is no part of it
    return jnp.where(over, 0.0, reward).sum(0)


def rollout(plant: Plant | ForeignPlant, agent: Agent, *, episodes: int, seed: int) -> Episodes:
    """Let an agent run whole episodes on a plant.

    Args:
        plant: Ours or a foreign one.
        agent: Must know as many columns as the plant has.
        episodes: How many.
        seed: Any integer; 0 is as good a seed as others.

    Raises:
        UserError: Agent and plant do not fit, or no episode is asked for.
    """
    check_fit(plant, agent)
    if episodes < 1:
        raise UserError(f"episodes is {episodes}; run at least one")
    if isinstance(plant, ForeignPlant):
        return _foreign(plant, agent, episodes, seed)
    observation, action, reward, terminal = map(
        np.asarray, _run(plant, _numbers(agent), agent.limits, jax.random.key(seed), episodes)
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
