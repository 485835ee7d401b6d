"""The people's rules tuned on the simulated plant by the cross-entropy method: what engineers ask for first.

    generations times:
        draw candidates from a normal distribution of each value
        run all of them through the same fresh episodes
        move mean and deviation towards those of the best sixth

Rubinstein 1999; smoothed and with a floor under the deviation, which noisy returns need (Szita and
Loerincz 2006). Values are scaled so that people lie between -1 and 1; rules may go as far again beyond.
"""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from shiftwork.errors import UserError
from shiftwork.learning.learner import Metrics
from shiftwork.learning.loop import History, run_pieces
from shiftwork.learning.progress import Advance
from shiftwork.people.centre.rules import NAMES, limits, with_values
from shiftwork.plants.centre.varied import AnyCentre
from shiftwork.plants.run_team import run_episodes
from shiftwork.records.limits import for_rows

FARTHEST = 2.0
"""In half ranges of people, from the middle of them."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """Settings of the search.

    Attributes:
        candidates: Sets of values in a generation.
        episodes: Fresh ones in each generation, the same for all of its candidates.
        generations: How many.
        best: Share of the candidates that the next generation follows.
        deviation: Of each value at first, in half ranges of people,
        least_deviation: and at the least.
        move: How far mean and deviation move towards those of the best.
    """

    candidates: int = 48
    episodes: int = 32
    generations: int = 25
    best: float = 1 / 6
    deviation: float = 0.6
    least_deviation: float = 0.05
    move: float = 0.7

    def check(self) -> None:
        """Refuse settings that cannot be searched with.

        Raises:
            UserError: One of them is impossible.
        """
        for name, least in (("candidates", 4), ("episodes", 1), ("generations", 1)):
            if getattr(self, name) < least:
                raise UserError(
                    f"config '{name}' is {getattr(self, name)}; it must be at least {least}"
                )
        for name in ("best", "move"):
            if not 0.0 < getattr(self, name) <= 1.0:
                raise UserError(
                    f"config '{name}' is {getattr(self, name)}; it must lie above 0 and up to 1"
                )
        for name in ("deviation", "least_deviation"):
            if not 0.0 <= getattr(self, name) < np.inf:
                raise UserError(f"config '{name}' is {getattr(self, name)}; give 0 or more")

    def hours(self, plant: AnyCentre) -> int:
        """Hours of a plant that a search runs."""
        return self.candidates * self.episodes * self.generations * plant.horizon


class Search(NamedTuple):
    """Where the search stands, in half ranges of people from their middle, each (R,)."""

    mean: Float[Array, " R"]
    deviation: Float[Array, " R"]


@dataclass(frozen=True)
class Tuned:
    """What was found.

    Attributes:
        values: Name -> value.
        hours: Of the plant that were run, in all.
        history: "return" of the mean candidate and "best" of the best one, by generation.
    """

    values: dict[str, float]
    hours: int
    history: History


def tune_rules(
    plant: AnyCentre,
    config: Config,
    *,
    seed: int,
    advance: Advance | None = None,
    checkpoint: Path | None = None,
) -> Tuned:
    """Search for values with which the people's rules earn most.

    Args:
        plant: Where.
        config: Settings.
        seed: Of episodes and candidates.
        advance: Told of progress, in generations.
        checkpoint: Where to keep what is found while searching.

    Raises:
        Stopped: Ctrl-C was pressed; the checkpoint is written.
        UserError: Settings are impossible, or the checkpoint belongs to other work.
    """
    config.check()
    key = jax.random.key(seed)
    generation = jax.jit(functools.partial(_generation, plant, config))

    def run(search: Search, number: int) -> tuple[Search, Metrics]:
        return generation(search, jax.random.fold_in(key, number))

    start = Search(jnp.zeros(len(NAMES)), jnp.full(len(NAMES), config.deviation))
    search, history = run_pieces(
        start,
        run,
        config.generations,
        1,
        "generations",
        advance=advance,
        checkpoint=checkpoint,
        identity={"plant": repr(plant), "config": dataclasses.asdict(config), "seed": seed},
    )
    found = np.asarray(unscaled(search.mean))
    values = dict(zip(NAMES, found.tolist(), strict=True))
    return Tuned(values, config.hours(plant), history)


def unscaled(scaled: Float[Array, "*C R"]) -> Float[Array, "*C R"]:
    """Values of rules from half ranges of people around their middle."""
    low, high = (for_rows(limit, scaled) for limit in limits())
    return (low + high) / 2 + (high - low) / 2 * scaled


def _generation(
    plant: AnyCentre, config: Config, search: Search, key: PRNGKeyArray
) -> tuple[Search, Metrics]:
    """Draw candidates, run them, and follow the best; the first one is the mean itself."""
    draw_key, episode_key = jax.random.split(key)
    drawn = jax.random.normal(draw_key, (config.candidates, len(NAMES)))
    drawn = drawn.at[0].set(0.0)
    candidates = search.mean[None] + search.deviation[None] * drawn
    candidates = jnp.clip(candidates, -FARTHEST, FARTHEST)

    def earned(values: Float[Array, " R"]) -> Float[Array, ""]:
        operator = with_values(plant, values)
        return run_episodes(plant, operator, episode_key, config.episodes).returns.mean()

    returns = jax.vmap(earned)(unscaled(candidates))
    count = max(round(config.best * config.candidates), 2)
    best = candidates[jnp.argsort(-returns)[:count]]
    keep = 1.0 - config.move
    deviation = keep * search.deviation + config.move * best.std(0)
    following = Search(
        keep * search.mean + config.move * best.mean(0),
        jnp.maximum(deviation, config.least_deviation),
    )
    return following, {"return": returns[:1], "best": returns.max(keepdims=True)}
