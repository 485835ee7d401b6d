import hashlib
import json

import pytest

from shiftwork.errors import UserError
from shiftwork.operation import modes
from shiftwork.operation.modes import Mode, Person, Refused, State
from shiftwork.operation.verdict import judged
from support.memory_plant import KIM

LEE = Person("Lee", "engineer")
WEIGHTS = b"weights"
PASSED = {
    "version": 1,
    "policy": hashlib.sha256(WEIGHTS).hexdigest(),
    "passed": True,
    "judge": "gate",
    "reason": "better than the people, 95 % sure",
}


def judge(folder, weights=WEIGHTS, **changed):
    (folder / "policy.npz").write_bytes(weights)
    (folder / "verdict.json").write_text(json.dumps(PASSED | changed))
    return judged(folder)


def test_only_a_passed_verdict_about_these_weights_leads_beyond_shadow(tmp_path):
    (tmp_path / "policy.npz").write_bytes(WEIGHTS)
    none = judged(tmp_path)
    assert (none.cap, none.why) == (Mode.SHADOW, "the agent has no verdict")
    passed = judge(tmp_path)
    assert (passed.cap, passed.weights) == (Mode.CLOSED, PASSED["policy"])
    assert passed.why == "passed (gate): better than the people, 95 % sure"
    assert judge(tmp_path, passed=False).cap == Mode.SHADOW
    other = judge(tmp_path, b"learned again")
    assert (other.cap, other.why) == (Mode.SHADOW, "the verdict is about other weights")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"passed": 1}, "verdict.json.passed"),
        ({"version": 2}, "verdict.json.version"),
        ({"policy": "abc"}, "verdict.json.policy"),
        ({"judge": ""}, "verdict.json.judge"),
        ({"pased": True}, "unknown key 'pased'; did you mean 'passed'"),
    ],
)
def test_a_verdict_that_cannot_be_read_is_named_and_never_passes(tmp_path, changed, words):
    with pytest.raises(UserError, match=words) as caught:
        judge(tmp_path, **changed)
    assert "\n" not in str(caught.value)


def test_text_that_is_no_verdict_is_refused(tmp_path):
    judge(tmp_path)
    for text in ("passed", "[]"):
        (tmp_path / "verdict.json").write_text(text)
        with pytest.raises(UserError, match="judge the agent again"):
            judged(tmp_path)


def test_the_cap_binds_engineers_too_until_one_of_them_overrides_it():
    state = State.begin(("feed",), Mode.CLOSED, Mode.SHADOW)
    assert (state.highest, state.mode) == (Mode.SHADOW, Mode.SHADOW)
    with pytest.raises(Refused, match="allows shadow at most"):
        modes.set_highest(state, Mode.ADVISORY, LEE)
    with pytest.raises(Refused, match="only an engineer"):
        modes.override(state, KIM)
    state = modes.override(state, LEE)
    assert (state.highest, state.reason) == (Mode.SHADOW, "Lee overrode the verdict")
    state = modes.set_highest(state, Mode.CLOSED, LEE)
    assert modes.request_mode(state, Mode.ADVISORY, KIM).mode == Mode.ADVISORY
    with pytest.raises(Refused, match="nothing to override"):
        modes.override(state, LEE)
