"""Durations as plant files write them: "10s", "1min", "2h", "1d"."""

from __future__ import annotations

import re

SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
LONGEST_S = 1000 * 366 * SECONDS["d"]

_DURATION = re.compile(r"\s*(\d{1,9}(?:\.\d{1,6})?)\s*(ms|s|min|h|d)\s*")


def seconds(text: object) -> float:
    """Read a duration.

    Args:
        text: A number and a unit, such as "10min".

    Returns:
        Seconds, above 0.

    Raises:
        ValueError: It is something else; the message says what is needed.
    """
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    value = float(found[1]) * SECONDS[found[2]] if found else 0.0
    if not 0 < value <= LONGEST_S:
        raise ValueError(
            f"{text!r} is not a duration; write a number above 0 and one of ms, s, min, h, d, "
            'such as "10min"'
        )
    return value


def spelled(duration_s: float) -> str:
    """Write a duration in the largest unit that divides it, as ``seconds`` reads it."""
    for unit, factor in reversed(SECONDS.items()):
        count = duration_s / factor
        if count >= 1 and abs(count - round(count)) < 1e-9:
            return f"{round(count)}{unit}"
    return f"{max(round(duration_s * 1000), 1)}ms"
