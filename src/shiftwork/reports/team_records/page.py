"""The inspection of a team's records on paper: one HTML page, and the same numbers as JSON."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import shiftwork
from shiftwork.files import write_folder
from shiftwork.reports.paper.html import answered, bullets, document, escaped, paragraph, table
from shiftwork.reports.paper.measures import count, number
from shiftwork.reports.team_records.inspect import RoleRecord, TeamInspection, Verdict

JSON, PAGE = "inspection.json", "inspection.html"

MOST_ROWS = 20
"""Macro-actions of a role on the page; the JSON file has them all."""

VERDICTS: dict[Verdict, str] = {
    "learn": "learn",
    "imitate": "imitate",
    "few": "too few",
    "none": "no choice",
}

HEAD = (
    "role", "choices of <br>decisions", "allowed", "in <br>question", "settled", "lasts <br>steps",
    "verdict",
)  # fmt: skip

KEY = (
    "In brackets: agents of the role. A choice is a decision in which two or more macro-actions were allowed. "
    "In question: of the allowed ones, how many what was seen leaves open, at most. Settled: share of choices "
    "that what was seen foretells with 95 % or more, in episodes left out. Lasts: median of steps until the next "
    "decision."
)
"""What the columns mean."""


def write_team_inspection(folder: Path, found: TeamInspection) -> None:
    """Write an inspection as JSON and as a page into a folder of its own, whole or not at all.

    Args:
        folder: Where; an inspection that stands there is replaced.
        found: What was found.

    Raises:
        UserError: Something else stands there, or it cannot be written.
    """

    def fill(temporary: Path) -> None:
        numbers = json.dumps(dataclasses.asdict(found), indent=2, ensure_ascii=False)
        (temporary / JSON).write_text(numbers + "\n", encoding="utf-8")
        (temporary / PAGE).write_text(team_inspection_page(found), encoding="utf-8")

    write_folder(folder, fill, marker=JSON, expendable=(JSON, PAGE))


def team_inspection_page(found: TeamInspection) -> str:
    """Return the inspection as an HTML document."""
    parts = [
        answered(found.headline, lead(found)),
        bullets(found.reasons),
        table(list(HEAD), [[escaped(cell) for cell in role_row(role)] for role in found.roles]),
        paragraph(KEY),
    ]
    for role in found.roles:
        parts += [f"<h2>{escaped(f'What {role.role} chose')}</h2>", table(*_choices(role))]
    return document(
        f"{found.plant}: can a team learn from these records?",
        "\n".join(parts),
        f"Made by Shiftwork {shiftwork.__version__}. The same numbers, all macro-actions included, stand "
        f"in {JSON}.",
    )


def lead(found: TeamInspection) -> str:
    """Say in sentences how much there is, and what it earned."""
    known = [] if found.reward == "1" else [f"a reward of 1 is {found.reward}"]
    if found.episodes > 1:
        known.insert(0, f"95 % interval {number(found.low)} to {number(found.high)}")
    return (
        f"{count(found.episodes, 'episode')} of {found.plant}, {found.steps:,} steps of {found.step}; "
        f"{found.cut:,} were cut and have a future that was not recorded. An episode earned "
        f"{number(found.mean_return)} on average" + (f" ({'; '.join(known)})." if known else ".")
    )


def role_row(role: RoleRecord) -> list[str]:
    """The cells of a role, in the order of ``HEAD``."""
    return [
        role.role if role.agents == 1 else f"{role.role} ({role.agents})",
        f"{role.choices:,} of {role.decisions:,}",
        f"{role.allowed:.1f} of {len(role.macro_actions)}",
        "–" if role.alternatives is None else f"{role.alternatives:.1f}",
        "–" if role.settled is None else f"{100 * role.settled:.0f} %",
        f"{role.lasts:g}",
        VERDICTS[role.verdict],
    ]


def _choices(role: RoleRecord) -> tuple[list[str], list[list[str]]]:
    most = sorted(role.macro_actions, key=lambda one: (-one.chosen, -one.allowed))
    rows = [
        [
            escaped(one.name),
            f"{one.allowed:,}",
            f"{one.chosen:,}",
            f"{100 * one.chosen / one.allowed:.0f} %" if one.allowed else "–",
        ]
        for one in most[:MOST_ROWS]
    ]
    if left := most[MOST_ROWS:]:
        allowed, chosen = sum(one.allowed for one in left), sum(one.chosen for one in left)
        share = f"{100 * chosen / allowed:.0f} %" if allowed else "–"
        rows.append([count(len(left), "other"), f"{allowed:,}", f"{chosen:,}", share])
    return ["macro-action", "allowed", "chosen", "of these"], rows
