"""Questions on the control-room page: answered by the assistant, with citations and charts to open."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from shiftwork.errors import UserError

if TYPE_CHECKING:
    from shiftwork.assistant.answers import Answer
    from shiftwork.assistant.assistant import Assistant

LONGEST = 1000
MOST_CHARTS = 8
"""Pictures that are kept for the page; each is fetched once, right after its answer."""


class Asking:
    """Answers one question after the other; it only reads.

    Attributes:
        assistant: With the export open.
    """

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant
        self._turn = asyncio.Lock()
        self._charts: OrderedDict[str, bytes] = OrderedDict()

    async def answer(self, body: bytes) -> Response:
        """Answer a question.

        Args:
            body: JSON with "question".
        """
        try:
            question = json.loads(body)["question"]
            if not isinstance(question, str) or not 0 < len(question) <= LONGEST:
                raise ValueError("no question")
        except (ValueError, KeyError, TypeError):
            return JSONResponse({"answer": "the question cannot be read; write a short text"}, 400)
        async with self._turn:
            return JSONResponse({"answer": await run_in_threadpool(self._shown, question)})

    async def chart(self, request: Request) -> Response:
        """A picture of an answer, by its SHA-256."""
        picture = self._charts.get(request.path_params["hash"])
        if picture is None:
            return JSONResponse({"answer": "the chart is no longer kept; ask again"}, 404)
        return Response(picture, media_type="image/png")

    def _shown(self, question: str) -> dict[str, Any]:
        from shiftwork.assistant.shown import coverage, label, range_of, value

        answer = self.assistant.ask(question)
        figures = [
            {
                "label": label(figure, answer.language),
                "value": value(figure),
                "range": range_of(figure, answer.language),
                "rows": figure.rows,
                "coverage": coverage(figure, answer.language),
                "tool": figure.tool,
                "arguments": figure.arguments,
                "hashes": figure.hashes,
            }
            for figure in answer.figures
        ]
        charts, notes = self._drawn(answer)
        return {
            "status": answer.status,
            "text": answer.shown,
            "notes": [*answer.notes, *notes],
            "figures": figures,
            "quotes": [asdict(passage) for passage in answer.passages],
            "charts": charts,
        }

    def _drawn(self, answer: Answer) -> tuple[list[str], list[str]]:
        """Hashes of an answer's pictures, which ``chart`` then gives, and why one is missing."""
        from shiftwork.assistant.tools.chart import chart, sha256

        found, notes = [], []
        for source in answer.charts:
            try:
                drawn = chart(self.assistant.export, source.tags, source.start, source.stop, "png")
            except UserError as error:
                notes.append(str(error))
                continue
            hash_ = sha256(drawn.picture)
            self._charts[hash_] = drawn.picture
            found.append(hash_)
        while len(self._charts) > MOST_CHARTS:
            self._charts.popitem(last=False)
        return found, notes
