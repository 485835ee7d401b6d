"""What the cycle needs of a connection to a plant, whichever protocol it speaks.

A plant takes a write over in two steps. Values are *staged*; a *commit* brings them in force
together. It repeats the plant's own tick, which may be at most ``FRESH_TICKS`` old: a write that a
broken link delivers late is never taken over. And it holds a checksum over the staged values and
those in force: neither a late staged value nor a set-point that an operator moves at the same
moment can slip through.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from shiftwork.operation.samples import Sample

FRESH_TICKS = 3
"""Plant ticks after which a commit is refused."""


class Lost(Exception):
    """The link is lost, or a call took too long; whether a write in flight acts is unknown."""


@dataclass(frozen=True)
class Reading:
    """What one read gives.

    Attributes:
        samples: Every tag that was read by its key; an action's sample is the set-point in force.
        tick: The plant's own count; it goes up several times a cycle and never repeats a number.
        taken: Tick of the last commit that the plant took over.
        enabled: Whether the plant lets an agent write at all.
        remote: For each action whether its loop takes set-points from outside.
        owner: Who writes to the plant; "" if nobody does.
        shed: Whether the plant has taken its loops back.
    """

    samples: dict[str, Sample]
    tick: int
    taken: int
    enabled: bool
    remote: dict[str, bool]
    owner: str
    shed: bool


@runtime_checkable
class Connection(Protocol):
    """A link to a plant; every method ends in time or raises ``Lost``."""

    def notice(self) -> str:
        """Say what people should see to before it becomes a fault, or ""."""

    async def read(self) -> Reading:
        """Read everything at once."""

    async def read_panel(self) -> Reading:
        """Read what a commit depends on: set-points in force, limits and modes, of the tags no others."""

    async def beat(self, owner: str) -> None:
        """Say that the owner is alive and writes; a plant that misses it takes its loops back."""

    async def stage(self, values: dict[str, float]) -> dict[str, str]:
        """Stage values; return the refused ones with the plant's reason."""

    async def commit(self, tick: int, crc: int) -> str:
        """Ask that what is staged comes in force; return the plant's reason if it refuses, or ""."""

    async def shed(self) -> None:
        """Ask the plant to take its loops back."""


def checksum(staged: Sequence[float], in_force: Sequence[float]) -> int:
    """CRC-32 of all staged values, then all in force, in the order of the actions, as float64."""
    values = (*staged, *in_force)
    return zlib.crc32(struct.pack(f"<{len(values)}d", *values))
