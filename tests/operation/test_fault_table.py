"""Rows of the fault table that need more than one thing to go wrong, or time between cycles."""

import asyncio
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from shiftwork.errors import UserError
from shiftwork.operation.desk import Caller, Desk
from shiftwork.operation.modes import ActionState, Mode, Run, request_mode, switch
from shiftwork.operation.run import run
from support.memory_plant import KIM, bench


@pytest.fixture
def at(tmp_path):
    with bench(tmp_path) as made:
        made.close_loop()
        assert made.run().result == "taken"
        yield made


def full(*_):
    raise sqlite3.OperationalError("database or disk is full")


def test_a_lost_link_and_a_broken_audit_together_still_stop_the_agent(at, monkeypatch):
    at.plant.lost.add("read")
    monkeypatch.setattr(at.cycle.audit, "_insert", full)
    shown = at.run()
    assert (at.cycle.state.mode, at.cycle.state.run) == (Mode.SHADOW, Run.SHED)
    assert any("audit" in fault for fault in shown.faults)


def test_a_history_that_cannot_be_written_holds_and_the_process_lives(at):
    at.cycle.history._store._base.execute("PRAGMA query_only = ON")
    writes = len(at.plant.writes)
    assert "history: attempt to write a readonly database" in at.run().faults
    assert at.cycle.state.run == Run.HOLD
    assert len(at.plant.writes) == writes


