"""The tutorial of the assistant: twenty questions on the simulated centre, with their real answers.

python -m benchmarks.assistant_tutorial

People run the centre for a year, an agent learns from their export (two minutes), and the assistant
is asked. The page ``docs/assistant_tutorial.md`` is written whole; a test asks again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.results import ROOT
from shiftwork.assistant.answers import Answer
from shiftwork.assistant.assistant import Assistant
from shiftwork.cli.agent_verbs import learn_agent
from shiftwork.cli.people import people_at
from shiftwork.cli.record_verbs import import_export

PAGE = ROOT / "docs" / "assistant_tutorial.md"
NOW = "2031-06-15T09:00"
MOST_LINES = 36
QUESTIONS: tuple[tuple[str, str], ...] = (
    ("Which tags are there?", "어떤 태그가 있나요, 압축기"),
    ("What happened", "mean and maximum of ethylene made last week"),
    ("", "지난주 1호 가열로 출구 온도 평균은 얼마였나요?"),
    ("", "level of tank 1 yesterday"),
    ("", "5월 에틸렌 생산량 합계"),
    ("", "how often was the compressor load above 90 % in May?"),
    ("", "어제 2호 가열로 튜브 온도 최댓값"),
    ("Comparing and relating", "compare ethylene made last week with the week before last"),
    ("", "지난달 에틸렌 생산량과 압축기 부하의 상관관계"),
    ("What it earned", "what did we earn last week?"),
    ("", "5월 수익은 얼마였나요?"),
    ("What is due", "when will the furnaces be decoked?"),
    ("", "어제 10시에 무엇부터 해야 했나?"),
    ("Why", "why did the agent propose this yesterday at 10:00?"),
    ("", "에이전트의 마지막 결정을 설명해 줘"),
    ("What was written down", "what does the shift log say about mistakes on the panel?"),
    ("", "문서에서 엔벨로프가 무엇인지 찾아줘"),
    ("What it does not answer", "why did ethylene fall yesterday?"),
    ("", "내일 에틸렌 생산량은?"),
    ("", "mean of the vibration yesterday"),
)
"""Heading, "" where it goes on, and question."""
LEAD = f"""# Twenty questions

Simulated people run a small naphtha cracking centre for a year and leave an export, a plant file and a
shift log. The assistant is asked about them, without a language model; it is {NOW.replace("T", " ")} at the plant.

```text
shiftwork people --plant centre-small --out runs/people
shiftwork learn runs/people/historian --tags runs/people/centre-small.simulated.toml --algo td3bc --updates 2000
shiftwork chat --records runs/people/historian --tags runs/people/centre-small.simulated.toml \\
    --agent runs/agent --documents runs/people/centre-small.simulated.shift-log.csv --now {NOW}
```

The questions and answers below are made by `python -m benchmarks.assistant_tutorial`. With `ask --out answer.json` each
answer is saved with the source of every figure, and `ask --recompute answer.json` computes it again. The agent was
learned for a few seconds and is no good; what it says of itself is shown all the same.
"""


def opened(folder: Path, agent: bool = True) -> Assistant:
    """Make the export and the agent, and open both.

    Args:
        folder: For all files.
        agent: Whether to learn one.
    """
    people_at("centre-small", folder / "people", 1, 0)
    tags = next((folder / "people").glob("*.toml"))
    records = folder / "people" / "historian"
    if agent:
        episodes = import_export(records, tags)
        learn_agent(episodes, "td3bc", updates=2000, out=folder / "agent")
    return Assistant(
        records,
        tags,
        now=NOW,
        agent=folder / "agent" if agent else None,
        documents=sorted((folder / "people").glob("*.shift-log.csv")),
    )


def shown(answer: Answer) -> list[str]:
    """An answer as the page shows it, cut after some lines."""
    lines = [*answer.shown.splitlines(), *answer.notes]
    return lines if len(lines) <= MOST_LINES else [*lines[: MOST_LINES - 1], "..."]


def page(answers: Sequence[Answer]) -> str:
    """Make the page."""
    parts = [LEAD]
    for (heading, question), answer in zip(QUESTIONS, answers, strict=True):
        if heading:
            parts.append(f"## {heading}\n")
        body = "\n".join(shown(answer))
        parts.append(f"**{question}** ({answer.status})\n\n```text\n{body}\n```\n")
    return "\n".join(parts)


def main() -> None:
    """Ask everything and write the page."""
    with tempfile.TemporaryDirectory() as folder:
        assistant = opened(Path(folder))
        answers = [assistant.ask(question) for _, question in QUESTIONS]
        for answer in answers:
            assistant.recompute(answer)
    PAGE.write_text(page(answers), encoding="utf-8")
    print(f"{PAGE}: {len(answers)} questions, {sum(len(a.figures) for a in answers)} figures")


if __name__ == "__main__":
    main()
