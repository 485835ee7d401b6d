"""Where the warning about a hidden tag must fire, and where it must not."""

import numpy as np
import pytest

from shiftwork.records.historian.compression import Compression, archived
from shiftwork.records.historian.deadband import DeadBand, dead_band
from shiftwork.records.historian.plant_file.model import PlantTag
from support.grid_builders import coil_temperature, make_plant

DAY = 8640  # scans of 10 s


def tag(role: str = "observation", more: str = "") -> PlantTag:
    bounds = "bounds = [0, 2000]" if role == "action" else ""
    entry = f'role = "{role}"\nunit = "C"\n{bounds}\n{more}'
    roles = {
        "x": entry,
        "other": 'role = "action"\nbounds = [0, 1]',
        "seen": 'role = "observation"',
    }
    return make_plant(roles, objective="0").tags["x"]


def judged(
    time_s: np.ndarray, value: np.ndarray, of: PlantTag, kept: np.ndarray | None = None
) -> DeadBand:
    kept = np.arange(len(value)) if kept is None else kept
    return dead_band(of, time_s[kept], value[kept], np.ones(len(kept), bool), 60.0)


def set_point(seed: int, moves: int, size: float, step: float) -> tuple[np.ndarray, np.ndarray]:
    """A set-point that stands for hours, three days at 10 s; ``step`` 0 for moves of any size."""
    rng = np.random.default_rng(seed)
    value = np.full(3 * DAY, 850.0)
    for at in np.sort(rng.choice(np.arange(1, 3 * DAY), moves, replace=False)):
        move = size * rng.normal()
        value[at:] += np.round(move / step) * step if step else move
    return 10.0 * np.arange(3 * DAY), value


def on_change(value: np.ndarray) -> np.ndarray:
    return np.concatenate([[0], np.flatnonzero(np.diff(value)) + 1])


