"""MCP over HTTP: a stranger's client with a token is served; anybody else is not."""

import asyncio

import pytest

pytest.importorskip("starlette")
pytest.importorskip("mcp")
import httpx
import mcp
from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

from shiftwork.cli.main import main
from support.assistant_builders import write_export
from support.mcp_served import mcp_over_http

DAY = {"start": "2025-10-28", "stop": "2025-10-29"}
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


@pytest.fixture(scope="module")
def options(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    write_export(folder)
    return ["--records", str(folder / "export.csv"), "--tags", str(folder / "plant.toml")]


@pytest.fixture(scope="module")
def served(options, tmp_path_factory):
    """Address and token of a server in a process of its own."""
    with mcp_over_http(options, tmp_path_factory.mktemp("people")) as address_and_token:
        yield address_and_token


def test_a_client_with_a_token_is_served(served):
    address, token = served

    async def visit():
        async with create_mcp_http_client(headers={"Authorization": f"Bearer {token}"}) as http:
            link = streamable_http_client(address, http_client=http)
            async with mcp.Client(link) as client:
                tools = (await client.list_tools()).tools
                assert all(tool.annotations.read_only_hint for tool in tools)
                called = await client.call_tool("summarize", {"tag": "flow", **DAY})
                return called.structured_content

    found = asyncio.run(visit())
    assert found["figures"][0]["statistic"] == "mean"
    assert found["figures"][0]["hashes"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Basic {token}"}, 401),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 400),
    ],
)
def test_nobody_else_is(served, headers, status):
    address, token = served
    sent = {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}
    sent |= {key: value.format(token=token) for key, value in headers.items()}
    answer = httpx.post(address, json=PING, headers=sent)
    assert answer.status_code == status
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_without_people_it_does_not_start(options, tmp_path, capsys):
    for more in ([], ["--people", str(tmp_path)]):
        with pytest.raises(SystemExit):
            main(["mcp", *options, "--http", "0", *more])
        assert "desk allow NAME" in capsys.readouterr().err
