"""The verb ``judge`` for several agents: each judgement is a job, and all of them end in one table.

    folders -> agents, the rows that may judge each -> jobs -> verdicts, one line for each agent

A judgement is one compiled program with one thread. So it is the same to the last bit wherever it
is made and whoever is judged beside it, and one that is finished need not be made again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from shiftwork.agents.agent import ABOUT, POLICY, Agent
from shiftwork.cli.agent_verbs import not_taught, open_records
from shiftwork.cli.judge_verb import (
    STATUS,
    Unit,
    as_json,
    keep_verdict,
    refuse_other_than_json,
    write_figures,
)
from shiftwork.cli.progress import console, do_jobs, in_shares
from shiftwork.errors import UserError
from shiftwork.evaluation.gate.judge import TOTAL_WORK, judge, refuse_unfit
from shiftwork.files import sha256
from shiftwork.jobs.job import Input, Job, Tell
from shiftwork.jobs.kept import claim
from shiftwork.records.episodes import Episodes
from shiftwork.records.formats.compact import write_compact
from shiftwork.records.formats.load import load_records
from shiftwork.records.held_out import TAUGHT
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.reports.paper.measures import count

FIGURES = "judgement.json"
"""All figures of a judgement, in its folder."""

JUDGING = f"{__name__}:judgement_of_agent"
MOST_NAMED = 5
"""Agents that a line names; the table names all."""


@dataclass(frozen=True)
class Line:
    """What became of one agent.

    Attributes:
        folder: The agent's.
        figures: Of its judgement, as ``judge --json`` writes them; None if it was not judged.
        error: Why it was not, or nothing.
    """

    folder: Path
    figures: dict[str, Any] | None
    error: str = ""


def judge_agents(
    folders: Sequence[Path],
    records: Sequence[str],
    *,
    tags: PlantFile | None,
    seed: int,
    kept: Path,
    workers: str,
    gpus: int = 0,
    out: Path | None = None,
    keep: Path | None = None,
) -> None:
    """Judge agents, keep each one's verdict in its folder, show all, and end with the worst status.

    Args:
        folders: Of the agents. What is no agent, or cannot be judged, is named and stops no other.
        records: Records of their plant, or exports.
        tags: The plant file of exports.
        seed: Of everything that is drawn.
        kept: Folder in which judgements are kept, those of earlier commands too.
        workers: As ``run_jobs`` takes them.
        gpus: That each judgement needs.
        out: A .json file for all figures, if any.
        keep: Folder in which what is read of exports is kept, if any.

    Raises:
        Stopped: Ctrl-C was pressed; finished judgements are kept.
        UserError: Agents could not be judged, or a folder cannot be written.
        SystemExit: With the status of the worst verdict, if not all have passed.
    """
    refuse_other_than_json(out)
    claim(kept)
    orders = _Orders(records, tags, seed, kept, keep, gpus)
    jobs: dict[Path, Job] = {}
    errors: dict[Path, str] = {}
    for folder in folders:
        try:
            jobs[folder] = orders.job_of(folder)
        except UserError as error:
            errors[folder] = str(error)
    _tell(errors)
    if not jobs:
        raise UserError(f"no agent can be judged: {next(iter(errors.values()))}")
    # The same agent in two folders is one job.
    different = list({job.key: job for job in jobs.values()}.values())
    failed = do_jobs(different, kept, workers, f"judging {count(len(jobs), 'agent')}").failed
    errors |= {f: failed[job.key] for f, job in jobs.items() if job.key in failed}
    lines = [
        Line(folder, None, errors[folder])
        if folder in errors
        else _ended(folder, kept, jobs[folder])
        for folder in folders
    ]
    _show(lines, orders.unit, kept)
    if out is not None:
        found = [{"agent": str(a.folder)} | (a.figures or {"error": a.error}) for a in lines]
        write_figures(out, {"version": 1, "agents": found})
        console.print(f"All figures written to {out}")
    _end(lines)


def judgement_of_agent(
    folder: Path,
    tell: Tell,
    *,
    about: Path,
    policy: Path,
    records: Path,
    seed: int,
    unit: Mapping[str, Any],
) -> None:
    """Judge one agent by records that did not teach it; a job."""
    with tempfile.TemporaryDirectory() as place:
        shutil.copy(about, Path(place, ABOUT))
        shutil.copy(policy, Path(place, POLICY))
        agent = Agent.load(place)
    found = judge(agent, load_records(records), seed=seed, advance=in_shares(tell, TOTAL_WORK))
    write_figures(folder / FIGURES, as_json(found, Unit(**unit)))


class _Orders:
    """Makes the jobs: opens the records once for each kind of agent, and finds what may judge it."""

    def __init__(
        self,
        records: Sequence[str],
        tags: PlantFile | None,
        seed: int,
        kept: Path,
        keep: Path | None,
        gpus: int,
    ) -> None:
        self._keep, self._gpus = keep, gpus
        self._records, self._tags, self._seed, self._kept = tuple(records), tags, seed, kept
        # Exports are read at once: what is wrong with them is wrong for all agents.
        self._opened: dict[Any, Episodes] = (
            {None: open_records(self._records, tags=tags, keep=keep)} if tags else {}
        )
        self._judging: dict[Any, tuple[Episodes, Input]] = {}
        self.unit = Unit.of(tags)

    def job_of(self, folder: Path) -> Job:
        """Make the job that judges an agent.

        Its key holds a hash of all that the judgement depends on, so that judgements by other
        records, with other seeds or of what an agent was before stand beside each other.

        Raises:
            UserError: It is no agent, the records taught it, are too few or of another plant.
        """
        agent = Agent.load(folder)
        judging, file = self._rows_for(folder, agent)
        refuse_unfit(agent, judging)
        inputs = {
            "about": Input.of(folder / ABOUT),
            "policy": Input.of(folder / POLICY),
            "records": file,
        }
        arguments = {"seed": self._seed, "unit": asdict(self.unit)}
        job = Job("agent", JUDGING, arguments, inputs, gpus=self._gpus)
        identity = json.dumps(job.identity, sort_keys=True).encode()
        name = re.sub(r"[^A-Za-z0-9_+.-]", "-", folder.resolve().name).lstrip("_+.-") or "agent"
        return dataclasses.replace(job, key=f"{name}-{hashlib.sha256(identity).hexdigest()[:12]}")

    def _rows_for(self, folder: Path, agent: Agent) -> tuple[Episodes, Input]:
        """Find the rows that may judge an agent; those of all that learned from the same rows are one file."""
        # An agent names columns that have no names; exports are named by their plant file.
        names = None if self._tags else (agent.observation_tags, agent.action_tags)
        if names not in self._opened:
            self._opened[names] = open_records(self._records, agent=agent, keep=self._keep)
        taught = folder / TAUGHT
        key = (names, sha256(taught) if taught.is_file() else "")
        if key not in self._judging:
            judging = not_taught(self._opened[names], folder)
            file = self._kept / f"records-{judging.hash[:12]}.npz"
            if not file.exists():
                write_compact(judging, file)
            self._judging = {key: (judging, Input.of(file))}  # the last one alone: rows take memory
        return self._judging[key]


def _tell(errors: Mapping[Path, str]) -> None:
    """Say at once who cannot be judged, and each reason once."""
    for reason in dict.fromkeys(errors.values()):
        who = _named([folder for folder, error in errors.items() if error == reason])
        console.print(escape(f"{who} cannot be judged: {reason}"))


def _named(folders: Sequence[Path]) -> str:
    more = len(folders) - MOST_NAMED
    return ", ".join(map(str, folders[:MOST_NAMED])) + (f" and {more} more" if more > 0 else "")


def _ended(folder: Path, kept: Path, job: Job) -> Line:
    """Read a finished judgement, and keep its verdict in the agent's folder."""
    file = kept / job.key / FIGURES
    try:
        figures = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Line(
            folder, None, f"{file}: is missing or damaged; delete its folder, and judge again"
        )
    if sha256(folder / POLICY) != job.inputs["policy"].sha256:
        return Line(folder, None, f"{folder}: was changed while it was judged; judge it again")
    try:
        keep_verdict(folder, figures["verdict"], figures["rows"], figures["reasons"][0])
    except UserError as error:
        return Line(folder, None, str(error))
    return Line(folder, figures)


