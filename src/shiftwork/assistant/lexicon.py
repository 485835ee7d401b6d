# ruff: noqa: E501  (tables of words and sentences)
"""Words by which a text says a number, a unit, a direction, a time or a cause.

No list of words is complete. That is why fixed sentences are the default, and why a text that a
model wrote is shown only if none of these stands in it without a figure behind it.
"""

from __future__ import annotations

import re

NUMBERS_EN = re.compile(
    r"\b(?:zero|nought|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|"
    r"(?:twen|thir|for|fif|six|seven|eigh|nine)ty(?:[- ]\w+)?|hundreds?|thousands?|millions?|"
    r"billions?|trillions?|dozens?|half|halves|halved|halving|third|thirds|quarters?|fourth|fifth|"
    r"sixth|seventh|eighth|ninth|tenth|\w+fold|double[ds]?|doubling|triple[ds]?|quadruple[ds]?|twice|"
    r"thrice|once|couple|pair|several|first|second|percent|per cent|percentage|single|both|nil)\b"
)
_DIGITS_KO = "영공일이삼사오육륙칠팔구"
_PLACES_KO = "십백천만억조점"
NUMBERS_KO = re.compile(
    # A place with a digit beside it: 팔백오십, 이십, 삼점오.
    rf"(?<![가-힣])[{_DIGITS_KO}]*[{_PLACES_KO}][{_DIGITS_KO}{_PLACES_KO}]+|(?<![가-힣])[{_DIGITS_KO}][{_PLACES_KO}]"
    # Digits one by one: 팔오공.
    rf"|(?<![가-힣])[{_DIGITS_KO}]{{3,}}"
    # A digit or a place before a unit or counter: 오 도, 백 톤.
    rf"|(?<![가-힣])[{_DIGITS_KO}{_PLACES_KO}]\s*(?:도|톤|퍼센트|프로|시간|배|개|번째|달러|원|분|초|킬로|미터|회|건)(?![가-힣]{{2,}})"
    r"|하나|둘(?![레러])|셋|넷|다섯|여섯|일곱|여덟|아홉|(?<![가-힣])열(?:\s|하나|두|세|네|[개번배])|스물|스무|서른|마흔|쉰|예순|"
    r"일흔|여든|아흔|(?<![가-힣])(?:한|두|세|네)\s*(?:개|배|번|시간|톤|도|차례|가지|자릿|건|달|주)|절반|두어|서너|"
    r"갑절|곱절|반(?:으로|만|\s*이상|\s*정도)|수십|수백|수천|수만|퍼센트|퍼 센트"
)
NOT_NUMBERS_KO = re.compile(
    r"만일|천천히|만족|만약|조사|일이|이사|공사|사이|백만장자|점점|점이|조이|만이|점점이|천공"
)

UNITS = re.compile(
    r"[%‰°℃℉$€£¥₩Ωµμ㎏㎜㎝㎞㎥㎡]|"
    r"\b(?:degrees?|celsius|fahrenheit|kelvin|deg ?c|tons?|tonnes?|kilograms?|kilos?|grams?|pounds?|kg|"
    r"lbs?|bars?|psi|k?pascals?|[km]?pa|litres?|liters?|gallons?|barrels?|met(?:er|re)s?|inch(?:es)?|"
    r"feet|foot|miles?|kilomet(?:er|re)s?|watts?|kilowatts?|megawatts?|[kmg]w(?:h)?|joules?|[kmg]j|"
    r"calories|btu|volts?|amp(?:ere)?s?|hertz|hz|rpm|ppm|ppb|mol|moles?|dollars?|euros?|won|usd|krw|"
    r"cents?|hours?|hrs?|minutes?|mins?|seconds?|secs?|days?|weeks?|months?|years?|t/h|kg/h|m3|nm3|"
    r"barg|bara|mbar|wt|vol|lag(?:s|ged)? (?:of|by))\b|"
    r"섭씨|화씨|켈빈|킬로|그램|리터|미터|파스칼|와트|줄(?=당|로)|달러|유로|만원|억원|시간당|분당|초당|일당|톤"
)

