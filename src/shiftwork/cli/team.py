"""The command line for teams: ``shiftwork team learn | evaluate | watch | report | people``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from shiftwork.cli.settings_file import given, grown, parse
from shiftwork.errors import UserError


@dataclass(frozen=True)
class TeamLearn:
    """Let a team learn on a plant: every agent on its own clock."""

    plant: str
    """A team's plant, such as box-pushing-6 or overcooked-B-rand."""
    out: Path = Path("runs/team")
    """The team's folder."""
    algo: str = "acac"
    """acac, mac-iaicc, mac-niacc, independent or mappo; --config depends on it."""
    steps: int = 500_000
    """Executed primitive steps of the plant."""
    paper: bool = False
    """Start from the published settings instead of ours."""
    seed: int = 0
    settings: Path | None = None
    """TOML file with any of these options, nested as here; options given here win."""


@dataclass(frozen=True)
class TeamEvaluate:
    """Run whole episodes of a team and tell return, success and steps to it."""

    team: tyro.conf.Positional[Path]
    """The team's folder."""
    episodes: int = 256
    seed: int = 0


@dataclass(frozen=True)
class TeamWatch:
    """Write one episode of a team as an animated GIF."""

    team: tyro.conf.Positional[Path]
    """The team's folder."""
    out: Path = Path("runs/episode.gif")
    seed: int = 0


@dataclass(frozen=True)
class TeamReport:
    """Write a page about one episode of a team on a cracking centre: chart, tanks, account."""

    team: tyro.conf.Positional[Path]
    """The team's folder."""
    out: Path = Path("runs/centre.html")
    seed: int = 0


@dataclass(frozen=True)
class TeamPeople:
    """Let simulated people run a cracking centre, and write their records and a page."""

    plant: str
    """A centre, such as centre-steady, or a scenario's file."""
    out: Path = Path("runs/people")
    """Folder for the export, the plant file, the shift log and the page."""
    years: int = 1
    """Of records, 52 weeks each, with other people, ships and prices."""
    seed: int = 0


Command = Annotated[
    Annotated[TeamLearn, tyro.conf.subcommand("learn")]
    | Annotated[TeamEvaluate, tyro.conf.subcommand("evaluate")]
    | Annotated[TeamWatch, tyro.conf.subcommand("watch")]
    | Annotated[TeamReport, tyro.conf.subcommand("report")]
    | Annotated[TeamPeople, tyro.conf.subcommand("people")],
    tyro.conf.OmitSubcommandPrefixes,
]


def run(arguments: list[str]) -> None:
    """Run what follows ``shiftwork team``."""
    if arguments[:1] == ["learn"]:
        _learn(arguments)
        return
    command: Any = tyro.cli(Command, args=arguments, prog="shiftwork team", description=__doc__)
    from shiftwork.cli import team_verbs as team_workflow

    seed = seeded(command.seed)
    if isinstance(command, TeamEvaluate):
        team_workflow.evaluate_on_plant(command.team, command.episodes, seed)
    elif isinstance(command, TeamWatch):
        team_workflow.watch_team(command.team, command.out, seed)
    elif isinstance(command, TeamReport):
        team_workflow.report_team(command.team, command.out, seed)
    else:
        team_workflow.people_at(command.plant, command.out, command.years, seed)


def _learn(arguments: list[str]) -> None:
    from shiftwork.learning.team.presets import preset
    from shiftwork.plants.team_catalogue import make_team_plant

    name, plant = given(arguments, "algo", "acac"), given(arguments, "plant", "")
    if plant:
        make_team_plant(plant)
    default = preset(name, plant, paper=bool(plant) and "--paper" in arguments)
    options = parse(
        grown(TeamLearn, "config", type(default), default), ["team learn", *arguments[1:]]
    )
    from shiftwork.cli.team_verbs import learn_on_plant

    learn_on_plant(
        options.plant,
        options.algo,
        options.config,
        steps=options.steps,
        seed=seeded(options.seed),
        out=options.out,
    )


def seeded(seed: int) -> int:
    """Refuse a seed that is none."""
    if not 0 <= seed < 2**31:
        raise UserError(f"--seed is {seed}; it must lie between 0 and {2**31 - 1}")
    return seed
