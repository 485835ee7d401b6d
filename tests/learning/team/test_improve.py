"""A team goes on by experience: better, never worse by the judging episodes, the same when resumed."""

import dataclasses
import json

import jax
import numpy as np
import pytest

from shiftwork import Team
from shiftwork.errors import UserError
from shiftwork.learning.team import improve as improving
from shiftwork.learning.team.algorithms import team_algorithm
from shiftwork.learning.team.folder import load_learner, save_improved
from shiftwork.learning.team.gradient import prepared
from shiftwork.learning.team.improve import improve_team
from shiftwork.learning.team.improve_settings import Config
from shiftwork.plants.probes.team import TeamProbe

PLANT = TeamProbe("observation", ends=False, horizon=12)
CONFIG = team_algorithm("acac").config(
    discount=0.9, copies=8, minibatches=2, best_runs=4, scouts=2, epsilon=0.5,
    actor_width=8, actor_memory=4, critic_width=8, critic_memory=4,
)  # fmt: skip
ONLINE = Config(
    batches=8, judge_episodes=16, copies=16, actor_rate=1e-2, critic_rate=1e-2, sharpness=2.0
)
STEPS = 6 * 8 * 16 * 12


@pytest.fixture(scope="module")
def fresh():
    create = team_algorithm("acac").create
    return jax.jit(lambda key: create(key, PLANT, CONFIG))(jax.random.key(0))


@pytest.fixture(scope="module")
def improved(fresh):
    return improve_team(PLANT, fresh, ONLINE, steps=STEPS - 5, seed=2)


@pytest.mark.slow
def test_it_learns_and_every_hour_is_counted(improved):
    assert improved.learned_from == STEPS
    assert improved.judged_by == 7 * 16 * 12
    assert [step.done for step in improved.steps] == [8 * 16 * 12 * n for n in range(1, 7)]
    assert improved.history.metrics["return"][-1, 0] > 0.9 * PLANT.horizon


@pytest.mark.slow
def test_no_accepted_team_is_below_the_one_before(improved):
    kept = improved.history.metrics["return"][:, 0]
    assert (np.diff(kept) >= 0.0).all()
    for step, now in zip(improved.steps, kept, strict=True):
        assert step.accepted == (step.difference >= 0.0)
        assert not step.back or step.difference < -2.0 * step.error
        if step.accepted:
            assert step.candidate == pytest.approx(now)
    assert float(improved.learner.config.sharpness) == 2.0


@pytest.mark.slow
def test_learning_that_makes_it_worse_is_refused_and_undone(fresh, monkeypatch):
    """Returns are turned round: what learns earns less with each step."""

    judge = improving._judge

    def upside_down(*what):
        return -10.0 * judge(*what)

    monkeypatch.setattr(improving, "_judge", upside_down)
    said, seen = [], []
    found = improve_team(
        PLANT,
        fresh,
        ONLINE,
        steps=STEPS,
        seed=2,
        told=said.append,
        seen=lambda done, accepted: seen.append(accepted),
    )
    assert [step.done for step in said] == [step.done for step in found.steps]
    assert any(step.back for step in found.steps)
    begin = jax.tree.leaves(fresh.policies)
    if not any(step.accepted for step in found.steps):
        kept = jax.tree.leaves(found.learner.policies)
        assert all((np.asarray(a) == np.asarray(b)).all() for a, b in zip(begin, kept, strict=True))
        assert len(seen) == 6


def test_it_begins_without_anything_that_would_erase_what_was_learned(fresh):
    goes_on = prepared(fresh, ONLINE)
    assert goes_on.best is None
    assert (goes_on.config.scouts, goes_on.config.best_runs) == (0, 0)
    for name in ("epsilon", "epsilon_end", "half_way", "imitation"):
        assert float(getattr(goes_on.config, name)) == 0.0
    assert goes_on.policies is fresh.policies
    assert float(goes_on.config.discount) == pytest.approx(0.9)


@pytest.mark.slow
def test_stopped_and_resumed_is_the_same(fresh, improved, tmp_path, monkeypatch):
    monkeypatch.setattr("shiftwork.learning.loop.CHECKPOINT_S", -1.0)
    part = tmp_path / "team.part.npz"

    def interrupted(amount, note=""):
        if part.exists():
            raise KeyboardInterrupt

    shared = {"steps": STEPS - 5, "seed": 2, "checkpoint": part, "identity": {"team": "this"}}
    with pytest.raises(KeyboardInterrupt):
        improve_team(PLANT, fresh, ONLINE, advance=interrupted, **shared)
    again = improve_team(PLANT, fresh, ONLINE, **shared)
    assert again.steps == improved.steps
    for one, other in zip(
        jax.tree.leaves(again.learner), jax.tree.leaves(improved.learner), strict=True
    ):
        assert (np.asarray(one) == np.asarray(other)).all()
    with pytest.raises(UserError, match="belongs to other"):
        improve_team(PLANT, fresh, ONLINE, **(shared | {"identity": {"team": "other"}}))


@pytest.mark.slow
def test_the_folder_says_what_was_counted_and_goes_on_from_there(improved, tmp_path):
    before = {"plant": PLANT.name, "algorithm": "acac", "steps": 7, "records": {"steps": 50}}
    save_improved(improved, PLANT, before, tmp_path / "team", None)
    about = json.loads((tmp_path / "team" / "team.json").read_text())
    assert about["steps"] == 7 + STEPS
    assert about["improved"]["judged_by"] == improved.judged_by
    assert about["improved"]["accepted"] + about["improved"]["refused"] == 6
    assert about["config"]["discount"] == 0.9
    card = (tmp_path / "team" / "README.md").read_text()
    assert "50 recorded and 7" in card
    assert "accepted |" in card
    plant, learner, _ = load_learner(tmp_path / "team", lambda name: PLANT)
    assert plant is PLANT
    assert float(learner.config.sharpness) == 2.0
    Team.load(tmp_path / "team")
    again = improve_team(PLANT, learner, ONLINE, steps=1, seed=3)
    assert again.history.metrics["return"][0, 0] > 0.9 * PLANT.horizon


@pytest.mark.parametrize(
    ("name", "value"),
    [("batches", 0), ("copies", 0), ("copies", 3), ("judge_episodes", 1), ("sharpness", 0.0),
     ("last_rate", 2.0), ("first_entropy", -0.1), ("first_steps", -1), ("entropy", -1.0), ("clip", float("nan"))],
)  # fmt: skip
def test_settings_that_nothing_can_be_learned_with_are_refused(fresh, name, value):
    with pytest.raises(UserError, match=f"online '{name}' is"):
        improve_team(PLANT, fresh, dataclasses.replace(ONLINE, **{name: value}), steps=10)


def test_no_steps_are_refused(fresh):
    with pytest.raises(UserError, match="--steps is 0"):
        improve_team(PLANT, fresh, ONLINE, steps=0)
