"""The report: self-contained, true to its numbers, and safe whatever the tags are called."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest

from shiftwork.agents.agent import Agent
from shiftwork.errors import UserError
from shiftwork.evaluation.rollout import rollout
from shiftwork.evaluation.statistics import Interval, mean_interval
from shiftwork.plants.tasks.dmsd import Dmsd
from shiftwork.records.episodes import Episodes
from shiftwork.records.formats.load import load_records
from shiftwork.records.tags import Tag
from shiftwork.reports.agent import figures
from shiftwork.reports.agent.contents import ReportContents, Trace, ValueCheck
from shiftwork.reports.agent.page import write_report
from shiftwork.reports.paper.measures import (
    difference,
    nearest_to_median,
    number,
    shown_span,
    spread,
    steady_offsets,
)
from support.page_reader import Reader, read_page

HOSTILE = '</title><script src="https://evil.example/x.js">alert(1)</script> $\\frac{1}$ "&\x07'


def controller(stiffness: float, damping: float, bias: float, **about: object) -> Agent:
    """A proportional-derivative controller with feed-forward, as a net of one layer."""
    plant = Dmsd()
    weight = np.zeros((6, 2), np.float32)
    for mass in (0, 1):
        weight[mass, mass] = 4 / 30 - stiffness
        weight[mass, 1 - mass] = -2 / 30
        weight[2 + mass, mass] = -damping
        weight[4 + mass, mass] = stiffness
    return Agent(
        (weight,),
        (np.array([bias, -bias], np.float32),),
        np.zeros(6, np.float32),
        np.ones(6, np.float32),
        np.full(2, -1, np.float32),
        np.full(2, 1, np.float32),
        plant.observation,
        plant.action,
        dict(about),
    )


@pytest.fixture(scope="module")
def contents() -> ReportContents:
    plant = Dmsd()
    config = {
        "discount": 0.977,
        "cloning": 0.1,
        "layer_norm": True,
        "limit": float("inf"),
        "x": None,
    }
    agents = {
        "offline": controller(1.5, 1.2, 0.03, algorithm="pars", seed=0, config=config),
        "online": controller(3.5, 2.2, 0.003, algorithm="pars", online_steps=3_000, config=config),
    }
    rollouts = {name: rollout(plant, a, episodes=20, seed=7) for name, a in agents.items()}
    rng = np.random.default_rng(0)
    steps = np.arange(0, 3_001, 500)
    updates = np.arange(1_000, 20_001, 1_000)
    values = 60 - 50 * np.exp(-updates / 5_000)
    values[3] = np.nan
    return ReportContents(
        title="Two masses, learned in June",
        records=load_records("dmsd").select(np.arange(60)),
        agents=agents,
        rollouts=rollouts,
        score=plant.score,
        targets=plant.targets,
        history={"value": (updates, values), "td_error": (updates, 1 / updates)},
        value_checks={
            "offline": ValueCheck(0.977, Interval(198, 195, 201), Interval(244, 236, 251), None),
            "online": ValueCheck(
                0.977, Interval(198, 195, 201), Interval(313, 305, 320), Interval(322, 319, 325)
            ),
        },
        trace=Trace(
            steps,
            np.linspace(630, 800, 7)[:, None] + rng.normal(0, 20, (7, 10)),
            np.append(np.arange(100, 3_001, 100), -1),
            np.append(rng.normal(700, 40, 30), -1.0),
        ),
        notes=("Learned in 41 s.",),
    )


def read(tmp_path: Path, contents: ReportContents) -> tuple[str, Reader]:
    """Write the report, check what holds for every report, and return page and reader."""
    file = tmp_path / "report.html"
    write_report(file, contents)
    page = file.read_text(encoding="utf-8")
    return read_page(page)


def test_the_page_tells_the_numbers_of_its_data(tmp_path, contents):
    text, reader = read(tmp_path, contents)
    assert "The agent runs the plant better than people did." in text
    offline, online = (e.returns for e in contents.rollouts.values())
    for returns in (contents.records.returns, offline, online):
        assert f"{returns.mean():,.0f}" in text
        assert text.count(spread(mean_interval(returns))) == 2  # headline and table
        assert f"{returns.min():.0f}" in text
    assert "After 3,000 plant steps" in text
    assert f"{Dmsd().score.normalized(online.mean()):.1f}" in text
    assert contents.records.hash in text
    assert "Learned in 41 s." in text
    assert "lay 9 below what came true" in text
    for pair in contents.targets:
        for episodes in (contents.records, *contents.rollouts.values()):
            assert number(float(np.median(steady_offsets(episodes, pair)))) in text
    assert reader.tags.count("svg") == 7
    assert len([label for label in reader.labels if len(label) > 40]) == 7
    for shown in ("position 1", "[30 N]", "steps made on the plant", "cloning", "td error"):
        assert shown in text


def test_hostile_names_stay_text(tmp_path, contents):
    records = contents.records
    tags = tuple(
        dataclasses.replace(tag, name=HOSTILE, unit="<b>$m$") for tag in records.observation_tags
    )
    actions = tuple(
        dataclasses.replace(tag, name=HOSTILE, unit="압력") for tag in records.action_tags
    )
    spoiled = dataclasses.replace(
        contents,
        title=HOSTILE,
        records=dataclasses.replace(
            records, observation_tags=tags, action_tags=actions, source=HOSTILE
        ),
        agents={HOSTILE: contents.agents["offline"]},
        rollouts={HOSTILE: contents.rollouts["offline"]},
        history={HOSTILE: contents.history["value"]},
        value_checks={HOSTILE: contents.value_checks["online"]},
        notes=(HOSTILE,),
    )
    text, _ = read(tmp_path, spoiled)
    assert HOSTILE.replace("\x07", " ").strip() in text


@pytest.mark.parametrize(
    "gone",
    [
        {"rollouts": {}},
        {"rollouts": {}, "value_checks": {}},
        {"rollouts": {}, "value_checks": {}, "agents": {}},
        {"trace": None},
        {"targets": ()},
        {"score": None},
        {"history": {}},
        {"history": {"value": (np.arange(3), np.full(3, np.nan))}},
        {"notes": ()},
        {
            "targets": (),
            "score": None,
            "trace": None,
            "value_checks": {},
            "history": {},
            "notes": (),
        },
    ],
    ids=lambda gone: "+".join(gone),
)
def test_a_report_without_a_part_still_stands(tmp_path, contents, gone):
    text, _ = read(tmp_path, dataclasses.replace(contents, **gone))
    if gone.get("rollouts") == {} and "value_checks" not in gone:
        assert "has not been judged yet" in text
        assert "not run" in text
        assert "would have done at the same moments" in text
    if gone.get("value_checks") == {} and "rollouts" in gone:
        assert "has not been measured yet" in text
    if gone.get("score", 1) is None:
        assert "normalized" not in text
    if gone.get("targets") == ():
        assert "the tags that move most" in text
        assert "steady offset" not in text


def test_the_verdict_of_the_gate_is_quoted(tmp_path, contents):
    given = dataclasses.replace(contents, rollouts={}, gate="passed (judge <1>): it earns more")
    text, _ = read(tmp_path, given)
    assert "By records that did not teach it: passed (judge <1>): it earns more." in text


def test_one_recorded_episode_has_no_interval(tmp_path, contents):
    one = contents.records.select(np.array([3]))
    runs = {"offline": contents.rollouts["offline"].select(np.array([0]))}
    text, _ = read(tmp_path, dataclasses.replace(contents, records=one, rollouts=runs))
    assert "cannot be told yet" in text
    assert number(float(one.returns[0])) in text


def test_an_episode_of_one_step(tmp_path, contents):
    tiny = Episodes(
        np.zeros((2, 6), np.float32),
        np.zeros((1, 2), np.float32),
        np.ones(1, np.float32),
        np.array([1]),
        np.array([True]),
        contents.records.observation_tags,
        contents.records.action_tags,
    )
    read(tmp_path, dataclasses.replace(contents, records=tiny))
    read(tmp_path, dataclasses.replace(contents, records=tiny, rollouts={}, targets=()))


def test_a_worse_agent_is_called_worse(tmp_path, contents):
    bad = rollout(Dmsd(), controller(-1.0, 0.0, 0.5), episodes=20, seed=1)
    text, _ = read(
        tmp_path, dataclasses.replace(contents, rollouts={"offline": bad}, trace=None, score=None)
    )
    assert "worse than people did" in text
    assert re.search(r"That is \d+ \[\d+,\s\d+\] less per episode", text)


def test_the_file_is_written_whole_or_not_at_all(tmp_path, contents):
    (tmp_path / "taken").write_text("a file, no folder")
    with pytest.raises(UserError, match="cannot be written"):
        write_report(tmp_path / "taken" / "report.html", contents)
    assert [p.name for p in tmp_path.iterdir()] == ["taken"]


def _run(value: np.ndarray, target: np.ndarray, length: list[int]) -> Episodes:
    steps = sum(length)
    return Episodes(
        np.stack([value, target], 1).astype(np.float32),
        np.zeros((steps, 1), np.float32),
        np.ones(steps, np.float32),
        np.array(length),
        np.zeros(len(length), bool),
        (Tag("level", "m"), Tag("target", "m")),
        (Tag("valve", "%", 0.0, 100.0),),
    )


def test_steady_offsets_by_hand():
    # One episode of 20 rows with a new target after 10, and one of 10 rows: three periods.
    target = np.repeat([1.0, 2.0, 2.0], 10)
    value = target + np.tile([9] * 8 + [0.1, 0.3], 3) * np.repeat([1, -1, 2], 10)
    offsets = steady_offsets(_run(value, target, [19, 9]), (0, 1))
    np.testing.assert_allclose(offsets, [0.2, 0.2, 0.4], rtol=1e-5)


def test_a_target_that_never_rests_has_no_steady_offset():
    ramp = np.linspace(0, 1, 30)
    assert not len(steady_offsets(_run(ramp, ramp, [29]), (0, 1)))


def test_numbers_are_written_for_people():
    assert [number(x) for x in (0, 773.4, 77.34, -7.734, 0.05754, 12_345.6)] == [
        "0",
        "773",
        "77.3",
        "−7.73",
        "0.0575",
        "12,346",
    ]
    assert [number(x) for x in (None, float("nan"), float("inf"), -0.001)] == [
        "–",
        "–",
        "–",
        "−0.00100",
    ]
    assert number(-0.2, 0) == "0"
    assert spread(Interval(1, 1, 1)) == ""


def test_an_axis_shows_the_limits_or_what_was_used_of_them():
    wide, narrow = np.array([1.5, 3.0]), np.array([2.5, 2.6])
    assert shown_span([wide], (1.0, 7.0)) == (1.0, 7.0)
    assert shown_span([narrow], (1.0, 7.0)) == pytest.approx((2.45, 2.65))
    assert shown_span([narrow, wide], (1.0, 7.0)) == (1.0, 7.0)
    assert shown_span([np.array([1.0, 1.1])], (1.0, 7.0)) == pytest.approx((1.0, 1.15))
    assert shown_span([np.array([2.0, 2.0])], (1.0, 7.0)) == (1.0, 7.0)


def test_difference_covers_the_true_one():
    rng = np.random.default_rng(1)
    gap = difference(rng.normal(3, 1, 400), rng.normal(1, 1, 400))
    assert gap is not None
    assert gap.low < 2 < gap.high
    assert difference(np.ones(1), np.ones(5)) is None


def test_the_typical_episode_is_the_median_one(contents):
    returns = contents.records.returns
    chosen = nearest_to_median(contents.records)
    assert abs(returns[chosen] - np.median(returns)) == np.abs(returns - np.median(returns)).min()


def test_pictures_can_be_saved_for_themselves(tmp_path, contents):
    drawn = figures.return_distributions({"records": contents.records.returns})
    figures.save(drawn, tmp_path / "returns.png")
    assert (tmp_path / "returns.png").read_bytes().startswith(b"\x89PNG")
    same = figures.return_distributions({"records": contents.records.returns})
    assert figures.svg(drawn) == figures.svg(same)
