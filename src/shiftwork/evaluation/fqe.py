"""Fitted Q evaluation: how good is an agent, judged from records alone, and how sure is that.

Le, Voloshin, Yue, "Batch Policy Learning under Constraints", ICML 2019 (arXiv 1903.08738): fit
Q(s, a) to r + discount Q'(s', pi(s')) on the records. Operators act by rule, so that importance
sampling would be invalid; this needs no probabilities. The interval comes from a bootstrap over
episodes (Hao et al. 2021, arXiv 2102.03607): every member of the ensemble weighs whole episodes
again. It covers what other records might have shown, not the errors of the model class: rank
agents with it, and do not take its level for the truth.

Ours: the loss is a cross-entropy over bins, as in PARS. It gives means, so that rare disasters count
in full; squares do as well, but made every good agent look alike.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from shiftwork.agents.agent import Agent
from shiftwork.evaluation.columns import alike, distances, some_rows
from shiftwork.evaluation.plans import Plans
from shiftwork.evaluation.statistics import Interval
from shiftwork.learning.critic import Critic
from shiftwork.learning.nets import Adam, averaged
from shiftwork.learning.offline.settings import value_range
from shiftwork.learning.progress import Advance
from shiftwork.learning.replay import Scaling, scaled
from shiftwork.records.episodes import Episodes
from shiftwork.records.limits import for_rows

PIECE = 1_000
BATCH = 128
"""Rows that each member draws for a step."""

BINS = 33
"""Of the critics' distributions."""


@dataclass(frozen=True)
class Evaluation:
    """Discounted returns from the beginnings of the recorded episodes, in plant reward.

    Attributes:
        discount: Per step.
        agent: Mean estimate with its 95 % bootstrap interval over episodes.
        records: What the records' own people earned, by the same discount, with its interval.
        gain: Agent minus records, member by member, with its interval: what to rank by.
        members: The members' estimates, (M,).
    """

    discount: float
    agent: Interval
    records: Interval
    gain: Interval
    members: np.ndarray


class FittedValues(eqx.Module):
    """Values of P agents by M members each, fitted to records.

    Attributes:
        critic: The P times M nets, agent by agent.
        scaling: Between plant units and the nets'.
        pairs: Columns of one unit whose distances the nets see as well, (2, D).
        members: Nets of each agent (M).
    """

    critic: Critic
    scaling: Scaling
    pairs: Int[Array, "2 D"]
    members: int = eqx.field(static=True)

    def at(
        self, observation: Float[Array, "B O"], action: Float[Array, "P B A"]
    ) -> Float[Array, "P M B"]:
        """Value of each agent's own action in each state, discounted, in plant reward."""
        seen = _seen(observation, self.scaling, self.pairs)
        done = jnp.repeat(_done(action, observation, self.scaling), self.members, axis=0)
        value = self.critic(jnp.broadcast_to(seen, (len(done), *seen.shape)), done)
        return value.reshape(-1, self.members, len(observation)) * self.scaling.reward_unit


