"""The tutorial's answers are those of the assistant; numbers may differ from one processor to another."""

import re

import pytest
from benchmarks.assistant_tutorial import PAGE, QUESTIONS, opened, shown


def masked(text):
    """The text without its numbers, and without what depends on the order of numbers."""
    return re.sub(r"-?\d+(?:[.,]\d+)*", "#", text)


@pytest.mark.slow
def test_the_tutorial_shows_what_is_answered(tmp_path):
    page = PAGE.read_text(encoding="utf-8")
    assert page.count("```text") == len(QUESTIONS) + 1
    assistant = opened(tmp_path, agent=False)
    for _, question in QUESTIONS:
        if "agent" in question or "에이전트" in question:
            continue
        answer = assistant.ask(question)
        section = page.split(f"**{question}** (")[1]
        assert section.startswith(answer.status), question
        body = section.split("```text\n")[1].split("\n```")[0]
        if not answer.passages:
            assert masked(body) == masked("\n".join(shown(answer))), question
        assistant.recompute(answer)
