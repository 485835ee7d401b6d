"""Limits that differ from step to step: found, used by learning, and kept by agents."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shiftwork.agents.agent import Agent
from shiftwork.errors import UserError
from shiftwork.evaluation.rollout import compiled_policy
from shiftwork.learning.offline import bc
from shiftwork.learning.offline.learn import learn, load_learner
from shiftwork.learning.replay import Scaling
from shiftwork.records.episodes import Episodes
from shiftwork.records.formats.compact import write_compact
from shiftwork.records.formats.load import load_records
from shiftwork.records.limits import MovingLimits
from shiftwork.records.tags import Tag

SEEN = (Tag("level", "m"), Tag("reflux low", "m3/h"), Tag("reflux high", "m3/h"))
DONE = (
    Tag("reflux", "m3/h", 1.0, 7.0, "reflux low", "reflux high"),
    Tag("steam", "t/h", 0.0, 10.0),
)


def records(steps=400, seed=0):
    """A set-point that is moved by at most 0.2 a step, up where the level is low."""
    rng = np.random.default_rng(seed)
    level = rng.normal(size=steps + 1)
    before = rng.uniform(1.5, 6.5, steps + 1)
    low, high = np.maximum(before - 0.2, 1.0), np.minimum(before + 0.2, 7.0)
    share = np.where(level < 0, 0.9, 0.1) + rng.uniform(-0.05, 0.05, steps + 1)
    reflux = (low + share * (high - low))[:-1]
    observation = np.stack([level, low, high], 1).astype(np.float32)
    action = np.stack([reflux, rng.uniform(2, 8, steps)], 1).astype(np.float32)
    return Episodes(
        observation,
        action,
        rng.normal(size=steps).astype(np.float32),
        np.array([steps], np.int64),
        np.array([False]),
        SEEN,
        DONE,
    )


def test_columns_are_found_by_name():
    limits = MovingLimits.find(SEEN, DONE, "records")
    assert limits == MovingLimits((1, None), (2, None))
    np.testing.assert_array_equal(limits.moving, [True, False])


@pytest.mark.parametrize(
    ("tags", "line"),
    [
        (SEEN[:2], "records: limit of 'reflux': unknown observation tag 'reflux high'"),
        ((*SEEN, SEEN[1]), "two observation tags have the name 'reflux low'; give each its own"),
    ],
)
def test_limits_that_are_not_observed_are_refused(tags, line):
    with pytest.raises(UserError, match=line):
        MovingLimits.find(tags, DONE, "records")


def test_one_moving_limit_alone_is_refused():
    with pytest.raises(UserError, match="give both low_tag and high_tag"):
        Tag("reflux", "m3/h", 1.0, 7.0, low_tag="reflux low")


numbers = st.floats(-100, 100, width=32)


@given(st.lists(st.tuples(numbers, st.floats(0, 50, width=32), st.floats(0, 1)), min_size=1))
@settings(max_examples=50, deadline=None)
def test_share_and_action_are_inverse(rows):
    low, width, share = (np.array(column, np.float32) for column in zip(*rows, strict=True))
    seen = np.stack([np.zeros_like(low), low, low + width], 1)
    limits = MovingLimits.find(SEEN, DONE, "records")
    shares = np.stack([share, share], 1)
    action = limits.action(shares, seen)
    assert (action[:, 0] >= seen[:, 1] - 1e-4).all()
    assert (action[:, 0] <= seen[:, 2] + 1e-4).all()
    np.testing.assert_array_equal(action[:, 1], share)  # fixed limits: the share is the action
    wide = seen[:, 2] - seen[:, 1] > 0.1
    np.testing.assert_allclose(limits.share(action, seen)[wide, 0], share[wide], atol=1e-2)
    compiled = limits.action(jnp.asarray(shares), jnp.asarray(seen))
    np.testing.assert_allclose(compiled, action, rtol=1e-5, atol=1e-4)


def test_a_box_that_is_a_point_says_nothing():
    seen = np.array([[0.0, 3.0, 3.0]], np.float32)
    limits = MovingLimits.find(SEEN, DONE, "records")
    assert limits.share(np.array([[3.0, 5.0]], np.float32), seen)[0, 0] == 0.0


def test_scaling_goes_there_and_back():
    given = records()
    scaling, rows = Scaling.of(given), given.transitions
    unit = scaling.recorded(rows.action, rows.observation)
    back = scaling.act(unit, rows.observation)
    inside = (np.abs(np.asarray(unit)) < 1).all(1)
    assert inside.mean() > 0.95
    np.testing.assert_allclose(back[inside], rows.action[inside], rtol=1e-4)
    # The moving action is measured by its box, the other by its own range.
    assert 0.0 <= scaling.action_low[0] < 0.1 < 0.9 < scaling.action_high[0] <= 1.0
    assert 2.0 <= scaling.action_low[1] < scaling.action_high[1] <= 8.0


def test_records_keep_their_moving_limits_and_hash_them(tmp_path):
    given = records()
    write_compact(given, tmp_path / "a.npz")
    again = load_records(tmp_path / "a.npz")
    assert again.action_tags == DONE
    assert again.hash == given.hash
    plain = Episodes(*[getattr(given, n) for n in ("observation", "action", "reward", "length", "terminal")],
                     SEEN, (Tag("reflux", "m3/h", 1.0, 7.0), DONE[1]))  # fmt: skip
    assert plain.hash != given.hash


@pytest.fixture(scope="module")
def agent():
    return learn(records(2_000), "bc", bc.Config(), updates=2_000, seeds=(0,)).agent(0)


def test_an_agent_moves_within_the_limits_of_the_moment(agent):
    """It learns what people do, in shares of the box, and never leaves the box."""
    seen = np.array([[-1.5, 2.0, 2.4], [1.5, 2.0, 2.4], [-1.5, 6.8, 7.0], [0.0, 1.0, 1.0]], np.float32)  # fmt: skip
    action = agent.act(seen)
    assert (action[:, 0] >= seen[:, 1]).all()
    assert (action[:, 0] <= seen[:, 2]).all()
    assert action[0, 0] == pytest.approx(2.36, abs=0.05)
    assert action[1, 0] == pytest.approx(2.04, abs=0.05)
    assert action[3, 0] == 1.0
    np.testing.assert_allclose(agent.act(seen[0]), action[0], rtol=1e-6)
    np.testing.assert_allclose(compiled_policy(agent)(jnp.asarray(seen)), action, rtol=1e-5)
    wild = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32) * 1e3
    wild[:, 2] = wild[:, 1] + np.abs(wild[:, 2]) * 1e-3
    proposed = agent.act(wild)[:, 0]
    assert ((proposed >= wild[:, 1]) & (proposed <= wild[:, 2])).all()


def test_limits_that_cross_are_refused(agent):
    with pytest.raises(UserError, match="limits of 'reflux' cross; hold the last action"):
        agent.act([0.0, 3.0, 2.0])


def test_an_agent_on_disk_keeps_its_limits(agent, tmp_path):
    learned = learn(records(), "bc", bc.Config(), updates=1_000, seeds=(0,))
    kept = learned.save(tmp_path / "agent")
    again, _, scaling, _ = load_learner(tmp_path / "agent")
    assert again.limits == kept.limits == scaling.limits
    seen = records().observation[:4]
    np.testing.assert_array_equal(Agent.load(tmp_path / "agent").act(seen), kept.act(seen))
    card = (tmp_path / "agent" / "README.md").read_text()
    assert "% of the way from reflux low to reflux high" in card
    np.testing.assert_allclose(kept.ranges[0][0], 1.0)
    np.testing.assert_allclose(kept.ranges[1][0], 7.0)
