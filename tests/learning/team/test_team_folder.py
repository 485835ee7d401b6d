"""A team learns, is written, read, evaluated; settings and files that cannot be are refused."""

import dataclasses
import json
from importlib.resources import files

import jax
import numpy as np
import pytest

from shiftwork import Team
from shiftwork.cli import team_verbs as team_workflow
from shiftwork.errors import UserError
from shiftwork.evaluation.team_rollout import evaluate_team
from shiftwork.learning import loop
from shiftwork.learning.config import replaced
from shiftwork.learning.loop import History
from shiftwork.learning.team import train as team_loop
from shiftwork.learning.team.algorithms import TEAM_ALGORITHMS, team_algorithm
from shiftwork.learning.team.folder import load_team, save_team
from shiftwork.learning.team.preset import preset, presets
from shiftwork.learning.team.rollout import collect
from shiftwork.learning.team.self_imitation import Best, discounted
from shiftwork.learning.team.train import TeamLearned, check, learn_team
from shiftwork.plants.catalogue import make_team_plant
from shiftwork.plants.probes.team import TeamProbe
from shiftwork.plants.run_team import run_episodes

PLANT = TeamProbe("action")
CONFIG = team_algorithm("acac").config(
    copies=8,
    minibatches=2,
    best_runs=0,
    sharpness=2.0,
    actor_width=8,
    actor_memory=4,
    critic_width=8,
    critic_memory=4,
)


def only_plant(name):
    assert name == PLANT.name
    return PLANT


