"""How a tag's mean differs between two ranges, with an interval."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from shiftwork.assistant.export import Export
from shiftwork.assistant.figures import Figure, cited
from shiftwork.assistant.pieces import Pieces, blocks
from shiftwork.assistant.tools.summarize import known_pieces, mean

BLOCKS = 24
"""Blocks into which each range is cut; neighbouring values are alike, so blocks are drawn whole."""
DRAWS = 2000


def compare(
    export: Export, tag: str, start: str, stop: str, other_start: str, other_stop: str
) -> tuple[Figure, ...]:
    """Compare a tag's time-weighted mean in a range with that in another one.

    Args:
        export: The export.
        tag: Key of a numeric tag.
        start: Begin of the range, ISO; in the plant's zone if it has no offset.
        stop: End of the range.
        other_start: Begin of the range that it is compared with.
        other_stop: End of that range.

    Returns:
        The figures difference (range minus other range), and the ends of its 95 % interval by a
        block bootstrap with a fixed seed. Each range gives 24 blocks of equal length; a process
        that wanders more slowly than a block makes the interval too narrow. With fewer than two
        known blocks in a range there is no interval.

    Raises:
        UserError: The tag or a range means nothing, or nothing is known in a range.
    """
    unit = export.numeric_tag(tag).unit
    here = known_pieces(export, tag, start, stop)
    there = known_pieces(export, tag, other_start, other_stop)
    found = [("difference", mean(here) - mean(there))]
    random = np.random.default_rng(0)
    parts = [_blocks(course) for course in (here, there)]
    if all(len(known) >= 2 for known, _ in parts):
        drawn = [_drawn_means(random, *part) for part in parts]
        low, high = np.quantile(drawn[0] - drawn[1], [0.025, 0.975])
        found += [("difference, lower end", float(low)), ("difference, upper end", float(high))]
    arguments = {
        "tag": tag,
        "start": start,
        "stop": stop,
        "other_start": other_start,
        "other_stop": other_stop,
    }
    return cited(
        export,
        "compare",
        arguments,
        ((tag, statistic, value, unit) for statistic, value in found),
        rows=here.rows + there.rows,
        coverage=min(here.coverage, there.coverage),
    )


def _blocks(course: Pieces) -> tuple[Float64[np.ndarray, " B"], Float64[np.ndarray, " B"]]:
    """Known seconds and integral of each block in which something is known, (B,) each."""
    known, total = blocks(course, np.linspace(0.0, course.range_s, BLOCKS + 1))
    return known[known > 0], total[known > 0]


def _drawn_means(
    random: np.random.Generator, known: Float64[np.ndarray, " B"], total: Float64[np.ndarray, " B"]
) -> Float64[np.ndarray, " D"]:
    chosen = random.integers(len(known), size=(DRAWS, len(known)))
    return total[chosen].sum(axis=1) / known[chosen].sum(axis=1)
