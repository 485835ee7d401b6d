"""Lists of jobs: what is kept, reused, refused, and what becomes of those that fail."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from shiftwork.errors import Stopped, UserError
from shiftwork.jobs import kept
from shiftwork.jobs.job import Input, Job
from shiftwork.jobs.run import parse_workers, run_jobs

WORKERS = pytest.mark.parametrize("workers", ["local", 2])


def job(key: str, function: str, **arguments: Any) -> Job:
    return Job(key, f"support.small_jobs:{function}", arguments)


def squares(count: int) -> list[Job]:
    return [job(f"square-{n}", "square", number=n) for n in range(count)]


def contents(folder: Path) -> Mapping[str, bytes]:
    """Every file that jobs wrote, without what says how it went."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (kept.DONE, kept.LOCK)
    }


def test_any_number_of_workers_gives_the_same_files(tmp_path):
    for workers in ("local", 1, 2):
        outcome = run_jobs(squares(3), tmp_path / str(workers), workers)
        assert sorted(outcome.finished) == ["square-0", "square-1", "square-2"]
        outcome.check()
    assert contents(tmp_path / "local")["square-2/square.txt"] == b"4"
    assert contents(tmp_path / "local")["square-2/below/note.txt"] == b"done"
    assert contents(tmp_path / "local") == contents(tmp_path / "1") == contents(tmp_path / "2")


def test_a_finished_job_says_what_it_was(tmp_path):
    run_jobs(squares(1), tmp_path / "run")
    about = json.loads((tmp_path / "run" / "square-0" / "done.json").read_text())
    assert about["function"] == "support.small_jobs:square"
    assert about["arguments"] == {"number": 0}
    assert {"inputs", "shiftwork", "jax", "wall_s", "python", "where"} <= set(about)
    assert not (tmp_path / "run" / kept.UNFINISHED).exists()


def test_what_is_finished_is_not_done_again(tmp_path):
    run_jobs(squares(2), tmp_path)
    before = (tmp_path / "square-1" / "square.txt").stat().st_mtime_ns
    amounts: list[float] = []
    outcome = run_jobs(squares(3), tmp_path, advance=lambda amount, note: amounts.append(amount))
    assert (outcome.before, outcome.finished) == (("square-0", "square-1"), ("square-2",))
    assert (tmp_path / "square-1" / "square.txt").stat().st_mtime_ns == before
    assert sum(amounts) == pytest.approx(3)
    assert amounts[2:] == [0.5, 0.5]


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"arguments": {"number": 8}}, "'number' 7, not 8"),
        ({"function": "support.small_jobs:threads"}, "function support.small_jobs:square, not"),
    ],
)
def test_results_of_other_work_are_refused_by_name(tmp_path, change, difference):
    run_jobs([job("one", "square", number=7)], tmp_path)
    other = Job(**({"key": "one", "function": "support.small_jobs:square"} | change))
    with pytest.raises(UserError, match=r"one: is the result of other work .*; delete it") as said:
        run_jobs([other], tmp_path)
    assert difference in str(said.value)
    assert (tmp_path / "one" / "square.txt").read_text() == "49"


def test_another_file_or_version_is_other_work(tmp_path, monkeypatch):
    text = tmp_path / "text.txt"
    text.write_text("hello")
    shout = "support.small_jobs:shout"
    run_jobs([Job("one", shout, inputs={"text": Input.of(text)})], tmp_path / "run")
    assert (tmp_path / "run" / "one" / "shout.txt").read_text() == "HELLO"
    with monkeypatch.context() as patch:
        patch.setattr("shiftwork.jobs.job.jax_version", lambda: "9.9")
        with pytest.raises(UserError, match=r"other work \(jax .*, not 9\.9\)"):
            run_jobs([Job("one", shout, inputs={"text": Input.of(text)})], tmp_path / "run")
    text.write_text("good day")
    with pytest.raises(UserError, match="another file 'text'"):
        run_jobs([Job("one", shout, inputs={"text": Input.of(text)})], tmp_path / "run")


