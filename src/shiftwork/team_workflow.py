"""The verbs for teams: learn, evaluate, watch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PRNGKeyArray

from shiftwork.evaluation.statistics import mean_interval
from shiftwork.learning.team.folder import load_team, save_team
from shiftwork.learning.team.policy import choose, log_probabilities
from shiftwork.learning.team.train import evaluate_team, learn_team
from shiftwork.plants.team.catalogue import make_team_plant
from shiftwork.plants.team.picture import watch
from shiftwork.plants.team.team_plant import TeamStep
from shiftwork.progress import console, progress_bar


def learn_on_plant(
    plant: str, algorithm: str, config: Any, *, steps: int, seed: int, out: Path
) -> None:
    """Let a team learn on a plant and write its folder.

    Args:
        plant: Its name.
        algorithm: Its name.
        config: Its configuration.
        steps: Executed plant steps.
        seed: Of everything.
        out: The team's folder; while learning, ``out`` + ".part.npz" keeps what is learned.
    """
    where = make_team_plant(plant)
    checkpoint = out.with_name(out.name + ".part.npz")
    with progress_bar(f"learning ({algorithm})", steps, "steps") as advance:
        learned = learn_team(
            where,
            algorithm,
            config,
            steps=steps,
            seeds=(seed,),
            advance=advance,
            checkpoint=checkpoint,
        )
    save_team(learned, out)
    checkpoint.unlink(missing_ok=True)
    history = learned.history
    console.print(
        f"Team written to {out} ({history.updates[-1]:,} plant steps in {history.wall_s:.0f} s, "
        f"{history.rate:,.0f} steps/s after {history.compile_s:.0f} s of compiling)"
    )


def evaluate_on_plant(folder: Path, episodes: int, seed: int) -> None:
    """Run whole episodes of a team and tell the result."""
    plant, policies, _ = load_team(folder, make_team_plant)
    console.print(f"Running {episodes} whole episodes on {plant.name} ...")
    found = evaluate_team(plant, policies, episodes, seed)
    console.print(
        f"Return {mean_interval(found.returns)}; success in {100 * found.success.mean():.1f} % of the "
        f"episodes, after {mean_interval(found.success_step.astype(np.float64))} steps"
        f" ({int(found.length.sum()):,} plant steps)"
    )


def watch_team(folder: Path, out: Path, seed: int) -> None:
    """Write one episode of a team as an animated GIF.

    Args:
        folder: The team's.
        out: The file, ending in ".gif".
        seed: Of the episode.
    """
    plant, policies, _ = load_team(folder, make_team_plant)

    @jax.jit
    def policy(
        memory: tuple[Array, Array], step: TeamStep, key: PRNGKeyArray
    ) -> tuple[tuple[Array, Array], Int[Array, " N"]]:
        remembered, clock = memory
        one = jax.tree.map(lambda x: x[:, None], (step.observation, step.decided, step.mask))
        observation, decided, mask = one
        remembered, preferences = policies.step(remembered, observation, decided, clock)
        macro, _ = choose(key, log_probabilities(preferences, mask, 0.0))
        return (remembered, clock + 1.0), macro[:, 0]

    begin = (policies.memory(1), jnp.zeros(1))
    total = watch(plant, policy, jax.random.key(seed), out, memory=begin)
    console.print(f"Film written to {out}: one episode on {plant.name}, return {total:.1f}")
