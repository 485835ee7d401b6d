"""Team episodes as a folder of Parquet files that any tool opens, with a JSON file that names all.

records/
team-records.json   plant, units, agents with what they see and may choose; where episodes begin in the
                    midst of a campaign, the plant's count of steps there ("began")
steps.parquet       episode, step, reward: a row for each primitive step
1-berth-1.parquet   a row for each decision of the first agent, and so on for each agent:
                    episode, step, duration, macro_action (its name; null behind an episode's end),
                    "saw NAME" for each column of what it saw, "may NAME" for each macro-action
scenario.toml       the plant's scenario, if it is one of the user's own
README.md           the same in words
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from shiftwork.errors import UserError, unknown
from shiftwork.files import VERSION, read_description, write_described
from shiftwork.records.formats.npz import damage_told, refuse_oversize
from shiftwork.records.team_episodes import NOTHING, Decisions, Task, TeamEpisodes, TeamPlace

FORMAT = 1
ABOUT, STEPS, SCENARIO = "team-records.json", "steps.parquet", "scenario.toml"
KEYS = ("plant", "version", "horizon", "step", "reward", "tasks", "terminal_episodes")
SAW, MAY = "saw ", "may "


def save_team_records(records: TeamEpisodes, folder: Path) -> None:
    """Write team episodes as a folder, whole or not at all.

    Raises:
        UserError: Something else stands there, or the place cannot be written.
    """
    place = records.place
    about = {
        "shiftwork": VERSION,
        "format": FORMAT,
        "plant": place.plant,
        "version": place.version,
        "horizon": place.horizon,
        "step": place.step,
        "reward": place.reward,
        "episodes": len(records.length),
        "terminal_episodes": np.flatnonzero(records.terminal).tolist(),
        "tasks": [
            {
                "agent": task.agent,
                "role": task.role,
                "file": _file(number, task),
                "observations": list(task.observations),
                "macro_actions": list(task.macro_actions),
            }
            | ({"middle": task.middle, "half": task.half} if task.middle else {})
            for number, task in enumerate(place.tasks)
        ],
    } | ({"began": records.began.tolist()} if records.began.any() else {})

    def fill(temporary: Path) -> None:
        steps = {
            "episode": np.repeat(np.arange(len(records.length)), records.length),
            "step": np.concatenate([np.arange(n) for n in records.length]),
            "reward": records.reward,
        }
        pl.DataFrame(steps).write_parquet(temporary / STEPS)
        for number, (task, decisions) in enumerate(
            zip(place.tasks, records.decisions, strict=True)
        ):
            _table(task, decisions).write_parquet(temporary / _file(number, task))
        if place.scenario:
            (temporary / SCENARIO).write_text(place.scenario, encoding="utf-8")

    write_described(folder, fill, marker=ABOUT, about=about, card=_card(records))


def _file(number: int, task: Task) -> str:
    return f"{number + 1}-{re.sub(r'[^A-Za-z0-9]+', '-', task.agent)}.parquet"


def _table(task: Task, decisions: Decisions) -> pl.DataFrame:
    names = pl.Series([*task.macro_actions, None], dtype=pl.String)
    columns: dict[str, Any] = {
        "episode": decisions.episode,
        "step": decisions.step,
        "duration": decisions.duration,
        # ``NOTHING`` is -1 and takes the last name, which is null.
        "macro_action": names.gather(decisions.macro_action % len(names)),
    }
    columns |= {SAW + name: decisions.observation[:, n] for n, name in enumerate(task.observations)}
    columns |= {MAY + name: decisions.mask[:, n] for n, name in enumerate(task.macro_actions)}
    return pl.DataFrame(columns)


def _card(records: TeamEpisodes) -> str:
    place = records.place
    rows = "\n".join(
        f"| {task.agent} | {task.role} | {_file(n, task)} | {int(found.made.sum()):,} |"
        for n, (task, found) in enumerate(zip(place.tasks, records.decisions, strict=True))
    )
    return f"""# Team records of {place.plant}

{len(records.length)} episodes, {len(records.reward):,} primitive steps of {place.step} each. A reward of 1 is
{place.reward}, shared by the team. Mean return of an episode: {records.returns.mean():.1f}.

