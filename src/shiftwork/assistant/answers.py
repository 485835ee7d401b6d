"""Answers: text with slots, the figures for them, and a file that can be checked later."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from shiftwork.assistant.documents.passages import Passage
from shiftwork.assistant.export import Export
from shiftwork.assistant.figures import Figure, Tool, recompute
from shiftwork.assistant.shown import render
from shiftwork.assistant.text import Language
from shiftwork.errors import UserError
from shiftwork.files import written_whole

Status = Literal["answered", "ask", "refused"]


@dataclass(frozen=True)
class ChartSource:
    """A picture as it can be drawn again.

    Attributes:
        tags: Keys of the tags.
        start: Begin of the range, ISO.
        stop: End of the range, ISO.
        sha256: Of its SVG file.
    """

    tags: tuple[str, ...]
    start: str
    stop: str
    sha256: str


@dataclass(frozen=True)
class Answer:
    """What the assistant says.

    Attributes:
        question: As it was asked.
        language: Of the question and of the answer.
        status: "answered"; "ask" if the question has to be made clearer; "refused" if the data
            cannot say it.
        text: With slots such as {f1}; digits stand in figures alone, but for what a question that
            goes back names again.
        figures: In the order of the slots.
        charts: Pictures that belong to it.
        passages: Quoted from documents and logs; what they say is theirs.
        notes: What was assumed, or done without.
    """

    question: str
    language: Language
    status: Status
    text: str
    figures: tuple[Figure, ...] = ()
    charts: tuple[ChartSource, ...] = ()
    passages: tuple[Passage, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def shown(self) -> str:
        """The text with its figures and quotes, as people read it."""
        text = render(self.text, self.figures, self.language) if self.figures else self.text
        return "\n\n".join([text, *(quoted(passage, self.language) for passage in self.passages)])

    def __str__(self) -> str:
        """The shown text."""
        return self.shown

    def save(self, path: Path) -> None:
        """Write it as JSON, from which every figure can be computed again."""
        about = {"shown": self.shown} | _ADAPTER.dump_python(self, mode="json")
        with written_whole(path) as temporary:
            temporary.write_text(
                json.dumps(about, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
            )


def quoted(passage: Passage, language: Language) -> str:
    """A passage as a quote with its source."""
    line = f"{passage.line}행" if language == "ko" else f"line {passage.line}"
    head = f" ({passage.head})" if passage.head else ""
    return f"“{passage.text}”\n— {passage.source}, {line}{head}"


_ADAPTER: TypeAdapter[Any] = TypeAdapter(Answer)


def load_answer(path: Path) -> Answer:
    """Read an answer that ``Answer.save`` wrote.

    Raises:
        UserError: It cannot be read, or what it shows is not what its figures say.
    """
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        shown = about.pop("shown")
        answer: Answer = _ADAPTER.validate_json(json.dumps(about), strict=False)
        same = answer.shown == shown
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); check the path") from None
    except (ValueError, KeyError, IndexError, AttributeError, TypeError, ValidationError):
        raise UserError(
            f"{path}: is no saved answer; write one with: shiftwork ask --out FILE.json"
        ) from None
    if not same:
        raise UserError(f"{path}: shows other than its figures say; ask the question again")
    return answer


def recompute_answer(answer: Answer, export: Export, tools: Mapping[str, Tool]) -> None:
    """Compute every figure and picture of an answer again, and look up every quote.

    Args:
        answer: The answer.
        export: The files that it cites.
        tools: The tools by name.

    Raises:
        UserError: A figure, its citation, a picture or a quote is not the same.
    """
    for passage in answer.passages:
        if passage not in export.documents.passages:
            raise UserError(
                f"{passage.source}: line {passage.line} is quoted from another file than this; open the "
                "documents that it was quoted from"
            )
    for figure in answer.figures:
        recompute(figure, export, tools)
    for source in answer.charts:
        from shiftwork.assistant.tools.chart import chart, sha256

        again = sha256(chart(export, source.tags, source.start, source.stop).picture)
        if again != source.sha256:
            raise UserError(
                f"the chart of {', '.join(source.tags)} is drawn differently now (another version "
                "of matplotlib, or another file); ask the question again"
            )
