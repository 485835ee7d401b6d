"""A team on disk: what it learned and where, as a folder.

team/
team.json       plant, algorithm, configuration, seed, executed steps, format version
learner.npz     actors, critic and everything else that learning needs
history.npz     metrics along the way
README.md       in words
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np

from shiftwork import __version__
from shiftwork.errors import UserError
from shiftwork.files import write_folder
from shiftwork.learning.checkpoint import load_tree, save_tree
from shiftwork.learning.team.algorithms import team_algorithm
from shiftwork.learning.team.policy import Policies
from shiftwork.learning.team.train import TeamLearned
from shiftwork.plants.team.team_plant import TeamPlant

ABOUT = "team.json"
VERSION = 1


def save_team(learned: TeamLearned, folder: Path, number: int = 0) -> None:
    """Write the team of one seed, whole or not at all."""
    about = {
        "format": "shiftwork-team",
        "version": VERSION,
        "shiftwork": __version__,
        "plant": learned.plant.name,
        "algorithm": learned.algorithm,
        "config": dataclasses.asdict(learned.config),
        "seed": learned.seeds[number],
        "steps": int(learned.history.updates[-1]),
    }
    learner = jax.tree.map(lambda x: x[number], learned.learners)

    def fill(temporary: Path) -> None:
        (temporary / ABOUT).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        save_tree(temporary / "learner.npz", learner, {"plant": learned.plant.name})
        metrics = {name: rows[:, number] for name, rows in learned.history.metrics.items()}
        np.savez_compressed(
            temporary / "history.npz",
            steps=learned.history.updates,
            **metrics,  # type: ignore[arg-type]
        )
        (temporary / "README.md").write_text(_card(about, learned, number), encoding="utf-8")

    write_folder(folder, fill, marker=ABOUT)


def load_team(
    folder: Path, make_plant: Callable[[str], TeamPlant]
) -> tuple[TeamPlant, Policies, dict[str, Any]]:
    """Read a team: its plant, its policies and what else is known.

    Args:
        folder: What ``save_team`` wrote.
        make_plant: Finds a plant by its name.

    Raises:
        UserError: It is missing, damaged, or of another version.
    """
    file = folder / ABOUT
    if not file.is_file():
        raise UserError(f"{folder}: is no team ({ABOUT} is missing); give what team learn made")
    try:
        about = json.loads(file.read_text(encoding="utf-8"))
        plant = make_plant(about["plant"])
        algorithm = team_algorithm(about["algorithm"])
        config = algorithm.config(**about["config"])
        fits = about["format"] == "shiftwork-team" and about["version"] == VERSION
    except UserError as error:
        raise UserError(f"{file}: {error}") from None
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
        raise UserError(f"{file}: is damaged; copy or learn the team anew") from None
    if not fits:
        raise UserError(f"{file}: is of another version; learn the team anew")
    like = algorithm.create(jax.random.key(0), plant, config)
    learner = load_tree(folder / "learner.npz", like)
    return plant, learner.policies, about


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
