"""Delimited exports whose clock is turned back or forward, and files that settle it for each other."""

import pytest

from support.export_builders import kinds, lines, plant, read, shown, times, write
from support.record_builders import refused


def wide(*rows: str) -> str:
    return lines("timestamp,SP,x0", *rows)


# The clock of Berlin goes back from 03:00 to 02:00 on 26 October 2025, at 01:00 UTC.
REPEATED = {
    "by the fall of the clock": (
        ["01:30", "02:00", "02:30", "02:00", "02:30", "03:00"],
        ["10-25 23:30", "10-26 00:00", "10-26 00:30", "10-26 01:00", "10-26 01:30", "10-26 02:00"], 0),
    "at unlike minutes": (
        ["02:10", "02:50", "02:05", "02:20"],
        ["10-26 00:10", "10-26 00:50", "10-26 01:05", "10-26 01:20"], 0),
    "newest first": (
        ["03:00", "02:30", "02:00", "02:30", "02:00", "01:30"],
        ["10-25 23:30", "10-26 00:00", "10-26 00:30", "10-26 01:00", "10-26 01:30", "10-26 02:00"], 0),
    "sorted by local time": (
        ["02:00", "02:00", "02:30", "02:30"],
        ["10-26 00:00", "10-26 00:30", "10-26 01:00", "10-26 01:30"], 0),
    "a single row may be either": (["02:30"], ["10-26 00:30"], 1),
    "rising rows may be either": (["02:10", "02:50"], ["10-26 00:10", "10-26 00:50"], 2),
}  # fmt: skip


@pytest.mark.parametrize("name", REPEATED)
def test_tells_the_repeated_hour_apart(name, tmp_path):
    clock, expected, unsure = REPEATED[name]
    rows = [f"2025-10-26 {time},{row},{row}" for row, time in enumerate(clock)]
    samples = read(write(tmp_path, "export.csv", wide(*rows)), plant(zone="Europe/Berlin"))
    assert times(samples, "rr") == expected
    assert times(samples, "x0") == expected
    assert kinds(samples) == (
        {("repeated hour", k): unsure for k in ("rr", "x0")} if unsure else {}
    )


@pytest.mark.parametrize("hours", [(1, 2, 2, 3), (3, 2, 2, 1), (2, 2, 1), (2, 2, 3)])
def test_rows_beside_the_repeated_hour_show_the_direction(hours, tmp_path):
    rows = [f"2025-10-26 0{hour}:00,{row},0" for row, hour in enumerate(hours)]
    samples = read(write(tmp_path, "export.csv", wide(*rows)), plant(zone="Europe/Berlin"))
    first, second = hours.index(2), hours.index(2) + 1
    if hours[0] > hours[-1]:
        first, second = second, first
    found = shown(samples)
    assert f"rr 2025-10-26 00:00 {first}" in found
    assert f"rr 2025-10-26 01:00 {second}" in found


def test_refuses_an_hour_that_never_was(tmp_path):
    path = write(tmp_path, "export.csv", wide("2025-03-30 01:59,1,2", "2025-03-30 02:00,1,2"))
    refused(
        lambda: read(path, plant(zone="Europe/Berlin")),
        path, "row 3: local time '2025-03-30 02:00' never was in Europe/Berlin", "set time_zone",
    )  # fmt: skip
    assert times(read(path, plant(zone="UTC")), "rr") == ["03-30 01:59", "03-30 02:00"]


def test_files_settle_for_each_other_what_one_leaves_open(tmp_path):
    first = write(tmp_path, "a.csv", lines("time;SP;x0", "03/04/2025 00:00;1;1,234"))
    refused(lambda: read(first), "day or month")
    second = write(tmp_path, "b.csv", lines("time;SP;x0", "13/04/2025 00:00;1;2,5"))
    assert shown(read([first, second])) == (
        "rr 2025-04-03 00:00 1 | rr 2025-04-13 00:00 1 "
        "| x0 2025-04-03 00:00 1.234 | x0 2025-04-13 00:00 2.5"
    )
