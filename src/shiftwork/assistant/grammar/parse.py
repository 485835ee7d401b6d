"""From a question to an intent with tags, ranges and limits; a word that is not known stops it.

Leftover words stop a question because they may change what it means: "the mean feed temperature"
is no question about the tag ``feed``.
"""

from __future__ import annotations

import re
from datetime import datetime

from shiftwork.assistant.export import Export
from shiftwork.assistant.grammar import words
from shiftwork.assistant.grammar.limits import find_limits
from shiftwork.assistant.grammar.question import (
    Question,
    refuse_unknown_words,
    refuse_zone,
    search_words,
)
from shiftwork.assistant.grammar.special import read_explain, read_schedule, read_search
from shiftwork.assistant.grammar.tags import find_mentions
from shiftwork.assistant.grammar.team import asks_team, read_team
from shiftwork.assistant.grammar.times import Range, find_ranges
from shiftwork.assistant.grammar.words import STATISTICS
from shiftwork.assistant.text import Back, Rest, language_of

MOST_TAGS = 6
"""Tags that one question may name."""


def parse(text: str, export: Export, now: datetime) -> Question:
    """Read a question.

    Args:
        text: Korean or English.
        export: Whose tags, zone and shifts it is about.
        now: Local time of the plant, without zone.

    Raises:
        Back: It is asked back or refused.
    """
    language, rest = language_of(text), Rest(text)
    if not rest.words():
        raise Back("ask", "nothing asked")
    plant = export.plant
    if rest.take_all(words.FIND):
        return Question(language, "find tags", (), (), words=search_words(rest))
    if asks_team(rest):
        return read_team(rest, language, export)
    if re.search(words.SEARCH, rest.text):
        return read_search(rest, language, export, now)
    if re.search(words.SCHEDULE, rest.text):
        return read_schedule(rest, language, export, now)
    following = "|".join(
        (*STATISTICS.values(), words.EARN, words.CHART, words.RELATE, words.COMPARE)
    )
    explaining = bool(re.search(words.EXPLAIN, rest.text) and re.search(words.AGENT, rest.text))
    if explaining:
        following = "|".join((following, words.EXPLAIN, words.DECISION))
    tags = [key for _, key in find_mentions(rest, plant.tags, following)]
    if explaining:
        return read_explain(rest, language, tags, export, now)
    _refuse_beyond(rest)
    share = bool(rest.take_all(words.SHARE))
    units = tuple(plant.tags[key].unit for key in tags)
    limits = find_limits(rest, units) if share else None
    refuse_zone(rest, plant.zone)
    if re.search(words.COMPARE, rest.text):
        # "The difference between March and April" names two ranges, not one from March to April.
        rest.take_all(r"\bbetween\b")
    ranges = find_ranges(rest, now, plant.shifts)
    intents = [
        name
        for name, pattern in (
            ("chart", words.CHART),
            ("relate", words.RELATE),
            ("earnings", words.EARN),
            ("compare", words.COMPARE),
        )
        if _taken_with_base(rest, name, pattern, ranges)
    ]
    if "compare" in intents:
        rest.take_all(words.DIRECTION)
    statistics = sorted(
        (match.start(), name)
        for name, pattern in STATISTICS.items()
        for match in rest.take_all(pattern)
    )
    refuse_unknown_words(rest, export)
    if share and limits is None:
        raise Back("ask", "which limit")
    if len(intents) > 1:
        raise Back("ask", "one thing")
    question = Question(
        language,
        intents[0] if intents else "summarize",  # type: ignore[arg-type]
        tuple(tags),
        tuple(ranges),
        tuple(dict.fromkeys(name for _, name in statistics)),
        limits,
    )
    _check(question, export)
    return question


def _taken_with_base(rest: Rest, name: str, pattern: str, ranges: list[Range]) -> bool:
    """Take the words of an intent; put the range that "보다" or "대비" follows last."""
    if name == "compare":
        for number, found in enumerate(ranges):
            if (
                re.match(r"\s*(?:에\s*)?(?:보다|대비|에 비해)", rest.text[found.end :])
                and number == 0
            ):
                ranges.append(ranges.pop(0))
                break
    return bool(rest.take_all(pattern))


def _refuse_beyond(rest: Rest) -> None:
    """Refuse what records cannot say, or what the assistant never does.

    Raises:
        Back: With what would help.
    """
    for reason, pattern in (
        ("act", words.ACT),
        ("future", words.FUTURE),
        ("why", words.WHY),
        ("advice", words.ADVICE),
    ):
        if re.search(pattern, rest.text):
            raise Back("refused", reason)


def _check(question: Question, export: Export) -> None:
    """Ask back for what an intent needs.

    Raises:
        Back: Something is missing, or there is too much.
    """
    intent, tags, ranges = question.intent, question.tags, question.ranges
    if question.limits and (intent != "summarize" or question.statistics):
        raise Back("ask", "one thing")
    if question.statistics and (
        intent not in ("summarize", "compare")
        or (intent == "compare" and question.statistics != ("mean",))
    ):
        raise Back("ask", "one thing")
    if intent == "earnings" and tags:
        raise Back("ask", "earnings of a tag", said=", ".join(tags))
    if intent != "earnings" and not tags:
        raise Back("ask", "which tag at all", near=", ".join(list(export.plant.tags)[:5]))
    if len(tags) > MOST_TAGS:
        raise Back("ask", "too many tags")
    if intent == "relate" and len(tags) != 2:
        raise Back("ask", "two tags")
    for key in tags:
        if export.plant.tags[key].role == "state":
            raise Back("refused", "text tag", said=key)
    if not ranges:
        raise Back("ask", "which range")
    if intent == "compare" and len(ranges) != 2:
        raise Back("ask", "two ranges")
    if intent in ("relate", "chart", "earnings") and len(ranges) != 1:
        raise Back("ask", "one range")
