"""The verb judge: a plant that anybody can improve, an agent that does, one that does the contrary."""

import dataclasses
import json
from functools import partial
from pathlib import Path

import pytest

from shiftwork.agents.agent import Agent
from shiftwork.cli.judge_verb import Unit
from shiftwork.cli.main import main
from shiftwork.evaluation.gate import estimate as estimates
from shiftwork.evaluation.gate import judge as gate
from shiftwork.learning.offline.learn import learn
from shiftwork.operation.verdict import judged as known_verdict
from shiftwork.records.formats.compact import write_compact
from shiftwork.records.held_out import kept_apart
from shiftwork.records.historian.plant_file.load import parse_plant
from shiftwork.records.tags import Tag
from support.level_people import people, steered


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(estimates, "WORLD_UPDATES", 500)
    monkeypatch.setattr(estimates, "VALUE_UPDATES", 1_000)
    monkeypatch.setattr(gate, "estimate", partial(estimates.estimate, value_members=4))
    monkeypatch.setattr(gate, "CLONE_UPDATES", 1_000)


@pytest.fixture(scope="module")
def records():
    return people()


@pytest.fixture(scope="module")
def folder(records, tmp_path_factory):
    """A clone of the people's first part in its folder, and the whole records beside it."""
    root = tmp_path_factory.mktemp("judge")
    write_compact(records, root / "all.npz")
    write_compact(people(seed=1), root / "later.npz")
    learn(kept_apart(records).teach, "bc", updates=1_000).save(root / "clone")
    return root


def judged(folder, agent, arguments, capsys):
    """Put an agent into the folder of the clone, judge it, and give exit status and JSON."""
    taught = (folder / "clone" / "taught.npz").read_bytes()
    place = folder / "agent"
    agent.save(place, card="", attach=lambda to: (to / "taught.npz").write_bytes(taught))
    out = folder / "verdict.json"
    capsys.readouterr()
    try:
        main(["judge", str(place), "--json", str(out), *arguments])
        status = 0
    except SystemExit as stop:
        status = stop.code
    return status, json.loads(out.read_text()), " ".join(capsys.readouterr().err.split())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("gain", "status", "verdict"),
    [(3.0, 0, "pass"), (1.0, 3, "not proven"), (-2.0, 4, "worse")],
    ids=["quicker", "like people", "turned round"],
)
def test_the_verdict_is_the_truth(folder, gain, status, verdict, capsys):
    clone = Agent.load(folder / "clone")
    found, written, said = judged(
        folder, steered(clone, gain), ["--records", str(folder / "all.npz")], capsys
    )
    assert (found, written["verdict"]) == (status, verdict)
    assert f"Verdict: {verdict}" in said
    assert "only the last 1,200 judge the agent" in said
    assert written["controls"]["turned_round"]["high"] < 0 or gain < 0
    known = known_verdict(folder / "agent")
    assert (known.cap.name == "CLOSED") == (verdict == "pass")
    assert ("passed" in known.why) == (verdict == "pass")


@pytest.mark.parametrize(
    ("goal", "period", "name", "hour"),
    [
        ('unit = "$/h"', "10min", "$/h, mean per step of 10min", " (+2 $/h)"),
        ('unit = "k$ in 4 h"', "4h", "k$ in 4 h, mean per step of 4h", " (+0.5 k$/h)"),
        ('unit = "t"', "1h", "t, mean per step of 1h", ""),
        ("", "1min", "reward per step of 1min", ""),
    ],
    ids=["rate", "amount", "no time", "none"],
)
def test_gains_are_in_the_plants_unit_and_per_hour_where_that_is_known(goal, period, name, hour):
    text = f'name = "p"\nperiod = "{period}"\n[objective]\nexpression = "level"\n{goal}\n'
    tags = '[tags.level]\nrole = "observation"\n[tags.valve]\nrole = "action"\nbounds = [0, 1]\n'
    unit = Unit.of(parse_plant(text + tags, Path("plant.toml")))
    assert (unit.name, unit.in_an_hour(2.0)) == (name, hour)


def refused(arguments, capsys):
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        main(["judge", *arguments])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert "Traceback" not in error
    (line,) = [line for line in error.splitlines() if line.startswith("shiftwork: ")]
    return line


def test_what_cannot_judge_is_refused_by_name(folder, records, tmp_path, capsys):
    clone = str(folder / "clone")
    write_compact(kept_apart(records).teach, tmp_path / "taught.npz")
    assert "taught this agent" in refused(
        [clone, "--records", str(tmp_path / "taught.npz")], capsys
    )

    write_compact(people(4, 20, seed=3), tmp_path / "short.npz")
    assert "too few to judge by" in refused(
        [clone, "--records", str(tmp_path / "short.npz")], capsys
    )

    later = people(seed=4)
    millimetres = dataclasses.replace(later, observation=later.observation * 1000 + 30_000)
    write_compact(millimetres, tmp_path / "mm.npz")
    line = refused([clone, "--records", str(tmp_path / "mm.npz")], capsys)
    assert "tag 'level'" in line
    assert "same units" in line

    tags = (Tag("level", "m"), Tag("aim", "m"))
    write_compact(dataclasses.replace(later, observation_tags=tags), tmp_path / "other.npz")
    assert "has no tag 'wanted'" in refused(
        [clone, "--records", str(tmp_path / "other.npz")], capsys
    )

    tags = (Tag("level", "mm"), Tag("wanted", "m"))
    write_compact(dataclasses.replace(later, observation_tags=tags), tmp_path / "unit.npz")
    line = refused([clone, "--records", str(tmp_path / "unit.npz")], capsys)
    assert "'level' is in mm, and the agent learned it in m" in line

    line = refused([clone, "--records", str(folder / "later.npz"), "--json", "verdict.txt"], capsys)
    assert "ends in .json" in line
    (tmp_path / "nobody").mkdir()
    assert "nobody" in refused(
        [str(tmp_path / "nobody"), "--records", str(folder / "later.npz")], capsys
    )
