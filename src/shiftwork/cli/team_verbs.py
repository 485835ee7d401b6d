"""The verbs for teams: learn, evaluate, watch, report, people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, PRNGKeyArray

from shiftwork.cli.progress import console, progress_bar
from shiftwork.errors import UserError
from shiftwork.evaluation.statistics import mean_interval
from shiftwork.learning.team.folder import load_team, save_team
from shiftwork.learning.team.policy import Policies, choose, log_probabilities
from shiftwork.learning.team.train import evaluate_team, learn_team
from shiftwork.people.centre.export import write_records
from shiftwork.people.centre.years import YEAR_D, people_years
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.trace import profit_usd, run_centre
from shiftwork.plants.drawing.film import watch
from shiftwork.plants.team_catalogue import make_team_plant
from shiftwork.plants.team_plant import TeamPlant, TeamStep
from shiftwork.reports.centre.page import centre_page


def learn_on_plant(
    plant: str, algorithm: str, config: Any, *, steps: int, seed: int, out: Path
) -> None:
    """Let a team learn on a plant and write its folder.

    Args:
        plant: Its name, or its scenario's file, which is copied into the folder.
        algorithm: Its name.
        config: Its configuration.
        steps: Executed plant steps.
        seed: Of everything.
        out: The team's folder; while learning, ``out`` + ".part.npz" keeps what is learned.
    """
    where = make_team_plant(plant)
    # As it is now: whatever becomes of the file while the team learns.
    scenario = Path(plant).read_text(encoding="utf-8") if plant.endswith(".toml") else None
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
    save_team(learned, out, scenario=scenario)
    checkpoint.unlink(missing_ok=True)
    history = learned.history
    console.print(
        f"Team written to {out} ({history.updates[-1]:,} plant steps in {history.pace('steps')})"
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
    begin, policy = acting(policies)
    total = watch(plant, jax.jit(policy), jax.random.key(seed), out, memory=begin)
    console.print(f"Film written to {out}: one episode on {plant.name}, return {total:.1f}")


def report_team(folder: Path, out: Path, seed: int) -> None:
    """Write a page about one episode of a team on a cracking centre.

    Args:
        folder: The team's.
        out: The HTML file.
        seed: Of the episode.
    """
    plant, policies, _ = load_team(folder, make_team_plant)
    centre = _centre(plant)
    begin, policy = acting(policies)
    run = jax.jit(lambda key: run_centre(centre, policy, begin, key))
    trace = jax.tree.map(np.asarray, run(jax.random.key(seed)))
    found = centre_page(centre, trace, out, who="the team")
    console.print(f"Page written to {out}: profit {found.profit_usd_per_h:,.0f} $/h")


def people_at(name: str, out: Path, years: int, seed: int) -> None:
    """Let people run a cracking centre; write their records and a page about the first weeks.

    Args:
        name: Of the centre, or its scenario's file.
        out: Folder for all of it.
        years: Of records, 364 days each; every one has other people, ships and prices.
        seed: Of everything.
    """
    if years < 1:
        raise UserError(f"--years is {years}; ask for at least one")
    centre = _centre(make_team_plant(name))
    plant, traces = people_years(centre.scenario, jax.random.key(seed), years)
    files = write_records(plant, traces, out, seed)
    # A page about a whole year could not be read: it shows the scenario's own horizon.
    first = traces[0]._replace(hours=jax.tree.map(lambda x: x[: centre.horizon], traces[0].hours))
    found = centre_page(centre, first, out / "centre.html")
    earned = [float(profit_usd(trace.hours.account).mean()) for trace in traces]
    console.print(
        f"Simulated records written to {out}: {years} x {YEAR_D} days of {centre.name}, profit "
        f"{np.mean(earned):,.0f} $/h; the page shows the first {centre.horizon // 24} days, "
        f"{found.profit_usd_per_h:,.0f} $/h"
    )
    # A command is copied whole: no line break of ours in it.
    console.print(f"shiftwork inspect {files.parquet.parent} --plant {files.plant}", soft_wrap=True)


def _centre(plant: TeamPlant) -> Centre:
    if not isinstance(plant, Centre):
        raise UserError(f"'{plant.name}' is no cracking centre; give one, such as centre-small")
    return plant


def acting(
    policies: Policies,
) -> tuple[
    tuple[Array, Array],
    Callable[[Any, TeamStep, PRNGKeyArray], tuple[tuple[Array, Array], Int[Array, " N"]]],
]:
    """Give what a team remembers first, and how it decides for one copy of its plant."""

    def policy(
        memory: tuple[Array, Array], step: TeamStep, key: PRNGKeyArray
    ) -> tuple[tuple[Array, Array], Int[Array, " N"]]:
        remembered, clock = memory
        inputs = policies.look(step.observation[None], clock)
        decided, mask = step.decided[:, None], step.mask[:, None]
        remembered, preferences = policies.step(remembered, inputs, decided)
        macro, _ = choose(key, log_probabilities(preferences, mask, 0.0))
        return (remembered, clock + 1.0), macro[:, 0]

    return (policies.memory(1), jnp.zeros(1)), policy
