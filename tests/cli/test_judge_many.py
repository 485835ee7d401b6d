"""The verb judge for several agents: one line and one verdict for each, and none stops the others."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from shiftwork.agents.agent import ABOUT
from shiftwork.cli import judge_many, judge_verb
from shiftwork.cli.judge_run import AGENT, agents_in
from shiftwork.cli.main import main
from shiftwork.cli.record_verbs import import_export
from shiftwork.errors import UserError
from shiftwork.evaluation.gate import judge as gate
from shiftwork.jobs.work import surroundings
from shiftwork.records.formats.compact import write_compact
from shiftwork.records.tags import Tag
from support.estimates import GOOD
from support.level_people import people, save_taught, untaught_agent

TEACHING = people(30, 40)
LATER = people(30, 40, seed=1)


@pytest.fixture(autouse=True)
def own_environment(monkeypatch, tmp_path):
    """The threads that a command sets are put back, and what it keeps is in the test's folder."""
    for name in surroundings(1, gpus=1):
        monkeypatch.setenv(name, "1")
    monkeypatch.chdir(tmp_path)
    write_compact(LATER, Path("later.npz"))
    write_compact(TEACHING, Path("taught.npz"))


@pytest.fixture
def in_no_time(monkeypatch):
    """Judgements that say what an agent's folder says that it deserves."""
    monkeypatch.setattr(judge_many, "JUDGING", "support.small_jobs:say_verdict")


def agents(**deserved: str) -> list[Path]:
    """Write agents, each of which deserves a verdict."""
    return [
        save_taught(untaught_agent(2.0 + n, deserves=verdict), Path(name), TEACHING)
        for n, (name, verdict) in enumerate(deserved.items())
    ]


def judge(*words: object, records: str = "later.npz") -> int:
    """Judge agents, and return the exit status."""
    try:
        main(["judge", *map(str, words), "--records", records])
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def said(capsys) -> str:
    return " ".join(capsys.readouterr().err.replace("│", " ").replace("┃", " ").split())


def passed(folder: Path) -> bool:
    return json.loads((folder / "verdict.json").read_text())["passed"]


def test_each_agent_gets_a_line_and_a_verdict_and_the_worst_one_counts(in_no_time, capsys):
    for number, verdict in ((10, "pass"), (9, "not proven"), (2, "pass")):
        agents(**{f"runs/seed-{number}": verdict})
    Path("runs/seed-3").mkdir()
    assert judge("runs", "--workers", "local", "--json", "all.json") == 3
    told = said(capsys)
    assert "runs: passed over, because no agent is in there: 'seed-3'" in told
    assert told.count("Records: 30 episodes, 1,200 steps") == 1  # the records are opened once
    order = [told.index(f"runs/seed-{n} ") for n in (2, 9, 10)]
    assert order == sorted(order)
    assert "runs/seed-9 +0 -1 to +1 not proven it is not proven" in told
    assert [passed(Path("runs") / f"seed-{n}") for n in (2, 9, 10)] == [True, False, True]
    written = json.loads(Path("all.json").read_text())["agents"]
    assert [(a["agent"], a["verdict"]) for a in written] == [
        ("runs/seed-2", "pass"), ("runs/seed-9", "not proven"), ("runs/seed-10", "pass"),
    ]  # fmt: skip
    agents(loser="worse")
    assert judge("runs", "loser") == 4
    assert judge("runs/seed-2", "runs/seed-10") == 0


def test_each_judgement_asks_for_its_gpus(in_no_time, monkeypatch, capsys):
    first, second = agents(first="pass", second="pass")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert judge(first, second, "--workers", "2", "--gpus", "1") == 2
    assert "2 workers with 1 GPUs each are asked for, and this machine shows 1" in said(capsys)
    assert judge(first, second, "--workers", "1", "--gpus", "1") == 0
    done = [json.loads(file.read_text()) for file in Path("runs/judgements").glob("*/done.json")]
    assert [about["gpus"] for about in done] == [1, 1]
    assert judge(first, "--gpus", "1") == 2
    assert "--gpus is for --workers that are processes or a cluster" in said(capsys)
    assert judge(first, "--gpus", "-1") == 2
    assert "--gpus is -1; give 0 or more" in said(capsys)


