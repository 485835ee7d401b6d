import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shiftwork.errors import UserError
from shiftwork.operation.envelope import ActionLimits, Envelopes, LimitEnvelope
from shiftwork.operation.relations import Relations, refuse_relations
from shiftwork.operation.support import OUTSIDE, Support
from support.fuzzed_envelope import beyond, fuzzed, outside, people

FLOW = ActionLimits("flow", (0.0, 10.0), (-1.0, 2.0), 60.0)
HEAT = ActionLimits("heat", ("heat_low", "heat_high"))
NOW = {"flow": 5.0, "heat": 50.0, "heat_low": 20.0, "heat_high": 80.0, "level": 1.0}
numbers = st.one_of(
    st.floats(-20, 20), st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 1e308, -1e308])
)


def held(envelope, action, **changes):
    return envelope.hold(NOW | changes, np.array(action, float))


def test_an_action_inside_all_limits_passes_bit_by_bit():
    result = held(LimitEnvelope((FLOW, HEAT), 60.0), [5.1, 79.99999999])
    assert result.action.tolist() == [5.1, 79.99999999]
    assert not result.held.any()
    assert result.reason.tolist() == ["", ""]


@pytest.mark.parametrize(
    ("flow", "allowed", "reason"),
    [
        (9.0, 7.0, "the rate limit"),
        (1.0, 4.0, "the rate limit"),
        (np.inf, 7.0, "the rate limit"),
        (np.nan, np.nan, "the agent gave no number"),
    ],
)
def test_rate_limits_count_from_the_set_point_in_force(flow, allowed, reason):
    result = held(LimitEnvelope((FLOW,), 60.0), [flow])
    assert result.action[0] == pytest.approx(allowed, nan_ok=True)
    assert result.reason[0] == reason
    assert result.held[0]


def test_a_rate_counts_over_the_period():
    assert held(LimitEnvelope((FLOW,), 30.0), [9.0]).action[0] == 6.0


def test_moving_limits_and_the_persons_own():
    limits = ActionLimits("heat", HEAT.bounds, engineer=(25.0, 75.0), operator=(30.0, 90.0))
    envelope = LimitEnvelope((limits,), 60.0)
    assert held(envelope, [99.0]).action[0] == 75.0
    assert held(envelope, [99.0]).reason[0] == "the engineer's high limit"
    assert held(envelope, [0.0]).reason[0] == "the operator's low limit"
    assert held(envelope, [99.0], heat_high=60.0).action[0] == 60.0
    assert held(envelope, [99.0], heat_high=60.0).reason[0] == "the plant's high limit"


@pytest.mark.parametrize(
    "changes",
    [{"heat_low": np.nan}, {"heat_low": 81.0}, {"heat": np.nan}, {"heat_high": np.inf}],
)
def test_what_is_unknown_or_crosses_forbids_the_write(changes):
    result = held(LimitEnvelope((HEAT,), 60.0), [50.0], **changes)
    assert np.isnan(result.action[0])
    assert result.held[0]
    assert result.reason[0]


def test_a_missing_limit_tag_forbids_the_write():
    result = LimitEnvelope((HEAT,), 60.0).hold({"heat": 50.0, "heat_low": 1.0}, np.array([50.0]))
    assert np.isnan(result.action[0])


def test_a_small_move_leaves_the_set_point_but_never_outside_its_limits():
    envelope = LimitEnvelope((ActionLimits("heat", HEAT.bounds, least_move=1.0),), 60.0)
    assert held(envelope, [50.5]).action[0] == 50.0
    assert held(envelope, [51.0]).action[0] == 51.0
    # The set-point in force lies above its limit by less than the least move.
    assert held(envelope, [90.0], heat=80.5).action[0] == 80.0


KEYS = ("flow", "heat")


def related(*texts):
    relations = Relations.read(texts, KEYS, (*NOW,), "plant.toml: operation.relations")
    return Envelopes(LimitEnvelope((FLOW, HEAT), 60.0), (relations,))


def test_a_relation_takes_the_action_back_along_its_way():
    result = held(related("flow + heat / 10 <= 11"), [7.0, 80.0])
    assert result.action[0] + result.action[1] / 10 <= 11
    share = (result.action[0] - 5.0) / 2.0
    assert result.action[1] == pytest.approx(50.0 + 30.0 * share)
    assert result.reason.tolist() == ["relation flow + heat / 10 <= 11"] * 2


def test_a_broken_relation_may_be_repaired_but_not_kept_broken():
    envelope = related("level * flow <= 4.5")
    assert held(envelope, [4.2, 50.0]).action.tolist() == [4.2, 50.0]
    assert np.isnan(held(envelope, [5.0, 50.0]).action).all()


