"""Samples on a regular time axis: small cases by hand, and what must hold for all."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shiftwork.records.historian.grid import Grid, to_grid
from shiftwork.records.historian.plant_file.model import PlantFile
from shiftwork.records.historian.samples import Samples
from support.grid_builders import LEVEL, REFLUX, START_S, every, make_plant, make_samples
from support.record_builders import refused

BAD, UNCERTAIN = 2, 1
NAN = float("nan")


def gridded(plant: PlantFile | None = None, **tags: list) -> Grid:
    plant = plant or make_plant()
    return to_grid(make_samples(plant, **tags), plant)


def column(grid: Grid, key: str, what: str = "value") -> list[float]:
    return getattr(grid, what)[:, grid.keys.index(key)].tolist()


def same(found: list[float], expected: list[float]) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_a_value_is_the_last_one_known_and_a_mean_is_weighted_by_time() -> None:
    grid = gridded(level=[(0, 0.0), (30, 3.0), (60, 3.0), (90, 9.0), (150, 3.0), (180, 3.0)])
    assert grid.time.astype("int64").tolist() == [(START_S + 60 * i) * 10**6 for i in range(4)]
    same(column(grid, "level"), [0, 3, 9, 3])
    # Halves of minutes: 1.5 and 3; 6 and 7.5; 4.5 and 3; then nobody knows.
    same(column(grid, "level", "mean"), [2.25, 6.75, 3.75, NAN])
    assert not grid.uncertain.any()


def test_set_points_stand_until_the_next() -> None:
    grid = gridded(reflux=[(0, 2.0), (75, 6.0), (180, 6.0)], level=every(60, [0, 0, 0, 0]))
    same(column(grid, "reflux"), [2, 2, 6, 6])
    same(column(grid, "reflux", "mean"), [2, 5, 6, 6])


def test_more_samples_where_more_happens_do_not_move_the_mean() -> None:
    plain = gridded(level=[(0, 0.0), (60, 6.0), (120, 0.0)])
    crowded = gridded(level=[(0, 0.0), (55, 5.5), (56, 5.6), (57, 5.7), (60, 6.0), (120, 0.0)])
    same(column(plain, "level", "mean"), column(crowded, "level", "mean"))


def test_after_a_bad_sample_nothing_is_known_until_the_next_good_one() -> None:
    samples = [(0, 1.0), (60, 1.0), (70, 50.0, BAD), (180, 1.0), (240, 2.0), (300, 2.0)]
    grid = gridded(level=samples)
    same(column(grid, "level"), [1, 1, NAN, 1, 2, 2])
    # The second minute is known for 10 s only, the third not at all.
    same(column(grid, "level", "mean"), [1, NAN, NAN, 1.5, 2, NAN])


@pytest.mark.parametrize(
    "wrong", [(90, None), (90, "I/O Timeout", BAD), (90, np.nan), (90, np.inf)]
)
def test_what_is_no_number_counts_as_bad(wrong: tuple) -> None:
    grid = gridded(level=[(0, 1.0), (60, 1.0), wrong, (180, 1.0), (240, 1.0)])
    same(column(grid, "level"), [1, 1, NAN, 1, 1])
    same(column(grid, "level", "mean"), [1, 1, NAN, 1, NAN])


def test_half_of_a_period_must_be_known() -> None:
    for bad_from, mean in ((95, 2.0), (85, NAN)):
        grid = gridded(reflux=[(0, 2.0), (bad_from, 0.0, BAD), (240, 2.0)], level=[(0, 1.0)])
        assert column(grid, "reflux", "mean")[1] == pytest.approx(mean, nan_ok=True)


def test_uncertain_values_are_used_and_flagged() -> None:
    grid = gridded(level=[(0, 1.0), (60, 1.0), (130, 2.0, UNCERTAIN), (200, 2.0), (300, 2.0)])
    same(column(grid, "level"), [1, 1, 1, 2, 2, 2])
    # The lines to it and from it, and what holds it at the stamp.
    assert column(grid, "level", "uncertain") == [False, True, True, True, False, False]
    grid = gridded(level=[(0, 1.0), (60, 1.0), (120, 2.0, UNCERTAIN)])
    assert column(grid, "level", "uncertain") == [False, True, True]


def test_old_values_are_missing() -> None:
    tags = {"reflux": REFLUX + '\nmax_age = "2min"', "level": LEVEL + '\nmax_age = "2min"'}
    grid = gridded(
        make_plant(tags), reflux=[(0, 2.0), (330, 3.0)], level=[(0, 1.0), (30, 2.0), (330, 4.0)]
    )
    same(column(grid, "reflux"), [2, 2, 2, NAN, NAN, NAN])
    same(column(grid, "reflux", "mean"), [2, 2, NAN, NAN, NAN, 3])
    same(column(grid, "level"), [1, 2, 2, NAN, NAN, NAN])
    # No line is drawn over five minutes, and nothing is held in its place.
    same(column(grid, "level", "mean"), [1.5, NAN, NAN, NAN, NAN, NAN])


def test_laboratory_values_are_seen_when_they_are_told() -> None:
    purity = 'role = "observation"\nlaboratory_delay = "2min"\nmax_age = "4min"'
    plant = make_plant({"reflux": REFLUX, "purity": purity}, objective="purity")
    grid = gridded(plant, reflux=every(60, [1.0] * 9), purity=[(0, 5.0), (60, 7.0)])
    same(column(grid, "purity"), [NAN, NAN, 5, 7, 7, 7, 7, 7, NAN])
    # The objective is made afterwards: it has them at the time of the sample.
    assert column(grid, "purity", "mean")[0] == 6


def test_states_are_held_and_lost_with_bad_quality() -> None:
    tags = {"reflux": REFLUX, "level": LEVEL, "run": 'role = "state"\nmax_age = "3min"'}
    run = [(10, "RUN"), (60, "STOP"), (100, "No Data", BAD), (170, "RUN")]
    grid = gridded(make_plant(tags), run=run, level=every(60, [1.0] * 8))
    assert grid.keys == ("reflux", "level")
    states = [None, "STOP", None, "RUN", "RUN", "RUN", None, None]
    assert grid.states["run"].to_list() == states
    assert grid.states.schema == {"run": pl.String()}


@pytest.mark.parametrize(
    ("zone", "period", "hour"),
    [("UTC", "8h", 8), ("Asia/Seoul", "8h", 15), ("Asia/Kolkata", "1h", 14.5), ("UTC", "1d", 0)],
)
def test_stamps_are_whole_periods_from_local_midnight(zone: str, period: str, hour: float) -> None:
    grid = gridded(make_plant(period=period, zone=zone), level=[(0, 1.0), (400_000, 1.0)])
    midnight = np.datetime64("2025-06-15", "us")
    assert (grid.time[0] - midnight) / np.timedelta64(1, "h") == hour
    assert grid.time[0] <= np.datetime64(START_S, "s") < grid.time[1]


def test_one_absurd_value_does_not_spoil_the_rest() -> None:
    values = np.full(600, 850.25)
    values[100] = 1e300
    mean = column(gridded(level=every(10, values)), "level", "mean")
    assert mean[:16] + mean[18:-1] == [850.25] * (len(mean) - 3)


def test_tags_without_a_sample_are_missing() -> None:
    grid = gridded(level=every(60, [1.0, 2.0]))
    same(column(grid, "reflux"), [NAN, NAN])
    same(column(grid, "reflux", "mean"), [NAN, NAN])


@pytest.mark.usefixtures("unhooked")
@pytest.mark.parametrize("level", [[], [(0, 1.0, BAD), (60, "Shutdown", BAD)]])
def test_no_good_sample_is_refused(level: list) -> None:
    refused(lambda: gridded(level=level), "column.toml", "no sample is good")


@pytest.mark.usefixtures("unhooked")
def test_a_stray_stamp_is_told() -> None:
    plant = make_plant(period="1s")
    refused(
        lambda: gridded(plant, level=[(-START_S, 1.0), (0, 1.0)]), "1970-01-01", "2025-06-15", "1s"
    )


@st.composite
def any_samples(draw: st.DrawFn) -> list[tuple]:
    count = draw(st.integers(1, 60))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    gaps = rng.choice([0.25, 1.0, 20.0, 60.0, 61.0, 400.0], count)
    status = rng.choice([0, UNCERTAIN, BAD], count, p=[0.8, 0.1, 0.1])
    status[0] = 0
    value = rng.normal(size=count).round(3)
    return list(zip(np.cumsum(gaps).tolist(), value.tolist(), status.tolist(), strict=True))


@given(any_samples(), st.booleans(), st.sampled_from(["1min", "7s", "5min"]))
@settings(max_examples=60, deadline=None)
def test_grid_against_a_fine_clock(rows: list[tuple], hold: bool, period: str) -> None:
    """Means against a clock that ticks every eighth of a second, values one stamp at a time."""
    tags = {"reflux": REFLUX, "level": LEVEL + f'\nhold = {str(hold).lower()}\nmax_age = "90s"'}
    plant = make_plant(tags, period=period)
    grid = gridded(plant, level=rows)
    start_s = grid.time.astype("int64") / 1e6 - START_S
    ticks = np.arange(start_s[0], start_s[-1] + plant.period_s, 0.125) + 0.0625
    truth = np.full(len(ticks), np.nan)
    for (at, value, status), after in zip(rows, [*rows[1:], None], strict=True):
        here = (ticks >= at) & (ticks < (after[0] if after else np.inf)) & (status != BAD)
        if hold:
            truth[here & (ticks - at <= 90)] = value
        elif after and after[0] - at <= 90:
            rise = (after[1] - value) / (after[0] - at) if after[2] != BAD else 0.0
            truth[here] = value + rise * (ticks[here] - at)
    period_of = ((ticks - start_s[0]) // plant.period_s).astype(int)
    for i, begin in enumerate(start_s):
        inside = truth[period_of == i]
        known = np.isfinite(inside).mean()
        mean = grid.mean[i, 1]
        if abs(known - 0.5) > 0.02:
            assert np.isfinite(mean) == (known > 0.5)
        if np.isfinite(mean):
            assert mean == pytest.approx(np.nanmean(inside), abs=2e-2)
        before = [row for row in rows if row[0] <= begin]
        usable = before and before[-1][2] != BAD and begin - before[-1][0] <= 90
        assert grid.value[i, 1] == pytest.approx(before[-1][1] if usable else NAN, nan_ok=True)


@given(any_samples(), st.floats(0.1, 500))
@settings(max_examples=40, deadline=None)
def test_what_is_seen_never_comes_from_later(rows: list[tuple], until_s: float) -> None:
    plant = make_plant()
    whole = gridded(plant, level=rows)
    early = gridded(plant, level=[row for row in rows if row[0] <= until_s + rows[0][0]])
    stamps = early.time.astype("int64") / 1e6 - START_S <= until_s + rows[0][0]
    np.testing.assert_array_equal(early.value[stamps], whole.value[: len(early.time)][stamps])


def test_a_frame_in_many_chunks_is_the_same() -> None:
    plant = make_plant()
    samples = make_samples(plant, reflux=every(60, [1.0, 2.0]), level=every(20, range(9)))
    parts = pl.concat([samples.frame.slice(i, 1) for i in range(len(samples.frame))], rechunk=False)
    np.testing.assert_array_equal(
        to_grid(Samples((parts,), ()), plant).mean, to_grid(samples, plant).mean
    )