@pytest.fixture(scope="module", autouse=True)
def short_pieces():
    """Pieces of two updates and two seeds throughout, so that one program serves all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(team_loop, "PIECE_HORIZONS", 2 * CONFIG.copies)
        yield


@pytest.fixture(scope="module")
def learned():
    return learn_team(PLANT, "acac", CONFIG, steps=100, seeds=(3, 4))


@pytest.mark.slow
def test_every_executed_step_is_counted(learned):
    batch = CONFIG.copies * PLANT.horizon
    assert learned.history.updates[-1] % batch == 0
    assert int(learned.learners.batches[0]) * batch == learned.history.updates[-1]


@pytest.mark.slow
def test_a_batch_holds_whole_horizons_of_fresh_episodes(learned):
    batch = collect(PLANT, learned.policies(0), jax.random.key(0), 8, 0.5)
    assert batch.reward.shape == (PLANT.horizon, 8)
    assert bool(batch.rows.fresh[0].all())
    np.testing.assert_array_equal(batch.rows.fresh[1:], batch.ended)
    assert bool(batch.rows.decided[0].all())  # everybody decides where an episode begins
    # What nets take in ends with the share of the horizon that has passed.
    clock = np.asarray(batch.rows.inputs[..., -1]) * PLANT.horizon
    later = np.where(batch.ended[:, None], 0, clock[:-1] + 1)
    assert (clock[0] == 0).all()
    np.testing.assert_allclose(clock[1:], later, atol=1e-4)
    assert (np.asarray(batch.log_probability) <= 0).all()


@pytest.mark.slow
def test_whole_episodes_are_counted_whatever_their_length(learned):
    found = run_episodes(PLANT, learned.policies(0), jax.random.key(0), 16)
    np.testing.assert_array_equal(found.length, PLANT.horizon)
    assert found.returns.shape == (16,)


@pytest.mark.slow
def test_there_and_back(learned, tmp_path):
    save_team(learned, tmp_path / "team", 1)
    plant, policies, about = load_team(tmp_path / "team", only_plant)
    assert (plant, about["seed"], about["algorithm"]) == (PLANT, 4, "acac")
    ours, again = (evaluate_team(PLANT, p, 8, 0) for p in (learned.policies(1), policies))
    np.testing.assert_array_equal(ours.returns, again.returns)
    assert "Team learned by ACAC on probe-action" in (tmp_path / "team/README.md").read_text()


@pytest.mark.slow
def test_a_team_is_surer_for_good_than_while_it_learns(learned, tmp_path):
    save_team(learned, tmp_path / "team")
    _, again, _ = load_team(tmp_path / "team", only_plant)
    learner = learned.learner(0)
    rows = collect(PLANT, learner.policies, jax.random.key(0), 8, 0.0).rows
    learning = np.asarray(learner.policies.preferences(rows)[0])
    assert np.abs(learning).max() > 1e-3
    for policies in (learned.policies(0), again):
        np.testing.assert_allclose(policies.preferences(rows)[0], 2 * learning, rtol=1e-5)
    with np.load(tmp_path / "team" / "policies.npz") as file:
        np.testing.assert_array_equal(file["head"], again.actor.head.weights[-1])


def test_looks_are_at_the_team_as_it_acts_for_good():
    # Beyond doubt what is preferred most is done, and who acts like that earns another return.
    sure = learn_team(PLANT, "acac", replaced(CONFIG, sharpness=1e6), steps=100, seeds=(3, 4))
    looks = sure.history.metrics["return"][-1]
    for number, look in enumerate(looks):
        learner = sure.learner(number)
        acts, learns = (evaluate_team(PLANT, p, 512, 0) for p in (learner.team, learner.policies))
        assert look == pytest.approx(acts.returns.mean(), abs=0.3)
        assert abs(look - learns.returns.mean()) > 0.6


@pytest.mark.slow
def test_what_acts_from_the_folder_earns_what_was_learned(learned, tmp_path):
    save_team(learned, tmp_path / "team")
    team, plant = Team.load(tmp_path / "team"), PLANT
    reset, step = jax.jit(plant.reset), jax.jit(plant.step)
    returns = []
    for seed in range(150):
        team.begin(seed)
        key = jax.random.key(seed)
        now, total = reset(key), 0.0
        for t in range(plant.horizon):
            macro = team.act(now.observation, now.decided, now.mask)
            now = step(now.state, macro, jax.random.fold_in(key, t))
            total += float(now.reward)
        returns.append(total)
    # Nearly uniform after so little learning: returns spread by about 1.
    expected = evaluate_team(plant, learned.policies(0), 2000, 0).returns
    assert np.std(expected) > 0.5
    assert np.mean(returns) == pytest.approx(expected.mean(), abs=0.4)
    assert team.about["algorithm"] == "acac"


def test_a_scenario_of_ones_own_goes_with_the_team(tmp_path, monkeypatch):
    """Learned on a file that is changed meanwhile and lost afterwards, a team knows its plant."""
    file = tmp_path / "mine.toml"
    shipped = files("shiftwork.plants.centre") / "scenarios" / "centre-small.toml"
    text = shipped.read_text(encoding="utf-8").replace('"centre-small"', '"mine"')
    text = text.replace("horizon_d = 10", "horizon_d = 3")
    file.write_text(text, encoding="utf-8")
    mine = make_team_plant(str(file))
    assert mine.horizon == 72

    def learn(plant, algorithm, config, *, steps, seeds, **ignored):
        file.write_text("changed = true")
        learners = jax.jit(jax.vmap(lambda key: team_algorithm("acac").create(key, plant, config)))(
            jax.random.split(jax.random.key(0), 1)
        )
        zeros = {"return": np.zeros((1, 1)), "success": np.zeros((1, 1))}
        return TeamLearned(
            algorithm, config, plant, learners, seeds, History(np.array([steps]), zeros, 0.0, 0.0)
        )

    monkeypatch.setattr(team_workflow, "learn_team", learn)
    team_workflow.learn_on_plant(str(file), "acac", CONFIG, steps=1, seed=0, out=tmp_path / "team")
    file.unlink()
    plant, _, about = load_team(tmp_path / "team", make_team_plant)
    assert plant == mine
    assert about["plant"] == "mine"
    assert Team.load(tmp_path / "team").macro_actions == mine.macro_actions
    scenario = tmp_path / "team" / "scenario.toml"
    scenario.write_text(text.replace('"mine"', '"yours"'))
    with pytest.raises(UserError, match="is that of 'yours', but the team learned on 'mine'; copy"):
        load_team(tmp_path / "team", make_team_plant)
    scenario.write_text(text.replace("horizon_d = 3", "horizon_d = 0"))
    with pytest.raises(UserError, match=r"team.json: .*scenario.toml: horizon_d"):
        load_team(tmp_path / "team", make_team_plant)


def test_stopped_and_resumed_learning_ends_in_the_same_weights(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "CHECKPOINT_S", 0.0)
    whole = learn_team(PLANT, "acac", CONFIG, steps=300, seeds=(0, 1))

    class Enough(Exception):
        pass

    def stop_after_two(amount, note=""):
        stop_after_two.count += 1
        if stop_after_two.count == 3:
            raise Enough

    stop_after_two.count = 0
    where = {"steps": 300, "seeds": (0, 1), "checkpoint": tmp_path / "part.npz"}
    with pytest.raises(Enough):
        learn_team(PLANT, "acac", CONFIG, advance=stop_after_two, **where)
    again = learn_team(PLANT, "acac", CONFIG, **where)
    for a, b in zip(*(jax.tree.leaves(x.learners.policies) for x in (whole, again)), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(UserError, match="delete it or choose another --out"):
        learn_team(PLANT, "acac", replaced(CONFIG, clip=0.3), **where)
    # A plant that was changed has its old name, as that of an edited scenario does.
    with pytest.raises(UserError, match="delete it or choose another --out"):
        learn_team(dataclasses.replace(PLANT, horizon=PLANT.horizon + 1), "acac", CONFIG, **where)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"copies": 0}, "config 'copies' is 0"),
        ({"copies": 9}, "'copies' less 'scouts' is 9, which 'minibatches' \\(2\\) does not divide"),
        ({"scouts": 8, "best_runs": 2}, "'scouts' is 8; it must lie from 0 to 'copies' \\(8\\)"),
        ({"scouts": -1, "best_runs": 2}, "'scouts' is -1; it must lie from 0"),
        ({"scouts": 3, "best_runs": 2}, "'copies' less 'scouts' is 5, which 'minibatches'"),
        ({"scouts": 2}, "'scouts' only feed the best runs; set 'best_runs' or no scouts"),
        ({"best_runs": 10}, "more than 'copies' \\(8\\); lower it"),
        ({"best_runs": 3}, "'best_runs' is 3, which 'minibatches' \\(2\\) does not divide"),
        ({"sharpness": 0.0}, "config 'sharpness' is 0.0; give a number above 0"),
        ({"sharpness": float("inf")}, "config 'sharpness' is inf; give a number above 0"),
        ({"discount": 1.5}, "config 'discount' is 1.5; it must lie from 0 to 1"),
        ({"half_way": -0.1}, "config 'half_way' is -0.1; it must lie from 0 to 1"),
        ({"epochs": 0}, "config 'epochs' is 0"),
    ],
)
def test_impossible_settings_are_refused(changes, line):
    with pytest.raises(UserError, match=line):
        check(PLANT, replaced(CONFIG, **changes), 100, (0,))


@pytest.mark.slow
def test_a_plant_without_agents_or_steps_is_refused(learned):
    with pytest.raises(UserError, match="has no agent"):
        check(TeamProbe(agents=()), CONFIG, 100, (0,))
    with pytest.raises(UserError, match="raise --steps"):
        check(PLANT, CONFIG, 0, (0,))
    with pytest.raises(UserError, match="run at least one"):
        evaluate_team(PLANT, learned.policies(0), 0, 0)
    with pytest.raises(UserError, match="did you mean 'acac'"):
        team_algorithm("acca")
    with pytest.raises(UserError, match="nothing is published for probe-action"):
        preset("acac", TeamProbe("action"), paper=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("edit", "line"),
    [
        (lambda f: (f / "team.json").unlink(), "is no team"),
        (lambda f: (f / "team.json").write_text("{"), "is damaged; copy or learn the team again"),
        (lambda f: (f / "team.json").write_text("[]"), "is damaged"),
        (lambda f: change(f, version=99), "another version; learn the team again"),
        (lambda f: change(f, algorithm="acca"), "team.json: unknown team algorithm 'acca'"),
        (lambda f: change(f, config={"widht": 3}), "is damaged"),
        (lambda f: (f / "learner.npz").write_bytes(b"no"), "learner.npz"),
    ],
)
def test_damaged_folders_are_refused(learned, tmp_path, edit, line):
    save_team(learned, tmp_path / "team")
    edit(tmp_path / "team")
    with pytest.raises(UserError, match=line):
        load_team(tmp_path / "team", only_plant)


def change(folder, **entries):
    file = folder / "team.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | entries))


def test_presets_know_their_plants():
    def of(algorithm, name, **how):
        return preset(algorithm, make_team_plant(name), **how)

    assert of("acac", "box-pushing-8").discount == pytest.approx(0.98)
    assert of("mac-iaicc", "overcooked-large-B").discount == pytest.approx(0.995)
    paper = of("acac", "overcooked-A", paper=True)
    assert (paper.clip, paper.epochs, paper.best_runs, paper.octaves) == (0.01, 5, 0, False)
    # MAPPO keeps its own setting; of a plant's it takes discount and sizes.
    mappo, own = of("mappo", "box-pushing-6-primitive"), team_algorithm("mappo").config()
    assert (mappo.discount, mappo.actor_width) == (pytest.approx(0.98), 32)
    assert replaced(mappo, discount=own.discount, actor_width=64, actor_memory=64,
                    critic_width=64, critic_memory=64) == own  # fmt: skip
    assert of("mappo", "overcooked-A-primitive", paper=True).epochs == own.epochs
    assert preset("independent", TeamProbe("action")) == team_algorithm("independent").config()
    with pytest.raises(
        UserError, match=r"nothing is published for centre-small; .* box-pushing and"
    ):
        of("acac", "centre-small", paper=True)


def test_a_scenario_of_ones_own_has_the_settings_of_its_family(tmp_path):
    """By what the plant says, not by how its name begins."""
    small = files("shiftwork.plants.centre").joinpath("scenarios", "centre-small.toml").read_text()
    file = tmp_path / "harbour.toml"
    file.write_text(small.replace('name = "centre-small"', 'name = "our-harbour"'))
    plant = make_team_plant(str(file))
    assert plant.name == "our-harbour"
    assert preset("acac", plant) == preset("acac", make_team_plant("centre-small"))


def test_every_key_of_every_preset_is_a_setting_of_some_algorithm_and_of_its_kind():
    """A misspelt key would be passed over, since algorithms have different settings."""
    known = {}
    for name in TEAM_ALGORITHMS:
        config = team_algorithm(name).config()
        known |= {f.name: type(getattr(config, f.name)) for f in dataclasses.fields(config)}
    for family, parts in presets().items():
        for part in parts.values():
            assert {key: type(value) for key, value in part.items()} == {
                key: known.get(key) for key in part
            }, family


@pytest.mark.slow
def test_the_best_runs_are_kept_whenever_they_came(learned):
    first, second = (collect(PLANT, learned.policies(0), jax.random.key(k), 8, 1.0) for k in (1, 2))
    best = Best.empty(first, 3).merged(first, 0.9)
    score = np.sort(np.asarray(discounted(first, 0.9))[0])[::-1]
    np.testing.assert_allclose(best.score, score[:3], rtol=1e-5)
    both = best.merged(second, 0.9)
    scores = np.concatenate([score, np.asarray(discounted(second, 0.9))[0]])
    np.testing.assert_allclose(both.score, np.sort(scores)[::-1][:3], rtol=1e-5)
    # What is kept is what earned it.
    np.testing.assert_allclose(discounted(both.batch, 0.9)[0], both.score, rtol=1e-5)
