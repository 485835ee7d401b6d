"""Serves the control-room page, or the assistant over MCP, until it is stopped."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from starlette.types import ASGIApp

from shiftwork.errors import UserError
from shiftwork.web.app import control_room

if TYPE_CHECKING:
    from shiftwork.assistant.assistant import Assistant

GRACE_S = 2
"""Streams never end by themselves; at the end they are cut after this time."""


def serve(
    folder: Path, port: int, ready: Callable[[str], None], assistant: Assistant | None = None
) -> None:
    """Serve the control-room page of the folder that operate writes to; see ``serve_app``."""
    serve_app(lambda port: control_room(folder, port, assistant), port, ready)


def serve_app(make: Callable[[int], ASGIApp], port: int, ready: Callable[[str], None]) -> None:
    """Serve on this machine's own address (loopback).

    Args:
        make: Makes the application for the port.
        port: TCP port; 0 takes any that is free.
        ready: Called with the address once browsers can connect.

    Raises:
        UserError: The port is in use.
    """
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", port))
            listening.listen()
        except (OSError, OverflowError) as error:
            raise UserError(
                f"port {port}: cannot be served ({error}); choose another --port"
            ) from None
        port = listening.getsockname()[1]
        config = uvicorn.Config(
            make(port),
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
        )
        ready(f"http://127.0.0.1:{port}/")
        uvicorn.Server(config).run(sockets=[listening])
