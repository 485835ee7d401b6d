"""Team episodes: what they mean, and each thing that is refused, with place and fix."""

import dataclasses

import numpy as np
import pytest

from shiftwork.errors import UserError
from shiftwork.records.team_episodes import NOTHING, Task, TeamPlace, check_decisions, joined
from support.team_record_builders import BERTH_ROWS, BLEND, BLEND_ROWS, PLACE, decisions, records


def test_returns_are_sums_of_each_episode():
    assert records().returns.tolist() == [0 + 1 + 2 + 3, 4 + 5 + 6]


def test_what_is_kept_behind_the_last_step_is_no_decision():
    made = records().decisions[0].made
    assert made.tolist() == [True, True, False, True]


def test_records_of_one_plant_stand_behind_each_other():
    both = joined([records(), records()])
    assert both.length.tolist() == [4, 3, 4, 3]
    assert both.decisions[1].episode.tolist() == [0, 1, 1, 2, 3, 3]
    assert both.returns.tolist() == [6, 15, 6, 15]


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (dataclasses.replace(PLACE, plant="pier"), "'pier' instead of 'quay'"),
        (dataclasses.replace(PLACE, version="Quay(berths=1, tide=2)"), "'quay' with other numbers"),
    ],
    ids=["other-plant", "other-numbers"],
)
def test_records_of_another_scenario_are_refused(place, line):
    with pytest.raises(UserError, match=r"^second: records of another scenario") as refused:
        joined([records(source="first"), records(place, source="second")])
    assert line in str(refused.value)
    assert "one plant at a time" in str(refused.value)


BAD = {
    "unknown-number": (BERTH_ROWS, [(0, 0, 4, 2), *BLEND_ROWS[1:]], "unknown macro-action; give a number from 0 to 1"),
    "gap": (BERTH_ROWS, [(0, 0, 3, 0), *BLEND_ROWS[1:]], "row 1 (episode 0, step 0): its duration leaves a gap"),
    "overlap": (
        [(0, 0, 3, 0), *BERTH_ROWS[1:]],
        BLEND_ROWS,
        "agent 'berth 1', row 1 (episode 0, step 0): its duration leaves a gap",
    ),
    "late-start": (BERTH_ROWS, [(0, 1, 3, 0), *BLEND_ROWS[1:]], "is the episode's first decision; record what"),
    "out-of-order": (
        BERTH_ROWS,
        [(1, 0, 3, 0), (0, 0, 4, 0)],
        "row 2 (episode 0, step 0): stands behind a later decision",
    ),
    "steps-backwards": (
        [(0, 0, 2, 0), (0, 3, 1, 0), (0, 2, 1, 0), (1, 0, 3, 0)],
        BLEND_ROWS,
        "row 3 (episode 0, step 2): stands behind a later decision",
    ),
    "twice": (BERTH_ROWS, [(0, 0, 4, 0), (0, 0, 4, 0), (1, 0, 3, 0)], "or one of the same step; sort rows"),
    "missing-episode": (BERTH_ROWS, [(0, 0, 4, 0)], "has no decision in episode 1"),
    "beyond": (BERTH_ROWS, [(0, 0, 5, 0), (0, 5, 0, NOTHING), (1, 0, 3, 0)], "lies outside its episode"),
    "third-episode": (BERTH_ROWS, [*BLEND_ROWS, (2, 0, 1, 0)], "there are 2 episodes; count them from 0"),
    "no-choice": (BERTH_ROWS, [(0, 0, 4, NOTHING), *BLEND_ROWS[1:]], "has no macro-action before"),
    "choice-behind-the-end": ([*BERTH_ROWS[:2], (0, 4, 0, 1), BERTH_ROWS[3]], BLEND_ROWS, "or one behind its last"),
    "no-decision-at-all": (
        BERTH_ROWS,
        [(0, 4, 0, NOTHING), (1, 3, 0, NOTHING)],
        "agent 'blending': role 'blending' has not a single decision",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(BAD))
def test_what_cannot_have_been_is_refused_with_its_row(name):
    berth, blend, line = BAD[name]
    with pytest.raises(UserError) as refused:
        records(berth=berth, blend=blend)
    assert line in str(refused.value)
    assert str(refused.value).startswith("team records: agent '")
    assert "\n" not in str(refused.value)


def test_a_choice_outside_the_mask_is_refused_by_its_name():
    found = decisions(BLEND_ROWS, BLEND)
    found.mask[1, 1] = False
    line = r"row 2 \(episode 1, step 0\): chose 'heavy', which its mask does not allow; correct the mask"
    with pytest.raises(UserError, match=line):
        check_decisions(found, BLEND, np.array([4, 3]), "here")


def test_what_is_no_number_is_refused_by_its_name():
    found = decisions(BERTH_ROWS, PLACE.tasks[0])
    found.observation[2, 1] = np.nan
    with pytest.raises(UserError, match=r"row 3 \(episode 0, step 4\): 'stock' is not a number"):
        check_decisions(found, PLACE.tasks[0], np.array([4, 3]), "here")


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"reward": np.zeros(6, np.float32)}, "6 rewards do not make up"),
        ({"length": np.array([7, 0])}, "each episode needs at least one step"),
        ({"reward": np.array([0, 1, np.inf, 3, 4, 5, 6], np.float32)}, "reward of row 3 is not a number"),
        ({"terminal": np.array([True])}, "'terminal' needs one value for each of the 2"),
    ],
    ids=["rewards", "lengths", "infinite", "terminal"],
)  # fmt: skip
def test_episodes_that_do_not_fit_are_refused(unhooked, changes, line):
    with pytest.raises(UserError, match=line):
        dataclasses.replace(records(), **changes)


@pytest.mark.parametrize("field", ["mask", "observation", "macro_action"])
def test_arrays_of_another_kind_are_refused(unhooked, field):
    found = decisions(BLEND_ROWS, BLEND)
    other = dataclasses.replace(found, **{field: getattr(found, field).astype(np.float64)})
    with pytest.raises(UserError, match=f"'{field}' is float64"):
        check_decisions(other, BLEND, np.array([4, 3]), "here")


def test_names_that_stand_twice_are_refused():
    with pytest.raises(UserError, match="agent 'crane', macro-actions: 'lift' stands twice"):
        TeamPlace("quay", "", (Task("crane", "crane", ("load",), ("lift", "lift")),), 4)


@pytest.mark.parametrize(
    ("began", "line"),
    [
        ([0, 2], "episode 1 has 3 steps from step 2 on, beyond the horizon of 4; cut it there"),
        ([0], "'began' needs a count of steps, 0 or more, for each of the 2 episodes"),
        ([0, -1], "'began' needs a count of steps, 0 or more"),
    ],
)
def test_where_episodes_begin_in_a_campaign_is_checked(began, line):
    with pytest.raises(UserError) as refused:
        dataclasses.replace(records(), began=np.array(began))
    assert line in str(refused.value)
