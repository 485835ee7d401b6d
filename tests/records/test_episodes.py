import dataclasses

import jaxtyping
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shiftwork.records.episodes import Episodes, Transitions
from shiftwork.records.tags import Tag
from support.record_builders import ACTION, OBSERVATION, Fields, any_fields, make_episodes, refused


def test_shapes_and_dtypes_are_checked_while_tests_run() -> None:
    rows = make_episodes().transitions
    for wrong in ({"reward": rows.reward[1:]}, {"last": rows.reward}, {"action": [[1.0]]}):
        with pytest.raises(jaxtyping.TypeCheckError):
            dataclasses.replace(rows, **wrong)


def test_boundaries() -> None:
    episodes = make_episodes((3, 1, 2))
    assert episodes.starts.tolist() == [0, 3, 4]
    assert episodes.episode_of_step.tolist() == [0, 0, 0, 1, 2, 2]


def test_transitions_by_hand() -> None:
    rows = make_episodes((3, 1, 2), terminal=(1,)).transitions
    assert rows.observation[:, 0].tolist() == [0, 1, 2, 100, 200, 201]
    # The last observation of each episode is kept, and is where its last step leads.
    assert rows.next_observation[:, 0].tolist() == [1, 2, 3, 101, 201, 202]
    assert rows.action[:, 0].tolist() == [10, 11, 12, 13, 14, 15]
    # Rows 2, 3 and 5 end an episode: nothing was done after them, so they repeat their own.
    assert rows.next_action[:, 0].tolist() == [11, 12, 12, 13, 15, 15]
    assert rows.reward.tolist() == [1, 2, 3, 4, 5, 6]
    assert rows.last.tolist() == [False, False, True, True, False, True]
    # Episodes 0 and 2 were cut: they end, but there is a future to bootstrap from.
    assert rows.terminal.tolist() == [False, False, False, True, False, False]


@settings(deadline=None)
@given(any_fields())
def test_no_transition_crosses_an_episode_end(fields: Fields) -> None:
    episodes = Episodes(**fields)
    rows = episodes.transitions
    observation_start = 0
    for number, (start, length) in enumerate(zip(episodes.starts, episodes.length, strict=True)):
        mine = slice(start, start + length)
        seen = episodes.observation[observation_start : observation_start + length + 1]
        done = episodes.action[mine]
        assert np.array_equal(rows.observation[mine], seen[:-1])
        assert np.array_equal(rows.next_observation[mine], seen[1:])
        assert np.array_equal(rows.next_action[mine], np.concatenate([done[1:], done[-1:]]))
        assert rows.last[mine].tolist() == [False] * (length - 1) + [True]
        assert rows.terminal[mine].tolist() == [False] * (length - 1) + [episodes.terminal[number]]
        observation_start += length + 1


def test_returns_are_summed_in_double_and_by_episode() -> None:
    episodes = make_episodes((3, 1, 2))
    assert episodes.returns.tolist() == [6, 4, 11]
    assert episodes.returns.dtype == np.float64
    # In float32, 2^24 + 1 is 2^24.
    large = dataclasses.replace(episodes, reward=np.array([2**24, 1, 1, 0, 0, 0], np.float32))
    assert large.returns[0] == 2**24 + 2


def test_select_repeats_and_reorders() -> None:
    episodes = make_episodes((3, 1, 2), terminal=(1,))
    chosen = episodes.select(np.array([2, 0, 2]))
    assert chosen.length.tolist() == [2, 3, 2]
    assert chosen.observation[:, 0].tolist() == [200, 201, 202, 0, 1, 2, 3, 200, 201, 202]
    assert chosen.action[:, 0].tolist() == [14, 15, 10, 11, 12, 14, 15]
    assert chosen.reward.tolist() == [5, 6, 1, 2, 3, 5, 6]
    assert chosen.terminal.tolist() == [False, False, False]
    assert episodes.select(np.array([1])).terminal.tolist() == [True]


@settings(deadline=None)
@given(any_fields(), st.data())
def test_selected_episodes_keep_their_transitions(fields: Fields, data: st.DataObject) -> None:
    episodes = Episodes(**fields)
    last = len(episodes.length) - 1
    numbers = data.draw(st.lists(st.integers(0, last), min_size=1, max_size=8))
    rows, chosen = episodes.transitions, episodes.select(np.array(numbers)).transitions
    expected = np.concatenate([np.flatnonzero(episodes.episode_of_step == n) for n in numbers])
    for name in (field.name for field in dataclasses.fields(Transitions)):
        assert np.array_equal(getattr(chosen, name), getattr(rows, name)[expected])


