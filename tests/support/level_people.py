"""People who hold a level badly, and agents that do it as they do, better or worse."""

import dataclasses
from pathlib import Path

import numpy as np

from shiftwork.agents.agent import Agent
from shiftwork.records.episodes import Episodes
from shiftwork.records.held_out import remember
from shiftwork.records.tags import Tag
from support.record_builders import of_equal_length

OBSERVATION = (Tag("level", "m"), Tag("wanted", "m"))
ACTION = (Tag("valve", "%", 0.0, 100.0),)


def people(episodes=150, steps=40, seed=0):
    """A level that people bring to its set-point slowly and with shaking hands."""
    rng = np.random.default_rng(seed)
    level, wanted = rng.uniform(-1, 1, (2, episodes))
    seen, done, paid = [np.stack([level, wanted], 1)], [], []
    for _ in range(steps):
        valve = np.clip(50 + 20 * (wanted - level) + 15 * rng.normal(size=episodes), 0, 100)
        level = level + 0.3 * (valve / 50 - 1) + 0.01 * rng.normal(size=episodes)
        seen.append(np.stack([level, wanted], 1))
        done.append(valve[:, None])
        paid.append(-np.abs(level - wanted))
    return of_equal_length(seen, done, paid, OBSERVATION, ACTION)


def steered(clone, gain):
    """An agent that opens the valve by the distance to the set-point, ``gain`` times as far as people."""
    mean, std = clone.observation_mean, clone.observation_std
    weight = np.array([-0.4 * gain * std[0], 0.4 * gain * std[1]], np.float32)[:, None]
    bias = np.array([0.4 * gain * float(mean[1] - mean[0])], np.float32)
    return dataclasses.replace(
        clone, weights=(weight,), biases=(bias,), about=clone.about | {"config": {"discount": 0.9}}
    )


def untaught_agent(gain: float = 1.0, **about: object) -> Agent:
    """An agent that learned nothing: it opens the valve by the distance to the set-point."""
    return Agent(
        weights=(np.array([[-gain], [gain]], np.float32),),
        biases=(np.zeros(1, np.float32),),
        observation_mean=np.zeros(2, np.float32),
        observation_std=np.ones(2, np.float32),
        action_low=np.zeros(1, np.float32),
        action_high=np.full(1, 100, np.float32),
        observation_tags=OBSERVATION,
        action_tags=ACTION,
        about={"config": {"discount": 0.9}, **about},
    )


def save_taught(agent: Agent, folder: Path, records: Episodes) -> Path:
    """Write an agent's folder that says which rows taught it."""
    agent.save(folder, card="", attach=lambda to: remember(records, to))
    return folder
