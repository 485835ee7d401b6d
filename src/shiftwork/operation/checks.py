"""Whether what was read can be true: range, standing still, the plant's tick, the clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from shiftwork.operation.connection import Reading
from shiftwork.operation.samples import Sample
from shiftwork.operation.settings import OperationRules
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.historian.values.quality import BAD

JUMP_S = 1.0
"""The wall clock may move by this much against the monotonic one in a cycle."""
STILL_TICKS = 3
"""Tick times after which a tick that stands still means that the plant does."""


@dataclass
class Checks:
    """Looks at each reading; keeps what it needs of the ones before.

    Attributes:
        plant: Gives the spans.
        rules: Give the most that a tag can move in a period.
        still_s: By tag, how long it may stand still, seconds.
    """

    plant: PlantFile
    rules: OperationRules
    still_s: Mapping[str, float]
    _good: dict[str, tuple[float, float]] = field(default_factory=dict)
    _since: dict[str, tuple[float, float]] = field(default_factory=dict)
    _tick: tuple[int, float] | None = None
    _offset_s: float | None = None

    def samples(self, reading: Reading, now_s: float) -> tuple[dict[str, Sample], dict[str, str]]:
        """Mark what cannot be true as bad.

        Args:
            reading: As the plant gave it.
            now_s: Monotonic clock, seconds.

        Returns:
            The samples, and for each one that is bad now the reason.
        """
        checked, reasons = dict(reading.samples), {}
        for key, sample in reading.samples.items():
            reason = self._reason(key, sample, now_s) or self._too_fast(key, sample, now_s)
            if reason:
                reasons[key] = reason
                checked[key] = replace(sample, status=BAD)
        return checked, reasons

    def _reason(self, key: str, sample: Sample, now_s: float) -> str:
        tag = self.plant.tags[key]
        if sample.status == BAD:
            self._since.pop(key, None)
            return "is called bad by the plant"
        if tag.role == "state":
            return ""
        value = sample.number
        if value != value:
            return "is not a number"
        if tag.span is not None and not tag.span[0] <= value <= tag.span[1]:
            return f"{value:g} is outside its span"
        if key not in self.still_s:
            return ""
        before, since = self._since.get(key, (value, now_s))
        if before != value:
            since = now_s
        self._since[key] = (value, since)
        still_s = now_s - since
        return f"has stood still for {still_s:.0f} s" if still_s > self.still_s[key] else ""

    def _too_fast(self, key: str, sample: Sample, now_s: float) -> str:
        """Say if a value is farther from the last good one than the tag can go in that time."""
        if key not in self.rules.fastest:
            return ""
        value, (before, at_s) = sample.number, self._good.get(key, (sample.number, now_s))
        periods = max(1.0, (now_s - at_s) / self.plant.period_s)
        if abs(value - before) > self.rules.fastest[key] * periods:
            return f"went from {before:g} to {value:g}, which is too fast"
        self._good[key] = (value, now_s)
        return ""

    def tick(self, tick: int, now_s: float) -> str:
        """Say if the plant's own count stands still, which no read can show otherwise."""
        if self._tick is None or self._tick[0] != tick:
            self._tick = (tick, now_s)
        still_s = now_s - self._tick[1]
        return (
            f"the plant's tick stands still since {still_s:.1f} s"
            if (still_s > STILL_TICKS * self.rules.tick_s)
            else ""
        )

    def clock(self, now_s: float, wall_us: int) -> str:
        """Say if the wall clock has jumped since the last cycle."""
        offset_s = wall_us / 1e6 - now_s
        before, self._offset_s = self._offset_s, offset_s
        if before is not None and abs(offset_s - before) > JUMP_S:
            return f"the wall clock jumped by {offset_s - before:+.1f} s"
        return ""
