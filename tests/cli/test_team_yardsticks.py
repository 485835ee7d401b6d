"""Recorded episodes of anybody, with what the scheduler earns in them and what nobody exceeds."""

from importlib.resources import files

import numpy as np
import pytest

from shiftwork.cli.team_record_verbs import record_people
from shiftwork.errors import UserError
from shiftwork.plants.centre.market import REWARD_USD
from shiftwork.records.formats.team_folder import load_team_records
from shiftwork.records.formats.team_yardsticks import FILE, Yardsticks


@pytest.fixture
def scenario(tmp_path):
    shipped = files("shiftwork.plants.centre") / "scenarios" / "centre-small.toml"
    text = shipped.read_text(encoding="utf-8")
    assert "horizon_d = 10" in text
    file = tmp_path / "two-days.toml"
    text = text.replace("horizon_d = 10", "horizon_d = 2").replace('"centre-small"', '"two-days"')
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.slow
def test_yardsticks_are_of_the_very_same_episodes(scenario, tmp_path):
    pytest.importorskip("highspy")
    out = tmp_path / "records"
    record_people(f"{scenario}", out, 1, 5, "random", yardsticks=True)
    records, found = load_team_records(out), Yardsticks.load(out)
    assert found.earned == pytest.approx(tuple(REWARD_USD * records.returns))
    assert (np.array(found.bound) > found.earned).all()
    assert (np.array(found.bound) > found.scheduler).all()
    # Another operator has the same episodes, and so the same yardsticks; records alone have none.
    record_people(f"{scenario}", out, 1, 5)
    assert not (out / FILE).exists()
    first = load_team_records(out).decisions[0].observation[0]
    np.testing.assert_array_equal(first, records.decisions[0].observation[0])


def test_an_operator_that_is_not_there_is_refused(scenario, tmp_path):
    with pytest.raises(UserError, match="nowhere"):
        record_people(f"{scenario}", tmp_path / "records", 1, 0, "nowhere")
