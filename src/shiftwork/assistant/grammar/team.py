"""Questions why a member of a team decides: which agent, in which recorded episode, at which step."""

from __future__ import annotations

import re

from shiftwork.assistant.explaining.team import OpenTeam
from shiftwork.assistant.export import Export
from shiftwork.assistant.grammar import words
from shiftwork.assistant.grammar.question import Question, refuse_unknown_words
from shiftwork.assistant.text import HANGUL, Back, Language, Rest, plain

EPISODE = r"\bepisode\s*(\d{1,6})\b|에피소드\s*(\d{1,6})(?!\d)|(?<!\d)(\d{1,6})\s*번째?\s*에피소드"
STEP = r"\b(?:step|hour)\s*(\d{1,6})\b|(?<!\d)(\d{1,6})\s*(?:번째\s*)?(?:시간째|시간|단계|스텝)"
KOREAN = {
    "berth": r"선석|부두",
    "blending": r"블렌딩|배합|혼합",
    "furnaces": r"가열로들|가열로\s*전체|분해로\s*전체",
    "furnace": r"가열로|분해로",
}
"""What the kinds of agents at a centre are called in Korean."""


def asks_team(rest: Rest) -> bool:
    """Whether a question is why somebody decided something in an episode."""
    why = re.search(words.EXPLAIN, rest.text)
    return bool(why and re.search(rf"{EPISODE}|\bteam\b|팀", rest.text))


def read_team(rest: Rest, language: Language, export: Export) -> Question:
    """Read such a question.

    Raises:
        Back: No team is open, or the agent, the episode or the step is missing or not there.
    """
    opened = export.team
    if opened is None:
        raise Back("refused", "no team")
    agents = _agents(rest, opened)
    episodes, steps = _numbers(rest, EPISODE), _numbers(rest, STEP)
    for pattern in (words.EXPLAIN, words.DECISION, words.TEAM):
        rest.take_all(pattern)
    refuse_unknown_words(rest, export)
    if len(agents) != 1:
        raise Back("ask", "which member", near=", ".join(opened.team.agents))
    lengths = opened.records.length
    if len(episodes) != 1 or episodes[0] >= len(lengths):
        raise Back("ask", "which episode", last=str(len(lengths) - 1))
    last = int(lengths[episodes[0]]) - 1
    if len(steps) != 1 or steps[0] > last:
        raise Back("ask", "which step", said=str(episodes[0]), last=str(last))
    return Question(language, "explain team", (), (), decision=(agents[0], episodes[0], steps[0]))


def _agents(rest: Rest, opened: OpenTeam) -> list[str]:
    """Take the names of agents out of a question, the longest first."""
    found = {}
    for agent in sorted(opened.team.agents, key=len, reverse=True):
        kind, _, number = agent.rpartition(" ") if agent[-1].isdigit() else (agent, "", "")
        names = [r"\s*".join(re.escape(word) for word in plain(agent).split())]
        if korean := KOREAN.get(kind):
            names.append(rf"(?:{korean})\s*{number}호?기?")
        pattern = rf"(?<![\w{HANGUL}])(?:{'|'.join(names)})(?![a-z0-9_]|-\d)(?:'s\b)?"
        if rest.take_all(pattern):
            found[agent] = True
    return list(found)


def _numbers(rest: Rest, pattern: str) -> list[int]:
    return [int(next(filter(None, match.groups()))) for match in rest.take_all(pattern)]
