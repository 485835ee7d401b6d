import numpy as np
import pytest

from shiftwork.errors import UserError
from shiftwork.operation.modes import Mode, Run
from shiftwork.operation.records_seen import BLOCK, Drift, RecordsSeen
from shiftwork.operation.support import OUTSIDE
from shiftwork.records.episodes import Episodes
from shiftwork.records.tags import Tag
from support.memory_plant import bench

KEYS = {"heat": "heat", "power set-point": "power", "flow set-point": "flow"}


def records(rows=1500, constant=False):
    random = np.random.default_rng(0)
    heat = 50.0 + random.normal(0, 5, rows + 1)
    heat[10:14] = heat[10]
    lab = np.full(rows + 1, 3.0) if constant else np.repeat(random.normal(size=rows), 6)[: rows + 1]
    return Episodes(
        observation=np.stack([heat, lab], -1).astype(np.float32),
        action=random.uniform([2, 2], [7, 5], (rows, 2)).astype(np.float32),
        reward=np.zeros(rows, np.float32),
        length=np.array([rows]),
        terminal=np.array([False]),
        observation_tags=(Tag("heat", "C"), Tag("power set-point low", "kW")),
        action_tags=(Tag("power set-point", "kW", 0, 9), Tag("flow set-point", "kg/h", 0, 10)),
    )


def test_it_remembers_names_means_and_how_long_a_value_stood(tmp_path):
    RecordsSeen.learn(records()).save(tmp_path)
    seen = RecordsSeen.load(tmp_path)
    # A limit is the plant's own: it is no column of the support.
    assert seen.names == ("heat",)
    assert seen.still_s(KEYS, 10.0) == {"heat": 2 * 4 * 10.0}
    assert 45 < seen.low[0] < 50 < seen.high[0] < 55


def test_a_tag_that_never_changed_has_no_time_to_stand_still():
    made = records(constant=True)
    tags = (Tag("heat", "C"), Tag("season", ""))
    seen = RecordsSeen.learn(
        Episodes(made.observation, made.action, made.reward, made.length, made.terminal, tags, made.action_tags)
    )  # fmt: skip
    assert list(seen.still_s(KEYS | {"season": "season"}, 1.0)) == ["heat"]


def test_files_that_are_missing_or_hold_something_else(tmp_path):
    assert RecordsSeen.load(tmp_path) is None
    (tmp_path / "records_seen.npz").write_text("no")
    with pytest.raises(UserError, match="is not what learn wrote"):
        RecordsSeen.load(tmp_path)
    with pytest.raises(UserError, match="too few"):
        RecordsSeen.learn(records(rows=20))


def test_a_tag_that_drifts_forbids_to_write_and_is_named():
    drift = Drift(("heat", "lab"), np.array([40.0, -1.0]), np.array([60.0, 1.0]))
    for value in (50.0, 70.0):
        for _ in range(BLOCK):
            assert not drift.hold({}, np.zeros(2)).held.any() or value == 70.0
            drift.observe({"heat": value, "lab": 0.0})
    result = drift.hold({}, np.zeros(2))
    assert np.isnan(result.action).all()
    assert result.reason.tolist() == [f"{OUTSIDE}: heat drifts"] * 2


@pytest.fixture
def at(tmp_path):
    seen = RecordsSeen.learn(records())
    with bench(tmp_path, envelopes=seen.envelopes(KEYS), still_s=seen.still_s(KEYS, 10.0)) as made:
        made.cycle.deciding.decide = lambda _: np.array([5.5, 3.5])
        made.close_loop()
        assert made.run().result == "taken"
        yield made


def test_one_decision_outside_the_records_is_not_written_and_three_in_a_row_lead_to_advisory(at):
    at.plant.heat = 90.0
    at.cycle.rules.fastest["heat"] = 1e9
    writes = len(at.plant.writes)
    for _ in range(2):
        assert OUTSIDE in at.run().faults
        assert (at.cycle.state.mode, at.cycle.state.run) == (Mode.CLOSED, Run.RUN)
    at.run()
    assert at.cycle.state.mode == Mode.ADVISORY
    assert len(at.plant.writes) == writes


def test_records_say_how_long_a_measurement_may_stand_still_unless_the_plant_file_does(at):
    assert at.cycle._checks.still_s == {"heat": 50.0}