def test_what_is_judged_is_not_judged_again_and_anything_else_is(in_no_time, capsys):
    first, second = agents(first="pass", second="pass")
    assert judge(first, second) == 0
    assert "2 of 2 jobs are finished, each" in said(capsys)
    (first / "verdict.json").unlink()
    assert judge(first, second) == 0
    assert "2 of 2 jobs are finished (2 of them before)" in said(capsys)
    assert passed(first)
    assert judge(first, second, "--seed", "7") == 0
    assert "2 of 2 jobs are finished, each" in said(capsys)
    write_compact(people(40, 40, seed=2), Path("other.npz"))
    assert judge(first, second, records="other.npz") == 0
    assert "2 of 2 jobs are finished, each" in said(capsys)
    save_taught(untaught_agent(0.5, deserves="worse"), second, TEACHING)
    assert judge(first, second) == 4
    assert "2 of 2 jobs are finished (1 of them before)" in said(capsys)
    shutil.copytree(first, "copies/first")
    assert judge(first, "copies/first", "./first") == 0
    told = said(capsys)
    assert "1 of 1 jobs are finished (1 of them before)" in told
    assert passed(Path("copies/first"))


def test_an_agent_that_cannot_be_judged_is_named_and_stops_no_other(in_no_time, capsys):
    good, failing = agents(good="pass", failing="a failure")
    tags = (Tag("level", "m"), Tag("aim", "m"))
    foreign = dataclasses.replace(untaught_agent(), observation_tags=tags)
    save_taught(foreign, Path("foreign"), TEACHING)
    save_taught(untaught_agent(), Path("taught"), LATER)
    Path("empty").mkdir()
    words = ["empty", "foreign", failing, "taught", good, "nowhere", "--json", "all.json"]
    assert judge(*words) == 2
    told = said(capsys)
    for line in (
        "empty cannot be judged: empty: is no agent (agent.json is missing)",
        "foreign cannot be judged: later.npz: has no tag 'aim'",
        "taught cannot be judged: later.npz: 1,200 of 1,200 steps taught this agent",
        "nowhere cannot be judged: nowhere: is no agent",
        "failed: a failure, as it deserves",
        "good +0 -1 to +1 pass it is pass",
    ):
        assert line in told
    (last,) = (line for line in told.split("shiftwork: ")[1:])
    assert last.startswith(
        "5 of 6 agents were not judged: empty, foreign, failing, taught, nowhere; the table says why"
    )
    assert passed(good)
    assert not any(Path(name, "verdict.json").exists() for name in ("failing", "foreign", "taught"))
    written = {a["agent"]: a for a in json.loads(Path("all.json").read_text())["agents"]}
    assert written["failing"]["error"] == "a failure, as it deserves"
    assert written["good"]["verdict"] == "pass"


def test_exports_are_read_once_and_their_unit_heads_the_table(in_no_time, capsys):
    minute = datetime(2024, 5, 1, tzinfo=UTC)
    rows = [
        f"{minute + timedelta(minutes=n):%Y-%m-%d %H:%M:%S},{x[0]},{x[1]},{u[0]}"
        for n, (x, u) in enumerate(zip(LATER.observation, LATER.action, strict=False))
    ]
    Path("later.csv").write_text("\n".join(["time,level,wanted,valve", *rows]) + "\n")
    Path("plant.toml").write_text(
        'name = "tank"\nperiod = "1min"\ntime_zone = "UTC"\n[objective]\nexpression = "level"\nunit = "$/h"\n'
        '[tags.level]\nrole = "observation"\n[tags.wanted]\nrole = "observation"\n'
        '[tags.valve]\nrole = "action"\nbounds = [0, 100]\n'
    )
    records = import_export("later.csv", "plant.toml")  # which has more columns than the export
    mean, std = records.observation.mean(0), records.observation.std(0) + 1
    for name in ("first", "second"):
        agent = dataclasses.replace(
            untaught_agent(deserves="pass", name=name),
            weights=(np.ones((len(mean), 1), np.float32),),
            observation_mean=mean,
            observation_std=std,
            observation_tags=records.observation_tags,
            action_tags=records.action_tags,
        )
        save_taught(agent, Path(name), TEACHING)
    capsys.readouterr()
    assert judge("first", "second", "--tags", "plant.toml", records="later.csv") == 0
    told = said(capsys)
    assert told.count("Records: 1 episode") == 1
    assert "Gain over people's practice, $/h, mean per step of 1min" in told
    assert passed(Path("first"))
    assert passed(Path("second"))


