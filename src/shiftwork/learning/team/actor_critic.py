"""The update that all asynchronous actor-critics of a team share; they differ in their critic.

    run the team for one horizon; every agent decides on its own clock, scouts by chance
    advantages in event time from a target critic that stands still        (returns.py)
    epochs times, over minibatches of copies:
        critic: minimize (V - G)^2 at its clock's events
        actor i: maximize min(ratio A, clipped ratio A) at agent i's own decisions
    now and then: target critic <- critic

Every executed primitive step is in some batch, and is counted.
"""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray

from shiftwork.learning.config import config, replaced
from shiftwork.learning.learner import Metrics
from shiftwork.learning.nets import Adam, Params
from shiftwork.learning.team.critics import Valued
from shiftwork.learning.team.policy import Policies, log_probabilities
from shiftwork.learning.team.returns import Advantages, event_advantages
from shiftwork.learning.team.rollout import Batch, beside, collect, take
from shiftwork.learning.team.self_imitation import Again, Best, imitation_loss
from shiftwork.plants.team_plant import TeamPlant, TeamShape


@config
class Config:
    """Settings of every asynchronous actor-critic.

    Attributes:
        discount: Per primitive step.
        trace: Lambda of the advantages.
        actor_rate: Adam's rate for the actors.
        critic_rate: Adam's rate for the critic.
        clip: How far a ratio of probabilities may leave 1 before it stops counting.
        epsilon: Share of uniform choices inside the policy at the beginning,
        epsilon_end: and from ``epsilon_steps`` on.
        epsilon_steps: Executed primitive steps.
        half_way: Share of episodes that begin half-way at the beginning of learning, where the plant
            can; it falls to none at the end.
        entropy: Weight of the policies' entropy at the beginning,
        entropy_end: and at the end of learning.
        norm: The gradient's whole norm is clipped at this.
        imitation: Weight of learning again from the best runs; none where ``best_runs`` is 0.
        best_runs: How many of them are kept.
        copies: Of the plant, run side by side.
        scouts: So many of them choose by chance from first to last. What they do counts as one of the
            best runs if it is one; nothing else is learned from it.
        sharpness: Preferences count so many times as much when the team acts for good (at looks, in
            evaluation, from its folder) as while it learns.
        epochs: Passes over each batch.
        minibatches: Updates in a pass; each has a share of the copies and of the best runs.
        target_every: Batches between copies to the target critic.
        actor_width: Of the actors' layers.
        actor_memory: Of the actors' recurrence.
        critic_width: Of the critic's layers.
        critic_memory: Of the critic's recurrence.
        octaves: Time in octaves; off for the paper's [sin t, cos t].
        places: Nets find their agent's own place first and are told which places coincide, where the
            plant says what its places are.
        share: Agents of one role share an actor, and the critic's encoder of an agent's history.
            They are told apart by what they see alone.
        direct: Actors have weights straight from what they see to preferences, 0 at first: where a search
            writes what it finds.
        centred: Advantages are centred and scaled over the batch.
        slow_scale: They are scaled by their spread over some fifty batches instead. Where reward is
            rare most batches hold noise alone, which then counts as little as it is.
        limit_ends: Nothing behind the time limit counts. For plants whose episodes are all that is
            earned and whose agents see how much of one is left; else a limit only cuts.
    """

    discount: float = 0.99
    trace: float = 0.95
    actor_rate: float = 1e-3
    critic_rate: float = 1e-3
    clip: float = 0.1
    epsilon: float = 0.9
    epsilon_end: float = 0.0
    epsilon_steps: float = 80_000.0
    half_way: float = 0.0
    entropy: float = 0.02
    entropy_end: float = 0.0
    norm: float = 1.0
    imitation: float = 0.3
    best_runs: int = 8
    copies: int = 32
    scouts: int = 0
    sharpness: float = 1.0
    epochs: int = 4
    minibatches: int = 2
    target_every: int = 1
    actor_width: int = 64
    actor_memory: int = 64
    critic_width: int = 64
    critic_memory: int = 64
    octaves: bool = True
    places: bool = True
    share: bool = False
    direct: bool = False
    centred: bool = True
    slow_scale: bool = False
    limit_ends: bool = False


SLOWLY = 0.02
"""Share of each batch in the slow scale of advantages."""


def without_chance(config: Any, **changes: Any) -> Any:
    """Change settings for a team that goes on: nothing uniform, no scouts, no best runs."""
    none = dict.fromkeys(("epsilon", "epsilon_end", "half_way", "imitation"), jnp.zeros(()))
    return replaced(config, **none, best_runs=0, scouts=0, **changes)


