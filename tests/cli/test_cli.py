"""The command line as users meet it: what works, and one clear line for what cannot."""

from __future__ import annotations

import dataclasses
import functools
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from shiftwork.agents.agent import Agent
from shiftwork.cli import agent_verbs
from shiftwork.cli.agent_verbs import open_records
from shiftwork.cli.main import main
from shiftwork.records.formats.compact import write_compact
from shiftwork.records.formats.load import load_records
from shiftwork.records.formats.npz import read_npz

SMALL = [
    "--updates",
    "1000",
    "--config.width",
    "8",
    "--config.actor-width",
    "8",
    "--config.critics",
    "2",
]
FIXED = ["--config.discount", "0.9", "--config.cloning", "0.1"]


@pytest.fixture(scope="session")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty recorded episodes."""
    path = tmp_path_factory.mktemp("records") / "some.npz"
    write_compact(load_records("dmsd").select(np.arange(40)), path)
    return path


@pytest.fixture(scope="session")
def agent(records: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small agent that the command line learned."""
    out = tmp_path_factory.mktemp("agents") / "agent"
    main(["learn", str(records), "--out", str(out), *SMALL, *FIXED])
    return out


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command line that must end in status 2 with one line, and return that line."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    lines = [
        line for line in capsys.readouterr().err.splitlines() if line.startswith("shiftwork: ")
    ]
    assert len(lines) == 1
    assert "Traceback" not in lines[0]
    return lines[0]


@pytest.mark.slow
def test_learn_writes_an_agent_that_acts_in_plant_units(agent: Path) -> None:
    loaded = Agent.load(agent)
    action = loaded.act(np.zeros(6, np.float32))
    assert action.shape == (2,)
    assert loaded.action_tags[0].name == "force 1"
    assert loaded.about["config"]["discount"] == 0.9
    card = (agent / "README.md").read_text(encoding="utf-8")
    assert loaded.about["records"]["hash"] in card
    assert "force 1 [30 N]" in card


@pytest.mark.slow
def test_learn_leaves_no_checkpoint_behind(agent: Path) -> None:
    assert [p.name for p in agent.parent.iterdir()] == [agent.name]


