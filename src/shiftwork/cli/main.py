"""The command line: ``shiftwork demo | inspect | convert | learn | evaluate | improve | report``.

``shiftwork people`` makes records to try these on; teams of agents have verbs of their own:
``shiftwork team``.

Mistakes of the user end in one line and exit status 2; Ctrl-C leaves a checkpoint, says how to
go on, and ends in status 130.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from shiftwork.cli import team as team_cli
from shiftwork.cli.compile_cache import keep_compiled
from shiftwork.cli.settings_file import given, grown, parse
from shiftwork.cli.team import seeded
from shiftwork.errors import Stopped, UserError

if TYPE_CHECKING:
    from shiftwork.records.historian.plant_file.model import PlantFile


@dataclass(frozen=True)
class Demo:
    """Learn the DMSD plant from its published records, improve on the plant, write a report."""

    out: Path = Path("demo")
    """Folder for agents and report."""
    updates: int = 30_000
    """Critic updates from the records."""
    steps: int = 2_000
    """Plant steps of learning by experience."""
    episodes: int = 200
    """Whole evaluation episodes for each agent."""
    seed: int = 0


@dataclass(frozen=True)
class People:
    """Let simulated people run a plant, and write their records as a historian exports them."""

    plant: str = "furnace"
    """The plant; a cracking centre's people are at "team people"."""
    out: Path = Path("runs/people")
    """Folder for the export and its plant file."""
    years: int = 4
    """Furnace-years of 360 days; every one has another crew."""
    seed: int = 0


@dataclass(frozen=True)
class Inspect:
    """Tell what exports hold and whether an agent could learn from them; or draft a plant file."""

    exports: tyro.conf.Positional[tuple[str, ...]]
    """Files, folders, "patterns/*.csv", or a PostgreSQL connection string."""
    plant: Path | None = None
    """The plant file: what the tags mean. For a draft, a file whose [export], [quality] and time_zone
    say how the exports are read."""
    draft: bool = False
    """Write a first plant file from what the exports show, instead."""
    out: Path | None = None
    """Folder of the inspection (runs/inspection), or the drafted file (plant.toml)."""


@dataclass(frozen=True)
class Convert:
    """Write exports anew for other tools: as Parquet, as an .npz of episodes, or for Minari."""

    exports: tyro.conf.Positional[tuple[str, ...]]
    """As inspect has them."""
    plant: Path
    """The plant file."""
    out: Path
    """A .parquet or .npz file, or a folder for a Minari data set."""
    stage: Literal["episodes", "grid", "samples"] = "episodes"
    """How far the exports are worked up; the latter two go to Parquet only."""


@dataclass(frozen=True)
class Learn:
    """Learn an agent from records."""

    records: tyro.conf.Positional[tuple[str, ...]]
    """An .npz file, a Minari folder, "dmsd" for the records that ship with the package, or exports
    (with their --plant file)."""
    out: Path = Path("runs/agent")
    """The agent's folder."""
    algo: str = "pars"
    """bc, td3bc, iql, rebrac or pars; --config depends on it."""
    plant: str | None = None
    """The plant file (.toml) of exports. Or what names the records' columns: a plant of ours or a
    Gymnasium id."""
    updates: int = 40_000
    """Critic updates."""
    select: bool = False
    """Choose settings among a handful by off-policy evaluation before learning."""
    seed: int = 0
    settings: Path | None = None
    """TOML file with any of these options, nested as here; options given here win."""


@dataclass(frozen=True)
class Evaluate:
    """Evaluate an agent on a plant (whole episodes) or on records (fitted Q evaluation)."""

    agent: tyro.conf.Positional[Path]
    """The agent's folder."""
    plant: str | None = None
    """A plant of ours or a Gymnasium id, to run the agent on; or the plant file (.toml) of exports."""
    records: tuple[str, ...] | None = None
    """Records or exports to judge by, best such as the agent did not learn from."""
    episodes: int = 200
    """Whole episodes on the plant."""
    copies: int = 8
    """Copies of a Gymnasium environment that are stepped side by side."""
    discount: float | None = None
    """For the estimate from records; the agent's own if not given."""
    seed: int = 0


@dataclass(frozen=True)
class Improve:
    """Let an agent go on learning on a plant."""

    agent: tyro.conf.Positional[Path]
    """The agent's folder."""
    plant: str
    """A plant of ours or a Gymnasium id."""
    records: str
    """What the agent learned from; it stays in the batches."""
    out: Path = Path("runs/improved")
    """The better agent's folder."""
    seed: int = 0
    settings: Path | None = None
    """TOML file with any of these options, nested as here; options given here win."""


@dataclass(frozen=True)
class Report:
    """Write the HTML report of one agent, or of an agent before and after improving."""

    agent: tyro.conf.Positional[Path]
    """The agent's folder."""
    records: tuple[str, ...]
    """What it learned from: records or exports."""
    improved: Path | None = None
    """The folder that improve wrote."""
    plant: str | None = None
    """Where to run them; without it, or with a plant file, the report rests on the records alone."""
    out: Path = Path("runs/report.html")
    episodes: int = 200
    """Whole episodes of each agent."""
    title: str = "What the agent learned"
    seed: int = 0


Command = Annotated[
    Demo | People | Inspect | Convert | Learn | Evaluate | Improve | Report,
    tyro.conf.OmitSubcommandPrefixes,
]