class TeamLearner(eqx.Module):
    """The whole state of a team's learning as one pytree.

    Attributes:
        config: Settings.
        policies: The actors.
        critic: What they are judged by.
        target: The critic as it stood some batches ago.
        actor_adam: Moments of the actors' optimizer.
        critic_adam: Moments of the critic's optimizer.
        batches: Batches learned from so far, ().
        best: The best runs so far.
        variance: Of advantages at the agents' decisions, over some batches, (); None where each batch
            has its own.
    """

    config: Any
    policies: Policies
    critic: Valued
    target: Valued
    actor_adam: Adam
    critic_adam: Adam
    batches: Int[Array, ""]
    best: Best | None
    variance: Float[Array, ""] | None

    @classmethod
    def create(
        cls, config: Config, plant: TeamShape, policies: Policies, critic: Valued
    ) -> TeamLearner:
        """Begin; best runs are kept only of a plant that can be run."""
        best = None
        if config.best_runs and isinstance(plant, TeamPlant):
            like = jax.eval_shape(
                lambda: collect(plant, policies, jax.random.key(0), config.best_runs, 0.0)
            )
            zeros = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), like)
            best = Best.empty(zeros, config.best_runs)
        return cls(
            jax.tree.map(lambda x: jnp.asarray(x, jnp.float32), config),
            policies,
            critic,
            critic,
            Adam.create(policies),
            Adam.create(moved_by_gradients(critic)),
            jnp.zeros((), jnp.int32),
            best,
            jnp.ones(()) if config.slow_scale else None,
        )

    @property
    def team(self) -> Policies:
        """The policies as they act for good."""
        return self.policies.sharpened(self.config.sharpness)

    def update(
        self, plant: TeamPlant, key: PRNGKeyArray, left: Float[Array, ""]
    ) -> tuple[TeamLearner, Metrics]:
        """Run the team once and learn from it.

        Args:
            plant: The plant.
            key: Random key.
            left: Share of learning that is left, 1 to 0: what rates and entropy fall with.
        """
        config = self.config
        run_key, order_key, best_key = jax.random.split(key, 3)
        steps = self.batches * (config.copies * plant.horizon)
        done = jnp.clip(steps.astype(jnp.float32) / config.epsilon_steps, 0.0, 1.0)
        epsilon = config.epsilon + done * (config.epsilon_end - config.epsilon)
        half_way = left * config.half_way
        learned_from = config.copies - config.scouts
        chance = jnp.where(jnp.arange(config.copies) < learned_from, epsilon, 1.0)
        whole = collect(plant, self.policies, run_key, config.copies, chance, half_way)
        batch = take(whole, slice(learned_from))
        found = self.advantages(batch)
        critic = self.scaled(batch, found)
        variance = self.spread(batch, found)
        best = self.best.merged(whole, config.discount) if self.best else None
        gain = best.gain(critic) if best is not None else jnp.zeros(())
        entropy = config.entropy_end + left * (config.entropy - config.entropy_end)

        def one(
            carry: tuple[Policies, Valued, Adam, Adam],
            chosen: tuple[Int[Array, " M"], Int[Array, " B"]],
        ) -> tuple[tuple[Policies, Valued, Adam, Adam], Metrics]:
            policies, critic, actor_adam, critic_adam = carry
            some, judged = take(batch, chosen[0]), jax.tree.map(lambda x: x[..., chosen[0]], found)
            again = None
            if best is not None:
                again = Again(take(best.batch, chosen[1]), gain[:, chosen[1]])
            gradient, metrics = jax.grad(self.actor_loss, has_aux=True)(
                policies, some, judged, epsilon, entropy, variance, again
            )
            policies, actor_adam = actor_adam.step(
                policies, clipped(gradient, config.norm), left * config.actor_rate
            )
            gradient, more = jax.grad(self.critic_loss, has_aux=True)(
                moved_by_gradients(critic), critic, some, judged
            )
            trained, critic_adam = critic_adam.step(
                moved_by_gradients(critic),
                clipped(gradient, config.norm),
                left * config.critic_rate,
            )
            critic = eqx.combine(trained, critic)
            return (policies, critic, actor_adam, critic_adam), metrics | more

        def shares(key: PRNGKeyArray, count: int) -> Int[Array, "U _"]:
            keys = jax.random.split(key, config.epochs)
            orders = jax.vmap(lambda k: jax.random.permutation(k, count))(keys)
            return orders.reshape(config.epochs * config.minibatches, -1)

        order = shares(order_key, learned_from), shares(best_key, config.best_runs)
        (policies, critic, actor_adam, critic_adam), metrics = jax.lax.scan(
            one, (self.policies, critic, self.actor_adam, self.critic_adam), order
        )
        batches = self.batches + 1
        renew = batches % config.target_every == 0
        target = jax.tree.map(lambda new, old: jnp.where(renew, new, old), critic, self.target)
        learner = TeamLearner(
            config, policies, critic, target, actor_adam, critic_adam, batches, best, variance
        )
        metrics = jax.tree.map(lambda x: x.mean(), metrics)
        return learner, metrics | {"reward": batch.reward.mean()}

    def advantages(self, batch: Batch) -> Advantages:
        """Event-time advantages and targets on the critic's clock, each (K, T, E)."""
        event = self.target.critic.clock(batch.rows.decided)
        value = jnp.broadcast_to(self.target.values(batch.rows), event.shape)
        count = len(event)

        def on_clock(x: Array) -> Array:
            return jnp.broadcast_to(x[:, None], (len(x), count, x.shape[-1]))

        found = event_advantages(
            on_clock(batch.reward),
            on_clock(batch.ended),
            jnp.swapaxes(event[:, :-1], 0, 1),
            jnp.swapaxes(value[:, :-1], 0, 1),
            value[:, -1] * float(not self.config.limit_ends),
            self.config.discount,
            self.config.trace,
        )
        return jax.tree.map(lambda x: jnp.swapaxes(x, 0, 1), found)

    def scaled(self, batch: Batch, found: Advantages) -> Valued:
        """Move the critic's scale towards this batch's targets; no value changes."""
        event = self.critic.critic.clock(batch.rows.decided)[:, :-1]
        mean = found.target.mean(where=event)
        std = jnp.sqrt(jnp.square(found.target - mean).mean(where=event))
        first = self.batches == 0
        move = jnp.where(first, 1.0, 0.05)
        return self.critic.rescaled(
            self.critic.mean + move * (mean - self.critic.mean),
            jnp.maximum(self.critic.std + move * (std - self.critic.std), 1e-2),
        )

    def spread(self, batch: Batch, found: Advantages) -> Float[Array, ""] | None:
        """Move the advantages' variance towards this batch's; none where it is not kept."""
        if self.variance is None:
            return None
        own = batch.rows.decided[:-1]
        advantage = jnp.broadcast_to(jnp.swapaxes(found.advantage, 0, 1), own.shape)
        now = jnp.square(advantage - advantage.mean(where=own)).mean(where=own)
        move = jnp.maximum(SLOWLY, 1.0 / (1.0 + self.batches.astype(jnp.float32)))
        return self.variance + move * (now - self.variance)

    def actor_loss(
        self,
        policies: Policies,
        batch: Batch,
        found: Advantages,
        epsilon: Float[Array, ""],
        entropy: Float[Array, ""],
        variance: Float[Array, ""] | None,
        again: Again | None = None,
    ) -> tuple[Float[Array, ""], Metrics]:
        """PPO's clipped loss at every agent's own decisions, with the advantage of that event.

        ``variance`` is what the advantages are scaled by; None for that of these copies. Best runs
        are walked over beside the batch, which compiles sooner than a walk of their own.
        """
        whole = batch if again is None else beside(batch, again.batch)
        every, events = policies.preferences(jax.tree.map(lambda x: x[:-1], whole.rows))
        copies = batch.reward.shape[1]
        preferences, packed = every[:, :, :copies], events.of(slice(copies))
        mask, real = packed.take(batch.mask), packed.real
        logs = log_probabilities(preferences, mask, epsilon)
        taken = jnp.take_along_axis(logs, packed.take(batch.macro)[..., None], -1)[..., 0]
        before = packed.take(batch.log_probability)
        ratio = jnp.exp(taken - before)
        advantage = packed.take(jnp.swapaxes(found.advantage, 0, 1))
        if self.config.centred:
            advantage = advantage - advantage.mean(where=real)
            if variance is None:
                variance = jnp.square(advantage).mean(where=real)
            advantage = advantage / (jnp.sqrt(variance) + 1e-6)
        bounded = jnp.clip(ratio, 1.0 - self.config.clip, 1.0 + self.config.clip)
        gain = jnp.minimum(ratio * advantage, bounded * advantage).mean(where=real)
        spread = -(jnp.exp(logs) * jnp.where(mask, logs, 0.0)).sum(-1).mean(where=real)
        changed = jnp.square(taken - before).mean(where=real)
        loss = -gain - entropy * spread
        if again is not None:
            rest = slice(copies, None)
            imitated = imitation_loss(every[:, :, rest], events.of(rest), again)
            loss = loss + self.config.imitation * imitated
        return loss, {"entropy": spread, "policy_change": changed}

    def critic_loss(
        self, trained: Params, critic: Valued, batch: Batch, found: Advantages
    ) -> tuple[Float[Array, ""], Metrics]:
        """Squared error in the scale's units at the clock's events."""
        whole: Valued = eqx.combine(trained, critic)
        rows = jax.tree.map(lambda x: x[:-1], batch.rows)
        event = critic.critic.clock(rows.decided)
        target = (found.target - critic.mean) / critic.std
        error = jnp.square(whole.units(rows) - target).mean(where=event)
        return error, {"value_error": jnp.sqrt(error), "value": critic.mean}


def moved_by_gradients(critic: Valued) -> Valued:
    """The part of a critic that gradients move: everything but its scale."""
    return eqx.tree_at(lambda c: (c.mean, c.std), critic, (None, None))


def clipped(gradient: Params, norm: float | Array) -> Params:
    """Scale a gradient so that its whole norm is at most ``norm``."""
    size = optax.tree.norm(gradient)
    return jax.tree.map(lambda g: g * jnp.minimum(1.0, norm / (size + 1e-12)), gradient)
