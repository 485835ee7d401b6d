"""The command line on a historian's exports: inspect, draft, convert, learn, evaluate, report."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from shiftwork.agents.agent import Agent
from shiftwork.cli import agent_verbs as workflow
from shiftwork.cli.main import main
from shiftwork.records.formats.load import load_records
from shiftwork.records.held_out import kept_apart
from support.still_plant import Still

SMALL = ["--updates", "1000", "--config.width", "8", "--config.actor-width", "8", "--config.critics", "2",
         "--config.discount", "0.8", "--config.cloning", "0.1"]  # fmt: skip


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """An export and its plant file; the feed, which never moves, is only seen."""
    plant = Still(rows=1000)
    plant.tags["feed"] = 'role = "observation"'
    export, file = plant.write(tmp_path_factory.mktemp("still"))
    return str(export), str(file)


@pytest.fixture(scope="module")
def agent(still: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small agent that learned from the export as it is."""
    out = tmp_path_factory.mktemp("agents") / "agent"
    main(["learn", still[0], "--tags", still[1], "--out", str(out), *SMALL])
    return out


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command line that must end in status 2 with one line, and return that line."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    error = capsys.readouterr().err
    lines = [line for line in error.splitlines() if line.startswith("shiftwork: ")]
    assert len(lines) == 1
    assert "Traceback" not in error
    return lines[0]


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().err.split())


@pytest.mark.slow
def test_inspect_tells_the_verdict_and_writes_page_and_numbers(still, tmp_path, capsys):
    out = tmp_path / "inspection"
    main(["inspect", still[0], "--tags", still[1], "--out", str(out)])
    told = said(capsys)
    assert "An agent can learn reflux." in told
    assert "1,000 decision periods" in told
    assert sorted(p.name for p in out.iterdir()) == ["inspection.html", "inspection.json"]
    assert json.loads((out / "inspection.json").read_text())["verdict"] == "learn"


def test_inspect_still_speaks_where_no_episode_can_be_cut(tmp_path, capsys):
    plant = Still(rows=300)
    plant.columns["level"] = ["Shutdown"] * 300
    export, file = plant.write(tmp_path)
    main(["inspect", str(export), "--tags", str(file), "--out", str(tmp_path / "out")])
    told = said(capsys)
    assert "No agent can learn from these records yet." in told
    assert "no episode is left" in told


def test_a_draft_can_be_inspected_with(tmp_path, capsys):
    plant = Still(rows=400)
    plant.columns["reflux.SP"] = plant.columns.pop("reflux")
    export, _ = plant.write(tmp_path)
    draft = tmp_path / "drafted.toml"
    main(["inspect", str(export), "--draft", "--out", str(draft)])
    assert "CHECK" in said(capsys)
    assert 'source = "reflux.SP"' in draft.read_text()
    line = refused(["inspect", str(export), "--draft", "--out", str(draft)], capsys)
    assert "not overwritten" in line
    main(["inspect", str(export), "--tags", str(draft), "--out", str(tmp_path / "out")])
    assert "cannot be measured: fewer than" in said(capsys)


@pytest.mark.slow
def test_convert_writes_the_same_episodes_in_every_form(still, tmp_path, capsys):
    export, plant = still
    for out in ("episodes.npz", "minari", "episodes.parquet"):
        main(["convert", export, "--tags", plant, "--out", str(tmp_path / out)])
        assert "9 episodes, 999 steps" in said(capsys)
    compact = load_records(tmp_path / "episodes.npz")
    tags = compact.observation_tags, compact.action_tags  # Minari keeps none
    assert load_records(tmp_path / "minari", *tags).hash == compact.hash
    frame = pl.read_parquet(tmp_path / "episodes.parquet")
    acted = frame.filter(pl.col("reward").is_not_null())
    np.testing.assert_array_equal(acted["action.reflux"].to_numpy(), compact.action[:, 0])
    np.testing.assert_array_equal(frame["observation.level"].to_numpy(), compact.observation[:, 2])


@pytest.mark.slow
@pytest.mark.parametrize(("stage", "rows"), [("grid", 1000), ("samples", 4000)])
def test_convert_writes_what_comes_before_episodes(stage, rows, still, tmp_path):
    out = tmp_path / "out.parquet"
    main(["convert", still[0], "--tags", still[1], "--stage", stage, "--out", str(out)])
    assert len(pl.read_parquet(out)) == rows


@pytest.mark.slow
def test_learn_takes_exports_as_they_are(agent):
    loaded = Agent.load(agent)
    assert [tag.name for tag in loaded.observation_tags] == [
        "reflux", "feed", "level", "ambient", "reflux low", "reflux high"
    ]  # fmt: skip
    seen = np.array([4.0, 3.0, 50.0, 20.0, 3.0, 5.0], np.float32)
    assert 3.0 <= loaded.act(seen)[0] <= 5.0
    # The same moment with a narrower box: the agent keeps to it.
    assert 3.9 <= loaded.act(np.array([4.0, 3.0, 50.0, 20.0, 3.9, 4.0], np.float32))[0] <= 4.0


@pytest.mark.slow
def test_learn_from_exports_and_from_what_convert_wrote_is_the_same(still, agent, tmp_path):
    main(["convert", still[0], "--tags", still[1], "--out", str(tmp_path / "records.npz")])
    records = load_records(tmp_path / "records.npz")
    # The last fifth is kept apart to judge by.
    assert Agent.load(agent).about["records"]["hash"] == kept_apart(records).teach.hash


