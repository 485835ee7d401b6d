import sqlite3

import numpy as np
import pytest

from shiftwork.operation.audit import verify
from shiftwork.operation.modes import ActionState, Mode, Person, Refused, Run, reset, switch
from shiftwork.records.historian.values.quality import BAD
from support.memory_plant import KIM, bench


@pytest.fixture
def at(tmp_path):
    with bench(tmp_path) as made:
        yield made


def closed(at):
    at.close_loop()
    assert at.run().result == "taken"
    return at


def test_shadow_decides_and_writes_nothing_not_even_a_sign_of_life(at):
    shown = at.run(3)
    assert shown.proposed == {"power": 6.0, "flow": 4.0}
    assert shown.faults == ()
    assert at.plant.writes == []
    assert at.plant.side.owner == ""
    assert at.kinds() == ["start", "decision", "decision", "decision"]


def test_closed_writes_within_the_envelope_from_intent_to_outcome(at):
    at.cycle.deciding.decide = lambda _: np.array([9.0, 9.5])
    at.close_loop()
    shown = at.run()
    assert shown.result == "taken"
    # The rate allows power 7 at most.
    assert at.plant.side.in_force == {"power": 7.0, "flow": 9.5}
    assert at.cycle.state.actions["power"] == ActionState.HIGH
    assert at.kinds()[-2:] == ["intent", "outcome"]
    assert at.entries("intent")[0]["values"] == {"power": 7.0, "flow": 9.5}
    assert verify(at.cycle.audit.path) is not None


def test_only_actions_that_are_on_are_written(at):
    closed(at)
    at.cycle.ask(switch, "flow", False, person=KIM)
    at.cycle.deciding.decide = lambda _: np.array([5.0, 9.0])
    at.run()
    assert at.plant.side.in_force == {"power": 5.0, "flow": 4.0}
    assert at.plant.writes[-1] == {"power": 5.0}


def test_an_intent_is_durable_before_the_plant_hears_of_it(at):
    seen = []
    real = at.plant.stage

    async def stage(values):
        seen.append((at.kinds()[-1], at.entries("intent")[-1]["values"]))
        return await real(values)

    at.plant.stage = stage
    closed(at)
    assert seen == [("intent", {"power": 6.0, "flow": 4.0})]


@pytest.mark.parametrize("call", ["stage", "commit"])
@pytest.mark.parametrize("acts", [False, True])
def test_a_failed_write_is_unknown_until_it_is_read_back(at, call, acts):
    at.close_loop()
    (at.plant.lost_after if acts else at.plant.lost).add(call)
    shown = at.run()
    assert shown.result == "unknown"
    assert at.cycle.state.run == Run.HOLD
    at.plant.lost.clear()
    at.plant.lost_after.clear()
    at.plant.side.tick += 9
    at.run()
    outcome = at.entries("outcome")[-1]
    took = acts and call == "commit"
    assert outcome["result"] == ("taken" if took else "not taken")
    assert outcome["recovered"]
    assert at.plant.side.in_force["power"] == (6.0 if took else 5.0)


def test_nothing_new_is_written_while_a_write_may_still_be_taken_over(at):
    at.close_loop()
    at.plant.hold_writes = True
    at.run()
    at.plant.hold_writes = False
    at.plant.side.tick -= 1  # the plant has hardly counted on
    writes = len(at.plant.writes)
    shown = at.run()
    assert "a write is still unknown" in shown.faults
    assert len(at.plant.writes) == writes


@pytest.mark.parametrize("ticks", [4, 20])
def test_a_write_that_arrives_late_is_never_taken_over(at, ticks):
    at.close_loop()
    at.plant.hold_writes = True
    at.run()
    assert len(at.plant.late) == 1
    at.plant.hold_writes = False
    at.plant.side.tick += ticks
    at.plant.deliver()
    at.run(5)
    assert at.plant.side.refused == 0  # the commit itself was never sent
    # It resumes by itself after two good cycles.
    assert at.plant.side.in_force == {"power": 6.0, "flow": 4.0}


def test_a_late_staged_value_cannot_slip_into_the_next_commit(at):
    closed(at)
    at.cycle.deciding.decide = lambda _: np.array([6.5, 4.0])
    real = at.plant.commit

    async def commit(tick, crc):
        at.plant.side.stage("flow", 9.9)  # from an old connection, in between
        return await real(tick, crc)

    at.plant.commit = commit
    shown = at.run()
    assert shown.result == "not taken"
    assert at.plant.side.in_force["flow"] == 4.0


