"""The MCP server over HTTP in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shiftwork.web.people import allow
from support.assistant_builders import NOW


@contextmanager
def mcp_over_http(options: list[str], people: Path) -> Iterator[tuple[str, str]]:
    """Serve an export; yields the address and the token of a person."""
    token = allow(people, "Kim", "operator")
    command = [sys.executable, "-m", "shiftwork", "mcp", *options, "--now", NOW, "--http", "0"]
    paths = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [*command, "--people", str(people)], stderr=subprocess.PIPE, text=True, env=paths
    ) as process:
        try:
            assert process.stderr is not None
            lines = iter(process.stderr.readline, "")
            address = next(line for line in lines if line.startswith("MCP: "))
            yield address.removeprefix("MCP: ").strip(), token
        finally:
            process.terminate()
            process.wait()
            process.stderr.close()
