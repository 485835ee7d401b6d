"""Going on by search: a team leans this way and that, and whole episodes say which way earns more.

    repeat
        draw leanings from a normal distribution of each number, each with its opposite (leanings.py)
        run all of them through the same fresh episodes, whole and undiscounted
        move the mean away from the worse half and towards the better, the further from the middle the more
        move the deviations towards those of the best

An evolution strategy with mirrored draws (Hansen 2016; of the mean, as natural evolution strategies, Wierstra
et al. 2014). That all candidates count, not only the best, matters where chance decides most of the order:
the way that the mean is moved then holds twice as much signal.

Where an episode is long, what a decision earns comes weeks later and drowns in what ships and prices do: a
discount does not see it, and the gradient of single decisions is all noise. Candidates in the same
episodes share that noise, and there are far fewer leanings than decisions.
"""

from __future__ import annotations

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from shiftwork.learning.learner import Metrics
from shiftwork.learning.nets import Adam
from shiftwork.learning.team.actor_critic import TeamLearner, without_chance
from shiftwork.learning.team.candidates import Heads, candidate_returns
from shiftwork.learning.team.leanings import first_spread, leaned, leanings_of
from shiftwork.learning.team.policy import firsts, last_weights
from shiftwork.learning.team.search_settings import Config
from shiftwork.learning.team.straight import Straight
from shiftwork.plants.team_plant import TeamPlant, TeamShape


class Search(eqx.Module):
    """Where a search stands.

    Attributes:
        learner: The team that leans, as it acts, and its critic.
        mean: Of the leanings, (D,).
        deviation: Of each, (D,).
    """

    learner: TeamLearner
    mean: Float[Array, " D"]
    deviation: Float[Array, " D"]


@dataclass(frozen=True)
class Searching:
    """Goes on by search.

    Attributes:
        plant: Where.
        settings: How.
    """

    plant: TeamPlant
    settings: Config

    @property
    def piece(self) -> int:
        """Plant steps between two judgements."""
        settings = self.settings
        episodes = settings.generations * settings.candidates * settings.episodes
        return episodes * self.plant.horizon

    def begin(self, learner: TeamLearner) -> tuple[Search, Search]:
        """Make of a team what searches; what is accepted leans to nothing, and acts as the team did."""
        search = begun(self.plant, learner, self.settings)
        return search, search

    def back(self, accepted: Search) -> Search:
        """Search on from what was accepted."""
        return accepted

    def found(self, search: Search) -> TeamLearner:
        """The team that leans by the mean, and acts so."""
        policies = search.learner.policies
        team = leaned(policies, leanings_of(self.plant, policies), search.mean)
        return eqx.tree_at(lambda it: it.policies, search.learner, team)

    def go_on(
        self, search: Search, key: PRNGKeyArray, number: int, pieces: int
    ) -> tuple[Search, Metrics]:
        """Search for one piece; how many there are does not matter."""
        del number, pieces
        return _go_on(self.plant, search, key, self.settings)


def begun(plant: TeamShape, learner: TeamLearner, settings: Config) -> Search:
    """Lean to nothing yet; the team acts as it did."""
    acts = learner.team
    if acts.actor.straight is None:
        inputs = acts.actor.encoder.layers.weights[0].shape[1]
        straight = Straight.create(plant, firsts(acts.groups), inputs)
        acts = eqx.tree_at(
            lambda it: it.actor.straight, acts, straight, is_leaf=lambda leaf: leaf is None
        )
    goes_on = without_chance(learner.config, direct=True, sharpness=jnp.ones(()))
    ready = TeamLearner(
        goes_on, acts, learner.critic, learner.target, Adam.create(acts), learner.critic_adam,
        learner.batches, None, learner.variance,
    )  # fmt: skip
    leanings = leanings_of(plant, acts)
    spread = settings.deviation * jnp.asarray(first_spread(leanings))
    return Search(ready, jnp.zeros(leanings.size), spread)


@eqx.filter_jit
def _go_on(
    plant: TeamPlant, search: Search, key: PRNGKeyArray, settings: Config
) -> tuple[Search, Metrics]:
    """Search for so many generations as lie between two judgements."""

    def one(search: Search, key: PRNGKeyArray) -> tuple[Search, Metrics]:
        return _generation(plant, search, key, settings)

    search, metrics = jax.lax.scan(one, search, jax.random.split(key, settings.generations))
    return search, jax.tree.map(lambda x: x.mean(keepdims=True), metrics)


def _generation(
    plant: TeamPlant, search: Search, key: PRNGKeyArray, settings: Config
) -> tuple[Search, Metrics]:
    draw_key, episode_key = jax.random.split(key)
    policies = search.learner.policies
    leanings = leanings_of(plant, policies)
    half = jax.random.normal(draw_key, (settings.candidates // 2, leanings.size))
    away = search.deviation[None] * jnp.concatenate([half, -half])
    candidates = search.mean[None] + away

    def last(lean: Float[Array, " D"]) -> Heads:
        return Heads(*last_weights(leaned(policies, leanings, lean)))

    heads = jax.vmap(last)(candidates)
    episodes = candidate_returns(plant, policies, heads, episode_key, settings.episodes)
    returns = episodes.mean(-1)
    # Whatever earns no number is the worst.
    order = jnp.argsort(-jnp.where(jnp.isfinite(returns), returns, -jnp.inf))
    ranks = jnp.arange(1.0, settings.candidates + 1)
    score = jax.scipy.stats.norm.ppf(1.0 - (ranks - 0.5) / settings.candidates)
    count = jnp.maximum(settings.best * settings.candidates, 2.0)
    weight = jnp.maximum(jnp.log(count + 0.5) - jnp.log(ranks), 0.0)
    weight = weight / weight.sum()
    away = away[order]
    spread = jnp.sqrt(weight @ jnp.square(away))
    deviation = search.deviation + settings.narrow * (spread - search.deviation)
    following = Search(
        search.learner,
        search.mean + settings.move * (score @ away) / settings.candidates,
        jnp.maximum(deviation, settings.least_deviation),
    )
    return following, {
        "reward": returns.mean() / plant.horizon,
        "best": returns.max(),
        "deviation": deviation.mean(),
    }
