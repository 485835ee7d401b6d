"""Nodes of a Ray cluster on this machine, each a process that can be killed like a machine."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

STORE_BYTES = 100_000_000
"""Of each node's object store."""

START_S = 90.0


class Node:
    """A node of one core that runs until it is killed.

    Args:
        head: Address of the cluster's head; None begins a cluster.
        environment: What is set for the node beside this process's own environment.
    """

    def __init__(self, head: str | None = None, environment: dict[str, str] | None = None) -> None:
        self._head = head is None
        self._folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
        self.address = head or f"127.0.0.1:{_free_port()}"
        self.client_port = _free_port()
        words = ["start", "--block", "--num-cpus=1", "--disable-usage-stats"]
        words += [
            f"--object-store-memory={STORE_BYTES}",
            "--min-worker-port=0",
            "--max-worker-port=0",
        ]
        words += ["--node-ip-address=127.0.0.1"]
        if head:
            words += [f"--address={head}"]
        else:
            words += [
                "--head",
                f"--port={self.address.rpartition(':')[2]}",
                "--include-dashboard=false",
            ]
            words += [f"--ray-client-server-port={self.client_port}", f"--temp-dir={self._folder}"]
        found = os.pathsep.join(path or os.getcwd() for path in sys.path)
        with (self._folder / "printed.txt").open("wb") as printed:
            self._process = subprocess.Popen(
                [sys.executable, "-c", "from ray.scripts.scripts import main; main()", *words],
                env=os.environ | {"PYTHONPATH": found} | (environment or {}),
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait_until_it_runs()

    def kill(self) -> None:
        """Kill everything that the node consists of, at once; a killed node stays so."""
        if self._process.poll() is None:
            for pid in (*_below(self._process.pid), self._process.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _wait_until_it_runs(self) -> None:
        printed, deadline = self._folder / "printed.txt", time.monotonic() + START_S
        while (
            "Ray runtime started" not in printed.read_text(encoding="utf-8") or not self._listens()
        ):
            if self._process.poll() is not None or time.monotonic() > deadline:
                text = printed.read_text(encoding="utf-8")
                self.kill()
                raise RuntimeError(f"a node of Ray did not start: {text[-2000:]}")
            time.sleep(0.1)

    def _listens(self) -> bool:
        """Whether a head takes clients; it does so a little after it says that it runs."""
        if not self._head:
            return True
        try:
            socket.create_connection(("127.0.0.1", self.client_port), 1.0).close()
        except OSError:
            return False
        return True


def _below(pid: int) -> list[int]:
    """Find the processes that a process has started, and theirs."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with suppress(OSError):
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(folder.name))
    found, waiting = [], [pid]
    while waiting:
        found += children.get(waiting[0], [])
        waiting += children.get(waiting.pop(0), [])
    return found


def _free_port() -> int:
    """Find a port that nobody has, below those that Ray and the system give to whoever asks for any."""
    for port in random.SystemRandom().sample(range(20_000, 30_000), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port between 20000 and 30000 is free")
