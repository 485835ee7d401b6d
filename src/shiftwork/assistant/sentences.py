# ruff: noqa: E501  (tables of words and sentences)
"""The fixed sentences in English and Korean; numbers stand in slots alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shiftwork.assistant.figures import Figure
from shiftwork.assistant.text import Language

FOUND = (
    "What the documents and logs say, the best fit in front; quoted, not checked:",
    "문서와 일지의 내용입니다. 잘 맞는 것부터이며, 인용일 뿐 확인된 것은 아닙니다:",
)
"""In front of quotes, English and Korean."""
MISSING: dict[str, tuple[str, str]] = {
    "critics": (
        "The agent's folder holds no critics (it was cloned, or learned by an earlier version), so it has no estimate of what actions are worth; learn it again to have one.",
        "에이전트 폴더에 평가망이 없습니다(모방 학습이거나 이전 버전). 조작의 가치를 추정할 수 없습니다. 다시 학습하면 생깁니다.",
    ),
    "team critic": (
        "The team's folder holds no critic (another algorithm than ACAC, or an earlier version), so the team has no estimate of its own; teams of ACAC and those learned from records have one.",
        "팀 폴더에 평가망이 없어(ACAC이 아니거나 이전 버전) 팀의 추정이 없습니다. ACAC 팀과 기록에서 배운 팀에는 있습니다.",
    ),
    "records": (
        "The agent's folder says nothing of its records, so the distance to them is not known.",
        "에이전트 폴더에 학습 기록이 없어 기록까지의 거리를 알 수 없습니다.",
    ),
}  # fmt: skip
"""What an explanation lacks, English and Korean."""


def figures_text(figures: Sequence[Figure], language: Language) -> str:
    """The fixed text of an answer: for each range its figures, one to a line, then what is known.

    Args:
        figures: Of one question, in the order in which they are shown.
        language: Of the question.
    """
    groups: dict[tuple[object, ...], list[int]] = {}
    for number, figure in enumerate(figures, start=1):
        key = (figure.start, figure.stop, figure.tool, figure.arguments.get("other_start"))
        groups.setdefault(key, []).append(number)
    blocks = []
    for numbers in groups.values():
        lines = [f"{{f{numbers[0]}.range}}:"]
        lines += [f"{{f{n}.label}}: {{f{n}}}" for n in numbers]
        seen: dict[tuple[str, float], int] = {}
        for n in numbers:
            figure = figures[n - 1]
            seen.setdefault((figure.tag if figure.tool == "summarize" else "", figure.coverage), n)
        for (_, known), n in seen.items():
            if known < 1:
                lines.append(_known(n, language))
        blocks.append("\n".join(lines))
    return "\n\n".join([*blocks, *_notes(figures, language)])


def _known(number: int, language: Language) -> str:
    if language == "ko":
        return f"값을 아는 시간({{f{number}.label}}): {{f{number}.coverage}}"
    return f"Known ({{f{number}.label}}): {{f{number}.coverage}}"


def _told_by_critics(by_statistic: Mapping[str, Figure], korean: bool) -> str:
    """Whether an agent's critics tell its proposal from the action in force; "" where not asked."""
    what = "own estimate, in force less proposal"
    low, high = (by_statistic.get(f"{what}, {end} critic") for end in ("lowest", "highest"))
    if low is None or high is None:
        return ""
    if low.value <= 0 <= high.value:
        return (
            "평가망들의 부호가 갈려, 직전 설정값과 제안 가운데 어느 쪽이 나은지 추정으로는 알 수 없습니다."
            if korean
            else "Its critics do not agree on the sign, so the estimate cannot tell the action in force from the proposal."
        )
    return (
        "평가망들의 부호가 일치하며, 시뮬레이션한 가열로에서는 이런 일치가 대체로 맞았습니다. 에이전트의 믿음이며 측정값이 아닙니다."
        if korean
        else "Its critics agree on the sign, which on a simulated furnace was mostly right: it shows what the agent believes, and is no measurement."
    )


def _notes(figures: Sequence[Figure], language: Language) -> list[str]:
    """What the figures of a comparison or relation say and do not say."""
    korean = language == "ko"
    by_statistic = {figure.statistic: figure for figure in figures}
    notes = []
    low, high = (by_statistic.get(f"difference, {end} end") for end in ("lower", "upper"))
    if "difference" in by_statistic:
        if low is None or high is None:
            notes.append(
                "There is too little data for an interval."
                if not korean
                else "구간을 계산하기에는 데이터가 너무 적습니다."
            )
        elif low.value <= 0 <= high.value:
            notes.append(
                "The interval contains either sign, so the records do not show a difference."
                if not korean
                else "구간에 양쪽 부호가 모두 들어 있어 차이가 있다고 말할 수 없습니다."
            )
        elif by_statistic["difference"].value > 0:
            notes.append(
                "The range named at the start has the higher mean."
                if not korean
                else "앞에 적은 기간의 평균이 더 높습니다."
            )
        else:
            notes.append(
                "The range named at the start has the lower mean."
                if not korean
                else "앞에 적은 기간의 평균이 더 낮습니다."
            )
    if "correlation" in by_statistic:
        notes.append(
            "A correlation does not say why: the tags may follow something else, or an operator."
            if not korean
            else "상관은 이유를 말하지 않습니다. 두 태그가 다른 것이나 운전원을 따를 수 있습니다."
        )
    if any(figure.tool == "explain" for figure in figures):
        notes.append(
            "Its own estimate is what the agent's critics learned from its records; it is no "
            "measurement, and it tends to favour the agent's own proposal. What moves the agent's action need not move the plant."
            if not korean
            else "스스로의 추정은 에이전트의 평가망이 기록에서 배운 것이며 측정값이 아니고, "
            "에이전트 자신의 제안을 좋게 보는 경향이 있습니다. "
            "에이전트의 조작을 움직이는 입력이 플랜트를 움직인다는 뜻은 아닙니다."
        )
    if told := _told_by_critics(by_statistic, korean):
        notes.append(told)
    if any(figure.tool == "explain_team" for figure in figures):
        notes.append(
            "Probabilities are those of the team's nets, had they seen and decided all that was recorded before. "
            "The estimate is what its critic learned of the whole team's situation; it is no measurement."
            if not korean
            else "확률은 팀의 신경망이 기록된 대로 보고 결정해 왔다고 할 때의 값입니다. "
            "스스로의 추정은 팀 전체의 상황에 대해 평가망이 배운 것이며 측정값이 아닙니다."
        )
    if any(figure.tool == "schedule" for figure in figures):
        notes.append(
            "The recorded course drawn on as a straight line; what people will do about it is unknown."
            if not korean
            else "기록된 흐름을 직선으로 이어 본 것입니다. 사람들이 어떻게 대응할지는 알 수 없습니다."
        )
    if any(figure.tool == "earnings" for figure in figures):
        notes.append(
            "By the plant file's objective, from recorded values."
            if not korean
            else "플랜트 파일의 목적식으로 기록된 값에서 계산했습니다."
        )
    return notes
