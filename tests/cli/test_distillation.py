"""The distillation column whole and in small: inspect, learn, evaluate and report its records."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest

from shiftwork.agents.agent import Agent
from shiftwork.cli import agent_verbs as workflow
from shiftwork.cli.report_verb import make_report
from shiftwork.evaluation.fqe import fitted_q_evaluation
from shiftwork.learning.offline import bc, pars
from shiftwork.learning.offline.learn import learn
from shiftwork.records.episodes import Episodes
from shiftwork.records.held_out import kept_apart, remember
from shiftwork.records.historian.cut import cut_episodes
from shiftwork.records.historian.grid import to_grid
from shiftwork.records.historian.plant_file.load import load_plant_file
from shiftwork.records.historian.samples import read_samples
from shiftwork.reports.inspection.inspect import inspect

COLUMN = Path(__file__).parents[2] / "examples" / "distillation"


@pytest.fixture(scope="module")
def column():
    """Plant file, samples, grid and cut."""
    plant = load_plant_file(COLUMN / "column.toml")
    samples = read_samples([COLUMN / "records.csv"], plant)
    grid = to_grid(samples, plant)
    return plant, samples, grid, cut_episodes(grid, plant)


@pytest.fixture(scope="module")
def records(column) -> Episodes:
    return column[3].episodes


@pytest.fixture(scope="module", params=["bc", "pars"])
def agent(request, records, tmp_path_factory) -> tuple[str, Agent, Path]:
    """A small agent of each kind, learned for a few seconds, and its folder."""
    config = {
        "bc": bc.Config(actor_width=32),
        "pars": pars.Config(width=32, actor_width=32, critics=2),
    }[request.param]
    folder = tmp_path_factory.mktemp("agents") / request.param
    learned = learn(records, request.param, config, updates=2_000).save(folder)
    return request.param, learned, folder


@pytest.mark.slow
def test_the_inspection_tells_what_is_known_of_these_records(column):
    plant, samples, grid, cut = column
    found = inspect(samples, grid, cut, plant)
    reflux = found.actions[0]
    assert found.headline == "An agent can learn rr, close to practice."
    assert reflux.foretold > 0.9  # an industrial control algorithm, hardly anything tried
    assert (reflux.limit_low, reflux.limit_high) == (1.0, 7.0)
    assert reflux.largest_move < 0.04
    assert reflux.at_limit == 0.0
    assert found.breaches == ()
    assert found.support.share > 0.9
    assert [tag.key for tag in found.tags if tag.constant and tag.role == "observation"] == ["feed"]
    assert (found.episodes.count, found.episodes.steps) == (37, 4367)


@pytest.mark.slow
def test_the_box_is_one_to_seven_and_two_tenths_a_minute(records):
    names = [tag.name for tag in records.observation_tags]
    before, low, high = (
        records.observation[:, names.index(n)].astype(np.float64)
        for n in ("rr", "rr low", "rr high")
    )
    np.testing.assert_allclose(low, np.clip(before - 0.2, 1, 7), atol=1e-6)
    np.testing.assert_allclose(high, np.clip(before + 0.2, 1, 7), atol=1e-6)
    assert (records.action_tags[0].low, records.action_tags[0].high) == (1.0, 7.0)


@pytest.mark.slow
def test_no_agent_proposes_outside_the_box_at_any_row(records, agent):
    _, learned, _ = agent
    names = [tag.name for tag in records.observation_tags]
    rr, low, high = (names.index(n) for n in ("rr", "rr low", "rr high"))
    recorded = records.observation
    # The same rows with set-points from one absolute limit to the other, as no one has seen them.
    strange = recorded.copy()
    strange[:, rr] = np.linspace(1, 7, len(strange))
    strange[:, low] = np.maximum(strange[:, rr] - np.float32(0.2), 1)
    strange[:, high] = np.minimum(strange[:, rr] + np.float32(0.2), 7)
    for seen in (recorded, strange):
        proposed = learned.act(seen)[:, 0]
        assert (proposed >= seen[:, low]).all()
        assert (proposed <= seen[:, high]).all()
        assert (np.abs(proposed - seen[:, rr]) <= 0.2 + 1e-6).all()
        assert proposed.min() >= 1
        assert proposed.max() <= 7


@pytest.mark.slow
def test_in_shadow_an_agent_moves_as_the_controller_does(records, agent):
    _, learned, _ = agent
    before = records.transitions.observation[:, 0]
    theirs = records.action[:, 0] - before
    ours = learned.act(records.transitions.observation)[:, 0] - before
    assert np.corrcoef(ours, theirs)[0, 1] > 0.9
    assert np.abs(ours).max() < 1.5 * np.abs(theirs).max()


@pytest.mark.slow
def test_the_estimate_has_an_interval_around_what_the_controller_earned(records, agent):
    name, learned, _ = agent
    found = fitted_q_evaluation(records, learned, 0.919, updates=2_000, members=4)
    assert found.agent.low < found.agent.estimate < found.agent.high
    assert found.records.low < found.records.high
    if name == "bc":  # it does as the controller did, so it earns as much
        assert abs(found.gain.estimate) < 0.05 * abs(found.records.estimate)


@pytest.mark.slow
def test_the_report_tells_the_estimate(column, agent, tmp_path, monkeypatch):
    _, _, folder = agent
    quick = functools.partial(fitted_q_evaluation, updates=1_000, members=2)
    monkeypatch.setattr(workflow, "fitted_q_evaluation", quick)
    records = workflow.open_records(str(COLUMN / "records.csv"), tags=column[0])
    remember(kept_apart(records).teach, folder)  # as if the rest had been kept apart from it
    page = tmp_path / "report.html"
    make_report(page, {"offline": folder}, records, None, episodes=1, seed=0, title="Column")
    text = page.read_text(encoding="utf-8")
    assert "Estimated beforehand" in text
    assert "would have done at the same moments" in text
    assert "not run" in text
