"""Support and drift of a team: choices that nobody made like that, and looks that drift from the records."""

import dataclasses

import numpy as np
import pytest

from shiftwork import Team
from shiftwork.cli.team_record_verbs import learn_from_team_records
from shiftwork.errors import UserError
from shiftwork.learning.team.from_records_settings import Config
from shiftwork.operation.modes import Mode
from shiftwork.operation.records_seen import LEAST_BLOCKS
from shiftwork.operation.settings import operation_rules
from shiftwork.operation.support import OUTSIDE
from shiftwork.operation.team_input import TeamInput
from shiftwork.operation.team_records_seen import (
    BLOCK,
    RoleSeen,
    TeamDrift,
    TeamRecordsSeen,
    TeamSupport,
    held_to_records,
)
from shiftwork.people.centre.people import People
from shiftwork.plants.catalogue import make_team_plant
from shiftwork.plants.record_team import place_of, record_team
from shiftwork.records.formats.team_folder import save_team_records
from shiftwork.records.team_episodes import Decisions, Task, TeamEpisodes, TeamPlace
from support.memory_team import OVEN, PUMP, plant_file, team, team_bench

OVEN_TASK = Task("oven", "heat", ("level", "glow"), OVEN)
PUMP_TASK = Task("pump", "flow", ("level",), PUMP)


def decided(task, episodes, rng):
    """10 decisions an episode, of one step each: low macro-actions where the level is low, never the last."""
    many = 10 * episodes
    seen = rng.normal(size=(many, len(task.observations)))
    chosen = (seen[:, 0] > 0).astype(np.int64) if task is OVEN_TASK else np.zeros(many, np.int64)
    return Decisions(
        np.repeat(np.arange(episodes), 10), np.tile(np.arange(10), episodes), seen.astype(np.float32),
        np.ones((many, len(task.macro_actions)), bool), chosen, np.ones(many, np.int64),
    )  # fmt: skip


def records(episodes=60, middle=()):
    rng = np.random.default_rng(0)
    half = (2.0,) * len(middle)
    oven = dataclasses.replace(OVEN_TASK, middle=middle, half=half)
    place = TeamPlace("pump and oven", "one", (oven, PUMP_TASK), 10)
    decisions = decided(OVEN_TASK, episodes, rng), decided(PUMP_TASK, episodes, rng)
    return TeamEpisodes(
        place, decisions, np.zeros(10 * episodes, np.float32),
        np.full(episodes, 10, np.int64), np.zeros(episodes, bool),
    )  # fmt: skip


def agents(names=("oven", "pump")):
    rules = operation_rules(plant_file()).team
    return {name: rules.agents[name] for name in names}


def seen_at(level, glow=0.0, decides=1.0, pump=1.0, oven=2.0):
    return {"level": level, "glow": glow, "oven_decides": decides, "pump_decides": decides,
            "oven": oven, "pump": pump, "step": 0.0}  # fmt: skip


def test_a_choice_is_compared_with_the_same_choice_in_the_records():
    seen = TeamRecordsSeen.learn(records())
    support, _ = seen.envelopes(agents(), "step")
    assert isinstance(support, TeamSupport)
    for level, chosen, outside in (
        (-1.0, 0.0, False),
        (1.0, 1.0, False),
        (2.5, 0.0, True),  # the oven was cold at low levels alone
        (-2.5, 1.0, True),
        (9.0, 1.0, True),  # no such level was ever seen
        (0.5, 2.0, False),  # never chosen, but in force already: it goes on
    ):
        held = support.hold(seen_at(level), np.array([chosen, 1.0]))
        assert held.held.tolist() == [outside, False]
        assert held.reason.tolist() == [OUTSIDE if outside else "", ""]
        assert np.isnan(held.action[0]) == outside
    never = support.hold(seen_at(0.5, oven=1.0), np.array([2.0, 0.0]))
    assert never.held.tolist() == [True, False]
    # Who does not decide is not judged, and what is not known is outside.
    assert not support.hold(seen_at(9.0, decides=0.0), np.array([0.0, 0.0])).held.any()
    assert support.hold(seen_at(np.nan), np.array([0.0, 0.0])).held.all()


def test_many_moments_at_once_are_judged_as_one_by_one():
    support, _ = TeamRecordsSeen.learn(records()).envelopes(agents(), "step")
    rng = np.random.default_rng(1)
    levels, glow = rng.normal(0, 2, (2, 40))
    wanted = np.stack([rng.integers(3, size=40), rng.integers(2, size=40)], -1).astype(np.float64)
    together = support.hold(seen_at(levels, glow), wanted)
    alone = [
        support.hold(seen_at(level, g), row)
        for level, g, row in zip(levels, glow, wanted, strict=True)
    ]
    assert together.held.tolist() == [one.held.tolist() for one in alone]
    assert 10 < together.held.sum() < 70


def test_tags_that_were_shown_in_half_spans_are_kept_in_their_units():
    plain = TeamRecordsSeen.learn(records()).seen["heat"]
    shown = TeamRecordsSeen.learn(records(middle=(5.0, 1.0))).seen["heat"]
    np.testing.assert_allclose(shown.rows, 2 * plain.rows + [5.0, 1.0])
    assert shown.limit == pytest.approx(plain.limit, rel=1e-6)


