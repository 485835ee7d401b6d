"""The demo as a newcomer starts it: every part a process of its own, and all of them end with it."""

import json
import signal
import subprocess
import sys
import urllib.request

import pytest

pytest.importorskip("asyncua")
pytest.importorskip("starlette")
from shiftwork.operation.audit import verify
from support.rig import free_port


@pytest.mark.slow
def test_the_demo_comes_up_serves_its_page_and_ends_whole(tmp_path):
    port, out = free_port(), tmp_path / "demo"
    command = [sys.executable, "-m", "shiftwork", "operate", "demo", "--out", f"{out}"]
    process = subprocess.Popen(
        [*command, "--port", f"{port}"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        said = ""
        while "Ctrl-C" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        assert f"http://127.0.0.1:{port}/" in said
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/events", timeout=10) as events:
            state = json.loads(events.readline().removeprefix(b"data: "))
        assert (state["mode"], state["cap"]) == ("shadow", "shadow")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        with pytest.raises(OSError, match="refused"):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2)
        assert verify(out / "audit.sqlite").kind == "stop"
        for log in out.glob("*.log"):
            assert "Traceback" not in log.read_text(), log
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
