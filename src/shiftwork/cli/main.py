"""The command line: one list of verbs, each of which hands its options to a function.

Mistakes of the user end in one line and exit status 2; Ctrl-C leaves a checkpoint, says how to
go on, and ends in status 130.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Union

import tyro

from shiftwork.cli import assistant_commands, commands, team_commands, team_run
from shiftwork.cli.compile_cache import keep_compiled
from shiftwork.cli.settings_file import given, grown, parse, seeded, seeds_and_workers
from shiftwork.errors import Stopped, UserError
from shiftwork.files import VERSION

if TYPE_CHECKING:
    from shiftwork.records.historian.plant_file.model import PlantFile

DESCRIPTION = """Learn how a plant is run from its records, then improve by experience.

Each verb explains itself: shiftwork learn --help. Agents at a plant have verbs of their own: plant
serve, connect, operate, desk, shadow, audit."""


def main(arguments: list[str] | None = None) -> None:
    """Run a command line; every mistake of the user is one line on standard error."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments == ["--version"]:
        sys.stdout.write(f"shiftwork {VERSION}\n")
        return
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


def _demo(options: commands.Demo) -> None:
    from shiftwork.cli.demo import run_demo

    run_demo(
        options.out,
        updates=options.updates,
        steps=options.steps,
        episodes=options.episodes,
        seed=seeded(options.seed),
    )


def _people(options: commands.People) -> None:
    from shiftwork.cli.people import people_at

    people_at(options.plant, options.out, options.years, seeded(options.seed))


def _inspect(options: commands.Inspect) -> None:
    from shiftwork.records.formats.team_folder import are_team_records

    if are_team_records(options.exports):
        for given, option in (
            (options.draft, "--draft"),
            (options.tags, "--tags"),
            (options.keep, "--keep"),
        ):
            if given:
                raise UserError(
                    f"{options.exports[0]}: team records say themselves what their columns mean; leave "
                    f"{option} out"
                )
        from shiftwork.cli.team_record_verbs import inspect_team_records

        inspect_team_records(options.exports, options.out or Path("runs/inspection"))
        return
    from shiftwork.cli.record_verbs import draft, inspect_export

    if options.draft:
        if options.keep:
            raise UserError("--keep is for what is read by a finished plant file; leave it out")
        draft(options.exports, options.out or Path("plant.toml"), options.tags)
        return
    if options.tags is None:
        raise UserError(
            "inspect needs --tags, the plant file that says what the columns mean; "
            "write a first one with --draft"
        )
    inspect_export(
        options.exports,
        _plant_file(options.tags),
        options.out or Path("runs/inspection"),
        options.keep,
    )


def _convert(options: commands.Convert) -> None:
    plant = _plant_file(options.tags)
    from shiftwork.cli.record_verbs import convert_export

    convert_export(options.exports, plant, options.out, options.stage, options.keep)


def _learn(options: Any) -> None:
    from shiftwork.cli.agent_verbs import learn_agent, open_records

    many = seeds_and_workers(options)
    tags, plant = _plant_file(options.tags), _plant(options.plant)
    records = open_records(options.records, tags=tags, plant=plant, keep=options.keep)
    if many:
        _learn_many(options, records, *many)
        return
    # Before learning: a file that cannot be read must not cost hours.
    later = None
    if options.judge_on:
        later = open_records(options.judge_on, tags=tags, plant=plant, keep=options.keep)
    learn_agent(
        records,
        options.algo,
        options.config,
        updates=options.updates,
        seed=seeded(options.seed),
        out=options.out,
        choose=options.select,
        all_rows=options.all_rows or later is not None,
    )
    if later is not None:
        from shiftwork.cli.judge_verb import judge_agent

        judge_agent(options.out, later, None, options.seed, tags)


def _learn_many(options: Any, records: Any, seeds: range, workers: str) -> None:
    from shiftwork.cli.progress import do_jobs
    from shiftwork.cli.seed_jobs import agent_jobs

    if options.judge_on:
        raise UserError(
            "--judge-on judges one agent; leave it out, and judge all of them afterwards: "
            f"shiftwork judge {options.out} --records LATER (with --all-rows, all others teach)"
        )
    jobs = agent_jobs(
        records,
        options.algo,
        options.config,
        updates=options.updates,
        seeds=seeds,
        out=options.out,
        choose=options.select,
        all_rows=options.all_rows,
        gpus=options.gpus,
    )
    title = f"learning ({options.algo}), {len(jobs)} seeds"
    do_jobs(jobs, options.out, workers, title).check()


def _judge(options: commands.Judge) -> None:
    from shiftwork.cli import judge_run

    judge_run.run(options)


def _evaluate(options: commands.Evaluate) -> None:
    from shiftwork.cli.evaluate import evaluate

    names = (*([options.agent] if options.agent else []), *options.operator)
    evaluate(
        names,
        plant=options.plant,
        records=options.records,
        tags=_plant_file(options.tags),
        keep=options.keep,
        episodes=options.episodes,
        copies=options.copies,
        discount=options.discount,
        seed=seeded(options.seed),
    )


def _improve(options: Any) -> None:
    from shiftwork.agents.agent import Agent
    from shiftwork.cli.agent_verbs import improve_agent, open_records

    options.online.check()
    plant = _plant(options.plant)
    records = open_records(options.records, plant=plant, agent=Agent.load(options.agent))
    improve_agent(
        options.agent, plant, records, options.online, seed=seeded(options.seed), out=options.out
    )