def test_it_is_read_as_it_was_written_and_damage_is_one_line(tmp_path):
    assert TeamRecordsSeen.load(tmp_path) is None
    seen = TeamRecordsSeen.learn(records())
    seen.save(tmp_path)
    found = TeamRecordsSeen.load(tmp_path)
    assert found.roles == {"oven": "heat", "pump": "flow"}
    for role, one in seen.seen.items():
        for name, value in vars(one).items():
            np.testing.assert_array_equal(getattr(found.seen[role], name), value)
    team_input = TeamInput(team(), plant_file(), operation_rules(plant_file()).team)
    assert len(held_to_records(team_input, tmp_path)) == 2
    dataclasses.replace(seen, roles={"oven": "heat", "pomp": "flow"}).save(tmp_path)
    with pytest.raises(UserError, match="is of another team than its folder's"):
        held_to_records(team_input, tmp_path)
    (tmp_path / "records_seen.npz").write_text("no")
    with pytest.raises(UserError, match="is not what team learn wrote"):
        TeamRecordsSeen.load(tmp_path)
    with pytest.raises(UserError, match="role 'heat': 40 decisions are too few"):
        TeamRecordsSeen.learn(records(episodes=4))


def test_a_column_that_drifts_stops_its_agent_alone_and_is_named():
    seen = TeamRecordsSeen.learn(records(episodes=LEAST_BLOCKS * BLOCK // 10))
    _, drift = seen.envelopes(agents(), "step")
    assert isinstance(drift, TeamDrift)
    wanted = np.array([0.0, 0.0])

    def look(first, count, **shown):
        for n in range(first, first + count):
            drift.observe(seen_at(0.0, **shown) | {"step": float(n)})

    look(0, BLOCK - 1, glow=5.0)
    drift.observe(seen_at(0.0, glow=5.0) | {"step": BLOCK - 2.0})  # read twice: it counts once
    assert not drift.hold(seen_at(0.0), wanted).held.any()
    look(BLOCK, 5, glow=5.0, decides=0.0)  # who does not decide does not look
    assert not drift.hold(seen_at(0.0), wanted).held.any()
    look(BLOCK + 5, 1, glow=5.0)
    held = drift.hold(seen_at(0.0), wanted)
    # The pump does not see the glow.
    assert held.held.tolist() == [True, False]
    assert held.reason[0] == f"{OUTSIDE}: glow drifts"
    assert not drift.hold(seen_at(0.0, oven=0.0), wanted).held.any()
    look(BLOCK + 6, BLOCK, glow=0.0)
    assert not drift.hold(seen_at(0.0), wanted).held.any()


def test_with_too_few_decisions_nothing_is_said_of_drift():
    few = RoleSeen.learn(
        "flow", [(np.repeat(np.arange(10), 12), np.ones((120, 1)), np.zeros(120, int))]
    )
    assert np.isinf(few.low).all()
    assert np.isinf(few.high).all()


def test_three_own_choices_in_a_row_outside_the_records_lead_to_advisory(tmp_path):
    with team_bench(tmp_path, seen=TeamRecordsSeen.learn(records())) as at:
        at.step()
        at.close_loop(("pump", "oven"))
        at.plant.side.in_force = {"pump": 0.0, "oven": 1.0}
        at.cycle.deciding.decide = lambda _: np.array([0.0, 2.0])  # nobody ever chose hot
        for step in range(5):
            assert at.cycle.state.mode == Mode.CLOSED
            # Between its decisions the pump decides, and is within the records.
            shown = at.step(level=0.3, glow=0.1, oven_decides=int(step % 2 == 0))
            assert bool(shown.faults) == (step % 2 == 0)
        assert at.cycle.state.mode == Mode.ADVISORY
        assert f"{OUTSIDE}, 3 times in a row" in at.cycle.state.reason
        assert at.plant.side.in_force["oven"] == 1.0


@pytest.mark.slow
def test_what_a_team_learned_from_goes_with_its_folder(tmp_path):
    save_team_records(records(), tmp_path / "records")
    small = Config(updates=10, rounds=1, round_updates=1, folds=2, actor_width=8, critic_width=8)
    learn_from_team_records([tmp_path / "records"], tmp_path / "team", method="clone", config=small)
    team_input = TeamInput(
        Team.load(tmp_path / "team"), plant_file(), operation_rules(plant_file()).team
    )
    support, _ = held_to_records(team_input, tmp_path / "team")
    # In the order of the plant file's actions: pump, oven.
    assert support.hold(seen_at(-2.5), np.array([1.0, 1.0])).held.tolist() == [False, True]


@pytest.mark.slow
def test_at_a_centre_people_are_seldom_outside_their_records_and_chance_is_often():
    plant = make_team_plant("centre-small")
    taught, fresh = (
        record_team(plant, People(plant), place_of(plant), episodes=n, seed=s)
        for n, s in ((128, 3), (64, 900))
    )
    seen, rng = TeamRecordsSeen.learn(taught), np.random.default_rng(0)
    for task, found in zip(taught.place.tasks, fresh.decisions, strict=True):
        role, made = seen.seen[task.role], found.made
        rows, chose = found.observation[made].astype(np.float64), found.macro_action[made]
        other = np.array([rng.choice(np.flatnonzero(may)) for may in found.mask[made]])
        moved = other != chose
        people = (role.distance(rows, chose) > role.limit).mean()
        chance = (role.distance(rows[moved], other[moved]) > role.limit).mean()
        assert people < 0.02
        assert chance > 0.1
