"""A hostile language model gets no number through, in process and behind a real HTTP server."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest
from benchmarks.assistant_model import COLUMN, KINDS, POISON, played, unsourced

from shiftwork.assistant.answers import Answer
from shiftwork.assistant.assistant import Assistant

ROUGH = "how did x0 behave yesterday, roughly?"
WHOLE = {"tag": "x0", "start": "2025-07-18", "stop": "2025-07-19"}


@pytest.fixture(scope="module")
def column():
    return Assistant(COLUMN / "records.csv", COLUMN / "column.toml", now="2025-07-19T13:30")


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_a_hostile_model_is_shown(column, kind):
    played_all = [played(column, seed, kind) for seed in range(20)]
    assert [through for through, _ in played_all if through] == []
    answered = sum(answer.status == "answered" for _, answer in played_all)
    assert answered >= (0 if kind == "empty" else 3)


def test_the_judge_of_the_benchmark_finds_what_is_put_in(column):
    answers = [played(column, seed, "honest")[1] for seed in range(9)]
    answer = next(found for found in answers if found.status == "answered")
    for poison in (word for kind in ("digits", "number words", "units") for word in POISON[kind]):
        wrong = Answer(ROUGH, "en", "answered", f"{{f1}} {poison}", answer.figures)
        assert unsourced(wrong, poison)


def test_an_honest_sentence_is_shown_with_the_fixed_lines(column):
    replies = iter([
        {"tool_calls": [{"function": {"name": "summarize", "arguments": json.dumps(WHOLE)}}]},
        {"content": "Here is the mean of x0: {f1}"},
    ])  # fmt: skip
    column.model = lambda messages, tools: next(replies)
    answer = column.ask(ROUGH)
    assert answer.shown.startswith("Here is the mean of x0: 0.80006\n\n2025-07-18")
    assert "x0 mean: 0.80006" in answer.shown
    assert "check that tags and ranges" in answer.notes[0]


def test_what_the_grammar_understands_or_refuses_never_goes_to_a_model(column):
    def model(messages, tools):
        raise AssertionError("asked")

    column.model = model
    assert column.ask("mean of x0 yesterday").status == "answered"
    assert column.ask("why did x0 fall yesterday").status == "refused"
    assert column.ask("2월 30일 x0 평균").status == "ask"


class Scripted(BaseHTTPRequestHandler):
    replies: ClassVar[list] = []

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        status, body = self.replies.pop(0)
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_):
        pass


def _reply(usage=None, **message):
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", **message}}
    whole = {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [choice],
    }
    return 200, json.dumps(whole | ({"usage": usage} if usage else {}))


@pytest.mark.parametrize(
    ("usages", "price", "said"),
    [
        ([(800, 30), (900, 12)], None, "1700 tokens read, 42 written"),
        ([(800, 30), (900, 12)], (2.0, 10.0), "1700 tokens read, 42 written, cost 0.00382"),
        ([(800, 30), None], (2.0, 10.0), "at least 800 tokens read, 30 written"),
        ([None, (-1, True)], (2.0, 10.0), "tokens not told by the server"),
    ],
)
def test_what_a_model_spends_is_said(column, usages, price, said):
    replies = iter([
        {"tool_calls": [{"function": {"name": "summarize", "arguments": json.dumps(WHOLE)}}]},
        {"content": "Here is the mean of x0: {f1}"},
    ])  # fmt: skip
    counts = iter(usages)

    def model(messages, tools):
        count = next(counts)
        usage = {"prompt_tokens": count[0], "completion_tokens": count[1]} if count else "many"
        return next(replies) | {"usage": usage}

    column.model, column.model_price = model, price
    answer = column.ask(ROUGH)
    assert answer.notes[1].startswith("Language model: 2 turns, ")
    assert answer.notes[1].endswith(said)
    assert "1700" not in answer.shown


def test_a_real_server_may_be_right_wrong_broken_or_gone(column):
    pytest.importorskip("openai")
    from shiftwork.assistant.model.server import connect

    call = {
        "id": "1",
        "type": "function",
        "function": {"name": "summarize", "arguments": json.dumps(WHOLE)},
    }
    nothing = {"id": "1", "type": "function", "function": {"name": "summarize", "arguments": None}}
    server = HTTPServer(("127.0.0.1", 0), Scripted)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        column.model = connect(f"http://127.0.0.1:{server.server_port}/v1", "m", timeout_s=5)
        for replies, status in (
            (
                [
                    _reply(
                        content=None,
                        tool_calls=[call],
                        usage={"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12},
                    ),
                    _reply(content="mean of x0: {f1}"),
                ],
                "answered",
            ),
            ([_reply(content=None, tool_calls=[call]), (500, "{}")], "answered"),
            (
                [
                    _reply(content=None, tool_calls=[nothing]),
                    _reply(content="it is 42"),
                    _reply(content="42"),
                ],
                "ask",
            ),
            ([(500, "{}")], "ask"),
            ([(404, '{"error": {"message": "no such model"}}')], "ask"),
            ([(200, "not json")], "ask"),
            ([(200, '{"choices": []}')], "ask"),
        ):
            Scripted.replies = list(replies)
            answer = column.ask(ROUGH)
            assert answer.status == status, replies
            assert "42" not in answer.shown
            assert ("at least 7 tokens read, 5 written" in answer.notes[-1]) == (
                "usage" in replies[0][1]
            )
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert "APIConnectionError" in column.ask(ROUGH).notes[0]
