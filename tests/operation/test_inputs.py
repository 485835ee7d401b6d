from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from shiftwork.agents.agent import Agent
from shiftwork.errors import UserError
from shiftwork.operation.history import History
from shiftwork.operation.inputs import AgentInput, Inputs
from shiftwork.operation.run import first_due_s
from shiftwork.operation.samples import Sample
from shiftwork.operation.shown import Clock
from shiftwork.records.historian.cut import cut_episodes
from shiftwork.records.historian.grid import to_grid
from shiftwork.records.historian.plant_file.load import parse_plant
from shiftwork.records.historian.samples import Samples, read_samples
from shiftwork.records.tags import Tag

PLANT = """
name = "column"
period = "1min"
[objective]
expression = "top"
[tags.top]
source = "AI1"
role = "observation"
[tags.lab]
source = "LAB1"
role = "observation"
hold = true
laboratory_delay = "3min"
max_age = "20min"
[tags.reflux]
source = "FIC1.SP"
role = "action"
bounds = ["reflux_low", "reflux_high"]
rate = [-1.0, 1.0]
rate_per = "1min"
[tags.reflux_low]
role = "limit"
[tags.reflux_high]
role = "limit"
"""
MINUTE = 60_000_000
BEGIN = 20_000 * 86_400_000_000