def fit_values(
    records: Episodes,
    plans: Plans,
    weights: Float[np.ndarray, "M T"],
    discount: float,
    *,
    updates: int = 10_000,
    width: int = 64,
    seed: int = 0,
    advance: Advance | None = None,
) -> FittedValues:
    """Fit the values of several agents, each by members that see the rows by their own weights.

    Members of the same number begin with the same net and draw the same rows for all agents, so
    that differences between agents are not of luck; members of one agent draw rows of their own.

    Args:
        records: What to fit to.
        plans: The agents.
        weights: How much each row counts for each member.
        discount: Per step.
        updates: Steps of Adam, rounded up to pieces.
        width: Units in the two hidden layers.
        seed: Of nets and batches.
        advance: Receives progress in updates.
    """
    scaling = Scaling.of(records, tail=0.0)
    transitions, kept = some_rows(records.transitions, seed)
    weights = weights[:, kept]
    rows = scaled(transitions, scaling)
    pairs = jnp.asarray(alike(records.observation_tags))
    following = jnp.asarray(transitions.next_observation)
    data = (
        _seen(jnp.asarray(transitions.observation), scaling, pairs),
        rows.action,
        rows.reward,
        _seen(following, scaling, pairs),
        _done(plans.at(following), following, scaling),
        rows.continues,
    )
    net_key, fit_key = jax.random.split(jax.random.key(seed))
    values = value_range(records, discount, scaling.reward_unit)
    columns = data[0].shape[1] + rows.action.shape[1]
    members = len(weights)
    one = Critic.create(net_key, columns, width, values, nets=members, bins=BINS)
    mlp = jax.tree.map(lambda x: jnp.tile(x, (len(plans), *[1] * (x.ndim - 1))), one.mlp)
    critic = dataclasses.replace(one, mlp=mlp)
    fit = _Fit(critic, critic, Adam.create(critic))
    pieces = -(-updates // PIECE)
    for piece in range(pieces):
        fit = _fit_piece(
            fit,
            data,
            jnp.asarray(weights, jnp.float32),
            jax.random.fold_in(fit_key, piece),
            jnp.asarray(piece * PIECE, jnp.float32),
            jnp.asarray(pieces * PIECE, jnp.float32),
            jnp.asarray(discount, jnp.float32),
        )
        if advance:
            jax.block_until_ready(fit.critic)
            advance(PIECE)
    return FittedValues(fit.critic, scaling, pairs, members)


def _seen(observation: Array, scaling: Scaling, pairs: Array) -> Array:
    """What the nets see of an observation: columns in their units, and distances of like ones."""
    apart = distances(observation, scaling.observation_std, pairs)
    return jnp.concatenate([scaling.observe(observation), apart], -1)


def _done(action: Array, observation: Array, scaling: Scaling) -> Array:
    """What the nets see of an action: as it will be done, also beyond what people ever did."""
    # Of several members' actions, what is seen is the same.
    seen = observation.reshape((1,) * (action.ndim - observation.ndim) + observation.shape)
    share = scaling.limits.share(action, seen)
    low, high = for_rows(scaling.action_low, share), for_rows(scaling.action_high, share)
    return 2.0 * (share - low) / (high - low) - 1.0


class _Fit(eqx.Module):
    critic: Critic
    target: Critic
    adam: Adam


@eqx.filter_jit
def _fit_piece(
    fit: _Fit,
    data: tuple[Array, ...],
    weights: Float[Array, "M T"],
    key: PRNGKeyArray,
    done: Array,
    total: Array,
    discount: Array,
) -> _Fit:
    observation, action, reward, following, planned, continues = data
    members, agents = len(weights), len(planned)
    member = jnp.arange(members)[:, None]
    agent = jnp.repeat(jnp.arange(agents), members)[:, None]

    def each(x: Array) -> Array:
        """Repeat what the members draw for every agent, (M, B, ...) to (P M, B, ...)."""
        return jnp.tile(x, (agents, *[1] * (x.ndim - 1)))

    def loss(critic: Critic, rows: Array, target: Array) -> Array:
        _, error = critic.value_and_error(each(observation[rows]), each(action[rows]), target)
        return (each(weights[member, rows]) * error).mean(1).sum()

    def update(carry: tuple[_Fit, Array], key: PRNGKeyArray) -> tuple[tuple[_Fit, Array], None]:
        fit, done = carry
        rows = jax.random.randint(key, (members, BATCH), 0, len(reward))
        future = fit.target(each(following[rows]), planned[agent, each(rows)])
        target = each(reward[rows]) + discount * each(continues[rows]) * future
        gradient = jax.grad(loss)(fit.critic, rows, target)
        rate = 3e-3 * jnp.clip(1.0 - done / total, 0.0, 1.0)
        critic, adam = fit.adam.step(fit.critic, gradient, rate)
        return (_Fit(critic, averaged(fit.target, critic, 0.01), adam), done + 1), None

    (fit, _), _ = jax.lax.scan(update, (fit, done), jax.random.split(key, PIECE))
    return fit


def bootstrap(count: int, members: int, seed: int) -> Float[np.ndarray, "M count"]:
    """Draw ``count`` things with replacement for each member; the first sees all of them once."""
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(count, np.full(count, 1 / count), members).astype(np.float32)
    drawn[0] = 1.0
    return drawn


def fitted_q_evaluation(
    records: Episodes,
    agent: Agent,
    discount: float,
    *,
    updates: int = 10_000,
    members: int = 8,
    width: int = 64,
    seed: int = 0,
    advance: Advance | None = None,
) -> Evaluation:
    """Evaluate an agent from records.

    Args:
        records: Best those that the agent did not learn from.
        agent: What to evaluate.
        discount: Per step; the same for all agents that are to be compared.
        updates: Fitting steps, rounded up to thousands.
        members: Nets in the bootstrap ensemble.
        width: Units in the two hidden layers.
        seed: Of nets, batches and bootstrap.
        advance: Receives progress in updates.
    """
    drawn = bootstrap(len(records.length), members, seed)
    plans = Plans.of([agent])
    fitted = fit_values(
        records,
        plans,
        drawn[:, records.episode_of_step],
        discount,
        updates=updates,
        width=width,
        seed=seed,
        advance=advance,
    )
    begin = jnp.asarray(records.transitions.observation[records.starts])
    value = np.asarray(fitted.at(begin, plans.at(begin))[0], np.float64)
    share = drawn / drawn.sum(1, keepdims=True)
    estimates = (value * share).sum(1)
    earned = discounted_returns(records, discount)
    recorded = (earned * share).sum(1)
    return Evaluation(
        discount,
        _spread(estimates),
        _spread(recorded),
        _spread(estimates - recorded),
        estimates,
    )


def discounted_returns(episodes: Episodes, discount: float) -> Float[np.ndarray, " E"]:
    """Discounted return of each episode from its beginning, in plant reward, (E,).

    Where an episode was cut, what would have followed is taken to be worth the mean of the
    rewards that were seen, for ever: a time limit is no end.
    """
    steps = np.arange(len(episodes.reward)) - episodes.starts[episodes.episode_of_step]
    weighed = episodes.reward.astype(np.float64) * discount**steps
    earned = np.add.reduceat(weighed, episodes.starts)
    rest = discount**episodes.length * float(episodes.reward.mean()) / (1.0 - discount)
    return np.asarray(earned + np.where(episodes.terminal, 0.0, rest))


def _spread(estimates: np.ndarray) -> Interval:
    """Centre on the unweighted member; spread by the bootstrap's normal approximation."""
    half = 1.96 * float(estimates.std(ddof=1)) if len(estimates) > 1 else 0.0
    return Interval(float(estimates[0]), float(estimates[0]) - half, float(estimates[0]) + half)
