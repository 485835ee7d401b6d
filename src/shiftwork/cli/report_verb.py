"""The verb ``report``: a page about agents, from records, rollouts and what learning left."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from shiftwork.agents.agent import Agent
from shiftwork.cli.agent_verbs import AnyPlant, evaluate_on_records, not_taught
from shiftwork.cli.progress import console
from shiftwork.errors import UserError
from shiftwork.evaluation.fqe import discounted_returns
from shiftwork.evaluation.rollout import check_fit, rollout
from shiftwork.evaluation.statistics import mean_interval
from shiftwork.operation.verdict import FILE, judged
from shiftwork.records.episodes import Episodes
from shiftwork.records.formats.npz import read_npz
from shiftwork.reports.agent.contents import ReportContents, Trace, ValueCheck


def make_report(
    path: Path,
    folders: dict[str, Path],
    records: Episodes,
    plant: AnyPlant | None,
    *,
    episodes: int,
    seed: int,
    title: str,
    notes: tuple[str, ...] = (),
) -> dict[str, Episodes]:
    """Write the report of one or more agents; return their rollouts.

    Args:
        path: The HTML file.
        folders: Agents by name, "offline" and "online" for choice.
        records: What they learned from, whole: the part that was kept apart judges them.
        plant: Where to run them; without it the report rests on records alone.
        episodes: Whole episodes of each.
        seed: Of the episodes.
        title: The page's heading.
        notes: Sentences for its end.
    """
    from shiftwork.reports.agent.page import write_report  # pictures load slowly

    agents = {name: Agent.load(folder) for name, folder in folders.items()}
    runs: dict[str, Episodes] = {}
    checks: dict[str, ValueCheck] = {}
    for name, agent in agents.items():
        if plant:
            check_fit(plant, agent)
            console.print(f"Running {episodes} whole episodes on {plant.name} ...")
            runs[name] = rollout(plant, agent, episodes=episodes, seed=seed)
        if check := _value_check(agent, folders[name], records, runs.get(name), seed):
            checks[name] = check
    metrics, trace = _histories(folders)
    write_report(
        path,
        ReportContents(
            title=title,
            records=records,
            agents=agents,
            rollouts=runs,
            score=plant.score if plant else None,
            targets=plant.targets if plant else (),
            history=metrics,
            value_checks=checks,
            trace=trace,
            notes=notes,
            gate=_said_by_the_gate(list(folders.values())[-1]),
        ),
    )
    console.print(f"Report written to {path}")
    return runs


def _said_by_the_gate(folder: Path) -> str:
    """The verdict that was given on these very weights, in words."""
    return judged(folder).why if (folder / FILE).is_file() else ""


def _value_check(
    agent: Agent, folder: Path, records: Episodes, run: Episodes | None, seed: int
) -> ValueCheck | None:
    """Estimate an agent's value from records that did not teach it, if there are any."""
    try:
        judging = not_taught(records, folder)
    except UserError as error:
        console.print(f"No estimate from records: {error}")
        return None
    found = evaluate_on_records(agent, judging, None, seed)
    outcome = mean_interval(discounted_returns(run, found.discount)) if run else None
    return ValueCheck(found.discount, found.records, found.agent, outcome)


def _histories(
    folders: dict[str, Path],
) -> tuple[dict[str, tuple[np.ndarray, np.ndarray]], Trace | None]:
    """Read the metrics that learning left in the agents' folders."""
    metrics: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    trace = None
    for folder in folders.values():
        file = folder / "history.npz"
        arrays = read_npz(file) if file.is_file() else {}
        if "updates" in arrays:
            updates = arrays.pop("updates")
            metrics = {name: (updates, rows) for name, rows in arrays.items()}
        elif "steps" in arrays and arrays["returns"].size:
            trace = Trace(**arrays)
    return metrics, trace
