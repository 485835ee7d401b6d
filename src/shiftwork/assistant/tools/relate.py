"""How two tags move together: correlation of their period means, also when one follows later."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from shiftwork.assistant.export import Export
from shiftwork.assistant.figures import Figure, cited
from shiftwork.assistant.pieces import period_means
from shiftwork.assistant.tools.summarize import known_pieces
from shiftwork.errors import UserError

FEWEST = 30
"""Periods in which both tags must be known."""
LONGEST_LAG = 24
"""Periods by which one tag may follow the other."""


class TooLittle(UserError):
    """There is too little to tell how two tags move together."""


def relate(export: Export, tag: str, other: str, start: str, stop: str) -> tuple[Figure, ...]:
    """Correlate the period means of two tags over a half-open range.

    A correlation says how closely two courses follow a straight line together. It does not say
    that one moves the other: both may follow a third, or an operator who moves both.

    Args:
        export: The export.
        tag: Key of a numeric tag.
        other: Key of another one.
        start: Begin of the range, ISO; in the plant's zone if it has no offset.
        stop: End of the range.

    Returns:
        The figures correlation (Pearson, -1 to 1), the strongest correlation with a lag of at most
        24 periods and a quarter of the range, and that lag in hours (above 0: ``other`` follows
        ``tag``).

    Raises:
        UserError: The tags or the range mean nothing.
        TooLittle: Fewer than 30 periods are known of both, or one of them never moves.
    """
    if tag == other:
        raise UserError(f"{tag} is compared with itself; name two different tags")
    period_s = export.plant.period_s
    courses = [known_pieces(export, key, start, stop) for key in (tag, other)]
    means = [period_means(course, period_s) for course in courses]
    now = _correlation(means[0], means[1])
    if now is None:
        raise TooLittle(
            f"{tag} and {other} from {start} to {stop}: there are fewer than {FEWEST} periods in "
            "which both are known, or one of them does not move; choose a longer range"
        )
    longest = min(LONGEST_LAG, len(means[0]) // 4)
    found = {lag: _lagged(means[0], means[1], lag) for lag in range(-longest, longest + 1)}
    known = {lag: value for lag, value in found.items() if value is not None}
    # Of equal ones the shortest lag counts.
    best = min(known, key=lambda lag: (-abs(known[lag]), abs(lag), lag))
    both = np.isfinite(means[0]) & np.isfinite(means[1])
    return cited(
        export,
        "relate",
        {"tag": tag, "other": other, "start": start, "stop": stop},
        (
            (tag, "correlation", now, ""),
            (tag, "strongest correlation", known[best], ""),
            (tag, "lag of the strongest correlation", best * period_s / 3600, "h"),
        ),
        rows=sum(course.rows for course in courses),
        coverage=float(both.mean()),
    )


def _lagged(
    first: Float64[np.ndarray, " P"], second: Float64[np.ndarray, " P"], lag: int
) -> float | None:
    """Correlation of the first with the second so many periods later."""
    if lag < 0:
        return _lagged(second, first, -lag)
    return _correlation(first[: len(first) - lag], second[lag:])


def _correlation(
    first: Float64[np.ndarray, " P"], second: Float64[np.ndarray, " P"]
) -> float | None:
    both = np.isfinite(first) & np.isfinite(second)
    if both.sum() < FEWEST:
        return None
    left, right = first[both] - first[both].mean(), second[both] - second[both].mean()
    scale = float(np.sqrt((left @ left) * (right @ right)))
    # What is left of a constant after its mean is taken off is rounding alone.
    smallest = 1e-12 * len(left) * np.abs(first[both]).max() * np.abs(second[both]).max()
    return float(np.clip(left @ right / scale, -1.0, 1.0)) if scale > smallest else None
