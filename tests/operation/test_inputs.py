from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from shiftwork.agents.agent import Agent
from shiftwork.errors import UserError
from shiftwork.operation.history import History
from shiftwork.operation.inputs import AgentInput, Inputs
from shiftwork.operation.samples import Sample
from shiftwork.records.historian.cut import cut_episodes
from shiftwork.records.historian.grid import to_grid
from shiftwork.records.historian.plant_file.load import parse_plant
from shiftwork.records.historian.samples import read_samples
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


def test_what_is_imported_later_is_what_the_agent_saw_bit_by_bit(tmp_path):
    plant = parse_plant(PLANT, Path("column.toml"))
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
