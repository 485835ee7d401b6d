"""Learning from records: the loop that every algorithm shares, compiled whole.

The data stay on the device, seeds (or settings) are the members of one vmapped program, and
Python only reports, writes checkpoints and listens for Ctrl-C. Each piece of the loop draws
its randomness from the seed and the piece's number alone, so that stopped and resumed learning
ends in the very same weights as learning in one go.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from shiftwork.errors import Stopped, stopping_cleanly
from shiftwork.learning.checkpoint import about_same_work, load_tree, save_tree
from shiftwork.learning.learner import Learner, Metrics, Sizes, Values
from shiftwork.learning.progress import Advance
from shiftwork.learning.replay import Replay

PIECE = 1_000
"""Updates between two looks at the clock; short against a person's patience."""

CHECKPOINT_S = 30.0

State = TypeVar("State")


@dataclass(frozen=True)
class History:
    """Metrics along the way, one row for each piece.

    Attributes:
        updates: Updates (of a team: executed plant steps) at the end of each piece, (P,).
        metrics: Name -> (P, members), averaged over the piece.
        compile_s: Seconds from the call to the end of the first piece, before any resume.
        wall_s: Seconds in all, those before a resume counted.
    """

    updates: np.ndarray
    metrics: dict[str, np.ndarray]
    compile_s: float
    wall_s: float

    @property
    def rate(self) -> float:
        """Updates per second of each member after the first piece."""
        done = self.updates[-1] - self.updates[0]
        return float(done / max(self.wall_s - self.compile_s, 1e-9))

    def pace(self, unit: str) -> str:
        """Tell how long it took; of a single piece no rate, because compiling is in it."""
        if len(self.updates) < 2:
            return f"{self.wall_s:.0f} s with compiling"
        compiling = f"after {self.compile_s:.0f} s of compiling"
        return f"{self.wall_s:.0f} s, {self.rate:,.0f} {unit}/s {compiling}"


def create_members(
    algorithm: Any,
    sizes: Sizes,
    configs: Sequence[Any],
    values: Sequence[Values],
    seeds: Sequence[int],
) -> Learner:
    """Make one learner of a class for each (config, values, seed), stacked along a leading axis.

    The configs may differ in their floats only: the rest is the program's structure.
    """
    config = jax.tree.map(lambda *x: jnp.asarray(x, jnp.float32), *configs)
    value = jax.tree.map(lambda *x: jnp.asarray(x, jnp.float32), *values)
    keys = jnp.stack([jax.random.key(seed) for seed in seeds])
    return jax.vmap(lambda k, c, v: algorithm.create(k, sizes, c, v))(keys, config, value)


@eqx.filter_jit
def run_piece(
    members: Learner,
    replay: Replay,
    keys: Key[Array, " M"],
    done: Float[Array, ""],
    total: Float[Array, ""],
    cycles: int,
) -> tuple[Learner, Metrics]:
    """Run ``cycles`` cycles of every member; compiled once for each algorithm and size.

    Rates fall linearly to zero over the ``total`` updates.
    """
    config = members.config
    per_cycle = getattr(config, "actor_delay", 1)

    def cycle(
        carry: tuple[Learner, Float[Array, ""]], keys: Key[Array, " M"]
    ) -> tuple[tuple[Learner, Float[Array, ""]], Metrics]:
        members, done = carry
        rate = jnp.clip(1.0 - done / total, 0.0, 1.0)
        members, metrics = jax.vmap(
            lambda member, key: member.update(lambda k: replay.sample(k, config.batch), key, rate)
        )(members, keys)
        return (members, done + per_cycle), metrics

    split = jax.vmap(lambda key: jax.random.split(key, cycles), out_axes=1)(keys)
    (members, _), metrics = jax.lax.scan(cycle, (members, done), split)
    return members, jax.tree.map(lambda x: x.mean(0), metrics)


