"""Ctrl-C as a request, which long work honours where it can be taken up again."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


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
