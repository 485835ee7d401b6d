"""What can be wrong with a plant file, each in one line with its key and its fix."""

from __future__ import annotations

import keyword
import textwrap
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import ValidationError

from shiftwork.errors import UserError, unknown
from shiftwork.records.historian.plant_file.durations import spelled
from shiftwork.records.historian.plant_file.expression import FUNCTIONS, Expression
from shiftwork.records.historian.plant_file.fields import Table
from shiftwork.records.historian.plant_file.model import (
    EpisodeRules,
    ExportRules,
    NamesTable,
    Objective,
    PlantFile,
    PlantTag,
    QualityRules,
    Shift,
)
from shiftwork.records.historian.plant_file.team import TeamRules, TeamTask

_TABLES: dict[str, type[Table]] = {
    "objective": Objective,
    "episodes": EpisodeRules,
    "quality": QualityRules,
    "export": ExportRules,
}
_NEEDED = {
    "string_type": "is not text; write it in quotes",
    "string_too_short": "is empty; write a name",
    "string_too_long": "is too long; write a shorter one",
    "float_type": "is not a number; write one without quotes",
    "finite_number": "is not finite; write a plain number",
    "int_type": "is not a whole number; write one without quotes",
    "int_from_float": "is not a whole number; write one",
    "bool_type": "is neither true nor false; write one of them, without quotes",
    "model_type": "is not a table; write it as [{key}]",
    "greater_than": "must be above {gt:g}; fix it",
    "greater_than_equal": "must be at least {ge:g}; fix it",
    "less_than_equal": "must be at most {le:g}; fix it",
}
_EXAMPLES = {
    "name": 'name = "column"',
    "period": 'period = "1min"',
    "objective": 'an [objective] table with expression = "0"',
    "expression": 'expression = "0"',
    "role": 'role = "observation", "action", "limit", "objective" or "state"',
}


def refuse_raw(raw: Mapping[str, Any], path: Path) -> None:
    """Check the tables of tags before anything else, since everything else is about them.

    Raises:
        UserError: There is none, or a key cannot be used in an expression.
    """
    tags = raw.get("tags")
    if not isinstance(tags, dict) or not tags:
        raise UserError(
            f"{path}: has no tags; write a table [tags.NAME] with its role for each tag"
        )
    for key, entry in tags.items():
        where = f"{path}: tags.{textwrap.shorten(key, 60) or repr(key)}"
        if not isinstance(entry, dict):
            raise UserError(f"{where} is not a table; write it as [tags.NAME] with its role")
        if not key.isidentifier() or keyword.iskeyword(key):
            raise UserError(
                f"{where}: a key is letters, digits and _, so that expressions can use it; "
                "choose another key and write the export's name as its source"
            )
        if key in FUNCTIONS or key != unicodedata.normalize("NFKC", key):
            raise UserError(
                f"{where}: expressions read this name as another; choose another key and write "
                "the export's name as its source"
            )
        if "key" in entry:
            raise unknown("key", "key", _known(PlantTag), where)


def first_mistake(error: ValidationError, path: Path) -> UserError:
    """Tell the first mistake that validation found; misspelt keys before what they leave out."""
    mistakes = error.errors(include_url=False)
    mistakes.sort(key=lambda m: m["type"] != "extra_forbidden")
    mistake = mistakes[0]
    # Members of a union stand in the place of a mistake as well; no own key looks like them.
    place = [str(part) for part in mistake["loc"] if not str(part).startswith(("function-", "is-"))]
    kind, context, key = mistake["type"], mistake.get("ctx", {}), ".".join(place)
    where = f"{path}: {key}"
    cause = context.get("error")
    if isinstance(cause, UserError):
        return cause
    if kind == "extra_forbidden":
        parent = ".".join(place[:-1])
        return unknown(
            "key", place[-1], _known(_table(place)), f"{path}: {parent}" if parent else str(path)
        )
    if kind == "missing":
        return UserError(f"{where} is missing; write {_EXAMPLES.get(place[-1], 'it')}")
    if kind == "literal_error":
        needed = str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
        return unknown(place[-1], _shown(mistake["input"]), needed, f"{path}: {key}")
    if kind == "value_error":
        return UserError(f"{where}: {cause}")
    text = _NEEDED.get(kind, f"{mistake['msg']}; fix it").format(key=key, **context)
    return UserError(f"{where}: {_shown(mistake['input'])} {text}")