def test_an_operator_who_moves_a_set_point_at_the_same_moment_wins(at):
    closed(at)
    real = at.plant.stage

    async def stage(values):
        refused = await real(values)
        at.plant.side.in_force["flow"] = 2.0
        return refused

    at.plant.stage = stage
    assert at.run().result == "not taken"
    at.plant.stage = real
    at.run()
    assert at.plant.side.in_force["flow"] == 2.0
    assert at.cycle.state.actions["flow"] == ActionState.TRACKING


def test_a_set_point_moved_by_somebody_else_is_tracked_until_switched_on_again(at):
    closed(at)
    at.plant.side.move("power", 3.0)
    shown = at.run()
    assert "power: somebody else moved it to 3" in shown.faults
    at.run(3)
    assert at.plant.side.in_force["power"] == 3.0
    at.cycle.ask(switch, "power", True, person=KIM)
    at.run()
    assert at.plant.side.in_force["power"] == 5.0  # from 3, by its rate


def test_an_action_switched_on_again_before_the_next_cycle_starts_from_what_is_in_force(at):
    closed(at)
    at.plant.side.move("power", 3.0)
    at.run()
    assert at.cycle.state.actions["power"] == ActionState.TRACKING
    at.cycle.ask(switch, "power", True, person=KIM)
    assert at.run().faults == ()
    assert at.plant.side.in_force["power"] == 5.0


def test_a_loop_that_is_not_remote_is_tracked(at):
    closed(at)
    at.plant.side.remote["flow"] = False
    assert "flow: its loop is not remote" in at.run().faults
    assert at.cycle.state.written == ("power",)


def test_a_rejected_write_switches_the_action_off_and_its_group_stays(at):
    at.close_loop()
    at.plant.side.rejecting = True
    assert at.run().result == "rejected"
    assert at.cycle.state.actions["power"] == ActionState.OFF
    assert at.plant.side.in_force == {"power": 5.0, "flow": 3.0}


def test_a_clamped_write_is_tracked(at):
    at.close_loop()
    at.plant.side.clamp = True
    at.plant.side.high["flow"] = 3.5
    assert at.run().result == "clamped"
    assert at.cycle.state.actions["flow"] == ActionState.TRACKING
    assert at.plant.side.in_force["flow"] == 3.5


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda plant: setattr(plant, "status", BAD), "heat is called bad by the plant"),
        (lambda plant: setattr(plant, "heat", 999.0), "heat 999 is outside its span"),
        (lambda plant: setattr(plant, "heat", np.nan), "heat is not a number"),
        (lambda plant: setattr(plant.side, "enabled", False), "does not enable writes"),
        (lambda plant: plant.lost.add("read"), "link: read: time-out"),
        (lambda plant: plant.side.high.update(power=-1.0), "limits cross"),
    ],
)
def test_each_fault_holds_in_its_own_cycle_and_the_run_returns_after_two_good_ones(
    at, spoil, words
):
    closed(at)
    heat, high = at.plant.heat, at.plant.side.high["power"]
    writes = len(at.plant.writes)
    spoil(at.plant)
    shown = at.run()
    assert any(words in fault for fault in shown.faults), shown.faults
    assert at.cycle.state.run == Run.HOLD
    assert len(at.plant.writes) == writes
    at.plant.heat, at.plant.status, at.plant.side.enabled = heat, 0, True
    at.plant.side.high["power"] = high
    at.plant.lost.clear()
    at.cycle.deciding.decide = lambda _: np.array([6.2, 4.0])
    at.run()
    assert at.cycle.state.run == Run.HOLD
    at.run(2)
    assert at.cycle.state.run == Run.RUN
    assert at.plant.side.in_force["power"] == 6.2


def test_a_frozen_sensor_is_a_bad_one(at):
    closed(at)
    for _ in range(6):
        at.plant.heat -= 1e-6
        at.run()
    assert any("heat has stood still for" in fault for fault in at.cycle.shown.faults)


def test_a_tick_that_stands_still_holds(at):
    closed(at)
    at.plant.on_read = lambda plant: setattr(plant.side, "tick", 5000)
    at.run(2)
    assert any("tick stands still" in fault for fault in at.cycle.shown.faults)


