"""The verb ``evaluate``: operators on the same episodes of a plant, or an agent on records."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from shiftwork.agents.agent import Agent
from shiftwork.cli.agent_verbs import evaluate_on_records, not_taught, open_records
from shiftwork.cli.progress import console
from shiftwork.cli.team_verbs import same_team
from shiftwork.errors import UserError
from shiftwork.evaluation.compare import compared
from shiftwork.evaluation.rollout import rollout
from shiftwork.evaluation.statistics import mean_interval
from shiftwork.evaluation.team_rollout import evaluate_team
from shiftwork.learning.team.folder import load_team
from shiftwork.people.centre.people import people_at
from shiftwork.people.centre.rules import load_rules, rules_at
from shiftwork.people.furnace.people import People as FurnacePeople
from shiftwork.plants.catalogue import TEAM_PLANTS, make_plant, make_team_plant
from shiftwork.plants.centre.centre import Centre
from shiftwork.plants.centre.varied import AnyCentre
from shiftwork.plants.cracker.furnace_plant import Furnace
from shiftwork.plants.team_plant import TeamPlant
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.yardsticks.simple import RandomActions, RandomLegal

WORDS = ("people", "random", "scheduler")
"""Operators that are neither folders nor files."""

ROLLOUTS = "rollouts:"
"""Before the name of a file of rules: look ahead with these rules."""


def evaluate(
    names: Sequence[str],
    *,
    plant: str | None,
    records: Sequence[str] | None,
    tags: PlantFile | None,
    keep: Path | None = None,
    episodes: int,
    copies: int,
    discount: float | None,
    seed: int,
) -> None:
    """Run operators on the same episodes, or judge an agent by records; show the results.

    Args:
        names: Operators: folders, files of rules, or words of ``WORDS``. Each is compared with the first.
        plant: Name of the plant, or a centre's scenario file; a team's own if None.
        records: Records or exports to judge an agent by.
        tags: The plant file of exports.
        keep: Folder in which what is read of exports is kept, if any.
        episodes: Number of whole episodes.
        copies: Copies of a Gymnasium environment.
        discount: Discount of the estimate from records; the agent's own if None.
        seed: Seed of the episodes.

    Raises:
        UserError: Nothing says where to run or what to judge by, or an operator does not fit.
    """
    if not names:
        raise UserError(
            "evaluate needs an operator: an agent's or a team's folder, or --operator people"
        )
    teams = [name for name in names if (Path(name) / "team.json").is_file()]
    if teams and not plant:
        where: Any = load_team(Path(teams[0]), make_team_plant)[0]
    elif plant:
        if plant.endswith(".toml") and any((Path(name) / "agent.json").is_file() for name in names):
            raise UserError(
                f"{plant}: a plant file cannot be run; give it as --tags beside --records, or give "
                "as --plant a built-in plant or a Gymnasium id"
            )
        is_team = bool(teams) or plant in TEAM_PLANTS or plant.endswith(".toml")
        where = make_team_plant(plant) if is_team else make_plant(plant, copies)
    else:
        where = None
    if keep is not None and not records:
        raise UserError("--keep is for exports that are given as --records; leave it out")
    if where is None and not records:
        folders = [name for name in names if name not in WORDS and not name.endswith(".toml")]
        if folders:
            Agent.load(folders[0])  # a folder that is not there is the first thing to say
        raise UserError(
            "evaluate needs --plant or --records: where to run the agent, or what to judge it by"
        )
    if where is not None:
        _on_plant(where, names, episodes, seed)
    if records:
        _on_records(names, where, records, tags, keep, discount, seed)


def _on_plant(plant: Any, names: Sequence[str], episodes: int, seed: int) -> None:
    """Run all operators on the same episodes, and compare each with the first."""
    first: np.ndarray | None = None
    operators = {name: operator_named(name, plant) for name in names}
    console.print(f"Running {episodes} whole episodes on {plant.name} ...")
    for name, operator in operators.items():
        line, returns = (
            _team_line(plant, operator, episodes, seed)
            if isinstance(plant, TeamPlant)
            else _agent_line(plant, operator, episodes, seed)
        )
        console.print(line if len(names) == 1 else f"{name}: {line}")
        if first is None:
            first = returns
            continue
        gain = compared(first, returns).difference
        verdict = "more" if gain.low > 0 else "less" if gain.high < 0 else "not told apart"
        console.print(f"{name} less {names[0]}, on the same episodes: {gain} ({verdict})")


def _agent_line(plant: Any, operator: Any, episodes: int, seed: int) -> tuple[str, np.ndarray]:
    runs = rollout(plant, operator, episodes=episodes, seed=seed)
    mean = mean_interval(runs.returns)
    line = f"Mean return {mean} over {episodes} episodes ({len(runs.reward):,} plant steps)"
    if plant.score:
        line += f", normalized score {plant.score.normalized(mean.estimate):.1f}"
    return line, np.asarray(runs.returns, np.float64)


def _team_line(plant: TeamPlant, operator: Any, episodes: int, seed: int) -> tuple[str, np.ndarray]:
    found = evaluate_team(plant, operator, episodes, seed)
    line = (
        f"Return {mean_interval(found.returns)}; success in {100 * found.success.mean():.1f} % of the "
        f"episodes, after {mean_interval(found.success_step.astype(np.float64))} steps"
        f" ({int(found.length.sum()):,} plant steps)"
    )
    return line, np.asarray(found.returns, np.float64)


def operator_named(name: str, plant: Any) -> Any:
    """Find the operator that a word, a folder or a file of rules names; "rollouts:FILE" looks ahead with rules.

    Raises:
        UserError: There is none such at this plant.
    """
    is_team = isinstance(plant, TeamPlant)
    if name == "random":
        return RandomLegal() if is_team else RandomActions(plant)
    if name == "people":
        if isinstance(plant, AnyCentre):
            return people_at(plant)
        if isinstance(plant, Furnace):
            return FurnacePeople(plant.design)
        raise UserError(
            f"no people are simulated at '{plant.name}'; give --plant furnace or a cracking centre"
        )
    if name == "scheduler":
        if not isinstance(plant, Centre):
            raise UserError(
                f"no scheduler is made for '{plant.name}'; give a cracking centre of one scenario as --plant"
            )
        from shiftwork.yardsticks.centre.scheduler.scheduler import RollingMilp

        return RollingMilp(plant)
    if name.startswith(ROLLOUTS):
        values = load_rules(Path(name.removeprefix(ROLLOUTS)))
        if not isinstance(plant, Centre):
            raise UserError(
                f"{name}: rollouts run one scenario of a cracking centre, not '{plant.name}'"
            )
        from shiftwork.yardsticks.centre.rollouts import Rollouts

        return Rollouts(plant, values)
    if name.endswith(".toml"):
        values = load_rules(Path(name))
        if not isinstance(plant, AnyCentre):
            raise UserError(f"{name}: rules run cracking centres only, not '{plant.name}'")
        return rules_at(plant, values)
    if not is_team:
        return Agent.load(name)
    learned_on, policies, _ = load_team(Path(name), make_team_plant)
    same_team(name, learned_on, plant)
    return policies


def _on_records(
    names: Sequence[str],
    plant: Any,
    records: Sequence[str],
    tags: PlantFile | None,
    keep: Path | None,
    discount: float | None,
    seed: int,
) -> None:
    folders = [name for name in names if name not in WORDS]
    if len(folders) != 1 or len(names) != 1:
        raise UserError("--records judges one agent; give its folder and no other --operator")
    agent = Agent.load(folders[0])
    named = None if isinstance(plant, TeamPlant) else plant
    opened = open_records(tuple(records), tags=tags, plant=named, agent=agent, keep=keep)
    evaluate_on_records(agent, not_taught(opened, Path(folders[0])), discount, seed)
