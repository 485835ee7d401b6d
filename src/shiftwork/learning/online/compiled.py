"""Going on learning by experience: from an agent and its records to a better agent.

    repeat for every plant step
        act with the policy plus noise, and put what happened into the store
        make 20 critic updates on batches mixed from records and experience, then one of the actor

On plants of ours the loop is compiled whole, for several seeds at once; on foreign ones Python
steps the environment. Either way the online phase of PARS keeps the penalty, its batches are
mixed, and every plant step is counted.

Two cares keep performance from dropping at the start: the share of experience in a batch grows
with the store (a few rows drawn again and again would be learned by heart), and the rates stand
well below those of offline learning.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key, PRNGKeyArray

from shiftwork.errors import Stopped, UserError
from shiftwork.learning.checkpoint import about_same_work, load_tree, save_tree, stopping_cleanly
from shiftwork.learning.config import replaced
from shiftwork.learning.learner import Learner, Metrics
from shiftwork.learning.offline.settings import scarce
from shiftwork.learning.progress import Advance
from shiftwork.learning.replay import Batch, Replay, Scaling
from shiftwork.plants.plant import Plant

CHECKPOINT_S = 30.0


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


@dataclass(frozen=True)
class OnlineHistory:
    """What happened along the way.

    Attributes:
        episode_end: Plant step at which each finished training episode ended, (members, L), -1
            beyond the last.
        episode_return: Its return with exploration noise, (members, L).
        steps: Plant steps that were executed to learn, each counted.
        wall_s: Seconds in all.
    """

    episode_end: np.ndarray
    episode_return: np.ndarray
    steps: int
    wall_s: float


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
        reward=reward / scaling.reward_unit,
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


@eqx.filter_jit
def run_steps(
    runs: Run,
    keys: Key[Array, " M"],
    plant: Plant,
    scaling: Scaling,
    records: Replay,
    online: Online,
    steps: int,
) -> tuple[Run, tuple[Metrics, Array, Array]]:
    """Run ``steps`` plant steps of every member, with all updates, as one program."""
    advance = partial(one_step, plant=plant, scaling=scaling, records=records, online=online)
    split = jax.vmap(lambda key: jax.random.split(key, steps), out_axes=1)(keys)
    return jax.lax.scan(lambda runs, keys: jax.vmap(advance)(runs, keys), runs, split)


Evaluate = Callable[[Learner], np.ndarray]
"""Members to their scores, (members,); its plant steps are the evaluation's, not the learner's."""


def improve(
    members: Learner,
    plant: Plant,
    scaling: Scaling,
    records: Replay,
    online: Online,
    seeds: tuple[int, ...],
    *,
    advance: Advance | None = None,
    watch: Callable[[int, Learner], None] | None = None,
    checkpoint: Path | None = None,
    identity: dict[str, Any] | None = None,
) -> tuple[Learner, OnlineHistory]:
    """Go on learning on a plant of ours, every member with its own copy of the plant.

    Args:
        members: Learners, stacked along a leading axis.
        plant: Where they act.
        scaling: Between plant units and the learners'.
        records: What they learned from; stays in the batches.
        online: Settings.
        seeds: One for each member.
        advance: Told of progress.
        watch: Called with (plant steps made, members) after every piece.
        checkpoint: Where to keep everything while learning, and to go on from.
        identity: What makes this work the same as another.

    Raises:
        Stopped: Ctrl-C was pressed; the checkpoint is written.
        UserError: A setting is out of its range, or the checkpoint belongs to other work.
    """
    online.check()
    begun = saved = time.perf_counter()
    keys = jnp.stack([jax.random.fold_in(jax.random.key(seed), 2) for seed in seeds])
    runs = jax.vmap(lambda learner, key: begin(learner, plant, records, online, key))(members, keys)
    identity = (identity or {}) | {"online": dataclasses.asdict(online), "seeds": list(seeds)}
    done, ends = 0, [[] for _ in seeds]  # type: tuple[int, list[list[list[float]]]]
    if checkpoint and checkpoint.exists():
        about = about_same_work(checkpoint, identity, "another agent, plant or settings")
        done, ends, runs = about["done"], about["ends"], load_tree(checkpoint, runs)
        if advance:
            advance(done, "resumed")
    with stopping_cleanly() as request:
        while done < online.steps:
            steps = min(online.piece, online.steps - done)
            piece_keys = jax.vmap(lambda key, n=done: jax.random.fold_in(key, n))(keys)
            runs, (_, last, earned) = run_steps(
                runs, piece_keys, plant, scaling, records, online, steps
            )
            for row, member in np.argwhere(np.asarray(last)):
                ends[member].append([int(done + row + 1), float(earned[row, member])])
            done += steps
            recent = [pair[1] for member in ends for pair in member[-5:]]
            if advance:
                advance(steps, f"return {np.mean(recent):.4g}" if recent else "")
            if watch:
                watch(done, runs.learner)
            now = time.perf_counter()
            if checkpoint and (request.wanted or now - saved > CHECKPOINT_S):
                save_tree(checkpoint, runs, {"identity": identity, "done": done, "ends": ends})
                saved = now
            if request.wanted and done < online.steps:
                raise Stopped(f"stopped after {done:,} of {online.steps:,} plant steps")
    return runs.learner, history(ends, online.steps, time.perf_counter() - begun)


def history(ends: list[list[list[float]]], steps: int, wall_s: float) -> OnlineHistory:
    """Pack the finished training episodes of all members."""
    longest = max((len(member) for member in ends), default=0)
    packed = np.full((2, len(ends), longest), -1.0)
    for number, member in enumerate(ends):
        for row, (end, earned) in enumerate(member):
            packed[:, number, row] = end, earned
    return OnlineHistory(packed[0].astype(np.int64), packed[1], steps, wall_s)
