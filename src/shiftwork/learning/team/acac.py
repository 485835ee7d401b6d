"""ACAC: agent-centric actor-critic for teams whose agents decide on their own clocks.

Jung, Hong, Yoon, Lee, Lim, "Agent-Centric Actor-Critic for Asynchronous Multi-Agent Reinforcement
Learning", ICML 2025 (PMLR 267:28481-28502).

Every agent's history is its own: an encoder that moves at that agent's events only. At a joint event
the critic lets the carried histories attend to each other. No padding, no stale copies.

Ours: the value target at an episode's last event contains the value, and the rewards behind it are
counted; all executed steps are learned from; no dropout; time in octaves, which does not alias; nets
are told which of the places that an agent sees coincide, and the critic how long ago each agent
decided; agents of one role may share nets, in which each finds its own place first; batches of whole
horizons, minibatches, entropy that falls, clipping by the gradient's norm. The paper's setting is
``paper``.
"""

from __future__ import annotations

import jax
from jaxtyping import PRNGKeyArray

from shiftwork.learning.config import config
from shiftwork.learning.nets import MLP
from shiftwork.learning.team import actor_critic
from shiftwork.learning.team.actor_critic import TeamLearner
from shiftwork.learning.team.critics import AgentCentric, Valued
from shiftwork.learning.team.nets import Actor, Attention, Encoder
from shiftwork.learning.team.policy import Policies, firsts
from shiftwork.learning.team.straight import Straight
from shiftwork.learning.team.time_code import TimeCode
from shiftwork.plants.team_plant import TeamShape, places_of
from shiftwork.records.positions import Places, pairs


@config
class Config(actor_critic.Config):
    """Settings of ACAC; those of every asynchronous actor-critic come first.

    Attributes:
        attention: Histories attend to each other; off, they are only averaged.
        own_clock: Advantages on each agent's own clock (micro-GAE).
        ages: The critic knows how long ago each agent decided.
    """

    attention: bool = True
    own_clock: bool = False
    ages: bool = True


def create(key: PRNGKeyArray, plant: TeamShape, config: Config) -> TeamLearner:
    """Begin with fresh nets."""
    actor_key, *keys = jax.random.split(key, 5)
    policies = make_policies(actor_key, plant, config)
    code, agents = policies.code, len(plant.agents)
    width = config.critic_memory
    inputs = seen(plant, policies.places) + code.features
    critic = AgentCentric(
        Encoder.create(keys[0], policies.actor.encoder.nets, inputs, config.critic_width, width),
        policies.groups,
        Attention.create(keys[1], agents, width) if config.attention else None,
        MLP.create(keys[2], (code.features, width)) if config.ages else None,
        code,
        config.own_clock,
    )
    return TeamLearner.create(config, plant, policies, Valued.create(keys[3], critic, 1))


def make_policies(key: PRNGKeyArray, plant: TeamShape, config: actor_critic.Config) -> Policies:
    """Draw the actors of a plant's team."""
    code = TimeCode.octaves(plant.horizon) if config.octaves else TimeCode.paper()
    places = places_of(plant) if config.places else Places()
    roles = list(dict.fromkeys(plant.roles))
    agents = range(len(plant.agents))
    groups = tuple(roles.index(role) for role in plant.roles) if config.share else tuple(agents)
    inputs = seen(plant, places) + code.features
    actor = Actor.create(
        key,
        max(groups) + 1,
        inputs,
        config.actor_width,
        config.actor_memory,
        max(len(names) for names in plant.macro_actions),
        Straight.create(plant, firsts(groups), inputs) if config.direct else None,
    )
    return Policies(actor, groups, code, places)


def seen(plant: TeamShape, places: Places) -> int:
    """Count what an agent sees: what is observed, and which places coincide."""
    return max(plant.observation_sizes) + pairs(places)