def main(arguments: list[str] | None = None) -> None:
    """Run a command line; every mistake of the user's is one line on standard error."""
    arguments = sys.argv[1:] if arguments is None else arguments
    keep_compiled()
    try:
        _run(arguments)
    except UserError as error:
        sys.stderr.write(f"shiftwork: {error}\n")
        raise SystemExit(2) from None
    except Stopped as stop:
        sys.stderr.write(f"shiftwork: {stop}; the same command goes on from there\n")
        raise SystemExit(130) from None
    except KeyboardInterrupt:
        sys.stderr.write("shiftwork: stopped\n")
        raise SystemExit(130) from None
    except (OSError, MemoryError) as error:
        sys.stderr.write(f"shiftwork: {error}; nothing that was saved before is lost\n")
        raise SystemExit(2) from None


def _run(arguments: list[str]) -> None:
    verb = arguments[0] if arguments else ""
    if verb == "learn":
        from shiftwork.learning.offline.algorithms import algorithm

        config = algorithm(given(arguments, "algo", "pars")).config
        _learn(parse(grown(Learn, "config", config), arguments))
    elif verb == "improve":
        from shiftwork.learning.online.compiled import Online

        _improve(parse(grown(Improve, "online", Online), arguments))
    elif verb == "team":
        team_cli.run(arguments[1:])
    else:
        command: Any = tyro.cli(Command, args=arguments, prog="shiftwork", description=__doc__)
        run: Any = {
            Demo: _demo,
            People: _people,
            Inspect: _inspect,
            Convert: _convert,
            Evaluate: _evaluate,
            Report: _report,
        }[type(command)]
        run(command)


def _demo(options: Demo) -> None:
    from shiftwork.cli.demo import run_demo

    run_demo(
        options.out,
        updates=options.updates,
        steps=options.steps,
        episodes=options.episodes,
        seed=seeded(options.seed),
    )


def _people(options: People) -> None:
    from shiftwork.cli.people import people_at

    people_at(options.plant, options.out, options.years, seeded(options.seed))


def _plant_file(name: str | Path) -> PlantFile:
    from shiftwork.records.historian.plant_file.load import load_plant_file

    return load_plant_file(name)


def _plant(name: str | None, copies: int = 1) -> Any:
    """Open what --plant names: a plant file, a plant to run on, or nothing."""
    from shiftwork.plants.catalogue import make_plant

    if name is None:
        return None
    return _plant_file(name) if name.lower().endswith(".toml") else make_plant(name, copies)


def _inspect(options: Inspect) -> None:
    if options.draft:
        from shiftwork.cli.record_verbs import draft

        draft(options.exports, options.out or Path("plant.toml"), options.plant)
        return
    if options.plant is None:
        raise UserError(
            "inspect needs --plant, the file that says what the tags mean; "
            "write a first one with --draft"
        )
    plant = _plant_file(options.plant)
    from shiftwork.cli.record_verbs import inspect_export

    inspect_export(options.exports, plant, options.out or Path("runs/inspection"))


def _convert(options: Convert) -> None:
    plant = _plant_file(options.plant)
    from shiftwork.cli.record_verbs import convert_export

    convert_export(options.exports, plant, options.out, options.stage)


def _learn(options: Any) -> None:
    from shiftwork.cli.agent_verbs import learn_agent, open_records

    records = open_records(options.records, _plant(options.plant))
    learn_agent(
        records,
        options.algo,
        options.config,
        updates=options.updates,
        seed=seeded(options.seed),
        out=options.out,
        choose=options.select,
    )


def _evaluate(options: Evaluate) -> None:
    from shiftwork.agents.agent import Agent
    from shiftwork.cli.agent_verbs import evaluate_on_plant, evaluate_on_records, open_records
    from shiftwork.records.historian.plant_file.model import PlantFile

    agent = Agent.load(options.agent)
    if not options.plant and not options.records:
        raise UserError(
            "evaluate needs --plant or --records: where to run the agent, or what to judge it by"
        )
    plant = _plant(options.plant, options.copies)
    if isinstance(plant, PlantFile) and not options.records:
        raise UserError(
            f"{options.plant}: a plant file cannot be run; give --records, the exports to judge by"
        )
    if plant and not isinstance(plant, PlantFile):
        evaluate_on_plant(agent, plant, options.episodes, seeded(options.seed))
    if options.records:
        records = open_records(options.records, plant)
        evaluate_on_records(agent, records, options.discount, seeded(options.seed))


def _improve(options: Any) -> None:
    from shiftwork.cli.agent_verbs import improve_agent, open_records
    from shiftwork.plants.catalogue import make_plant

    options.online.check()
    if options.plant.lower().endswith(".toml"):
        raise UserError(
            f"{options.plant}: a plant file cannot be run; give a plant of ours or a Gymnasium id"
        )
    plant = make_plant(options.plant)
    records = open_records(options.records, plant)
    improve_agent(
        options.agent, plant, records, options.online, seed=seeded(options.seed), out=options.out
    )


def _report(options: Report) -> None:
    from shiftwork.cli.agent_verbs import make_report, open_records
    from shiftwork.records.historian.plant_file.model import PlantFile

    plant = _plant(options.plant)
    folders = {"offline": options.agent}
    if options.improved:
        folders["online"] = options.improved
    make_report(
        options.out,
        folders,
        open_records(options.records, plant),
        None if isinstance(plant, PlantFile) else plant,
        episodes=options.episodes,
        seed=seeded(options.seed),
        title=options.title,
    )
