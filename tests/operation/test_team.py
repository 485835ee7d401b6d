"""A team at the plant: each agent on its own clock, one memory that survives a restart."""

import numpy as np
import pytest

from shiftwork.agents.team_memory import TeamMemory
from shiftwork.errors import UserError
from shiftwork.operation.envelope import ActionLimits, LimitEnvelope
from shiftwork.operation.modes import Mode, Run
from shiftwork.operation.permitted import ELSEWHERE, FORBIDDEN, Permitted
from shiftwork.operation.settings import TeamAgentRules, operation_rules
from shiftwork.operation.team_input import TeamInput
from support.memory_team import OVEN, PUMP, plant_file, team, team_bench

MAY = {f"may_{macro}": 1 for macro in (*PUMP, *OVEN)}
CLOCKS = [{"pump_decides": (n % 2) * 1, "oven_decides": (n % 3 == 0) * 1} for n in range(12)]


@pytest.fixture
def at(tmp_path):
    with team_bench(tmp_path) as made:
        yield made


def test_in_shadow_all_decide_at_first_and_nothing_is_written(at):
    shown = at.step()
    assert set(shown.proposed) == {"pump", "oven"}
    assert shown.proposed["pump"] in (0, 1)
    assert shown.proposed["oven"] in (0, 1, 2)
    assert shown.faults == ()
    assert at.plant.writes == []


def test_closed_writes_only_the_macro_actions_of_those_who_decide(at):
    at.step()
    at.close_loop(("pump", "oven"))
    # Only one of them is left to choose something else than what is in force.
    shown = at.step(oven_decides=0, may_slow=0)
    assert shown.result == "taken"
    assert at.plant.side.in_force == {"pump": 1.0, "oven": 1.0}
    assert at.plant.writes[-1] == {"pump": 1.0}
    assert np.isnan(shown.proposed["oven"])
    at.plant.writes.clear()
    shown = at.step(oven_decides=0, pump_decides=0)
    assert (shown.result, shown.faults) == ("", ())
    assert at.plant.writes == []


def test_what_the_plant_does_not_permit_is_not_written_whoever_wants_it(at):
    at.step()
    at.close_loop(("pump", "oven"))
    at.cycle.deciding.decide = lambda _: np.array([1.0, 2.0])
    shown = at.step(may_hot=0)
    assert shown.reasons == {"oven": FORBIDDEN}
    assert at.plant.side.in_force == {"pump": 1.0, "oven": 1.0}


@pytest.mark.parametrize("change", [{"oven_decides": 0}, {"may_hot": 0}])
def test_a_permission_that_ends_between_decision_and_commit_stops_the_write(at, change):
    at.step()
    at.close_loop(("pump", "oven"))
    at.cycle.deciding.decide = lambda _: np.array([1.0, 2.0])
    kinds = at.kinds

    def after_the_intent(plant):
        if kinds()[-1] == "intent":
            plant.tags |= change

    at.plant.on_read = after_the_intent
    assert at.step().result == "not sent"
    assert at.entries("outcome")[-1]["reasons"] == {"": "the limits moved"}
    assert at.plant.side.in_force == {"pump": 0.0, "oven": 1.0}


def test_asked_twice_in_one_step_the_team_decides_once(at):
    at.step()
    before = at.cycle.deciding.memory()
    first = at.step()
    at.plant.tags["step"] -= 1
    again = at.step()
    assert first.proposed == again.proposed
    assert before != at.cycle.deciding.memory()
    at.plant.tags["step"] -= 1
    after = at.cycle.deciding.memory()
    at.step()
    assert after == at.cycle.deciding.memory()


def test_a_missed_step_is_left_out_and_the_clock_of_the_plant_goes_on(at):
    at.step()
    at.plant.tags["step"] = 17
    at.step()
    assert at.cycle.deciding.memory()["team"]["step"] == 18


def test_a_new_campaign_begins_without_memory(at):
    for clock in CLOCKS:
        at.step(**clock | {"pump_decides": 1, "oven_decides": 1})
    held = at.cycle.deciding.memory()["team"]
    at.plant.tags["step"] = 0
    at.step(oven_decides=0)
    fresh = at.cycle.deciding.memory()["team"]
    assert held["step"] == 12
    assert fresh["step"] == 1
    # Row 0 is the oven's, which has not decided in this campaign.
    oven, pump = TeamMemory.read(fresh).recurrent
    assert not oven.any()
    assert pump.any()


def wishes(bench, clocks):
    return [bench.step(**clock).proposed for clock in clocks]


def test_a_restart_goes_on_with_the_same_decisions(tmp_path):
    first = {"pump_decides": 1, "oven_decides": 1}
    with team_bench(tmp_path / "whole") as at:
        whole = wishes(at, [first, *CLOCKS])
    with team_bench(tmp_path / "cut") as at:
        cut = wishes(at, [first, *CLOCKS[:5]])
        plant, time = at.plant, at.time
    with team_bench(tmp_path / "cut", plant, time) as at:
        cut += wishes(at, CLOCKS[5:])
    for a, b in zip(whole, cut, strict=True):
        np.testing.assert_equal(a, b)
    # Without its memory it would decide otherwise.
    with team_bench(tmp_path / "none", plant, time) as at:
        plant.tags["step"] = 6
        none = wishes(at, CLOCKS[5:])
    assert any(a != b for a, b in zip(str(whole[6:]), str(none), strict=False))