| agent | role | file | decisions |
| --- | --- | --- | ---: |
{rows}

`{STEPS}`: `episode`, `step` (both from 0), `reward` earned in the step. Each agent's file: a row for each decision,
made at the beginning of `step` and in force for `duration` steps; `macro_action` is what was chosen (null behind an
episode's last step, where the row keeps what was seen); `saw NAME` is what the agent saw then, as the plant shows it;
`may NAME` is whether it might choose NAME then. Discounts are meant for each primitive step.
"""


def are_team_records(paths: Sequence[str]) -> bool:
    """Whether folders of team records are given, and not exports."""
    return any((Path(path) / ABOUT).is_file() for path in paths)


def load_team_records(folder: Path) -> TeamEpisodes:
    """Read team episodes from a folder, strictly.

    Raises:
        UserError: Something is missing, damaged, unknown, out of order or not allowed; the message
            names file, row and fix.
    """
    about = read_description(
        folder, marker=ABOUT, kind="team records", made="a folder that 'team people' wrote"
    )
    place, files, terminal_episodes = _described(about, folder)
    steps = _read(folder / STEPS)
    _refuse_columns(steps, ("episode", "step", "reward"), folder / STEPS)
    length = _lengths(
        _whole(steps, "episode", folder / STEPS),
        _whole(steps, "step", folder / STEPS),
        folder / STEPS,
    )
    reward = _floats(steps, "reward", folder / STEPS)
    terminal = np.zeros(len(length), bool)
    wrong = [n for n in terminal_episodes if not 0 <= n < len(length)]
    if wrong:
        raise UserError(
            f"{folder / ABOUT}: 'terminal_episodes' names episode {wrong[0]}, but there are "
            f"{len(length)}; count them from 0"
        )
    terminal[terminal_episodes] = True
    decisions = tuple(
        _decisions(task, folder / file) for task, file in zip(place.tasks, files, strict=True)
    )
    began = _began(about, folder / ABOUT)
    return TeamEpisodes(place, decisions, reward, length, terminal, str(folder), began)


def _began(about: Any, file: Path) -> np.ndarray:
    given = about.get("began", [])
    if not isinstance(given, list) or not all(type(one) is int for one in given):
        raise UserError(
            f"{file}: 'began' is no list of whole numbers; give the plant's count of steps at the beginning "
            "of each episode, or leave it out"
        )
    return np.array(given, np.int64)


def _described(about: Any, folder: Path) -> tuple[TeamPlace, list[str], list[int]]:
    file = folder / ABOUT
    if not isinstance(about, dict):
        raise UserError(f"{file}: holds no table; write the records again")
    if about.get("format") != FORMAT:
        raise UserError(
            f"{file}: has format {about.get('format')!r}, this version reads {FORMAT}; write the records again"
        )
    for key in KEYS:
        if key not in about:
            raise UserError(f"{file}: key '{key}' is missing; write the records again")
    own = folder / SCENARIO
    try:
        tasks = tuple(
            Task(
                str(task["agent"]),
                str(task["role"]),
                tuple(map(str, task["observations"])),
                tuple(map(str, task["macro_actions"])),
                tuple(map(float, task.get("middle", ()))),
                tuple(map(float, task.get("half", ()))),
            )
            for task in about["tasks"]
        )
        files = [str(task["file"]) for task in about["tasks"]]
        terminal = [int(n) for n in about["terminal_episodes"]]
        horizon = int(about["horizon"])
    except (TypeError, KeyError, ValueError) as error:
        raise UserError(
            f"{file}: 'tasks', 'horizon' or 'terminal_episodes' is not as it should be ({error}); "
            "write the records again"
        ) from None
    scenario = own.read_text(encoding="utf-8") if own.is_file() else ""
    place = TeamPlace(
        str(about["plant"]),
        str(about["version"]),
        tasks,
        horizon,
        str(about["step"]),
        str(about["reward"]),
        scenario,
    )
    return place, files, terminal


def _read(file: Path) -> pl.DataFrame:
    if not file.is_file():
        raise UserError(f"{file}: is missing; copy the whole folder again")
    with damage_told(file):
        about = pq.read_metadata(file)
        refuse_oversize(8 * about.num_rows * about.num_columns, file)
        return pl.read_parquet(file)


def _refuse_columns(table: pl.DataFrame, needed: tuple[str, ...], file: Path) -> None:
    for name in table.columns:
        if name not in needed:
            raise unknown(
                "macro-action" if name.startswith(MAY) else "column", name, needed, str(file)
            )
    for name in needed:
        if name not in table.columns:
            raise UserError(f"{file}: column '{name}' is missing; write it again")


def _whole(table: pl.DataFrame, name: str, file: Path) -> np.ndarray:
    column = table[name]
    if not column.dtype.is_integer():
        raise UserError(f"{file}: '{name}' holds {column.dtype}, not whole numbers; write it again")
    if column.null_count():
        row = int(column.is_null().arg_max() or 0)
        raise UserError(f"{file}: '{name}' is empty in row {row + 1}; fill it in")
    return column.to_numpy().astype(np.int64)


def _floats(table: pl.DataFrame, name: str, file: Path) -> np.ndarray:
    column = table[name]
    if not column.dtype.is_numeric():
        raise UserError(f"{file}: '{name}' holds {column.dtype}, not numbers; write it again")
    return column.cast(pl.Float32).to_numpy().astype(np.float32)


def _lengths(episode: np.ndarray, step: np.ndarray, file: Path) -> np.ndarray:
    """Count the steps of each episode, which must follow each other without a gap."""
    if not len(episode):
        raise UserError(f"{file}: holds no step; write the records again")
    same = episode[1:] == episode[:-1]
    fits = np.where(
        same, step[1:] == step[:-1] + 1, (episode[1:] == episode[:-1] + 1) & (step[1:] == 0)
    )
    fits = np.concatenate([[episode[0] == 0 and step[0] == 0], fits])
    if not fits.all():
        row = int((~fits).argmax())
        has = f"episode {episode[row]}, step {step[row]}"
        before = (
            f"behind episode {episode[row - 1]}, step {step[row - 1]}"
            if row
            else "at the beginning"
        )
        back = row and (episode[row], step[row]) <= (episode[row - 1], step[row - 1])
        what = "out of order" if back else "a gap"
        raise UserError(
            f"{file}, row {row + 1}: {has} stands {before}, {what}; "
            + (
                "sort rows by episode and step"
                if back
                else "add the steps between, or begin a new episode"
            )
        )
    return np.bincount(episode).astype(np.int64)


def _decisions(task: Task, file: Path) -> Decisions:
    table = _read(file)
    saw = tuple(SAW + name for name in task.observations)
    may = tuple(MAY + name for name in task.macro_actions)
    _refuse_columns(table, ("episode", "step", "duration", "macro_action", *saw, *may), file)
    for name in may:
        column = table[name]
        if column.dtype != pl.Boolean or column.null_count():
            raise UserError(f"{file}: '{name}' must be true or false in every row; write it again")
    seen = [_floats(table, name, file) for name in saw]
    return Decisions(
        _whole(table, "episode", file),
        _whole(table, "step", file),
        np.stack(seen, 1),
        table.select(may).to_numpy().astype(bool),
        _numbers(table, task, file),
        _whole(table, "duration", file),
    )


def _numbers(table: pl.DataFrame, task: Task, file: Path) -> np.ndarray:
    """Turn names of macro-actions into their numbers."""
    column = table["macro_action"]
    if column.dtype == pl.Null:
        column = column.cast(pl.String)
    if column.dtype not in (pl.String, pl.Categorical):
        raise UserError(f"{file}: 'macro_action' holds {column.dtype}, not names; write it again")
    names = column.cast(pl.String)
    number = {name: n for n, name in enumerate(task.macro_actions)}
    for name in names.drop_nulls().unique(maintain_order=True):
        if name not in number:
            row = int((names == name).arg_max() or 0)
            raise unknown("macro-action", name, number, f"{file}, row {row + 1}")
    known = names.replace_strict(number, return_dtype=pl.Int64, default=None)
    return known.fill_null(NOTHING).to_numpy().astype(np.int64)
