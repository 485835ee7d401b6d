"""A team acts from its folder: as it learned to, within its masks, and without learning code."""

import dataclasses
import json
import subprocess
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shiftwork import Team, UserError
from shiftwork.agents.team_actors import SEARCHED
from shiftwork.agents.team_memory import TeamMemory
from shiftwork.learning.team.acac import Config, make_policies
from shiftwork.learning.team.exported import team_of
from shiftwork.learning.team.policy import log_probabilities
from shiftwork.plants.catalogue import make_team_plant
from shiftwork.plants.options import WithOptions
from shiftwork.plants.tasks.corridor import Corridor, corridor_with_options
from shiftwork.records.positions import Places

CORRIDOR = corridor_with_options(Corridor())
# Agent 2 has fewer macro-actions than agent 1.
PLANT = WithOptions("uneven", CORRIDOR.plant, (CORRIDOR.options[0], CORRIDOR.options[1][:2]))


def policies(seed=0, plant=PLANT, **changes):
    config = Config(**{"actor_width": 16, "actor_memory": 8} | changes)
    drawn = jax.jit(lambda key: make_policies(key, plant, config))(jax.random.key(seed))
    # New policies prefer nothing; these do, and no bias is zero.
    rng = np.random.default_rng(seed)
    return jax.tree.map(lambda x: x + 0.5 * rng.normal(size=x.shape).astype(np.float32), drawn)


POLICIES = policies()
TEAM = team_of(PLANT, POLICIES, {"plant": "uneven", "seed": 3})
OWN = np.array([[True] * 3, [True, True, False]])
ALL = np.ones(2, bool)


def episode(seed, steps=12):
    """What a team might be given: observations, who decides, masks."""
    rng = np.random.default_rng(seed)
    seen = rng.normal(size=(steps, 2, 1)).astype(np.float32)
    decided = rng.random((steps, 2)) < 0.5
    decided[0] = True
    mask = (rng.random((steps, 2, 3)) < 0.6) & OWN
    mask[..., 0] |= ~mask.any(-1)
    return seen, decided, mask


@pytest.mark.parametrize("changes", [{}, {"octaves": False, "share": True}, {"direct": True}])
def test_it_weighs_as_the_policies_that_learned(changes):
    learned = policies(**changes)
    team = team_of(PLANT, learned, {})
    team.begin(0)
    memory, step = learned.memory(1), eqx.filter_jit(type(learned).step)
    for t, (seen, decided, mask) in enumerate(zip(*episode(1), strict=True)):
        macro = team.act(seen, decided, mask)
        memory, preferences = step(
            learned,
            memory,
            learned.look(jnp.asarray(seen)[None], jnp.full(1, float(t))),
            jnp.asarray(decided)[:, None],
        )
        expected = np.exp(log_probabilities(preferences[:, 0], jnp.asarray(mask), 0.0))
        np.testing.assert_allclose(team.probabilities[decided], expected[decided], atol=2e-5)
        assert team.probabilities[[0, 1], macro].all()
    assert expected.std() > 0.05  # else agreement would say nothing


@pytest.mark.slow
def test_it_finds_its_own_place_and_is_told_which_coincide_as_the_policies_were():
    kitchen = make_team_plant("overcooked-A")
    learned = policies(plant=kitchen)
    team = team_of(kitchen, learned, {})
    rng, everybody = np.random.default_rng(0), np.ones(3, bool)
    seen = (rng.integers(0, 3, (3, 32)) / 7).astype(np.float32)  # many coincide
    mask = np.ones((3, len(kitchen.macro_actions[0])), bool)
    _, preferences = learned.step(
        learned.memory(1),
        learned.look(jnp.asarray(seen)[None], jnp.zeros(1)),
        jnp.asarray(everybody)[:, None],
    )
    team.act(seen, everybody, mask)
    expected = jax.nn.softmax(preferences[:, 0])
    np.testing.assert_allclose(team.probabilities, expected, atol=2e-5)
    for other in (
        Places(((0, 1),) * len(team.places.columns), team.places.own),
        Places(team.places.columns),
    ):
        blind = dataclasses.replace(team, places=other)
        blind.act(seen, everybody, mask)
        assert np.abs(blind.probabilities - team.probabilities).max() > 0.02


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**16))
def test_only_who_decides_chooses_anew_and_only_what_it_may(seed):
    TEAM.begin(seed)
    last = None
    for seen, decided, mask in zip(*episode(seed), strict=True):
        # What stands in the rows of others makes no difference.
        macro = TEAM.act(np.where(decided[:, None], seen, np.nan), decided, mask & decided[:, None])
        assert mask[[0, 1], macro][decided].all()
        if last is not None:
            np.testing.assert_array_equal(macro[~decided], last[~decided])
        last = macro


