import numpy as np
import pytest

from shiftwork.operation.audit import verify
from shiftwork.operation.modes import ActionState, Run, switch
from support.memory_plant import KIM, bench, closed


@pytest.fixture
def at(tmp_path):
    with bench(tmp_path) as made:
        yield made


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
