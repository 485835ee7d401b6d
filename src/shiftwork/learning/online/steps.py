"""One plant step of learning by experience, with the updates that follow it.

    act with the policy plus noise, and put what happened into the store
    make 20 critic updates on batches mixed from records and experience, then one of the actor

The share of experience in a batch grows with the store (a few rows drawn again and again would be
learned by heart), and the rates stand well below those of offline learning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from shiftwork.errors import UserError
from shiftwork.learning.config import replaced
from shiftwork.learning.learner import Learner, Metrics
from shiftwork.learning.offline.settings import scarce
from shiftwork.learning.replay import Batch, Replay, Scaling
from shiftwork.plants.plant import Plant


@dataclass(frozen=True)
class Online:
    """Settings of learning by experience.

    Attributes:
        steps: Plant steps.
        updates_per_step: Critic updates after each plant step.
        noise: Deviation of the exploration noise, in half-widths of the action box.
        records_share: Share of recorded transitions in a batch once experience abounds.
        ramp: Plant steps of experience at which its share is full.
        rate: Multiplies the algorithm's learning rates.
        fading: Let the rates fall linearly to 0 over the steps, as in learning from records: worth
            it where what is left to gain is small against the noise of single batches.
        piece: Plant steps between two looks at the clock.
    """

    steps: int = 20_000
    updates_per_step: int = 20
    noise: float = 0.1
    records_share: float = 0.5
    ramp: int = 2_000
    rate: float = 0.1
    fading: bool = False
    piece: int = 250

    def check(self) -> None:
        """Refuse settings that make no sense.

        Raises:
            UserError: A value is out of its range.
        """
        for name, low, high in (
            ("steps", 1, 10**9),
            ("updates_per_step", 1, 10**4),
            ("noise", 0, 2),
            ("records_share", 0, 1),
            ("ramp", 1, 10**9),
            ("rate", 0, 100),
            ("piece", 1, 10**6),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise UserError(f"online '{name}' is {value}; it must lie between {low} and {high}")


class Run(NamedTuple):
    """All that goes on while one learner works on one plant.

    Attributes:
        learner: As it stands.
        store: Experience so far.
        plant: The plant's state.
        observation: What is seen now, (O,), plant units.
        step: Steps of the current episode, ().
        earned: Reward of the current episode so far, ().
    """

    learner: Learner
    store: Replay
    plant: Any
    observation: Float[Array, " O"]
    step: Int[Array, ""]
    earned: Float[Array, ""]


def online_learner(learner: Learner, online: Online) -> Learner:
    """Give a learner the online settings: the actor follows every 20th update, and the mean.

    Offline the actor climbs the least of the critics, which is cautious where the records are
    thin; online, mistakes are seen and mended, and the mean explores.
    """
    config = learner.config
    changes: dict[str, Any] = {}
    if hasattr(config, "actor_delay"):
        changes["actor_delay"] = online.updates_per_step
    if hasattr(config, "pessimistic"):
        changes["pessimistic"] = False
    return _configured(learner, replaced(config, **changes))


def mixed(
    records: Replay, store: Replay, online: Online, batch: int
) -> Callable[[PRNGKeyArray], Batch]:
    """Make the sampler that draws from records and experience."""
    share = (1.0 - online.records_share) * jnp.minimum(1.0, store.size / online.ramp)

    def sample(key: PRNGKeyArray) -> Batch:
        record_key, store_key, choice_key = jax.random.split(key, 3)
        recorded = records.sample(record_key, batch)
        lived = store.sample(store_key, batch)
        choose = jax.random.uniform(choice_key, (batch,)) < share
        return jax.tree.map(
            lambda a, b: jnp.where(choose.reshape(-1, *[1] * (a.ndim - 1)), a, b), lived, recorded
        )

    return sample


def experience(
    scaling: Scaling,
    observation: Array,
    action: Array,
    reward: Array,
    following: Array,
    terminal: Array,
    last: Array,
) -> Batch:
    """Turn K plant steps, whose actions are the learner's already, into rows of the store."""
    return Batch(
        observation=scaling.observe(observation),
        action=action,
        reward=scaling.earned(reward, observation),
        next_observation=scaling.observe(following),
        next_action=action,
        continues=1.0 - terminal.astype(jnp.float32),
        last=last.astype(jnp.float32),
    )


