"""The control-room page's HTTP side, beside a cycle at a plant in memory."""

import asyncio
import hashlib
import json
import threading
from contextlib import closing

import pytest

pytest.importorskip("starlette")
import httpx

from shiftwork.errors import UserError
from shiftwork.operation.desk import Desk
from shiftwork.operation.modes import Mode
from shiftwork.web.app import STATIC, _states, control_room
from shiftwork.web.people import FILE, allow, person_of
from shiftwork.web.source import Source
from support.memory_plant import bench

PORT = 8017
HERE = f"http://127.0.0.1:{PORT}"


class Client:
    """Calls the application in this process, one loop a call."""

    def __init__(self, app):
        self.transport = httpx.ASGITransport(app)

    def __call__(self, method, path, **given):
        async def call():
            async with httpx.AsyncClient(transport=self.transport, base_url=HERE) as client:
                return await client.request(method, path, **given)

        return asyncio.run(call())


@pytest.fixture
def client(tmp_path):
    return Client(control_room(tmp_path, PORT))


def operated(folder, cycles=3):
    with bench(folder) as at, closing(Desk(folder / "desk.sqlite")) as desk:
        at.run(cycles)
        desk.show(at.cycle)
        return at.time


def asked(client, token, change="mode", given=("advisory",), **headers):
    body = {"change": change, "given": list(given)}
    headers = {"Origin": HERE, "Authorization": f"Bearer {token}"} | headers
    return client("POST", "/change", content=json.dumps(body), headers=headers)


def test_every_answer_has_strict_headers_and_nothing_comes_from_elsewhere(client):
    for path in ("/", "/static/page.js", "/static/uPlot.iife.min.js", "/missing", "/trend/power"):
        headers = client("GET", path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
    page = client("GET", "/").text
    assert "//" not in page
    assert "style=" not in page
    assert "<script>" not in page


def test_a_foreign_name_that_leads_here_is_refused(client):
    assert client("GET", "/", headers={"Host": "evil.example"}).status_code == 400


def test_vendored_files_are_those_whose_hashes_stand_beside_them():
    lines = (STATIC / "uPlot.sha256").read_text().splitlines()[1:]
    assert len(lines) == 3
    for line in lines:
        digest, name = line.split()
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == digest


def test_both_languages_have_every_word_of_the_page():
    import re

    text = (STATIC / "words.js").read_text(encoding="utf-8")
    english, korean = (
        set(re.findall(r'(?:^|[,{ ])"?([a-z][\w ]*)"?: "', part)) for part in text.split("ko: {")
    )
    used = set(re.findall(r'data-word="(\w+)"', (STATIC / "page.html").read_text(encoding="utf-8")))
    assert english == korean
    assert used <= english


def test_state_and_records_are_those_of_the_operating_process(tmp_path, client):
    assert "start operate first" in Source(tmp_path).state()["missing"]
    operated(tmp_path)
    state = Source(tmp_path).state()
    assert (state["mode"], state["plant"]) == ("shadow", "kettle")
    assert 0 <= state["age_s"] < 30
    assert state["actions"][0]["bounds"] == [0.0, "power_high"]
    first = asyncio.run(anext(_states(Source(tmp_path))))
    assert json.loads(first.removeprefix("data: "))["mode"] == "shadow"
    assert [row["kind"] for row in client("GET", "/records").json()["answer"]] == ["start"]


def test_a_trend_holds_set_points_proposals_and_limits(tmp_path, client, monkeypatch):
    time = operated(tmp_path, 5)
    monkeypatch.setattr("time.time", lambda: time.s + time.wall_offset_s)
    found = client("GET", "/trend/power").json()["answer"]
    assert found["in_force"] == [5.0] * 5
    assert found["proposed"] == [6.0] * 5
    assert found["low"] == [0.0] * 5
    assert found["high"] == [9.0] * 5
    answer = client("GET", "/trend/powr")
    assert answer.status_code == 409
    assert "unknown action 'powr'" in answer.json()["answer"]


def test_a_change_needs_the_pages_origin_and_a_persons_token(tmp_path, client):
    operated(tmp_path)
    token = allow(tmp_path, "Kim", "operator")
    assert token not in (tmp_path / FILE).read_text()
    assert asked(client, token, Origin="http://evil.example").status_code == 403
    assert asked(client, token, Origin="null").status_code == 403
    assert asked(client, "guess").status_code == 401
    assert asked(client, "", Authorization="").status_code == 401
    assert asked(client, token, change="shutdown").status_code == 400
    assert asked(client, token, given=["x" * 5000]).status_code == 400
    assert asked(client, token, change="limits", given=["power", "low", "1"]).status_code == 400
    for given in (["power", "1"], ["power", "last", "why"]):
        assert asked(client, token, change="accept", given=given).status_code == 400
    with closing(Desk(tmp_path / "desk.sqlite")) as desk:
        assert desk._base.execute("SELECT COUNT(*) FROM requests").fetchone() == (0,)


def test_a_new_token_ends_the_old_one_and_a_damaged_list_lets_nobody_in(tmp_path):
    old, new = (allow(tmp_path, "Kim", "operator") for _ in range(2))
    assert person_of(tmp_path, old) is None
    assert person_of(tmp_path, new).name == "Kim"
    assert person_of(tmp_path / "elsewhere", new) is None
    (tmp_path / FILE).write_text('{"Kim": {"role": "god", "sha256": ""}}')
    with pytest.raises(UserError, match="is not a list of people"):
        person_of(tmp_path, new)


def test_a_change_is_decided_by_the_desk_and_stands_in_the_audit(tmp_path, client):
    token = allow(tmp_path, "Kim", "operator")
    with bench(tmp_path) as at:
        at.run()
        ready, stop = threading.Event(), threading.Event()

        def serving():
            with closing(Desk(tmp_path / "desk.sqlite")) as desk:
                while not stop.wait(0.02):
                    ready.set()
                    desk.serve(at.cycle)

        thread = threading.Thread(target=serving)
        thread.start()
        try:
            assert ready.wait(10)
            assert asked(client, token).json() == {"answer": "done"}
            at.run()
            given = ["power", f"{at.cycle.proposals.number}", "as I would"]
            assert asked(client, token, change="accept", given=given).json() == {"answer": "done"}
            refused = asked(client, token, change="highest", given=["shadow"])
            assert refused.status_code == 409
            assert "only an engineer" in refused.json()["answer"]
        finally:
            stop.set()
            thread.join()
        assert at.cycle.state.mode == Mode.ADVISORY
        assert at.entries("person")[0]["person"] == "Kim"
        assert at.entries("answer")[0]["value"] == 6.0
        assert "answer" in [row["kind"] for row in Source(tmp_path).events()]
