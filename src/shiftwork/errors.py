"""The one kind of error that a user is meant to see.

Everything that a user can get wrong (a file, a key, a limit) ends in a ``UserError`` whose
message is a single line: what is wrong, where, and what to do. The command line prints it and
exits with status 2; a traceback is always a defect of ours.

Beside it stands what is no error: a user who presses Ctrl-C, which long work honours where it can go on later.
"""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from types import FrameType

MOST_NAMES = 20
"""Names that an error lists; of more, a reader finds none."""


class UserError(ValueError):
    """A mistake in something that the user handed in, told in one line with its fix."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


class Stopped(Exception):
    """The user asked to stop; what was learned is kept, and the same command goes on from it."""


@dataclass
class StopRequest:
    """Whether Ctrl-C was pressed."""

    wanted: bool = False


@contextmanager
def stopping_cleanly() -> Iterator[StopRequest]:
    """Turn the first Ctrl-C into a request that the loop may honour; the second one kills.

    Outside the main thread, where signals cannot be caught, the request stays unset.
    """
    request = StopRequest()

    def ask(number: int, frame: FrameType | None) -> None:
        del number, frame
        request.wanted = True
        signal.signal(signal.SIGINT, previous)

    try:
        previous = signal.signal(signal.SIGINT, ask)
    except ValueError:
        yield request
        return
    try:
        yield request
    finally:
        signal.signal(signal.SIGINT, previous)


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
