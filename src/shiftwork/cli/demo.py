"""The main job, end to end: learn a plant from its records, then improve by experience."""

from __future__ import annotations

import time
from pathlib import Path

from rich.table import Table

from shiftwork.cli.agent_verbs import improve_agent, learn_agent, open_records
from shiftwork.cli.progress import console
from shiftwork.cli.report_verb import make_report
from shiftwork.evaluation.statistics import mean_interval
from shiftwork.learning.offline.pars import Config
from shiftwork.learning.online.steps import Online
from shiftwork.plants.tasks.dmsd import Dmsd


def run_demo(out: Path, *, updates: int, steps: int, episodes: int, seed: int) -> None:
    """Learn DMSD from NeoRL-2's records, go on learning on the plant, and write a report.

    Args:
        out: Folder for the two agents and the report.
        updates: Critic updates offline.
        steps: Plant steps online.
        episodes: Whole evaluation episodes for each agent.
        seed: Of everything.
    """
    begun = time.perf_counter()
    plant = Dmsd()
    console.rule("1. What people did")
    records = open_records("dmsd", plant=plant)
    console.rule("2. Learning from the records alone")
    folders = {"offline": out / "offline", "online": out / "online"}
    learn_agent(records, "pars", Config(), updates=updates, seed=seed, out=folders["offline"])
    console.rule("3. Going on learning on the plant")
    improve_agent(
        folders["offline"], plant, records, Online(steps=steps), seed=seed, out=folders["online"]
    )
    console.rule("4. How good, and how sure")
    runs = make_report(
        out / "report.html",
        folders,
        records,
        plant,
        episodes=episodes,
        seed=seed + 100,
        title="Two masses on springs: learned from records, improved by experience",
        notes=(
            f"Made by: shiftwork demo --updates {updates} --steps {steps} --seed {seed}",
            "Records: NeoRL-2 DMSD (Gao et al. 2025), 100,000 transitions.",
        ),
    )
    table = Table(title=f"DMSD, mean over {episodes} whole episodes", title_justify="left")
    for column in ("", "return [95 % interval]", "normalized score", "best published offline"):
        table.add_column(column, justify="right" if column else "left")
    rows = {"the records": records, "agent from records alone": runs["offline"],
            f"after {steps:,} steps on the plant": runs["online"]}  # fmt: skip
    for name, episodes_of in rows.items():
        mean = mean_interval(episodes_of.returns)
        published = "78.7 (EDAC)" if name == "agent from records alone" else ""
        table.add_row(name, str(mean), f"{plant.score.normalized(mean.estimate):.1f}", published)
    console.print(table)
    console.print(
        f"{time.perf_counter() - begun:.0f} s in all. Open {out / 'report.html'} in a browser."
    )
