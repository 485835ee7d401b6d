"""The dead-band of a tag, found from its kept samples alone, and whether it hides what the tag did.

A compressed tag looks as clean as any other, but moves smaller than the historian's dead-band are
not in it, and no reader can bring them back. Three traces remain:

- How far each kept sample lies from the line between its neighbours tells how far that line may
  be wrong between them (leave-one-out): the effective dead-band, good to a factor of about two.
  Where the historian kept hardly anything, it is only what the dead-band must at least be.
- A historian keeps a value after a longest time whatever it does. A tag that changed each time it
  was kept for that reason alone changed unseen.
- A set-point that is kept on change has its own steps, round ones mostly, or moves of any size.
  One that a dead-band filtered has none below a sharp edge, and one that is really a compressed
  measurement takes any value long after the last. (So does a set-point that a program computes
  and seldom changes: samples alone cannot tell them apart, and the plant file's dead-band must.)

What happens within two decision periods is of no concern: nobody decides faster.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64

from shiftwork.records.historian.plant_file.model import PlantTag

WIDE = 0.6
"""A dead-band hides a tag that it is that wide against: part of the standard deviation. On a coil
temperature, the PI historian's defaults give 0.7 and more with a span of 1000 C, where 2-hour means
are off by twice the deviation, and 0.3 to 0.5 with a span of 100 C, where they are right."""

WIDE_IF_FORCED = 0.3
"""The same for a tag that is mostly kept for the longest time alone; then the estimate is the
dead-band's least."""

ABSURD = 1e100
"""No tag is that large in any unit; its square could not be told."""

PAUSE = 20.0
"""How much longer than every other gap one is that lies between campaigns."""

FEWEST = 8
"""Changes below which their sizes tell nothing."""


@dataclass(frozen=True)
class DeadBand:
    """What is known of a tag's dead-band.

    Attributes:
        key: The tag.
        width: The effective dead-band, tag units: the plant file's, or the estimate, 0 for none.
        deviation: Standard deviation of the tag, weighted by time, tag units.
        silence_s: Half of the time lies in stretches between kept samples longer than this.
        hidden: Whether the tag's variation, or a held tag's moves, are lost in it.
        reason: The verdict in words.
    """

    key: str
    width: float
    deviation: float
    silence_s: float
    hidden: bool
    reason: str


def dead_band(
    tag: PlantTag,
    time_s: Float64[np.ndarray, " N"],
    value: Float64[np.ndarray, " N"],
    good: Bool[np.ndarray, " N"],
    period_s: float,
) -> DeadBand:
    """Estimate a tag's dead-band and judge whether it hides the tag's variation.

    Args:
        tag: The tag; a dead-band that its plant file gives is believed, and a laboratory's values
            are taken, not compressed.
        time_s: Increasing times of all samples, seconds.
        value: Their values, tag units.
        good: Whether the value can be used; what lies across others is not compared.
        period_s: The decision period.
    """
    good = good & (np.abs(value) < ABSURD)
    pair = good[1:] & good[:-1]
    value = np.where(good, value, 0.0)
    pair &= ~_pauses(np.diff(time_s), period_s)
    gap, change = np.diff(time_s)[pair], np.diff(value)[pair]
    deviation = _deviation(gap, value[:-1][pair], value[1:][pair])
    silence_s = _median_silence(gap)
    if tag.dead_band is not None:
        return DeadBand(
            tag.key, tag.dead_band, deviation, silence_s, *_judge_known(tag, change, deviation)
        )
    if not change.any():
        judged = 0.0, False, "it never changed"
    elif tag.laboratory_delay_s > 0:
        judged = 0.0, False, "a laboratory's values are not compressed"
    elif silence_s <= 2 * period_s:
        judged = 0.0, False, "it is kept as often as decisions are made"
    else:
        width = _leave_one_out(time_s, value, pair)
        judged = _judge(tag, gap, np.abs(change), width, deviation, silence_s, period_s)
    width, hidden, reason = judged
    return DeadBand(tag.key, width, deviation, silence_s, hidden, reason)


