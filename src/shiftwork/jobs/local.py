"""Jobs on one machine: in this process, or in several that are started for it.

Each process is a fresh Python that is given one job after the other. It is no fork, which JAX does
not survive, and no ``multiprocessing``, which would run the user's script again. One that is killed
is replaced, and its job is tried once more.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import Counter, deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from shiftwork.errors import UserError
from shiftwork.jobs.job import Job
from shiftwork.jobs.work import End, Heard, surroundings, work

TRIES = 2
"""How often a job is begun whose worker is killed."""

LAST_LINES = 20
"""Of what a lost process printed, kept with the error."""


def run_here(jobs: Sequence[Job], unfinished: Path, heard: Heard) -> None:
    """Do jobs one after the other in this process.

    Args:
        jobs: The jobs.
        unfinished: Below which each one writes into a folder of its key.
        heard: Told how they go.
    """
    # Without effect where JAX has run before; the command line has not run it. The device is the user's.
    asked = surroundings(max(job.cores for job in jobs), gpus=1)
    before = {name: os.environ.get(name) for name in asked}
    os.environ.update(asked)
    try:
        for job in jobs:

            def tell(share: float, note: str, key: str = job.key) -> None:
                heard.share(key, share, note)

            heard.ended(job.key, work(job.order(unfinished / job.key), tell))
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class Child:
    """A process that events come from.

    Args:
        module: What it runs, with its arguments.
        environment: What is set for it.
        log: The file that receives what it prints.
        events: Receives (child, event), and (child, None) when it has ended.
    """

    def __init__(
        self,
        module: Sequence[str],
        environment: dict[str, str],
        log: Path,
        events: queue.Queue[tuple[Child, dict[str, Any] | None]],
    ) -> None:
        self._log = log
        # It finds the modules that this process finds, be it in a checkout or a notebook.
        found = os.pathsep.join(path or os.getcwd() for path in sys.path)
        with log.open("wb") as printed:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=printed,
                bufsize=0,
                env=os.environ | environment | {"PYTHONPATH": found},
                # So that Ctrl-C reaches this process alone, which ends the others.
                start_new_session=True,
            )
        self._events = events
        threading.Thread(target=self._listen, daemon=True).start()

    def send(self, order: Any) -> None:
        """Send an order; if the process has ended, its end is on the way as an event."""
        with suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()
        self.finish()

    def finish(self, patience_s: float | None = None) -> None:
        """Close the line, upon which the process ends, and wait for it.

        Args:
            patience_s: After so many seconds it is killed.
        """
        with suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def cause(self) -> str:
        """Why it has ended."""
        code = self._process.wait()
        if code == -9:
            return "was killed (signal 9), as happens where memory runs out"
        if code < 0:
            return f"ended by signal {-code} ({signal.Signals(-code).name})"
        return f"ended with status {code}"

    @property
    def printed(self) -> str:
        """The last lines of what it printed."""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-LAST_LINES:])

    def _listen(self) -> None:
        stream: IO[bytes] | None = self._process.stdout
        assert stream is not None
        with stream:
            for line in stream:
                try:
                    self._events.put((self, json.loads(line)))
                except ValueError:  # it was killed in the middle of a line
                    break
        self._events.put((self, None))


class _Places:
    """Which GPUs each of the workers has: none are shared."""

    def __init__(self, workers: int, gpus: int) -> None:
        named = os.environ.get("CUDA_VISIBLE_DEVICES")
        there = named.split(",") if named is not None else _gpus_of_machine()
        there = [name for name in there if name]
        if workers * gpus > len(there):
            raise UserError(
                f"{workers} workers with {gpus} GPUs each are asked for, and this machine shows "
                f"{len(there)}; lower --workers or --gpus"
            )
        self._free = [there[n * gpus : (n + 1) * gpus] for n in range(workers)]

    def take(self) -> list[str]:
        return self._free.pop(0)

    def give_back(self, place: list[str]) -> None:
        self._free.append(place)


def _gpus_of_machine() -> list[str]:
    folder = Path("/proc/driver/nvidia/gpus")
    return [str(number) for number in range(len(list(folder.iterdir())))] if folder.is_dir() else []


class _Worker(Child):
    """A process with the cores and GPUs that jobs ask for."""

    def __init__(
        self,
        number: int,
        job: Job,
        place: list[str],
        unfinished: Path,
        events: queue.Queue[tuple[Child, dict[str, Any] | None]],
    ) -> None:
        self.number, self.place, self.kind = number, place, (job.cores, job.gpus)
        visible = {"CUDA_VISIBLE_DEVICES": ",".join(place[: job.gpus])}
        log = unfinished / f"worker-{number}.log"
        super().__init__(
            ("shiftwork.jobs.worker",), surroundings(job.cores, job.gpus) | visible, log, events
        )


class _Pool:
    """The workers of a run, and what each is doing."""

    def __init__(self, count: int, jobs: Sequence[Job], unfinished: Path, heard: Heard) -> None:
        self._places = _Places(count, max(job.gpus for job in jobs))
        self._count, self._unfinished, self._heard = count, unfinished, heard
        self._waiting = deque(jobs)
        self._tries: Counter[str] = Counter()
        self._started = 0
        self._idle: list[_Worker] = []
        self._busy: dict[_Worker, Job] = {}
        self._events: queue.Queue[Any] = queue.Queue()

    def run(self) -> None:
        try:
            while self._waiting or self._busy:
                while self._waiting and len(self._busy) < self._count:
                    self._begin(self._waiting.popleft())
                worker, event = self._events.get()
                if event is None:
                    self._lost(worker)
                elif "share" in event:
                    self._heard.share(event["key"], event["share"], event["note"])
                else:
                    self._heard.ended(event["key"], End(**event["end"]))
                    self._busy.pop(worker)
                    self._idle.append(worker)
        finally:
            for worker in (*self._busy, *self._idle):
                worker.kill()

    def _begin(self, job: Job) -> None:
        alike = [worker for worker in self._idle if worker.kind == (job.cores, job.gpus)]
        if alike:
            self._idle.remove(alike[0])
        elif self._idle:  # its threads are fixed when it starts, so another one takes its place
            self._places.give_back(self._idle[0].place)
            self._idle.pop(0).kill()
        worker = alike[0] if alike else self._new(job)
        self._busy[worker] = job
        self._tries[job.key] += 1
        worker.send(job.order(self._unfinished / job.key))

    def _new(self, job: Job) -> _Worker:
        self._started += 1
        return _Worker(self._started, job, self._places.take(), self._unfinished, self._events)

    def _lost(self, worker: _Worker) -> None:
        """Replace a worker that has ended by itself, and try its job once more."""
        if worker in self._idle:
            self._idle.remove(worker)
            self._places.give_back(worker.place)
        job = self._busy.pop(worker, None)
        worker.finish()
        if job is None:
            return
        self._places.give_back(worker.place)
        what = f"worker {worker.number} {worker.cause}"
        if self._tries[job.key] < TRIES:
            self._heard.again(
                job.key, f"{what} while it did job '{job.key}', which is tried once more"
            )
            self._waiting.appendleft(job)
        else:
            self._heard.ended(
                job.key, End(f"{what}; so did one before it", worker.printed, 0.0, "")
            )


def run_processes(jobs: Sequence[Job], count: int, unfinished: Path, heard: Heard) -> None:
    """Do jobs in several processes of this machine.

    Args:
        jobs: The jobs.
        count: Of processes.
        unfinished: Below which each job writes into a folder of its key.
        heard: Told how they go.

    Raises:
        UserError: There are not enough GPUs.
    """
    _Pool(min(count, len(jobs)), jobs, unfinished, heard).run()
