"""Doing one job, wherever it is done: the function is called, and what comes of it is told."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import sys
import threading
import time
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from shiftwork.errors import Stopped, UserError
from shiftwork.jobs.job import Tell, function_of


@dataclass(frozen=True)
class End:
    """How a job ended.

    Attributes:
        error: What went wrong in one line; nothing if the job is finished.
        trace: The traceback of an error.
        wall_s: Seconds that it took.
        where: The machine.
    """

    error: str
    trace: str
    wall_s: float
    where: str


@runtime_checkable
class Heard(Protocol):
    """Whoever wants to know how the jobs of a run go."""

    def share(self, key: str, share: float, note: str) -> None:
        """A share of a job, of 1, was done."""

    def ended(self, key: str, end: End) -> None:
        """A job has ended; what it wrote is in its folder among the unfinished ones."""

    def again(self, key: str, text: str) -> None:
        """A job was lost, and begins from nothing once more; the text says why."""

    def told(self, text: str) -> None:
        """Something happened that a person should know."""


def surroundings(cores: int, gpus: int = 0) -> dict[str, str]:
    """Name the environment in which a process uses so many threads, and GPUs only if asked for.

    JAX reads it when it first runs something, NumPy when it is imported.
    """
    names = ("NPROC", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
             "POLARS_MAX_THREADS")  # fmt: skip
    return dict.fromkeys(names, str(cores)) | ({} if gpus else {"JAX_PLATFORMS": "cpu"})


def work(order: dict[str, Any], tell: Tell) -> End:
    """Do one job; errors are what it gives back, except that somebody asked to stop.

    Args:
        order: What ``Job.order`` wrote down.
        tell: Told of progress.
    """
    folder, begun = Path(order["folder"]), time.perf_counter()
    error = trace = ""
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        inputs = {name: Path(path) for name, path in order["inputs"].items()}
        function_of(order["function"])(folder, tell, **order["arguments"], **inputs)
    except (Stopped, KeyboardInterrupt):
        raise
    except BaseException as problem:
        error, trace = said(problem, folder), traceback.format_exc()
    return End(error, trace, time.perf_counter() - begun, socket.gethostname())


def said(problem: BaseException, folder: Path) -> str:
    """Tell an error in one line.

    Args:
        problem: The error.
        folder: Into which the job wrote.
    """
    if isinstance(problem, OSError) and problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"the disk of {problem.filename or folder} on {socket.gethostname()} is full; make room "
            "there"
        )
    if isinstance(problem, UserError):
        return str(problem)
    return " ".join(f"{type(problem).__name__}: {problem}".split())


class Channel:
    """A child process's line to the one that started it: orders come in, events go out, both as JSON.

    Whatever else the process prints goes to its standard error. Where the other end closes, this
    process ends: nobody waits for its work any more.
    """

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        self._lock = threading.Lock()
        os.dup2(2, 1)
        self._orders: list[dict[str, Any]] = []
        self._came = threading.Condition()
        threading.Thread(target=self._listen, daemon=True).start()

    def receive(self) -> dict[str, Any]:
        """Wait for the next order."""
        with self._came:
            self._came.wait_for(lambda: self._orders)
            return self._orders.pop(0)

    def send(self, **event: Any) -> None:
        """Send an event."""
        with self._lock:
            self._out.write(json.dumps(event) + "\n")
            self._out.flush()

    def teller(self, key: str) -> Tell:
        """Make what a job tells its progress to."""
        return lambda share, note: self.send(key=key, share=share, note=note)

    def ended(self, key: str, end: End) -> None:
        """Send how a job ended."""
        self.send(key=key, end=asdict(end))

    def _listen(self) -> None:
        for line in sys.stdin:
            with self._came:
                self._orders.append(json.loads(line))
                self._came.notify()
        os._exit(1)
