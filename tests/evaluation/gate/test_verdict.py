"""The decision by an estimate: when an agent passes, when nothing is proven, and what is said."""

import dataclasses
import re

import numpy as np
import pytest

from shiftwork.agents.agent import Agent
from shiftwork.evaluation.gate.judge import decide, interval, spread, turned_round, what_settles
from shiftwork.evaluation.gate.support import EventRate, Support
from support.estimates import GOOD
from support.record_builders import ACTION, OBSERVATION


def decided(**changes):
    """Decide by the good estimate with some of it changed."""
    e = dataclasses.replace(GOOD, **changes)
    return decide(e, interval(e))


def test_a_good_agent_passes():
    assert decided()[0] == "pass"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"gain": 0.05}, "may be chance"),
        ({"members": np.array([-1.0, 3.0, 1.0, 1.0])}, "may be chance"),
        ({"block_error": 1.0}, "may be chance"),
        ({"replay": 3.0}, "may be chance"),
        ({"fitted": -2.0}, "may be chance"),
        ({"support": Support(0.3, 0.9, (("cot", 4.0),))}, "only 30 % .*farthest off: 'cot'"),
        ({"events": (EventRate("trip", 9, 3_000, 0.01, 0.02, 0.004, 60.0),)}, "'trip' may come at up to 20"),
    ],
    ids=["small", "models part", "few blocks", "models err", "contradicted", "unknown", "trips"],
)  # fmt: skip
def test_whatever_is_missing_is_named(changes, reason):
    decision, reasons = decided(**changes)
    assert decision == "not proven"
    assert re.search(reason, "; ".join(reasons))


def test_an_agent_that_loses_is_worse_whatever_supports_it():
    assert decided(gain=-1.0, fitted=-0.3)[0] == "worse"


def test_events_that_were_never_recorded_stop_nobody():
    assert (
        decided(events=(EventRate("trip", 0, 3_000, 0.0, 0.02, 0.001, float("nan")),))[0] == "pass"
    )


@pytest.mark.parametrize(("loss", "decision"), [(5.0, "pass"), (60.0, "not proven"), (np.nan, "not proven")],
                         ids=["cheap", "dear", "without price"])  # fmt: skip
def test_an_event_that_costs_less_than_is_surely_gained_stops_nobody(loss, decision):
    assert decided(events=(EventRate("trip", 1, 3_000, 0.001, 0.02, 0.001, loss),))[0] == decision


def test_the_spread_grows_with_all_that_may_be_wrong():
    narrow = spread(GOOD)
    for changes in ({"block_error": 0.5}, {"replay": -1.0}, {"fitted": -1.0},
                    {"support": Support(0.1, 0.9, ())}):  # fmt: skip
        assert spread(dataclasses.replace(GOOD, **changes)) > 1.3 * narrow
    # That fitted Q evaluation is more cautious is no contradiction.
    assert spread(dataclasses.replace(GOOD, fitted=0.01)) == narrow


def test_what_would_settle_it():
    unsure = dataclasses.replace(GOOD, gain=0.15, replay=0.01, block_error=0.2)
    (line,) = what_settles(unsure, interval(unsure), 10_000)
    assert "recorded steps instead of 10,000" in line
    wrong = dataclasses.replace(GOOD, gain=0.15, replay=2.0)
    (line,) = what_settles(wrong, interval(wrong), 10_000)
    assert "more of the same would not help" in line


def test_turning_round_mirrors_each_move_in_its_range():
    rng = np.random.default_rng(1)
    tiny_agent = Agent(
        (rng.normal(size=(2, 8)).astype(np.float32), rng.normal(size=(8, 2)).astype(np.float32)),
        (np.zeros(8, np.float32), np.array([0.3, -0.2], np.float32)),
        np.zeros(2, np.float32),
        np.ones(2, np.float32),
        np.array([20.0, -1.0], np.float32),
        np.array([80.0, 0.5], np.float32),
        OBSERVATION,
        ACTION,
    )
    seen = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    middle = 0.5 * (tiny_agent.action_low + tiny_agent.action_high)
    moved, turned = tiny_agent.act(seen), turned_round(tiny_agent).act(seen)
    np.testing.assert_allclose(moved - middle, middle - turned, atol=1e-4)
