"""The daily page of shadow and advisory: from cycles to audit and history, and from these to figures."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from shiftwork.agents.agent import Agent
from shiftwork.cli.main import main
from shiftwork.errors import UserError
from shiftwork.evaluation.gate import estimate as estimates
from shiftwork.evaluation.gate import judge as gate
from shiftwork.evaluation.gate.support import Support
from shiftwork.evaluation.statistics import Interval
from shiftwork.operation.history import day_name
from shiftwork.operation.history_rows import DAY_US
from shiftwork.operation.modes import Mode, request_mode
from shiftwork.operation.shadow.day import read_day
from shiftwork.operation.shadow.rows import live_rows
from shiftwork.operation.shadow.words import TEXT
from shiftwork.operation.verdict import Judged, judged
from shiftwork.records.held_out import remember
from shiftwork.records.historian.plant_file.load import load_plant_file
from shiftwork.records.tags import Tag
from support import memory_plant
from support.memory_plant import KIM, PLANT, FakeTime, bench
from support.page_reader import read_page

DAY = 20_000
PERIOD_US = 10_000_000


def write_agent(folder):
    """An agent that wants power 6 and flow 5, whatever it sees."""
    low, high = np.array([0.0, 0.0], np.float32), np.array([12.0, 10.0], np.float32)
    Agent(
        (np.zeros((1, 2), np.float32),),
        (np.zeros(2, np.float32),),
        np.full(1, 50.0, np.float32),
        np.full(1, 5.0, np.float32),
        low,
        high,
        (Tag("heat"),),
        (Tag("power", "", 0.0, 12.0), Tag("flow", "", 0.0, 10.0)),
        {"config": {"discount": 0.9}},
    ).save(folder, card="")
    np.savez(folder / "taught.npz", fingerprint=np.zeros(0, np.uint64))


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with an agent and a plant file, and room for what operate writes."""
    write_agent(tmp_path / "agent")
    text = PLANT.replace('expression = "heat"', 'expression = "heat"\nunit = "$/h"')
    (tmp_path / "plant.toml").write_text(text)
    weights = judged(tmp_path / "agent").weights
    monkeypatch.setattr(memory_plant, "PASSED", Judged(Mode.CLOSED, "passed", weights))
    return tmp_path


def at(day):
    """Clocks at the begin of a day."""
    return FakeTime(1000.0, day * DAY_US / 1e6 - 1000.0)


def operate(place, cycles, day=DAY, mode=Mode.SHADOW, seed=0):
    """Run cycles while people move the power as they like; return the bench, closed."""
    rng = np.random.default_rng(seed)
    with bench(place / "out", time=at(day)) as made:
        if mode == Mode.CLOSED:
            made.close_loop()
        elif mode == Mode.ADVISORY:
            made.cycle.ask(request_mode, Mode.ADVISORY, person=KIM)
        for _ in range(cycles):
            made.plant.heat = float(rng.normal(50, 1))
            if mode != Mode.CLOSED:
                made.plant.side.in_force["power"] = float(rng.uniform(3, 7))
            made.run()
        if mode == Mode.ADVISORY:
            for key, accepted, reason in (("power", True, "fine"), ("flow", False, "<b>pump</b>")):
                number = made.cycle.proposals.number
                made.cycle.proposals.answer(key, number, accepted, reason, KIM, made.cycle.audit)
    return made


def arguments(place, *more):
    return ["shadow", f"{place / 'out'}", "--agent", f"{place / 'agent'}", "--plant-file",
            f"{place / 'plant.toml'}", "--out", f"{place / 'page.html'}", *more]  # fmt: skip


