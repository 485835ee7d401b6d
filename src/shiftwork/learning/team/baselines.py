"""What ACAC is compared with, on the same actors and the same update.

Mac-IAICC, Mac-NIACC: Xiao, Tan, Amato, "Asynchronous Actor-Critic for Multi-Agent Reinforcement
Learning", NeurIPS 2022. Their critics walk over the joint observations of all agents, in which the
last one of whoever has not decided since stands as a stale copy.
Independent: every agent learns by itself, from what it saw.
"""

from __future__ import annotations

import jax
from jaxtyping import PRNGKeyArray

from shiftwork.learning.team.acac import make_policies, seen
from shiftwork.learning.team.actor_critic import Config, TeamLearner
from shiftwork.learning.team.critics import JointHistory, OwnHistory, Valued
from shiftwork.learning.team.nets import Encoder
from shiftwork.plants.team_plant import TeamPlant


def create_niacc(key: PRNGKeyArray, plant: TeamPlant, config: Config) -> TeamLearner:
    """Mac-NIACC: one critic of the joint history, on the joint clock."""
    return _joint(key, plant, config, 1)


def create_iaicc(key: PRNGKeyArray, plant: TeamPlant, config: Config) -> TeamLearner:
    """Mac-IAICC: each agent has its own critic of the joint history, on its own clock."""
    return _joint(key, plant, config, len(plant.agents))


def _joint(key: PRNGKeyArray, plant: TeamPlant, config: Config, critics: int) -> TeamLearner:
    actor_key, encoder_key, head_key = jax.random.split(key, 3)
    policies = make_policies(actor_key, plant, config)
    code, agents = policies.code, len(plant.agents)
    inputs = agents * seen(plant, policies.places) + code.features
    encoder = Encoder.create(
        encoder_key, critics, inputs, config.critic_width, config.critic_memory
    )
    critic = JointHistory(encoder, critics > 1, code)
    return TeamLearner.create(config, plant, policies, Valued.create(head_key, critic, critics))


def create_independent(key: PRNGKeyArray, plant: TeamPlant, config: Config) -> TeamLearner:
    """Independent actor-critics."""
    actor_key, encoder_key, head_key = jax.random.split(key, 3)
    policies = make_policies(actor_key, plant, config)
    code, agents = policies.code, len(plant.agents)
    inputs = seen(plant, policies.places) + code.features
    encoders = policies.actor.encoder.nets
    encoder = Encoder.create(
        encoder_key, encoders, inputs, config.critic_width, config.critic_memory
    )
    critic = OwnHistory(encoder, policies.groups)
    return TeamLearner.create(config, plant, policies, Valued.create(head_key, critic, agents))
