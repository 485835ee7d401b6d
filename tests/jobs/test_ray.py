"""Jobs on a Ray cluster of two nodes on this machine: the same results, whatever is killed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from benchmarks.local_nodes import Node

import shiftwork
from shiftwork.errors import UserError
from shiftwork.jobs import kept, on_ray
from shiftwork.jobs.job import Input, Job
from shiftwork.jobs.run import Outcome, run_jobs
from shiftwork.jobs.work import Channel

ray_is_here = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="needs the package ray (extra scale)"
)


def job(key: str, function: str, **arguments: Any) -> Job:
    return Job(key, f"support.small_jobs:{function}", arguments)


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Node]]:
    """A head and a second node; a test may kill and add some."""
    running = [Node()]
    try:
        monkeypatch.setenv("RAY_ADDRESS", running[0].address)
        running.append(Node(running[0].address))
        yield running
    finally:
        for node in running:
            node.kill()


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in (kept.DONE, kept.LOCK, kept.FAILED, "pid.txt")
    }


def in_background(jobs: list[Job], folder: Path) -> tuple[threading.Thread, list[Any]]:
    """Begin a run, and return what its outcome or error is put into."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(run_jobs(jobs, folder, "ray"))
        except UserError as error:
            found.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, found


def wait_for_finished(folder: Path, count: int) -> None:
    deadline = time.monotonic() + 120
    while len(list(folder.glob("*/done.json"))) < count:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if not Path(f"/proc/{pid}").exists():
            return True
        time.sleep(0.05)
    return False


def test_without_ray_the_command_to_install_it_is_told(tmp_path, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name, *rest: None if name == "ray" else find(name, *rest)
    )
    with pytest.raises(
        UserError, match=r"needs the package ray; .*pip install 'shiftwork\[scale\]'"
    ):
        run_jobs([job("a", "square", number=1)], tmp_path, "ray")


@ray_is_here
@pytest.mark.slow
def test_no_cluster_at_an_address_is_told(tmp_path, monkeypatch):
    with pytest.raises(UserError, match=r"no Ray cluster answers at ray://127\.0\.0\.1:1;"):
        run_jobs([job("a", "square", number=1)], tmp_path, "ray://127.0.0.1:1")
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(UserError, match=r"no Ray cluster answers at 127\.0\.0\.1:1;"):
        run_jobs([job("a", "square", number=1)], tmp_path, "ray")


def test_a_slow_head_is_asked_again_and_a_silent_one_given_up(monkeypatch):
    """A busy head takes connections before it can serve them; Ray gives up after half a minute."""
    answers: list[Exception] = [ConnectionError("ray client connection timeout")] * 2
    told: list[str] = []

    def connect(**_: Any) -> None:
        if answers:
            raise answers.pop()

    library = types.SimpleNamespace(init=connect)
    channel = mock.create_autospec(Channel, instance=True)
    channel.send.side_effect = lambda **words: told.append(words["told"])
    monkeypatch.setitem(sys.modules, "ray", library)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"ray://127.0.0.1:{listener.getsockname()[1]}"
        assert on_ray._connected(address, channel) is library
        assert told == [f"the cluster at {address} is slow to answer; trying again"] * 2
        monkeypatch.setattr(on_ray, "CONNECT_S", -1.0)
        answers.append(ConnectionError("Starting Ray client server failed.\nNo process."))
        with pytest.raises(UserError, match=rf"answers at {address}; .*; Ray said: No process\."):
            on_ray._connected(address, channel)
    monkeypatch.setattr(on_ray, "CONNECT_S", 60.0)
    answers.append(ConnectionError("timeout"))
    with pytest.raises(UserError, match="no Ray cluster answers"):  # nobody is there any more
        on_ray._connected(address, channel)