def _report(options: commands.Report) -> None:
    if (options.agent / "team.json").is_file():
        from shiftwork.cli.team_verbs import report_team

        episodes = 64 if options.episodes is None else options.episodes
        report_team(options.agent, options.out, seeded(options.seed), episodes)
        return
    from shiftwork.agents.agent import Agent
    from shiftwork.cli.agent_verbs import open_records
    from shiftwork.cli.report_verb import make_report

    agent = Agent.load(options.agent)
    if not options.records:
        raise UserError("report needs --records: the records that the agent learned from")
    plant = _plant(options.plant)
    folders = {"offline": options.agent}
    if options.improved:
        folders["online"] = options.improved
    make_report(
        options.out,
        folders,
        open_records(
            options.records,
            tags=_plant_file(options.tags),
            plant=plant,
            agent=agent,
            keep=options.keep,
        ),
        plant,
        episodes=200 if options.episodes is None else options.episodes,
        seed=seeded(options.seed),
        title=options.title,
    )


def _assistant(options: assistant_commands.Asked) -> None:
    from shiftwork.cli.assistant_verbs import run

    run(options)


VERBS: dict[str, tuple[type, Any]] = {
    "demo": (commands.Demo, _demo),
    "people": (commands.People, _people),
    "inspect": (commands.Inspect, _inspect),
    "convert": (commands.Convert, _convert),
    "learn": (commands.Learn, _learn),
    "judge": (commands.Judge, _judge),
    "evaluate": (commands.Evaluate, _evaluate),
    "improve": (commands.Improve, _improve),
    "report": (commands.Report, _report),
    "team": (team_commands.Team, team_run.rest),
    "ask": (assistant_commands.Ask, _assistant),
    "chat": (assistant_commands.Chat, _assistant),
    "mcp": (assistant_commands.Mcp, _assistant),
    "handover": (assistant_commands.Handover, _assistant),
}
"""Each verb's options and the function that carries it out."""


def _run(arguments: list[str]) -> None:
    if any(word in ("-h", "--help") for word in arguments[:1]):
        arguments = ["--help"]
    if arguments[:1] and arguments[0] in commands.AT_A_PLANT:
        from shiftwork.cli import operation_verbs

        operation_verbs.run(arguments)
        return
    if nested := _nested(arguments):
        command, words, carry_out = nested
        carry_out(parse(command, words))
        return
    named = [Annotated[command, tyro.conf.subcommand(name)] for name, (command, _) in VERBS.items()]
    union: Any = Annotated[Union[tuple(named)], tyro.conf.OmitSubcommandPrefixes]  # noqa: UP007
    options: Any = tyro.cli(union, args=arguments, prog="shiftwork", description=DESCRIPTION)
    carry_out = next(run for command, run in VERBS.values() if type(options) is command)
    carry_out(options)


def _nested(arguments: list[str]) -> tuple[type, list[str], Any] | None:
    """Find a verb whose options depend on its words: which algorithm, which plant.

    Returns:
        The verb's options with those of the algorithm nested below, the words with the verb as
        one, and the function that carries it out; None for all other verbs.
    """
    if arguments[:1] == ["learn"]:
        from shiftwork.learning.offline.algorithms import algorithm

        config = algorithm(given(arguments, "algo", "pars")).config
        return grown(commands.Learn, "config", config), arguments, _learn
    if arguments[:1] == ["improve"]:
        from shiftwork.learning.online.steps import Online

        return grown(commands.Improve, "online", Online), arguments, _improve
    if arguments[:2] == ["team", "learn"] and given(arguments, "records", ""):
        from shiftwork.learning.team.from_records_settings import Config

        command = grown(team_commands.TeamFromRecords, "config", Config)
        return command, ["team learn", *arguments[2:]], team_run.from_records
    if arguments[:2] == ["team", "improve"]:
        from shiftwork.learning.team.improve_settings import Config as TeamOnline
        from shiftwork.learning.team.search_settings import Config as TeamSearch

        searched = given(arguments, "by", "auto") == "search"
        command = grown(team_commands.TeamImprove, "online", TeamSearch if searched else TeamOnline)
        return command, ["team improve", *arguments[2:]], team_run.improve
    if arguments[:2] == ["team", "tune-rules"]:
        from shiftwork.yardsticks.centre.tuned_rules import Config as Search

        command = grown(team_commands.TeamTuneRules, "config", Search)
        return command, ["team tune-rules", *arguments[2:]], team_run.tune_rules
    if arguments[:2] == ["team", "learn"]:
        from shiftwork.learning.team.preset import preset
        from shiftwork.plants.catalogue import make_team_plant

        name, plant = given(arguments, "algo", "acac"), given(arguments, "plant", "")
        where = make_team_plant(plant) if plant else None
        default = preset(name, where, paper=bool(where) and "--paper" in arguments)
        command = grown(team_commands.TeamLearn, "config", type(default), default)
        return command, ["team learn", *arguments[2:]], team_run.learn
    return None


def _plant_file(path: Path | None) -> Any:
    if path is None:
        return None
    from shiftwork.records.historian.plant_file.load import load_plant_file

    found: PlantFile = load_plant_file(path)
    return found


def _plant(name: str | None, copies: int = 1) -> Any:
    """Open what --plant names: a plant to run on, or nothing."""
    if name is None:
        return None
    if name.lower().endswith(".toml"):
        raise UserError(
            f"{name}: a plant file cannot be run; give it as --tags, and as --plant a built-in plant "
            "or a Gymnasium id"
        )
    from shiftwork.plants.catalogue import make_plant

    return make_plant(name, copies)
