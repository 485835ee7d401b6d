"""Why a member of a team decides: figures against the nets that learned, from recorded episodes."""

import dataclasses
import subprocess
import sys

import equinox as eqx
import jax
import numpy as np
import pytest

from shiftwork.agents.team_critic import FILE
from shiftwork.assistant.answers import load_answer
from shiftwork.assistant.assistant import Assistant
from shiftwork.assistant.tools.explain_team import explain_team
from shiftwork.errors import UserError
from shiftwork.learning.team import acac
from shiftwork.learning.team.exported import attach_critic, team_of
from shiftwork.learning.team.policy import log_probabilities
from shiftwork.learning.team.recorded import RecordedTeam, batch_of
from shiftwork.records.formats.team_folder import save_team_records
from support.assistant_builders import NOW
from support.team_record_builders import PLACE, records

ENGLISH = "why did berth 1 decide this in episode 0 at step 3?"
KOREAN = "에피소드 0의 3단계에서 선석 1은 왜 이렇게 결정했나요?"


@pytest.fixture(autouse=True, scope="module")
def _compile_quickly():
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.fixture(scope="module")
def learner():
    config = acac.Config(
        best_runs=0, actor_width=16, actor_memory=8, critic_width=12, critic_memory=8, discount=0.9
    )
    draw = jax.jit(lambda key: acac.create(key, RecordedTeam(PLACE), config))
    drawn = draw(jax.random.key(1))
    rng = np.random.default_rng(3)
    return jax.tree.map(
        lambda x: x + 0.4 * rng.normal(size=x.shape).astype(x.dtype) if x.ndim > 1 else x, drawn
    )


@pytest.fixture(scope="module")
def opened(folder, learner):
    about = {"plant": PLACE.plant, "algorithm": "acac", "config": {"discount": 0.9}}
    team = team_of(RecordedTeam(PLACE), learner.policies, about)
    team.save(folder / "team", card="", attach=lambda path: attach_critic(learner, path))
    save_team_records(records(), folder / "team-records")
    return {"team": folder / "team", "team_records": folder / "team-records"}


@pytest.fixture(scope="module")
def assistant(folder, opened):
    return Assistant(folder / "export.csv", folder / "plant.toml", now=NOW, **opened)


def by_statistic(figures):
    return {(figure.tag, figure.statistic): figure for figure in figures}


def test_the_figures_are_those_of_the_nets_that_learned(assistant, learner):
    batch = batch_of(records(), learner.policies)

    def of_policies(policies, batch):
        preferences, packed = policies.preferences(batch.rows)
        return log_probabilities(preferences, packed.take(batch.mask), 0.0)

    chances = np.exp(eqx.filter_jit(of_policies)(learner.policies, batch))
    # Episode 0 begins at row 0; the berth's second decision there is that of step 2.
    right = chances[1, 0, 0]
    figures = explain_team(assistant.export, "berth 1", 0, 3)
    found = by_statistic(figures)
    assert found["berth 1: wait", "probability"].value == pytest.approx(right[0], rel=1e-4)
    assert found["berth 1: unload", "probability"].value == pytest.approx(right[1], rel=1e-4)
    chosen = found["berth 1: unload", "probability of what was chosen"]
    assert chosen.value == pytest.approx(right[1], rel=1e-4)
    assert ("berth 1: call", "probability") not in found
    assert found["berth 1: call", "not allowed"].value == 0
    listed = [f.value for f in figures if f.statistic == "probability"]
    assert listed == sorted(listed, reverse=True)
    assert sum(listed) == pytest.approx(1, abs=1e-5)
    # Blending has gone on with "light" for two of its four hours.
    assert found["blending: light", "in force for"].value == 2
    assert found["blending: light", "ended, as recorded, after"].value == 2
    assert found["blending: light", "in force for"].unit == "h"


