"""Questions of their own kinds: why an agent acts, what is due, what documents and logs say."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from shiftwork.assistant.export import Export
from shiftwork.assistant.grammar import words
from shiftwork.assistant.grammar.question import (
    Question,
    refuse_unknown_words,
    refuse_zone,
    search_words,
)
from shiftwork.assistant.grammar.times import Range, find_ranges
from shiftwork.assistant.text import Back, Language, Rest


def read_search(rest: Rest, language: Language, export: Export, now: datetime) -> Question:
    """Read a question about documents and logs; words of no meaning here are what is looked for.

    Raises:
        Back: Nothing is left to look for, or there are several times.
    """
    logs = any(re.search(words.LOG, match[0]) for match in rest.take_all(words.SEARCH_WORDS))
    ranges = find_ranges(rest, now, export.plant.shifts)
    wanted = search_words(rest)
    if not wanted and not ranges:
        raise Back("ask", "search for what")
    if len(ranges) > 1:
        raise Back("ask", "one range")
    return Question(language, "search", (), tuple(ranges), words=wanted, logs=logs)


def read_schedule(rest: Rest, language: Language, export: Export, now: datetime) -> Question:
    """Read a question what is due; without a time it is about the end of the records.

    Raises:
        Back: It is asked back, or an order.
    """
    if re.search(words.ACT, rest.text):
        raise Back("refused", "act")
    rest.take_all(words.SCHEDULE_ALONE)
    refuse_zone(rest, export.plant.zone)
    ranges = find_ranges(rest, now, export.plant.shifts)
    rest.take_all(words.DUE_WORDS)
    refuse_unknown_words(rest, export)
    _refuse_long(ranges, export)
    return Question(language, "schedule", (), tuple(ranges))


def _refuse_long(ranges: list[Range], export: Export) -> None:
    """Ask back for one moment.

    Raises:
        Back: There are several, or one is longer than an hour and a decision period.
    """
    if len(ranges) > 1:
        raise Back("ask", "one range")
    for found in ranges:
        long = datetime.fromisoformat(found.stop) - datetime.fromisoformat(found.start)
        if long > max(timedelta(hours=1), timedelta(seconds=export.plant.period_s)):
            raise Back("ask", "which moment", start=found.start.replace("T", " "))


def read_explain(
    rest: Rest, language: Language, tags: list[str], export: Export, now: datetime
) -> Question:
    """Read a question why an agent did something; without a time it is about its last decision.

    Raises:
        Back: It is asked back.
    """
    for pattern in (words.EXPLAIN, words.AGENT):
        rest.take_all(pattern)
    refuse_zone(rest, export.plant.zone)
    ranges = find_ranges(rest, now, export.plant.shifts)
    rest.take_all(words.DECISION)
    refuse_unknown_words(rest, export)
    actions = [tag.key for tag in export.plant.of_role("action")]
    if strange := [key for key in tags if key not in actions]:
        raise Back("ask", "which action", said=strange[0], near=", ".join(actions))
    _refuse_long(ranges, export)
    return Question(language, "explain", tuple(tags), tuple(ranges))
