"""The control-room page over HTTP: state as server-sent events, trends, and changes by people.

It serves one machine only unless told otherwise. Every answer has strict headers; a change needs
the token of a named person, the page's own origin, and goes through the desk, where the rules of
``modes`` decide.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shiftwork.errors import UserError
from shiftwork.operation.desk import CHANGES, Caller
from shiftwork.operation.modes import Person
from shiftwork.web.asking import Asking
from shiftwork.web.people import person_of
from shiftwork.web.source import Source

if TYPE_CHECKING:
    from shiftwork.assistant.assistant import Assistant

STATIC = Path(__file__).parent / "static"
EVERY_S = 0.5
"""Between two states that the page is sent."""
HOSTS = ("127.0.0.1", "localhost")
MOST_BYTES = 4096
"""No change and no question is longer."""
COUNTS = {"reset": (0,), "override": (0,), "limits": (1, 3), "accept": (3,), "reject": (3,)}
"""How many values a change has; one unless named."""
HEADERS = {
    b"content-security-policy": b"default-src 'none'; script-src 'self'; style-src 'self'; "
    b"connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    b"frame-ancestors 'none'",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"cache-control": b"no-store",
}


class StrictHeaders:
    """Adds the headers to every answer, streams included."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, and add the headers when its answer begins."""

        async def strict(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = [(k, v) for k, v in message["headers"] if k.lower() not in HEADERS]
                message["headers"] = [*given, *HEADERS.items()]
            await send(message)

        await self.app(scope, receive, strict)


def control_room(folder: Path, port: int, assistant: Assistant | None = None) -> Starlette:
    """Make the page of one operating process.

    Args:
        folder: The folder that operate writes to.
        port: The port it is served on, for the check of origins.
        assistant: Answers questions on the page; none are asked if None.
    """
    source = Source(folder)
    origins = {f"http://{host}:{port}" for host in HOSTS}
    asking = Asking(assistant) if assistant is not None else None

    async def page(_: Request) -> Response:
        return FileResponse(STATIC / "page.html")

    async def events(_: Request) -> Response:
        return StreamingResponse(_states(source), media_type="text/event-stream")

    async def trend(request: Request) -> Response:
        return await _answer(source.trend, request.path_params["key"])

    async def records(_: Request) -> Response:
        return await _answer(source.events)

    def named(request: Request) -> Response | Person:
        """The named person whose token a request from this page bears, or why there is none."""
        if request.headers.get("origin") not in origins:
            return JSONResponse({"answer": "the request comes from another page"}, 403)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        person = person_of(folder, token) if scheme == "Bearer" and token else None
        return person or JSONResponse(
            {"answer": "the token is not known; enter yours, or ask an engineer for one"}, 401
        )

    async def change(request: Request) -> Response:
        person = named(request)
        if isinstance(person, Response):
            return person
        try:
            wanted, given = _wanted(await _body(request))
        except ValueError:
            return JSONResponse({"answer": "the request cannot be read; load the page again"}, 400)

        def ask() -> str:
            caller = Caller(folder / "desk.sqlite")
            try:
                caller.ask(wanted, given, person)
            finally:
                caller.close()
            return "done"

        return await _answer(ask)

    async def question(request: Request) -> Response:
        if asking is None:
            return JSONResponse({"answer": "no assistant is open"}, 404)
        if request.method == "GET":
            return JSONResponse({"answer": "ready"})
        person = named(request)
        if isinstance(person, Response):
            return person
        try:
            return await asking.answer(await _body(request))
        except ValueError:
            return JSONResponse({"answer": "the question is too long; ask a short one"}, 400)

    async def chart(request: Request) -> Response:
        if asking is None:
            return JSONResponse({"answer": "no assistant is open"}, 404)
        return await asking.chart(request)

    return Starlette(
        routes=[
            Route("/", page),
            Route("/question", question, methods=["GET", "POST"]),
            Route("/chart/{hash}", chart),
            Route("/events", events),
            Route("/trend/{key}", trend),
            Route("/records", records),
            Route("/change", change, methods=["POST"]),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[
            Middleware(StrictHeaders),
            # A foreign name that resolves to this machine must not reach the page.
            Middleware(TrustedHostMiddleware, allowed_hosts=list(HOSTS), www_redirect=False),
        ],
    )


async def _states(source: Source) -> AsyncIterator[str]:
    while True:
        state = await run_in_threadpool(source.state)
        yield f"data: {json.dumps(state, ensure_ascii=False)}\n\n"
        await asyncio.sleep(EVERY_S)


async def _answer(call: Any, *given: Any) -> Response:
    try:
        return JSONResponse({"answer": await run_in_threadpool(call, *given)})
    except UserError as error:
        return JSONResponse({"answer": str(error)}, 409)


async def _body(request: Request) -> bytes:
    """Read a body of at most ``MOST_BYTES``, whatever length its header claims."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise ValueError("too long")
    return body


def _wanted(body: bytes) -> tuple[str, list[str]]:
    """Read a change; every part of it is text, as on the command line."""
    found = json.loads(body)
    if not isinstance(found, dict) or found.get("change") not in CHANGES:
        raise ValueError("no such change")
    given = found.get("given")
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        raise ValueError("values are not text")
    if len(given) not in COUNTS.get(found["change"], (1,)):
        raise ValueError("too many or too few values")
    if found["change"] in ("accept", "reject"):
        int(given[1])
    if found["change"] == "limits":
        [float(item) for item in given[1:]]
    return found["change"], given
