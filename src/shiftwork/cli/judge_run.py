"""What ``judge`` does with its options: which agents are meant, and whether each one is a job."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from shiftwork.cli.commands import Judge
from shiftwork.cli.progress import console
from shiftwork.cli.settings_file import seeded, threads_of_a_job, workers_asked
from shiftwork.errors import UserError

if TYPE_CHECKING:
    from shiftwork.records.historian.plant_file.model import PlantFile

AGENT = "agent.json"
"""``shiftwork.agents.agent.ABOUT``, whose module loads NumPy."""


def run(options: Judge) -> None:
    """Judge one agent as ever, or each of several as a job."""
    workers = workers_asked(options.workers, options.gpus)
    seed = seeded(options.seed)
    folders = agents_in(options.agents)
    if options.workers is None and tuple(folders) == options.agents and len(folders) == 1:
        _judge_one(options, folders[0], seed)
        return
    threads_of_a_job()  # NumPy takes its threads when it is loaded, which the imports below do
    from shiftwork.cli.judge_many import judge_agents

    judge_agents(
        folders,
        options.records,
        tags=_plant_file(options.tags),
        keep=options.keep,
        seed=seed,
        kept=options.out,
        workers=workers,
        gpus=options.gpus,
        out=options.json,
    )


def _judge_one(options: Judge, folder: Path, seed: int) -> None:
    from shiftwork.agents.agent import Agent
    from shiftwork.cli.agent_verbs import open_records
    from shiftwork.cli.judge_verb import judge_agent

    agent = Agent.load(folder)
    tags = _plant_file(options.tags)
    records = open_records(options.records, tags=tags, agent=agent, keep=options.keep)
    judge_agent(folder, records, options.json, seed, tags)


def _plant_file(path: Path | None) -> PlantFile | None:
    from shiftwork.records.historian.plant_file.load import load_plant_file

    return load_plant_file(path) if path else None


def agents_in(paths: Sequence[Path]) -> list[Path]:
    """Find the agents that folders are, or hold; say what is passed over.

    Args:
        paths: Agents' folders, and folders that hold some, as ``learn --seeds`` leaves them.

    Returns:
        Each agent's folder once, in the order given; those that one folder holds by their numbers.
        What is neither is returned as it is: whoever loads it says what it lacks.

    Raises:
        UserError: There is no path.
    """
    if not paths:
        raise UserError("an agent is missing; give its folder, or one that holds agents")
    found: dict[Path, Path] = {}
    for path in paths:
        for folder in _agents_of(path):
            found.setdefault(folder.resolve(), folder)
    return list(found.values())


def _agents_of(path: Path) -> list[Path]:
    if (path / AGENT).is_file() or not path.is_dir():
        return [path]
    inside = [p for p in path.iterdir() if p.is_dir() and not p.name.startswith(".")]
    inside.sort(key=lambda p: _by_number(p.name))
    agents = [p for p in inside if (p / AGENT).is_file()]
    others = [f"'{p.name}'" for p in inside if p not in agents]
    if agents and others:
        console.print(
            f"{escape(str(path))}: passed over, because no agent is in there: "
            f"{escape(', '.join(others))}"
        )
    return agents or [path]


def _by_number(name: str) -> list[str | int]:
    """Sort seed-10 behind seed-9."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]
