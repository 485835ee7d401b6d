"""Learning by experience on a Gymnasium environment: Python steps, the updates are compiled.

The same method as ``online.py``, whose pieces it uses, for plants that are no JAX functions.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PRNGKeyArray

from shiftwork.errors import Stopped, stopping_cleanly
from shiftwork.learning.checkpoint import about_same_work, load_tree, save_tree
from shiftwork.learning.learner import Learner
from shiftwork.learning.online.compiled import CHECKPOINT_S, OnlineHistory, history
from shiftwork.learning.online.steps import Online, experience, explore, learn_once, online_learner
from shiftwork.learning.progress import Advance
from shiftwork.learning.replay import Batch, Replay, Scaling
from shiftwork.plants.adapters.from_gymnasium import ForeignPlant


def improve_foreign(
    learner: Learner,
    plant: ForeignPlant,
    scaling: Scaling,
    records: Replay,
    online: Online,
    seed: int,
    *,
    advance: Advance | None = None,
    watch: Callable[[int, Learner], None] | None = None,
    checkpoint: Path | None = None,
    identity: dict[str, Any] | None = None,
) -> tuple[Learner, OnlineHistory]:
    """Go on learning on a Gymnasium environment.

    Its copies are stepped side by side; each of their steps counts, and each is followed by
    ``online.updates_per_step`` critic updates. A foreign environment's state cannot be kept, so
    that after a resume new episodes begin; nothing else is lost.

    Args:
        learner: One learner.
        plant: Where it acts.
        scaling: Between plant units and the learner's.
        records: What it learned from; stays in the batches.
        online: Settings.
        seed: Of everything.
        advance: Told of progress.
        watch: Called with (plant steps made, learner) after about every ``online.piece`` steps.
        checkpoint: Where to keep everything while learning, and to go on from.
        identity: What makes this work the same as another.

    Raises:
        Stopped: Ctrl-C was pressed; the checkpoint is written.
        UserError: A setting is out of its range, or the checkpoint belongs to other work.
    """
    online.check()
    begun = saved = time.perf_counter()
    copies = plant.copies
    online = dataclasses.replace(online, updates_per_step=online.updates_per_step * copies)
    rounds = -(-online.steps // copies)
    learner = online_learner(learner, online)
    store = Replay.empty(records.rows, rounds * copies)
    identity = (identity or {}) | {"online": dataclasses.asdict(online), "seed": seed}
    first, ends = 0, []  # type: tuple[int, list[list[float]]]
    if checkpoint and checkpoint.exists():
        about = about_same_work(checkpoint, identity, "another agent, plant or settings")
        first, ends = about["rounds"], about["ends"]
        learner, store = load_tree(checkpoint, (learner, store))
        store = store.cut(copies)  # episodes that were running are not gone on with
        if advance:
            advance(first * copies, "resumed")

    key = jax.random.fold_in(jax.random.key(seed), 3)
    observation = plant.reset(int(np.random.SeedSequence([seed, first]).generate_state(1)[0]))
    earned, looked = np.zeros(copies), first * copies
    with stopping_cleanly() as request:
        for number in range(first, rounds):
            act_key, learn_key = jax.random.split(jax.random.fold_in(key, number))
            action = _act(learner, scaling, jnp.asarray(observation), act_key, online)
            step = plant.step(np.asarray(scaling.act(action, observation)))
            last = step.terminal | step.truncated
            rows = experience(
                scaling,
                jnp.asarray(observation),
                action,
                jnp.asarray(step.reward),
                jnp.asarray(step.next_observation),
                jnp.asarray(step.terminal),
                jnp.asarray(last),
            )
            learner, store = _round(learner, records, store, rows, learn_key, online)
            earned += step.reward
            done = (number + 1) * copies
            ends += [[done, float(total)] for total in earned[last]]
            earned[last] = 0.0
            observation = plant.restart()
            if advance:
                recent = [pair[1] for pair in ends[-5:]]
                advance(copies, f"return {np.mean(recent):.4g}" if recent else "")
            if watch and (done - looked >= online.piece or number + 1 == rounds):
                watch(done, learner)
                looked = done
            now = time.perf_counter()
            if checkpoint and (request.wanted or now - saved > CHECKPOINT_S):
                about = {"identity": identity, "rounds": number + 1, "ends": ends}
                save_tree(checkpoint, (learner, store), about)
                saved = now
            if request.wanted and number + 1 < rounds:
                raise Stopped(f"stopped after {done:,} of {rounds * copies:,} plant steps")
    return learner, history([ends], rounds * copies, time.perf_counter() - begun)


@eqx.filter_jit
def _act(
    learner: Learner, scaling: Scaling, observation: Array, key: PRNGKeyArray, online: Online
) -> Array:
    return explore(learner, scaling, observation, key, online.noise)


@eqx.filter_jit
def _round(
    learner: Learner,
    records: Replay,
    store: Replay,
    rows: Batch,
    key: PRNGKeyArray,
    online: Online,
) -> tuple[Learner, Replay]:
    """Store what happened and learn from it, as one program."""
    store = store.add(rows)
    learner, _ = learn_once(learner, records, store, key, online)
    return learner, store
