"""The agent: what it says, what it refuses, and that it needs no learning code to act."""

import dataclasses
import json
import subprocess
import sys
import time
from itertools import pairwise

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from shiftwork import Agent, UserError
from shiftwork.agents.agent import VERSION
from shiftwork.evaluation.rollout import compiled_policy
from shiftwork.records.tags import Tag


def make(seed=0, width=64):
    """An agent of random weights: three observations, two actions with odd limits."""
    rng = np.random.default_rng(seed)
    sizes = (3, width, width, 2)
    return Agent(
        tuple(rng.normal(size=pair).astype(np.float32) for pair in pairwise(sizes)),
        tuple(rng.normal(size=size).astype(np.float32) for size in sizes[1:]),
        observation_mean=np.array([1.0, -200.0, 0.0], np.float32),
        observation_std=np.array([0.1, 30.0, 1e-3], np.float32),
        action_low=np.array([0.1, -7.3], np.float32),
        action_high=np.array([0.3, 1234.5], np.float32),
        observation_tags=(Tag("level", "m"), Tag("feed", "t/h"), Tag("purity")),
        action_tags=(Tag("valve", "%", 0.0, 1.0), Tag("steam", "kg/h", -10.0, 2000.0)),
        about={"algorithm": "pars", "seed": 0, "config": {"discount": 0.95}},
    )


AGENT = make()
SEEN = (
    AGENT.observation_mean
    + 2 * AGENT.observation_std * np.random.default_rng(1).normal(size=(50, 3))
).astype(np.float32)


def one_line(error):
    assert "\n" not in str(error.value)
    return str(error.value)


def arrays_of(agent):
    vectors = ("observation_mean", "observation_std", "action_low", "action_high")
    return [*agent.weights, *agent.biases, *(getattr(agent, name) for name in vectors)]


def test_a_saved_agent_comes_back_exactly(tmp_path):
    AGENT.save(tmp_path / "agent", card="# Card\n")
    back = Agent.load(tmp_path / "agent")

    for old, new in zip(arrays_of(AGENT), arrays_of(back), strict=True):
        assert old.dtype == new.dtype
        np.testing.assert_array_equal(old, new)
    assert back.observation_tags == AGENT.observation_tags
    assert back.action_tags == AGENT.action_tags
    assert back.about == AGENT.about
    np.testing.assert_array_equal(back.act(SEEN), AGENT.act(SEEN))
    assert (tmp_path / "agent" / "README.md").read_text(encoding="utf-8") == "# Card\n"


def test_single_and_batch_and_compiled_decisions_agree():
    batch = AGENT.act(SEEN)
    assert batch.shape == (50, 2)
    assert batch.dtype == np.float32
    span = AGENT.action_high - AGENT.action_low
    assert (batch.std(0) > 0.05 * span).all()  # else agreement would say nothing

    single = np.stack([AGENT.act(row) for row in SEEN])
    assert AGENT.act(SEEN[0]).shape == (2,)
    # A network of random weights this large turns the last digit of an input into a few others.
    np.testing.assert_allclose(single / span, batch / span, rtol=0, atol=1e-5)
    np.testing.assert_allclose(
        compiled_policy(AGENT)(jnp.asarray(SEEN)) / span[None], batch / span, rtol=0, atol=1e-5
    )


def test_a_decision_by_hand():
    agent = dataclasses.replace(
        AGENT,
        weights=(np.array([[1.0], [0.0], [0.0]], np.float32), np.array([[2.0, -1.0]], np.float32)),
        biases=(np.array([0.5], np.float32), np.array([0.0, 0.25], np.float32)),
    )
    # level 1.1 is one deviation above its mean: hidden unit 1.5, outputs 3 and -1.25.
    unit = np.tanh([3.0, -1.25])
    wanted = [0.1 + (unit[0] + 1) / 2 * 0.2, -7.3 + (unit[1] + 1) / 2 * 1241.8]
    np.testing.assert_allclose(agent.act([1.1, 5.0, 0.0]), wanted, rtol=1e-5)
    # level 0.9 leaves the hidden unit below zero: ReLU cuts it.
    unit = np.tanh([0.0, 0.25])
    wanted = [0.1 + (unit[0] + 1) / 2 * 0.2, -7.3 + (unit[1] + 1) / 2 * 1241.8]
    np.testing.assert_allclose(agent.act([0.9, 5.0, 0.0]), wanted, rtol=1e-5)