def test_it_draws_by_its_probabilities_and_again_by_its_seed():
    seen, drawn = np.zeros((2, 1)), []
    for seed in range(2000):
        TEAM.begin(seed)
        drawn.append(TEAM.act(seen, ALL, OWN))
    share = np.mean(np.array(drawn)[..., None] == np.arange(3), 0)
    np.testing.assert_allclose(share, TEAM.probabilities, atol=0.04)
    TEAM.begin(7)
    np.testing.assert_array_equal(TEAM.act(seen, ALL, OWN), drawn[7])
    again = [TEAM.act(seen, ALL, OWN) for _ in range(5)]
    TEAM.begin(7)
    np.testing.assert_array_equal([TEAM.act(seen, ALL, OWN) for _ in range(6)][1:], again)


def test_there_and_back_again(tmp_path):
    TEAM.save(tmp_path / "team", card="# Card\n")
    back = Team.load(tmp_path / "team")
    assert (back.agents, back.macro_actions) == (TEAM.agents, TEAM.macro_actions)
    assert (back.observation_sizes, back.about) == (TEAM.observation_sizes, TEAM.about)
    assert back.places == TEAM.places
    for old, new in zip(TEAM.actors, back.actors, strict=True):
        assert old.dtype == new.dtype
        np.testing.assert_array_equal(old, new)
    assert (tmp_path / "team" / "README.md").read_text() == "# Card\n"


def test_a_folder_of_before_search_acts_as_it_did(tmp_path):
    TEAM.save(tmp_path / "team", card="a team")
    with np.load(tmp_path / "team" / "policies.npz") as file:
        arrays = {name: file[name] for name in file.files if name not in SEARCHED}
    np.savez(tmp_path / "team" / "policies.npz", **arrays)
    again = Team.load(tmp_path / "team")
    assert not again.actors.direct.any()
    for one, other in zip(again.actors, TEAM.actors, strict=True):
        np.testing.assert_array_equal(one, other)