def test_a_damaged_result_is_named(tmp_path):
    run_jobs(squares(1), tmp_path)
    (tmp_path / "square-0" / "done.json").write_text("{")
    with pytest.raises(UserError, match="is missing or damaged; delete the folder"):
        run_jobs(squares(1), tmp_path)


def test_nothing_that_is_no_result_is_overwritten(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match="holds no results of jobs"):
        run_jobs(squares(1), tmp_path)
    run_jobs(squares(1), tmp_path / "run")
    (tmp_path / "run" / "square-1").mkdir()
    (tmp_path / "run" / "square-1" / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match=r"square-1: exists and holds no done\.json"):
        run_jobs(squares(2), tmp_path / "run")
    assert (tmp_path / "run" / "square-1" / "thesis.txt").read_text() == "mine"


def test_two_runs_do_not_share_a_folder(tmp_path):
    with (
        kept.held(tmp_path / "run"),
        pytest.raises(UserError, match="another run is at work here"),
    ):
        run_jobs(squares(1), tmp_path / "run")


@WORKERS
def test_failures_are_named_and_the_others_go_on(tmp_path, workers):
    said: list[str] = []
    jobs = [job("bad", "fall"), job("mistake", "refuse"), job("full", "fill_the_disk"), *squares(1)]
    outcome = run_jobs(jobs, tmp_path, workers, told=said.append)
    assert outcome.finished == ("square-0",)
    assert outcome.failed["bad"] == "ZeroDivisionError: by nothing"
    assert outcome.failed["mistake"] == "plant.toml: is wrong; correct it"
    assert outcome.failed["full"].startswith("the disk of ")
    assert outcome.failed["full"].endswith("is full; make room there")
    assert "in fall" in (tmp_path / "bad" / "failed.txt").read_text()
    assert not (tmp_path / "bad" / "half.txt").exists()
    assert any("job 'bad' failed" in line for line in said)
    with pytest.raises(UserError, match=r"3 of 4 jobs failed: .*'mistake' \(plant.toml: is wrong"):
        outcome.check()
    # The same call tries them again, and them alone.
    again = run_jobs(jobs, tmp_path, workers)
    assert again.before == ("square-0",)
    assert len(again.failed) == 3


def test_a_killed_worker_is_replaced_and_its_job_tried_again(tmp_path):
    said: list[str] = []
    jobs = [job("once", "die_once", mark=str(tmp_path / "mark")), *squares(2)]
    outcome = run_jobs(jobs, tmp_path / "run", 2, told=said.append)
    outcome.check()
    assert (tmp_path / "run" / "once" / "alive.txt").read_text() == "alive"
    assert len(said) == 1
    assert "was killed (signal 9" in said[0]
    assert "'once', which is tried once more" in said[0]


def test_a_job_that_always_kills_its_worker_is_reported(tmp_path):
    outcome = run_jobs([job("never", "die"), *squares(2)], tmp_path, 1)
    assert sorted(outcome.finished) == ["square-0", "square-1"]
    assert "was killed (signal 9" in outcome.failed["never"]
    assert "about to die" in (tmp_path / "never" / "failed.txt").read_text()


def test_a_job_has_the_threads_that_it_asks_for_whoever_else_works(tmp_path):
    jobs = [Job(f"c{n}", "support.small_jobs:threads", cores=n) for n in (1, 2)]
    run_jobs(jobs, tmp_path, 2)
    found = [(tmp_path / f"c{n}" / "threads.txt").read_text() for n in (1, 2)]
    assert found == ["1 threads, on cpu", "2 threads, on cpu"]