def agent(observations, actions):
    count = len(observations)
    rng = np.random.default_rng(2)
    return Agent(
        (rng.normal(size=(count, len(actions))).astype(np.float32),),
        (np.zeros(len(actions), np.float32),),
        np.zeros(count, np.float32),
        np.ones(count, np.float32),
        np.full(len(actions), 0.1, np.float32),
        np.full(len(actions), 0.9, np.float32),
        observations,
        actions,
    )


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_what_is_imported_later_is_what_the_agent_saw_bit_by_bit(tmp_path, zone):
    plant = parse_plant(f'time_zone = "{zone}"\n{PLANT}', Path("column.toml"))
    inputs = Inputs(plant)
    rng = np.random.default_rng(1)
    reflux, lab, seen, read = 5.0, 1.0, [], []
    for i in range(300):
        reflux += float(rng.uniform(-0.9, 0.9))
        if i % 17 == 0:
            lab = float(rng.normal())
        samples = {
            "top": Sample(float(rng.normal()), 2 if i in (50, 51, 52) else int(i == 60)),
            "lab": Sample(lab),
            "reflux": Sample(reflux),
            "reflux_low": Sample(-50.0 + i // 100),
            "reflux_high": Sample(50.0),
        }
        inputs.add(BEGIN + i * MINUTE, samples)
        read.append((BEGIN + i * MINUTE, samples))
        seen.append(inputs.observe(BEGIN + i * MINUTE))
    with closing(History(tmp_path, plant)) as history:
        for stamp_us, samples in read:
            history.add(stamp_us, samples)
        files = history.close_days(BEGIN + 2 * 86_400_000_000)
    grid = to_grid(read_samples(files, plant), plant)
    live = np.array([[row[key] for key in grid.keys] for row in seen])
    # A day's file knows nothing of the day before; past its own start all is equal.
    np.testing.assert_array_equal(live, grid.value)
    assert np.isnan(live[50:53, 0]).all()
    assert np.isnan(live[:3, 1]).all()

    # The same boxes too: the records' columns equal what the agent is given.
    cut = cut_episodes(grid, plant)
    episodes = cut.episodes
    caught = []
    columns = AgentInput(agent(episodes.observation_tags, episodes.action_tags), plant)

    class Catching:
        def act(self, row):
            caught.append(row)
            return np.zeros(1, np.float32)

    object.__setattr__(columns, "agent", Catching())
    whole = [i for i in range(len(seen)) if not any(np.isnan(v) for v in seen[i].values())]
    for i in whole:
        columns.decide(seen[i])
    given = {row.astype(np.float32).tobytes() for row in caught}
    recorded = {row.tobytes() for row in episodes.observation}
    # Only the gap differs, which the importer fills and through which the cycle holds.
    assert len(recorded - given) == 3
    assert len(recorded & given) > 250


def test_an_agent_finds_its_tags_by_key_or_source():
    plant = parse_plant(PLANT, Path("column.toml"))
    both = AgentInput(agent((Tag("AI1"), Tag("lab")), (Tag("FIC1.SP", "", 0, 9),)), plant)
    assert both.needed == {"top", "lab"}
    row = {"top": 1.0, "lab": 2.0, "reflux": 3.0, "reflux_low": 0.0, "reflux_high": 9.0}
    assert both.decide(row).shape == (1,)


@pytest.mark.parametrize(
    ("observations", "actions", "words"),
    [
        ((Tag("pressure"),), (Tag("reflux", "", 0, 9),), "needs a tag 'pressure'"),
        ((Tag("top"),), (Tag("lab", "", 0, 9),), "the agent acts on lab"),
    ],
)
def test_an_agent_of_other_tags_is_refused_in_one_line(observations, actions, words):
    plant = parse_plant(PLANT, Path("column.toml"))
    with pytest.raises(UserError, match=words):
        AgentInput(agent(observations, actions), plant)


def test_a_cycle_in_which_nothing_was_read_knows_nothing():
    plant = parse_plant(PLANT, Path("column.toml"))
    inputs = Inputs(plant)
    inputs.add(BEGIN, {"top": Sample(1.0)})
    assert inputs.observe(BEGIN)["top"] == 1.0
    assert np.isnan(inputs.observe(BEGIN + MINUTE)["top"])


@pytest.mark.parametrize(
    ("zone", "period", "hours_after_midnight"),
    [
        ("UTC", "4h", 0),
        ("Asia/Seoul", "4h", -1),
        ("Asia/Kolkata", "1h", -0.5),
        ("Asia/Seoul", "8h", -1),
    ],
)
def test_whole_periods_are_those_of_the_plants_clock_as_in_the_records(
    zone, period, hours_after_midnight
):
    changed = PLANT.replace('period = "1min"', f'period = "{period}"\ntime_zone = "{zone}"')
    plant = parse_plant(changed.replace('"20min"', '"12h"'), Path("column.toml"))
    inputs = Inputs(plant)
    stamp_us = inputs.stamp_us(BEGIN - 60 * MINUTE)
    inputs.add(stamp_us, {"top": Sample(1.5)})
    assert stamp_us == BEGIN + hours_after_midnight * 60 * MINUTE
    # The first cycle begins there too.
    clock = Clock(lambda: 50.0, lambda: stamp_us - 7_000_000)
    assert first_due_s(clock, plant) == pytest.approx(57.0)
    assert inputs.observe(stamp_us)["top"] == 1.5
    rows = pl.DataFrame(
        [("top", stamp_us, 1.5, 0, None)],
        {
            "tag": pl.Enum(list(plant.tags)),
            "time": pl.Int64,
            "value": pl.Float64,
            "status": pl.UInt8,
            "state": pl.String,
        },
        orient="row",
    ).with_columns(pl.from_epoch("time", "us").dt.replace_time_zone("UTC"))
    grid = to_grid(Samples((rows,)), plant)
    assert grid.time.astype(np.int64).tolist() == [stamp_us]


def test_summer_time_does_not_move_periods_while_a_process_runs():
    plant = parse_plant(
        PLANT.replace('period = "1min"', 'period = "4h"\ntime_zone = "Europe/Berlin"'),
        Path("column.toml"),
    )
    inputs = Inputs(plant)
    before, after = (
        int(datetime(2026, 3, day, 12, tzinfo=UTC).timestamp() * 1e6) for day in (28, 30)
    )
    first = inputs.stamp_us(before)
    assert inputs.stamp_us(after) - first == 2 * 86_400_000_000