def test_reading_and_acting_loads_no_learning_code(tmp_path):
    TEAM.save(tmp_path / "team", card="")
    program = f"""
import sys
from shiftwork import Team
team = Team.load({str(tmp_path / "team")!r})
assert team.act([[0.0], [0.5]], [True, True], [[True] * 3, [True, True, False]]).shape == (2,)
heavy = ("jax", "jaxlib", "optax", "equinox", "matplotlib", "gymnasium", "rich", "tyro")
print([name for name in heavy if name in sys.modules])
print([name for name in sys.modules if name.startswith(("shiftwork.learning", "shiftwork.plants"))])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["[]", "[]"]


SEEN = np.zeros((2, 1))


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ((np.zeros((2, 2)), ALL, OWN), "observations: has shape (2, 2); this team needs (2, 1)"),
        (([[0], "x"], ALL, OWN), "observations: is no array of shape (2, 1)"),
        ((SEEN, [True], OWN), "decided: has shape (1,); this team needs (2,)"),
        ((SEEN, ALL, OWN[:, :2]), "masks: has shape (2, 2); this team needs (2, 3)"),
        (([[0], [np.nan]], ALL, OWN), "that of 'agent 2' is not a number; let it go on"),
        (([[1e300], [0]], ALL, OWN), "that of 'agent 1' is not a number"),
        ((SEEN, [True, False], OWN), "'agent 2' has no macro-action yet; let everybody decide"),
        # The last column is beyond agent 2's own macro-actions.
        ((SEEN, ALL, [[1, 0, 0], [0, 0, 1]]), "'agent 2' decides but may choose nothing"),
    ],
)
def test_what_cannot_be_decided_is_refused_in_one_line(given, line):
    TEAM.begin(0)
    with pytest.raises(UserError) as error:
        TEAM.act(*given)
    assert line in str(error.value)
    # As if it had not been asked.
    first = TEAM.act(SEEN, ALL, OWN)
    TEAM.begin(0)
    np.testing.assert_array_equal(TEAM.act(SEEN, ALL, OWN), first)


def edit_about(folder, **changes):
    file = folder / "team.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def edit_places(folder, columns, own=()):
    edit_about(folder, places={"columns": columns, "own": own})


def edit_arrays(folder, **changes):
    with np.load(folder / "policies.npz") as file:
        arrays = dict(file) | changes
    np.savez(folder / "policies.npz", **{k: v for k, v in arrays.items() if v is not None})


DAMAGES = {
    "no team.json": (lambda f: (f / "team.json").unlink(), "is no team (team.json is missing)"),
    "another version": (lambda f: edit_about(f, version=1), "is of another version"),
    "another format": (lambda f: edit_about(f, format="cake"), "is damaged"),
    "no agents": (lambda f: edit_about(f, agents=[]), "is damaged"),
    "sizes of one": (lambda f: edit_about(f, observation_sizes=[1]), "is damaged"),
    "names of nothing": (lambda f: edit_about(f, macro_actions=3), "is damaged"),
    "sizes of others": (lambda f: edit_about(f, observation_sizes=[4, 1]), "do not fit"),
    "no places": (lambda f: edit_about(f, places=7), "is damaged"),
    "a place elsewhere": (lambda f: edit_places(f, [[0], [1]]), "is damaged"),
    "uneven places": (lambda f: edit_places(f, [[0], [0, 0]]), "is damaged"),
    "more places": (lambda f: edit_places(f, [[0], [0]]), "do not fit"),
    "an own place too few": (lambda f: edit_places(f, [[0], [0]], [1]), "is damaged"),
    "one place of two agents": (lambda f: edit_places(f, [[0], [0]], [1, 1]), "is damaged"),
    "an own place elsewhere": (lambda f: edit_places(f, [[0], [0]], [1, 2]), "is damaged"),
    "no policies": (lambda f: (f / "policies.npz").unlink(), "is no file"),
    "half of it": (
        lambda f: (f / "policies.npz").write_bytes((f / "policies.npz").read_bytes()[:400]),
        "cannot be read",
    ),
    "an array missing": (lambda f: edit_arrays(f, head=None), "'head' is missing"),
    "a scalar": (lambda f: edit_arrays(f, first_bias=np.float32(1.0)), "do not fit"),
    "a wider layer": (lambda f: edit_arrays(f, mix=np.zeros((2, 8, 17), np.float32)), "do not fit"),
    "NaN": (lambda f: edit_arrays(f, head_bias=np.full((2, 3), np.nan, np.float32)), "do not fit"),
    "text": (lambda f: edit_arrays(f, head_bias=np.full((2, 3), "a")), "do not fit"),
    "a column that nobody sees": (
        lambda f: edit_arrays(f, columns=np.full((2, 1, 1), 1e3, np.float32)),
        "do not fit",
    ),
    "half a column": (
        lambda f: edit_arrays(f, columns=np.full((2, 1, 1), 0.5, np.float32)),
        "do not fit",
    ),
    "no period": (
        lambda f: edit_arrays(f, periods=np.zeros_like(TEAM.actors.periods)),
        "do not fit",
    ),
}


@pytest.mark.parametrize(("damage", "line"), DAMAGES.values(), ids=DAMAGES)
def test_damaged_folders_are_refused_in_one_line(tmp_path, damage, line):
    TEAM.save(tmp_path / "team", card="")
    damage(tmp_path / "team")
    with pytest.raises(UserError) as error:
        Team.load(tmp_path / "team")
    assert line in str(error.value)
    assert str(tmp_path) in str(error.value)


def test_a_team_that_resumes_from_a_record_goes_on_as_if_it_had_never_been_left():
    steps = list(zip(*episode(3), strict=True))
    TEAM.begin(3)
    macro = [TEAM.act(*step) for step in steps[:3]]
    kept = json.loads(json.dumps(TEAM.recall().body()))
    macro += [TEAM.act(*step) for step in steps[3:]]
    TEAM.begin(99)
    TEAM.resume(TeamMemory.read(kept))
    np.testing.assert_array_equal([TEAM.act(*step) for step in steps[3:]], macro[3:])


def test_a_memory_of_something_else_is_refused_in_one_line():
    memory = TEAM.recall()
    other = dataclasses.replace(memory, recurrent=memory.recurrent[:, 1:])
    with pytest.raises(UserError, match="another team's"):
        TEAM.resume(other)
    for body in ({}, {**memory.body(), "recurrent": "?"}, {**memory.body(), "shape": [7]}):
        with pytest.raises(UserError, match="no team's memory"):
            TeamMemory.read(body)
