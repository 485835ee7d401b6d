"""A real PostgreSQL server of the tests' own, in a temporary folder, on a Unix socket alone."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest


def _program(name):
    """A program of the server, which Debian does not put on the path."""
    found = [*Path("/usr/lib/postgresql").glob(f"*/bin/{name}")]
    return shutil.which(name) or (f"{max(found)}" if found else None)


def _as_server():
    """PostgreSQL refuses to run as root: who else it may run as, or None."""
    if os.getuid() != 0:
        return []
    if subprocess.run(["id", "postgres"], capture_output=True, check=False).returncode:
        return None
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]


class Postgres:
    """A server that can be started, stopped and frozen."""

    def __init__(self, folder, user):
        self.folder, self.user, self.count = folder, user, 0

    def start(self):
        words = ["-D", f"{self.folder}/data", "-k", f"{self.folder}", "-c", "listen_addresses="]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self.user, _program("postgres"), *words], stdout=log, stderr=log
            )
        self.another()

    def another(self):
        """Make an empty database; how to reach it."""
        import psycopg

        self.count += 1
        reached = f"host={self.folder} user=postgres dbname="
        end = time.monotonic() + 60
        while True:
            try:
                with psycopg.connect(reached + "postgres", autocommit=True) as link:
                    link.execute(f"CREATE DATABASE d{self.count}")
                return f"{reached}d{self.count}"
            except psycopg.OperationalError:
                assert time.monotonic() < end, (self.folder / "log").read_text()
                time.sleep(0.05)

    def stop(self):
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()


@pytest.fixture(scope="module")
def postgres():
    """Skipped by name where there is no server, or nobody whom it may run as."""
    pytest.importorskip("psycopg")
    user = _as_server()
    if _program("postgres") is None or _program("initdb") is None:
        pytest.skip("PostgreSQL is not installed")
    if user is None:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    with tempfile.TemporaryDirectory(prefix="pg") as text:  # its socket's path must be short
        folder = Path(text)
        if user:
            shutil.chown(folder, "postgres", "postgres")
        initdb = [_program("initdb"), "-D", f"{folder}/data", "-U", "postgres", "-A", "trust", "-N"]
        subprocess.run([*user, *initdb], check=True, capture_output=True, cwd="/")
        server = Postgres(folder, user)
        server.start()
        yield server
        server.stop()
