import numpy as np
import pytest

from shiftwork.plants.tasks.dmsd import Dmsd
from shiftwork.records.formats.load import load_records


def test_dmsd() -> None:
    """Gao et al. 2025, table 2: 100,000 steps with a normalized return of 56.6."""
    records = load_records("dmsd")
    assert records.length.tolist() == [100] * 1000
    assert not records.terminal.any()
    mean = records.statistics.mean_return
    assert mean == pytest.approx(494.45, abs=0.01)
    assert Dmsd().score.normalized(mean) == pytest.approx(56.6, abs=0.05)


def test_dmsd_has_the_tags_of_its_plant() -> None:
    records = load_records("dmsd")
    assert records.observation_tags == Dmsd().observation
    assert records.action_tags == Dmsd().action


def test_dmsd_is_unchanged() -> None:
    # Published results name this hash.
    assert load_records("dmsd").hash.startswith("5081951476c723d3")


def test_dmsd_episodes_join_up() -> None:
    # Between steps the position moves by time step times velocity; across an end it would jump.
    rows = load_records("dmsd").transitions
    moved = rows.observation[:, :2] + np.float32(0.2) * rows.observation[:, 2:4]
    assert np.abs(moved - rows.next_observation[:, :2]).max() < 1e-6
