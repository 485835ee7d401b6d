"""Online after offline: a team that learned from records goes on by experience, and never falls back.

    start from the team as its records made it
    repeat
        go on for a piece: by the gradient of what it decides (gradient.py), or by search over whole
        episodes (search.py)
        run the candidate through the judging episodes, always the same ones
        accept it if it earns at least what the accepted team earned there, else refuse the step
        where it earns clearly less, learning itself goes back to what was accepted

Whatever learns, what acts is never worse in the judging episodes than what acted before.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from shiftwork.errors import UserError
from shiftwork.learning.learner import Metrics
from shiftwork.learning.loop import History, run_pieces
from shiftwork.learning.progress import Advance
from shiftwork.learning.team.actor_critic import TeamLearner
from shiftwork.learning.team.gradient import Gradient
from shiftwork.learning.team.improve_settings import Config
from shiftwork.learning.team.policy import Policies
from shiftwork.learning.team.search import Search, Searching
from shiftwork.learning.team.search_settings import Config as SearchConfig
from shiftwork.plants.run_team import run_episodes
from shiftwork.plants.team_plant import TeamPlant

CLEARLY = 2.0
"""Standard errors of a paired difference below which a candidate is clearly worse."""

JUDGED = 0
"""Part of the key from which the judging episodes are drawn; pieces have the parts from 1 on."""


Learning = TeamLearner | Search
"""What learns: by the gradient, or by search."""


@runtime_checkable
class Way(Protocol):
    """How a team goes on between two judgements.

    Attributes:
        piece: Plant steps of it.
    """

    @property
    def piece(self) -> int: ...  # noqa: D102

    def begin(self, learner: TeamLearner) -> tuple[Any, Any]:
        """Make of a team what learns, and what is accepted until something better is found."""

    def go_on(
        self, learning: Any, key: PRNGKeyArray, number: int, pieces: int
    ) -> tuple[Any, Metrics]:
        """Learn for one piece of so many."""

    def back(self, accepted: Any) -> Any:
        """Learn from what was accepted."""

    def found(self, learning: Any) -> TeamLearner:
        """The team as it would act."""


class Standing(NamedTuple):
    """Where improving stands: what learns, what was accepted last, and what that earned.

    Attributes:
        learner: What learns.
        accepted: What learned, as it stood when its team was accepted.
        earned: Returns of the accepted team in the judging episodes, (J,).
    """

    learner: Learning
    accepted: Learning
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
    settings: Config | SearchConfig
    steps: tuple[Step, ...]
    learned_from: int
    judged_by: int
    history: History
    seed: int


def improve_team(
    plant: TeamPlant,
    learner: TeamLearner,
    settings: Config | SearchConfig,
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
        settings: How: those of the gradient, or those of the search.
        steps: Plant steps to learn from, rounded up to whole pieces between two judgements.
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
    way: Way = (
        Searching(plant, settings)
        if isinstance(settings, SearchConfig)
        else Gradient(plant, settings)
    )
    piece = way.piece
    pieces = -(-steps // piece)
    key = jax.random.key(seed)
    judge_key = jax.random.fold_in(key, JUDGED)
    learning, accepted = way.begin(learner)
    earned = _judge(plant, way.found(accepted).team, judge_key, settings.judge_episodes)

    def run(standing: Standing, number: int) -> tuple[Standing, Metrics]:
        candidate, metrics = way.go_on(
            standing.learner, jax.random.fold_in(key, number + 1), number, pieces
        )
        earned = _judge(plant, way.found(candidate).team, judge_key, settings.judge_episodes)
        standing, step = _judged(way, standing, candidate, earned)
        step = step._replace(done=(number + 1) * piece)
        told(step)
        seen(step.done, way.found(standing.accepted))
        return standing, metrics | {
            "return": standing.earned.mean()[None],
            **{name: jnp.array([getattr(step, name)]) for name in KINDS},
        }

    standing, history = run_pieces(
        Standing(learning, accepted, earned),
        run,
        pieces,
        piece,
        "plant steps",
        advance=advance,
        checkpoint=checkpoint,
        identity={
            "plant": repr(plant),
            "settings": dataclasses.asdict(settings),
            "way": type(way).__name__,
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
        way.found(standing.accepted),
        settings,
        judged,
        pieces * piece,
        (pieces + 1) * settings.judge_episodes * plant.horizon,
        history,
        seed,
    )


def _judged(
    way: Way, standing: Standing, candidate: Learning, earned: Float[Array, " J"]
) -> tuple[Standing, Step]:
    """Accept what a piece made of the team, or refuse it."""
    more = np.asarray(earned, np.float64) - np.asarray(standing.earned, np.float64)
    difference = float(more.mean())
    error = float(more.std(ddof=1) / np.sqrt(len(more)))
    accepted, back = difference >= 0.0, difference < -CLEARLY * error
    if accepted:
        following = Standing(candidate, candidate, earned)
    else:
        learns = way.back(standing.accepted) if back else candidate
        following = standing._replace(learner=learns)
    return following, Step(0, float(earned.mean()), difference, error, accepted, back)


@eqx.filter_jit
def _judge(
    plant: TeamPlant, team: Policies, key: PRNGKeyArray, episodes: int
) -> Float[Array, " J"]:
    return run_episodes(plant, team, key, episodes).returns
