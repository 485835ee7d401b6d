"""Options of a command from a TOML file, below those of the command line, each mistake told by its key."""

from __future__ import annotations

import os
import tomllib
from dataclasses import field, fields, is_dataclass, make_dataclass, replace
from pathlib import Path
from typing import Any

import tyro

from shiftwork.errors import UserError, unknown


def given(arguments: list[str], option: str, default: str) -> str:
    """Look up one option before the others can be parsed: on the line, then in --settings."""
    for number, word in enumerate(arguments):
        if word == f"--{option}" and number + 1 < len(arguments):
            return arguments[number + 1]
        if word.startswith(f"--{option}="):
            return word.partition("=")[2]
    if option != "settings" and (path := given(arguments, "settings", "")):
        return str(_toml(Path(path)).get(option, default))
    return default


def grown(base: type, name: str, part: type, default: Any = None) -> type:
    """Add the options of a part to a command, so that they nest below its name.

    Args:
        base: The command.
        name: Of the part.
        part: Its class.
        default: What of it holds unless an option says otherwise; ``part()`` if None.
    """
    extra = [(name, part, field(default_factory=lambda: part() if default is None else default))]
    grown = make_dataclass(base.__name__, extra, bases=(base,), frozen=True, kw_only=True)
    grown.__doc__ = base.__doc__
    return grown


def parse(command: type, arguments: list[str]) -> Any:
    """Parse a command's options over those in its --settings file."""
    path = given(arguments, "settings", "")
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
    if key == "records" and isinstance(value, list):
        return tuple(str(path) for path in value)
    if isinstance(current, Path) or key in ("settings", "improved", "tags", "keep"):
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


def seeded(seed: int) -> int:
    """Refuse a seed that JAX cannot take."""
    if not 0 <= seed < 2**31:
        raise UserError(f"--seed is {seed}; it must lie between 0 and {2**31 - 1}")
    return seed


def seeds_and_workers(options: Any) -> tuple[range, str] | None:
    """Read --seed, --seeds, --workers and --gpus of a command together.

    Returns:
        The seeds and who learns with them; None for one seed that learns here as ever.

    Raises:
        UserError: One of them is impossible, or says nothing without another.
    """
    if options.seeds < 1:
        raise UserError(f"--seeds is {options.seeds}; give 1 or more")
    seeds = range(seeded(options.seed), seeded(options.seed + options.seeds - 1) + 1)
    workers = workers_asked(options.workers, options.gpus)
    if options.workers is None and len(seeds) == 1:
        return None
    threads_of_a_job()
    return seeds, workers


def workers_asked(workers: str | None, gpus: int) -> str:
    """Read --workers, which is local where it is not given, and check --gpus beside it.

    Raises:
        UserError: It names no workers, or none that can have GPUs of their own.
    """
    from shiftwork.jobs.run import parse_workers

    if gpus < 0:
        raise UserError(f"--gpus is {gpus}; give 0 or more")
    named = str(parse_workers(workers or "local"))
    if gpus and named == "local":
        raise UserError(
            "--gpus is for --workers that are processes or a cluster; give those as well"
        )
    return named


def threads_of_a_job() -> None:
    """Give this process the threads of a job, before JAX runs in it: so its work is the same as elsewhere."""
    from shiftwork.jobs.work import surroundings

    os.environ.update(surroundings(1, gpus=1))
