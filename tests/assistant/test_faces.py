"""The assistant's faces: the command line, Python, and MCP asked by a stranger's client."""

import asyncio
import gc
import io
import os
import sys

import pytest

import shiftwork
from shiftwork.cli.main import main
from shiftwork.records.historian.gather import gathered as kept
from support.assistant_builders import NOW, write_agent, write_export


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    write_export(folder)
    write_agent(folder, folder / "agent")
    return [
        "--records",
        str(folder / "export.csv"),
        "--tags",
        str(folder / "plant.toml"),
        "--now",
        NOW,
        "--agent",
        str(folder / "agent"),
    ]


def test_an_answer_is_shown_saved_and_recomputed(options, tmp_path, capsys):
    file = tmp_path / "answer.json"
    main(["ask", "어제 유량 평균", *options, "--out", str(file)])
    shown = capsys.readouterr().out
    assert "flow 평균: " in shown
    assert "2025-10-28 00:00 ~ 2025-10-29 00:00 (Europe/Berlin)" in shown
    main(["ask", "--recompute", str(file), *options])
    again = capsys.readouterr()
    assert again.out == shown
    assert "all the same" in again.err
    file.write_text(
        file.read_text(encoding="utf-8").replace('"unit": "t/h"', '"unit": "kg/h"'), "utf-8"
    )
    with pytest.raises(SystemExit):
        main(["ask", "--recompute", str(file), *options])


@pytest.mark.parametrize("name", ["flow.svg", "flow.png"])
def test_a_chart_is_written(options, tmp_path, capsys, name):
    main(["ask", "plot flow yesterday", *options, "--chart", str(tmp_path / name)])
    begin = (tmp_path / name).read_bytes()[:8]
    assert begin.startswith(b"<?xml" if name.endswith("svg") else b"\x89PNG")


def test_an_explanation_says_what_it_lacks(options, capsys):
    main(["ask", "explain the agent's last decision", *options])
    assert "own estimate of the proposal" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["ask", "explain the agent's last decision", *options[:-1], "nowhere"])
    assert "nowhere: is no agent" in capsys.readouterr().err


def test_what_memory_should_not_hold_is_said_and_goes_at_the_end(
    options, tmp_path, capsys, monkeypatch
):
    questions = ("explain the agent's last decision", "어제 유량 평균")
    shown = []
    for rows in (10**6, 1000):
        monkeypatch.setattr(kept, "STORED_ROWS", rows)
        monkeypatch.setattr(kept.tempfile, "tempdir", str(tmp_path))
        for question in questions:
            main(["ask", question, *options])
            shown.append(capsys.readouterr())
    assert [said.out for said in shown[:2]] == [said.out for said in shown[2:]]
    assert f"samples lie in {tmp_path / 'shiftwork-'}" in shown[2].err
    assert "samples lie in" not in shown[0].err
    gc.collect()
    assert not list(tmp_path.iterdir())


def test_mistakes_are_one_line(options, capsys):
    for arguments in (
        ["ask", *options],
        ["ask", "x", "--tags", options[3]],
        ["ask", "x", *options[:2]],
    ):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 2
        assert capsys.readouterr().err.startswith("shiftwork: ")


def test_chat_answers_line_by_line(options, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("mean of flow yesterday\n어제 온도\n\nnot read\n"))
    main(["chat", *options])
    shown = capsys.readouterr().out
    assert "flow mean: " in shown
    assert "혹시 이 태그인가요" in shown
    assert "not read" not in shown


def test_python_has_the_assistant(options):
    answer = shiftwork.Assistant(options[1], options[3], now=NOW).ask("mean of flow yesterday")
    assert "flow mean" in str(answer)


def test_a_strangers_client_lists_and_calls_every_tool(options):
    mcp = pytest.importorskip("mcp")
    from mcp.client.stdio import StdioServerParameters, stdio_client

    day = {"start": "2025-10-28", "stop": "2025-10-29"}
    calls = {
        "ask": {"question": "어제 유량 평균"},
        "find_tags": {"words": "유량"},
        "summarize": {"tag": "flow", **day},
        "compare": {"tag": "flow", **day, "other_start": "2025-10-27", "other_stop": "2025-10-28"},
        "relate": {"tag": "flow", "other": "cot", "start": "2025-10-20", "stop": "2025-10-27"},
        "earnings": day,
        "explain_team": {"agent": "berth 1", "episode": 0, "step": 0},
        "explain": {"start": "2025-10-28T14:00", "stop": "2025-10-28T15:00"},
        "operated": day,
        "search": {"words": "엔벨로프 envelope"},
        "schedule": {"start": "2025-10-28T14:00", "stop": "2025-10-28T15:00"},
        "chart": {"tags": ["flow"], **day},
    }
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "shiftwork", "mcp", *options],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )

    async def visit():
        async with mcp.Client(stdio_client(server)) as client:
            tools = (await client.list_tools()).tools
            assert {tool.name for tool in tools} == set(calls)
            assert all(tool.annotations.read_only_hint for tool in tools)
            found = {n: (await client.call_tool(n, a)).structured_content for n, a in calls.items()}
            wrong = (await client.call_tool("summarize", {"tag": "flwo", **day})).structured_content
            return found, wrong

    found, wrong = asyncio.run(visit())
    assert "no operated plant" in found.pop("operated")["problem"]
    assert "no team is open" in found.pop("explain_team")["problem"]
    figures = {
        name: result["figures"]
        for name, result in found.items()
        if name not in ("find_tags", "search")
    }
    assert found["search"]["quotes"]
    assert all(figures.values())
    assert (
        figures["ask"][0]["value"]
        == figures["summarize"][0]["value"]
        == figures["chart"][0]["value"]
    )
    assert figures["ask"][0]["hashes"]
    assert found["find_tags"]["tags"][0]["key"] == "flow"
    assert "did you mean 'flow'" in wrong["problem"]
    assert wrong["figures"] == []
