"""The table of the mazes, from the CSV alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.results import read_rows, write_table

NAME = "mazes"


def table() -> str:
    """Make the table: goals reached, and steps to the goal, of each variant on each task."""
    rows = read_rows(NAME)
    tasks = list(dict.fromkeys(r["task"] for r in rows))
    lines = []
    for variant in dict.fromkeys(r["variant"] for r in rows):
        cells = [variant]
        for task in tasks:
            own = [r for r in rows if (r["variant"], r["task"]) == (variant, task)]
            cells += [_goals(own), _steps(own)]
        lines.append(cells)
    header = ["", *(cell for task in tasks for cell in (f"{task}: goals reached", "steps"))]
    return write_table(NAME, header, lines)


def _goals(rows: Sequence[dict[str, Any]]) -> str:
    return ", ".join(f"{100 * float(r['goal']):.0f} %" for r in rows)


def _steps(rows: Sequence[dict[str, Any]]) -> str:
    return ", ".join(f"{float(r['steps']):.0f}" if r["steps"] else "-" for r in rows)
