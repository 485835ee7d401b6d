# ruff: noqa: E501  (tables of words and sentences)
"""The words of a page, English and Korean."""

from __future__ import annotations

OVER = {
    "shift": ("Shift hand-over", "근무조 인수인계"),
    "day": ("Daily page", "일일 보고"),
    "week": ("Weekly page", "주간 보고"),
    "month": ("Monthly page", "월간 보고"),
}
SECTIONS = {
    "earned": ("What was earned", "수익"),
    "moved": ("What the tags did", "태그별 값"),
    "changed": ("What differs from the stretch before", "직전 기간과 다른 점"),
    "outside": (
        "What to watch: time outside limits or span",
        "살펴볼 것: 한계나 계기 범위를 벗어난 시간",
    ),
    "did": ("What the agents did, and what people changed", "에이전트가 한 일과 사람이 바꾼 것"),
    "why": ("Why: the last decision", "이유: 마지막 결정"),
    "due": ("What is due", "예정된 일"),
    "log": ("From the log", "일지에서"),
}
NOTHING = {
    "changed": (
        "No tag of which the records show a difference.",
        "기록으로 차이가 있다고 말할 수 있는 태그가 없습니다.",
    ),
    "outside": (
        "No tag was outside its limits or span.",
        "한계나 계기 범위를 벗어난 태그가 없습니다.",
    ),
}
TEXT = {
    "lead": ("Computed from recorded values; numbers in brackets name the source of each figure.", "기록된 값에서 계산했습니다. 괄호 안의 번호는 각 숫자의 출처입니다."),
    "quoted": ("Quoted, not checked.", "인용이며 확인된 내용이 아닙니다."),
    "own": ("The own estimates are what the agent's critics learned from its records, no measurement, and tend to favour its own proposal. Inputs that move the agent's action need not move the plant.", "스스로의 추정은 에이전트의 평가망이 기록에서 배운 것이며 측정값이 아니고, 에이전트 자신의 제안을 좋게 보는 경향이 있습니다. 에이전트의 조작을 움직이는 입력이 플랜트를 움직인다는 뜻은 아닙니다."),
    "due": ("The recorded course drawn on as a straight line; what people will do about it is unknown.", "기록된 흐름을 직선으로 이어 본 것입니다. 사람들이 어떻게 대응할지는 알 수 없습니다."),
    "this": ("This stretch", "이 기간"),
    "earlier": ("The one before", "직전 기간"),
    "missing": ("Not known", "알 수 없는 것"),
    "sources": ("Sources", "출처"),
    "source": ("Source", "출처"),
    "figure": ("Figure", "숫자"),
    "value": ("Value", "값"),
    "range": ("Range", "기간"),
    "known": ("Known", "값을 아는 비율"),
    "samples": ("Samples", "표본 수"),
    "computed": ("Computed by", "계산"),
    "files": ("SHA-256 of the files and records that the figures rest on", "숫자의 근거가 된 파일과 기록의 SHA-256"),
    "when": ("When", "시각"),
    "what": ("What", "내용"),
    "trend": ("Trends", "추이"),
    "again": ("Every figure can be computed again with", "모든 숫자는 다음 명령으로 다시 계산할 수 있습니다:"),
}  # fmt: skip
