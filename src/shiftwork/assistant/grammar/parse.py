# ruff: noqa: E501  (tables of words and sentences)
"""From a question to an intent with tags, ranges and limits; a word that is not known stops it.

Leftover words stop a question because they may change what it means: "the mean feed temperature"
is no question about the tag ``feed``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shiftwork.assistant.export import Export
from shiftwork.assistant.grammar.limits import Limits, find_limits
from shiftwork.assistant.grammar.tags import PARTICLES, find_mentions
from shiftwork.assistant.grammar.text import HANGUL, Back, Language, Rest, language_of
from shiftwork.assistant.grammar.times import Range, find_ranges
from shiftwork.assistant.tools.find_tags import find_tags

Intent = Literal[
    "summarize", "compare", "relate", "earnings", "chart", "find tags", "explain", "schedule"
]

MOST_TAGS = 6
"""Tags that one question may name."""

STATISTICS = {
    "mean": r"평균\s?값?|\b(?:on )?average\b|\bmean\b",
    "minimum": r"최솟값|최소\s?값?|최저\s?값?|가장 낮은 값|\b(?:the )?minimum\b|\bmin\b|\blowest(?: value)?\b",
    "maximum": r"최댓값|최대\s?값?|최고\s?값?|피크|가장 높은 값|\b(?:the )?maximum\b|\bmax\b|\bhighest(?: value)?\b|\bpeak\b",
    "integral": r"합계|총량|총합|적산\s?값?|누적\s?량?|\b(?:in )?total\b|\bintegral\b|\bcumulative\b",
}  # fmt: skip

_WHY = r"왜|이유|원인|때문|\bwhy\b|\bcauses?d?\b|\breasons?\b|\bbecause\b"
_FUTURE = r"예측|예상|내일|모레|다음\s*(?:주|달|분기|해)|내년|앞으로|전망|될까|\btomorrow\b|\bnext (?:week|month|quarter|year|day)\b|\bforecast\b|\bpredict(?:ion)?\b|\bwill\b|\bgoing to\b"
_ACT = r"바꿔|변경해|설정해|올려|내려\s*줘|낮춰|높여|조정해|꺼\s*줘|켜\s*줘|\bset\b(?![ -]?points?)|\bswitch o(?:n|ff)\b|\braise\b|\blower the\b|\bincrease the\b|\bdecrease the\b|\bturn (?:on|off)\b"
_ADVICE = r"해야|좋을까|추천|최적|\bshould\b|\brecommend\b|\boptimal\b|\bbest\b"
_SHARE = r"시간의?\s*비율|비율|비중|몇\s*(?:%|퍼센트|프로)|얼마나\s*자주|\b(?:what |which )?(?:share|percentage|percent|fraction|proportion)(?: of (?:the )?(?:known )?time)?\b|\bhow often\b|\bhow much of the time\b|\bof the time\b"
_COMPARE = r"비교(?:해|하면|해서)?|대비|차이|보다|변화|변했|달라졌|\bcompared?\b|\bversus\b|\bvs\.?(?!\w)|\bdifferen(?:ce|t)\b|\bdiffer\b|\bchanged?\b|\bthan\b"
_DIRECTION = r"높았|높은|낮았|낮은|늘었|줄었|올랐|내렸|더|\bhigher\b|\blower\b|\bmore\b|\bless\b|\bgreater\b|\bsmaller\b"
_RELATE = r"상관\s?관계|상관\s?계수|상관|관계|관련|연관|\bcorrelat(?:ion|ed?|es)\b|\brelat(?:ion|ionship|ed?|es)\b"
_EARN = r"수익|이익|손익|손실|벌었|벌어|벌이|실적|\bearn(?:ed|ings?|s)?\b|\bprofits?\b|\bmake money\b|\bmade money\b"
_CHART = r"그래프|차트|추이|추세|그려|\bplot\b|\bcharts?\b|\bgraph\b|\btrends?\b|\bdraw\b"
_EXPLAIN = r"\b(?:explain|why|reasons?)\b|설명|왜|이유"
_AGENT = r"\bagents?(?:'s)?\b|에이전트"
_DECISION = r"이렇게|그렇게|그런|\b(?:propos(?:e|es|ed|al)|suggest(?:s|ed|ion)?|decid(?:e|es|ed)|decisions?|choose|chose|chosen|actions?|moves?|last|latest)\b|제안|추천|결정|선택|조작|행동|마지막|최근"
_SCHEDULE = r"\bschedules?d?\b|\b(?:is|are|be|was|were|next)\b[^?]*\bdue\b|\bdue (?:dates?|first|next)\b|\bnext decokes?\b|\bwhen\b[^?]*\bdecoked?\b|\brun(?:s|ning)? dry\b|\bships?\b[^?]*\b(?:wait(?:s|ing)?|at risk)\b|\bdemurrage\b[^?]*\bat risk\b|\bwhat (?:should|must) come first\b|일정|스케줄|(?:디코킹|코크 제거)[^?]*(?:언제|예정|먼저)|언제[^?]*(?:디코킹|코크 제거)|바닥나|바닥이 나|고갈|체선[^?]*위험|무엇부터|뭐부터|뭘 먼저"
_DUE_WORDS = r"\b(?:when|next|first|come|comes|must|should|will|due|dates?|decok(?:e|es|ed|ing)|furnaces?|tanks?|ships?|waiting|demurrage|wait|waits|risk|at risk|dry|runs?|running|soon)\b|언제|다음|먼저|순서|디코킹|코크\s*제거|가열로|탱크|선박|체선료?|위험|바닥|나나요|날|예정|해야|하나"
_FIND = r"어떤\s*태그|무슨\s*태그|태그\s*목록|태그를?\s*찾아|태그가?\s*(?:뭐|무엇|있)|\b(?:which|what|list|find)(?: the| all)? tags?\b|\btags? (?:called|named|for|in|with)\b"

_STOP_KO = re.compile(
    rf"(?:{PARTICLES}|얼마|이었|였|나요|가요|인가요|인가|니|까|입니|습니|었|았|했|됐|되었|한|하|해|"
    r"값|동안|중|중에|기간|어땠|어떻|게|무엇|뭐|몇|알려|주세요|줘|줘요|보여|말해|좀|요약|정리|각각|전체|"
    r"있|어|인|던|시간|대한|계정|항목|별|얼마나|서로|그리|고|및|요|지|다|며|사이|기록|시|내|인지|된|간|"
    r"부탁|드려|드립|니다|구해|계산|계산해|그|저|찾아|목록|단위|태그|데이터|현황)+"
)
_STOP_EN = frozenset(
    [
        "what",
        "what's",
        "whats",
        "is",
        "was",
        "were",
        "are",
        "the",
        "a",
        "an",
        "of",
        "in",
        "on",
        "at",
        "for",
        "and",
        "to",
        "me",
        "please",
        "show",
        "tell",
        "give",
        "did",
        "do",
        "does",
        "how",
        "much",
        "many",
        "with",
        "by",
        "it",
        "its",
        "during",
        "over",
        "between",
        "from",
        "value",
        "values",
        "level",
        "please,",
        "this",
        "that",
        "there",
        "summarize",
        "summarise",
        "summary",
        "account",
        "accounts",
        "each",
        "per",
        "which",
        "be",
        "been",
        "has",
        "have",
        "had",
        "any",
        "we",
        "our",
        "you",
        "your",
        "i",
        "can",
        "could",
        "compute",
        "calculate",
        "find",
        "out",
        "about",
        "time",
        "between",
        "vs",
        "s",
        "tag",
        "tags",
        "unit",
        "units",
        "period",
        "range",
        "plant",
        "let",
        "know",
        "want",
        "like",
        "get",
        "see",
        "overall",
        "together",
        "broken",
        "down",
    ]
)


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
        words: Words to find tags by.
    """

    language: Language
    intent: Intent
    tags: tuple[str, ...]
    ranges: tuple[Range, ...]
    statistics: tuple[str, ...] = ()
    limits: Limits | None = None
    words: str = ""


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
    if rest.take_all(_FIND):
        return Question(language, "find tags", (), (), words=_search_words(rest))
    if re.search(_SCHEDULE, rest.text):
        return _schedule(rest, language, export, now)
    following = "|".join((*STATISTICS.values(), _EARN, _CHART, _RELATE, _COMPARE))
    explaining = bool(re.search(_EXPLAIN, rest.text) and re.search(_AGENT, rest.text))
    if explaining:
        following = "|".join((following, _EXPLAIN, _DECISION))
    tags = [key for _, key in find_mentions(rest, plant.tags, following)]
    if explaining:
        return _explain(rest, language, tags, export, now)
    _refuse_beyond(rest)
    share = bool(rest.take_all(_SHARE))
    units = tuple(plant.tags[key].unit for key in tags)
    limits = find_limits(rest, units) if share else None
    _refuse_zone(rest, plant.zone)
    if re.search(_COMPARE, rest.text):
        # "The difference between March and April" names two ranges, not one from March to April.
        rest.take_all(r"\bbetween\b")
    ranges = find_ranges(rest, now, plant.shifts)
    intents = [
        name
        for name, pattern in (
            ("chart", _CHART),
            ("relate", _RELATE),
            ("earnings", _EARN),
            ("compare", _COMPARE),
        )
        if _taken_with_base(rest, name, pattern, ranges)
    ]
    if "compare" in intents:
        rest.take_all(_DIRECTION)
    statistics = sorted(
        (match.start(), name)
        for name, pattern in STATISTICS.items()
        for match in rest.take_all(pattern)
    )
    _refuse_unknown_words(rest, export)
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


