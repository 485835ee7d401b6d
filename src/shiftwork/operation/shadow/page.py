"""The daily page: what the agent would have done, what it would have earned, how sure that is.

It prints well, holds no script and fetches nothing; the number behind a figure names its source.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from shiftwork.evaluation.gate.judge import FEWEST_BLOCKS, FEWEST_ROWS, Judgement
from shiftwork.evaluation.statistics import Interval
from shiftwork.files import VERSION
from shiftwork.operation.history_rows import DAY_US
from shiftwork.operation.shadow.day import ActionDay, Day
from shiftwork.operation.shadow.team_day import RoleDay
from shiftwork.operation.shadow.team_part import Say, cited, team_parts
from shiftwork.operation.shadow.words import words
from shiftwork.reports.agent.words import percent
from shiftwork.reports.paper.html import (
    Pictures,
    answered,
    bullets,
    document,
    escaped,
    paragraph,
    table,
)
from shiftwork.reports.paper.measures import decimals, number
from shiftwork.reports.paper.style import COLOURS, RECORDS, WIDTH_IN, styled

MOST_POINTS = 1_500
"""Decisions that a picture shows; more would make the page too large for a mail."""
AUDIT, HISTORY, GATE = 1, 2, 3
"""Numbers of the sources."""


@dataclass(frozen=True)
class Earned:
    """What the live rows say of earnings.

    Attributes:
        people: Rewards of people's steps on this day, (N,), as the plant file's objective has them.
        unit: Of a step's reward.
        factor: What a step's reward counts in ``amount``; 0 if that is not known.
        amount: Unit of what is earned, None if it is not known.
        size: Steps that may judge, and blocks of time among them.
        judged: The gate's judgement; None if there is none.
        why_not: Why there is none: "too_few", "no_reward", or a sentence.
        taught: Days left out because they taught the agent.
        before: The verdict in the agent's folder, in words.
    """

    people: np.ndarray
    unit: str
    factor: float
    amount: str | None
    size: tuple[int, int]
    judged: Judgement | None
    why_not: str
    taught: tuple[str, ...]
    before: str


@dataclass(frozen=True)
class Page:
    """All that the page says.

    Attributes:
        plant: Its name.
        plant_file: Path of the plant file.
        audit: The audit file.
        day: Of the audit.
        earned: Of the history.
        closed: Steps in closed loop, left out.
        files: Of the history, with their hashes.
        weights: SHA-256 of the agent's weights.
        seed: Of the gate.
        language: "en" or "ko".
        team: What each role of a team chose; empty for a single agent.
    """

    plant: str
    plant_file: Path
    audit: Path
    day: Day
    earned: Earned
    closed: int
    files: tuple[tuple[str, str], ...]
    weights: str
    seed: int
    language: str
    team: tuple[RoleDay, ...] = ()


def html_of(page: Page) -> str:
    """Make the page."""

    def say(name: str, **given: object) -> str:
        return words(name, page.language, **given)

    parts = [
        answered(say("day", day=page.day.name), answer_of(page)),
        f"<h2>{escaped(say('did'))}</h2>",
        paragraph(say("team_lead" if page.team else "did_lead")),
        *(team_parts(page.team, AUDIT, say) if page.team else [_compared(page.day, say)]),
        *_pictures(page, say),
        f"<h2>{escaped(say('said'))}</h2>",
        _answers(page.day, say),
        f"<h2>{escaped(say('earned'))}</h2>",
        _earned(page, say),
        f"<h2>{escaped(say('faults'))}</h2>",
        _faults(page.day, say),
        _sources(page, say),
    ]
    return document(
        say("title", plant=page.plant), "\n".join(parts), f"Shiftwork {VERSION}", page.language
    )


def answer_of(page: Page) -> str:
    """What the day says, in one or two sentences; the console prints it too."""
    earned, judged = page.earned, page.earned.judged
    if judged is None:
        why = earned.why_not
        if why == "too_few":
            rows, blocks = earned.size
            why = words(
                why,
                page.language,
                rows=f"{rows:,}",
                blocks=blocks,
                need_rows=FEWEST_ROWS,
                need_blocks=FEWEST_BLOCKS,
            )
        elif why in ("no_reward", "team"):
            why = words(why, page.language)
        return words("lead_none", page.language, why=why)
    times, unit, name = 1.0, earned.unit, "gain_step"
    if earned.amount is not None:
        times, unit, name = len(earned.people) * earned.factor, earned.amount, "gain_day"
    gain = words(name, page.language, unit=unit, **_bounds(judged.gain, times))
    return words(f"lead_{judged.decision}", page.language, gain=gain)


def _bounds(gain: Interval, times: float = 1.0) -> dict[str, str]:
    digits = decimals(*(value * times for value in gain))
    return {
        "gain": _signed(gain.estimate * times, digits),
        "low": _signed(gain.low * times, digits),
        "high": _signed(gain.high * times, digits),
    }


def _signed(value: float, digits: int | None = None) -> str:
    return ("+" if value > 0 else "") + number(value, digits)


def _compared(day: Day, say: Say) -> str:
    head = ("action", "n", "would", "people", "difference", "apart", "held", "answers")
    rows = []
    for action in day.actions:
        known = ~np.isnan(action.would) & ~np.isnan(action.did)
        would, did = action.would[known], action.did[known]
        means = ["–"] * 4
        if known.any():
            apart = would - did
            found = (would.mean(), did.mean(), apart.mean(), np.abs(apart).mean())
            means = [number(float(value)) for value in found]
            means[2] = _signed(float(apart.mean()))
        cells = [
            f"{known.sum():,} / {len(known):,}",
            *means,
            f"{action.held:,} ({percent(action.held / len(known))})",
            f"{action.accepted} / {action.rejected}",
        ]
        name = f"{action.key} [{action.unit}]" if action.unit else action.key
        rows.append([escaped(name), *(cited(cell, AUDIT) for cell in cells)])
    return table([escaped(say(name)) for name in head], rows)


def _pictures(page: Page, say: Say) -> list[str]:
    day, pictures = page.day, Pictures()
    hours = (day.stamp_us % DAY_US) / 3.6e9
    choices = {one.key: one.names for role in page.team for one in role.agents}
    step = -(-len(hours) // MOST_POINTS)
    thinned = say("thinned", step=step) if step > 1 else ""
    found = []
    for action in day.actions:
        caption = say("picture", action=action.key, thinned=thinned)
        found.append(
            pictures(_trend(hours, action, step, say, choices.get(action.key)), caption, caption)
        )
    return found


@styled
def _trend(
    hours: np.ndarray, action: ActionDay, step: int, say: Say, choices: tuple[str, ...] | None
) -> Figure:
    height = 2.3 if choices is None else 1.2 + 0.16 * len(choices)
    figure = Figure((WIDTH_IN, height), layout="constrained")
    axes = figure.subplots()
    for values, colour, name in (
        (action.did, COLOURS[RECORDS], "by_people"),
        (action.would, COLOURS["offline"], "agent"),
    ):
        # A team decides now and then: between its decisions there is nothing to draw a line through.
        points = choices is not None and name == "agent"
        axes.plot(
            hours[::step],
            values[::step],
            color=colour,
            linewidth=0 if points else 1.3,
            marker="." if points else "",
            drawstyle="steps-post",
            label=say(name),
        )
    if choices is not None:
        axes.set_yticks(range(len(choices)), choices, fontsize=7)
        axes.set_ylim(-0.5, len(choices) - 0.5)
    axes.set_ylabel(f"{action.key} [{action.unit}]" if action.unit else action.key)
    axes.set_xlabel(say("hours"))
    axes.grid(axis="y")
    figure.legend(loc="outside upper right", ncols=2, fontsize=9)
    return figure


def _answers(day: Day, say: Say) -> str:
    if not day.answers:
        return paragraph(say("nothing_said"))
    rows = [
        (
            escaped(f"{datetime.fromtimestamp(answer.at_us / 1e6, UTC):%H:%M:%S}"),
            cited(
                f"{answer.key} {number(answer.value)} ({answer.number}) "
                + say("accepted" if answer.accepted else "rejected"),
                AUDIT,
            ),
            escaped(f"“{answer.reason}” – {answer.person}"),
        )
        for answer in day.answers
    ]
    return table([escaped(say(name)) for name in ("when", "proposal", "reason")], rows, "told")


def _earned(page: Page, say: Say) -> str:
    earned = page.earned
    rows: list[tuple[str, str, int]] = [("steps_day", f"{len(earned.people):,}", HISTORY)]
    if len(earned.people) and earned.why_not != "no_reward":
        mean = float(earned.people.mean(dtype=np.float64))
        rows.append(("people_step", f"{number(mean)} {earned.unit}", HISTORY))
        if earned.amount is not None:
            total = mean * len(earned.people) * earned.factor
            rows.append(("people_day", f"{number(total)} {earned.amount}", HISTORY))
    if earned.size[0]:
        rows.append(("rows", f"{earned.size[0]:,} / {earned.size[1]:,}", HISTORY))
    judged, lists = earned.judged, ""
    if judged is not None:
        day = len(earned.people) * earned.factor
        if earned.amount is not None:
            gain = say("interval", **_bounds(judged.gain, day))
            rows.append(("agent_day", f"{gain} {earned.amount}", GATE))
        for name, gain_of in (
            ("agent_step", judged.gain),
            ("turned", judged.turned),
            ("clone", judged.clone),
        ):
            rows.append((name, f"{say('interval', **_bounds(gain_of))} {earned.unit}", GATE))
        rows += [
            ("verdict", say(judged.decision), GATE),
            ("support", percent(judged.estimate.support.plans), GATE),
            ("replay", f"{_signed(judged.estimate.replay)} {earned.unit}", GATE),
        ]
        lists = f"<h3>{escaped(say('why'))}</h3>{bullets(judged.reasons)}"
        if judged.settle:
            lists += f"<h3>{escaped(say('settle'))}</h3>{bullets(judged.settle)}"
    rows.append(("before", earned.before, GATE))
    cells = [(escaped(say(name)), cited(value, source)) for name, value, source in rows]
    what = "team_what" if page.team else "mean_what"
    return table([], cells, "facts") + lists + paragraph(say(what))


def _faults(day: Day, say: Say) -> str:
    if not day.faults:
        return paragraph(say("no_faults"))
    rows = [(escaped(reason), cited(f"{count:,}", AUDIT)) for reason, count in day.faults]
    more = paragraph(say("more_faults", n=f"{day.all_faults:,}"))
    return table([escaped(say("fault")), escaped(say("times"))], rows) + more


def _sources(page: Page, say: Say) -> str:
    day, earned = page.day, page.earned
    modes = ", ".join(f"{mode} {count:,}" for mode, count in day.modes.items())
    files = ", ".join(f"{name} {hash_}" for name, hash_ in page.files)
    lines = (
        say(
            "source_audit",
            file=page.audit,
            first=day.first,
            last=day.last,
            hash=day.hash,
            modes=modes,
            other=say("source_other", n=f"{day.other:,}") if day.other else "",
        ),
        say(
            "source_history",
            files=files,
            closed=f"{page.closed:,}",
            taught=say("source_taught", days=", ".join(earned.taught)) if earned.taught else "",
        ),
        say(
            "source_team" if page.team else "source_gate",
            version=VERSION,
            seed=page.seed,
            weights=page.weights,
            plant=page.plant_file,
        ),
    )
    rows = [(f'<span id="s{n}">{n}</span>', escaped(line)) for n, line in enumerate(lines, AUDIT)]
    return f"<h2>{escaped(say('sources'))}</h2>" + table([], rows, "told")
