"""What a plant earned in a range by its objective, account by account."""

from __future__ import annotations

import ast

import numpy as np

from shiftwork.assistant.export import Export
from shiftwork.assistant.figures import Figure, cited
from shiftwork.assistant.pieces import period_means, pieces
from shiftwork.assistant.tools.summarize import NothingKnown
from shiftwork.errors import UserError

OBJECTIVE = "objective"
"""Stands for a tag in figures about the objective as a whole."""


def earnings(export: Export, start: str, stop: str) -> tuple[Figure, ...]:
    """Evaluate the plant file's objective over a half-open range.

    The range is cut into decision periods from its start on; the objective is computed from the
    means of each. Periods in which a tag is unknown earn nothing here and are left out of the
    mean; ``coverage`` is the share of periods that count.

    Args:
        export: The export.
        start: Begin of the range, ISO; in the plant's zone if it has no offset.
        stop: End of the range.

    Returns:
        The figures earned per period and, where the unit says of which time it is ("$/h", "k$ in
        4 h" with a period of 4 h), earned in total. If the objective is a sum of tags, the same
        for each of them: what it added or took away.

    Raises:
        UserError: The range means nothing, no period is known, or the objective compares text.
    """
    goal, plant = export.plant.goal, export.plant
    names = sorted(goal.expression.names)
    if goal.expression.text_names:
        raise UserError(
            f"{plant.path}: objective.expression compares text, which earnings cannot compute; "
            "write it with numbers alone"
        )
    span = export.span(start, stop)
    courses = {name: pieces(export, name, *span) for name in names}
    means = {name: period_means(course, plant.period_s) for name, course in courses.items()}
    count = int((span[1] - span[0]) / 1e6 / plant.period_s + 1e-9)
    earned = np.broadcast_to(goal.expression.evaluate(means), (count,))
    known = np.isfinite(earned)
    if not known.any():
        raise NothingKnown(
            f"nothing is known of the objective from {start} to {stop} ({plant.zone}); choose a "
            "range that the records cover, of at least one period"
        )
    rows = sum(course.rows for course in courses.values())
    factor, amount = goal.amount(plant.period_s)
    series = {OBJECTIVE: earned}
    series |= {
        name: sign * means[name] for name, sign in _terms(goal.expression.text, names).items()
    }
    found = []
    for name, values in series.items():
        mean = float(values[known].mean())
        found.append((name, "earned per period", mean, goal.unit))
        if amount is not None:
            found.append((name, "earned in total", mean * int(known.sum()) * factor, amount))
    return cited(
        export,
        "earnings",
        {"start": start, "stop": stop},
        found,
        rows=rows,
        coverage=float(known.mean()),
    )


def _terms(text: str, names: list[str]) -> dict[str, float]:
    """Tags of a sum with their signs; nothing if the expression is anything but such a sum."""
    found: dict[str, float] = {}

    def walk(node: ast.expr, sign: float) -> bool:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            minus = isinstance(node.op, ast.Sub)
            return walk(node.left, sign) and walk(node.right, -sign if minus else sign)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd | ast.USub):
            return walk(node.operand, -sign if isinstance(node.op, ast.USub) else sign)
        if isinstance(node, ast.Name) and node.id not in found:
            found[node.id] = sign
            return True
        return False

    tree = ast.parse(f"(\n{text}\n)", mode="eval").body
    return found if walk(tree, 1.0) and sorted(found) == names else {}