def _schedule(rest: Rest, language: Language, export: Export, now: datetime) -> Question:
    """Read a question what is due; without a time it is about the end of the records.

    Raises:
        Back: It is asked back, or an order.
    """
    if re.search(_ACT, rest.text):
        raise Back("refused", "act")
    rest.take_all(r"\bschedules?d?\b|일정|스케줄|무엇부터|뭐부터|뭘 먼저|바닥나|고갈")
    _refuse_zone(rest, export.plant.zone)
    ranges = find_ranges(rest, now, export.plant.shifts)
    rest.take_all(_DUE_WORDS)
    _refuse_unknown_words(rest, export)
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


def _explain(
    rest: Rest, language: Language, tags: list[str], export: Export, now: datetime
) -> Question:
    """Read a question why an agent did something; without a time it is about its last decision.

    Raises:
        Back: It is asked back.
    """
    for pattern in (_EXPLAIN, _AGENT):
        rest.take_all(pattern)
    _refuse_zone(rest, export.plant.zone)
    ranges = find_ranges(rest, now, export.plant.shifts)
    rest.take_all(_DECISION)
    _refuse_unknown_words(rest, export)
    actions = [tag.key for tag in export.plant.of_role("action")]
    if strange := [key for key in tags if key not in actions]:
        raise Back("ask", "which action", said=strange[0], near=", ".join(actions))
    _refuse_long(ranges, export)
    return Question(language, "explain", tuple(tags), tuple(ranges))


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