def test_a_defect_of_ours_gives_the_loops_back_before_the_process_ends(at, monkeypatch):
    monkeypatch.setattr(at.cycle._checks, "tick", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        at.run()
    assert at.plant.side.shed


def test_a_tick_that_stands_still_after_the_commit_ends_the_wait(at):
    at.cycle.deciding.decide = lambda _: np.array([6.5, 4.0])

    async def commit(tick, crc):
        at.plant.side.advance = lambda _: None  # and what was committed is never looked at
        return ""

    at.plant.commit = commit
    assert at.run().result == "unknown"
    assert at.cycle.state.run == Run.HOLD


def test_writes_that_are_not_taken_hold_and_the_third_sheds(at):
    at.cycle.deciding.decide = lambda _: np.array([6.5, 4.0])
    at.plant.side.commit = lambda *_: False
    assert at.run().result == "not taken"
    assert at.cycle.state.run == Run.HOLD
    for _ in range(2):
        while at.run().result != "not taken":
            pass
    assert at.cycle.state.run == Run.SHED
    assert at.plant.side.shed


@pytest.mark.parametrize("takes", [False, True])
def test_a_refused_commit_counts_by_what_the_plant_did(at, takes):
    at.cycle.deciding.decide = lambda _: np.array([6.5, 4.0])

    async def commit(tick, crc):
        if takes:
            at.plant.side.commit(tick, crc)
        return "BadTimeout"

    at.plant.commit = commit
    assert at.run().result == ("taken" if takes else "rejected")
    assert at.cycle.state.actions["power"] == (ActionState.ON if takes else ActionState.OFF)


def test_a_person_who_says_off_while_a_value_is_staged_stops_the_commit(at):
    at.cycle.deciding.decide = lambda _: np.array([6.5, 4.0])
    real = at.plant.stage

    async def stage(values):
        refused = await real(values)
        at.cycle.ask(switch, "power", False, person=KIM)
        return refused

    at.plant.stage = stage
    assert at.run().result == "not sent"
    assert at.plant.side.in_force["power"] == 6.0


def test_a_link_that_breaks_before_the_write_leaves_an_intent_with_its_outcome(at):
    reads = []

    def on_read(plant):
        reads.append(1)
        if len(reads) == 2:
            plant.lost.add("read")

    at.cycle.deciding.decide = lambda _: np.array([6.5, 4.0])
    at.plant.on_read = on_read
    assert at.run().result == "not sent"
    assert at.cycle.state.run == Run.HOLD
    assert at.entries("outcome")[-1]["reasons"] == {"": "link: read: time-out"}


def test_an_unknown_set_point_in_force_holds_and_is_no_move_by_somebody_else(at):
    at.plant.side.in_force["flow"] = np.nan
    assert at.run().faults == ("flow: the set-point in force is unknown",)
    assert at.cycle.state.run == Run.HOLD
    assert at.cycle.state.actions["flow"] == ActionState.ON


def test_a_value_that_moves_too_fast_is_bad_until_the_time_for_the_way_is_over(at):
    at.plant.heat += 25.0  # at most 10 a period
    assert any("which is too fast" in fault for fault in at.run().faults)
    at.run()
    assert at.cycle.state.run == Run.HOLD
    at.run(2)
    assert at.cycle.state.run == Run.RUN


def test_between_cycles_the_plant_sees_life_and_a_long_hold_sheds(at):
    at.time.s += 25
    asyncio.run(at.cycle.between())
    at.plant.side.advance(at.time.s + 29)  # its timer is 30 s
    assert not at.plant.side.shed
    at.plant.status = 2
    at.run()
    at.time.s += 61
    asyncio.run(at.cycle.between())
    assert at.cycle.state.run == Run.SHED
    assert at.plant.side.shed


def test_a_shed_is_asked_for_once_and_then_the_panel_decides(at):
    at.plant.status = 2
    at.run(9)
    assert at.plant.side.shed
    at.plant.side.hand_over()
    at.run(2)
    asyncio.run(at.cycle.between())
    assert not at.plant.side.shed
    assert at.cycle.state.run == Run.SHED


def test_who_ends_in_order_gives_the_loops_back_at_once(at):
    asyncio.run(at.cycle.end())
    assert at.plant.side.shed
    assert at.kinds()[-1] == "stop"


def test_the_start_names_the_agents_weights(at):
    assert at.entries("start")[0]["agent"] == "0" * 64


@pytest.mark.parametrize(
    ("change", "given", "role"),
    [
        ("mode", "[]", "operator"),
        ("mode", "not JSON", "operator"),
        ("limits", '["power", "low", "high"]', "operator"),
        ("limits", '["power", "1"]', "operator"),
        ("off", '["power"]', "king"),
        ("mode", "[{}]", "operator"),
    ],
)
def test_a_request_that_makes_no_sense_is_answered_and_the_next_one_is_heard(
    at, tmp_path, change, given, role
):
    with closing(Desk(tmp_path / "desk.sqlite")) as desk:
        desk._base.execute(
            "INSERT INTO requests (at_s, person, role, change, given) "
            "VALUES (unixepoch(), 'Eve', ?, ?, ?)",
            (role, change, given),
        )
        desk.serve(at.cycle)
        [answer] = desk._base.execute("SELECT answer FROM requests").fetchone()
        assert answer != "done"
        assert answer
        assert at.cycle.state.actions["power"] == ActionState.ON


def test_the_run_survives_a_desk_that_cannot_be_written_and_ends_by_giving_back(
    at, tmp_path, monkeypatch
):
    stop = asyncio.Event()
    with closing(Desk(tmp_path / "desk.sqlite")) as desk:
        monkeypatch.setattr(desk, "show", full)
        at.time.s = np.ceil(at.time.s / 10) * 10
        asyncio.run(run(at.cycle, desk, stop, stop.set))
    assert at.kinds()[-1] == "stop"
    assert at.plant.side.shed


def test_a_desk_that_serves_answers_its_callers(at, tmp_path):
    async def test():
        with closing(Desk(tmp_path / "desk.sqlite")) as desk, closing(Caller(desk.path)) as caller:
            asking = asyncio.create_task(asyncio.to_thread(caller.ask, "mode", ["off"], KIM))
            while not asking.done():
                desk.serve(at.cycle)
                await asyncio.sleep(0.01)
            await asking

    asyncio.run(test())
    assert at.cycle.state.mode == Mode.OFF
    with pytest.raises(UserError, match="more than one step"):
        at.cycle.ask(request_mode, Mode.CLOSED, person=KIM)