def test_select_by_mask_and_from_the_end() -> None:
    episodes = make_episodes((3, 1, 2))
    assert episodes.select(np.array([-1])).hash == episodes.select(np.array([2])).hash
    mask = np.array([True, False, True])
    assert episodes.select(mask).hash == episodes.select(np.array([0, 2])).hash


def test_select_nothing_is_refused() -> None:
    refused(lambda: make_episodes().select(np.array([], np.int64)), "no episode")


def test_statistics_by_hand() -> None:
    episodes = Episodes(
        observation=np.zeros((6, 2), np.float32),
        # Valve from 0 to 100 %, pump from -1 to 1: three of eight values stand at a limit.
        action=np.array([[0, 0], [50, 1], [99.95, 0.5], [50, 0.5]], np.float32),
        reward=np.array([1, 2, 3, -2], np.float32),
        length=np.array([3, 1]),
        terminal=np.array([False, True]),
        observation_tags=OBSERVATION,
        action_tags=ACTION,
    )
    s = episodes.statistics
    assert (s.episodes, s.steps, s.terminal_episodes, s.shortest, s.longest) == (2, 4, 1, 1, 3)
    # Returns 6 and -2; rewards with mean 1 and squared deviations 0, 1, 4, 9.
    assert (s.mean_return, s.std_return, s.worst_return, s.best_return) == (2, 4, -2, 6)
    assert (s.mean_reward, s.worst_reward) == (1, -2)
    assert s.std_reward == pytest.approx(np.sqrt(3.5))
    assert s.action_at_limit == 3 / 8
    assert s.action_std == pytest.approx((35.33777, 0.353553), rel=1e-5)


def test_equal_records_have_equal_hashes() -> None:
    episodes = make_episodes()
    renamed = dataclasses.replace(episodes, source="elsewhere")
    fortran = dataclasses.replace(episodes, observation=np.asfortranarray(episodes.observation))
    negative_zero = dataclasses.replace(
        episodes, observation=np.where(episodes.observation == 0, -0.0, episodes.observation)
    )
    assert np.signbit(negative_zero.observation[0]).all()
    assert {renamed.hash, fortran.hash, negative_zero.hash} == {episodes.hash}


def test_the_hash_is_frozen() -> None:
    # It is written into files and agents, which a later release must still recognise.
    known = "5daefc02e0dc001f2ea10171b1055f124a621ae1d509cc3974e827df93a58e5b"
    assert make_episodes().hash == known


