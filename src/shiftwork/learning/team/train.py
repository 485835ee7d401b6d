"""Learning of a team by experience: the compiled loop, many seeds at once."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from shiftwork.errors import UserError
from shiftwork.learning.compiling import compiled_for
from shiftwork.learning.learner import Metrics
from shiftwork.learning.loop import History, run_pieces
from shiftwork.learning.progress import Advance
from shiftwork.learning.team.actor_critic import TeamLearner
from shiftwork.learning.team.algorithms import team_algorithm
from shiftwork.learning.team.policy import Policies
from shiftwork.plants.run_team import run_episodes
from shiftwork.plants.team_plant import TeamPlant, TeamShape

WATCH_EPISODES = 64
"""Whole episodes after each piece by which progress is told; they are not learned from."""

PIECE_HORIZONS = 4 * WATCH_EPISODES
"""Horizons of a copy in a piece, roughly: looking at how it goes costs little of the time."""

DRAWN_ONCE = {"xla_backend_optimization_level": 0}
"""Nets are drawn in no time; making that faster still takes longer than all else about it."""


@dataclass(frozen=True)
class TeamLearned:
    """What a team learned.

    Attributes:
        algorithm: Its name.
        config: Settings.
        plant: Where.
        learners: Stacked along a leading axis, one for each seed.
        seeds: Of the learners.
        history: Metrics by executed plant steps; "return", "success" and "length" are means over
            whole episodes.
    """

    algorithm: str
    config: Any
    plant: TeamShape
    learners: TeamLearner
    seeds: tuple[int, ...]
    history: History

    def learner(self, number: int) -> TeamLearner:
        """All that one seed learned."""
        learner: TeamLearner = jax.tree.map(lambda x: x[number], self.learners)
        return learner

    def policies(self, number: int) -> Policies:
        """The team of one seed, as it acts for good."""
        return self.learner(number).team


def learn_team(
    plant: TeamPlant,
    algorithm: str,
    config: Any,
    *,
    steps: int,
    seeds: Sequence[int],
    advance: Advance | None = None,
    checkpoint: Path | None = None,
) -> TeamLearned:
    """Let teams learn on a plant.

    Args:
        plant: Where.
        algorithm: Its name.
        config: Its configuration.
        steps: Executed plant steps of each seed, rounded up to whole pieces.
        seeds: One team for each.
        advance: Told of progress, in plant steps of one seed.
        checkpoint: Where to keep what is learned while learning.

    Raises:
        Stopped: Ctrl-C was pressed; the checkpoint is written.
        UserError: Settings are impossible, or the checkpoint belongs to other work.
    """
    check(plant, config, steps, seeds)
    batch = config.copies * plant.horizon
    updates = max(1, PIECE_HORIZONS // config.copies)
    pieces = -(-steps // (updates * batch))
    keys = jnp.stack([jax.random.key(seed) for seed in seeds])
    create = team_algorithm(algorithm).create
    draw = jax.jit(jax.vmap(lambda key: create(key, plant, config)), compiler_options=DRAWN_ONCE)
    learners = draw(keys)
    piece = compiled_for(run_piece, steps * len(seeds))

    def run(learners: TeamLearner, number: int) -> tuple[TeamLearner, Metrics]:
        piece_keys = jax.vmap(lambda key: jax.random.fold_in(key, number + 1))(keys)
        done = jnp.asarray(number / pieces, jnp.float32)
        share = jnp.asarray(1.0 / (pieces * updates), jnp.float32)
        return piece(plant, learners, piece_keys, done, share, updates)

    learners, history = run_pieces(
        learners,
        run,
        pieces,
        updates * batch,
        "plant steps",
        advance=advance,
        checkpoint=checkpoint,
        identity={
            "algorithm": algorithm,
            "plant": repr(plant),
            "config": dataclasses.asdict(config),
            "steps": steps,
            "seeds": list(seeds),
        },
    )
    return TeamLearned(algorithm, config, plant, learners, tuple(seeds), history)


def run_piece(
    plant: TeamPlant,
    learners: TeamLearner,
    keys: Key[Array, " M"],
    done: Float[Array, ""],
    share: Float[Array, ""],
    updates: int,
) -> tuple[TeamLearner, Metrics]:
    """Make ``updates`` updates of every seed, then run whole episodes to tell how it goes."""

    def one(
        carry: tuple[TeamLearner, Array], keys: Key[Array, " M"]
    ) -> tuple[tuple[TeamLearner, Array], Metrics]:
        learners, done = carry
        left = jnp.clip(1.0 - done, 0.0, 1.0)
        learners, metrics = jax.vmap(lambda learner, key: learner.update(plant, key, left))(
            learners, keys
        )
        return (learners, done + share), metrics

    watch_keys = jax.vmap(lambda key: jax.random.fold_in(key, 0))(keys)
    split = jax.vmap(lambda key: jax.random.split(key, updates), out_axes=1)(keys)
    (learners, _), metrics = jax.lax.scan(one, (learners, done), split)
    seen = jax.vmap(lambda learner, key: run_episodes(plant, learner.team, key, WATCH_EPISODES))(
        learners, watch_keys
    )
    told = {
        "return": seen.returns.mean(1),
        "success": seen.success.mean(1),
        "length": seen.length.mean(1),
    }
    return learners, jax.tree.map(lambda x: x.mean(0), metrics) | told


def check(plant: TeamPlant, config: Any, steps: int, seeds: Sequence[int]) -> None:
    """Refuse settings that cannot be learned with.

    Raises:
        UserError: One of them is impossible.
    """
    if not plant.agents:
        raise UserError(f"plant '{plant.name}' has no agent; give it at least one")
    if plant.horizon < 1:
        raise UserError(f"plant '{plant.name}' has horizon {plant.horizon}; give at least one step")
    if steps < 1 or not seeds:
        raise UserError("a team needs at least one plant step and one seed; raise --steps")
    for name in ("copies", "epochs", "minibatches", "target_every"):
        if getattr(config, name) < 1:
            raise UserError(f"config '{name}' is {getattr(config, name)}; it must be at least 1")
    if not 0 <= config.scouts < config.copies:
        raise UserError(
            f"config 'scouts' is {config.scouts}; it must lie from 0 to 'copies' ({config.copies}) "
            "less one"
        )
    if config.scouts and not config.best_runs:
        raise UserError("config 'scouts' only feed the best runs; set 'best_runs' or no scouts")
    if (config.copies - config.scouts) % config.minibatches:
        raise UserError(
            f"config 'copies' less 'scouts' is {config.copies - config.scouts}, which 'minibatches' "
            f"({config.minibatches}) does not divide; change one"
        )
    if config.best_runs % config.minibatches:
        raise UserError(
            f"config 'best_runs' is {config.best_runs}, which 'minibatches' ({config.minibatches}) "
            "does not divide; change one"
        )
    if config.best_runs > config.copies:
        raise UserError(
            f"config 'best_runs' is {config.best_runs}, more than 'copies' ({config.copies}); "
            "lower it"
        )
    if not 0.0 < config.sharpness < math.inf:
        raise UserError(f"config 'sharpness' is {config.sharpness}; give a number above 0")
    for name in ("discount", "trace", "epsilon", "half_way"):
        if not 0.0 <= getattr(config, name) <= 1.0:
            raise UserError(f"config '{name}' is {getattr(config, name)}; it must lie from 0 to 1")