def test_a_long_hold_sheds_and_only_a_person_brings_it_back(at):
    closed(at)
    at.plant.status = BAD
    at.run(9)
    assert at.cycle.state.run == Run.SHED
    assert at.plant.side.shed
    assert at.plant.side.remote == {"power": False, "flow": False}
    at.plant.status = 0
    at.plant.side.hand_over()
    at.run(4)
    assert at.cycle.state.run == Run.SHED
    at.cycle.ask(reset, person=KIM)
    assert (at.cycle.state.mode, at.cycle.state.run) == (Mode.SHADOW, Run.RUN)


def test_a_bad_sensor_in_shadow_never_sheds(at):
    at.plant.status = BAD
    at.run(20)
    assert at.cycle.state.run == Run.HOLD
    assert not at.plant.side.shed


@pytest.mark.parametrize(
    "decide",
    [
        lambda _: 1 / 0,
        lambda _: np.array([np.nan, 1.0]),
        lambda _: np.array([1.0]),
    ],
)
def test_an_agent_that_fails_holds_and_the_third_time_sheds(at, decide):
    closed(at)
    at.cycle.deciding.decide = decide
    at.run()
    assert at.cycle.state.run == Run.HOLD
    at.run(2)
    assert at.cycle.state.run == Run.SHED


def test_a_late_cycle_writes_nothing(at):
    closed(at)
    writes = len(at.plant.writes)
    shown = at.run(late_s=1.5)
    assert any("late by 1.50 s" in fault for fault in shown.faults)
    assert len(at.plant.writes) == writes


def test_a_clock_that_jumps_holds_one_cycle_and_is_recorded(at):
    closed(at)
    at.time.wall_offset_s += 3600
    shown = at.run()
    assert any("wall clock jumped by +3600" in fault for fault in shown.faults)
    at.run(2)
    assert at.cycle.state.run == Run.RUN


def test_another_writer_switches_the_agent_off(at):
    at.close_loop()
    at.plant.side.owner = "somebody"
    at.run()
    assert at.cycle.state.mode == Mode.OFF
    assert at.plant.writes == []


def test_limits_that_move_between_intent_and_write_stop_it(at):
    at.close_loop()
    reads = []

    def on_read(plant):
        reads.append(1)
        if len(reads) == 2:
            plant.side.high["power"] = 5.5

    at.plant.on_read = on_read
    assert at.run().result == "not sent"
    assert at.entries("outcome")[-1]["reasons"] == {"": "the limits moved"}
    assert at.plant.writes == []


def test_a_person_who_lowers_the_mode_between_intent_and_write_stops_it(at):
    at.close_loop()
    reads = []

    def on_read(_):
        reads.append(1)
        if len(reads) == 2:
            at.cycle.ask(switch, "power", False, person=KIM)

    at.plant.on_read = on_read
    assert at.run().result == "not sent"
    assert at.plant.writes == []


def test_an_operators_narrower_limits_hold_at_once(at):
    closed(at)
    at.cycle.narrow("power", (0.0, 5.5), KIM)
    at.run()
    assert at.plant.side.in_force["power"] == 5.5
    with pytest.raises(Refused, match="is viewer"):
        at.cycle.narrow("power", None, Person("Eve", "viewer"))


def test_the_plant_takes_its_loops_back_when_the_agent_falls_silent(at):
    closed(at)
    at.time.s += 31
    at.plant.side.advance(at.time.s)
    assert at.plant.side.shed
    at.run()
    assert at.cycle.state.run == Run.SHED


def test_a_broken_audit_means_no_write_and_a_shed(at, monkeypatch):
    closed(at)

    class Full:
        def execute(self, *_):
            raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(at.cycle.audit, "_base", Full())
    writes = len(at.plant.writes)
    at.run(2)
    assert len(at.plant.writes) == writes
    assert at.cycle.state.run == Run.SHED
    assert at.plant.side.shed


@pytest.mark.parametrize("acts", [False, True])
def test_a_killed_process_finds_out_what_became_of_its_write(tmp_path, acts):
    async def killed(tick, crc):
        if acts:
            first.plant.side.commit(tick, crc)
        raise KeyboardInterrupt

    with bench(tmp_path) as first:
        first.close_loop()
        first.plant.commit = killed
        with pytest.raises(KeyboardInterrupt):
            first.run()
    del first.plant.commit
    first.plant.side.tick += 5
    with bench(tmp_path, plant=first.plant, time=first.time) as second:
        assert second.cycle.state.mode == Mode.SHADOW
        second.run()
        outcome = second.entries("outcome")[-1]
    assert outcome["result"] == ("taken" if acts else "not taken")
    assert outcome["recovered"]
