"""What a plant historian keeps of a signal: exception reporting, then a swinging door.

A control system scans a tag every few seconds. The interface sends on only what leaves a dead-band
around the value sent last (exception reporting), and the archive keeps of that only what a
straight line between kept points cannot tell within a second dead-band (swinging door; Bristol,
US patent 4,669,097, 1987). Both also send after a longest time, moved or not.

With both, the straight line between kept points stays within

    ``compression + 2 * exception``

of every scan (times span), not within the plain sum: the line is within ``compression`` of the
values that were sent on, and both the scan that was withheld and the value sent after it may lie
``exception`` from the value sent before, one above and one below. A shortest time breaks the bound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64


@dataclass(frozen=True)
class Compression:
    """How a historian compresses one tag; the defaults are those of the PI historian.

    Attributes:
        span: The instrument's span in tag units, of which the dead-bands are parts.
        exception: Dead-band of exception reporting, a part of the span.
        exception_min_s: No second value is sent on before that many seconds.
        exception_max_s: A value is sent on after that many seconds, moved or not.
        compression: Dead-band of the swinging door, a part of the span.
        compression_min_s: No second value is kept before that many seconds.
        compression_max_s: A value is kept after that many seconds, moved or not.
    """

    span: float
    exception: float = 0.01
    exception_min_s: float = 0.0
    exception_max_s: float = 600.0
    compression: float = 0.02
    compression_min_s: float = 0.0
    compression_max_s: float = 8 * 3600.0

    @property
    def bound(self) -> float:
        """Furthest that interpolation strays from a scan, tag units; holds without min times."""
        return self.span * (self.compression + 2 * self.exception)


def archived(
    time_s: Float64[np.ndarray, " N"], value: Float64[np.ndarray, " N"], how: Compression
) -> Int64[np.ndarray, " K"]:
    """Tell which scans of a tag its historian keeps, first and last always.

    Args:
        time_s: Increasing times, seconds.
        value: Finite values, tag units.
        how: The tag's settings.

    Returns:
        Their increasing positions.
    """
    sent = exception_reported(
        time_s, value, how.span * how.exception, how.exception_max_s, how.exception_min_s
    )
    kept = swinging_door(
        time_s[sent],
        value[sent],
        how.span * how.compression,
        how.compression_max_s,
        how.compression_min_s,
    )
    return sent[kept]


def exception_reported(
    time_s: Float64[np.ndarray, " N"],
    value: Float64[np.ndarray, " N"],
    dead_band: float,
    max_s: float,
    min_s: float = 0.0,
) -> Int64[np.ndarray, " K"]:
    """Tell which scans are sent on: those that leave the dead-band around the one sent last.

    The scan just before such a one is sent too, so that the line to it starts where the move did.

    Args:
        time_s: Increasing times, seconds.
        value: Finite values, tag units.
        dead_band: Half its width, tag units.
        max_s: A scan so long after the last one sent is sent whatever its value.
        min_s: A scan sooner after the last one sent is not sent, whatever its value.
    """
    times, values = time_s.tolist(), value.tolist()
    sent: list[int] = []
    last, sent_s, sent_value = -1, -math.inf, math.nan
    for i, (now_s, v) in enumerate(zip(times, values, strict=True)):
        moved = abs(v - sent_value) > dead_band and now_s - sent_s >= min_s
        if moved or now_s - sent_s >= max_s:
            if moved and i - 1 > last:
                sent.append(i - 1)
            sent.append(i)
            last, sent_s, sent_value = i, now_s, v
    if times and last < len(times) - 1:
        sent.append(len(times) - 1)  # the current value, which every historian can tell
    return np.array(sent, np.int64)


def swinging_door(
    time_s: Float64[np.ndarray, " N"],
    value: Float64[np.ndarray, " N"],
    dead_band: float,
    max_s: float,
    min_s: float = 0.0,
) -> Int64[np.ndarray, " K"]:
    """Tell which points are kept, so that lines between them pass all others within a dead-band.

    From the point kept last, two doors swing to the dead-band's ends at every later point, and
    only ever close. The first point that lies outside them cannot be reached by a line that
    serves all points between: the one before it, which could, is kept.

    Args:
        time_s: Increasing times, seconds.
        value: Finite values, tag units.
        dead_band: Half its width, tag units.
        max_s: A point so long after the last one kept is kept whatever its value.
        min_s: A point sooner after the last one kept is not kept, whatever its value.
    """
    times, values = time_s.tolist(), value.tolist()
    kept = [0] if times else []
    first = 0
    low, high = -math.inf, math.inf  # slopes, tag units per second
    for i in range(1, len(times)):
        slope = (values[i] - values[first]) / (times[i] - times[first])
        if not low <= slope <= high and times[i - 1] - times[first] >= min_s:
            first = i - 1
            kept.append(first)
            low, high = -math.inf, math.inf
        since_s = times[i] - times[first]
        if since_s >= max_s:
            first = i
            kept.append(first)
            low, high = -math.inf, math.inf
        else:
            low = max(low, (values[i] - dead_band - values[first]) / since_s)
            high = min(high, (values[i] + dead_band - values[first]) / since_s)
    if times and first < len(times) - 1:
        kept.append(len(times) - 1)
    return np.array(kept, np.int64)