def _show(lines: Sequence[Line], unit: Unit, kept: Path) -> None:
    """Print one line for each agent."""
    table = Table(title=f"Gain over people's practice, {unit.name}", title_justify="left")
    table.add_column("agent", overflow="fold")
    table.add_column("gain", justify="right", no_wrap=True)
    table.add_column("90 % interval", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("because")
    for line in lines:
        name = escape(str(line.folder))
        if line.figures is None:
            table.add_row(name, "", "", "not judged", escape(line.error))
            continue
        gain = line.figures["gain"]
        table.add_row(
            name,
            f"{gain['estimate']:+.3g}",
            f"{gain['low']:+.3g} to {gain['high']:+.3g}",
            line.figures["verdict"],
            escape(line.figures["reasons"][0]),
        )
    console.print(table)
    judged = [line for line in lines if line.figures]
    if not judged:
        return
    console.print(
        f"Verdicts are kept in the agents' folders, all figures as {FIGURES} in a folder for each agent "
        f"in {escape(str(kept))}"
    )
    if len(judged) > 1:
        console.print(
            "Each interval is of one agent alone. The best of several looks a little better than it is, by "
            "chance: judge the one that is taken once more, by later records"
        )


def _end(lines: Sequence[Line]) -> None:
    """End with the worst status: an agent that was not judged, then worse, then not proven."""
    missing = [line.folder for line in lines if line.figures is None]
    if missing:
        raise UserError(
            f"{len(missing)} of {len(lines)} agents were not judged: {_named(missing)}; the table says "
            "why, and the same command keeps the other judgements"
        )
    if status := max(STATUS[line.figures["verdict"]] for line in lines if line.figures):
        raise SystemExit(status)
