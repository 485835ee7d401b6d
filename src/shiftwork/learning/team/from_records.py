"""A team from records alone: cloning by role, the people's critic, cloning weighted by advantage.

    clone every role                                     pi <- argmax sum log pi(a | history)
    fit the people's critic in event time                V <- TD(lambda) of the shared reward
    clone again, by what each joint event was worth      argmax sum w log pi,  w = exp(A / (temperature spread))

Advantage-weighted regression (Peng et al. 2019, arXiv 1910.00177; Nair et al. 2020, arXiv 2006.09359) for
teams on their own clocks. All who decide at one joint event share its advantage: weighed by its own
advantage each agent would answer to what the others did, not to what they will do.

No plant is run. Three things were found by experiment (docs/teams.md), against what one would expect:

- Advantages are those of a critic that learned from the same episodes. It knows how each of them went, so that
  what is left in its advantages is what a decision changed; of a critic that held the episode out, much is
  whether the whole episode was a lucky one.
- The weighted clone learns to the end. Where the loss on held-out episodes is least is chance, as the weights are
  heavy-tailed; the plain clone does stop by it, each role for itself.
- The team acts sharply: preferences count several times as much as they were learned. What people did by chance is
  no skill.

Other critics, each of which holds a part of the episodes out, say how much can be foreseen at all.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from shiftwork.learning.progress import Advance
from shiftwork.learning.team import acac
from shiftwork.learning.team.actor_critic import TeamLearner
from shiftwork.learning.team.clone import Regressed, at_looks, best_looks, rarity, regress
from shiftwork.learning.team.from_records_settings import Config
from shiftwork.learning.team.policy import Policies
from shiftwork.learning.team.recorded import RecordedTeam, batch_of, in_pieces
from shiftwork.learning.team.recorded_critic import (
    advantages,
    explained,
    fit_critics,
    spread_of,
)
from shiftwork.learning.team.train import DRAWN_ONCE
from shiftwork.records.team_episodes import TeamEpisodes

Stacked = TypeVar("Stacked")


@dataclass(frozen=True)
class FromRecords:
    """What was learned from records.

    Attributes:
        method: One of ``METHODS``.
        team: The shape of the team.
        learner: All that going on by experience needs; its ``team`` acts.
        team_config: The settings that ``learner`` goes on with.
        clone: The plain clone, as unsure as people were.
        explained: Share of the variance of discounted rewards to go that critics explain on
            episodes they did not learn from.
        seed: Of all draws.
        wall_s: Seconds in all.
    """

    method: str
    team: RecordedTeam
    learner: TeamLearner
    team_config: acac.Config
    clone: Policies
    explained: float
    seed: int
    wall_s: float


def learn_from_records(
    records: TeamEpisodes,
    settings: Config,
    *,
    method: str = "weighted",
    seed: int = 0,
    advance: Advance | None = None,
) -> FromRecords:
    """Learn a team.

    Args:
        records: What people did.
        settings: How.
        method: "weighted", or "clone" for plain cloning.
        seed: Seed for all random draws.
        advance: Told of progress: 1 for each of ``stages(method)``.

    Raises:
        UserError: Settings are impossible, or there are too few episodes.
    """
    settings.check(method, len(records.length))
    begun = time.perf_counter()
    told = advance or (lambda amount, note="": None)
    shape = RecordedTeam(records.place)
    team_config = acac.Config(
        discount=settings.discount,
        trace=settings.trace,
        epsilon=0.0,
        best_runs=0,
        places=False,
        share=settings.share,
        actor_width=settings.actor_width,
        actor_memory=settings.actor_memory,
        critic_width=settings.critic_width,
        critic_memory=settings.critic_memory,
    )
    key = jax.random.key(seed)
    draw = jax.jit(
        jax.vmap(lambda key: acac.create(key, shape, team_config)), compiler_options=DRAWN_ONCE
    )
    # One learner holds nothing out, and is the last.
    learners = draw(jax.random.split(key, settings.folds + 1))
    fresh: TeamLearner = jax.tree.map(lambda x: x[-1], learners)
    batch = in_pieces(batch_of(records, fresh.policies), settings.piece)
    pieces = batch.reward.shape[1] // len(records.length)
    settings = settings.for_pieces(batch.reward.shape[1])
    rare = rarity(batch, fresh.policies.groups, settings.rarest)
    held = jnp.tile(folds(len(records.length), settings.folds, seed), pieces)
    nothing = jnp.zeros_like(held[:1])
    held = jnp.concatenate([held, nothing])
    keys = jax.random.split(jax.random.fold_in(key, settings.folds), settings.folds + 1)

    def cloned(begin: Policies, weight: Array, who: Array) -> Regressed:
        """Learn with some of the learners, all of which begin alike."""
        stacked = jax.tree.map(lambda x: jnp.stack([x] * len(who)), begin)
        return regress(stacked, batch, rare, weight, ~held[who], held[who], keys[who], settings)

    # Where the first, which holds a fold out, does best, the last stops as well.
    found = cloned(fresh.policies, jnp.ones(batch.reward.shape), jnp.array([0, settings.folds]))
    people = of_last(at_looks(found, best_looks(np.asarray(found.held_loss[:, 0]))))
    told(1, "critics")
    critics = fit_critics(fresh, learners.critic, batch, ~held, keys, settings)
    told(1, "weighted clone")
    held_out = jax.tree.map(lambda x: x[:-1], critics)
    share = float(np.asarray(explained(fresh, held_out, batch, held[:-1])).mean())
    critic = of_last(critics)
    team, sharpness = people, 1.0
    if method == "weighted":
        advantage = advantages(fresh, critic, batch)
        event = np.asarray(batch.rows.decided[:-1].any(1))
        scale = spread_of(np.asarray(advantage), event) * settings.temperature
        weight = weights(advantage, jnp.asarray(event), scale, settings)
        found = cloned(people, weight, jnp.array([settings.folds]))
        team, sharpness = of_last(jax.tree.map(lambda x: x[-1], found.policies)), settings.sharpness
        told(1)
    learner = eqx.tree_at(
        lambda it: (it.policies, it.critic, it.target, it.config.sharpness),
        fresh,
        (team, critic, critic, jnp.asarray(sharpness, jnp.float32)),
    )
    return FromRecords(
        method,
        shape,
        learner,
        acac.Config(**vars(team_config) | {"sharpness": sharpness}),
        people,
        share,
        seed,
        time.perf_counter() - begun,
    )


def of_last(stacked: Stacked) -> Stacked:
    """Take what the last learner, which held nothing out, has learned."""
    last: Stacked = jax.tree.map(lambda x: x[-1], stacked)
    return last


def stages(method: str) -> int:
    """Count the parts of the work that progress is told of."""
    return 3 if method == "weighted" else 2


def folds(episodes: int, count: int, seed: int) -> Bool[Array, "M E"]:
    """Split episodes into parts of about the same size, each held out by one learner."""
    part = np.random.default_rng(seed).permutation(episodes) % count
    return jnp.asarray(part == np.arange(count)[:, None])


def weights(
    advantage: Float[Array, "T E"], event: Bool[Array, "T E"], scale: float, settings: Config
) -> Float[Array, "T E"]:
    """exp(A / scale), bounded, with a mean of 1 over the joint events."""
    weight = jnp.clip(jnp.exp(advantage / scale), settings.lightest, settings.heaviest)
    return weight / weight.mean(where=event)
