"""The options of the verbs that ask the records. Nothing heavy is imported here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro


@dataclass(frozen=True)
class Asked:
    """What the assistant's verbs open: an export, and what is named beside it."""

    records: tuple[str, ...] = ()
    """Files, folders or "patterns/*.csv" of the export."""
    tags: Path | None = None
    """The plant file (.toml), which says what the columns mean."""
    now: str | None = None
    """Local time of the plant from which "yesterday" counts, such as 2025-07-16T12:30; the clock's
    if not given."""
    agent: Path | None = None
    """An agent's folder, so that it can be asked why."""
    operated: Path | None = None
    """The folder that operate writes to: what the agent saw and did there."""
    team: Path | None = None
    """A team's folder, so that its members can be asked why,"""
    team_records: Path | None = None
    """and recorded episodes of its plant, as team people or team rebuild wrote them; what they might have
    earned (team people --yardsticks) stands in the schedule."""
    documents: tuple[Path, ...] = ()
    """Documents and logs (.md, .txt, .csv, .log) or folders of them, to search beside Shiftwork's."""


@dataclass(frozen=True)
class Talk(Asked):
    """What verbs open that may use a language model."""

    model: str | None = None
    """A language model that reads what the fixed grammar does not understand; off if not given. Its
    server's key is taken from SHIFTWORK_MODEL_KEY."""
    model_address: str = "http://127.0.0.1:8000/v1"
    """Where the model is served (any OpenAI-compatible server); questions and figures go there."""
    model_price: tuple[float, float] | None = None
    """Price of a million tokens that the model reads, and that it writes; each answer says its cost."""


@dataclass(frozen=True)
class Ask(Talk):
    """Answer a question about an export, in Korean or English, every number computed and cited."""

    question: tyro.conf.Positional[str | None] = None
    """The question in quotes, such as "mean of cot last week" or "지난주 cot 평균"."""
    out: Path | None = None
    """A .json file for the answer with all its figures and where they come from."""
    chart: Path | None = None
    """A .svg or .png file for the picture of a question that asks for one."""
    recompute: Path | None = None
    """A saved answer whose every figure is computed again, instead of a question."""


@dataclass(frozen=True)
class Chat(Talk):
    """Answer questions about an export, one a line."""


@dataclass(frozen=True)
class Mcp(Asked):
    """Serve the assistant's read-only tools by the Model Context Protocol (extra: assistant)."""

    http: int | None = None
    """Port on 127.0.0.1 for streamable HTTP (path /mcp); standard input and output if not given."""
    people: Path | None = None
    """Folder of the people who may call over HTTP, as "desk allow NAME --out FOLDER" wrote it; that of
    --operated if not given."""


@dataclass(frozen=True)
class Handover(Asked):
    """Write the page of a shift, day, week or month: every figure cited; run it by cron or a timer."""

    over: Literal["shift", "day", "week", "month"] = "shift"
    """What the page is about."""
    at: str | None = None
    """A local time in it, such as 2025-07-16T12:30; if not given, the last one that is over."""
    language: Literal["en", "ko"] = "en"
    """English or Korean."""
    out: Path = Path("runs/handover.html")
    """The page (.html); its figures, for ask --recompute, go to the .json file beside it."""
