"""What the cycle does about faults of the plant, of the agent and of its own files."""

import sqlite3

import numpy as np
import pytest

from shiftwork.operation.modes import Mode, Person, Refused, Run, reset, switch
from shiftwork.records.historian.values.quality import BAD
from support.memory_plant import KIM, bench, closed


@pytest.fixture
def at(tmp_path):
    with bench(tmp_path) as made:
        yield made


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
