# ruff: noqa: E501  (tables of words and sentences)
"""What is said when a question goes back: it is asked back, or refused with what would help."""

from __future__ import annotations

from shiftwork.assistant.text import Back, Language

BACK: dict[str, tuple[str, str]] = {
    # Asked back.
    "nothing asked": (
        "Ask about a tag and a time, such as: mean of {example} last week.",
        "태그와 기간을 물어보세요. 예: 지난주 {example} 평균.",
    ),
    "no such date": (
        "There is no date or period '{said}'. Which one is meant?",
        "'{said}'에 해당하는 날짜나 기간이 없습니다. 언제를 말씀하시나요?",
    ),
    "no such time": (
        "There is no time of day '{said}'. Which time is meant?",
        "'{said}'에 해당하는 시각이 없습니다. 몇 시를 말씀하시나요?",
    ),
    "two dates": (
        "'{said}' may mean two dates. Write it as year-month-day, such as 2025-03-04.",
        "'{said}'은(는) 두 가지 날짜로 읽힙니다. 2025-03-04처럼 연-월-일로 써 주세요.",
    ),
    "which one": (
        "'{said}' may mean several times. Give the date, or from when to when.",
        "'{said}'은(는) 여러 가지로 읽힙니다. 날짜나 시작과 끝을 알려 주세요.",
    ),
    "which year": (
        "The question names several years. Which year is meant by '{said}'?",
        "질문에 여러 해가 나옵니다. '{said}'은(는) 몇 년인가요?",
    ),
    "which day": (
        "On which day does '{said}' start? Name the day, such as: yesterday's night shift.",
        "'{said}'이(가) 시작하는 날짜를 알려 주세요. 예: 어제 야간조.",
    ),
    "no such shift": (
        "The plant file has no shift '{said}' (known: {known}). Name a day and times, or add [shifts] to the plant file.",
        "플랜트 파일에 '{said}' 근무조가 없습니다(등록: {known}). 날짜와 시각으로 묻거나 플랜트 파일에 [shifts]를 추가하세요.",
    ),
    "half a range": (
        "'{said}' is one end of a range. From when to when?",
        "'{said}'은(는) 기간의 한쪽 끝입니다. 언제부터 언제까지인가요?",
    ),
    "backwards": (
        "The range starts at {start} and stops at {stop}, before it starts. From when to when?",
        "기간의 시작({start})이 끝({stop})보다 늦습니다. 언제부터 언제까지인가요?",
    ),
    "changing clock": (
        "A time of the range does not exist, or comes twice, where clocks change in {zone}. Choose a time an hour or more away.",
        "{zone}에서 시계가 바뀌는 때라 없거나 두 번 있는 시각입니다. 한 시간 이상 떨어진 시각을 골라 주세요.",
    ),
    "zone": (
        "Times are read in the plant's zone, {zone}, not in '{said}'. Ask again in {zone}.",
        "시각은 '{said}'이(가) 아니라 플랜트의 시간대 {zone}(으)로 읽습니다. {zone} 시각으로 다시 물어보세요.",
    ),
    "which tag": (
        "'{said}' is the name of several tags: {near}. Which one is meant?",
        "'{said}'(이)라는 태그가 여럿입니다: {near}. 어느 것인가요?",
    ),
    "near tags": (
        "'{said}' is not understood. Is one of these tags meant: {near}?",
        "'{said}'을(를) 이해하지 못했습니다. 혹시 이 태그인가요: {near}?",
    ),
    "unknown words": (
        "'{said}' is not understood, and no tag comes near. Ask without it, or list tags with: which tags.",
        "'{said}'을(를) 이해하지 못했고 비슷한 태그도 없습니다. 빼고 다시 묻거나 '태그 목록'을 물어보세요.",
    ),
    "which tag at all": (
        "About which tag? Some of them: {near}.",
        "어느 태그인가요? 예: {near}.",
    ),
    "too many tags": (
        "That are too many tags for one question. Ask about six at most.",
        "한 번에 여섯 개까지의 태그만 물어볼 수 있습니다.",
    ),
    "two tags": (
        "A relation needs exactly two tags. Which two?",
        "관계를 보려면 태그가 꼭 두 개 필요합니다. 어느 두 태그인가요?",
    ),
    "which range": (
        "For which time? The records run from {first} to {last} ({zone}).",
        "어느 기간인가요? 기록은 {first}부터 {last}까지 있습니다({zone}).",
    ),
    "two ranges": (
        "A comparison needs exactly two ranges, such as: last week with the week before last.",
        "비교하려면 기간이 꼭 두 개 필요합니다. 예: 지난주와 지지난주.",
    ),
    "one range": (
        "This needs exactly one range. Which one?",
        "기간이 꼭 하나 필요합니다. 어느 기간인가요?",
    ),
    "one limit": (
        "Give one limit, or a lower and a higher one.",
        "한계값을 하나, 또는 낮은 값과 높은 값으로 알려 주세요.",
    ),
    "which limit": (
        "Share of time above or below what? Give a limit, such as: above 850.",
        "어떤 값의 위나 아래인 시간의 비율인가요? 한계값을 알려 주세요. 예: 850 초과.",
    ),
    "unit": (
        "'{said}' is not the unit of the tag, which is {unit}. Give the limit in {unit}.",
        "'{said}'은(는) 이 태그의 단위가 아닙니다. 단위는 {unit}입니다. {unit}(으)로 알려 주세요.",
    ),
    "one thing": (
        "The question asks for several things at once. Ask for one of them.",
        "한 번에 여러 가지를 물으셨습니다. 하나씩 물어보세요.",
    ),
    "earnings of a tag": (
        "Earnings are those of the whole plant, by account. Ask without {said}, or for the mean of {said}.",
        "수익은 플랜트 전체를 계정별로 계산합니다. {said} 없이 묻거나 {said}의 평균을 물어보세요.",
    ),
    "which action": (
        "'{said}' is no action of the agent. Which action is meant: {near}?",
        "'{said}'은(는) 에이전트가 조작하는 값이 아닙니다. 어느 것인가요: {near}?",
    ),
    "which moment": (
        "This is said of one moment. At what time of the range from {start}?",
        "한 시점에 대해서만 답합니다. {start}부터의 기간 가운데 몇 시인지 알려 주세요.",
    ),
    "search for what": (
        "What is to be searched for? Such as: search documents for decoke.",
        "무엇을 찾을까요? 예: 문서에서 디코킹 찾아줘.",
    ),
    # Refused.
    "nothing found": (
        "No document or log that is open has any of these words: {said}. Open more with --documents.",
        "열린 문서와 일지에는 이 말이 없습니다: {said}. --documents로 더 열어 주세요.",
    ),
    "no schedule": (
        "The plant file does not say what is decoked and what runs dry. Add a table [schedule] to it.",
        "플랜트 파일에 무엇을 디코킹하고 무엇이 바닥나는지 나와 있지 않습니다. [schedule] 표를 추가하세요.",
    ),
    "no agent": (
        "No agent is open that could be asked why. Name its folder with --agent.",
        "이유를 물어볼 에이전트가 열려 있지 않습니다. --agent로 폴더를 알려 주세요.",
    ),
    "no team": (
        "No team is open that could be asked why. Name its folder with --team and recorded episodes with --team-records.",
        "이유를 물어볼 팀이 열려 있지 않습니다. --team으로 팀 폴더를, --team-records로 기록된 에피소드를 알려 주세요.",
    ),
    "which member": (
        "Whose decision is meant? The team's members: {near}.",
        "누구의 결정인가요? 팀의 구성원: {near}.",
    ),
    "which episode": (
        "Which episode? The records hold episodes 0 to {last}.",
        "몇 번 에피소드인가요? 기록에는 에피소드 0부터 {last}까지 있습니다.",
    ),
    "which step": (
        "At which step? Episode {said} has the steps 0 to {last}.",
        "몇 번째 단계인가요? 에피소드 {said}에는 0부터 {last}단계까지 있습니다.",
    ),
    "why": (
        "Records show what moved together, not why. A test at the plant, or a simulation, would be needed; ask for a comparison or a relation instead.",
        "기록으로는 함께 움직인 것은 알 수 있지만 이유는 알 수 없습니다. 플랜트 시험이나 시뮬레이션이 필요합니다. 비교나 상관을 물어보세요.",
    ),
    "future": (
        "Records end in the past, so the assistant does not foretell. Ask about a time that they cover.",
        "기록은 과거의 것이라 미래를 말하지 않습니다. 기록이 있는 기간을 물어보세요.",
    ),
    "act": (
        "The assistant only reads; it changes nothing at the plant. An operator or an agent in operation does that.",
        "도우미는 읽기만 하며 플랜트의 아무것도 바꾸지 않습니다. 변경은 운전원이나 운전 중인 에이전트가 합니다.",
    ),
    "advice": (
        "What would be best cannot be computed from records alone; an agent or a simulation is needed. Ask what happened.",
        "무엇이 최선인지는 기록만으로 계산할 수 없습니다. 에이전트나 시뮬레이션이 필요합니다. 무슨 일이 있었는지 물어보세요.",
    ),
    "text tag": (
        "{said} holds text, which has no mean. Ask about a tag with numbers.",
        "{said}에는 글자가 들어 있어 평균이 없습니다. 숫자 태그를 물어보세요.",
    ),
    "nothing known": (
        "Nothing is known of this from {start} to {stop}. The records run from {first} to {last} ({zone}).",
        "{start}부터 {stop}까지는 알려진 값이 없습니다. 기록은 {first}부터 {last}까지 있습니다({zone}).",
    ),
    "too little": (
        "The range has too few periods in which both are known, or one of them does not move. Choose a longer range.",
        "두 값을 모두 아는 주기가 너무 적거나 한쪽이 움직이지 않습니다. 더 긴 기간을 골라 주세요.",
    ),
    "too long": (
        "The question is too long. Ask one short question.",
        "질문이 너무 깁니다. 짧게 하나만 물어보세요.",
    ),
    "cannot compute": (
        "This cannot be computed: {said}.",
        "계산할 수 없습니다: {said}.",
    ),
    "no tags found": (
        "No tag is called '{said}' or comes near.",
        "'{said}'(이)라는 태그도 비슷한 태그도 없습니다.",
    ),
}  # fmt: skip
"""What is said when a question goes back, English and Korean."""


def back_text(back: Back, language: Language, parts: dict[str, str]) -> str:
    """The sentence of a question that goes back.

    Args:
        back: Why it goes back.
        language: Of the question.
        parts: What any sentence may name: example, first, last, zone.
    """
    return BACK[back.reason][language == "ko"].format(**{**parts, **back.parts})
