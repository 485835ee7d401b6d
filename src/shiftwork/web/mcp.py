"""The assistant's MCP server over HTTP, under the rules of the control-room page.

One machine only; no other page's origin; and, since every call reads the plant's data, the token of
a named person with each. Programs that are no browser send no origin, which is let pass.
"""

from __future__ import annotations

from pathlib import Path

from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from shiftwork.assistant.assistant import Assistant
from shiftwork.assistant.mcp_server import make_server
from shiftwork.web.app import HOSTS, StrictHeaders
from shiftwork.web.people import person_of

PATH = "/mcp"


class NamedPeople:
    """Lets calls pass that come from no other page and bear the token of a named person."""

    def __init__(self, app: ASGIApp, folder: Path, port: int) -> None:
        self.app, self.folder = app, folder
        self.origins = {f"http://{host}:{port}" for host in HOSTS}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403 or 401, or pass the call on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = HTTPConnection(scope).headers
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if headers.get("origin") not in (None, *self.origins):
            answer = JSONResponse({"answer": "the request comes from another page"}, 403)
        elif scheme != "Bearer" or not token or person_of(self.folder, token) is None:
            answer = JSONResponse(
                {"answer": "the token is not known; send yours, or ask an engineer for one"}, 401
            )
        else:
            await self.app(scope, receive, send)
            return
        await answer(scope, receive, send)


def mcp_app(assistant: Assistant, folder: Path, port: int) -> ASGIApp:
    """Make the application.

    Args:
        assistant: With the export open.
        folder: The folder that operate writes to, which names the people.
        port: The port it is served on, for the check of origins.

    Raises:
        UserError: The package mcp is missing.
    """
    # Stateless replies in JSON: a call needs nothing of the call before.
    app = make_server(assistant).streamable_http_app(
        streamable_http_path=PATH, json_response=True, stateless_http=True
    )
    named = TrustedHostMiddleware(
        NamedPeople(app, folder, port), allowed_hosts=list(HOSTS), www_redirect=False
    )
    return StrictHeaders(named)
