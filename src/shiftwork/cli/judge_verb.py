"""The verb ``judge``: what an agent is worth, before it acts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from shiftwork.agents.agent import Agent
from shiftwork.cli.agent_verbs import not_taught
from shiftwork.cli.progress import console, progress_bar
from shiftwork.errors import UserError
from shiftwork.evaluation.gate.judge import TOTAL_WORK, Judgement, judge
from shiftwork.evaluation.statistics import Interval
from shiftwork.files import VERSION, written_whole
from shiftwork.operation.verdict import write_verdict
from shiftwork.records.episodes import Episodes
from shiftwork.records.historian.plant_file.durations import spelled
from shiftwork.records.historian.plant_file.model import PlantFile

STATUS = {"pass": 0, "not proven": 3, "worse": 4}
"""Exit status of each verdict."""


def judge_agent(
    folder: Path, records: Episodes, out: Path | None, seed: int, plant: PlantFile | None = None
) -> None:
    """Judge an agent, show why, keep the verdict in its folder, and end with its exit status.

    Args:
        folder: The agent's folder.
        records: Records of its plant.
        out: A .json file for all figures, if any.
        seed: Of everything that is drawn.
        plant: Its plant file, if there is one: it says in which unit gains are, and per what time.

    Raises:
        UserError: The rows taught the agent, are too few, or are of another plant.
        SystemExit: With the verdict's status, if the agent did not pass.
    """
    agent = Agent.load(folder)
    refuse_other_than_json(out)
    judging = not_taught(records, folder)
    with progress_bar("judging", TOTAL_WORK, "updates") as advance:
        found = judge(agent, judging, seed=seed, advance=advance)
    unit = Unit.of(plant)
    _show(found, unit)
    keep_verdict(folder, found.decision, found.rows, found.reasons[0])
    if out is not None:
        write_figures(out, as_json(found, unit))
        console.print(f"All figures written to {out}")
    if status := STATUS[found.decision]:
        raise SystemExit(status)


def refuse_other_than_json(out: Path | None) -> None:
    """Refuse a file for figures whose name does not end in .json.

    Raises:
        UserError: It does not.
    """
    if out is not None and out.suffix.lower() != ".json":
        raise UserError(f"{out}: the verdict is written as JSON; give a name that ends in .json")


def keep_verdict(folder: Path, decision: str, rows: int, reason: str) -> None:
    """Write a verdict into an agent's folder, where operate reads it.

    Args:
        folder: The agent's.
        decision: pass, not proven or worse.
        rows: Recorded steps that judged.
        reason: The one that says the most.
    """
    write_verdict(
        folder,
        passed=decision == "pass",
        judge=f"shiftwork judge {VERSION}, {rows:,} recorded steps",
        reason=f"{decision}: {reason}",
    )


def write_figures(out: Path, figures: Mapping[str, Any]) -> None:
    """Write figures as JSON, whole or not at all."""
    with written_whole(out) as temporary:
        temporary.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Unit:
    """In which unit gains are shown.

    Attributes:
        name: Of a step's reward.
        factor: What a step's gain counts in ``hourly``; 0 if that is not known.
        hourly: Unit of what is gained in an hour, if the plant file says so.
    """

    name: str
    factor: float
    hourly: str | None

    @classmethod
    def of(cls, plant: PlantFile | None) -> Unit:
        """Read the unit from a plant file."""
        if plant is None:
            return cls("reward per step", 0.0, None)
        factor, amount = plant.goal.amount(plant.period_s)
        step = f"per step of {spelled(plant.period_s)}"
        name = f"{plant.goal.unit}, mean {step}" if plant.goal.unit else f"reward {step}"
        return cls(name, 3600 * factor / plant.period_s, amount and f"{amount}/h")

    def in_an_hour(self, gain: float) -> str:
        """What a step's gain is in an hour, or nothing."""
        return f" ({gain * self.factor:+.4g} {self.hourly})" if self.hourly else ""


def _show(found: Judgement, unit: Unit) -> None:
    """Print the verdict, why, and what it rests on."""
    e = found.estimate
    table = Table(title=f"Gain over people's practice, {unit.name}", title_justify="left")
    for column in ("", "estimate", "90 % interval"):
        table.add_column(column, justify="right" if column else "left")
    for name, gain in (
        ("the agent", found.gain),
        ("the agent turned round (must not pass)", found.turned),
        ("a second clone of people (about zero)", found.clone),
    ):
        table.add_row(name, f"{gain.estimate:+.3g}", f"{gain.low:+.3g} to {gain.high:+.3g}")
    console.print(table)
    console.print(
        f"People earned {e.people:.4g} per step in the {found.rows:,} steps that judge. Models run "
        f"{e.steps} steps ahead; for people's own actions they promise {e.replay:+.3g} per step more "
        f"than was earned. Without a model (fitted Q evaluation) the gain is {e.fitted:+.3g}."
    )
    console.print(
        f"The gain is discounted as the agent was ({e.discount:.3g} a step)"
        f"{unit.in_an_hour(found.gain.estimate)}. With all {e.steps} steps counted alike the models "
        f"give {e.undiscounted:+.3g}{unit.in_an_hour(e.undiscounted)}."
    )
    console.print(
        f"{100 * e.support.plans:.0f} % of what the agent would do was done in a like state, and "
        f"{100 * e.support.states:.0f} % of the states that it would reach are in the records."
    )
    for event in e.events:
        if not event.recorded:
            console.print("No rare, large loss and no end by the plant is in the records.")
            continue
        console.print(
            f"{event.name.capitalize()}: {event.recorded:,} in the records; under the agent at most "
            f"{1000 * event.upper:.2g} in 1,000 steps (95 %), under people {1000 * event.people:.2g}."
        )
    console.print(f"[bold]Verdict: {found.decision}[/bold], because " + "; ".join(found.reasons))
    for line in found.settle:
        console.print(f"What would settle it: {line}")
    if found.decision != "pass":
        console.print("It may still run in shadow, where it moves nothing.")


def as_json(found: Judgement, unit: Unit) -> dict[str, Any]:
    """All figures of a judgement under names that a program can read."""
    e = found.estimate

    def bounds(gain: Interval) -> dict[str, float]:
        return {"estimate": gain.estimate, "low": gain.low, "high": gain.high}

    return {
        "version": 1,
        "verdict": found.decision,
        "reasons": list(found.reasons),
        "what_would_settle": list(found.settle),
        "unit": unit.name,
        "confidence": 0.9,
        "gain": bounds(found.gain),
        "gain_per_hour": unit.hourly
        and {"unit": unit.hourly, "estimate": found.gain.estimate * unit.factor},
        "gain_undiscounted": e.undiscounted,
        "gain_from_beginnings": None if e.beginnings != e.beginnings else e.beginnings,
        "controls": {"turned_round": bounds(found.turned), "second_clone": bounds(found.clone)},
        "people": e.people,
        "models": [float(m) for m in e.members],
        "replay_error": e.replay,
        "fitted_q": {"gain": e.fitted, "std": e.fitted_error},
        "support": {
            "plans": e.support.plans,
            "states": e.support.states,
            "farthest": [{"tag": name, "deviations": off} for name, off in e.support.farthest],
        },
        "events": [asdict(event) for event in e.events],
        "discount": e.discount,
        "steps_ahead": e.steps,
        "rows": found.rows,
        "blocks": found.blocks,
    }