def test_a_day_compares_each_decision_with_the_set_point_before_the_next_one(place):
    operate(place, 20, mode=Mode.ADVISORY)
    plant = load_plant_file(place / "plant.toml")
    weights = judged(place / "agent").weights
    day = read_day(place / "out" / "audit.sqlite", plant, weights, None)
    assert day.name == day_name(DAY) == "2024-10-04"
    power, flow = day.actions
    rng = np.random.default_rng(0)
    moved = [(rng.normal(50, 1), rng.uniform(3, 7))[1] for _ in range(20)]
    np.testing.assert_allclose(power.did[:-1], moved[1:])
    assert np.isnan(power.did[-1])
    # At most 2 in 10 s from the set-point in force, as the plant file's rate says.
    np.testing.assert_allclose(power.would, [min(6.0, value + 2.0) for value in moved])
    assert power.held == sum(value < 4.0 for value in moved) > 0
    np.testing.assert_allclose(flow.would, 4.0)
    assert (power.accepted, power.rejected, flow.accepted, flow.rejected) == (1, 0, 0, 1)
    assert day.modes == {"advisory": 20}
    assert [answer.reason for answer in day.answers] == ["fine", "<b>pump</b>"]


def test_decisions_of_other_weights_and_in_closed_loop_are_not_compared(place, monkeypatch):
    operate(place, 5, DAY)
    monkeypatch.setattr(memory_plant, "PASSED", Judged(Mode.CLOSED, "passed", "1" * 64))
    operate(place, 4, DAY + 1)
    operate(place, 3, DAY + 2, Mode.CLOSED)
    plant = load_plant_file(place / "plant.toml")
    audit, weights = place / "out" / "audit.sqlite", judged(place / "agent").weights
    assert read_day(audit, plant, weights, None).name == day_name(DAY)
    later = read_day(audit, plant, "1" * 64, DAY + 1)
    assert len(later.stamp_us) == 4
    begin = (DAY + 2) * DAY_US
    assert later.closed_us == {begin + n * PERIOD_US for n in (1, 2, 3)}
    with pytest.raises(UserError, match="on 2024-10-06; days with them: 1, from 2024-10-04"):
        read_day(audit, plant, weights, DAY + 2)
    with pytest.raises(UserError, match="no decision of this agent"):
        read_day(audit, plant, "2" * 64, None)


def test_live_rows_leave_out_closed_loop_and_days_that_taught(place):
    operate(place, 30, DAY)
    operate(place, 30, DAY + 1, Mode.CLOSED)
    made = operate(place, 30, DAY + 2, seed=1)
    plant, agent = load_plant_file(place / "plant.toml"), Agent.load(place / "agent")
    closed = read_day(
        place / "out" / "audit.sqlite", plant, judged(place / "agent").weights, DAY + 2
    ).closed_us
    rows = live_rows(place / "out", plant, agent, DAY + 2, closed)
    judging, left_out = rows.judging(place / "agent")
    assert left_out == ()
    assert rows.closed.sum() == 29
    assert (len(judging.reward), len(rows.steps.reward)) == (58, 87)
    assert judging.length.tolist() == [29, 29]
    assert not judging.terminal.any()
    # A closed day is read from its own file as it was from the open one.
    with bench(place / "out", time=at(DAY + 3)) as later:
        later.cycle.history.close_days((DAY + 3) * DAY_US)
    again = live_rows(place / "out", plant, agent, DAY + 2, closed)
    assert again.steps.hash == rows.steps.hash
    assert [name for name, _ in again.files] == [f"{day_name(DAY + n)}.parquet" for n in range(3)]
    assert made.cycle.plant.period_s * 1e6 == PERIOD_US
    first = live_rows(place / "out", plant, agent, DAY, closed)
    remember(first.steps, place / "agent")
    judging, left_out = rows.judging(place / "agent")
    assert left_out == (day_name(DAY),)
    assert len(judging.reward) == 29


def test_too_few_rows_are_said_in_one_clear_sentence_in_both_languages(place, capsys):
    operate(place, 40, mode=Mode.ADVISORY)
    clear = {
        "en": "39 of the 800 that are needed, blocks of time 1 of 8",
        "ko": "필요한 800개 중 39개, 시간 구역 8개 중 1개",
    }
    for language, sentence in clear.items():
        main(arguments(place, "--language", language))
        said = " ".join(capsys.readouterr().err.split())
        text, reader = read_page((place / "page.html").read_text(encoding="utf-8"))
        assert reader.tags.count("svg") == 2
        for words in ("800", "“<b>pump</b>” – Kim", judged(place / "agent").weights):
            assert words in text
        assert sentence in said
        assert sentence in " ".join(text.split())
        cited = {link for link in reader.links if link.startswith("#s")}
        assert cited == {"#s1", "#s2", "#s3"}


