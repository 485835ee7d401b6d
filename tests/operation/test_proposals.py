from contextlib import closing

import numpy as np
import pytest

from shiftwork.errors import UserError
from shiftwork.operation.desk import Desk, _apply, shown
from shiftwork.operation.modes import Mode, Person, Refused, request_mode
from shiftwork.operation.proposals import KEPT
from support.memory_plant import KIM, bench


@pytest.fixture
def at(tmp_path):
    with bench(tmp_path) as made:
        made.cycle.ask(request_mode, Mode.ADVISORY, person=KIM)
        made.run()
        yield made


def answer(at, change, key="power", number=None, reason="as I would", person=KIM):
    number = at.cycle.proposals.number if number is None else number
    _apply(at.cycle, change, [key, str(number), reason], person)


def test_an_answer_stands_in_the_audit_with_its_value_and_reason_and_writes_nothing(at):
    answer(at, "accept")
    answer(at, "reject", "flow", reason="the pump is hot")
    kept = at.entries("answer")
    decision = at.cycle.audit.last("decision")
    assert kept[0] == {
        "proposal": decision.number, "key": "power", "value": 6.0, "accepted": True,
        "reason": "as I would", "person": "Kim", "role": "operator",
    }  # fmt: skip
    assert (kept[1]["accepted"], kept[1]["reason"]) == (False, "the pump is hot")
    assert at.plant.writes == []


def test_the_value_answered_is_the_one_proposed_then_not_a_later_one(at):
    number = at.cycle.proposals.number
    at.cycle.deciding.decide = lambda _: np.array([4.0, 4.0])
    at.run()
    answer(at, "accept", number=number)
    assert at.entries("answer")[0]["value"] == 6.0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"person": Person("Eve", "viewer")}, "only an operator"),
        ({"key": "powr"}, "unknown action 'powr'; did you mean 'power'"),
        ({"reason": "  "}, "needs a reason"),
        ({"reason": "x" * 501}, "needs a reason"),
        ({"number": 1}, "proposal 1 is answered already, too old"),
    ],
)
def test_an_answer_that_may_not_be_is_refused_in_one_line(at, given, words):
    with pytest.raises(UserError, match=words):
        answer(at, "accept", **given)
    assert at.entries("answer") == []


def test_one_answer_for_one_proposal(at):
    answer(at, "reject")
    with pytest.raises(Refused, match="answered already"):
        answer(at, "accept")


def test_a_fault_or_another_mode_withdraws_what_was_proposed(at):
    number = at.cycle.proposals.number
    at.plant.status = 2
    at.run()
    with pytest.raises(Refused, match="nothing is proposed now"):
        answer(at, "accept", number=number)
    at.plant.status = 0
    at.run(2)
    assert at.cycle.proposals.number > number
    at.cycle.ask(request_mode, Mode.SHADOW, person=KIM)
    at.run()
    assert shown(at.cycle)["proposal"] == 0


def test_old_proposals_are_forgotten(at):
    number = at.cycle.proposals.number
    at.run(KEPT)
    with pytest.raises(Refused, match="too old"):
        answer(at, "accept", number=number)


def test_the_command_line_answers_the_last_proposal(at, tmp_path, monkeypatch):
    from shiftwork.cli.desk_verbs import run
    from shiftwork.operation.desk import Caller

    with closing(Desk(tmp_path / "desk.sqlite")) as desk:
        desk.show(at.cycle)
        monkeypatch.setattr(
            Caller, "ask", lambda _, change, given, who: _apply(at.cycle, change, given, who)
        )
        run(["ask", "accept", "power", "as I would", "--name", "Kim", "--out", f"{tmp_path}"], "x")
    assert at.entries("answer")[0]["key"] == "power"
