"""A question as it was read, and what every reader refuses: other zones, and words nobody knows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from shiftwork.assistant.export import Export
from shiftwork.assistant.grammar.limits import Limits
from shiftwork.assistant.grammar.tags import PARTICLES
from shiftwork.assistant.grammar.times import Range
from shiftwork.assistant.grammar.words import is_stop
from shiftwork.assistant.text import HANGUL, Back, Language, Rest
from shiftwork.assistant.tools.find_tags import find_tags

Intent = Literal[
    "summarize",
    "compare",
    "relate",
    "earnings",
    "chart",
    "find tags",
    "explain",
    "explain team",
    "schedule",
    "search",
]


@dataclass(frozen=True)
class Question:
    """What a question asks for.

    Attributes:
        language: In which it is asked.
        intent: What is to be done.
        tags: Keys of the tags, in the order of the question.
        ranges: In the order of the question; for a comparison the one asked about first.
        statistics: Asked for by name, in the order of the question.
        limits: Of a share of time.
        words: Words to find tags or passages by.
        logs: Whether to search in logs alone.
        decision: Agent, episode and step of a question about a team.
    """

    language: Language
    intent: Intent
    tags: tuple[str, ...]
    ranges: tuple[Range, ...]
    statistics: tuple[str, ...] = ()
    limits: Limits | None = None
    words: str = ""
    logs: bool = False
    decision: tuple[str, int, int] | None = None


def search_words(rest: Rest) -> str:
    """Words that are left and mean something."""
    return " ".join(word for word in rest.words() if not is_stop(word))


def refuse_zone(rest: Rest, zone: str) -> None:
    """Ask back for times in another zone.

    Raises:
        Back: One is named.
    """
    own = {"UTC": ("utc", "gmt"), "Asia/Seoul": ("kst", "한국 시간")}.get(zone, ())
    for match in rest.take_all(
        r"현지\s*시간|한국\s*시간|\blocal time\b|\b(?:utc|gmt|kst|jst|cet|cest|est|edt|pst|pdt|ist)\b(?:[+-]\d+)?"
    ):
        if match[0] not in ("local time", "현지 시간", *own):
            raise Back("ask", "zone", said=match[0], zone=zone)


def refuse_unknown_words(rest: Rest, export: Export) -> None:
    """Ask back for every word that is not understood.

    Raises:
        Back: There is one; tags that come near are offered.
    """
    unknown = [word for word in rest.words() if not is_stop(word)]
    if not unknown:
        return
    said = " ".join(unknown)
    near = dict.fromkeys(
        tag.key
        for words in (said, *unknown)
        for bare in (words, re.sub(rf"(?<=[{HANGUL}])(?:{PARTICLES})$", "", words))
        for tag in (find_tags(export, bare) if len(bare) > 1 else ())
    )
    if near:
        raise Back("ask", "near tags", said=said, near=", ".join(list(near)[:5]))
    raise Back("ask", "unknown words", said=said)
