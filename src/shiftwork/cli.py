"""The command line: ``shiftwork demo | learn | evaluate | improve | report``.

Mistakes of the user end in one line and exit status 2; Ctrl-C leaves a checkpoint, says how to
go on, and ends in status 130.
"""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass, field, fields, is_dataclass, make_dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import tyro

from shiftwork.errors import Stopped, UserError, unknown


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
class Learn:
    """Learn an agent from records."""

    records: tyro.conf.Positional[str]
    """An .npz file, a Minari folder, or "dmsd" for the records that ship with the package."""
    out: Path = Path("runs/agent")
    """The agent's folder."""
    algo: str = "pars"
    """bc, td3bc, iql, rebrac or pars; --config depends on it."""
    plant: str | None = None
    """Names the records' columns: a plant of ours or a Gymnasium id."""
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
    """A plant of ours or a Gymnasium id."""
    records: str | None = None
    """Records to judge by, best such as the agent did not learn from."""
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
    records: str
    """What it learned from."""
    improved: Path | None = None
    """The folder that improve wrote."""
    plant: str | None = None
    """Where to run them; without it the report rests on the records alone."""
    out: Path = Path("runs/report.html")
    episodes: int = 200
    """Whole episodes of each agent."""
    title: str = "What the agent learned"
    seed: int = 0


Command = Annotated[Demo | Learn | Evaluate | Improve | Report, tyro.conf.OmitSubcommandPrefixes]


def main(arguments: list[str] | None = None) -> None:
    """Run a command line; every mistake of the user's is one line on standard error."""
    arguments = sys.argv[1:] if arguments is None else arguments
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
        from shiftwork.learning.algorithms import algorithm

        config = algorithm(_given(arguments, "algo", "pars")).config
        _learn(_parse(_with(Learn, "config", config), arguments))
    elif verb == "improve":
        from shiftwork.learning.online import Online

        _improve(_parse(_with(Improve, "online", Online), arguments))
    else:
        command: Any = tyro.cli(Command, args=arguments, prog="shiftwork", description=__doc__)
        run: Any = {Demo: _demo, Evaluate: _evaluate, Report: _report}[type(command)]
        run(command)


def _given(arguments: list[str], option: str, default: str) -> str:
    """Look up one option before the others can be parsed: on the line, then in --settings."""
    for number, word in enumerate(arguments):
        if word == f"--{option}" and number + 1 < len(arguments):
            return arguments[number + 1]
        if word.startswith(f"--{option}="):
            return word.partition("=")[2]
    if option != "settings" and (path := _given(arguments, "settings", "")):
        return str(_toml(Path(path)).get(option, default))
    return default


def _with(base: type, name: str, part: type) -> type:
    """Add the options of a part to a command, so that they nest below its name."""
    extra = [(name, part, field(default_factory=part))]
    grown = make_dataclass(base.__name__, extra, bases=(base,), frozen=True, kw_only=True)
    grown.__doc__ = base.__doc__
    return grown


def _parse(command: type, arguments: list[str]) -> Any:
    """Parse a command's options over those in its --settings file."""
    path = _given(arguments, "settings", "")
    changes = _toml(Path(path)) if path else {}
    required = {f.name: tyro.MISSING for f in fields(command) if f.name in ("records", "agent", "plant")
                and f.default is not None}  # fmt: skip
    default = _overlaid(command(**required), changes, path)
    verb = arguments[0]
    return tyro.cli(
        command,
        args=arguments[1:],
        prog=f"shiftwork {verb}",
        default=default,
    )


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; check --settings") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read ({error}); it must be TOML in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: is no valid TOML ({error}); mend that line") from None


def _overlaid(base: Any, changes: dict[str, Any], where: str, prefix: str = "") -> Any:
    """Replace the fields of a dataclass by a file's values, refusing unknown keys and kinds.

    Raises:
        UserError: A key is unknown or its value of another kind; the message names it.
    """
    known = {f.name: getattr(base, f.name) for f in fields(base)}
    values: dict[str, Any] = {}
    for key, value in changes.items():
        name = key.replace("-", "_")
        if name not in known:
            raise unknown("key", prefix + key, (prefix + k for k in known), where)
        values[name] = _converted(
            known[name], value, f"{where}: '{prefix}{key}'", where, prefix + key
        )
    return replace(base, **values)


def _converted(current: Any, value: Any, what: str, where: str, key: str) -> Any:
    if is_dataclass(current):
        if not isinstance(value, dict):
            raise UserError(f"{what} is {value!r}; it must be a table ([{key}])")
        return _overlaid(current, value, where, key + ".")
    if isinstance(value, dict):
        raise UserError(f"{what} is a table; it must be a single value")
    if isinstance(current, Path) or key in ("settings", "improved"):
        return Path(str(value))
    if isinstance(current, bool) and not isinstance(value, bool):
        raise UserError(f"{what} is {value!r}; it must be true or false")
    if type(current) is int and type(value) is not int:
        raise UserError(f"{what} is {value!r}; it must be a whole number")
    if isinstance(current, float) or (current is None and not isinstance(value, str)):
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise UserError(f"{what} is {value!r}; it must be a number")
        return float(value)
    if isinstance(current, str) and not isinstance(value, str):
        raise UserError(f"{what} is {value!r}; it must be text")
    return value


def _seeded(seed: int) -> int:
    if not 0 <= seed < 2**31:
        raise UserError(f"--seed is {seed}; it must lie between 0 and {2**31 - 1}")
    return seed


def _demo(options: Demo) -> None:
    from shiftwork.demo import run_demo

    run_demo(
        options.out,
        updates=options.updates,
        steps=options.steps,
        episodes=options.episodes,
        seed=_seeded(options.seed),
    )


def _learn(options: Any) -> None:
    from shiftwork.plants.catalogue import make_plant
    from shiftwork.workflow import learn_agent, open_records

    records = open_records(options.records, make_plant(options.plant) if options.plant else None)
    learn_agent(
        records,
        options.algo,
        options.config,
        updates=options.updates,
        seed=_seeded(options.seed),
        out=options.out,
        choose=options.select,
    )


def _evaluate(options: Evaluate) -> None:
    from shiftwork.agent import Agent
    from shiftwork.plants.catalogue import make_plant
    from shiftwork.workflow import evaluate_on_plant, evaluate_on_records, open_records

    agent = Agent.load(options.agent)
    if not options.plant and not options.records:
        raise UserError(
            "evaluate needs --plant or --records: where to run the agent, or what to judge it by"
        )
    plant = make_plant(options.plant, options.copies) if options.plant else None
    if plant:
        evaluate_on_plant(agent, plant, options.episodes, _seeded(options.seed))
    if options.records:
        records = open_records(options.records, plant)
        evaluate_on_records(agent, records, options.discount, _seeded(options.seed))


def _improve(options: Any) -> None:
    from shiftwork.plants.catalogue import make_plant
    from shiftwork.workflow import improve_agent, open_records

    options.online.check()
    plant = make_plant(options.plant)
    records = open_records(options.records, plant)
    improve_agent(
        options.agent, plant, records, options.online, seed=_seeded(options.seed), out=options.out
    )


def _report(options: Report) -> None:
    from shiftwork.plants.catalogue import make_plant
    from shiftwork.workflow import make_report, open_records

    plant = make_plant(options.plant) if options.plant else None
    folders = {"offline": options.agent}
    if options.improved:
        folders["online"] = options.improved
    make_report(
        options.out,
        folders,
        open_records(options.records, plant),
        plant,
        episodes=options.episodes,
        seed=_seeded(options.seed),
        title=options.title,
    )
