"""The furnace's people: sensible but not best, each in their own way, and readable as an export."""

import json
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

from shiftwork.people.furnace.export import SIGNALS, write_people_export
from shiftwork.people.furnace.people import (
    CREW,
    ROUND,
    hire,
    people_records,
    run_by_people,
    to_episodes,
)
from shiftwork.plants.cracker.furnace_plant import STEP_H, Furnace, read
from shiftwork.plants.cracker.standard import against_standard, standard_margin
from shiftwork.plants.run import Trajectory, run
from shiftwork.records.historian.cut import cut_episodes
from shiftwork.records.historian.grid import to_grid
from shiftwork.records.historian.plant_file.load import load_plant_file
from shiftwork.records.historian.samples import read_samples
from shiftwork.records.tags import box

PLANT = Furnace(horizon=1080)
COPIES = 8


@cache
def lived() -> Trajectory:
    """Half a year of eight furnaces."""
    return run_by_people(PLANT, jax.random.key(0), COPIES)


def test_persons_differ_and_crews_differ():
    crews = jax.vmap(hire)(jax.random.split(jax.random.key(0), 50))
    for name, trait in crews._asdict().items():
        assert trait.shape == (50, CREW)
        assert np.asarray(trait).std() > 0, name
    habit = np.asarray(crews.cot_habit_c)
    assert 3 < habit.std() < 12


def test_set_points_keep_their_limits_and_are_round():
    low, high = box(PLANT.action, "furnace")
    done = np.asarray(lived().action)
    assert (done >= low).all()
    assert (done <= high).all()
    moved = np.diff(done[..., :3], axis=0) != 0
    parts = done[1:, :, :3] / ROUND
    off = np.abs(parts - np.round(parts))[moved]
    # Only a slip from a set-point that was taken over from the panel is not round.
    assert (off < 0.02).mean() > 0.97


def test_people_are_slow_but_not_asleep():
    moved = (np.diff(np.asarray(lived().action)[..., 1], axis=0) != 0).mean()
    assert 0.05 < moved < 0.6


def test_set_points_vary_enough_to_learn_from():
    spread = np.asarray(lived().action).reshape(-1, 4).std(0)
    assert (spread > [3.0, 6.0, 0.02, 3.0]).all()


def test_runs_last_as_long_as_runs_do_and_no_tube_burns():
    assert not lived().info["violation"].any()
    decokes = int((lived().info["decoke_kusd"] > 0).sum())
    days = COPIES * PLANT.horizon * STEP_H / 24
    assert 35 < days / decokes < 90


def test_the_same_key_gives_the_same_market_whoever_acts():
    other = jax.jit(lambda key: run(PLANT, Fixed(), key, COPIES))(jax.random.key(0))
    prices = slice(11, 16)
    assert np.array_equal(
        np.asarray(other.observation)[..., prices], np.asarray(lived().observation)[..., prices]
    )
    assert not np.array_equal(np.asarray(other.action), np.asarray(lived().action))


class Fixed:
    """Never moves anything."""

    def begin(self, key):
        return jnp.zeros(())

    def act(self, memory, observation, key):
        return memory, jnp.array([47.0, 840.0, 0.5, 1085.0])


def test_people_cut_feed_in_a_bad_market():
    seen, done = lived().observation[:-1], lived().action
    panel = read(seen)
    usual = np.asarray(standard_margin(PLANT.design, panel.piona, panel.leaders))
    bad, good = usual < -8, usual > 12
    assert bad.sum() > 200
    assert done[..., 0][bad].mean() < done[..., 0][good].mean() - 8


def test_episodes_hold_what_was_lived():
    records = people_records(PLANT, jax.random.key(0), COPIES)
    assert records.length.tolist() == [PLANT.horizon] * COPIES
    assert not records.terminal.any()
    rows = PLANT.horizon + 1
    third = records.observation[3 * rows : 4 * rows]
    assert np.array_equal(third, np.asarray(lived().observation)[:, 3])
    assert records.reward.sum() == pytest.approx(float(lived().reward.sum()), rel=1e-4)


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    """Two copies written and read back."""
    folder = tmp_path_factory.mktemp("export")
    two = jax.tree.map(lambda x: x[:, :2], lived())
    write_people_export(PLANT, two, folder)
    plant = load_plant_file(folder / "furnace-simulated.toml")
    grid = to_grid(read_samples([folder / "furnace-simulated.parquet"], plant), plant)
    return folder, plant, grid


def test_the_export_says_that_it_is_simulated(export):
    folder, plant, _ = export
    metadata = pq.read_metadata(folder / "furnace-simulated.parquet").metadata
    assert b"simulated" in metadata
    assert "simulated" in plant.name
    first = (folder / "furnace-simulated.toml").read_text(encoding="utf-8").splitlines()[0]
    assert "Simulated" in first


def test_the_export_looks_like_a_historians(export):
    frame = pl.read_parquet(export[0] / "furnace-simulated.parquet")
    assert frame.columns == ["time", "tag", "value", "quality"]
    assert set(frame["quality"].unique()) == {"Good", "Bad"}
    assert {"CRACK", "DECOKE"} <= set(frame.filter(pl.col("tag") == "F101.MODE")["value"])
    # The pyrometer is noisy, so most of it is kept; a steady flow is not.
    scans = 2 * PLANT.horizon * STEP_H
    kept = frame["tag"].value_counts()
    count = dict(zip(kept["tag"], kept["count"], strict=True))
    assert count["F101.FIC01.PV"] < 0.7 * scans < count["F101.TI90.PV"] * 2


def test_the_grid_is_what_the_plant_did(export):
    _, _, grid = export
    steps = PLANT.horizon + 1
    for column, signal in enumerate(SIGNALS):
        values = grid.value[:steps, grid.keys.index(signal.key)]
        truth = np.asarray(lived().observation)[:, 0, column]
        known = np.isfinite(values)
        assert known.mean() > 0.9, signal.key
        off = np.abs(values - truth)[known]
        # Held values are at most two hours old on a straight line between two steps.
        stale = 0.5 * np.abs(np.diff(truth, prepend=truth[:1]))[known]
        slack = 1e-4 * np.abs(truth[known]) + 1e-4
        allowed = 3 * signal.dead_band + slack + (stale if signal.kind == "measured" else 0)
        # A failed instrument is known anew before it is scanned again, so rarely more.
        assert (off > allowed).mean() < 0.01, (signal.key, off.max())


def test_episodes_of_the_export_have_the_same_actions_and_rewards(export):
    _, plant, grid = export
    cut = cut_episodes(grid, plant)
    records = against_standard(to_episodes(PLANT, jax.tree.map(lambda x: x[:, :1], lived())),
                               PLANT.design)  # fmt: skip
    length = int(cut.episodes.length[0])
    assert length >= 100
    start = int((cut.stamps[0] - grid.time[0]) / np.timedelta64(STEP_H, "h"))
    here = slice(start, start + length)
    assert np.allclose(cut.episodes.action[:length], records.action[here], rtol=1e-5)
    assert np.allclose(cut.episodes.reward[:length], records.reward[here], atol=2e-3)
    names = json.dumps([tag.name for tag in cut.episodes.observation_tags])
    for account in ("margin", "standard", "provision"):
        assert account not in names