@pytest.mark.slow
def test_evaluate_improve_and_report_go_on_from_the_agent(
    agent: Path,
    records: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # What the estimate is worth is tested elsewhere; here it takes a minute.
    shorter = functools.partial(agent_verbs.fitted_q_evaluation, updates=1_000)
    monkeypatch.setattr(agent_verbs, "fitted_q_evaluation", shorter)
    main(["evaluate", str(agent), "--plant", "dmsd", "--episodes", "20", "--records", str(records)])
    said = " ".join(capsys.readouterr().err.split())
    assert "over 20 episodes (2,000 plant steps)" in said
    assert "agent estimated" in said

    better = tmp_path / "better"
    main(["improve", str(agent), "--plant", "dmsd", "--records", str(records), "--out", str(better),
          "--online.steps", "120", "--online.piece", "60", "--online.updates-per-step", "2"])  # fmt: skip
    assert Agent.load(better).about["online_steps"] == 120
    # At a plant it is held to the same records.
    seen = read_npz(better / "records_seen.npz")
    assert seen["rows"].tolist() == read_npz(agent / "records_seen.npz")["rows"].tolist()
    trace = read_npz(better / "history.npz")
    assert trace["steps"].tolist() == [0, 60, 120]
    assert trace["training_end"].tolist() == [100]

    page = tmp_path / "report.html"
    main(["report", str(agent), "--records", str(records), "--improved", str(better), "--plant", "dmsd",
          "--out", str(page), "--episodes", "20"])  # fmt: skip
    assert "</html>" in page.read_text(encoding="utf-8")


@pytest.mark.slow
def test_foreign_environment_is_evaluated_and_improved_on(tmp_path: Path) -> None:
    # Records of Pendulum made here, by random actions, through the same public classes.
    from shiftwork.plants.adapters.from_gymnasium import ForeignPlant
    from shiftwork.records.episodes import Episodes

    plant = ForeignPlant("Pendulum-v1", copies=5)
    rng = np.random.default_rng(0)
    seen, acted, earned = [plant.reset(0)], [], []
    for _ in range(plant.horizon):
        acted.append(rng.uniform(-2, 2, (5, 1)).astype(np.float32))
        step = plant.step(acted[-1])
        seen.append(step.next_observation)
        earned.append(step.reward)
    recorded = Episodes(
        np.stack(seen, 1).reshape(-1, 3), np.stack(acted, 1).reshape(-1, 1), np.stack(earned, 1).reshape(-1),
        np.full(5, plant.horizon, np.int64), np.zeros(5, bool), plant.observation, plant.action,
    )  # fmt: skip
    path = tmp_path / "pendulum.npz"
    write_compact(recorded, path)
    out, better = tmp_path / "agent", tmp_path / "better"
    main(["learn", str(path), "--out", str(out), *SMALL, *FIXED])
    main(["evaluate", str(out), "--plant", "Pendulum-v1", "--episodes", "3", "--copies", "2"])
    main(["improve", str(out), "--plant", "Pendulum-v1", "--records", str(path), "--out", str(better),
          "--online.steps", "210", "--online.updates-per-step", "1"])  # fmt: skip
    assert Agent.load(better).about["online_steps"] == 210
    # One whole episode of 200 steps has ended; the second is still under way.
    assert read_npz(better / "history.npz")["training_end"].tolist() == [200]


@pytest.mark.slow
def test_settings_file_nests_and_the_command_line_wins(records: Path, tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(
        'algo = "bc"\nupdates = 1000\nseed = 3\n[config]\nactor-width = 8\nbatch = 32\n'
    )
    out = tmp_path / "agent"
    main(["learn", str(records), "--settings", str(settings), "--out", str(out), "--seed", "4"])
    about = Agent.load(out).about
    assert (about["algorithm"], about["seed"]) == ("bc", 4)
    assert (about["config"]["actor_width"], about["config"]["batch"]) == (8, 32)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["learn", "nowhere.npz"], ["nowhere.npz", "no such file"]),
        (["learn", "dmsd", "--algo", "parss"], ["unknown algorithm 'parss'", "did you mean 'pars'?"]),
        (["learn", "dmsd", "--plant", "dmsdd"], ["unknown plant 'dmsdd'", "dmsd"]),
        (["learn", "dmsd", "--updates", "0"], ["updates is 0"]),
        (["learn", "dmsd", "--seed", "-1"], ["--seed is -1"]),
        (["learn", "dmsd", "--config.discount", "1.0"], ["'discount' is 1.0", "below 1"]),
        (["learn", "dmsd", "--config.discount", "nan"], ["'discount' is nan"]),
        (["learn", "dmsd", "--config.width", "0"], ["'width' is 0"]),
        (["learn", "dmsd", "--config.subset", "9"], ["'subset' is larger than 'critics'"]),
        (["learn", "dmsd", "--config.penalty", "-1"], ["'penalty' is -1"]),
        (["learn", "dmsd", "--settings", "none.toml"], ["none.toml", "no such file"]),
        (["evaluate", "nowhere", "--plant", "dmsd"], ["nowhere", "agent.json"]),
        (["improve", "nowhere", "--plant", "dmsd", "--records", "dmsd"], ["nowhere", "agent.json"]),
        (["improve", "x", "--plant", "dmsd", "--records", "dmsd", "--online.steps", "0"], ["'steps' is 0"]),
        (["report", "nowhere", "--records", "dmsd"], ["nowhere", "agent.json"]),
        (["people", "--plant", "dmsd"], ["no people are simulated at 'dmsd'", "--plant furnace"]),
        (["people", "--years", "0"], ["--years is 0", "1 to 200"]),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_line(
    arguments: list[str], said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    line = refused(arguments, capsys)
    for part in said:
        assert part in line
    assert not list(tmp_path.iterdir())  # nothing half-written


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[config]\ndiscont = 0.9\n", ["'config.discont'", "did you mean 'config.discount'?"]),
        ("updtes = 5\n", ["'updtes'", "did you mean 'updates'?"]),
        ('updates = "many"\n', ["'updates'", "whole number"]),
        ("config = 3\n", ["'config'", "[config]"]),
        ("[config]\nlayer_norm = 1\n", ["'config.layer_norm'", "true or false"]),
        ('[config]\npenalty = "high"\n', ["'config.penalty'", "number"]),
        ("updates = \n", ["no valid TOML", "line 1"]),
        ("[updates]\nx = 1\n", ["'updates'", "table"]),
    ],
)
def test_mistakes_in_a_settings_file_are_named(
    text: str, said: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(text)
    line = refused(["learn", "dmsd", "--settings", str(settings)], capsys)
    assert str(settings) in line
    for part in said:
        assert part in line


@pytest.mark.slow
def test_evaluate_needs_something_to_judge_by(
    agent: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "--plant or --records" in refused(["evaluate", str(agent)], capsys)


@pytest.mark.slow
def test_agent_of_another_plant_or_version_is_refused(
    agent: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = refused(["evaluate", str(agent), "--plant", "Pendulum-v1"], capsys)
    assert "has 3 observation tags, the agent was made for 6" in line
    other = tmp_path / "other"
    shutil.copytree(agent, other)
    about = json.loads((other / "agent.json").read_text())
    (other / "agent.json").write_text(json.dumps(about | {"version": 99}))
    assert "version 99" in refused(["evaluate", str(other), "--plant", "dmsd"], capsys)


@pytest.mark.slow
def test_a_folder_that_is_no_agent_is_not_overwritten(
    records: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "chapter.txt").write_text("years of work")
    line = refused(["learn", str(records), "--out", str(out), *SMALL, *FIXED], capsys)
    assert "not overwritten" in line
    assert (out / "chapter.txt").read_text() == "years of work"


@pytest.mark.slow
def test_ctrl_c_leaves_a_checkpoint_from_which_the_same_command_goes_on(
    records: Path, tmp_path: Path
) -> None:
    out = tmp_path / "agent"
    small = ["--config.width", "8", "--config.actor-width", "8", "--config.critics", "2"]
    arguments = ["learn", str(records), "--out", str(out), "--updates", "6000", *small, *FIXED]
    command = [sys.executable, "-c", "from shiftwork.cli.main import main; main()"]
    # Asked to stop at the first piece, by the process itself: no race with the clock.
    stop = (
        "import os, signal, shiftwork.learning.loop as t; note = t._note\n"
        "def once(row):\n    os.kill(os.getpid(), signal.SIGINT); t._note = note; return note(row)\n"
        "t._note = once\nfrom shiftwork.cli.main import main; main()"
    )
    halted = subprocess.run(
        [sys.executable, "-c", stop, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert halted.returncode == 130, halted.stderr
    assert "stopped after 1,000 of 6,000 updates; the same command goes on" in halted.stderr
    assert not out.exists()
    assert (tmp_path / "agent.part.npz").is_file()
    resumed = subprocess.run(
        [*command, *arguments], capture_output=True, text=True, check=False, timeout=300
    )
    assert resumed.returncode == 0, resumed.stderr
    # The same as learning in one go, to the last bit.
    whole = tmp_path / "whole"
    main([*arguments[:3], str(whole), *arguments[4:]])
    for name, array in read_npz(out / "policy.npz").items():
        np.testing.assert_array_equal(array, read_npz(whole / "policy.npz")[name])
    assert not (tmp_path / "agent.part.npz").exists()


def test_help_names_every_verb_without_importing_jax() -> None:
    code = (
        "import sys\nfrom shiftwork.cli.main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "assert 'jax' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for verb in ("demo", "people", "inspect", "convert", "learn", "evaluate", "improve", "report"):
        assert verb in done.stdout


def test_module_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    import shiftwork

    main(["--version"])
    assert capsys.readouterr().out == f"shiftwork {shiftwork.__version__}\n"
    done = subprocess.run(
        [sys.executable, "-m", "shiftwork", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"shiftwork {shiftwork.__version__}\n"


@pytest.mark.slow
def test_records_an_agent_learned_from_can_judge_it(
    records: Path, agent: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file whose actions lie beyond 1 and that names no columns: the agent's tags are used."""
    whole = load_records(records)
    rows = whole.transitions
    file = tmp_path / "plain.npz"
    np.savez(
        file, obs=rows.observation, action=30 * rows.action, next_obs=rows.next_observation,
        reward=rows.reward, done=rows.terminal.astype(np.float32),
        truncated=(rows.last & ~rows.terminal).astype(np.float32),
    )  # fmt: skip
    learned = Agent.load(agent)
    tags = tuple(dataclasses.replace(tag, low=-30.0, high=30.0) for tag in learned.action_tags)
    opened = open_records(str(file), agent=dataclasses.replace(learned, action_tags=tags))
    assert [tag.name for tag in opened.action_tags] == [tag.name for tag in tags]
    np.testing.assert_allclose(opened.action, 30 * rows.action, rtol=1e-6)
