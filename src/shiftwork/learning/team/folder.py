"""What learning puts into a team's folder, and takes out of it again (``shiftwork.agents.team``)."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from shiftwork.agents.team import ABOUT, read_about
from shiftwork.errors import UserError
from shiftwork.files import VERSION
from shiftwork.learning.checkpoint import load_tree, save_tree
from shiftwork.learning.team.actor_critic import TeamLearner
from shiftwork.learning.team.algorithms import team_algorithm
from shiftwork.learning.team.exported import attach_critic, team_of
from shiftwork.learning.team.from_records import FromRecords
from shiftwork.learning.team.improve import Improved, Step
from shiftwork.learning.team.policy import Policies
from shiftwork.learning.team.train import TeamLearned
from shiftwork.plants.team_plant import TeamPlant, TeamShape
from shiftwork.records.team_episodes import TeamEpisodes

SCENARIO = "scenario.toml"
"""The scenario of a plant that does not ship with the package, as the user wrote it."""


def save_team(
    learned: TeamLearned, folder: Path, number: int = 0, scenario: str | None = None
) -> None:
    """Write the team of one seed, whole or not at all.

    Args:
        learned: What was learned.
        folder: Where.
        number: Of the seed.
        scenario: The text of the plant's scenario, if it is one of the user's own.
    """
    about = {
        "shiftwork": VERSION,
        "plant": learned.plant.name,
        "algorithm": learned.algorithm,
        "config": dataclasses.asdict(learned.config),
        "seed": learned.seeds[number],
        "steps": int(learned.history.updates[-1]),
    }
    learner = learned.learner(number)

    def attach(temporary: Path) -> None:
        save_tree(temporary / "learner.npz", learner, {"plant": learned.plant.name})
        attach_critic(learner, temporary)
        metrics = {name: rows[:, number] for name, rows in learned.history.metrics.items()}
        np.savez_compressed(
            temporary / "history.npz",
            steps=learned.history.updates,
            **metrics,  # type: ignore[arg-type]
        )
        if scenario is not None:
            (temporary / SCENARIO).write_text(scenario, encoding="utf-8")

    team = team_of(learned.plant, learner.team, about)
    team.save(folder, card=_card(about, learned, number), attach=attach)


def save_from_records(found: FromRecords, records: TeamEpisodes, folder: Path) -> None:
    """Write the team that was learned from records, whole or not at all.

    Args:
        found: What was learned.
        records: What from; the folder says so.
        folder: Where.
    """
    place = records.place
    about = {
        "shiftwork": VERSION,
        "plant": place.plant,
        # With these settings the team goes on by experience, if it does.
        "algorithm": "acac",
        "config": dataclasses.asdict(found.team_config),
        "seed": found.seed,
        "steps": 0,
        "records": {
            "method": found.method,
            "source": records.source,
            "episodes": len(records.length),
            "steps": len(records.reward),
            "mean_return": float(records.returns.mean()),
            "explained": found.explained,
        },
        # Who lets the team act at a plant shows it each tag like this.
        "shown": [
            {
                "agent": task.agent,
                "columns": task.observations,
                "middle": task.middle,
                "half": task.half,
            }
            for task in place.tasks
            if task.middle
        ],
    }

    def attach(temporary: Path) -> None:
        save_tree(temporary / "learner.npz", found.learner, {"plant": place.plant})
        attach_critic(found.learner, temporary)
        if place.scenario:
            (temporary / SCENARIO).write_text(place.scenario, encoding="utf-8")

    team = team_of(found.team, found.learner.team, about)
    team.save(folder, card=_records_card(found, records), attach=attach)


def _records_card(found: FromRecords, records: TeamEpisodes) -> str:
    place = records.place
    return f"""# Team learned from records of {place.plant}

{len(place.tasks)} agents, each on its own clock, learned from {len(records.length):,} recorded episodes
({len(records.reward):,} primitive steps of {place.step}, {records.source}) alone: {METHOD_WORDS[found.method]}.
No plant was run. The records' mean return is {records.returns.mean():.1f} (1 is {place.reward}). On episodes that they
did not learn from, the critics explain {100 * found.explained:.0f} % of the variance of what followed.
Seed {found.seed}. Shiftwork {VERSION}.

