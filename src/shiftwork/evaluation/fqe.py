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

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from shiftwork.agents.agent import Agent
from shiftwork.evaluation.rollout import compiled_policy
from shiftwork.evaluation.statistics import Interval
from shiftwork.learning.critic import Critic
from shiftwork.learning.nets import Adam, averaged
from shiftwork.learning.offline.settings import value_range
from shiftwork.learning.progress import Advance
from shiftwork.learning.replay import Scaling, scaled
from shiftwork.records.episodes import Episodes

PIECE = 1_000

BINS = 65
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

    def loss(critic: Critic, rows: Array, target: Array) -> Array:
        _, error = critic.value_and_error(observation[rows], action[rows], target)
        return (weights[:, rows] * error).mean(1).sum()

    def update(carry: tuple[_Fit, Array], key: PRNGKeyArray) -> tuple[tuple[_Fit, Array], None]:
        fit, done = carry
        rows = jax.random.randint(key, (256,), 0, len(reward))
        future = fit.target(following[rows], planned[rows])
        target = reward[rows] + discount * continues[rows] * future
        gradient = jax.grad(loss)(fit.critic, rows, target)
        rate = 3e-3 * jnp.clip(1.0 - done / total, 0.0, 1.0)
        critic, adam = fit.adam.step(fit.critic, gradient, rate)
        return (_Fit(critic, averaged(fit.target, critic, 0.01), adam), done + 1), None

    (fit, _), _ = jax.lax.scan(update, (fit, done), jax.random.split(key, PIECE))
    return fit


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
        advance: Told of progress.
    """
    scaling = Scaling.of(records)
    transitions = records.transitions
    rows = scaled(transitions, scaling)
    following = jnp.asarray(transitions.next_observation)
    planned = scaling.recorded(compiled_policy(agent)(following), following)
    data = (
        rows.observation,
        rows.action,
        rows.reward,
        rows.next_observation,
        planned,
        rows.continues,
    )
    # The first member sees the records as they are; the others draw episodes with replacement.
    rng = np.random.default_rng(seed)
    count = len(records.length)
    drawn = rng.multinomial(count, np.full(count, 1 / count), members).astype(np.float32)
    drawn[0] = 1.0
    weights = jnp.asarray(drawn[:, records.episode_of_step])

    net_key, fit_key = jax.random.split(jax.random.key(seed))
    values = value_range(records, discount, scaling.reward_unit)
    columns = rows.observation.shape[1] + rows.action.shape[1]
    critic = Critic.create(net_key, columns, width, values, nets=members, bins=BINS)
    fit = _Fit(critic, critic, Adam.create(critic))
    pieces = -(-updates // PIECE)
    for piece in range(pieces):
        fit = _fit_piece(
            fit,
            data,
            weights,
            jax.random.fold_in(fit_key, piece),
            jnp.asarray(piece * PIECE, jnp.float32),
            jnp.asarray(pieces * PIECE, jnp.float32),
            jnp.asarray(discount, jnp.float32),
        )
        if advance:
            jax.block_until_ready(fit.critic)
            advance(PIECE)

    first = records.starts
    begin = jnp.asarray(transitions.observation[first])
    action = scaling.recorded(compiled_policy(agent)(begin), begin)
    value = np.asarray(fit.critic(scaling.observe(begin), action), np.float64) * scaling.reward_unit
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
