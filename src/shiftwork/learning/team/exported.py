"""A team as it acts and judges without learning code: policies and critic as NumPy arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from shiftwork.agents.team import Team
from shiftwork.agents.team_actors import Actors, not_searched
from shiftwork.agents.team_critic import CriticNets, TeamCritic
from shiftwork.learning.team.actor_critic import TeamLearner
from shiftwork.learning.team.critics import AgentCentric, Valued
from shiftwork.learning.team.nets import Encoder
from shiftwork.learning.team.policy import Policies, unshared
from shiftwork.plants.team_plant import TeamShape


def team_of(plant: TeamShape, policies: Policies, about: dict[str, Any]) -> Team:
    """Take from policies what they need to act without learning code."""
    actor, code = unshared(policies.actor, policies.groups), policies.code
    head = [
        array
        for weight, bias in zip(actor.head.weights, actor.head.biases, strict=True)
        for array in (weight, bias[:, 0])
    ]
    agents, inputs, _ = actor.encoder.layers.weights[0].shape
    it = actor.straight
    searched: list[Any] = not_searched(agents, inputs, head[-1].shape[-1])
    if it is not None:
        searched = [it.direct, it.squares, it.shares, it.columns]
    numbers = [
        *_encoder(actor.encoder), *head, *searched, np.array(code.periods), np.array(code.horizon)
    ]  # fmt: skip
    actors = Actors._make(np.asarray(array, np.float32) for array in numbers)
    return Team(
        plant.agents,
        plant.observation_sizes,
        plant.macro_actions,
        actors,
        policies.places,
        about,
    )


def critic_of(valued: Valued, agents: int) -> TeamCritic | None:
    """Take from a critic what it needs to judge without learning code; None if it is not ACAC's."""
    critic = valued.critic
    if not isinstance(critic, AgentCentric):
        return None
    width, code, block, ages = critic.width, critic.code.features, critic.attention, critic.ages
    # What is switched off adds nothing, as zeros do.
    aged: list[Any] = [np.zeros((code, width)), np.zeros(width)]
    if ages is not None:
        aged = [ages.weights[0][0], ages.biases[0][0, 0]]
    heads = 1
    mixed: list[Any] = [
        np.zeros(shape)
        for shape in ((agents, width), (width, 3 * width), (width, width), (width, 1), 1, (1, width), width)
    ]  # fmt: skip
    if block is not None:
        heads = block.heads
        weights = [w[0] for w in block.feed.weights]
        biases = [b[0, 0] for b in block.feed.biases]
        mixed = [
            block.agent, block.mix[0], block.out[0],
            weights[0], biases[0], weights[1], biases[1],
        ]  # fmt: skip
    scale = [valued.bias[0, 0, 0], valued.std, valued.mean]
    arrays = [
        *_encoder(unshared(critic.encoder, critic.groups)), *aged, *mixed, valued.weight[0, :, 0],
        np.stack(scale), heads,
    ]  # fmt: skip
    return TeamCritic(CriticNets._make(np.asarray(array, np.float32) for array in arrays))


def attach_critic(learner: TeamLearner, folder: Path) -> None:
    """Write a learner's critic into the team's folder, if it is one that judges without learning code."""
    critic = critic_of(learner.critic, len(learner.policies.groups))
    if critic is not None:
        critic.save(folder)


def _encoder(encoder: Encoder) -> list[Any]:
    """Weights and biases in the order in which nets without learning code have them."""
    layers, memory = encoder.layers, encoder.memory
    pairs = [
        *zip(layers.weights, layers.biases, strict=True),
        (memory.inputs, memory.bias),
        (memory.hidden, memory.candidate_bias),
    ]
    # Biases have an axis for the batch.
    return [array for weight, bias in pairs for array in (weight, bias[:, 0])]