Nothing here says what the team earns: that is known once it has run at a plant, in a simulator or in shadow.
"""


def save_improved(
    improved: Improved, plant: TeamShape, before: dict[str, Any], folder: Path, scenario: str | None
) -> None:
    """Write a team that went on by experience, whole or not at all.

    Args:
        improved: What came of it.
        plant: Where.
        before: What was known of the team that it began as.
        folder: Where.
        scenario: The text of the plant's scenario, if it is one of the user's own.
    """
    steps, learner = improved.steps, improved.learner
    # The settings' floats became data in single precision; a setting reads as it was given.
    config = {
        name: float(f"{float(value):.6g}") if isinstance(value, jax.Array) else value
        for name, value in vars(learner.config).items()
    }
    about = before | {
        "shiftwork": VERSION,
        "plant": plant.name,
        "config": config,
        "seed": improved.seed,
        "steps": before["steps"] + improved.learned_from,
        "improved": {
            "settings": dataclasses.asdict(improved.settings),
            "learned_from": improved.learned_from,
            "judged_by": improved.judged_by,
            "accepted": sum(step.accepted for step in steps),
            "refused": sum(not step.accepted for step in steps),
        },
    }

    def attach(temporary: Path) -> None:
        save_tree(temporary / "learner.npz", learner, {"plant": plant.name})
        attach_critic(learner, temporary)
        metrics = {name: rows[:, 0] for name, rows in improved.history.metrics.items()}
        np.savez_compressed(
            temporary / "history.npz",
            steps=improved.history.updates,
            **metrics,  # type: ignore[arg-type]
        )
        if scenario is not None:
            (temporary / SCENARIO).write_text(scenario, encoding="utf-8")

    team = team_of(plant, learner.team, about)
    team.save(folder, card=_improved_card(about, improved), attach=attach)


def _improved_card(about: dict[str, Any], improved: Improved) -> str:
    recorded = about.get("records", {}).get("steps", 0)
    judged = "\n".join(
        f"| {step.done:,} | {step.candidate:.1f} | {step.difference:+.1f} | {step.error:.1f} | "
        f"{step_word(step)} |"
        for step in improved.steps
    )
    return f"""# Team improved by experience on {about["plant"]}

It began as a team that had learned from {recorded:,} recorded and {about["steps"] - improved.learned_from:,}
executed plant steps, and learned from {improved.learned_from:,} more; {improved.judged_by:,} others only judged it.
A step is accepted if the team earns at least as much as the one accepted before, in the same
{improved.settings.judge_episodes} episodes. Seed {improved.seed}. Shiftwork {VERSION}.

| plant steps | candidate's return | less the accepted team's | standard error | |
| ---: | ---: | ---: | ---: | --- |
{judged}
"""


def step_word(step: Step) -> str:
    """Say what became of a step."""
    if step.accepted:
        return "accepted"
    return "refused; learning goes back" if step.back else "refused"


METHOD_WORDS = {
    "clone": "cloning by role",
    "weighted": "cloning weighted by the advantage of each joint event",
}


def load_team(
    folder: Path, make_plant: Callable[[str], TeamPlant]
) -> tuple[TeamPlant, Policies, dict[str, Any]]:
    """Read a team for learning code: its plant, its policies and what else is known.

    Args:
        folder: What ``save_team`` wrote.
        make_plant: Finds a plant by its name, or by its scenario's file.

    Raises:
        UserError: It is missing, damaged, or of another version.
    """
    plant, learner, about = load_learner(folder, make_plant)
    return plant, learner.team, about


def load_learner(
    folder: Path, make_plant: Callable[[str], TeamPlant]
) -> tuple[TeamPlant, TeamLearner, dict[str, Any]]:
    """Read all that a team goes on learning with; as ``load_team``."""
    about, file = read_about(folder), folder / ABOUT
    scenario = folder / SCENARIO
    if about.get("shown"):
        raise UserError(
            f"{file}: the team learned from an export of '{about.get('plant')}', and no simulator of that "
            "plant is here to run it in; let it act from its folder (shiftwork.Team)"
        )
    try:
        plant = make_plant(str(scenario) if scenario.is_file() else about["plant"])
        algorithm = team_algorithm(about["algorithm"])
        config = algorithm.config(**about["config"])
        fits = about["plant"] == plant.name
    except UserError as error:
        raise UserError(f"{file}: {error}") from None
    except (KeyError, TypeError, AttributeError):
        raise UserError(f"{file}: is damaged; copy or learn the team again") from None
    if not fits:
        raise UserError(
            f"{scenario}: is that of '{plant.name}', but the team learned on '{about['plant']}'; "
            "copy or learn the team again"
        )
    shapes = jax.eval_shape(lambda: algorithm.create(jax.random.key(0), plant, config))
    like = jax.tree.map(lambda x: np.zeros(x.shape, x.dtype), shapes)
    return plant, load_tree(folder / "learner.npz", like), about


def _card(about: dict[str, Any], learned: TeamLearned, number: int) -> str:
    last = {name: float(rows[-1, number]) for name, rows in learned.history.metrics.items()}
    settings = "\n".join(f"| {name} | {value} |" for name, value in about["config"].items())
    return f"""# Team learned by {about["algorithm"].upper()} on {about["plant"]}

{len(learned.plant.agents)} agents, each on its own clock; {about["steps"]:,} executed plant steps, seed
{about["seed"]}. Last look while learning: return {last["return"]:.1f}, success {100 * last["success"]:.0f} %.
Shiftwork {about["shiftwork"]}.

## Settings
| name | value |
| --- | --- |
{settings}
"""