def made_up(decision, low, high):
    """A judgement without its work."""
    found = estimates.Estimate(
        gain=3.6, members=np.zeros(2), block_error=0.1, beginnings=np.nan, undiscounted=3.0,
        fitted=2.0, fitted_error=0.1, replay=-0.2, replay_error=0.1, people=50.0,
        support=Support(0.75, 0.9, ()), events=(), steps=10, discount=0.9,
    )  # fmt: skip
    settle = ("more steps",) if decision == "not proven" else ()
    return gate.Judgement(decision, Interval(3.6, low, high), found, Interval(-3.0, -4.0, -2.0),
                          Interval(0.0, -0.1, 0.1), ("because so",), settle, 900, 9)  # fmt: skip


def test_a_judged_day_says_what_it_would_have_earned_and_how_sure(place, monkeypatch, capsys):
    operate(place, 101)
    monkeypatch.setattr(gate, "FEWEST_ROWS", 10)
    monkeypatch.setattr(gate, "FEWEST_BLOCKS", 1)
    # 100 steps of 10 s at 3.6 $/h are 1 $.
    for decision, bounds, said in (
        ("pass", (1.8, 5.4), "+0.50 to +1.50"),
        ("not proven", (-1.8, 9.0), "−0.50 to +2.50"),
        ("worse", (-9.0, -1.8), "−2.50 to −0.50"),
    ):

        def judge(agent, records, decision=decision, bounds=bounds, **_):
            gate.refuse_other_plants(agent, records)
            return made_up(decision, *bounds)

        monkeypatch.setattr(gate, "judge", judge)
        main(arguments(place, "--day", "2024-10-04"))
        gain = f"On this day +1.00 $ (90 % interval {said})."
        assert gain in " ".join(capsys.readouterr().err.split())
        text = " ".join(read_page((place / "page.html").read_text(encoding="utf-8"))[0].split())
        assert TEXT[f"lead_{decision}"][0].format(gain=gain) in text
        assert "because so" in text
        assert ("more steps" in text) == (decision == "not proven")


def test_an_objective_that_never_changes_and_an_agent_without_a_memory_are_said(place, capsys):
    operate(place, 30)
    plant = place / "plant.toml"
    plant.write_text(plant.read_text().replace('expression = "heat"', 'expression = "0"'))
    main(arguments(place))
    assert "objective is the same in every step" in " ".join(capsys.readouterr().err.split())
    text, _ = read_page((place / "page.html").read_text(encoding="utf-8"))
    assert "People earned" not in text  # nothing says what they earned
    plant.write_text(plant.read_text().replace('expression = "0"', 'expression = "heat"'))
    (place / "agent" / "taught.npz").unlink()
    main(arguments(place))
    assert "nothing says which rows taught the agent" in " ".join(capsys.readouterr().err.split())


def test_mistakes_are_one_line_each(place, capsys):
    operate(place, 3)
    for more, words in (
        (("--day", "yesterday"), "'yesterday' is no date"),
        (("--day", "2024-10-05"), "on 2024-10-05; days with them: 1"),
        (("--out", "page.pdf"), "give a name that ends in .html"),
        (("--agent", f"{place / 'no'}"), "no"),
    ):
        with pytest.raises(SystemExit) as stop:
            main(arguments(place, *more))
        assert stop.value.code == 2
        said = capsys.readouterr().err
        assert words in said
        assert said.count("\n") == 1
    assert not Path("page.pdf").exists()
    with closing(sqlite3.connect(place / "out" / "audit.sqlite")) as base:
        base.execute("UPDATE audit SET body = replace(body, '6.0', '7.0') WHERE number = 2")
        base.commit()
    with pytest.raises(SystemExit):
        main(arguments(place))
    assert "record 2 (decision) or the one before it was changed" in capsys.readouterr().err
