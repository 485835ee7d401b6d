"""A stranger's client: the official MCP inspector from npm lists and calls every tool."""

import json
import os
import shutil
import subprocess
import sys

import pytest

pytest.importorskip("starlette")
pytest.importorskip("mcp")

from support.assistant_builders import NOW, write_export
from support.mcp_served import mcp_over_http

NPX = shutil.which("npx")
INSPECTOR = "@modelcontextprotocol/inspector@0.17"
DAY = {"start": "2025-10-28", "stop": "2025-10-29"}
CALLS = {
    "ask": {"question": "mean of flow yesterday"},
    "find_tags": {"words": "flow"},
    "summarize": {"tag": "flow", **DAY},
    "compare": {
        "tag": "flow",
        **DAY,
        "other_start": "2025-10-27",
        "other_stop": "2025-10-28",
    },
    "relate": {"tag": "flow", "other": "cot", "start": "2025-10-24", "stop": "2025-10-29"},
    "earnings": DAY,
    "explain": DAY,
    "explain_team": {"agent": "berth 1", "episode": 0, "step": 0},
    "schedule": DAY,
    "operated": DAY,
    "search": {"words": "vibration"},
    "chart": {"tags": '["flow"]', **DAY},
}
PROBLEMS = {
    "explain": "no agent is open",
    "explain_team": "no team is open",
    "operated": "operated",
}
"""What the tools say that need more than an export."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(NPX is None, reason="no npm is installed"),
]


@pytest.fixture(scope="module", params=["stdio", "http"])
def inspect(request, tmp_path_factory):
    """Run the inspector on an export; skip by name if npm cannot bring it."""
    folder = tmp_path_factory.mktemp("export")
    write_export(folder)
    bring = [NPX, "--yes", "--package", INSPECTOR, "--", "node", "--version"]
    brought = subprocess.run(bring, capture_output=True, text=True, timeout=300)
    if brought.returncode:
        pytest.skip(f"npm cannot bring {INSPECTOR}: {brought.stderr.strip()[-200:]}")
    options = ["--records", str(folder / "export.csv"), "--tags", str(folder / "plant.toml")]

    def running(*server):
        def run(*words):
            command = [NPX, "--yes", INSPECTOR, "--cli", *server, *words]
            done = subprocess.run(command, capture_output=True, text=True, timeout=120)
            assert done.returncode == 0, done.stderr
            return json.loads(done.stdout)

        return run

    if request.param == "stdio":
        command = [sys.executable, "-m", "shiftwork", "mcp", "--now", NOW, *options]
        yield running(*command, "-e", f"PYTHONPATH={os.pathsep.join(sys.path)}")
        return
    with mcp_over_http(options, tmp_path_factory.mktemp("people")) as (address, token):
        yield running(address, "--transport", "http", "--header", f"Authorization: Bearer {token}")


def test_the_inspector_lists_every_tool_as_reading(inspect):
    tools = inspect("--method", "tools/list")["tools"]
    assert {tool["name"] for tool in tools} == set(CALLS)
    assert all(tool["annotations"]["readOnlyHint"] for tool in tools)


@pytest.mark.parametrize("tool", CALLS)
def test_the_inspector_calls_every_tool(inspect, tool):
    words = [w for key, value in CALLS[tool].items() for w in ("--tool-arg", f"{key}={value}")]
    answer = inspect("--method", "tools/call", "--tool-name", tool, *words)
    assert not answer.get("isError", False), answer
    found = answer["structuredContent"]
    assert PROBLEMS.get(tool, "") in found.get("problem", "")
    if tool not in PROBLEMS:
        assert not found.get("problem")
