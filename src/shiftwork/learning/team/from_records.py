"""A team from records alone: cloning by role, the people's critic, cloning weighted by advantage.

    clone every role                                     pi <- argmax sum log pi(a | history)
    fit the people's critic in event time                V <- TD(lambda) of the shared reward
    clone again, by what each joint event was worth      argmax sum w log pi,  w = exp(A / (temperature spread))

Advantage-weighted regression (Peng et al. 2019, arXiv 1910.00177; Nair et al. 2020, arXiv 2006.09359) for
teams on their own clocks. All who decide at one joint event share its advantage: weighed by its own
advantage each agent would answer to what the others did, not to what they will do.

No plant is run. Episodes are split into folds, and nothing judges an episode that it learned from. Advantages
are those of the critic that held the episode out. A second team is learned beside the one that acts and holds
a fold out: on that fold the number of updates is chosen, for each role, and the settings. Temperature
and sharpness are chosen by what the team would gain to first order on held-out episodes (Kakade and Langford
2002), with the worth of each macro-action from a regression that did not see the episode. Importance ratios
would need no regression, but drown in the noise of what follows a decision.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from shiftwork.learning.progress import Advance
from shiftwork.learning.team import acac
from shiftwork.learning.team.actor_critic import TeamLearner
from shiftwork.learning.team.clone import (
    Loss,
    Regressed,
    at_decisions,
    at_looks,
    best_looks,
    clone_loss,
    regress,
    worth_loss,
)
from shiftwork.learning.team.from_records_settings import Config
from shiftwork.learning.team.policy import Policies
from shiftwork.learning.team.recorded import RecordedTeam, batch_of
from shiftwork.learning.team.recorded_critic import (
    explained,
    fit_critics,
    spread_of,
    unseen_advantages,
)
from shiftwork.learning.team.rollout import Batch, take
from shiftwork.learning.team.train import DRAWN_ONCE
from shiftwork.records.team_episodes import TeamEpisodes


class Choice(NamedTuple):
    """One setting and what held-out episodes say that it gains on the people, reward an episode.

    Attributes:
        temperature: Of the weights; infinite for plain cloning.
        sharpness: Of the preferences.
        gain: To first order.
        error: Standard error over episodes.
    """

    temperature: float
    sharpness: float
    gain: float
    error: float

    @property
    def low(self) -> float:
        """What decides: the gain less one standard error."""
        return self.gain - self.error


@dataclass(frozen=True)
class FromRecords:
    """What was learned from records.

    Attributes:
        method: One of ``METHODS``.
        team: The shape of the team.
        learner: All that going on by experience needs; its ``team`` acts.
        team_config: The settings that ``learner`` goes on with.
        clone: The plain clone, as it acts.
        choices: All settings that were judged, the chosen one first.
        explained: Share of the variance of discounted rewards to go that the critics explain on
            episodes they did not learn from.
        seed: Of all draws.
        wall_s: Seconds in all.
    """

    method: str
    team: RecordedTeam
    learner: TeamLearner
    team_config: acac.Config
    clone: Policies
    choices: tuple[Choice, ...]
    explained: float
    seed: int
    wall_s: float

    @property
    def measured(self) -> bool:
        """Held-out episodes tell macro-actions apart; else nothing is chosen: the first settings hold."""
        return any(choice.error > 0.0 for choice in self.choices)


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
        advance: Told of progress: 1 for each of ``stages(settings, method)``.

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
    members = max(settings.folds, 2)
    draw = jax.jit(
        jax.vmap(lambda key: acac.create(key, shape, team_config)), compiler_options=DRAWN_ONCE
    )
    learners = draw(jax.random.split(key, members))
    fresh: TeamLearner = jax.tree.map(lambda x: x[-1], learners)
    batch = batch_of(records, fresh.policies)
    held = folds(len(records.length), settings.folds, seed)
    keys = jax.random.split(jax.random.fold_in(key, members), members)
    # Of two teams the first holds a fold out, by which looks and settings are chosen, and the second,
    # which acts, learns from all.
    everything = jnp.ones_like(held[:1])
    team_learns, team_held = (
        jnp.concatenate(parts) for parts in ((~held[:1], everything), (held[:1], ~everything))
    )

    def learned(policies: Policies, number: Array, loss: Loss = clone_loss) -> Regressed:
        return regress(policies, batch, number, team_learns, team_held, keys[:2], settings, loss)

    def least_loss(found: Regressed) -> Policies:
        return at_looks(found, best_looks(np.asarray(found.held_loss[:, 0])))

    stacked = jax.tree.map(lambda x: x[:2], learners.policies)
    people = least_loss(learned(stacked, jnp.ones(batch.reward.shape)))
    told(1, "critic")
    critics = fit_critics(fresh, learners.critic, batch, ~held, keys, settings)
    share = float(np.asarray(explained(fresh, critics, batch, held)).mean())
    advantage = unseen_advantages(fresh, critics, batch, held)
    event = np.asarray(batch.rows.decided[:-1].any(1))
    spread = spread_of(np.asarray(advantage), event)
    told(1, "worth of macro-actions")
    worth = least_loss(learned(stacked, advantage / spread, worth_loss))
    unseen = take(batch, jnp.flatnonzero(held[0]))
    told(1, "weighted clones")

    teams = {float("inf"): people}
    if method == "weighted":
        teams = {}
        for temperature in settings.temperatures:
            weight = weights(advantage, jnp.asarray(event), spread * temperature, settings)
            teams[temperature] = least_loss(learned(people, weight))
            told(1)
    choices = []
    for temperature, policies in teams.items():
        for sharpness in settings.sharpnesses:
            said = gains(first(policies), first(people), first(worth), unseen, sharpness)
            each = spread * np.asarray(said, np.float64)
            error = float(each.std(ddof=1) / np.sqrt(len(each)))
            choices.append(Choice(temperature, sharpness, float(each.mean()), error))
    told(1)
    # Settings that nothing tells apart keep their order: the first temperature and sharpness hold.
    choices.sort(key=lambda choice: -choice.low)
    last = jax.tree.map(lambda x: x[-1], teams[choices[0].temperature])
    critic = jax.tree.map(lambda x: x[0], critics)
    learner = eqx.tree_at(
        lambda it: (it.policies, it.critic, it.target, it.config.sharpness),
        fresh,
        (last, critic, critic, jnp.asarray(choices[0].sharpness, jnp.float32)),
    )
    return FromRecords(
        method,
        shape,
        learner,
        replaced_sharpness(team_config, choices[0].sharpness),
        jax.tree.map(lambda x: x[-1], people),
        tuple(choices),
        share,
        seed,
        time.perf_counter() - begun,
    )


def replaced_sharpness(team_config: acac.Config, sharpness: float) -> acac.Config:
    """The same settings for a team that acts so sharply."""
    return acac.Config(**vars(team_config) | {"sharpness": sharpness})


def stages(settings: Config, method: str) -> int:
    """Count the parts of the work that progress is told of."""
    return 4 + (len(settings.temperatures) if method == "weighted" else 0)


def folds(episodes: int, count: int, seed: int) -> Bool[Array, "M E"]:
    """Split episodes into parts of about the same size, each held out by one learner."""
    part = np.random.default_rng(seed).permutation(episodes) % count
    return jnp.asarray(part == np.arange(count)[:, None])


def first(stacked: Policies) -> Policies:
    """Take the first of two teams: the one that holds a fold out."""
    team: Policies = jax.tree.map(lambda x: x[0], stacked)
    return team


def weights(
    advantage: Float[Array, "T E"], event: Bool[Array, "T E"], scale: float, settings: Config
) -> Float[Array, "T E"]:
    """exp(A / scale), bounded, with a mean of 1 over the joint events."""
    weight = jnp.clip(jnp.exp(advantage / scale), settings.lightest, settings.heaviest)
    return weight / weight.mean(where=event)


@eqx.filter_jit
def gains(
    policies: Policies,
    people: Policies,
    worth: Policies,
    batch: Batch,
    sharpness: float | Array,
) -> Float[Array, " E"]:
    """What each episode says of a team: sum of (pi - people) q over its decisions.

    Args:
        policies: The team.
        people: The clone.
        worth: Nets whose preferences are what each macro-action is worth.
        batch: Episodes; those count that none of the three learned from.
        sharpness: Of the team's preferences.
    """
    team = at_decisions(policies.sharpened(sharpness), batch)
    theirs = at_decisions(people, batch)
    said = at_decisions(worth, batch).preferences
    more = ((jnp.exp(team.logs) - jnp.exp(theirs.logs)) * said).sum(-1)
    return jnp.where(team.several, more, 0.0).sum((0, 1))
