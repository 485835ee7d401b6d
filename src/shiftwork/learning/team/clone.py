"""Regression on recorded decisions, by role: several learners side by side, each on its own episodes.

    minimize  - sum over roles of the mean over that role's decisions of  w r(a) log pi_r(a | history)
    pi_r is softmax(preferences + log r),  pi is softmax(preferences)

Decisions with a single allowed macro-action say nothing and are left out. Roles count alike, so that
many furnaces do not drown one berth. Nor do common macro-actions drown rare ones: r(a) grows as a becomes
rare. A decoke is one decision in 150 of a furnace, and whether a run ends well depends on it. As r stands in
pi_r too, pi still says how often people do it (logit adjustment, Menon et al. 2021, arXiv 2007.07314).

The whole loop is compiled; what the learners were at each look is kept, so that every role is taken from
where it did best on episodes that its learner never saw.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from shiftwork.learning.nets import Adam
from shiftwork.learning.team.actor_critic import clipped
from shiftwork.learning.team.from_records_settings import Config
from shiftwork.learning.team.policy import Policies, log_probabilities
from shiftwork.learning.team.rollout import Batch, take


class Regressed(NamedTuple):
    """L looks at M learners with G groups of agents that share a net.

    Attributes:
        policies: Stacked (L, M, ...), the first ones as they were before learning.
        held_loss: Weighted loss of each group on the learner's held-out episodes, (L, M, G); 0
            where none are held out.
    """

    policies: Policies
    held_loss: Float[Array, "L M G"]


def rarity(batch: Batch, groups: tuple[int, ...], most: float) -> Float[Array, "N A"]:
    """Weight of each macro-action of each agent: 1 / how often its group chose it, with a mean of 1 over decisions.

    Args:
        batch: All episodes.
        groups: Of agents that share a net.
        most: How many times as much as the commonest one a rare one counts at the most; one that was never
            chosen counts so much, that it may be unlearned.
    """
    mask, macro = np.asarray(batch.mask), np.asarray(batch.macro)
    several = np.asarray(batch.rows.decided[:-1]) & (mask.sum(-1) > 1)
    counts = np.zeros((max(groups) + 1, mask.shape[-1]))
    for agent, group in enumerate(groups):
        counts[group] += np.bincount(macro[:, agent][several[:, agent]], minlength=mask.shape[-1])
    times = np.minimum(counts.max(1, keepdims=True) / np.maximum(counts, 1e-9), most)
    mean = (times * counts).sum(1, keepdims=True) / np.maximum(counts.sum(1, keepdims=True), 1.0)
    # A group without a decision to learn from has no mean.
    weight = times / np.where(mean > 0.0, mean, times)
    return jnp.asarray(weight[np.array(groups)], jnp.float32)


def clone_loss(
    policies: Policies,
    batch: Batch,
    rare: Float[Array, "N A"],
    weight: Float[Array, "T E"],
    chosen: Float[Array, " E"],
) -> Float[Array, " G"]:
    """Mean of - w r log pi_r over each group's decisions, in the chosen episodes."""
    rows = jax.tree.map(lambda x: x[:-1], batch.rows)
    preferences, packed = policies.preferences(rows)
    mask, macro = packed.take(batch.mask), packed.take(batch.macro)[..., None]
    logs = log_probabilities(preferences + jnp.log(rare)[None, :, None], mask, 0.0)
    taken = jnp.take_along_axis(logs, macro, -1)[..., 0]
    times = jnp.take_along_axis(rare[None, :, None], macro, -1)[..., 0]
    several = packed.real & (mask.sum(-1) > 1)
    loss = -taken * times * packed.take(weight[:, None])
    return _by_group(loss, several.astype(jnp.float32) * chosen[None, None], policies.groups)


