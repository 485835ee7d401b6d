"""Files cut into passages: paragraphs of a document under their headings, single rows of a log."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from shiftwork.errors import UserError
from shiftwork.files import sha256

TEXTS, LOGS = (".md", ".txt"), (".csv", ".log")
LONGEST = 600
"""Characters of a passage; longer paragraphs are cut between lines."""
MOST_BYTES = 64 * 2**20
TUTORIAL = "assistant_tutorial.md"


@dataclass(frozen=True)
class Passage:
    """A piece of a file, as it may be quoted.

    Attributes:
        text: Its words, on one line, without links and markup that a viewer might follow.
        head: The headings above it, or the names of the log's columns.
        source: The file's name.
        line: Where it begins, from 1.
        sha256: Of the file.
        at: Local time of a log's row, ISO; "" where it has none.
    """

    text: str
    head: str
    source: str
    line: int
    sha256: str
    at: str = ""


def own_documents() -> tuple[Path, ...]:
    """The project's own documents, but for the page that quotes answers; none where there are none."""
    package = Path(__file__).parents[2]
    for folder in (package / "documents", package.parents[1] / "docs"):
        if (folder / "assistant.md").is_file():
            return tuple(p for p in sorted(folder.rglob("*.md")) if p.name != TUTORIAL)
    return ()


def passages_of(paths: Sequence[str | Path], zone: str) -> tuple[Passage, ...]:
    """Cut files into passages.

    Args:
        paths: Files, or folders of which all documents and logs are taken.
        zone: The plant's, in which times of logs are told.

    Raises:
        UserError: A path does not exist, is of another kind, too large or no text.
    """
    found: list[Passage] = []
    for path in map(Path, paths):
        for file in _files(path):
            try:
                text = file.read_text(encoding="utf-8-sig")
            except (UnicodeDecodeError, OSError):
                raise UserError(f"{file}: is no UTF-8 text; save it as UTF-8") from None
            hash_, name = sha256(file), file.name
            log = file.suffix.lower() in LOGS
            for line, head, words, at in _rows(text, zone) if log else _paragraphs(text):
                if quoted := quotable(words):
                    found.append(Passage(quoted, quotable(head), name, line, hash_, at))
    return tuple(found)


def quotable(text: str) -> str:
    """Text as it may be shown: one line, nothing hidden, no link, picture or control character."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"\b(?:https?|ftp|file|data|javascript):\S+|\bwww\.\S+", "(link left out)", text)
    text = re.sub(r"<[^<>]*>|[`*|]+", " ", text)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _files(path: Path) -> list[Path]:
    kinds = TEXTS + LOGS
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if p.suffix.lower() in kinds and p.is_file())
        if not found:
            raise UserError(f"{path}: holds no document or log ({', '.join(kinds)}); name others")
    elif path.is_file() and path.suffix.lower() in kinds:
        found = [path]
    elif path.is_file():
        raise UserError(f"{path}: is no document or log ({', '.join(kinds)}); save it as one")
    else:
        raise UserError(f"{path}: does not exist; check the path")
    for file in found:
        if file.stat().st_size > MOST_BYTES:
            raise UserError(f"{file}: is larger than {MOST_BYTES >> 20} MiB; split it")
    return found


def _paragraphs(text: str) -> Iterator[tuple[int, str, str, str]]:
    """Line, headings, words and no time of each paragraph of a document."""
    heads: list[str] = []
    kept: list[str] = []
    begin = 0
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        heading = re.match(r"(#{1,6})\s+(.*)", line)
        long = sum(map(len, kept)) + len(line) > LONGEST
        if kept and (heading or not line.strip() or long):
            yield begin, " / ".join(heads), " ".join(kept), ""
            kept = []
        if heading:
            heads = [*heads[: len(heading[1]) - 1], heading[2]]
        elif line.strip() and not re.fullmatch(r"[\s|:\-]+|<!--.*-->|```\w*", line):
            begin = begin if kept else number
            kept.append(line.strip())


def _rows(text: str, zone: str) -> Iterator[tuple[int, str, str, str]]:
    """Line, columns, words and time of each row of a log."""
    rows = csv.reader(text.splitlines())
    columns: list[str] | None = None
    for row in rows:
        if not row or row[0].startswith("#"):
            continue
        at = _time(row[0], zone)
        if columns is None and not at:
            columns = row
            continue
        words = " · ".join(cell for cell in row if cell.strip())
        yield rows.line_num, ", ".join(columns or ()), words, at


def _time(text: str, zone: str) -> str:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return ""
    if moment.tzinfo is not None:
        moment = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return moment.isoformat(timespec="minutes")