def _search_words(rest: Rest) -> str:
    return " ".join(word for word in rest.words() if not _is_stop(word))


def _refuse_beyond(rest: Rest) -> None:
    """Refuse what records cannot say, or what the assistant never does.

    Raises:
        Back: With what would help.
    """
    for reason, pattern in (("act", _ACT), ("future", _FUTURE), ("why", _WHY), ("advice", _ADVICE)):
        if re.search(pattern, rest.text):
            raise Back("refused", reason)


def _refuse_zone(rest: Rest, zone: str) -> None:
    own = {"UTC": ("utc", "gmt"), "Asia/Seoul": ("kst", "한국 시간")}.get(zone, ())
    for match in rest.take_all(
        r"현지\s*시간|한국\s*시간|\blocal time\b|\b(?:utc|gmt|kst|jst|cet|cest|est|edt|pst|pdt|ist)\b(?:[+-]\d+)?"
    ):
        if match[0] not in ("local time", "현지 시간", *own):
            raise Back("ask", "zone", said=match[0], zone=zone)


def _is_stop(word: str) -> bool:
    if re.search(f"[{HANGUL}]", word):
        return _STOP_KO.fullmatch(word) is not None
    return word in _STOP_EN


def _refuse_unknown_words(rest: Rest, export: Export) -> None:
    unknown = [word for word in rest.words() if not _is_stop(word)]
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