def _by_group(
    loss: Float[Array, "K N E"], counts: Float[Array, "K N E"], groups: tuple[int, ...]
) -> Float[Array, " G"]:
    of_group = jnp.asarray(np.array(groups) == np.arange(max(groups) + 1)[:, None], jnp.float32)
    total = of_group @ (loss * counts).sum((0, 2))
    return total / jnp.maximum(of_group @ counts.sum((0, 2)), 1.0)


@eqx.filter_jit
def regress(
    policies: Policies,
    batch: Batch,
    rare: Float[Array, "N A"],
    weight: Float[Array, "T E"],
    learns: Bool[Array, "M E"],
    held: Bool[Array, "M E"],
    keys: Key[Array, " M"],
    config: Config,
) -> Regressed:
    """Learn with M learners.

    Args:
        policies: What they begin with, stacked (M, ...).
        batch: All episodes.
        rare: Weight of each macro-action (``rarity``).
        weight: Of the decisions of each step.
        learns: Episodes that each learner learns from.
        held: Episodes that its looks are taken on.
        keys: Of the learners.
        config: How long, and by how much at once.
    """
    every = config.updates // config.looks
    keep = min(config.minibatch, batch.reward.shape[1])

    def loss(policies: Policies, some: Batch, weight: Array, counts: Array) -> Array:
        return clone_loss(policies, some, rare, weight, counts).sum()

    def step(
        policies: Policies, adam: Adam, learns: Array, key: Array, left: Array
    ) -> tuple[Policies, Adam]:
        chosen = drawn(key, learns, keep)
        gradient = jax.grad(loss)(
            policies, take(batch, chosen), weight[:, chosen], learns[chosen].astype(jnp.float32)
        )
        return adam.step(policies, clipped(gradient, config.norm), left * config.actor_rate)

    def look(policies: Policies) -> Float[Array, "M G"]:
        one = jax.vmap(lambda p, h: clone_loss(p, batch, rare, weight, h.astype(jnp.float32)))
        return one(policies, held)

    def piece(
        carry: tuple[Policies, Adam], done: Int[Array, ""]
    ) -> tuple[tuple[Policies, Adam], tuple[Policies, Array]]:
        def one(carry: tuple[Policies, Adam], update: Int[Array, ""]) -> Any:
            now = jax.vmap(lambda key: jax.random.fold_in(key, update))(keys)
            left = 1.0 - update.astype(jnp.float32) / (config.updates + 1.0)
            return jax.vmap(step, in_axes=(0, 0, 0, 0, None))(*carry, learns, now, left), None

        updates = done * every + jnp.arange(every)
        carry, _ = jax.lax.scan(one, carry, updates)
        return carry, (carry[0], look(carry[0]))

    adam = jax.vmap(Adam.create)(policies)
    _, (later, losses) = jax.lax.scan(piece, (policies, adam), jnp.arange(config.looks))
    kept = jax.tree.map(lambda a, b: jnp.concatenate([a[None], b]), policies, later)
    return Regressed(kept, jnp.concatenate([look(policies)[None], losses]))


def drawn(key: Array, learns: Bool[Array, " E"], count: int) -> Int[Array, " B"]:
    """Draw episodes to learn from, each at most once; those it may not learn from come last."""
    order = jnp.where(learns, jax.random.uniform(key, learns.shape), 2.0)
    return jnp.argsort(order)[:count]


def best_looks(held_loss: Float[np.ndarray, "L G"]) -> Int[np.ndarray, " G"]:
    """Choose for each group the look with the least loss on episodes that were held out."""
    found: np.ndarray = held_loss.argmin(0)
    return found


def at_looks(found: Regressed, looks: Int[np.ndarray, " G"]) -> Policies:
    """Take each group's net from its own look, (M, ...)."""

    def pick(x: Array) -> Array:
        # Behind looks and learners stands the axis of the groups.
        return jnp.stack([x[look, :, group] for group, look in enumerate(looks)], 1)

    return jax.tree.map(pick, found.policies)