def _pauses(gap: Float64[np.ndarray, " G"], period_s: float) -> Bool[np.ndarray, " G"]:
    """Gaps between campaigns, in which nothing was recorded: no compression makes such ones.

    They are few, and far longer than all others, which are as short as decision periods.
    """
    most = max(len(gap) // 20, 0)
    ordered = np.sort(gap)
    if not most or ordered[-most - 1] > 2 * period_s:
        return np.zeros(len(gap), bool)
    tail = ordered[-most - 1 :]
    jumps = tail[1:] / np.maximum(tail[:-1], 1e-9)
    first = int(jumps.argmax())
    if jumps[first] < PAUSE or tail[first] > 2 * period_s:
        return np.zeros(len(gap), bool)
    return gap >= tail[first + 1]


def _judge_known(
    tag: PlantTag, change: Float64[np.ndarray, " M"], deviation: float
) -> tuple[bool, str]:
    """Judge a dead-band that the plant file gives: whether the tag hides in it, and why."""
    width = tag.dead_band or 0.0
    moves = np.abs(change[change != 0])
    if not tag.hold or not moves.size:
        hidden = bool(width > WIDE * deviation > 0)
        return hidden, f"its dead-band {_figure(width, tag)} is {_against(deviation, tag)}"
    typical = float(np.median(moves))
    return width > typical / 2, (
        f"its dead-band {_figure(width, tag)} stands against moves of {_figure(typical, tag)}"
    )


def _judge(
    tag: PlantTag,
    gap: Float64[np.ndarray, " M"],
    change: Float64[np.ndarray, " M"],
    width: float,
    deviation: float,
    silence_s: float,
    period_s: float,
) -> tuple[float, bool, str]:
    """Judge a tag that was kept more rarely than decisions are made: width, hidden, reason."""
    seldom = f"it was kept only about every {_about(silence_s)}"
    longest = (change > 0) & (gap > 0.9 * gap.max())
    if longest.sum() >= 3 and gap[longest].sum() > 0.5 * gap.sum():
        unseen = float(np.median(change[longest]))
        if tag.hold or width > WIDE_IF_FORCED * deviation:
            return (
                max(width, unseen),
                True,
                f"{seldom}, and changed by {_figure(unseen, tag)} unseen",
            )
    if not tag.hold:
        text = f"{seldom}, where it strayed from the line between by {_figure(width, tag)}, "
        return width, width > WIDE * deviation, text + _against(deviation, tag)
    moves = change[change > 0]
    if moves.size < FEWEST:
        return 0.0, False, f"it moved {moves.size} times, too few to show a dead-band"
    if _round(moves):
        return 0.0, False, f"it moves in steps of {_figure(float(moves.min()), tag)}"
    least, typical = np.quantile(moves, [0.05, 0.5]).tolist()
    if least > typical / 2:
        text = f"it never moves less than {_figure(least, tag)}, though {_figure(typical, tag)} is "
        return least, True, text + "usual, so smaller moves were not kept"
    sharp = change[gap <= 2 * period_s].sum() > moves.sum() / 2
    if sharp or width <= WIDE * deviation:
        return 0.0, False, f"it moves by any amount, {_figure(typical, tag)} mostly"
    text = (
        f"{seldom}, yet takes any value, as a measurement does, and strays from the line between "
    )
    return width, True, f"{text}by {_figure(width, tag)}, {_against(deviation, tag)}"


def _leave_one_out(
    time_s: Float64[np.ndarray, " N"],
    value: Float64[np.ndarray, " N"],
    pair: Bool[np.ndarray, " M"],
) -> float:
    """Mean distance of samples from the line between their neighbours, weighted by time."""
    inner = pair[1:] & pair[:-1]
    whole = (time_s[2:] - time_s[:-2])[inner]
    if not whole.sum() > 0:
        return 0.0
    part = (time_s[1:-1] - time_s[:-2])[inner] / np.where(whole > 0, whole, 1.0)
    first, middle, last = value[:-2][inner], value[1:-1][inner], value[2:][inner]
    return float(np.average(np.abs(middle - first - part * (last - first)), weights=whole))


def _deviation(
    gap: Float64[np.ndarray, " M"],
    left: Float64[np.ndarray, " M"],
    right: Float64[np.ndarray, " M"],
) -> float:
    """Standard deviation over time of the lines from ``left`` to ``right``."""
    total = gap.sum()
    if not total > 0:
        return 0.0
    mean = np.sum(gap * (left + right)) / 2 / total
    left, right = left - mean, right - mean
    return float(np.sqrt(np.sum(gap * (left**2 + left * right + right**2)) / 3 / total))


def _median_silence(gap: Float64[np.ndarray, " M"]) -> float:
    """The gap in which the median moment lies: half of the time lies in longer ones."""
    ordered = np.sort(gap)
    if not ordered.size:
        return 0.0
    passed = np.cumsum(ordered)
    return float(ordered[np.searchsorted(passed, passed[-1] / 2)])


def _round(moves: Float64[np.ndarray, " M"]) -> bool:
    """Whether moves are whole multiples of one coarse step, as a person's or a program's are."""
    if moves.min() * 50 < np.median(moves):
        return False  # the step would be as fine as rounding
    for parts in (1, 2, 3, 4):
        steps = moves / (moves.min() / parts)
        if np.all(np.abs(steps - np.round(steps)) < 0.02):
            return True
    return False


def _about(duration_s: float) -> str:
    for unit, factor in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if duration_s >= 2 * factor:
            return f"{float(f'{duration_s / factor:.2g}'):g} {unit}"
    return f"{float(f'{duration_s:.2g}'):g} s"


def _figure(value: float, tag: PlantTag) -> str:
    return f"{value:.3g} {tag.unit}".rstrip()


def _against(deviation: float, tag: PlantTag) -> str:
    return f"against a standard deviation of {_figure(deviation, tag)}"