UP = re.compile(
    r"\b(?:higher|rose|risen|rises?|rising|increas\w*|above|more|greater|larger|bigger|grew|grown?|grows|"
    r"up|upwards?|climb\w*|exceed\w*|gain\w*|improv\w*|better|positiv\w*|hotter|warmer|faster)\b|"
    r"상승|증가|높|늘|커[졌지진]|올[랐라]|오[르른름]|많|초과|위로|개선|나아|플러스|양의|뜨거"
)
DOWN = re.compile(
    r"\b(?:lower\w*|fell|fallen|falls?|falling|decreas\w*|below|less|smaller|fewer|shrank|shrunk|shrink\w*|"
    r"down|downwards?|dropp?\w*|reduc\w*|declin\w*|lost|losses|loss|los(?:e|es|ing)|worse\w*|negativ\w*|"
    r"cooler|colder|slower)\b|"
    r"하락|감소|낮|줄[었어]|줄[고며]|작[아았]|내[렸려]|떨어|적[었어]|미만|아래로|악화|나빠|마이너스|음의|손실"
)
NEGATION = re.compile(
    r"\b(?:not|no|never|neither|nor|without|hardly|barely)\b|n't\b|않|아니|없|못|안\s"
)

TIMES = re.compile(
    r"\b(?:yesterday|today|tomorrow|tonight|noon|midnight|january|february|march|april|(?:in|of|during|since|until|from|to) may|june|july|august|"
    r"september|october|november|december|(?:mon|tues|wednes|thurs|fri|satur|sun)day|"
    r"(?:last|next|this|previous|past) (?:hour|shift|day|night|week|month|quarter|year)|a\.?m\.?|p\.?m\.?|o'clock)\b|"
    r"어제|오늘|내일|그저께|그제|모레|지난\s*(?:주|달|해|분기)|이번\s*(?:주|달|해|분기)|작년|올해|내년|정오|자정|요일|오전|오후|새벽"
)
CAUSES = re.compile(
    r"\b(?:because|due to|caus\w*|thanks to|owing to|led to|leads to|result(?:s|ed)? (?:in|from)|therefore|hence)\b|"
    r"때문|원인|덕분|탓|으로 인해|로 인해|따라서|그래서"
)

SUMS = re.compile(
    r"\b(?:minus|plus|times|multipl\w+|divid\w+|subtract\w*|per|squared?|order of magnitude)\b|"
    r"빼면|더하면|곱하|나누|마다|당(?=\s)"
)

STATISTICS: dict[str, re.Pattern[str]] = {
    "mean": re.compile(r"\b(?:mean|average[ds]?|averaging)\b|평균"),
    "minimum": re.compile(r"\b(?:minim\w+|min|lowest|smallest|bottom)\b|최소|최솟|최저"),
    "maximum": re.compile(r"\b(?:maxim\w+|max|highest|largest|greatest|peak\w*|top)\b|최대|최댓|최고|피크"),
    "integral": re.compile(r"\b(?:total\w*|integral|sum|cumulative|altogether)\b|합계|총|적산|누적|적분"),
    "share": re.compile(r"\b(?:share|fraction|proportion|portion|part of the time)\b|비율|비중"),
    "difference": re.compile(r"\b(?:differen\w+|gap|chang\w+)\b|차이|변화"),
    "correlation": re.compile(r"\b(?:correlat\w+|relation\w*)\b|상관"),
    "earned": re.compile(r"\b(?:earn\w*|profit\w*|margin|revenue|money)\b|수익|이익|벌"),
    "typical": re.compile(r"\b(?:median|typical\w*|usual\w*|deviation|variance|stable|steady|constant|unchanged|"
                          r"same|equal\w*|identical)\b|중앙값|편차|분산|일정|안정|동일|같"),
}  # fmt: skip
"""Words that name a statistic, by the beginning of the statistic's name; no figure backs the last."""
