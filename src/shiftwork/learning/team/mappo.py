"""MAPPO: what teams are compared with that have no macro-actions.

Yu et al., "The Surprising Effectiveness of PPO in Cooperative Multi-Agent Games", NeurIPS 2022
(Datasets and Benchmarks), recurrent: one critic of the joint history, PPO for every actor, values on
an adaptive scale, advantages centred and scaled.

Where everybody decides in each step, as on the "-primitive" plants, every step is a joint event and
nothing is stale: Mac-NIACC's critic then is MAPPO's, and so is the update. What is left to say here
is the published setting: uniform choices and best runs are ours, and off. On a plant of
macro-actions this would be Mac-NIACC with MAPPO's setting.

Left out: clipped values and the Huber loss. Agents share no parameters unless ``share`` says so.
"""

from __future__ import annotations

from jaxtyping import PRNGKeyArray

from shiftwork.learning.config import config
from shiftwork.learning.team import actor_critic
from shiftwork.learning.team.actor_critic import TeamLearner
from shiftwork.learning.team.baselines import create_niacc
from shiftwork.plants.team_plant import TeamPlant


@config
class Config(actor_critic.Config):
    """Settings of MAPPO: those of every actor-critic, as published where they differ."""

    actor_rate: float = 5e-4
    critic_rate: float = 5e-4
    clip: float = 0.2
    epsilon: float = 0.0
    entropy: float = 0.01
    entropy_end: float = 0.01
    norm: float = 10.0
    imitation: float = 0.0
    best_runs: int = 0
    epochs: int = 10
    minibatches: int = 1


def create(key: PRNGKeyArray, plant: TeamPlant, config: Config) -> TeamLearner:
    """Begin with fresh nets."""
    return create_niacc(key, plant, config)
