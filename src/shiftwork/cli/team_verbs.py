"""The verbs for teams: learn, improve, watch, report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax

from shiftwork.agents.team import Team
from shiftwork.cli.operated_records import scenario_text
from shiftwork.cli.progress import console, progress_bar
from shiftwork.errors import UserError
from shiftwork.files import written_whole
from shiftwork.learning.team.folder import (
    SCENARIO,
    load_learner,
    load_team,
    save_improved,
    save_team,
    step_word,
)
from shiftwork.learning.team.improve import Step, improve_team
from shiftwork.learning.team.improve_settings import Config as Online
from shiftwork.learning.team.preset import has_preset, preset
from shiftwork.learning.team.search import Searching
from shiftwork.learning.team.search_settings import Config as Search
from shiftwork.learning.team.train import learn_team
from shiftwork.operation.team_records_seen import TeamRecordsSeen
from shiftwork.people.centre.people import People
from shiftwork.plants.catalogue import make_team_plant
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.varied import AnyCentre, VariedCentre
from shiftwork.plants.centre.varied_file import scenario_toml
from shiftwork.plants.team_plant import TeamPlant

MUCH_LONGER = 10.0
"""From so many times the steps that a discount sees on, a team is improved by search."""


def learn_on_plant(
    plant: str | TeamPlant,
    algorithm: str = "acac",
    config: Any = None,
    *,
    steps: int = 500_000,
    seed: int = 0,
    out: str | Path = Path("runs/team"),
) -> Team:
    """Let a team learn on a plant and write its folder.

    Args:
        plant: The plant, its name, or its scenario's file, which is copied into the folder.
        algorithm: acac, mac-iaicc, mac-niacc, independent or mappo.
        config: Its configuration; the preset that goes with the plant if None.
        steps: Executed plant steps.
        seed: Seed for all random draws.
        out: The team's folder; while learning, ``out`` + ".part.npz" keeps what is learned.
    """
    out = Path(out)
    where = make_team_plant(plant) if isinstance(plant, str) else plant
    if config is None:
        config = preset(algorithm, where)
        if not has_preset(where):
            console.print(
                f"{where.name} has no family with settings of its own, so those of {algorithm} hold; "
                "look at returns before you trust them"
            )
    scenario = None
    if isinstance(plant, str) and plant.endswith(".toml"):
        # As it is now: whatever becomes of the file while the team learns.
        scenario = Path(plant).read_text(encoding="utf-8")
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
    return Team.load(out)


def improve_team_at(
    folder: str | Path,
    out: str | Path = Path("runs/improved-team"),
    online: Online | Search | None = None,
    *,
    plant: str | None = None,
    steps: int = 400_000,
    seed: int = 0,
) -> Team:
    """Let a team go on by experience at its plant, and write the better team's folder.

    Args:
        folder: The team to begin with.
        out: The better team's folder; while learning, ``out`` + ".part.npz" keeps what is learned.
        online: Settings of the gradient or of the search; if None the usual ones, of the way that suits
            the plant.
        plant: Where it goes on, or its scenario's file; the plant that it learned on if None.
        steps: Plant steps to learn from.
        seed: Seed for all random draws.
    """
    folder, out = Path(folder), Path(out)
    at, learner, before = load_learner(folder, make_team_plant)
    scenario = folder / SCENARIO
    text = scenario.read_text(encoding="utf-8") if scenario.is_file() else None
    if plant is not None:
        there = make_team_plant(plant)
        same_team(folder, at, there)
        at, text = there, scenario_text(plant) or None
    if online is None:
        seen = 1.0 / max(1.0 - float(learner.config.discount), 1e-6)
        online = Search() if at.horizon > MUCH_LONGER * seen else Online()
        way = "by search over whole episodes" if isinstance(online, Search) else "by the gradient"
        console.print(
            f"{way}: an episode has {at.horizon:,} steps, and the team's discount sees about "
            f"{seen:,.0f} (--by gradient or --by search says otherwise)"
        )
    if isinstance(online, Search) and steps < (piece := Searching(at, online).piece):
        console.print(
            f"--steps {steps:,} is less than one step of the search, which has {piece:,} plant steps; one is made"
        )
    checkpoint = out.with_name(out.name + ".part.npz")

    def told(step: Step) -> None:
        console.print(
            f"{step.done:,} steps: return {step.candidate:.1f}, {step.difference:+.1f} (standard error "
            f"{step.error:.1f}) against the accepted team: {step_word(step)}"
        )

    with progress_bar("improving the team", steps, "steps") as advance:
        improved = improve_team(
            at,
            learner,
            online,
            steps=steps,
            seed=seed,
            advance=advance,
            checkpoint=checkpoint,
            identity={"team": before},
            told=told,
        )
    save_improved(improved, at, before, out, text)
    if (records := TeamRecordsSeen.load(folder)) is not None:
        records.save(out)
    checkpoint.unlink(missing_ok=True)
    accepted = sum(step.accepted for step in improved.steps)
    recorded = before.get("records", {}).get("steps", 0)
    console.print(
        f"Team written to {out}: {accepted} of {len(improved.steps)} steps accepted; {recorded:,} recorded "
        f"plant steps before, {improved.learned_from:,} to learn from, {improved.judged_by:,} to judge by "
        f"({improved.history.pace('steps')})"
    )
    others = f"{out} --operator people" if plant else f"{folder} --operator {out} people"
    console.print(f"shiftwork evaluate {others}", soft_wrap=True)
    return Team.load(out)


def same_team(name: str | Path, learned_on: TeamPlant, plant: TeamPlant) -> None:
    """Refuse a plant that a team cannot run: its agents must decide the same there, and see as much.

    Args:
        name: The team's folder.
        learned_on: The plant that it knows.
        plant: Where it shall act.
    """
    fits = learned_on.agents == plant.agents and learned_on.macro_actions == plant.macro_actions
    if not (fits and learned_on.observation_sizes == plant.observation_sizes):
        raise UserError(
            f"{name}: the team learned on '{learned_on.name}', whose agents and macro-actions differ "
            f"from those of '{plant.name}'; give the plant that it learned on"
        )


def draw_scenario(name: str, out: Path, seed: int) -> None:
    """Draw one scenario of a centre that is another in each episode, and write it as a file.

    Args:
        name: The centre, or its scenario's file, which has a table [varied].
        out: The scenario's file, ending in ".toml".
        seed: Each seed draws another one.
    """
    plant = make_team_plant(name)
    if not isinstance(plant, VariedCentre):
        raise UserError(
            f"'{plant.name}' is the same in each episode; give centre-varied, or a scenario's file with a table "
            "[varied]"
        )
    refuse_other_than_toml(out, "scenarios")
    with written_whole(out) as temporary:
        temporary.write_text(scenario_toml(plant.one(seed)), encoding="utf-8")
    console.print(
        f"Scenario written to {out}: {len(plant.ranges)} numbers drawn for {plant.name}-{seed}"
    )
    console.print(f"shiftwork evaluate --plant {out} --operator people", soft_wrap=True)


def refuse_other_than_toml(out: Path, what: str) -> None:
    """Refuse a name that does not say that the file is TOML."""
    if out.suffix != ".toml":
        raise UserError(f"{out}: {what} are written as TOML; give --out a name ending in .toml")


def watch_team(folder: Path, out: Path, seed: int) -> None:
    """Write one episode of a team as an animated GIF.

    Args:
        folder: The team's.
        out: The file, ending in ".gif".
        seed: Of the episode.
    """
    from shiftwork.plants.drawing.film import watch

    plant, policies, _ = load_team(folder, make_team_plant)
    total = watch(plant, policies, jax.random.key(seed), out)
    console.print(f"Film written to {out}: one episode on {plant.name}, return {total:.1f}")


def report_team(folder: Path, out: Path, seed: int, episodes: int) -> None:
    """Write a page about a team on a cracking centre: one episode, and many against people.

    Args:
        folder: The team's.
        out: The HTML file.
        seed: Of the episodes; the first is the page's.
        episodes: Whole episodes, run by people too.
    """
    from shiftwork.reports.centre.against import Against
    from shiftwork.reports.centre.page import centre_page
    from shiftwork.reports.centre.practice import practices

    plant, policies, _ = load_team(folder, make_team_plant)
    centre = as_centre(plant)
    operators: dict[str, Any] = {"people": People(centre), "the team": policies}
    with progress_bar("running whole episodes", 2 * episodes, "episodes") as advance:
        found = practices(centre, operators, episodes=episodes, seed=seed, advance=advance)
    against = Against(found["people"], found["the team"])
    centre_page(centre, against.ours.first, out, who="the team", against=against)
    gain = against.gain
    console.print(
        f"Page written to {out}: {gain.estimate:+,.0f} $/h [{gain.low:+,.0f}, {gain.high:+,.0f}] against people, "
        f"over {episodes} episodes"
    )


def as_centre(plant: TeamPlant) -> Centre:
    """Refuse a plant that is not a cracking centre of one scenario."""
    centre = any_centre(plant)
    if isinstance(centre, VariedCentre):
        raise UserError(
            f"'{plant.name}' is another centre in each episode; draw one scenario of it (shiftwork team draw), and "
            "give that file"
        )
    return centre


def any_centre(plant: TeamPlant) -> AnyCentre:
    """Refuse a plant that is not a cracking centre."""
    if not isinstance(plant, AnyCentre):
        raise UserError(f"'{plant.name}' is no cracking centre; give one, such as centre-small")
    return plant
