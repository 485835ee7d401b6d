"""Online after offline: a team that learned from records goes on by experience, and never falls back.

    start from the team as its records made it: its actors, its critic, fresh moments
    repeat
        some batches of experience (actor_critic.py), by chance where the actors are unsure, never uniform
        run the candidate through the judging episodes, always the same ones
        accept it if it earns at least what the accepted team earned there, else refuse the step
        where it earns clearly less, learning itself goes back to what was accepted

What acts and what learns are told apart by sharpness. A team that learned from records repeats what
people mostly did; one that is to find something better has to stay unsure for long. So entropy is paid
for while learning, preferences count several times as much in the team that acts, and both ends are kept:
the early lead of a sharp team, and a learner that does not get stuck (docs/teams.md).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from shiftwork.errors import UserError
from shiftwork.learning.config import replaced
from shiftwork.learning.learner import Metrics
from shiftwork.learning.loop import History, run_pieces
from shiftwork.learning.nets import Adam
from shiftwork.learning.progress import Advance
from shiftwork.learning.team.actor_critic import TeamLearner, moved_by_gradients
from shiftwork.learning.team.improve_settings import Config
from shiftwork.plants.run_team import run_episodes
from shiftwork.plants.team_plant import TeamPlant

CLEARLY = 2.0
"""Standard errors of a paired difference below which a candidate is clearly worse."""

JUDGED = 0
"""Part of the key from which the judging episodes are drawn; pieces have the parts from 1 on."""


class Standing(NamedTuple):
    """Where improving stands: what learns, what was accepted last, and what that earned.

    Attributes:
        learner: What learns.
        accepted: The learner as it stood when its team was accepted.
        earned: Returns of the accepted team in the judging episodes, (J,).
    """

    learner: TeamLearner
    accepted: TeamLearner
    earned: Float[Array, " J"]


class Step(NamedTuple):
    """What judging said of one step.

    Attributes:
        done: Plant steps learned from, at its end.
        candidate: Mean return of the candidate in the judging episodes.
        difference: From the team that was accepted before, in the same episodes.
        error: Standard error of that difference.
        accepted: The candidate acts from now on.
        back: The candidate is clearly worse: learning goes on from what was accepted.
    """

    done: int
    candidate: float
    difference: float
    error: float
    accepted: bool
    back: bool


KINDS: dict[str, Any] = {
    "candidate": float,
    "difference": float,
    "error": float,
    "accepted": bool,
    "back": bool,
}
"""What the history keeps of a step."""


@dataclass(frozen=True)
class Improved:
    """What came of it.

    Attributes:
        learner: That of the team accepted last; its ``team`` acts.
        settings: With which it was improved.
        steps: Judgements, in order.
        learned_from: Plant steps that were learned from.
        judged_by: Plant steps of the judging episodes, in which nothing was learned.
        history: "return" of the accepted team, "candidate", "reward" while learning and what else was
            measured, by plant steps learned from.
        seed: Of all draws.
    """

    learner: TeamLearner
    settings: Config
    steps: tuple[Step, ...]
    learned_from: int
    judged_by: int
    history: History
    seed: int


def improve_team(
    plant: TeamPlant,
    learner: TeamLearner,
    settings: Config,
    *,
    steps: int,
    seed: int = 0,
    advance: Advance | None = None,
    checkpoint: Path | None = None,
    identity: dict[str, Any] | None = None,
    told: Callable[[Step], None] = lambda step: None,
    seen: Callable[[int, TeamLearner], None] = lambda done, accepted: None,
) -> Improved:
    """Let a team go on by experience.

    Args:
        plant: Where.
        learner: What ``learn_from_records`` or ``learn_team`` left; its sharpness is that of the team as
            it acts so far.
        settings: How.
        steps: Plant steps to learn from, rounded up to whole steps of ``batches``.
        seed: Seed for all random draws.
        advance: Told of progress, in plant steps learned from.
        checkpoint: Where to keep what is learned while learning.
        identity: What makes the team that it begins with the same as another.
        told: Told of each judgement.
        seen: Given what is accepted after each judgement, with the plant steps learned from.

    Raises:
        Stopped: Ctrl-C was pressed; the checkpoint is written.
        UserError: Settings are impossible, or the checkpoint belongs to other work.
    """
    settings.check()
    if steps < 1:
        raise UserError(f"--steps is {steps}; a team needs at least one plant step to learn from")
    learner = prepared(learner, settings)
    piece = settings.batches * settings.copies * plant.horizon
    pieces = -(-steps // piece)
    key = jax.random.key(seed)
    judge_key = jax.random.fold_in(key, JUDGED)
    earned = _judge(plant, learner, judge_key, settings.judge_episodes)

    def run(standing: Standing, number: int) -> tuple[Standing, Metrics]:
        standing, step, metrics = _one_step(
            plant,
            standing,
            settings,
            number,
            pieces,
            jax.random.fold_in(key, number + 1),
            judge_key,
        )
        step = step._replace(done=(number + 1) * piece)
        told(step)
        seen(step.done, standing.accepted)
        return standing, metrics | {
            "return": standing.earned.mean()[None],
            **{name: jnp.array([getattr(step, name)]) for name in KINDS},
        }

    standing, history = run_pieces(
        Standing(sharpened(learner, settings), learner, earned),
        run,
        pieces,
        piece,
        "plant steps",
        advance=advance,
        checkpoint=checkpoint,
        identity={
            "plant": repr(plant),
            "settings": dataclasses.asdict(settings),
            "steps": steps,
            "seed": seed,
            **(identity or {}),
        },
    )
    judged = tuple(
        Step(
            done=int(done),
            **{name: kind(history.metrics[name][n, 0]) for name, kind in KINDS.items()},
        )
        for n, done in enumerate(history.updates)
    )
    return Improved(
        standing.accepted,
        settings,
        judged,
        pieces * piece,
        (pieces + 1) * settings.judge_episodes * plant.horizon,
        history,
        seed,
    )


def prepared(learner: TeamLearner, settings: Config) -> TeamLearner:
    """Give a learner the settings it goes on with: nothing uniform, no best runs, fresh moments."""
    old = learner.config
    floats = ("actor_rate", "critic_rate", "clip")
    changes = {name: jnp.asarray(getattr(settings, name), jnp.float32) for name in floats}
    nothing = jnp.zeros(())
    goes_on = replaced(
        old,
        epsilon=nothing,
        epsilon_end=nothing,
        half_way=nothing,
        imitation=nothing,
        best_runs=0,
        scouts=0,
        copies=settings.copies,
        epochs=settings.epochs,
        minibatches=settings.minibatches,
        limit_ends=settings.limit_ends,
        **changes,
    )
    critic = learner.critic
    return TeamLearner(
        goes_on,
        learner.policies,
        critic,
        critic,
        Adam.create(learner.policies),
        Adam.create(moved_by_gradients(critic)),
        learner.batches,
        None,
        learner.variance,
    )


def sharpened(learner: TeamLearner, settings: Config) -> TeamLearner:
    """The same learner, whose team acts as sharply as the settings say."""
    sharpness = jnp.asarray(settings.sharpness, jnp.float32)
    return eqx.tree_at(lambda it: it.config.sharpness, learner, sharpness)


def _one_step(
    plant: TeamPlant,
    standing: Standing,
    settings: Config,
    number: int,
    pieces: int,
    key: PRNGKeyArray,
    judge_key: PRNGKeyArray,
) -> tuple[Standing, Step, Metrics]:
    """Learn for one piece, and judge what it made of the team."""
    left = 1.0 - number / pieces * (1.0 - settings.last_rate)
    begins = number * settings.batches * settings.copies * plant.horizon
    early = begins < settings.first_steps
    entropy = jnp.asarray(settings.first_entropy if early else settings.entropy, jnp.float32)
    learner = eqx.tree_at(
        lambda it: (it.config.entropy, it.config.entropy_end), standing.learner, (entropy, entropy)
    )
    candidate, metrics = _learn(
        plant, learner, key, jnp.asarray(left, jnp.float32), settings.batches
    )
    earned = _judge(plant, candidate, judge_key, settings.judge_episodes)
    more = np.asarray(earned, np.float64) - np.asarray(standing.earned, np.float64)
    difference = float(more.mean())
    error = float(more.std(ddof=1) / np.sqrt(len(more)))
    accepted, back = difference >= 0.0, difference < -CLEARLY * error
    if accepted:
        following = Standing(candidate, candidate, earned)
    else:
        learns = sharpened(standing.accepted, settings) if back else candidate
        following = standing._replace(learner=learns)
    step = Step(0, float(earned.mean()), difference, error, accepted, back)
    return following, step, metrics


@eqx.filter_jit
def _learn(
    plant: TeamPlant, learner: TeamLearner, key: PRNGKeyArray, left: Float[Array, ""], batches: int
) -> tuple[TeamLearner, Metrics]:
    def one(learner: TeamLearner, key: PRNGKeyArray) -> tuple[TeamLearner, Metrics]:
        return learner.update(plant, key, left)

    learner, metrics = jax.lax.scan(one, learner, jax.random.split(key, batches))
    return learner, jax.tree.map(lambda x: x.mean(keepdims=True), metrics)


@eqx.filter_jit
def _judge(
    plant: TeamPlant, learner: TeamLearner, key: PRNGKeyArray, episodes: int
) -> Float[Array, " J"]:
    return run_episodes(plant, learner.team, key, episodes).returns
