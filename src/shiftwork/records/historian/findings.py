"""What is noticed while reading, counted by kind and tag."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Finding:
    """Something that reading noticed.

    Attributes:
        kind: What it is, such as "text state" or "conflicting duplicate".
        tag: Key of the tag, "" if it is about a whole file.
        count: How often.
        example: The first one, as "file: row: what".
    """

    kind: str
    tag: str
    count: int
    example: str


class Findings:
    """Counts findings, and keeps the first example of each."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str, str], tuple[int, str]] = {}

    def note(self, kind: str, tag: str, count: int, example: str, *, each: bool = False) -> None:
        """Count more of one kind; the first example stays.

        Args:
            kind: What it is.
            tag: Key of the tag, "" if it is about a whole file.
            count: How many more.
            example: The first of them.
            each: Every example is a finding of its own.
        """
        which = kind, tag, example if each else ""
        before, first = self.kept.get(which, (0, example))
        self.kept[which] = (before + count, first)

    def all(self) -> tuple[Finding, ...]:
        """All of them, in the order in which they were first noticed."""
        return tuple(Finding(kind, tag, *what) for (kind, tag, _), what in self.kept.items())

    def copy(self) -> Findings:
        """What was noticed up to now."""
        copied = Findings()
        copied.kept = dict(self.kept)
        return copied

    def as_json(self) -> list[list[Any]]:
        """All that was noticed, for ``go_on``."""
        return [[*which, *what] for which, what in self.kept.items()]

    def go_on(self, known: list[list[Any]]) -> None:
        """Take up what an import had noticed when it was stopped."""
        self.kept = {(kind, tag, each): (count, first) for kind, tag, each, count, first in known}
