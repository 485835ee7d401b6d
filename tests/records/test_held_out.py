"""Rows that teach and rows that judge are never the same, and an agent's folder knows which taught."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shiftwork.errors import UserError
from shiftwork.records.episodes import Episodes
from shiftwork.records.held_out import (
    between,
    fingerprints,
    kept_apart,
    remember,
    teaching,
    unseen,
)
from support.record_builders import ACTION, OBSERVATION, make_episodes


def long_records(rows=1_000, episodes=1, seed=0, digits=None):
    """Random records of a plant; with ``digits`` rounded, so that rows may repeat."""
    rng = np.random.default_rng(seed)
    each = rows // episodes
    observation = rng.normal(size=(each * episodes + episodes, 2))
    action = rng.uniform(0, 1, (each * episodes, 2))
    reward = rng.normal(size=each * episodes)
    if digits is not None:
        observation, action, reward = (np.round(x, digits) for x in (observation, action, reward))
    return Episodes(
        observation.astype(np.float32),
        action.astype(np.float32),
        reward.astype(np.float32),
        np.full(episodes, each, np.int64),
        np.ones(episodes, bool),
        OBSERVATION,
        ACTION,
    )


@settings(deadline=None)
@given(
    lengths=st.lists(st.integers(1, 6), min_size=1, max_size=6),
    cut=st.tuples(st.integers(0, 36), st.integers(0, 36)),
)
def test_a_part_holds_the_same_transitions(lengths, cut):
    records = make_episodes(tuple(lengths), tuple(range(len(lengths))))
    first, end = sorted(min(c, len(records.reward)) for c in cut)
    if first == end:
        with pytest.raises(UserError, match="no row is left"):
            between(records, first, end)
        return
    part, whole = between(records, first, end).transitions, records.transitions
    for name in ("observation", "action", "reward", "next_observation", "terminal"):
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[first:end])


def test_the_last_fifth_judges_and_a_gap_lies_before_it():
    records = long_records(1_000)
    parts = kept_apart(records)
    assert (len(parts.teach.reward), parts.gap, len(parts.judge.reward)) == (790, 10, 200)
    np.testing.assert_array_equal(parts.judge.reward, records.reward[-200:])
    # The long run goes on after the cut: only its real end is one.
    assert not parts.teach.terminal.any()
    assert parts.judge.terminal.all()
    assert kept_apart(long_records(100)).judge is None


def test_the_part_that_was_kept_apart_judges_and_the_rest_does_not(tmp_path):
    records = long_records(2_000, episodes=20)
    parts = kept_apart(records)
    remember(parts.teach, tmp_path)
    judging, said = unseen(records, tmp_path)
    assert judging.hash == parts.judge.hash
    assert said == "Of 2,000 steps, only the last 400 judge the agent: they taught it nothing"
    assert teaching(records, tmp_path).hash == parts.teach.hash
    later = long_records(500, seed=1)
    assert unseen(later, tmp_path) == (later, "")
    assert teaching(later, tmp_path) is later
    with pytest.raises(UserError, match=r"1,580 of 1,580 steps taught this agent"):
        unseen(parts.teach, tmp_path)
    # A part of them in another file, and in another order of episodes.
    shuffled = records.select(np.array([18, 19, 7, 0, 3]))
    with pytest.raises(UserError, match="taught this agent"):
        unseen(shuffled, tmp_path)


def test_all_rows_taught(tmp_path):
    records = long_records(2_000, episodes=20)
    remember(records, tmp_path)
    with pytest.raises(UserError, match=r"2,000 of 2,000 steps taught this agent"):
        unseen(records, tmp_path)


def test_what_an_improved_agent_learned_from_before_counts_too(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    new.mkdir()
    remember(long_records(500, seed=1), old)
    remember(long_records(500, seed=2), new, before=old)
    for seed in (1, 2):
        with pytest.raises(UserError, match="taught this agent"):
            unseen(long_records(500, seed=seed), new)


def test_a_plant_that_repeats_itself_is_not_taken_for_rows_that_taught(tmp_path):
    """Rounded to whole numbers, most rows of other records have been seen before."""
    remember(long_records(4_000, seed=1, digits=0), tmp_path)
    later = long_records(400, seed=2, digits=0)
    assert unseen(later, tmp_path)[0] is later


def test_an_agent_that_does_not_remember_is_not_judged(tmp_path):
    with pytest.raises(UserError, match="nothing says which rows taught the agent; learn it again"):
        unseen(long_records(), tmp_path)


def test_equal_rows_have_equal_fingerprints_and_others_do_not():
    records = long_records(20_000)
    found = fingerprints(records)
    assert len(np.unique(found)) == len(found)
    # The last rows of a part lack what followed them.
    np.testing.assert_array_equal(found[:497], fingerprints(between(records, 0, 500))[:497])
