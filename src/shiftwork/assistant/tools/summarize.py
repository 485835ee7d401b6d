"""What a tag did in a range: time-weighted mean, extremes, integral, time outside limits."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float64

from shiftwork.assistant.export import Export
from shiftwork.assistant.figures import Figure, cited
from shiftwork.assistant.pieces import Pieces, pieces
from shiftwork.errors import UserError


class NothingKnown(UserError):
    """Nothing is known of a tag in a range."""


def summarize(
    export: Export,
    tag: str,
    start: str,
    stop: str,
    low: float | None = None,
    high: float | None = None,
) -> tuple[Figure, ...]:
    """Summarize a tag over a half-open range.

    Args:
        export: The export.
        tag: Key of a numeric tag.
        start: Begin of the range, ISO; in the plant's zone if it has no offset.
        stop: End of the range.
        low: Lower limit in the tag's unit; with either limit, the share of known time outside
            is computed too.
        high: Upper limit.

    Returns:
        The figures mean, minimum, maximum and integral (over the known time only), and with a
        limit the share outside, and that inside with the limits themselves. Extremes count the
        value that a straight piece runs up to.

    Raises:
        UserError: The tag, the range or the limits mean nothing, or nothing is known in the range.
    """
    unit = export.numeric_tag(tag).unit
    for limit in (low, high):
        if limit is not None and not math.isfinite(limit):
            raise UserError(f"the limit {limit} is not a finite number; leave it out or give one")
    if low is not None and high is not None and not low < high:
        raise UserError(
            f"the limits {low:g} and {high:g} leave nothing inside; give low below high"
        )
    course = known_pieces(export, tag, start, stop)
    # "/h" over hours is the amount itself.
    amount = unit.removesuffix("/h") if unit.endswith("/h") else f"{unit}·h".lstrip("·")
    found = [
        ("mean", mean(course), unit),
        ("minimum", float(min(course.left.min(), course.right.min())), unit),
        ("maximum", float(max(course.left.max(), course.right.max())), unit),
        ("integral", mean(course) * float(course.length_s.sum()) / 3600, amount),
    ]
    if low is not None or high is not None:
        outside = np.zeros(len(course.left))
        if low is not None:
            outside += _share_below(course.left, course.right, low)
        if high is not None:
            outside += _share_below(-course.left, -course.right, -high)
        share = float((outside * course.length_s).sum() / course.length_s.sum())
        found += [("share outside limits", share, ""), ("share inside limits", 1.0 - share, "")]
    arguments = {"tag": tag, "start": start, "stop": stop, "low": low, "high": high}
    return cited(
        export,
        "summarize",
        arguments,
        ((tag, statistic, value, its_unit) for statistic, value, its_unit in found),
        rows=course.rows,
        coverage=course.coverage,
    )


def mean(course: Pieces) -> float:
    """Average over known time, each piece weighted by its length."""
    middle = (course.left + course.right) / 2
    return float((middle * course.length_s).sum() / course.length_s.sum())


def known_pieces(export: Export, tag: str, start: str, stop: str) -> Pieces:
    """Cut out a tag's course, in which something must be known.

    Raises:
        NothingKnown: Nothing is known of the tag in the range.
    """
    course = pieces(export, tag, *export.span(start, stop))
    if not len(course.left):
        raise NothingKnown(
            f"nothing is known of {tag} from {start} to {stop} ({export.plant.zone}); "
            "choose a range that the records cover"
        )
    return course


def _share_below(
    left: Float64[np.ndarray, " N"], right: Float64[np.ndarray, " N"], limit: float
) -> Float64[np.ndarray, " N"]:
    """Share of each straight piece that lies below a limit, 0 to 1, (N,)."""
    lowest, highest = np.minimum(left, right), np.maximum(left, right)
    width = highest - lowest
    crossing = (limit - lowest) / np.where(width > 0, width, 1.0)
    return np.where(width > 0, np.clip(crossing, 0.0, 1.0), lowest < limit)
