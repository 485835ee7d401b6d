"""The distillation column's records, whole: what its plant file makes of them."""

from pathlib import Path

import numpy as np
import pytest

from shiftwork.records.historian.cut import Cut, cut_episodes
from shiftwork.records.historian.grid import to_grid
from shiftwork.records.historian.plant_file.load import load_plant_file
from shiftwork.records.historian.samples import read_samples

FOLDER = Path(__file__).parents[3] / "examples" / "distillation"


@pytest.fixture(scope="module")
def column() -> Cut:
    plant = load_plant_file(FOLDER / "column.toml")
    return cut_episodes(to_grid(read_samples([FOLDER / "records.csv"], plant), plant), plant)


def seen(column: Cut, name: str) -> np.ndarray:
    names = [tag.name for tag in column.episodes.observation_tags]
    return column.episodes.transitions.observation[:, names.index(name)].astype(np.float64)


def test_no_minute_is_lost(column: Cut) -> None:
    assert column.episodes.statistics.steps == 4367
    assert column.dropped == {"end of the records": 1}
    assert not column.filled
    assert not column.violations
    assert column.episodes.observation.shape[1] == 1 + 2 + 32 + 2
    assert str(column.stamps[0]) == "2025-07-16T12:32:00.000000"


def test_the_box_is_at_most_a_fifth_around_the_reflux(column: Cut) -> None:
    (reflux,) = column.episodes.action_tags
    assert (reflux.low, reflux.high) == (1, 7)
    np.testing.assert_allclose(seen(column, "rr low"), seen(column, "rr") - 0.2, atol=1e-6)
    np.testing.assert_allclose(seen(column, "rr high"), seen(column, "rr") + 0.2, atol=1e-6)


def test_the_reward_is_the_objective_by_hand(column: Cut) -> None:
    purity = seen(column, "x0")
    hand = -seen(column, "rr") - 1000 * np.maximum(0, 0.8 - purity)
    # The mean of a minute lies between its ends, which differ little.
    assert np.abs(column.episodes.reward - hand)[seen(column, "x31") < 0.069].max() < 0.5
    assert np.corrcoef(column.episodes.reward, hand)[0, 1] > 0.99


def test_the_action_is_what_moved_the_distillate(column: Cut) -> None:
    steps = column.episodes.transitions
    names = [tag.name for tag in column.episodes.observation_tags]
    trays = [i for i, name in enumerate(names) if name[0] == "x" or name == "feed_composition"]
    change = (steps.next_observation - steps.observation)[:, names.index("x0")].astype(np.float64)

    def unexplained(*causes: np.ndarray) -> float:
        inputs = np.column_stack([steps.observation[:, trays], *causes]).astype(np.float64)
        inputs = np.column_stack([inputs - inputs.mean(0), np.ones(len(inputs))])
        inputs /= inputs.std(0) + (inputs.std(0) == 0)
        return float((change - inputs @ np.linalg.lstsq(inputs, change, rcond=None)[0]).std())

    assert unexplained(steps.action) < unexplained(seen(column, "rr")) / 3
