# ruff: noqa: E501  (tables of words and sentences)
"""The words of questions, Korean and English, as patterns; what none of them knows stops a question."""

from __future__ import annotations

import re

from shiftwork.assistant.grammar.tags import PARTICLES
from shiftwork.assistant.text import HANGUL

STATISTICS = {
    "mean": r"평균\s?값?|\b(?:on )?average\b|\bmean\b",
    "minimum": r"최솟값|최소\s?값?|최저\s?값?|가장 낮은 값|\b(?:the )?minimum\b|\bmin\b|\blowest(?: value)?\b",
    "maximum": r"최댓값|최대\s?값?|최고\s?값?|피크|가장 높은 값|\b(?:the )?maximum\b|\bmax\b|\bhighest(?: value)?\b|\bpeak\b",
    "integral": r"합계|총량|총합|적산\s?값?|누적\s?량?|\b(?:in )?total\b|\bintegral\b|\bcumulative\b",
}  # fmt: skip

WHY = r"왜|이유|원인|때문|\bwhy\b|\bcauses?d?\b|\breasons?\b|\bbecause\b"
FUTURE = r"예측|예상|내일|모레|다음\s*(?:주|달|분기|해)|내년|앞으로|전망|될까|\btomorrow\b|\bnext (?:week|month|quarter|year|day)\b|\bforecast\b|\bpredict(?:ion)?\b|\bwill\b|\bgoing to\b"
ACT = r"바꿔|\d\s*%?\s*(?:으로|로)\s*(?:열어|닫아|맞춰)|변경해|설정해|올려|내려\s*줘|낮춰|높여|조정해|꺼\s*줘|켜\s*줘|\bset\b(?![ -]?points?)|\bswitch o(?:n|ff)\b|\braise\b|\blower the\b|\bincrease the\b|\bdecrease the\b|\bturn (?:on|off)\b"
ADVICE = r"해야|좋을까|추천|최적|\bshould\b|\brecommend\b|\boptimal\b|\bbest\b"
SHARE = r"시간의?\s*비율|비율|비중|몇\s*(?:%|퍼센트|프로)|얼마나\s*자주|\b(?:what |which )?(?:share|percentage|percent|fraction|proportion)(?: of (?:the )?(?:known )?time)?\b|\bhow often\b|\bhow much of the time\b|\bof the time\b"
COMPARE = r"비교(?:해|하면|해서)?|대비|차이|보다|변화|변했|달라졌|\bcompared?\b|\bversus\b|\bvs\.?(?!\w)|\bdifferen(?:ce|t)\b|\bdiffer\b|\bchanged?\b|\bthan\b"
DIRECTION = r"높았|높은|낮았|낮은|늘었|줄었|올랐|내렸|더|\bhigher\b|\blower\b|\bmore\b|\bless\b|\bgreater\b|\bsmaller\b"
RELATE = r"상관\s?관계|상관\s?계수|상관|관계|관련|연관|\bcorrelat(?:ion|ed?|es)\b|\brelat(?:ion|ionship|ed?|es)\b"
EARN = r"수익|이익|손익|손실|벌었|벌어|벌이|실적|\bearn(?:ed|ings?|s)?\b|\bprofits?\b|\bmake money\b|\bmade money\b"
CHART = r"그래프|차트|추이|추세|그려|\bplot\b|\bcharts?\b|\bgraph\b|\btrends?\b|\bdraw\b"
EXPLAIN = r"\b(?:explain|why|reasons?)\b|설명|왜|이유"
AGENT = r"\bagents?(?:'s)?\b|에이전트"
DECISION = r"이렇게|그렇게|그런|\b(?:propos(?:e|es|ed|al)|suggest(?:s|ed|ion)?|decid(?:e|es|ed)|decisions?|choose|chose|chosen|actions?|moves?|last|latest)\b|제안|추천|결정|선택|조작|행동|마지막|최근"
TEAM = r"\b(?:team|member|agents?|in)\b|팀|에이전트|번째|때|당시"
SCHEDULE = r"\bschedules?d?\b|\b(?:is|are|be|was|were|next)\b[^?]*\bdue\b|\bdue (?:dates?|first|next)\b|\bnext decokes?\b|\bwhen\b[^?]*\bdecoked?\b|\brun(?:s|ning)? dry\b|\bships?\b[^?]*\b(?:wait(?:s|ing)?|at risk)\b|\bdemurrage\b[^?]*\bat risk\b|\bwhat (?:should|must) come first\b|일정|스케줄|(?:디코킹|코크 제거)[^?]*(?:언제|예정|먼저)|언제[^?]*(?:디코킹|코크 제거)|바닥나|바닥이 나|고갈|체선[^?]*위험|무엇부터|뭐부터|뭘 먼저"
SEARCH = r"\b(?:search|look up)\b|\b(?:documents?|docs|documentation|manuals?|(?:shift )?logs?|log ?books?|notes)\b[^?]*\b(?:say|says|said|about|mention(?:s|ed)?|written|for)\b|\bwhere is it (?:written|documented)\b|검색|(?:문서|매뉴얼|일지|기록지|로그|메모)(?:에서|에는|에|의)?[^?]*(?:찾아|검색|나와|적혀|써|있|뭐라|무엇|내용)"
LOG = r"\blogs?\b|\blog ?books?\b|일지|기록지|로그"
SEARCH_WORDS = r"\b(?:search|look up|documents?|docs|documentation|manuals?|(?:shift )?logs?|log ?books?|notes|say|says|said|mention(?:s|ed)?|written)\b|검색(?:해)?|(?:문서|매뉴얼|일지|기록지|로그|메모)(?:에서|에는|에|의|를|을)?|찾아|나와|적혀|뭐라고|내용(?:은|을|이)?"
SCHEDULE_ALONE = r"\bschedules?d?\b|일정|스케줄|무엇부터|뭐부터|뭘 먼저|바닥나|고갈"
DUE_WORDS = r"\b(?:when|next|first|come|comes|must|should|will|due|dates?|decok(?:e|es|ed|ing)|furnaces?|tanks?|ships?|waiting|demurrage|wait|waits|risk|at risk|dry|runs?|running|soon)\b|언제|다음|먼저|순서|디코킹|코크\s*제거|가열로|탱크|선박|체선료?|위험|바닥|나나요|날|예정|해야|하나"
FIND = r"어떤\s*태그|무슨\s*태그|태그\s*목록|태그를?\s*찾아|태그가?\s*(?:뭐|무엇|있)|\b(?:which|what|list|find)(?: the| all)? tags?\b|\btags? (?:called|named|for|in|with)\b"

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


def is_stop(word: str) -> bool:
    """Whether a word may stand in any question without changing what it means."""
    if re.search(f"[{HANGUL}]", word):
        return _STOP_KO.fullmatch(word) is not None
    return word in _STOP_EN