finite = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(hnp.arrays(np.float32, (4, 3), elements=finite), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_no_proposal_ever_leaves_the_recorded_box(seen, seed):
    agent = make(seed, width=8)
    for action in (agent.act(seen), np.asarray(compiled_policy(agent)(jnp.asarray(seen)))):
        assert (action >= agent.action_low).all()  # also false for NaN
        assert (action <= agent.action_high).all()


def test_the_ends_of_the_box_are_kept_to_the_last_digit():
    """In float32, -3 + (-0.89 + 3) is more than -0.89: a saturated tanh would reach beyond."""
    low, high = np.array([-3.0, -3.0], np.float32), np.array([-0.89, -0.89], np.float32)
    assert (low + (high - low) > high).all()
    agent = dataclasses.replace(
        AGENT,
        biases=(*AGENT.biases[:-1], np.array([1e6, -1e6], np.float32)),
        action_low=low,
        action_high=high,
    )
    np.testing.assert_array_equal(agent.act(SEEN[0]), [high[0], low[1]])
    np.testing.assert_array_equal(
        compiled_policy(agent)(jnp.asarray(SEEN[:1]))[0], [high[0], low[1]]
    )


@pytest.mark.parametrize("shape", [(), (2,), (4,), (5, 2), (3, 1), (1, 1, 3), (0,)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(UserError, match="needs") as error:
        AGENT.act(np.zeros(shape))
    assert str(shape) in one_line(error)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_what_is_not_a_number_is_refused_by_its_tag(bad):
    for seen in ([0.0, bad, 1.0], [[0.0, 0.0, 0.0], [1.0, bad, bad]]):
        with pytest.raises(UserError, match="not a number") as error:
            AGENT.act(np.array(seen))
        assert "'feed'" in one_line(error)


def test_a_decision_takes_less_than_a_millisecond():
    AGENT.act(SEEN[0])
    took = []
    for _ in range(200):
        begun = time.perf_counter()
        AGENT.act(SEEN[0])
        took.append(time.perf_counter() - begun)
    assert np.median(took) < 1e-3


def test_acting_imports_no_learning_code(tmp_path):
    AGENT.save(tmp_path / "agent", card="")
    program = f"""
import sys
import shiftwork
from shiftwork import Agent
agent = Agent.load({str(tmp_path / "agent")!r})
assert agent.act([1.0, -200.0, 0.0]).shape == (2,)
heavy = ("jax", "jaxlib", "optax", "equinox", "matplotlib", "gymnasium", "rich", "tyro")
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_an_agent_replaces_an_agent_and_nothing_else(tmp_path):
    AGENT.save(tmp_path / "agent", card="")
    other = make(seed=1)
    other.save(tmp_path / "agent", card="")
    np.testing.assert_array_equal(Agent.load(tmp_path / "agent").act(SEEN), other.act(SEEN))

    foreign = tmp_path / "thesis"
    foreign.mkdir()
    (foreign / "chapter1.txt").write_text("mine")
    with pytest.raises(UserError, match="not overwritten") as error:
        AGENT.save(foreign, card="")
    one_line(error)
    assert [file.name for file in foreign.iterdir()] == ["chapter1.txt"]


def test_what_learning_attaches_stands_beside(tmp_path):
    AGENT.save(
        tmp_path / "agent",
        card="",
        attach=lambda folder: (folder / "x.txt").write_text("x") and None,
    )
    assert (tmp_path / "agent" / "x.txt").read_text() == "x"
    Agent.load(tmp_path / "agent")


@pytest.fixture
def folder(tmp_path):
    AGENT.save(tmp_path / "agent", card="")
    return tmp_path / "agent"


def edit_about(folder, **changes):
    file = folder / "agent.json"
    about = json.loads(file.read_text()) | changes
    file.write_text(json.dumps({key: value for key, value in about.items() if value is not None}))


def edit_arrays(folder, **changes):
    with np.load(folder / "policy.npz") as file:
        arrays = dict(file) | changes
    np.savez(folder / "policy.npz", **{k: v for k, v in arrays.items() if v is not None})


DAMAGES = {
    "another version": (lambda f: edit_about(f, version=VERSION + 1), "format version 2"),
    "no version": (lambda f: edit_about(f, version=None), "format version None"),
    "another format": (lambda f: edit_about(f, format="cake"), "describes no agent"),
    "no object": (lambda f: (f / "agent.json").write_text("[1, 2]"), "describes no agent"),
    "no JSON": (lambda f: (f / "agent.json").write_text('{"format": '), "is damaged"),
    "no text": (lambda f: (f / "agent.json").write_bytes(b"\xff\xfe\x00"), "is damaged"),
    "no agent.json": (lambda f: (f / "agent.json").unlink(), "is no agent"),
    "no tags": (lambda f: edit_about(f, action_tags=None), "is not a list of tags"),
    "fewer tags": (
        lambda f: edit_about(f, observation_tags=[{"name": "level"}]),
        "do not fit the agent's tags",
    ),
    "no policy": (lambda f: (f / "policy.npz").unlink(), "is no file"),
    "half a policy": (
        lambda f: (f / "policy.npz").write_bytes((f / "policy.npz").read_bytes()[:500]),
        "cannot be read",
    ),
    "no layers": (
        lambda f: edit_arrays(
            f, **{f"{k}_{i}": None for k in ("weight", "bias") for i in range(3)}
        ),
        "do not fit",
    ),
    "a layer missing": (lambda f: edit_arrays(f, bias_1=None), "'bias_1' is missing"),
    "a layer of another size": (
        lambda f: edit_arrays(f, weight_1=np.zeros((64, 63), np.float32)),
        "do not fit",
    ),
    "a scalar bias": (lambda f: edit_arrays(f, bias_2=np.float32(1.0)), "do not fit"),
    "double precision": (lambda f: edit_arrays(f, bias_2=np.zeros(2)), "do not fit"),
    "text": (lambda f: edit_arrays(f, bias_2=np.array(["a", "b"])), "do not fit"),
    "NaN weights": (
        lambda f: edit_arrays(f, bias_2=np.full(2, np.nan, np.float32)),
        "do not fit",
    ),
    "NaN limits": (
        lambda f: edit_arrays(f, action_high=np.full(2, np.nan, np.float32)),
        "do not fit",
    ),
    "turned limits": (
        lambda f: edit_arrays(f, action_high=AGENT.action_low, action_low=AGENT.action_high),
        "do not fit",
    ),
    "no deviation": (
        lambda f: edit_arrays(f, observation_std=np.zeros(3, np.float32)),
        "do not fit",
    ),
}


@pytest.mark.parametrize(("damage", "told"), DAMAGES.values(), ids=DAMAGES)
def test_damaged_and_foreign_folders_are_told_in_one_line(folder, damage, told):
    damage(folder)
    with pytest.raises(UserError) as error:
        Agent.load(folder)
    assert told in one_line(error)
    assert str(folder) in str(error.value)


def test_a_missing_folder_is_told(tmp_path):
    with pytest.raises(UserError, match="is no agent"):
        Agent.load(tmp_path / "nowhere")


@pytest.mark.parametrize("reading", [["Bad Input"] * 6, [[0.0] * 6, [0.0] * 5]])
def test_what_is_no_array_of_numbers_is_refused_in_one_line(reading: list[object]) -> None:
    agent = Agent(
        (np.zeros((6, 1), np.float32),), (np.zeros(1, np.float32),),
        np.zeros(6, np.float32), np.ones(6, np.float32),
        np.zeros(1, np.float32), np.ones(1, np.float32),
        tuple(Tag(f"tag{i}") for i in range(6)), (Tag("valve", "%", 0.0, 1.0),),
    )  # fmt: skip
    with pytest.raises(UserError, match=r"no array of numbers.*needs 6 numbers"):
        agent.act(reading)
