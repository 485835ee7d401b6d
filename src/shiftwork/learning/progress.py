"""How long work tells whoever waits that it goes on."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class Advance(Protocol):
    """Called with the work done since the last call and a short note to show."""

    def __call__(self, amount: float, note: str = "") -> None: ...  # noqa: D102
