"""The options of the verbs for teams. Nothing heavy is imported here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro


@dataclass(frozen=True)
class TeamLearn:
    """Let a team learn on a plant, every agent on its own clock; with --records, from records alone."""

    plant: str
    """A team's plant, such as box-pushing-6 or centre-small, or a centre's scenario file."""
    out: Path = Path("runs/team")
    """The team's folder."""
    algo: str = "acac"
    """acac, mac-iaicc, mac-niacc, independent or mappo; --config depends on it."""
    steps: int = 500_000
    """Executed primitive steps of the plant."""
    paper: bool = False
    """Start from the published settings instead of the project's own."""
    seed: int = 0
    """Seed for all random draws."""
    seeds: int = 1
    """So many teams, with the seeds from --seed on. Of several, each is in its own folder: OUT/seed-0, ..."""
    workers: str | None = None
    """Who learns with the seeds: local (this process, one after the other), a number of processes, ray
    (the cluster of this machine) or ray://HOST:PORT. Finished seeds are kept and not done again."""
    gpus: int = 0
    """GPUs that each seed needs where processes or a cluster learn; with none it runs on processors."""
    settings: Path | None = None
    """TOML file with any of these options, nested as here; options given here win."""


@dataclass(frozen=True)
class TeamFromRecords:
    """Learn a team from what people did, without any simulator."""

    records: tuple[str, ...]
    """Folders of team records, all of one plant."""
    out: Path = Path("runs/team")
    """The team's folder."""
    method: Literal["weighted", "clone"] = "weighted"
    """Cloning weighted by the advantage of what followed, or plain cloning."""
    plant: str | None = None
    """The plant that the records must be of; it is not run."""
    seed: int = 0
    """Seed for all random draws."""
    settings: Path | None = None
    """TOML file with any of these options, nested as here; options given here win."""


@dataclass(frozen=True)
class TeamImport:
    """Make team records from exports of any plant, or from what a team operated."""

    exports: tyro.conf.Positional[tuple[str, ...]]
    """Files, folders, "patterns/*.csv", or a connection string; or the folder that operate wrote to."""
    tags: Path
    """The plant file (.toml), with a table [[team.tasks]] for each agent, or [operation.team]."""
    out: Path = Path("runs/team-records")
    """The folder of the records."""
    keep: Path | None = None
    """Folder in which what is read of exports is kept: stopped by Ctrl-C or anything else, the same
    command goes on from there, and other commands need not read them again."""
    plant: str | None = None
    """Of what was operated: the built-in team's plant or scenario file that it was, such as centre-small;
    then the records fit beside its own, and the team learned from them can be evaluated there."""


@dataclass(frozen=True)
class TeamRebuild:
    """Rebuild team records from a cracking centre's export: what each saw, might do and chose."""

    export: tyro.conf.Positional[Path]
    """The folder that people wrote for a cracking centre."""
    plant: str
    """The centre that the export is of, or its scenario file."""
    out: Path = Path("runs/team-records")
    """The folder of the records."""
    days: int | None = None
    """Days of an episode of the export, where that is not the scenario's horizon (people: 364)."""


@dataclass(frozen=True)
class TeamImprove:
    """Let a team go on by experience; a step that makes it worse is refused."""

    agent: tyro.conf.Positional[Path]
    """The team's folder, as team learn wrote it, from records or not."""
    out: Path = Path("runs/improved-team")
    """The better team's folder."""
    plant: str | None = None
    """Where it goes on, if not at the plant that it learned on: one with the same agents and macro-actions,
    such as centre-varied, or a scenario's file."""
    by: Literal["auto", "gradient", "search"] = "auto"
    """By the gradient of each decision, or by search: the team leans this way and that, and whole episodes
    say which way earns more. auto searches where an episode is much longer than a discount sees. --online
    depends on it (auto: the gradient's)."""
    steps: int = 400_000
    """Primitive steps of the plant to learn from; those by which steps are judged come on top."""
    seed: int = 0
    """Seed for all random draws."""
    settings: Path | None = None
    """TOML file with any of these options, nested as here; options given here win."""


@dataclass(frozen=True)
class TeamWatch:
    """Write one episode of a team as an animated GIF."""

    team: tyro.conf.Positional[Path]
    """The team's folder."""
    out: Path = Path("runs/episode.gif")
    """The film, a .gif file."""
    seed: int = 0
    """Seed for all random draws."""


@dataclass(frozen=True)
class TeamDraw:
    """Draw one scenario of a centre that is another in each episode, and write it as a file."""

    plant: tyro.conf.Positional[str] = "centre-varied"
    """The centre, or a scenario's file with a table [varied]."""
    out: Path = Path("runs/scenario.toml")
    """The scenario's file, a .toml file."""
    seed: int = 0
    """Each seed draws another scenario."""


@dataclass(frozen=True)
class TeamPeople:
    """Let simulated people run whole episodes, and write what each saw, might do and chose."""

    plant: str
    """A cracking centre such as centre-small, or a centre's scenario file."""
    out: Path = Path("runs/team-records")
    """The folder of the records."""
    episodes: int = 128
    """Whole episodes, each with other people, ships and prices."""
    operator: str = "people"
    """Who runs the plant: people, random, scheduler, a rules' file or a team's folder."""
    yardsticks: bool = False
    """Write beside the records what the scheduler earns in the same episodes, and their upper bound
    (extra: milp); each takes seconds to minutes."""
    seed: int = 0
    """Seed for all random draws."""


@dataclass(frozen=True)
class TeamTuneRules:
    """Tune the rules of a cracking centre's people on the simulated plant; evaluate takes the file."""

    plant: str
    """A cracking centre such as centre-small, or a centre's scenario file."""
    out: Path = Path("runs/rules.toml")
    """The file of the rules (.toml)."""
    seed: int = 0
    """Seed for all random draws."""
    seeds: int = 1
    """So many searches, with the seeds from --seed on. Of several the best is written, chosen on episodes
    that tuned nothing."""
    workers: str | None = None
    """Who searches: local (this process, one search after the other), a number of processes, ray (the
    cluster of this machine) or ray://HOST:PORT. Finished searches are kept and not done again."""
    gpus: int = 0
    """GPUs that each search needs where processes or a cluster search; with none it runs on processors."""
    settings: Path | None = None
    """TOML file with any of these options, nested as here; options given here win."""


@dataclass(frozen=True)
class Team:
    """Teams of agents: records of people, learn, improve, watch, scenarios, and rules to compare with.

    The verbs evaluate and report take teams too.
    """

    verb: Annotated[
        Annotated[TeamPeople, tyro.conf.subcommand("people")]
        | Annotated[TeamLearn, tyro.conf.subcommand("learn")]
        | Annotated[TeamImport, tyro.conf.subcommand("import")]
        | Annotated[TeamRebuild, tyro.conf.subcommand("rebuild")]
        | Annotated[TeamImprove, tyro.conf.subcommand("improve")]
        | Annotated[TeamTuneRules, tyro.conf.subcommand("tune-rules")]
        | Annotated[TeamDraw, tyro.conf.subcommand("draw")]
        | Annotated[TeamWatch, tyro.conf.subcommand("watch")],
        tyro.conf.arg(name=""),
    ]
    """What to do."""