def test_what_is_wrong_for_all_agents_is_said_once(in_no_time, capsys):
    agents(**{f"runs/seed-{n}": "pass" for n in range(7)})
    assert judge("runs", records="nowhere.npz") == 2
    told = said(capsys)
    assert "shiftwork: no agent can be judged: nowhere.npz: no such file; give an .npz" in told
    assert "runs/seed-3, runs/seed-4 and 2 more cannot be judged: nowhere.npz" in told
    assert told.count("nowhere.npz") == 2
    assert not list(Path("runs").glob("*/verdict.json"))


def test_an_agent_that_changes_meanwhile_keeps_no_verdict_of_another(
    in_no_time, capsys, monkeypatch
):
    first, second = agents(first="pass", second="pass")
    do_jobs = judge_many.do_jobs

    def learned_again(*given):
        outcome = do_jobs(*given)
        save_taught(untaught_agent(0.5, deserves="pass"), first, TEACHING)
        return outcome

    monkeypatch.setattr(judge_many, "do_jobs", learned_again)
    assert judge(first, second) == 2
    assert "first: was changed while it was judged" in said(capsys)
    assert passed(second)
    assert not (first / "verdict.json").exists()


def test_one_agent_is_judged_as_ever_unless_workers_are_asked_for(in_no_time, monkeypatch):
    (agent,) = agents(**{"runs/seed-0": "pass"})
    alone = []
    monkeypatch.setattr(judge_verb, "judge_agent", lambda folder, *given: alone.append(folder))
    assert judge(agent) == 0
    assert alone == [agent]
    assert not Path("runs/judgements").exists()
    assert judge(agent, "--workers", "1") == 0
    assert judge("runs", "--out", "kept") == 0
    assert alone == [agent]
    assert sorted(p.name[:7] for p in Path("kept").iterdir() if p.name[0] != ".") == [
        "records", "seed-0-",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "an agent is missing; give its folder"),
        (["agent", "--workers", "many"], "--workers is 'many'; give local"),
        (["agent", "agent-2", "--json", "verdicts.txt"], "ends in .json"),
        (["agent", "agent-2", "--out", "agent"], "exists and holds no results of jobs"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(in_no_time, capsys, words, message):
    agents(agent="pass", **{"agent-2": "pass"})
    assert judge(*words) == 2
    assert message in said(capsys)
    assert not Path("agent/verdict.json").exists()


def test_threads_are_set_before_numpy_takes_its_own():
    assert AGENT == ABOUT
    command = "import shiftwork.cli.judge_run, sys; sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", command], check=True)
    with pytest.raises(UserError, match="an agent is missing"):
        agents_in(())


def test_a_job_says_what_judge_says_of_one_agent(monkeypatch):
    """With an estimate that depends on all that it is given, and costs nothing."""

    def learn(records, name, *, updates, seeds, advance):
        return SimpleNamespace(agent=lambda: untaught_agent(1.0 + seeds[0]))

    def estimate(records, clone, agents, discount, *, seed, advance):
        advance(gate.TOTAL_WORK)
        known = records.observation.sum() + 10 * seed + 100 * discount + clone.weights[0].sum()
        return tuple(
            dataclasses.replace(GOOD, gain=float(known + np.abs(agent.weights[0]).sum()))
            for agent in agents
        )

    monkeypatch.setattr(gate, "learn", learn)
    monkeypatch.setattr(gate, "estimate", estimate)
    (agent,) = agents(agent="any")
    words = [agent, "--seed", "5"]
    status = judge(*words, "--json", "alone.json")
    verdict = (agent / "verdict.json").read_text()
    assert judge(*words, "--workers", "local", "--json", "job.json") == status
    assert (agent / "verdict.json").read_text() == verdict
    (figures,) = json.loads(Path("job.json").read_text())["agents"]
    assert figures.pop("agent") == "agent"
    assert figures == json.loads(Path("alone.json").read_text())


@pytest.mark.slow
def test_judgements_are_the_same_whoever_is_judged_beside(monkeypatch):
    monkeypatch.setattr(judge_many, "JUDGING", "support.small_jobs:judge_quickly")
    first, second = agents(first="any", second="any")
    for out, folders in (("both", (first, second)), ("alone", (second,))):
        judge(*folders, "--workers", "1", "--out", out)
    (alone,) = Path("alone").glob("second-*/judgement.json")
    assert len(list(Path("both").glob("*/judgement.json"))) == 2
    assert alone.read_bytes() == Path("both", alone.parent.name, alone.name).read_bytes()
