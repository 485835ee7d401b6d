"""The options of every verb. Nothing heavy is imported here, so that help appears at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

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
    """Show what exports or team records hold and what can be learned; or draft a plant file."""

    exports: tyro.conf.Positional[tuple[str, ...]]
    """Files, folders, "patterns/*.csv", or a PostgreSQL connection string; or folders of team
    records, which need no --tags."""
    tags: Path | None = None
    """The plant file (.toml), which says what the columns mean. For a draft, a file whose [export],
    [quality] and time_zone say how the exports are read."""
    draft: bool = False
    """Write a first plant file from what the exports hold, instead."""
    out: Path | None = None
    """Folder of the inspection (runs/inspection), or the drafted file (plant.toml)."""
    keep: Path | None = None
    """Folder in which what is read of exports is kept: stopped by Ctrl-C or anything else, the same
    command goes on from there, and other commands need not read them again."""


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
    keep: Path | None = None
    """Folder in which what is read of exports is kept: stopped by Ctrl-C or anything else, the same
    command goes on from there, and other commands need not read them again."""


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
    keep: Path | None = None
    """Folder in which what is read of exports is kept: stopped by Ctrl-C or anything else, the same
    command goes on from there, and other commands need not read them again."""
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
    seeds: int = 1
    """So many agents, with the seeds from --seed on. Of several, each is in its own folder: OUT/seed-0, ..."""
    workers: str | None = None
    """Who learns with the seeds: local (this process, one after the other), a number of processes, ray
    (the cluster of this machine) or ray://HOST:PORT. Finished seeds are kept and not done again."""
    gpus: int = 0
    """GPUs that each seed needs where processes or a cluster learn; with none it runs on processors."""
    settings: Path | None = None
    """TOML file with any of these options, nested as here; options given here win."""


@dataclass(frozen=True)
class Judge:
    """Judge agents by records that did not teach them, before they act: pass, not proven or worse.

    Exit status 0 is pass, 3 not proven, 4 worse. Of several agents the worst verdict counts, and the
    status is 2 if one of them could not be judged. The verdict is kept in the agent's folder, where
    operate reads it.
    """

    agents: tyro.conf.Positional[tuple[Path, ...]]
    """The agent's folder; or several, or one that holds agents, as learn --seeds leaves it."""
    records: tuple[str, ...]
    """Records or exports that the agent has not seen, or all that it learned from: of these the
    last fifth was kept apart."""
    tags: Path | None = None
    """The plant file (.toml) of exports, which says what the columns mean."""
    keep: Path | None = None
    """Folder in which what is read of exports is kept: stopped by Ctrl-C or anything else, the same
    command goes on from there, and other commands need not read them again."""
    json: Path | None = None
    """A .json file for the verdict, or those of several agents, with all figures."""
    seed: int = 0
    """Seed for all random draws."""
    workers: str | None = None
    """Who judges several agents: local (this process, one after the other), a number of processes, ray
    (the cluster of this machine) or ray://HOST:PORT. Finished judgements are kept and not done again."""
    gpus: int = 0
    """GPUs that each judgement needs where processes or a cluster judge; with none it runs on processors."""
    out: Path = Path("runs/judgements")
    """Folder in which the judgements of several agents are kept."""


@dataclass(frozen=True)
class Evaluate:
    """Evaluate operators on a plant (whole episodes), or an agent on records.

    An operator is an agent's or a team's folder, a file of rules that team tune-rules wrote, or one of
    the words people, random, scheduler. Several operators run the same episodes, and each is compared with the first.
    """

    agent: tyro.conf.Positional[str | None] = None
    """The agent's or team's folder."""
    operator: tuple[str, ...] = ()
    """More operators for the same episodes: people, random, scheduler, a folder or a file of rules;
    rollouts:FILE looks ahead with rules (at a cracking centre)."""
    plant: str | None = None
    """Where to run: a built-in plant, a Gymnasium id, or a centre's scenario file. A team's own
    plant if not given."""
    records: tuple[str, ...] | None = None
    """Records or exports for an estimate without a plant; rows that taught the agent are refused."""
    tags: Path | None = None
    """The plant file (.toml) of exports, which says what the columns mean."""
    keep: Path | None = None
    """Folder in which what is read of exports is kept: stopped by Ctrl-C or anything else, the same
    command goes on from there, and other commands need not read them again."""
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
    """Write an HTML page: about an agent, before and after improving; or about a team against people."""

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
    keep: Path | None = None
    """Folder in which what is read of exports is kept: stopped by Ctrl-C or anything else, the same
    command goes on from there, and other commands need not read them again."""
    out: Path = Path("runs/report.html")
    """The HTML file."""
    episodes: int | None = None
    """Whole episodes of each agent, 200 unless given; of a team and of people, 64."""
    title: str = "What the agent learned"
    """Heading of the page about an agent."""
    seed: int = 0
    """Seed for all random draws."""