@pytest.mark.slow
def test_learn_takes_several_exports_and_a_settings_file(still, tmp_path):
    text = Path(still[0]).read_text().splitlines(keepends=True)
    for name, rows in (("first.csv", text[:501]), ("second.csv", text[:1] + text[501:])):
        (tmp_path / name).write_text("".join(rows))
    parts = [str(tmp_path / "first.csv"), str(tmp_path / "second.csv")]
    settings = tmp_path / "settings.toml"
    settings.write_text(
        f'records = {json.dumps(parts)}\ntags = "{still[1]}"\nalgo = "bc"\nupdates = 1000\n'
        "[config]\nactor-width = 8\n"
    )
    main(["learn", *parts, "--settings", str(settings), "--out", str(tmp_path / "given")])
    main(["learn", "--settings", str(settings), "--out", str(tmp_path / "told")])
    main(["learn", still[0], "--settings", str(settings), "--out", str(tmp_path / "whole")])
    hashes = {Agent.load(tmp_path / n).about["records"]["hash"] for n in ("given", "told", "whole")}
    assert len(hashes) == 1


@pytest.mark.slow
def test_evaluate_and_report_judge_by_exports_without_running_anything(
    still, agent, tmp_path, monkeypatch, capsys
):
    quick = functools.partial(workflow.fitted_q_evaluation, updates=1000)
    monkeypatch.setattr(workflow, "fitted_q_evaluation", quick)
    main(["evaluate", str(agent), "--records", still[0], "--tags", still[1]])
    told = said(capsys)
    assert "agent estimated" in told
    assert "Running" not in told
    assert "only the last 199 judge the agent" in told
    assert re.search(r"Only \d episodes to judge by", told)
    page = tmp_path / "report.html"
    main(["report", str(agent), "--records", still[0], "--tags", still[1], "--out", str(page)])
    assert "not run" in page.read_text(encoding="utf-8")


@pytest.mark.slow
def test_an_agent_is_not_judged_by_columns_in_another_order(still, agent, tmp_path, capsys):
    text = Path(still[1]).read_text()
    head, *entries = text.split("\n[tags.")
    (tmp_path / "still.toml").write_text("\n[tags.".join([head, *reversed(entries)]))
    line = refused(
        ["evaluate", str(agent), "--records", still[0], "--tags", str(tmp_path / "still.toml")],
        capsys,
    )
    assert "other columns" in line


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["inspect", "{export}"], ["--tags", "--draft"]),
        (["inspect", "--tags", "{plant}"], ["no exports are given"]),
        (["inspect", "{export}", "--tags", "nowhere.toml"], ["nowhere.toml", "no such file"]),
        (["inspect", "nowhere.csv", "--tags", "{plant}"], ["nowhere.csv", "no such file"]),
        (["inspect", "{plant}", "--draft"], ["still.toml"]),
        (["convert", "{export}", "--tags", "{plant}", "--out", "x.csv"], ["x.csv", ".parquet"]),
        (["convert", "{export}", "--tags", "{plant}", "--out", "x.npz", "--stage", "grid"], ["grid", ".parquet"]),
        (["convert", "--tags", "{plant}", "--out", "x.npz"], ["no exports are given"]),
        (["inspect", "--draft"], ["no exports are given"]),
        (["learn"], ["records are missing"]),
        (["learn", "{export}", "{export}"], ["give one, or the --tags file"]),
        (["learn", "--tags", "{plant}"], ["no exports are given"]),
        (["learn", "{export}", "--tags", "nowhere.toml"], ["nowhere.toml", "no such file"]),
        (["learn", "dmsd", "--tags", "{plant}"], ["dmsd", "no such file"]),
        (["evaluate", "{agent}", "--plant", "{plant}"], ["cannot be run", "--records"]),
        (["improve", "{agent}", "--plant", "{plant}", "--records", "{export}"], ["cannot be run"]),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_line(
    arguments, parts, still, agent, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    names = {"export": still[0], "plant": still[1], "agent": str(agent)}
    line = refused([a.format(**names) for a in arguments], capsys)
    for part in parts:
        assert part.format(**names) in line
    assert not list(tmp_path.iterdir())  # nothing half-written


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoil", "parts"),
    [
        (lambda t: t.replace('role = "action"', 'role = "actoin"'), ["tags.reflux.role", "'action'"]),
        (lambda t: t.replace("level - 50", "levl - 50"), ["objective.expression", "'level'"]),
        (lambda t: t.replace("[tags.level]", "[tags.leval]"), ["level"]),
        (lambda t: t.replace('unit = "%"', 'source = "LEVL"'), ["tags.level", "'LEVL'"]),
        (lambda t: t.replace("bounds = [1, 7]\n", ""), ["tags.reflux.bounds", "missing"]),
        (lambda t: t.replace("bounds = [1, 7]", "bounds = [1, 7]\ndead_band = 2"), ["tags.reflux", "dead-band"]),
    ],
)  # fmt: skip
def test_mistakes_in_a_plant_file_are_one_line(spoil, parts, still, tmp_path, capsys):
    plant = tmp_path / "still.toml"
    plant.write_text(spoil(Path(still[1]).read_text()))
    line = refused(["learn", still[0], "--tags", str(plant), "--out", str(tmp_path / "a")], capsys)
    for part in (str(plant), *parts):
        assert part in line
    assert not (tmp_path / "a").exists()
