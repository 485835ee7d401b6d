"""Going on learning by experience: from an agent and its records to a better agent.

On plants of ours the loop is compiled whole, for several seeds at once; on foreign ones Python
steps the environment (``gymnasium.py``). Either way the online phase of PARS keeps the penalty, its
batches are mixed, and every plant step is counted (``steps.py``).
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from shiftwork.errors import Stopped, stopping_cleanly
from shiftwork.learning.checkpoint import about_same_work, load_tree, save_tree
from shiftwork.learning.learner import Learner, Metrics
from shiftwork.learning.online.steps import Online, Run, begin, one_step
from shiftwork.learning.progress import Advance
from shiftwork.learning.replay import Replay, Scaling
from shiftwork.plants.plant import Plant

CHECKPOINT_S = 30.0


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