def train(
    members: Learner,
    replay: Replay,
    seeds: Sequence[int],
    updates: int,
    *,
    advance: Advance | None = None,
    checkpoint: Path | None = None,
    identity: dict[str, Any] | None = None,
) -> tuple[Learner, History]:
    """Make ``updates`` critic updates of every member.

    Args:
        members: What ``create_members`` made.
        replay: The records.
        seeds: One for each member.
        updates: How many, rounded up to whole pieces.
        advance: Told of progress.
        checkpoint: Where to keep what is learned while learning; learning goes on from what
            stands there if it has the same identity.
        identity: What makes this learning the same as another: records, settings, seeds.

    Raises:
        Stopped: Ctrl-C was pressed; the checkpoint is written.
        UserError: The checkpoint belongs to other work, or is damaged.
    """
    per_cycle = getattr(members.config, "actor_delay", 1)
    cycles = max(PIECE // per_cycle, 1)
    piece = cycles * per_cycle
    pieces = -(-updates // piece)
    keys = jnp.stack([jax.random.fold_in(jax.random.key(seed), 1) for seed in seeds])

    def run(members: Learner, number: int) -> tuple[Learner, Metrics]:
        return run_piece(
            members,
            replay,
            jax.vmap(lambda key: jax.random.fold_in(key, number))(keys),
            jnp.asarray(number * piece, jnp.float32),
            jnp.asarray(pieces * piece, jnp.float32),
            cycles,
        )

    return run_pieces(
        members,
        run,
        pieces,
        piece,
        "updates",
        advance=advance,
        checkpoint=checkpoint,
        identity=(identity or {}) | {"updates": updates, "seeds": list(seeds)},
    )


def run_pieces(
    members: State,
    run: Callable[[State, int], tuple[State, Metrics]],
    pieces: int,
    piece: int,
    unit: str,
    *,
    advance: Advance | None,
    checkpoint: Path | None,
    identity: dict[str, Any],
) -> tuple[State, History]:
    """Run a compiled program piece by piece; report, write checkpoints and stop cleanly meanwhile.

    Args:
        members: Any tree of arrays, what the program changes.
        run: Runs the piece of a number, whose randomness may depend on that number alone.
        pieces: How many.
        piece: Units of work in each.
        unit: What the work is counted in ("updates").
        advance: Told of progress.
        checkpoint: As for ``train``.
        identity: What makes this work the same as another.

    Raises:
        Stopped: Ctrl-C was pressed; the checkpoint is written.
        UserError: The checkpoint belongs to other work, or is damaged.
    """
    begun = saved = time.perf_counter()
    rows: list[dict[str, list[float]]] = []
    spent_s = compile_s = 0.0
    if checkpoint and checkpoint.exists():
        about = about_same_work(checkpoint, identity, "other records, settings or seeds")
        rows, members = about["rows"], load_tree(checkpoint, members)
        spent_s, compile_s = about["wall_s"], about["compile_s"]
    first = len(rows)
    if advance and first:
        advance(first * piece, "resumed")
    with stopping_cleanly() as request:
        for number in range(first, pieces):
            members, metrics = run(members, number)
            rows.append({name: np.asarray(m).tolist() for name, m in metrics.items()})
            now = time.perf_counter()
            compile_s = compile_s or now - begun
            if advance:
                advance(piece, _note(rows[-1]))
            if checkpoint and (request.wanted or now - saved > CHECKPOINT_S):
                spent = {"wall_s": spent_s + now - begun, "compile_s": compile_s}
                save_tree(checkpoint, members, {"identity": identity, "rows": rows} | spent)
                saved = now
            if request.wanted and number + 1 < pieces:
                raise Stopped(
                    f"stopped after {(number + 1) * piece:,} of {pieces * piece:,} {unit}"
                )
    history = History(
        updates=piece * np.arange(1, pieces + 1),
        metrics={name: np.array([row[name] for row in rows]) for name in rows[0]},
        compile_s=compile_s,
        wall_s=spent_s + time.perf_counter() - begun,
    )
    return members, history


def _note(row: dict[str, list[float]]) -> str:
    shown = [
        f"{n.replace('_', ' ')} {np.mean(row[n]):.3g}"
        for n in ("return", "success", "value", "td_error")
        if n in row
    ]
    return ", ".join(shown)


def member(members: Learner, number: int) -> Learner:
    """Take one learner out of the stack."""
    taken: Learner = jax.tree.map(lambda x: x[number], members)
    return taken