def check_plant(plant: PlantFile) -> None:
    """Check what no key tells by itself.

    Raises:
        UserError: Something contradicts something else.
    """
    for problem in _problems(plant):
        raise UserError(f"{plant.path}: {problem}")
    conditions = [
        expression
        for task in (plant.team.tasks if plant.team else ())
        for expression in (*task.macro_actions.values(), *task.allowed.values())
    ]
    for expression, kind in (
        (plant.objective, "number"),
        (plant.episodes.shutdown, "truth"),
        *((condition, "truth") for condition in conditions),
    ):
        if expression is not None:
            _check_expression(expression, kind, plant)


def check_reading(plant: PlantFile) -> None:
    """Check what is needed to read an export, whatever its tags are.

    Raises:
        UserError: Something contradicts something else.
    """
    for problem in _reading_problems(plant):
        raise UserError(f"{plant.path}: {problem}")


def _problems(plant: PlantFile) -> Iterator[str]:
    rules, tags = plant.episodes, plant.tags
    yield from _reading_problems(plant)
    if rules.length_s is not None and rules.length_s < plant.period_s:
        yield f"episodes.length is shorter than the period; give at least {spelled(plant.period_s)}"
    if rules.mode is not None and (rules.mode not in tags or tags[rules.mode].role != "state"):
        states = {tag.key for tag in plant.of_role("state")}
        yield f"episodes.mode: {_strange(rules.mode, 'state', states, plant)}"
    if plant.quality.uncertain_confidence > plant.quality.good_confidence:
        yield "quality.uncertain_confidence is above good_confidence; set it lower"
    for role, count in (
        ("action", len(plant.of_role("action"))),
        ("observation", sum(t.observed and t.role != "action" for t in tags.values())),
    ):
        if not count:
            yield f'no tag is an {role}; give at least one role = "{role}"'
    yield from _team_problems(plant)
    sources: dict[str, str] = {}
    for tag in tags.values():
        if tag.source in sources:
            yield (
                f"tags.{tag.key}.source: '{tag.source}' is the source of '{sources[tag.source]}' "
                "as well; remove one of them"
            )
        sources[tag.source] = tag.key
        yield from (f"tags.{tag.key}{problem}" for problem in _tag_problems(tag, plant))


def _team_problems(plant: PlantFile) -> Iterator[str]:
    of_role: dict[str, TeamTask] = {}
    agents: set[str] = set()
    observed = {tag.key for tag in plant.tags.values() if tag.observed}
    for task in plant.team.tasks if plant.team else ():
        where = f"team, agent '{task.agent}'"
        if task.agent in agents:
            yield f"{where}: stands twice; give each agent a name of its own"
        agents.add(task.agent)
        periods = task.every_s / plant.period_s
        if periods < 1 or abs(periods - round(periods)) > 1e-9:
            yield (
                f"{where}: every is {spelled(task.every_s)}, which is not a whole number of periods; give "
                f"a multiple of {spelled(plant.period_s)}"
            )
        for key in task.sees:
            if key not in observed:
                problem = unknown("observed tag", key, observed, f"{where}, sees")
                yield (
                    str(problem)
                    if key not in plant.tags
                    else (f"{where}, sees: '{key}' is not observed; give it also_observed = true")
                )
        for name in task.allowed:
            if name not in task.macro_actions:
                yield str(unknown("macro-action", name, task.macro_actions, f"{where}, allowed"))
        like = of_role.setdefault(task.role, task)
        if list(like.macro_actions) != list(task.macro_actions):
            yield (
                f"{where}: has other macro-actions than '{like.agent}', which has the same role; give "
                "both the same names in the same order, or another role"
            )
        if len(like.sees or observed) != len(task.sees or observed):
            yield (
                f"{where}: sees {len(task.sees or observed)} tags, '{like.agent}' of the same role "
                f"{len(like.sees or observed)}; let both see as many, in the same order of meaning"
            )