def explore(
    learner: Learner, scaling: Scaling, observation: Array, key: PRNGKeyArray, noise: float
) -> Array:
    """Act with noise: (K, O) in plant units to (K, A) in the unit box."""
    action = learner.actor(scaling.observe(observation))
    return jnp.clip(action + noise * jax.random.normal(key, action.shape), -1.0, 1.0)


def begin(
    learner: Learner, plant: Plant, records: Replay, online: Online, key: PRNGKeyArray
) -> Run:
    """Begin the first episode."""
    state, observation = plant.reset(key)
    return Run(
        online_learner(learner, online),
        Replay.empty(records.rows, online.steps),
        state,
        observation,
        jnp.zeros((), jnp.int32),
        jnp.zeros(()),
    )


def one_step(
    run: Run, key: PRNGKeyArray, *, plant: Plant, scaling: Scaling, records: Replay, online: Online
) -> tuple[Run, tuple[Metrics, Array, Array]]:
    """Make one plant step and its updates; at an episode's end begin the next one."""
    act_key, step_key, reset_key, update_key = jax.random.split(key, 4)
    action = explore(run.learner, scaling, run.observation[None], act_key, online.noise)
    step = plant.step(run.plant, scaling.act(action[0], run.observation), step_key)
    count = run.step + 1
    last = step.terminal | (count >= plant.horizon)
    store = run.store.add(
        experience(
            scaling,
            run.observation[None],
            action,
            step.reward[None],
            step.observation[None],
            step.terminal[None],
            last[None],
        )
    )
    learner, metrics = learn_once(run.learner, records, store, update_key, online)
    earned = run.earned + step.reward
    fresh_state, fresh_observation = plant.reset(reset_key)
    renew = partial(jax.tree.map, lambda new, old: jnp.where(last, new, old))
    following = Run(
        learner,
        store,
        renew(fresh_state, step.state),
        jnp.where(last, fresh_observation, step.observation),
        jnp.where(last, 0, count),
        jnp.where(last, 0.0, earned),
    )
    return following, (metrics, last, earned)


def learn_once(
    learner: Learner, records: Replay, store: Replay, key: PRNGKeyArray, online: Online
) -> tuple[Learner, Metrics]:
    """Make the updates that follow one plant step (or one step of every copy).

    Where records did not show what actions do, cloning holds the agent to people's practice. Its own
    moves are chance in part and do show it, so cloning weighs no more than that many rows of clear
    evidence call for (``learning/offline/settings.py``).
    """
    given = config = learner.config
    if hasattr(config, "cloning"):
        loosened = jnp.minimum(config.cloning, scarce(jnp.maximum(store.size, 1)))
        config = replaced(config, cloning=loosened)
        learner = _configured(learner, config)
    sample = mixed(records, store, online, config.batch)
    rate = jnp.asarray(online.rate)
    if online.fading:
        rate *= jnp.maximum(1.0 - store.size / online.steps, 0.0)
    if hasattr(config, "actor_delay"):
        learner, metrics = learner.update(sample, key, rate)
        return _configured(learner, given), metrics

    def one(learner: Learner, key: PRNGKeyArray) -> tuple[Learner, Metrics]:
        return learner.update(sample, key, rate)

    learner, metrics = jax.lax.scan(one, learner, jax.random.split(key, online.updates_per_step))
    return _configured(learner, given), jax.tree.map(lambda x: x[-1], metrics)


def _configured(learner: Learner, config: Any) -> Learner:
    changed: Learner = eqx.tree_at(lambda x: x.config, learner, config)
    return changed
