# ruff: noqa: E501  (tables of words and sentences)
"""How figures are shown: the value with its unit, what it is, its range, in Korean or English.

Digits are the same in both languages; only the words differ.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from shiftwork.assistant.figures import Figure
from shiftwork.assistant.text import Language

SLOT = re.compile(r"\{f([1-9]\d{0,2})(?:\.(label|range|coverage|rows))?\}")
"""A place in a text where a figure is shown, or a part of its citation."""

DIGITS = 5
"""Significant digits that are shown; the figure itself holds all."""

_STATISTICS: dict[str, tuple[str, str]] = {
    "mean": ("mean", "평균"),
    "minimum": ("minimum", "최솟값"),
    "maximum": ("maximum", "최댓값"),
    "integral": ("integral over hours", "시간 적분(합계)"),
    "share outside limits": ("share of known time outside", "값을 아는 시간 중 범위 밖 비율"),
    "share inside limits": ("share of known time inside", "값을 아는 시간 중 범위 안 비율"),
    "difference": ("difference of the means", "평균의 차이"),
    "difference, lower end": ("difference of the means, lower end of the interval", "평균의 차이, 구간 하한"),
    "difference, upper end": ("difference of the means, upper end of the interval", "평균의 차이, 구간 상한"),
    "correlation": ("correlation", "상관 계수"),
    "strongest correlation": ("strongest correlation with a lag", "지연을 둔 가장 강한 상관 계수"),
    "lag of the strongest correlation": ("its lag (above 0: the tag named last follows)", "그 지연(0보다 크면 뒤의 태그가 뒤따름)"),
    "earned per period": ("mean per decision period", "결정 주기당 평균"),
    "earned in total": ("total over known periods", "값을 아는 주기의 합계"),
    "decisions": ("decisions", "결정 수"),
    "decisions that the envelope held": ("decisions that the envelope held", "엔벨로프가 붙든 결정 수"),
    "writes that the plant took over": ("writes that the plant took over", "플랜트가 받아들인 쓰기 수"),
    "faults": ("faults", "고장 기록 수"),
    "changes of mode": ("changes of mode", "모드 변경 수"),
    "changes by people": ("changes by people", "사람의 변경 수"),
    "changes that people were refused": ("changes that people were refused", "거절된 변경 수"),
    "decoke due in": ("decoke due in, at the rise of its present run", "디코킹까지 남은 시간(이번 운전의 상승 속도로)"),
    "tube temperature": ("tube temperature now", "현재 튜브 온도"),
    "rise in a day": ("rise in a day, present run", "하루 상승량(이번 운전)"),
    "limit of the tubes": ("limit of the tubes", "튜브 온도 한계"),
    "runs dry in": ("runs dry in, at the rate of the last hours", "바닥까지 남은 시간(최근 몇 시간의 속도로)"),
    "above the heel": ("stock above the heel", "힐 위의 재고"),
    "ships at anchor": ("ships at anchor", "대기 선박 수"),
    "longest wait of a ship at anchor": ("longest wait of a ship at anchor", "가장 오래 기다린 선박의 대기 시간"),
    "laytime left of that ship": ("laytime left of that ship (below 0: demurrage)", "그 선박의 남은 정박 시간(0보다 작으면 체선)"),
    "next ship expected in": ("next ship expected in", "다음 선박 도착 예정까지"),
    "demurrage of the last day": ("paid in the last day", "최근 하루 체선료"),
    "recorded episodes": ("their number", "개수"),
    "earned in an episode": ("earned in an episode, mean", "에피소드당 번 것, 평균"),
    "scheduler in the same episodes": ("earned by the scheduler in the same ones, mean", "같은 에피소드에서 스케줄러가 번 것, 평균"),
    "upper bound of the same episodes": ("upper bound of the same ones, mean", "같은 에피소드의 상한, 평균"),
    "earned less the scheduler": ("earned less the scheduler's", "번 것 − 스케줄러"),
    "share of the upper bound": ("part of the upper bound that was earned", "상한 가운데 번 몫"),
    "proposed": ("proposed by the agent", "에이전트의 제안"),
    "in force before": ("in force before", "직전 설정값"),
    "allowed by the envelope": ("allowed by the envelope", "엔벨로프가 허용한 값"),
    "set afterwards": ("set afterwards", "그 뒤 설정된 값"),
    "binding limit of the moment, lower": ("lower limit of the moment, which binds", "걸려 있는 그 시점의 하한"),
    "binding limit of the moment, upper": ("upper limit of the moment, which binds", "걸려 있는 그 시점의 상한"),
    "binding limit of what people did, lower": ("lower end of what people did, which binds", "걸려 있는 사람들의 조작 범위 하한"),
    "binding limit of what people did, upper": ("upper end of what people did, which binds", "걸려 있는 사람들의 조작 범위 상한"),
    "own estimate of the proposal": ("own estimate of the proposal (discounted sum of the objective over coming periods, beyond what follows from outside)", "스스로의 추정: 제안의 가치(앞으로 올 주기의 목적식을 할인한 합, 외부에서 정해지는 몫 제외)"),
    "own estimate, spread of the critics": ("own estimate of the proposal, spread of its critics", "스스로의 추정: 제안의 가치, 평가망 사이의 폭"),
    "own estimate, in force less proposal": ("own estimate of what was in force, less the proposal's", "스스로의 추정: 직전 설정값의 가치 − 제안의 가치"),
    "own estimate, in force less proposal, lowest critic": ("the same, lowest critic", "위와 같음, 가장 낮은 평가망"),
    "own estimate, in force less proposal, highest critic": ("the same, highest critic", "위와 같음, 가장 높은 평가망"),
    "own estimate, set afterwards less proposal": ("own estimate of what was set afterwards, less the proposal's", "스스로의 추정: 그 뒤 설정된 값의 가치 − 제안의 가치"),
    "own estimate, set afterwards less proposal, lowest critic": ("the same, lowest critic", "위와 같음, 가장 낮은 평가망"),
    "own estimate, set afterwards less proposal, highest critic": ("the same, highest critic", "위와 같음, 가장 높은 평가망"),
    "best alternative by own estimate": ("in the best alternative by the agent's own estimate", "에이전트 스스로의 추정에서 가장 나은 대안"),
    "own estimate, best alternative less proposal": ("own estimate of the best alternative, less the proposal's", "스스로의 추정: 가장 나은 대안의 가치 − 제안의 가치"),
    "own estimate, best alternative less proposal, lowest critic": ("the same, lowest critic", "위와 같음, 가장 낮은 평가망"),
    "own estimate, best alternative less proposal, highest critic": ("the same, highest critic", "위와 같음, 가장 높은 평가망"),
    "probability": ("probability", "확률"),
    "probability of what was chosen": ("what was chosen, its probability", "실제 선택, 그 확률"),
    "not allowed": ("not allowed by the plant", "플랜트가 허용하지 않음"),
    "not allowed: no such ship": ("not allowed: there is no such ship", "허용되지 않음: 그런 선박이 없음"),
    "not allowed: its own ship goes first": ("not allowed: the ship at the berth goes first", "허용되지 않음: 접안한 선박이 먼저임"),
    "not allowed: the tank is being filled": ("not allowed: the tank is being filled", "허용되지 않음: 탱크에 입고 중임"),
    "not allowed: the tank feeds": ("not allowed: the tank feeds the furnaces", "허용되지 않음: 탱크가 가열로에 공급 중임"),
    "not allowed: the tank is full": ("not allowed: the tank has no room for an hour", "허용되지 않음: 탱크에 빈 자리가 없음"),
    "not allowed: a tank in it is not ready": ("not allowed: a tank in it is empty, filled, resting or not released", "허용되지 않음: 쓸 수 없는 탱크가 들어 있음(빈 탱크, 입고, 정치, 미승인)"),
    "not allowed: it does not last an hour or is out of specification": ("not allowed: it does not last an hour, or is out of specification", "허용되지 않음: 재고가 모자라거나 규격 밖임"),
    "not allowed: another recipe lasts": ("not allowed: another recipe lasts", "허용되지 않음: 다른 배합이 가능함"),
    "not allowed: too few others would crack": ("not allowed: too few others would crack", "허용되지 않음: 운전하는 가열로가 너무 적어짐"),
    "not allowed: no place for a decoke": ("not allowed: as many decoke, or wait for it, as may", "허용되지 않음: 디코킹 자리가 없음"),
    "not allowed: no furnace can be decoked now": ("not allowed: no furnace can be decoked now", "허용되지 않음: 지금 디코킹할 수 있는 가열로가 없음"),
    "in force for": ("busy with this for", "이 일을 한 지"),
    "ended, as recorded, after": ("goes on with this, as recorded, for", "이 일이 끝나기까지(기록대로)"),
    "own estimate at the decision": ("own estimate at the decision (discounted sum of what the team earns from then on)", "스스로의 추정: 결정 시점의 가치(그 뒤 팀이 버는 것을 할인한 합)"),
    "own estimate at the next decision of anybody": ("the same, at the next decision of anybody", "위와 같음, 다음 결정 시점(누구든)"),
    "earned until the next decision of anybody": ("earned until the next decision of anybody", "다음 결정(누구든)까지 번 것"),
    "more than it expected": ("what followed and its estimate then, less its estimate before", "그동안 번 것과 그때의 추정 − 앞선 추정"),
    "distance to the nearest record": ("distance to the nearest record, in deviations", "가장 가까운 기록까지의 거리(표준편차 단위)"),
    "distance within which nearly all records lie": ("distance within which 99 % of held-out records lie", "따로 둔 기록의 99 %가 들어오는 거리"),
    "moves the action by this part of its range": ("alone, at its recorded values, moves the action by, mean part of its range", "홀로 기록된 값들로 바뀔 때 조작의 평균 변화, 조작 범위 대비"),
}  # fmt: skip


def render(text: str, figures: Sequence[Figure], language: Language) -> str:
    """Put figures into the slots of a text that the checker has passed."""

    def fill(match: re.Match[str]) -> str:
        figure = figures[int(match[1]) - 1]
        parts = {"label": label, "range": range_of, "coverage": coverage, "rows": rows}
        return parts[match[2]](figure, language) if match[2] else value(figure)

    return SLOT.sub(fill, text)


def value(figure: Figure) -> str:
    """The value with its unit; shares in percent."""
    if figure.statistic.startswith(("share ", "moves ", "probability", "not allowed")):
        return f"{number(100 * figure.value)} %"
    return f"{number(figure.value)} {figure.unit}".rstrip()


def number(amount: float) -> str:
    """A number with five significant digits and no exponent."""
    if not math.isfinite(amount):
        return str(amount)
    places = DIGITS - 1 - (math.floor(math.log10(abs(amount))) if amount else 0)
    text = f"{amount:.{min(max(places, 0), 12)}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def label(figure: Figure, language: Language) -> str:
    """What the figure is of: tag and statistic, with limits where it has any."""
    words = _STATISTICS[figure.statistic][language == "ko"]
    if figure.tool == "explain_team":
        return f"{figure.tag}, {words}"
    limits = ""
    if figure.statistic in ("share outside limits", "share inside limits"):
        limits = _limits(figure, language)
    tags = figure.tag
    if "other" in figure.arguments:
        tags = f"{figure.tag}, {figure.arguments['other']}"
    return f"{tags} {limits or words}"


def _limits(figure: Figure, language: Language) -> str:
    low, high = figure.arguments["low"], figure.arguments["high"]
    inside, korean = figure.statistic == "share inside limits", language == "ko"
    shown = [number(float(limit)) for limit in (low, high) if limit is not None]
    if len(shown) == 2:
        between = " ~ ".join(shown)
        if korean:
            return f"{between} {'이내' if inside else '밖'} 시간 비율"
        return f"share of known time {'within' if inside else 'outside'} {between}"
    if korean:
        words = (
            ("이상" if inside else "미만") if low is not None else ("이하" if inside else "초과")
        )
        return f"{shown[0]} {words} 시간 비율"
    words = (
        ("at least" if inside else "below")
        if low is not None
        else ("at most" if inside else "above")
    )
    return f"share of known time {words} {shown[0]}"


def range_of(figure: Figure, language: Language) -> str:
    """The range or ranges of the figure, half open, with the zone."""
    if figure.tool == "explain_team":
        episode, step = figure.arguments["episode"], figure.arguments["step"]
        return (
            f"에피소드 {episode:g}, {step:g}번째 단계의 결정"
            if language == "ko"
            else f"decision of episode {episode:g}, step {step:g}"
        )
    first = _span(figure.start, figure.stop, language)
    if "other_start" in figure.arguments:
        other = _span(
            str(figure.arguments["other_start"]), str(figure.arguments["other_stop"]), language
        )
        first = f"({first}) − ({other})"
    return f"{first} ({figure.zone})"


def _span(start: str, stop: str, language: Language) -> str:
    begin, end = (moment.replace("T", " ") for moment in (start, stop))
    return f"{begin} ~ {end}" if language == "ko" else f"{begin} to {end}"


def coverage(figure: Figure, language: Language) -> str:
    """Known share of the range, in percent."""
    return f"{number(100 * figure.coverage)} %"


def rows(figure: Figure, language: Language) -> str:
    """Usable samples inside the range."""
    return str(figure.rows)
