"""The one kind of error that a user is meant to see.

Everything that a user can get wrong (a file, a key, a limit) ends in a ``UserError`` whose
message is a single line: what is wrong, where, and what to do. The command line prints it and
exits with status 2; a traceback is always a defect of ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

MOST_NAMES = 20
"""Names that an error lists; of more, a reader finds none."""


class UserError(ValueError):
    """A mistake in something that the user handed in, told in one line with its fix."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


class Stopped(Exception):
    """The user asked to stop; what was learned is kept, and the same command goes on from it."""


def unknown(kind: str, name: str, known: Iterable[str], where: str = "") -> UserError:
    """Build the error for a name that does not exist, with the nearest ones that do.

    Args:
        kind: What the name should have named ("plant", "key").
        name: What the user wrote.
        known: The names that exist.
        where: The file or place in which it stood, put in front.
    """
    names = sorted(known)
    listed = ", ".join(names[:MOST_NAMES]) + (
        f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    )
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean '{near[0]}'?" if near else f"known: {listed}"
    return UserError(f"{where + ': ' if where else ''}unknown {kind} '{name}'; {hint}")
