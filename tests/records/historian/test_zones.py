"""Local time to UTC, against the standard library, over every zone and clock change of a year."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shiftwork.records.historian.values.zone import Zone

ZONES = ("UTC", "Asia/Seoul", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
         "America/Sao_Paulo", "Asia/Kathmandu", "Africa/Casablanca", "Pacific/Apia")  # fmt: skip
EPOCH = datetime(1970, 1, 1)


def microseconds(local: datetime) -> int:
    return (local - EPOCH) // timedelta(microseconds=1)


@given(
    st.sampled_from(ZONES),
    st.lists(st.datetimes(datetime(1960, 1, 1), datetime(2035, 1, 1)), min_size=1, max_size=5),
)
def test_agrees_with_the_standard_library(name, clock):
    zone = ZoneInfo(name)
    found = Zone(name).to_utc(np.array([microseconds(local) for local in clock], np.int64))
    for row, local in enumerate(clock):
        first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        back = first.astimezone(zone).replace(tzinfo=None)
        assert found.missing[row] == (back != local)
        if back == local:
            assert found.us[row] == microseconds(first.replace(tzinfo=None))
            assert found.later_us[row] == (second - first) // timedelta(microseconds=1)


@pytest.mark.parametrize("name", ZONES)
def test_every_utc_minute_around_clock_changes_comes_back(name):
    zone, hours = ZoneInfo(name), range(24 * 366)
    utc = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in hours]
    local = [stamp.astimezone(zone) for stamp in utc]
    clock = np.array([microseconds(stamp.replace(tzinfo=None)) for stamp in local], np.int64)
    found = Zone(name).to_utc(clock)
    assert not found.missing.any()
    second = np.array([stamp.fold for stamp in local], bool)
    true = np.array([microseconds(stamp.replace(tzinfo=None)) for stamp in utc])
    assert np.array_equal(np.where(second, found.us + found.later_us, found.us), true)


def test_reaches_as_far_as_it_is_asked():
    zone = Zone("Europe/Berlin")
    for year in (2025, 1990, 2010, 2040):
        summer, winter = microseconds(datetime(year, 7, 1)), microseconds(datetime(year, 1, 1))
        found = zone.to_utc(np.array([summer, winter], np.int64))
        assert (np.array([summer, winter]) - found.us).tolist() == [7_200_000_000, 3_600_000_000]
