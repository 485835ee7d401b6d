"""Learning with many seeds from the command line: here, in processes, and what is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from shiftwork.cli.main import main
from shiftwork.jobs.work import surroundings
from shiftwork.learning.team.folder import load_team
from shiftwork.plants.catalogue import make_team_plant

TEAM = [
    "--config.copies", "4", "--config.scouts", "2", "--config.best-runs", "2",
    "--config.minibatches", "1", "--config.actor-width", "8", "--config.actor-memory", "4",
    "--config.critic-width", "8", "--config.critic-memory", "4", "--config.epochs", "1",
]  # fmt: skip


def files(folder: Path) -> dict[str, bytes]:
    """All that the seeds wrote, without what says how it went."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.glob("seed-*/*")
        if path.name != "done.json"
    }


def fresh(*words: str) -> None:
    """Run a command in a process of its own, in which JAX has not run yet."""
    found = os.pathsep.join(path for path in sys.path if path)
    command = [sys.executable, "-m", "shiftwork", *words]
    # As on a machine with more cores, where JAX would use them all.
    environment = os.environ | {"PYTHONPATH": found, "NPROC": "4"}
    subprocess.run(command, env=environment, check=True, capture_output=True)


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The threads that a command sets are those of its process; here they are put back."""
    for name in surroundings(1, gpus=1):
        monkeypatch.setenv(name, "1")


@pytest.mark.slow
def test_agents_are_the_same_whoever_learns(tmp_path):
    words = ["learn", "dmsd", "--algo", "bc", "--updates", "1000", "--seed", "3", "--seeds", "2"]
    for workers in ("local", "2"):
        fresh(*words, "--workers", workers, "--out", str(tmp_path / workers))
    assert sorted(p.name for p in (tmp_path / "2").glob("seed-*")) == ["seed-3", "seed-4"]
    assert "seed-4/agent.json" in files(tmp_path / "2")
    assert files(tmp_path / "local") == files(tmp_path / "2")


@pytest.mark.slow
def test_teams_learn_in_processes_and_what_is_finished_stays(tmp_path, capsys):
    words = ["team", "learn", "--plant", "box-pushing-6", "--steps", "400", *TEAM]
    words += ["--out", str(tmp_path / "teams"), "--workers", "2"]
    main([*words, "--seeds", "1"])
    before = files(tmp_path / "teams")
    main([*words, "--seeds", "2"])
    said = " ".join(capsys.readouterr().err.split())
    assert "2 of 2 jobs are finished (1 of them before)" in said
    after = files(tmp_path / "teams")
    assert {name: after[name] for name in before} == before
    assert load_team(tmp_path / "teams" / "seed-1", make_team_plant)[0].name == "box-pushing-6"
    with pytest.raises(SystemExit):
        main([*words, "--seeds", "2", "--config.epochs", "2"])
    assert "is the result of other work" in capsys.readouterr().err


@pytest.mark.slow
def test_a_scenario_of_ones_own_goes_with_every_team(tmp_path):
    import shiftwork.plants.centre

    shipped = Path(shiftwork.plants.centre.__file__).parent
    source = next(shipped.rglob("*small*.toml"))
    scenario = tmp_path / "mine.toml"
    text = source.read_text(encoding="utf-8").replace('"centre-small"', '"centre-mine"')
    scenario.write_text(text, encoding="utf-8")
    words = ["team", "learn", "--plant", str(scenario), "--steps", "1", *TEAM]
    main([*words, "--workers", "1", "--out", str(tmp_path / "teams")])
    team = tmp_path / "teams" / "seed-0"
    assert (team / "scenario.toml").read_text() == scenario.read_text()
    assert json.loads((team / "done.json").read_text())["inputs"].keys() == {"scenario"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["learn", "dmsd", "--workers", "many"], "--workers is 'many'; give local, a number"),
        (["learn", "dmsd", "--seeds", "0"], "--seeds is 0; give 1 or more"),
        (["learn", "dmsd", "--gpus", "1"], "--gpus is for --workers that are processes"),
        (
            ["learn", "dmsd", "--seeds", "2", "--judge-on", "dmsd"],
            "--judge-on judges one agent; leave it out",
        ),
        (
            ["team", "learn", "--plant", "box-pushing-6", "--seeds", "2", "--config.copies", "0"],
            "config 'copies' is 0",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(tmp_path, capsys, words, message):
    with pytest.raises(SystemExit) as stop:
        main([*words, "--out", str(tmp_path / "run")])
    assert stop.value.code == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "run").exists()


def test_an_agents_folder_is_no_place_for_many(tmp_path, capsys):
    (tmp_path / "agent.json").write_text("{}")
    with pytest.raises(SystemExit):
        main(["learn", "dmsd", "--seeds", "2", "--out", str(tmp_path)])
    assert "exists and holds no results of jobs" in " ".join(capsys.readouterr().err.split())
