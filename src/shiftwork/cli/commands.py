"""The options of every verb. Nothing heavy is imported here, so that help appears at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

AT_A_PLANT = ("plant", "connect", "operate", "desk", "shadow", "audit")
"""Verbs that put agents to work at a plant (``operation_verbs``)."""


@dataclass(frozen=True)
class Demo:
    """Learn the DMSD plant from its published records, improve on the plant, write a report."""

    out: Path = Path("demo")
    """Folder for agents and report."""
    updates: int = 30_000
    """Critic updates from the records."""
    steps: int = 2_000
    """Plant steps of online learning."""
    episodes: int = 200
    """Whole evaluation episodes for each agent."""
    seed: int = 0
    """Seed for all random draws."""


@dataclass(frozen=True)
class People:
    """Let simulated people run a plant, and write their records as a historian exports them."""

    plant: str = "furnace"
    """The plant: furnace, a cracking centre such as centre-steady, or a centre's scenario file."""
    out: Path = Path("runs/people")
    """Folder for the export and its plant file."""
    years: int = 1
    """Years of records; each one has other people, feeds and prices."""
    seed: int = 0
    """Seed for all random draws."""


@dataclass(frozen=True)
class Inspect:
    """Show what exports hold and whether an agent could learn from them; or draft a plant file."""

    exports: tyro.conf.Positional[tuple[str, ...]]
    """Files, folders, "patterns/*.csv", or a PostgreSQL connection string."""
    tags: Path | None = None
    """The plant file (.toml), which says what the columns mean. For a draft, a file whose [export],
    [quality] and time_zone say how the exports are read."""
    draft: bool = False
    """Write a first plant file from what the exports hold, instead."""
    out: Path | None = None
    """Folder of the inspection (runs/inspection), or the drafted file (plant.toml)."""


@dataclass(frozen=True)
class Convert:
    """Write exports again for other tools: as Parquet, as an .npz of episodes, or for Minari."""

    exports: tyro.conf.Positional[tuple[str, ...]]
    """Files, folders, patterns or a connection string, as for inspect."""
    tags: Path
    """The plant file (.toml), which says what the columns mean."""
    out: Path
    """A .parquet or .npz file, or a folder for a Minari data set."""
    stage: Literal["episodes", "grid", "samples"] = "episodes"
    """How far the exports are worked up; grid and samples go to Parquet only."""


@dataclass(frozen=True)
class Learn:
    """Learn an agent from records."""

    records: tyro.conf.Positional[tuple[str, ...]]
    """An .npz file, a Minari folder, "dmsd" for the records that ship with the package, or exports
    (with their --tags file)."""
    out: Path = Path("runs/agent")
    """The agent's folder."""
    algo: str = "pars"
    """bc, td3bc, iql, rebrac or pars; --config depends on it."""
    tags: Path | None = None
    """The plant file (.toml) of exports, which says what the columns mean."""
    plant: str | None = None
    """A built-in plant or a Gymnasium id whose tags name the columns of records without names."""
    updates: int = 40_000
    """Critic updates."""
    select: bool = False
    """Choose settings among a handful by off-policy evaluation before learning."""
    judge_on: tuple[str, ...] | None = None
    """Separate, later records by which the agent is judged at the end; all of the others then teach.
    If not given, the last fifth of the records is kept apart for judge."""
    all_rows: bool = False
    """Learn from all rows, once an agent learned like this from a part of them has passed. Nothing
    is then left to judge this one by."""
    seed: int = 0
    """Seed for all random draws."""
    settings: Path | None = None
    """TOML file with any of these options, nested as here; options given here win."""


@dataclass(frozen=True)
class Judge:
    """Judge an agent by records that did not teach it, before it acts: pass, not proven or worse.

    Exit status 0 is pass, 3 not proven, 4 worse. The verdict is kept in the agent's folder, where
    operate reads it.
    """

    agent: tyro.conf.Positional[Path]
    """The agent's folder."""
    records: tuple[str, ...]
    """Records or exports that the agent has not seen, or all that it learned from: of these the
    last fifth was kept apart."""
    tags: Path | None = None
    """The plant file (.toml) of exports, which says what the columns mean."""
    json: Path | None = None
    """A .json file for the verdict with all its figures."""
    seed: int = 0
    """Seed for all random draws."""


@dataclass(frozen=True)
class Evaluate:
    """Evaluate operators on a plant (whole episodes), or an agent on records.

    An operator is an agent's or a team's folder, a file of rules that team tune-rules wrote, or one of
    the words people, random, scheduler. Several operators run the same episodes, and each is compared with the first.
    """

    agent: tyro.conf.Positional[str | None] = None
    """The agent's or team's folder."""
    operator: tuple[str, ...] = ()
    """More operators for the same episodes: people, random, scheduler, a folder or a file of rules."""
    plant: str | None = None
    """Where to run: a built-in plant, a Gymnasium id, or a centre's scenario file. A team's own
    plant if not given."""
    records: tuple[str, ...] | None = None
    """Records or exports for an estimate without a plant; rows that taught the agent are refused."""
    tags: Path | None = None
    """The plant file (.toml) of exports, which says what the columns mean."""
    episodes: int = 200
    """Whole episodes on the plant."""
    copies: int = 8
    """Copies of a Gymnasium environment that are stepped side by side."""
    discount: float | None = None
    """Discount of the estimate from records; the agent's own if not given."""
    seed: int = 0
    """Seed for all random draws."""