def test_the_estimates_are_those_of_the_critic_that_learned(assistant, learner):
    batch = batch_of(records(), learner.policies)
    values = np.asarray(eqx.filter_jit(type(learner.critic).values)(learner.critic, batch.rows))[
        0
    ]  # (T + 1, E)
    found = by_statistic(explain_team(assistant.export, "blending", 1, 0))
    # Episode 1 lasts 3 steps and begins one row later; anybody decides at its steps 0 and 1.
    before, after = values[1, 1], values[2, 1]
    assert found["team", "own estimate at the decision"].value == pytest.approx(1e3 * before, 1e-4)
    assert found["team", "own estimate at the decision"].unit == "$"
    after_ = found["team", "own estimate at the next decision of anybody"].value
    assert after_ == pytest.approx(1e3 * after, 1e-4)
    # Its rewards are 4, 5 and 6.
    assert found["team", "earned until the next decision of anybody"].value == 4000
    more = found["team", "more than it expected"].value
    assert more == pytest.approx(1e3 * (4 + 0.9 * after - before), 1e-4)
    # The last decision of an episode that the plant ended: nothing follows.
    last = by_statistic(explain_team(assistant.export, "blending", 1, 2))
    assert ("team", "own estimate at the next decision of anybody") not in last
    earned = 1e3 * (5 + 0.9 * 6 - after)
    assert last["team", "more than it expected"].value == pytest.approx(earned, 1e-4)
    # One that was cut: what lies behind the cut is not known.
    cut = by_statistic(explain_team(assistant.export, "berth 1", 0, 2))
    assert ("team", "more than it expected") not in cut


def test_both_languages_explain_alike(assistant, tmp_path):
    answers = [assistant.ask(question) for question in (KOREAN, ENGLISH)]
    assert [a.status for a in answers] == ["answered", "answered"], [a.shown for a in answers]
    assert answers[0].figures == answers[1].figures
    assert "에피소드 0, 2번째 단계" in answers[0].shown
    assert "episode 0, step 2" in answers[1].shown
    assert "스스로의 추정" in answers[0].shown
    assert "own estimate" in answers[1].shown
    answers[0].save(tmp_path / "answer.json")
    assistant.recompute(load_answer(tmp_path / "answer.json"))


@pytest.mark.parametrize(
    ("question", "status", "said"),
    [
        ("why did berth 1 decide this in episode 7 at step 3?", "ask", "episodes 0 to 1"),
        ("why did berth 1 decide this in episode 1 at step 3?", "ask", "steps 0 to 2"),
        ("why did the team decide this in episode 1 at step 2?", "ask", "berth 1, blending"),
        ("why did berth 1 decide this in episode 1?", "ask", "steps 0 to 2"),
        ("에피소드 1에서 블렌딩은 왜 이렇게 결정했나요?", "ask", "0부터 2단계"),
        ("why did berth 1 sing in episode 1 at step 2?", "ask", "sing"),
    ],
)
def test_what_is_missing_is_asked_back(assistant, question, status, said):
    answer = assistant.ask(question)
    assert (answer.status, said in answer.shown) == (status, True), answer.shown


def test_a_team_without_a_critic_and_no_team_at_all(folder, assistant, opened, tmp_path, learner):
    paths = (folder / "export.csv", folder / "plant.toml")
    bare = Assistant(*paths, now=NOW).ask(ENGLISH)
    assert (bare.status, "--team" in bare.shown) == ("refused", True)
    with pytest.raises(UserError, match="name their folder too"):
        Assistant(*paths, team=opened["team"])
    team_of(RecordedTeam(PLACE), learner.policies, {}).save(tmp_path / "old", card="")
    old = Assistant(*paths, now=NOW, team=tmp_path / "old", team_records=opened["team_records"])
    answer = old.ask(ENGLISH)
    assert answer.status == "answered"
    assert "holds no critic" in answer.notes[0]
    assert not any("estimate" in figure.statistic for figure in answer.figures)
    assert not (tmp_path / "old" / FILE).exists()
    with pytest.raises(UserError, match="cites other files"):
        old.recompute(assistant.ask(ENGLISH))
    for wrong in (("berth 2", 0, 0), ("berth 1", 2, 0), ("berth 1", 0, 4), ("berth 1", 0, 0.5)):
        with pytest.raises(UserError):
            explain_team(assistant.export, *wrong)


def test_records_of_other_agents_are_refused(folder, opened, tmp_path):
    fewer = dataclasses.replace(PLACE.tasks[0], macro_actions=("wait", "unload", "leave"))
    place = dataclasses.replace(PLACE, tasks=(fewer, PLACE.tasks[1]))
    save_team_records(records(place), tmp_path / "other")
    with pytest.raises(UserError, match="other agents"):
        Assistant(
            folder / "export.csv",
            folder / "plant.toml",
            team=opened["team"],
            team_records=tmp_path / "other",
        )


def test_explaining_a_team_needs_no_jax(opened):
    program = f"""
import sys
from pathlib import Path
from shiftwork.assistant.explaining.team import OpenTeam
from shiftwork.plants.centre.masked import why_masked
found = OpenTeam.open(Path({str(opened["team"])!r}), Path({str(opened["team_records"])!r})).walked(0)
assert found.value[0] != 0
print([name for name in ("jax", "equinox", "shiftwork.learning") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