CHANGES = {
    "observation": lambda e: {"observation": e.observation + np.float32(1e-3)},
    "action": lambda e: {"action": np.nextafter(e.action, np.float32(0))},
    "reward": lambda e: {"reward": e.reward[::-1].copy()},
    "length": lambda e: {"length": np.array([1, 3, 2])},
    "terminal": lambda e: {"terminal": ~e.terminal},
    "tag name": lambda e: {"observation_tags": (Tag("Level", "m", 0.0, 1000.0), OBSERVATION[1])},
    "tag unit": lambda e: {"observation_tags": (Tag("level", "cm", 0.0, 1000.0), OBSERVATION[1])},
    "limit": lambda e: {"action_tags": (Tag("valve", "%", 0.0, 101.0), ACTION[1])},
    "order of tags": lambda e: {"observation_tags": OBSERVATION[::-1]},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_any_change_changes_the_hash(change) -> None:
    episodes = make_episodes()
    assert dataclasses.replace(episodes, **change(episodes)).hash != episodes.hash


@settings(deadline=None)
@given(any_fields(), st.data())
def test_any_one_value_changes_the_hash(fields: Fields, data: st.DataObject) -> None:
    episodes = Episodes(**fields)
    name = data.draw(st.sampled_from(["observation", "action", "reward"]))
    array = getattr(episodes, name).copy()
    place = data.draw(st.integers(0, array.size - 1))
    array.flat[place] = 0.5 if array.flat[place] != 0.5 else 0.25
    assert dataclasses.replace(episodes, **{name: array}).hash != episodes.hash


IMPOSSIBLE = {
    "observation in double": (
        lambda e: {"observation": e.observation.astype(np.float64)},
        ("'observation'", "float64"),
    ),
    "observation flat": (lambda e: {"observation": e.observation[:, 0]}, ("'observation'", "(9,)")),
    "last observations lost": (
        lambda e: {"observation": e.transitions.observation},
        ("'observation'", "(6, 2)", "(9, 2)"),
    ),
    "action flat": (lambda e: {"action": e.action[:, 0]}, ("'action'", "(6,)")),
    "action of three columns": (
        lambda e: {"action": np.zeros((6, 3), np.float32)},
        ("'action'", "(6, 3)", "(6, 2)"),
    ),
    "reward in a column": (lambda e: {"reward": e.reward[:, None]}, ("'reward'", "(6, 1)")),
    "reward short": (lambda e: {"reward": e.reward[1:]}, ("sums to 6", "'reward' has 5 rows")),
    "action short": (lambda e: {"action": e.action[1:]}, ("'action'", "(5, 2)", "(6, 2)")),
    "action of no axis": (lambda e: {"action": np.float32([1])[0]}, ("'action'", "()")),
    "terminal by step": (lambda e: {"terminal": e.transitions.terminal}, ("'terminal'", "(6,)")),
    "terminal as numbers": (
        lambda e: {"terminal": e.terminal.astype(np.int64)},
        ("'terminal'", "int64"),
    ),
    "length in 32 bits": (lambda e: {"length": e.length.astype(np.int32)}, ("'length'", "int32")),
    "length in a column": (lambda e: {"length": e.length[:, None]}, ("'length'", "(3, 1)")),
    "length short": (lambda e: {"length": np.array([3, 2])}, ("'length'", "sums to 5", "6 rows")),
    "an empty episode": (lambda e: {"length": np.array([3, 0, 3])}, ("'length'", "episode 1")),
    "a negative length": (lambda e: {"length": np.array([8, -4, 2])}, ("'length'", "episode 0")),
    # Four lengths whose sum wraps around 2^64 to the six steps that there are.
    "lengths that wrap": (
        lambda e: {"length": np.array([2**62, 2**62, 2**62, 2**62 + 6])},
        ("'length'", "episode 0"),
    ),
    "no tags": (lambda e: {"observation_tags": ()}, ("observation",)),
    "a tag too few": (lambda e: {"observation_tags": OBSERVATION[:1]}, ("'observation'", "(9, 1)")),
    "unbounded action": (
        lambda e: {"action_tags": (ACTION[0], Tag("pump"))},
        ("'pump'", "-inf to inf"),
    ),
    "limits beyond float32": (
        lambda e: {"action_tags": (ACTION[0], Tag("pump", "", -1e300, 1e300))},
        ("'pump'", "1e+300"),
    ),
    "limits that are one in float32": (
        lambda e: {"action_tags": (ACTION[0], Tag("pump", "", 1.0, 1.0 + 1e-12))},
        ("'pump' spans 1 to 1",),
    ),
}


@pytest.mark.usefixtures("unhooked")
@pytest.mark.parametrize(("change", "named"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_impossible_episodes_are_refused(change, named) -> None:
    episodes = make_episodes()
    refused(lambda: dataclasses.replace(episodes, **change(episodes)), "records:", *named)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    ("name", "row", "tag"),
    [("observation", 8, "pressure"), ("action", 5, "pump"), ("reward", 2, None)],
)
def test_a_value_that_is_no_number_is_refused_by_row_and_tag(name, row, tag, value) -> None:
    episodes = make_episodes()
    array = getattr(episodes, name).copy()
    array[row, ...] = [0.0, value] if tag else value
    refused(
        lambda: dataclasses.replace(episodes, **{name: array}),
        f"'{name}' row {row}",
        f"'{tag}'" if tag else "1 such rows",
        str(np.float32(value)),
    )


def test_an_action_outside_its_limits_is_refused_by_row_and_tag() -> None:
    episodes = make_episodes()
    action = episodes.action.copy()
    action[[3, 5], 0] = 100.5, -1
    refused(
        lambda: dataclasses.replace(episodes, action=action),
        "'action' row 3, tag 'valve': 100.5",
        "0 to 100",
        "2 such rows",
    )
    # Rounding in float32 is no breach: 0.1 + 0.2 of a span of 100.
    action[:, 0] = np.float32(100.0005)
    assert dataclasses.replace(episodes, action=action).action[0, 0] > 100