@pytest.mark.parametrize("seed", range(10))
def test_a_coil_temperature_is_hidden_by_the_defaults_on_a_span_of_1000_and_not_of_100(
    seed: int,
) -> None:
    time_s, value = coil_temperature(seed)
    wide, narrow = (
        judged(time_s, value, tag(), archived(time_s, value, Compression(span)))
        for span in (1000, 100)
    )
    assert wide.hidden
    assert wide.silence_s > 7 * 3600
    assert not narrow.hidden
    # The swinging door's own band is 2 C; 4 C bounds the error.
    assert 1 < narrow.width < 4
    assert narrow.deviation == pytest.approx(np.std(value), rel=0.15)
    assert not judged(time_s, value, tag()).hidden


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("moves", [5, 20, 200])
@pytest.mark.parametrize("heartbeat", [False, True])
def test_set_points_kept_on_change_are_not_hidden(seed: int, moves: int, heartbeat: bool) -> None:
    time_s, value = set_point(seed, moves, 2.0, 0.5)
    kept = on_change(value)
    if heartbeat:  # every 8 hours as well
        kept = np.union1d(kept, np.arange(0, len(value), DAY // 3))
    found = judged(time_s, value, tag("action"), kept)
    assert not found.hidden
    assert found.width == 0


@pytest.mark.parametrize("seed", range(5))
def test_moves_of_any_size_kept_on_change_are_not_hidden(seed: int) -> None:
    time_s, value = set_point(seed, 200, 2.0, 0.0)
    assert not judged(time_s, value, tag("action"), on_change(value)).hidden


def computed_set_point(seed: int, moves: int) -> tuple[np.ndarray, np.ndarray]:
    """A set-point that a program sets again from time to time, to any value at all."""
    rng = np.random.default_rng(seed)
    at = np.sort(rng.choice(np.arange(1, 3 * DAY), moves, replace=False))
    levels = 850 + 2 * rng.normal(size=moves + 1)
    return 10.0 * np.arange(3 * DAY), np.repeat(levels, np.diff([0, *at, 3 * DAY]))


@pytest.mark.parametrize("seed", range(5))
def test_few_moves_tell_nothing(seed: int) -> None:
    time_s, value = computed_set_point(seed, 5)
    found = judged(time_s, value, tag("action"), on_change(value))
    assert not found.hidden
    assert "too few" in found.reason


@pytest.mark.parametrize("seed", range(5))
def test_moves_that_are_kept_with_the_scan_before_them_are_not_hidden(seed: int) -> None:
    time_s, value = computed_set_point(seed, 100)
    kept = archived(time_s, value, Compression(10))
    assert not judged(time_s, value, tag("action"), kept).hidden
    # The same set-point without these scans looks like a compressed measurement, and samples
    # cannot tell the two apart: only the plant file can.
    assert judged(time_s, value, tag("action"), on_change(value)).hidden
    known = tag("action", "dead_band = 0.001")
    assert not judged(time_s, value, known, on_change(value)).hidden


def test_what_was_kept_for_the_longest_time_alone_needs_less_to_be_hidden() -> None:
    step = np.arange(24)
    value = 800 + 2.0 * step + np.where(step % 2, 3.0, -3.0)
    forced = judged(28800.0 * step, value, tag())
    assert forced.hidden
    assert "unseen" in forced.reason
    uneven = np.cumsum(np.random.default_rng(0).permutation(np.linspace(3600, 28800, 24)))
    assert not judged(uneven, value, tag()).hidden


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("moves", "step"), [(20, 0.5), (200, 0.5), (200, 0.0)])
def test_set_points_are_hidden_by_the_defaults_on_a_span_of_1000(
    seed: int, moves: int, step: float
) -> None:
    time_s, value = set_point(seed, moves, 1.0, step)
    found = judged(time_s, value, tag("action"), archived(time_s, value, Compression(1000)))
    assert found.hidden
    assert "unseen" in found.reason


@pytest.mark.parametrize("seed", range(5))
def test_a_plain_dead_band_shows_as_a_sharp_edge(seed: int) -> None:
    # No door: a value is kept when it has moved by 1 C, as many systems that are no PI do.
    time_s, value = coil_temperature(seed)
    kept = [0]
    for i in range(1, len(value)):
        if abs(value[i] - value[kept[-1]]) > 1.0:
            kept.append(i)
    found = judged(time_s, value, tag("action"), np.array(kept))
    assert found.hidden
    assert found.width == pytest.approx(1.0, abs=0.1)
    assert "never moves less" in found.reason


@pytest.mark.parametrize("seed", range(5))
def test_a_compressed_measurement_is_no_action(seed: int) -> None:
    time_s, value = coil_temperature(seed)
    kept = archived(time_s, value, Compression(200))
    assert judged(time_s, value, tag("action"), kept).hidden


@pytest.mark.parametrize(
    ("more", "hidden"), [("dead_band = 0.01", False), ("dead_band = 0.4", True)]
)
def test_a_known_dead_band_is_believed(more: str, hidden: bool) -> None:
    time_s, value = set_point(1, 50, 0.0, 0.5)
    value += 0.5 * (np.arange(len(value)) // 500 % 2)
    found = judged(time_s, value, tag("action", more), on_change(value))
    assert found.hidden is hidden
    assert "0.5 C" in found.reason


def test_a_known_dead_band_of_a_measurement_stands_against_its_deviation() -> None:
    time_s, value = coil_temperature(0, days=1)
    assert judged(time_s, value, tag(more="dead_band = 30.0")).hidden
    assert not judged(time_s, value, tag(more="dead_band = 0.3")).hidden


def test_what_never_changes_hides_nothing() -> None:
    time_s = 28800.0 * np.arange(20)
    assert not judged(time_s, np.ones(20), tag("action")).hidden
    assert not judged(time_s, np.ones(20), tag(more="dead_band = 5.0")).hidden


def test_a_slow_drift_is_told_by_few_points() -> None:
    time_s = 28800.0 * np.arange(30)
    assert not judged(time_s, 800 + np.sqrt(time_s), tag()).hidden


def test_laboratory_values_are_rare_and_not_compressed() -> None:
    time_s = 28800.0 * np.arange(30)
    value = np.random.default_rng(0).normal(size=30)
    assert judged(time_s, value, tag()).hidden
    assert not judged(time_s, value, tag(more='laboratory_delay = "4h"')).hidden


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_hardly_any_samples(count: int) -> None:
    time_s = 3600.0 * np.arange(count)
    for of in (tag(), tag("action"), tag(more="dead_band = 1.0")):
        found = judged(time_s, time_s.copy(), of)
        assert not found.hidden
        assert np.isfinite([found.width, found.deviation, found.silence_s]).all()


def test_bad_samples_are_not_compared() -> None:
    time_s = 60.0 * np.arange(400)
    value = np.sin(time_s / 3000)
    good = np.ones(400, bool)
    good[100:200] = False
    dirty = np.where(good, value, 1e30)
    clean = dead_band(tag(), time_s, value, good, 10.0)
    found = dead_band(tag(), time_s, dirty, good, 10.0)
    assert found == clean
    assert found.silence_s == 60
    assert 0 < found.width < 1e-3