def test_gpus_that_are_not_there_are_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    jobs = [Job(f"g{n}", "support.small_jobs:threads", gpus=1) for n in range(2)]
    with pytest.raises(
        UserError, match="2 workers with 1 GPUs each are asked for, and this machine"
    ):
        run_jobs(jobs, tmp_path, 2)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (Job("../up", "support.small_jobs:fall"), "its key names a folder"),
        (Job("a", "support.small_jobs:nothing"), "cannot be imported"),
        (Job("a", "nowhere:nothing"), "cannot be imported"),
        (Job("a", "support.small_jobs:Path", {"a": object()}), "cannot be written as JSON"),
        (Job("a", "support.small_jobs:fall", cores=0), "asks for 0 cores"),
    ],
)
def test_impossible_jobs_are_refused_before_any_work(tmp_path, bad, message):
    with pytest.raises(UserError, match=message):
        run_jobs([*squares(1), bad], tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_keys_are_unique_and_inputs_must_exist(tmp_path):
    with pytest.raises(UserError, match="two jobs have the key 'square-0'"):
        run_jobs([*squares(1), *squares(1)], tmp_path)
    with pytest.raises(UserError, match="cannot be read"):
        Input.of(tmp_path / "nowhere.txt")


def test_workers_are_read():
    assert [parse_workers(w) for w in ("local", "3", 3, "ray", "ray://a:1")] == [
        "local", 3, 3, "ray", "ray://a:1",
    ]  # fmt: skip
    for text in ("0", "-1", "two", "ray://", "http://a", ""):
        with pytest.raises(UserError, match="give local, a number of processes, ray, or ray://"):
            parse_workers(text)


SCRIPT = """
import sys
from pathlib import Path
from shiftwork.errors import Stopped
from shiftwork.jobs.job import Job
from shiftwork.jobs.run import run_jobs
jobs = [Job("quick", "support.small_jobs:square", {"number": 3})]
jobs += [Job(f"slow-{n}", "support.small_jobs:wait", {"seconds": 60}) for n in range(2)]
workers = sys.argv[2]
try:
    run_jobs(jobs, Path(sys.argv[1]), workers, told=print)
except Stopped as stop:
    print(stop)
    raise SystemExit(130)
"""


def begun(folder: Path, workers: str) -> subprocess.Popen[str]:
    """Begin a run with slow jobs in a process of its own, and wait until they are under way."""
    path = os.pathsep.join(p for p in sys.path if p)
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder), workers],
        env=os.environ | {"PYTHONPATH": path},
        stdout=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not (pids(folder) and (folder / "quick" / "done.json").exists()):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    return process


def pids(folder: Path) -> list[int]:
    found = (folder / kept.UNFINISHED).glob("*/pid.txt")
    return [int(text) for file in found if (text := file.read_text())]


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("workers", ["local", "2"])
def test_ctrl_c_stops_cleanly_and_keeps_what_is_finished(tmp_path, workers):
    folder = tmp_path / "run"
    process = begun(folder, workers)
    working = pids(folder)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "stopped; 1 of 3 jobs are finished and kept in" in said
    assert all(gone(pid) for pid in working)
    assert (folder / "quick" / "square.txt").read_text() == "9"
    assert not (folder / kept.UNFINISHED).exists()


def test_workers_end_when_who_started_them_is_killed(tmp_path):
    process = begun(tmp_path / "run", "2")
    working = pids(tmp_path / "run")
    process.kill()
    process.communicate()
    assert all(gone(pid) for pid in working)
    # What it left does not stop the next run.
    assert run_jobs([job("quick", "square", number=3)], tmp_path / "run").before == ("quick",)


def test_a_worker_that_is_killed_from_outside_is_replaced(tmp_path):
    folder = tmp_path / "run"
    process = begun(folder, "1")
    first = pids(folder)[0]
    os.kill(first, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while not [pid for pid in pids(folder) if pid != first]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert "'slow-0', which is tried once more" in said


def test_stopping_inside_a_job_of_this_process_stops_the_run(tmp_path, monkeypatch):
    def stopped(*_: object) -> None:
        raise Stopped("stopped after 1 of 2 updates")

    monkeypatch.setattr("support.small_jobs.fall", stopped)
    with pytest.raises(Stopped, match="1 of 2 jobs are finished"):
        run_jobs([*squares(1), job("stop", "fall")], tmp_path)
