"""The part of the daily page that compares a team's choices with people's, by role and state."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shiftwork.operation.shadow.team_day import RoleDay
from shiftwork.reports.agent.words import percent
from shiftwork.reports.paper.html import escaped, table

Say = Callable[..., str]
"""A word or sentence of the page by its name, with what stands in its braces."""


def cited(text: str, source: int) -> str:
    """A figure with the number of its source, HTML."""
    return f'{escaped(text)} <small><a href="#s{source}">[{source}]</a></small>'


def team_parts(roles: Sequence[RoleDay], source: int, say: Say) -> list[str]:
    """Make the tables.

    Args:
        roles: Of the day.
        source: Number of the source of all figures.
        say: Words.
    """
    head = ("role", "compared", "only_one", "same", "even", "binding", "outside", "held", "answers")
    return [
        table([escaped(say(name)) for name in head], [_row(role, source) for role in roles]),
        f"<h3>{escaped(say('by_choice'))}</h3>",
        _choices(roles, source, say),
        f"<h3>{escaped(say('by_state'))}</h3>",
        _states(roles, source, say),
    ]


def _row(role: RoleDay, source: int) -> list[str]:
    cells = [
        f"{role.compared:,} / {role.all:,}",
        _of(role.single, role.compared),
        _of(role.same, role.several),
        percent(role.even / role.several) if role.several else "–",
        percent(role.permitted) if role.compared else "–",
        f"{role.outside:,}",
        _of(role.held, role.compared),
        f"{role.accepted} / {role.rejected}",
    ]
    return [escaped(role.role), *(cited(cell, source) for cell in cells)]


def _of(part: int, whole: int) -> str:
    return f"{part:,} / {whole:,} ({percent(part / whole)})" if whole else "–"


def _choices(roles: Sequence[RoleDay], source: int, say: Say) -> str:
    head = ("role", "macro", "permitted", "chose", "would_choose", "both")
    rows = [
        [
            escaped(role.role),
            escaped(row.name),
            *(cited(f"{n:,}", source) for n in (row.permitted, row.people, row.team, row.both)),
        ]
        for role in roles
        for row in role.choices
    ]
    return table([escaped(say(name)) for name in head], rows)


def _states(roles: Sequence[RoleDay], source: int, say: Say) -> str:
    head = ("role", "state", "several", "people_else", "team_else", "same")
    rows = [
        [
            escaped(role.role),
            escaped(row.name),
            *(cited(f"{n:,}", source) for n in (row.permitted, row.people, row.team)),
            cited(_of(row.both, row.permitted), source),
        ]
        for role in roles
        for row in role.states
    ]
    return table([escaped(say(name)) for name in head], rows)