@dataclass(frozen=True)
class Improve:
    """Let an agent go on learning online, on a plant."""

    agent: tyro.conf.Positional[Path]
    """The agent's folder."""
    plant: str
    """A built-in plant or a Gymnasium id."""
    records: str
    """What the agent learned from; it stays in the batches."""
    out: Path = Path("runs/improved")
    """The better agent's folder."""
    seed: int = 0
    """Seed for all random draws."""
    settings: Path | None = None
    """TOML file with any of these options, nested as here; options given here win."""


@dataclass(frozen=True)
class Report:
    """Write an HTML page: about an agent, before and after improving; or about a team's episode."""

    agent: tyro.conf.Positional[Path]
    """The agent's folder, or that of a team on a cracking centre."""
    records: tuple[str, ...] | None = None
    """Records or exports that the agent learned from, whole: it is judged by the part that was kept
    apart (a team needs none)."""
    improved: Path | None = None
    """The folder that improve wrote."""
    plant: str | None = None
    """Where to run the agent: a built-in plant or a Gymnasium id; without it the page rests on the
    records alone."""
    tags: Path | None = None
    """The plant file (.toml) of exports, which says what the columns mean."""
    out: Path = Path("runs/report.html")
    """The HTML file."""
    episodes: int = 200
    """Whole episodes of each agent."""
    title: str = "What the agent learned"
    """Heading of the page about an agent."""
    seed: int = 0
    """Seed for all random draws."""


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
class TeamPeople:
    """Let simulated people run whole episodes, and write what each saw, might do and chose."""

    plant: str
    """A cracking centre such as centre-small, or a centre's scenario file."""
    out: Path = Path("runs/team-records")
    """The folder of the records."""
    episodes: int = 128
    """Whole episodes, each with other people, ships and prices."""
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
    settings: Path | None = None
    """TOML file with any of these options, nested as here; options given here win."""


@dataclass(frozen=True)
class Team:
    """Teams of agents: records of people, learn, improve, watch, and rules to compare with.

    The verbs evaluate and report take teams too.
    """

    verb: Annotated[
        Annotated[TeamPeople, tyro.conf.subcommand("people")]
        | Annotated[TeamLearn, tyro.conf.subcommand("learn")]
        | Annotated[TeamRebuild, tyro.conf.subcommand("rebuild")]
        | Annotated[TeamImprove, tyro.conf.subcommand("improve")]
        | Annotated[TeamTuneRules, tyro.conf.subcommand("tune-rules")]
        | Annotated[TeamWatch, tyro.conf.subcommand("watch")],
        tyro.conf.arg(name=""),
    ]
    """What to do."""


@dataclass(frozen=True)
class Asked:
    """What the assistant's verbs open: an export, and what is named beside it."""

    records: tuple[str, ...] = ()
    """Files, folders or "patterns/*.csv" of the export."""
    tags: Path | None = None
    """The plant file (.toml), which says what the columns mean."""
    now: str | None = None
    """Local time of the plant from which "yesterday" counts, such as 2025-07-16T12:30; the clock's
    if not given."""
    agent: Path | None = None
    """An agent's folder, so that it can be asked why."""
    operated: Path | None = None
    """The folder that operate writes to: what the agent saw and did there."""
    documents: tuple[Path, ...] = ()
    """Documents and logs (.md, .txt, .csv, .log) or folders of them, to search beside Shiftwork's."""


@dataclass(frozen=True)
class Talk(Asked):
    """What verbs open that may use a language model."""

    model: str | None = None
    """A language model that reads what the fixed grammar does not understand; off if not given. Its
    server's key is taken from SHIFTWORK_MODEL_KEY."""
    model_address: str = "http://127.0.0.1:8000/v1"
    """Where the model is served (any OpenAI-compatible server); questions and figures go there."""


@dataclass(frozen=True)
class Ask(Talk):
    """Answer a question about an export, in Korean or English, every number computed and cited."""

    question: tyro.conf.Positional[str | None] = None
    """The question in quotes, such as "mean of cot last week" or "지난주 cot 평균"."""
    out: Path | None = None
    """A .json file for the answer with all its figures and where they come from."""
    chart: Path | None = None
    """A .svg or .png file for the picture of a question that asks for one."""
    recompute: Path | None = None
    """A saved answer whose every figure is computed again, instead of a question."""


@dataclass(frozen=True)
class Chat(Talk):
    """Answer questions about an export, one a line."""


@dataclass(frozen=True)
class Mcp(Asked):
    """Serve the assistant's read-only tools by the Model Context Protocol (extra: assistant)."""

    http: int | None = None
    """Port on 127.0.0.1 for streamable HTTP (path /mcp); standard input and output if not given."""
    people: Path | None = None
    """Folder of the people who may call over HTTP, as "desk allow NAME --out FOLDER" wrote it; that of
    --operated if not given."""


@dataclass(frozen=True)
class Handover(Asked):
    """Write the page of a shift, day, week or month: every figure cited; run it by cron or a timer."""

    over: Literal["shift", "day", "week", "month"] = "shift"
    """What the page is about."""
    at: str | None = None
    """A local time in it, such as 2025-07-16T12:30; if not given, the last one that is over."""
    language: Literal["en", "ko"] = "en"
    """English or Korean."""
    out: Path = Path("runs/handover.html")
    """The page (.html); its figures, for ask --recompute, go to the .json file beside it."""