def _reading_problems(plant: PlantFile) -> Iterator[str]:
    if not _is_zone(plant.zone):
        yield (
            f"time_zone: unknown time zone '{_shown(plant.zone)}'; "
            'write its IANA name, such as "Asia/Seoul"'
        )
    own = plant.quality
    for code in (*own.good, *own.uncertain, *own.bad):
        if sum(code in codes for codes in (own.good, own.uncertain, own.bad)) > 1:
            shown = f"{code:g}" if isinstance(code, float) else code
            yield f"quality: '{shown}' stands in two of good, uncertain and bad; remove one of them"
    time_format = plant.export.time_format or ""
    if time_format.startswith("elapsed_") and plant.export.start is None:
        yield (
            "export.start is missing, from which elapsed time counts; write export.start = "
            '"2024-05-31 00:00:00"'
        )
    if plant.export.step_s is not None and plant.export.start is None:
        yield (
            "export.start is missing, the time of the first row; write export.start = "
            '"2024-05-31 00:00:00"'
        )


def _tag_problems(tag: PlantTag, plant: PlantFile) -> Iterator[str]:
    if tag.role == "action" and tag.bounds is None:
        yield ".bounds is missing; give an action its absolute limits as [low, high]"
    if tag.rate is not None and tag.role != "action":
        yield ".rate: only actions have one; remove it"
    if tag.outside and not (tag.observed and tag.role == "observation"):
        yield ".outside: only observations can be moved from outside; remove it"
    if tag.role == "state":
        for name in ("span", "bounds", "dead_band"):
            if getattr(tag, name) is not None:
                yield f".{name}: a state holds text; remove it"
        if tag.observed:
            yield ".also_observed: a state holds text; remove it"
    if tag.role in ("action", "state") and not tag.hold:
        yield f".hold: {tag.role}s stand until the next value; remove it"
    if tag.role == "observation" and not tag.observed:
        yield ".also_observed: an observation is observed; remove it, or give another role"
    for name in ("bounds", "rate"):
        for end in getattr(tag, name) or ():
            if not isinstance(end, str) or (end in plant.tags and plant.tags[end].role == "limit"):
                continue
            limits = {t.key for t in plant.of_role("limit")}
            yield f".{name}: {_strange(end, 'limit', limits, plant)}"
    low, high = tag.rate or (0.0, 0.0)
    if (isinstance(low, float) and low > 0) or (isinstance(high, float) and high < 0):
        yield ".rate: must allow no change; give a low of at most 0 and a high of at least 0"
    if tag.bounds is not None and tag.bounds[0] == tag.bounds[1]:
        yield ".bounds: both ends are one tag; give two"


def _check_expression(expression: Expression, kind: str, plant: PlantFile) -> None:
    if expression.kind != kind:
        raise expression.refuse(
            "is a condition, but must be a number; write where(condition, 1, 0)"
            if kind == "number"
            else "is a number, but must be a condition; write a comparison such as run == 'OFF'"
        )
    for name in sorted(expression.names):
        if name not in plant.tags:
            raise unknown("tag", name, plant.tags, expression.where)
        if (plant.tags[name].role == "state") != (name in expression.text_names):
            raise expression.refuse(
                f"'{name}' is compared with text; give it role = \"state\""
                if name in expression.text_names
                else f"'{name}' is a state and holds text; write {name} == 'RUN' or the like"
            )


def _strange(name: str, role: str, known: set[str], plant: PlantFile) -> str:
    if name in plant.tags:
        return f"'{name}' is no {role} tag; give it role = \"{role}\""
    return (
        str(unknown(f"{role} tag", name, known))
        if known
        else (f"unknown {role} tag '{name}'; write a table [tags.{name}] with role = \"{role}\"")
    )


def _known(table: type[Table]) -> list[str]:
    names = [field.alias or name for name, field in table.model_fields.items()]
    return [name for name in names if name != "key"]


def _table(place: list[str]) -> type[Table]:
    if place[0] == "tags" and len(place) > 2:
        return PlantTag
    if place[0] == "shifts" and len(place) > 2:
        return Shift
    if place[:2] == ["export", "names"]:
        return NamesTable
    if place[0] == "team":
        return TeamTask if len(place) > 2 else TeamRules
    return _TABLES.get(place[0], PlantFile) if len(place) > 1 else PlantFile


def _is_zone(name: str) -> bool:
    # Asked of polars, which is to use it.
    try:
        pl.Series([0]).cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(name)
    except Exception:
        return False
    return bool(name)


def _shown(value: object) -> str:
    return textwrap.shorten(str(value), 60, placeholder="...") or "''"
