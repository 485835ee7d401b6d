"""The verb ``shadow``: a daily page on what an agent in shadow or advisory would have done and earned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import tyro

from shiftwork.cli.progress import console, progress_bar
from shiftwork.errors import UserError

if TYPE_CHECKING:
    import numpy as np

    from shiftwork.agents.agent import Agent
    from shiftwork.operation.settings import TeamRules
    from shiftwork.operation.shadow.page import Earned
    from shiftwork.operation.shadow.rows import LiveRows
    from shiftwork.records.historian.plant_file.model import PlantFile


@dataclass(frozen=True)
class Shadow:
    """Write a page on one day in shadow or advisory: what the agent would have done and earned."""

    folder: tyro.conf.Positional[Path]
    """The folder that operate writes to; it may be operating."""
    agent: Path
    """The agent's folder, as operate was given it."""
    plant_file: Path
    """The plant file, as operate was given it."""
    day: str | None = None
    """The day (UTC), YYYY-MM-DD; the last with a decision of this agent unless given."""
    out: Path = Path("runs/shadow.html")
    """The page."""
    language: Literal["en", "ko"] = "en"
    """English or Korean."""
    seed: int = 0
    """Of everything that the gate draws."""


def run(arguments: list[str], prog: str) -> None:
    """Read, judge, and write the page.

    Raises:
        UserError: Audit or history cannot be read or hold nothing of this agent on that day, or the
            audit's chain is broken.
    """
    options = tyro.cli(Shadow, args=arguments, prog=prog)
    if options.out.suffix.lower() not in (".html", ".htm"):
        raise UserError(f"{options.out}: the page is HTML; give a name that ends in .html")
    day = _day(options.day)
    # Pictures and learning code load slowly; a mistake in the options should not wait for them.
    from shiftwork.agents.agent import Agent
    from shiftwork.agents.team import ABOUT
    from shiftwork.files import written_whole
    from shiftwork.operation.audit import verify
    from shiftwork.operation.shadow.day import read_day
    from shiftwork.operation.shadow.page import Page, answer_of, html_of
    from shiftwork.operation.shadow.rows import live_rows, team_rows
    from shiftwork.operation.shadow.team_day import keys_of, roles_of
    from shiftwork.operation.verdict import judged
    from shiftwork.records.historian.plant_file.load import load_plant_file

    plant = load_plant_file(options.plant_file)
    team = _team_rules(plant) if (options.agent / ABOUT).is_file() else None
    agent = None if team else Agent.load(options.agent)
    verdict, audit = judged(options.agent), options.folder / "audit.sqlite"
    verify(audit)
    seen = read_day(audit, plant, verdict.weights, day, keys_of(team) if team else ())
    number = _day(seen.name)
    assert number is not None
    if agent is not None:
        rows = live_rows(options.folder, plant, agent, number, seen.closed_us)
        earned = _earned(options, plant, agent, rows, number, verdict.why)
        closed, files = int(rows.closed.sum()), rows.files
    else:
        assert team is not None
        own = team_rows(options.folder, plant, team, number, seen.closed_us)
        earned = _team_earned(plant, own.people, verdict.why)
        closed, files = own.closed, own.files
    page = Page(
        plant=plant.name,
        plant_file=options.plant_file,
        audit=audit,
        day=seen,
        earned=earned,
        closed=closed,
        files=files,
        weights=verdict.weights,
        seed=options.seed,
        language=options.language,
        team=roles_of(seen, team) if team else (),
    )
    with written_whole(options.out) as temporary:
        temporary.write_text(html_of(page), encoding="utf-8")
    console.print(f"{seen.name}: {answer_of(page)}")
    console.print(f"Page written to {options.out}")


def _day(text: str | None) -> int | None:
    """Days since 1970."""
    if text is None:
        return None
    try:
        return (date.fromisoformat(text) - date(1970, 1, 1)).days
    except ValueError:
        raise UserError(f"--day: '{text}' is no date; write it as 2026-01-31") from None


def _team_rules(plant: PlantFile) -> TeamRules:
    from shiftwork.operation.settings import operation_rules

    rules = operation_rules(plant).team
    if rules is None:
        raise UserError(
            f"{plant.path}: operation.team is missing, and --agent is a team; give the plant file that operate "
            "was given"
        )
    return rules


def _team_earned(plant: PlantFile, people: np.ndarray, before: str) -> Earned:
    """What people earned; of a team nothing here says more."""
    from shiftwork.operation.shadow.page import Earned

    factor, amount = plant.goal.amount(plant.period_s)
    unit = plant.goal.unit or "reward"
    return Earned(people, unit, factor, amount, (0, 0), None, "team", (), before)


def _earned(
    options: Shadow, plant: PlantFile, agent: Agent, rows: LiveRows, day: int, before: str
) -> Earned:
    """Let the gate judge by the live rows, if they are enough and say what is earned."""
    import numpy as np

    from shiftwork.evaluation.gate import judge as gate
    from shiftwork.operation.shadow.page import Earned

    factor, amount = plant.goal.amount(plant.period_s)
    people = rows.steps.reward[rows.on(day)]
    size, judged, why_not = (0, 0), None, ""
    taught: tuple[str, ...] = ()
    if np.ptp(rows.steps.reward) == 0:
        return Earned(people, "", 0.0, None, size, None, "no_reward", taught, before)
    try:
        judging, taught = rows.judging(options.agent)
        size = gate.size_of(judging)
        if size[0] < gate.FEWEST_ROWS or size[1] < gate.FEWEST_BLOCKS:
            why_not = "too_few"
        else:
            with progress_bar("judging", gate.TOTAL_WORK, "updates") as advance:
                judged = gate.judge(agent, judging, seed=options.seed, advance=advance)
    except UserError as error:
        why_not = str(error)
    unit = plant.goal.unit or "reward"
    return Earned(people, unit, factor, amount, size, judged, why_not, taught, before)