def test_a_relation_that_cannot_be_computed_forbids_the_write():
    assert np.isnan(held(related("level * flow <= 9"), [5.0, 50.0], level=np.nan).action).all()


def test_a_set_point_that_cannot_move_keeps_the_others_from_breaking_a_relation():
    # Heat stays at 50, as its limits cross; flow 7 would only be fine with less heat.
    result = held(related("flow + heat / 10 <= 11"), [7.0, 20.0], heat_low=90.0)
    assert result.action.tolist() == pytest.approx([6.0, np.nan], nan_ok=True)
    assert result.reason[1] == "a limit is unknown, or limits cross"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("flow + 1", "must be a condition"),
        ("flow <= hot", "unknown tag 'hot'"),
        ("level <= 2", "has no action"),
        ("flow == 'RUN'", "compares text"),
    ],
)
def test_bad_relations_are_refused_in_one_line(text, words):
    with pytest.raises(UserError, match=words) as caught:
        related(text)
    assert "operation.relations[0]" in str(caught.value)


def test_relations_that_the_plant_breaks_as_it_stands_are_refused():
    relations = Relations.read(["flow >= 6"], KEYS, (*NOW,), "p.toml: operation.relations")
    with pytest.raises(UserError, match="flow >= 6 does not hold now"):
        refuse_relations(relations, NOW, "p.toml")


def test_support_lets_pass_what_the_records_hold_and_nothing_far_from_them():
    rng = np.random.default_rng(3)
    level = rng.normal(1.0, 0.1, 3000)
    rows = np.stack([level, 5 + rng.normal(0, 1, 3000), 50 + 100 * (level - 1)], -1)
    support = Support.learn(("level",), KEYS, rows)
    fresh = rng.normal(1.0, 0.1, 2000)
    actions = np.stack([5 + rng.normal(0, 1, 2000), 50 + 100 * (fresh - 1)], -1)
    refused = support.hold({"level": fresh}, actions).held.any(-1).mean()
    assert refused == pytest.approx(0.01, abs=0.01)
    # Each value alone is usual; together they are not.
    result = support.hold({"level": 0.85}, np.array([5.0, 65.0]))
    assert np.isnan(result.action).all()
    assert result.reason.tolist() == [OUTSIDE] * 2
    assert np.isnan(support.hold({"level": np.nan}, np.array([5.0, 50.0])).action).all()


def test_support_needs_enough_rows():
    with pytest.raises(UserError, match="too few"):
        Support.learn(("a",), ("b",), np.zeros((20, 2)))


@settings(max_examples=300, deadline=None)
@given(now=numbers, low=numbers, high=numbers, fall=numbers, rise=numbers, wanted=numbers)
def test_whatever_the_numbers_a_write_lies_within_every_limit(now, low, high, fall, rise, wanted):
    limits = ActionLimits("x", ("low", "high"), ("fall", "rise"), 60.0, engineer=(-9.0, 9.0))
    seen = {"x": now, "low": low, "high": high, "fall": fall, "rise": rise}
    result = LimitEnvelope((limits,), 60.0).hold(seen, np.array([wanted]))
    [value] = result.action
    if np.isnan(value):
        assert result.held[0]
        return
    assert all(np.isfinite([now, low, high, fall, rise]))
    assert max(low, -9.0) <= value <= min(high, 9.0)
    # Beyond the rate only to the nearest point of the absolute limits.
    nearest = min(max(now, low, -9.0), high, 9.0)
    assert now + fall <= value <= now + rise or value == nearest
    # Nothing that was allowed is changed.
    if max(low, -9.0, now + fall) <= wanted <= min(high, 9.0, now + rise):
        assert value == wanted


def test_ten_thousand_fuzzed_cycles_write_nothing_outside():
    envelope, observation, action = fuzzed(10_000, seed=0)
    result = envelope.hold(observation, action)
    written = ~np.isnan(result.action)
    assert outside(observation, result.action).sum() == 0
    # The fuzz would be empty if hardly anything was written, or everything passed.
    assert 0.2 < written.mean() < 0.9
    assert (result.held & written).mean() > 0.05
    # The judge itself finds what is outside: the raw actions are so most of the time.
    assert outside(observation, action).mean() > 0.2


def test_nothing_outside_the_records_is_written_whatever_the_numbers():
    support = people()
    envelope, observation, action = fuzzed(5_000, 1, support)
    result = envelope.hold(observation, action)
    assert not outside(observation, result.action).any()
    assert not beyond(observation, result.action, support).any()
    written = ~np.isnan(result.action).all(-1)
    assert 100 < written.sum() < 4_500
    # The judge can find something: the same writes with the level moved far away.
    assert beyond(observation | {"level": np.full(5_000, 500.0)}, result.action, support).any()