def test_killed_after_the_intent_it_does_not_decide_again_in_the_same_step(tmp_path):
    class Killed(BaseException):
        pass

    def die(_):
        raise Killed

    with team_bench(tmp_path) as at:
        at.step()
        at.close_loop(("pump", "oven"))
        at.plant.stage = die
        with pytest.raises(Killed):
            at.step()
        [intent] = at.entries("intent")
        plant, time = at.plant, at.time
    del plant.stage
    plant.side.tick += 9
    with team_bench(tmp_path, plant, time) as at:
        shown = at.step()
        assert at.cycle.state.mode == Mode.SHADOW
        assert at.entries("outcome")[-1]["recovered"]
        assert shown.proposed == intent["proposed"]
        assert at.cycle.deciding.memory()["team"] == intent["team"]


def test_an_unknown_value_of_one_holds_all(at):
    at.step()
    at.close_loop(("pump", "oven"))
    at.step(glow=float("nan"))
    assert at.cycle.state.run == Run.HOLD
    assert "glow" in at.cycle.state.reason


def test_another_teams_audit_is_refused_in_one_line(tmp_path):
    with team_bench(tmp_path) as at:
        at.step()
    other = team()
    other._memory = np.zeros((2, 9), np.float32)
    with pytest.raises(UserError, match=r"audit.sqlite: record 2: the memory is another team's"), \
            team_bench(tmp_path, given=other):  # fmt: skip
        pass


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('step = "step"', 'step = "stop"', "operation.team.step: unknown tag 'stop'"),
        ('action = "pump"', 'action = "oven"', "give each action one agent"),
        ('action = "pump"', 'action = "level"', "unknown action 'level'"),
        ('"may_fast"]', '"may_fats"]', "operation.team.agents.pump: unknown tag 'may_fats'"),
        ("[operation.team.agents.pump]", "[operation.team.agents.pomp]", "the team's are oven, pump"),
        ('["level", "glow"]', '["level"]', "oven.sees: has 1 tags, but the team needs 2"),
        (', "may_hot"]', "]", "oven.may: has 2 tags, but the team needs 3"),
    ],
)  # fmt: skip
def test_a_table_that_does_not_fit_is_one_line(old, new, line):
    def read():
        file = plant_file(old, new)
        TeamInput(team(), file, operation_rules(file).team)

    with pytest.raises(UserError) as error:
        read()
    assert line in str(error.value)
    assert "\n" not in str(error.value)


def test_a_choice_outside_its_limits_is_not_moved_to_another_choice():
    limits = LimitEnvelope((ActionLimits("k", (0.0, 4.0), operator=(0.0, 2.0), choice=True),), 1.0)
    held = limits.hold({"k": 1.0}, np.array([3.0]))
    assert np.isnan(held.action[0])
    assert held.reason[0] == "the operator's high limit"
    assert limits.hold({"k": 1.0}, np.array([2.0])).action[0] == 2.0


def test_ten_thousand_fuzzed_choices_write_nothing_that_is_not_permitted():
    rng, n = np.random.default_rng(0), 10_000
    strange = [np.nan, np.inf, -np.inf, -1.0, 0.5, 7.0, 1e300]
    agents = tuple(
        TeamAgentRules(action=a, decides=f"{a}_d", sees=["x"], may=[f"{a}{i}" for i in range(3)])
        for a in "pq"
    )
    tags = [f"{a}{i}" for a in "pq" for i in ("_d", 0, 1, 2)]
    seen = {key: rng.choice([0.0, 1.0, 1.0, np.nan, 0.5], n) for key in tags}
    seen |= {a: rng.choice([0.0, 1.0, 2.0, np.nan], n) for a in "pq"}
    wanted = rng.choice([0.0, 1.0, 2.0, 0.0, 1.0, 2.0, *strange], (n, 2))
    held = Permitted(agents).hold(seen, wanted)
    written = 0
    for row in range(n):
        for column, a in enumerate("pq"):
            value = held.action[row, column]
            if np.isnan(value) or value == seen[a][row]:
                continue
            assert value == wanted[row, column]
            assert seen[f"{a}_d"][row] == 1
            assert seen[f"{a}{int(value)}"][row] == 1
            written += 1
    assert written > 1000
    assert (held.reason[(seen["p_d"] != 1) & (wanted[:, 0] != seen["p"]), 0] == ELSEWHERE).all()


SHOWN = [
    {"agent": "oven", "columns": ["level", "glow"], "middle": [0.2, 0.1], "half": [2.0, 3.0]},
    {"agent": "pump", "columns": ["level"], "middle": [0.1], "half": [0.5]},
]


def told(shown, level, glow):
    """Probabilities of a team that is shown tags like this."""
    given = team()
    given.about["shown"] = shown
    file = plant_file()
    rules = operation_rules(file).team
    assert rules is not None
    inputs = TeamInput(given, file, rules)
    given.begin(0)
    tags = MAY | {"step": 0, "pump": 0.0, "oven": 1.0, "pump_decides": 1, "oven_decides": 1}
    inputs.decide({key: float(v) for key, v in (tags | {"level": level, "glow": glow}).items()})
    return given.probabilities


def test_a_team_that_learned_from_an_export_is_shown_tags_as_there():
    scaled = told(SHOWN, 0.5, -0.5)
    # Row 0 is the oven's: what it saw while learning is the tag less the middle, in half spans.
    assert scaled[0] == pytest.approx(told([], (0.5 - 0.2) / 2, (-0.5 - 0.1) / 3)[0], abs=1e-6)
    assert scaled[1] == pytest.approx(told([], (0.5 - 0.1) / 0.5, 0.0)[1], abs=1e-6)
    assert abs(scaled - told([], 0.5, -0.5)).max() > 1e-3


def test_tags_in_another_order_than_learned_are_refused():
    with pytest.raises(
        UserError, match="sees: is level, glow, but the team learned with glow, level"
    ):
        told([SHOWN[0] | {"columns": ["glow", "level"]}, SHOWN[1]], 0.5, -0.5)
