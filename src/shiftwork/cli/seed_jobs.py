"""Learning and searching with many seeds: each one is a job, done here, in several processes or on a cluster.

The result of a seed is the same wherever and beside whatever it learns: it has a program of its own
and the same number of threads.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shiftwork.cli.agent_verbs import prepared, records_go_with
from shiftwork.cli.progress import in_shares
from shiftwork.cli.team_verbs import as_centre
from shiftwork.errors import UserError
from shiftwork.jobs.job import Input, Job, Tell
from shiftwork.jobs.kept import claim
from shiftwork.learning.offline.algorithms import algorithm
from shiftwork.learning.offline.learn import learn
from shiftwork.learning.team.algorithms import team_algorithm
from shiftwork.learning.team.folder import save_team
from shiftwork.learning.team.preset import preset
from shiftwork.learning.team.train import check, learn_team
from shiftwork.people.centre.rules import save_rules
from shiftwork.plants.catalogue import make_team_plant
from shiftwork.records.episodes import Episodes
from shiftwork.records.formats.compact import write_compact
from shiftwork.records.formats.load import load_records
from shiftwork.yardsticks.centre.tuned_rules import Config as SearchConfig
from shiftwork.yardsticks.centre.tuned_rules import tune_rules

TEACHING = "teach.npz"
"""The rows that teach, beside the seeds' folders: what every job reads."""

RULES = "rules.toml"
"""What a search for rules found, in its folder."""


def agent_jobs(
    records: Episodes,
    name: str,
    config: Any,
    *,
    updates: int,
    seeds: Sequence[int],
    out: Path,
    choose: bool = False,
    all_rows: bool = False,
    gpus: int = 0,
) -> list[Job]:
    """Make a job of each seed with which an agent is to learn, named seed-N.

    Args:
        records: What people did; the part that teaches is written into ``out``.
        name: The algorithm.
        config: Its configuration; what it leaves open is settled from the records.
        updates: Critic updates of each agent.
        seeds: One agent for each.
        out: Where the agents' folders are to be.
        choose: Whether to choose among candidates first, with the first seed and for all of them.
        all_rows: Whether to learn from all rows.
        gpus: That each seed needs.

    Raises:
        UserError: The folder holds something else.
    """
    claim(out)
    teaching, config = prepared(
        records, name, config, updates=updates, seed=seeds[0], choose=choose, all_rows=all_rows
    )
    file = out / TEACHING
    if not file.exists():
        write_compact(teaching, file)
    elif load_records(file).hash != teaching.hash:
        raise UserError(f"{file}: holds other records; choose another --out")
    arguments = {
        "algorithm_name": name,
        "config": dataclasses.asdict(config),
        "updates": updates,
        "source": Path(records.source).name,
    }
    return _jobs("agent_of_seed", arguments, {"records": Input.of(file)}, seeds, gpus)


def agent_of_seed(
    folder: Path,
    tell: Tell,
    *,
    records: Path,
    algorithm_name: str,
    config: dict[str, Any],
    updates: int,
    source: str,
    seed: int,
) -> None:
    """Learn the agent of one seed; a job."""
    teaching = dataclasses.replace(load_records(records), source=source)
    learned = learn(
        teaching,
        algorithm_name,
        algorithm(algorithm_name).config(**config),
        updates=updates,
        seeds=(seed,),
        advance=in_shares(tell, updates),
    )
    learned.save(folder)
    records_go_with(teaching, folder)


def team_jobs(
    plant: str,
    name: str,
    config: Any,
    *,
    steps: int,
    seeds: Sequence[int],
    gpus: int = 0,
) -> list[Job]:
    """Make a job of each seed with which a team is to learn, named seed-N.

    Args:
        plant: Its name, or its scenario's file.
        name: The algorithm.
        config: Its configuration; the preset that goes with the plant if None.
        steps: Executed plant steps of each seed.
        seeds: One team for each.
        gpus: That each seed needs.

    Raises:
        UserError: Settings are impossible, or there is no such plant.
    """
    where = make_team_plant(plant)
    config = config or preset(name, where)
    check(where, config, steps, seeds)
    named, files = _given(plant)
    arguments = named | {
        "algorithm_name": name,
        "config": dataclasses.asdict(config),
        "steps": steps,
    }
    return _jobs("team_of_seed", arguments, files, seeds, gpus)


def rules_jobs(
    plant: str, config: SearchConfig, *, seeds: Sequence[int], gpus: int = 0
) -> list[Job]:
    """Make a job of each seed with which rules are to be searched for, named seed-N.

    Args:
        plant: A cracking centre, or its scenario's file.
        config: Settings of every search.
        seeds: One search for each.
        gpus: That each search needs.

    Raises:
        UserError: Settings are impossible, or the scenario's file cannot be read.
    """
    config.check()
    named, files = _given(plant)
    arguments = named | {"config": dataclasses.asdict(config)}
    return _jobs("rules_of_seed", arguments, files, seeds, gpus)


def _given(plant: str) -> tuple[dict[str, Any], dict[str, Input]]:
    """How a plant goes to a job: by its name, or as the file that a user wrote."""
    own = plant.endswith(".toml")
    return {"plant": "" if own else plant}, {"scenario": Input.of(plant)} if own else {}


def _jobs(
    function: str,
    arguments: dict[str, Any],
    inputs: dict[str, Input],
    seeds: Sequence[int],
    gpus: int,
) -> list[Job]:
    return [
        Job(
            f"seed-{seed}",
            f"{__name__}:{function}",
            arguments | {"seed": seed},
            inputs,
            gpus=gpus,
        )
        for seed in seeds
    ]


def team_of_seed(
    folder: Path,
    tell: Tell,
    *,
    plant: str,
    algorithm_name: str,
    config: dict[str, Any],
    steps: int,
    seed: int,
    scenario: Path | None = None,
) -> None:
    """Let the team of one seed learn; a job."""
    where = make_team_plant(str(scenario) if scenario else plant)
    learned = learn_team(
        where,
        algorithm_name,
        team_algorithm(algorithm_name).config(**config),
        steps=steps,
        seeds=(seed,),
        advance=in_shares(tell, steps),
    )
    text = scenario.read_text(encoding="utf-8") if scenario else None
    save_team(learned, folder, scenario=text)


def rules_of_seed(
    folder: Path,
    tell: Tell,
    *,
    plant: str,
    config: dict[str, Any],
    seed: int,
    scenario: Path | None = None,
) -> None:
    """Search for rules with one seed; a job."""
    centre = as_centre(make_team_plant(str(scenario) if scenario else plant))
    settings = SearchConfig(**config)
    found = tune_rules(centre, settings, seed=seed, advance=in_shares(tell, settings.generations))
    origin = {"plant": centre.name, "seed": seed, "plant_hours": found.hours}
    save_rules(folder / RULES, found.values, origin)
