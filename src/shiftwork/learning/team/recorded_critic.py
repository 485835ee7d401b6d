"""The critic of the people: fitted TD(lambda) in event time on records, several critics side by side.

    rounds times:
        G_k <- event-time TD(lambda) targets of the critic as it stands       (returns.py)
        some updates: minimize (V - G)^2 at the events

Rewards are shared, so the value is the team's; events are joint (anybody decides). A net with a memory
of its own knows every recorded episode after a while: what it says of an episode counts only if it
never learned from that. So each critic holds out other episodes, and the advantages of an episode are
those of the critic that did not know it.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Key

from shiftwork.learning.config import replaced
from shiftwork.learning.team.actor_critic import TeamLearner, clipped, moved_by_gradients
from shiftwork.learning.team.clone import drawn
from shiftwork.learning.team.critics import Valued
from shiftwork.learning.team.from_records_settings import Config
from shiftwork.learning.team.rollout import Batch, take


@eqx.filter_jit
def fit_critics(
    learner: TeamLearner,
    critics: Valued,
    batch: Batch,
    learns: Bool[Array, "M E"],
    keys: Key[Array, " M"],
    config: Config,
) -> Valued:
    """Fit M critics.

    Args:
        learner: Discount and lambda, and how targets are made; its own critic is not used.
        critics: What they begin with, stacked (M, ...).
        batch: All episodes.
        learns: Episodes that each critic learns from.
        keys: Of the critics.
        config: How long, and by how much at once.
    """
    keep = min(config.minibatch, batch.reward.shape[1])

    def with_critic(critic: Valued) -> TeamLearner:
        return eqx.tree_at(lambda it: (it.critic, it.target), learner, (critic, critic))

    def a_round(critic: Valued, adam: Any, learns: Array, key: Array, number: Array) -> Any:
        now = eqx.tree_at(lambda it: it.batches, with_critic(critic), number)
        found = now.advantages(batch)
        critic = now.scaled(batch, found)
        left = 1.0 - 0.9 * number.astype(jnp.float32) / config.rounds

        def one(carry: tuple[Valued, Any], key: Array) -> tuple[tuple[Valued, Any], None]:
            critic, adam = carry
            chosen = drawn(key, learns, keep)
            gradient, _ = jax.grad(learner.critic_loss, has_aux=True)(
                moved_by_gradients(critic),
                critic,
                take(batch, chosen),
                jax.tree.map(lambda x: x[..., chosen], found),
            )
            trained, adam = adam.step(
                moved_by_gradients(critic),
                clipped(gradient, config.norm),
                left * config.critic_rate,
            )
            return (eqx.combine(trained, critic), adam), None

        keys = jax.random.split(jax.random.fold_in(key, number), config.round_updates)
        (critic, adam), _ = jax.lax.scan(one, (critic, adam), keys)
        return critic, adam

    def rounds(carry: tuple[Valued, Any], number: Array) -> Any:
        return jax.vmap(a_round, in_axes=(0, 0, 0, 0, None))(*carry, learns, keys, number), None

    adam = jax.vmap(lambda critic: type(learner.critic_adam).create(moved_by_gradients(critic)))(
        critics
    )
    (critics, _), _ = jax.lax.scan(rounds, (critics, adam), jnp.arange(config.rounds))
    return critics


@eqx.filter_jit
def explained(
    learner: TeamLearner, critics: Valued, batch: Batch, held: Bool[Array, "M E"]
) -> Float[Array, " M"]:
    """Share of the variance of what followed that each critic explains where it did not learn.

    What followed are all recorded rewards, discounted, and behind a cut the critic's own value.
    """
    return jax.vmap(lambda critic, held: _explained(learner, critic, batch, held))(critics, held)


def _explained(
    learner: TeamLearner, critic: Valued, batch: Batch, held: Bool[Array, " E"]
) -> Float[Array, ""]:
    learner = eqx.tree_at(lambda it: (it.critic, it.target), learner, (critic, critic))
    whole = eqx.tree_at(lambda it: it.config, learner, replaced(learner.config, trace=jnp.ones(())))
    found = whole.advantages(batch)
    event = learner.critic.critic.clock(batch.rows.decided)[:, :-1] & held[None, None]
    mean = found.target.mean(where=event)
    spread = jnp.square(found.target - mean).mean(where=event)
    return 1.0 - jnp.square(found.advantage).mean(where=event) / spread


@eqx.filter_jit
def advantages(learner: TeamLearner, critic: Valued, batch: Batch) -> Float[Array, "T E"]:
    """Advantages of the joint events by a critic, centred over all events; zero where there is none."""
    now = eqx.tree_at(lambda it: (it.critic, it.target), learner, (critic, critic))
    found = now.advantages(batch).advantage[0]
    event = batch.rows.decided[:-1].any(1)
    return jnp.where(event, found - found.mean(where=event), 0.0)


def spread_of(advantage: Float[np.ndarray, "T E"], event: Bool[np.ndarray, "T E"]) -> float:
    """Standard deviation of advantages over the joint events."""
    return float(np.sqrt(np.square(advantage[event]).mean()))