@ray_is_here
@pytest.mark.slow
def test_a_cluster_gives_the_same_files_and_names_what_fails(tmp_path, nodes):
    text = tmp_path / "text.txt"
    text.write_text("hello")
    jobs = [job(f"square-{n}", "square", number=n) for n in range(3)]
    jobs += [
        Job("shout", "support.small_jobs:shout", inputs={"text": Input.of(text)}),
        Job("threads", "support.small_jobs:threads"),
        job("bad", "fall"),
        job("full", "fill_the_disk"),
        job("never", "die"),
    ]
    places = {"ray": "ray", "client": f"ray://127.0.0.1:{nodes[0].client_port}"}
    for name, workers in places.items():
        outcome = run_jobs(jobs, tmp_path / name, workers)
        assert outcome.failed["bad"] == "ZeroDivisionError: by nothing"
        assert "in fall" in (tmp_path / name / "bad" / "failed.txt").read_text()
        assert outcome.failed["full"].startswith("the disk of ")
        assert "were lost 4 times" in outcome.failed["never"]
        assert sorted(outcome.finished) == ["shout", "square-0", "square-1", "square-2", "threads"]
    run_jobs(jobs[:5], tmp_path / "here", 1)
    here = contents(tmp_path / "here")
    assert here["shout/shout.txt"] == b"HELLO"
    assert contents(tmp_path / "ray") == contents(tmp_path / "client") == here
    with pytest.raises(UserError, match="'big' asks for 64 cores and 0 GPUs, which no node"):
        run_jobs([Job("big", "support.small_jobs:threads", cores=64)], tmp_path / "big", "ray")


@ray_is_here
@pytest.mark.slow
def test_a_lost_node_costs_no_finished_job(tmp_path, nodes):
    jobs = [job(f"wait-{n}", "wait", seconds=2) for n in range(8)]
    thread, found = in_background(jobs, tmp_path / "run")
    wait_for_finished(tmp_path / "run", 2)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").glob("*/done.json")}
    nodes.pop().kill()
    thread.join(180)
    assert isinstance(found[0], Outcome)
    assert len(found[0].finished) == 8
    assert all(path.stat().st_mtime_ns == when for path, when in before.items())


@ray_is_here
@pytest.mark.slow
def test_a_lost_head_ends_the_run_and_the_same_call_goes_on(tmp_path, nodes, monkeypatch):
    jobs = [job(f"wait-{n}", "wait", seconds=2) for n in range(6)]
    thread, found = in_background(jobs, tmp_path / "run")
    wait_for_finished(tmp_path / "run", 1)
    nodes.pop(0).kill()
    thread.join(180)
    assert isinstance(found[0], UserError), found
    assert "was lost" in str(found[0])
    assert "start it again, and the same command does" in str(found[0])
    assert (tmp_path / "run" / "ray-lost.txt").is_file()
    done = len(list((tmp_path / "run").glob("*/done.json")))
    nodes.pop().kill()
    nodes.append(Node())
    monkeypatch.setenv("RAY_ADDRESS", nodes[0].address)
    outcome = run_jobs(jobs, tmp_path / "run", "ray")
    assert len(outcome.before) == done
    assert len(outcome.finished) == 6 - done


@ray_is_here
@pytest.mark.slow
def test_a_node_with_another_version_is_refused_before_any_work(tmp_path, nodes):
    copy = tmp_path / "other"
    shutil.copytree(
        Path(shiftwork.__file__).parent, copy / "shiftwork", ignore=shutil.ignore_patterns("*.pyc")
    )
    file = copy / "shiftwork" / "files.py"
    file.write_text(file.read_text().replace('VERSION = "', 'VERSION = "7.'))
    found = ":".join([str(copy), *(path for path in sys.path if path)])
    nodes.append(Node(nodes[0].address, {"PYTHONPATH": found}))
    with pytest.raises(UserError, match=r"node \S+ of the cluster has Shiftwork 7\.\S+, this"):
        run_jobs([job("a", "square", number=1)], tmp_path / "run", "ray")
    assert not (tmp_path / "run" / "a").exists()


@ray_is_here
@pytest.mark.slow
def test_ctrl_c_ends_the_jobs_on_the_cluster_too(tmp_path, nodes):
    script = """
import sys
from pathlib import Path
from shiftwork.errors import Stopped
from shiftwork.jobs.job import Job
from shiftwork.jobs.run import run_jobs
mark = sys.argv[2]
jobs = [Job("quick", "support.small_jobs:square", {"number": 3})]
jobs += [Job("slow", "support.small_jobs:mark_and_wait", {"mark": mark, "seconds": 300})]
try:
    run_jobs(jobs, Path(sys.argv[1]), "ray")
except Stopped as stop:
    print(stop)
    raise SystemExit(130)
"""
    run, mark = tmp_path / "run", tmp_path / "mark"
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(run), str(mark)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    wait_for_finished(run, 1)
    deadline = time.monotonic() + 60
    while not (mark.exists() and mark.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped; 1 of 2 jobs are finished and kept in" in said
    assert gone(int(mark.read_text()))
    # The cluster is free again.
    run_jobs([job("after", "square", number=2)], tmp_path / "after", "ray").check()
