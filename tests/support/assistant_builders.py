"""A small export for the assistant, with Korean names, shifts and a zone that changes its clock."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from shiftwork.agents.agent import Agent
from shiftwork.agents.critic import Critic
from shiftwork.operation.records_seen import RecordsSeen
from shiftwork.records.episodes import Episodes
from shiftwork.records.historian.cut import cut_episodes
from shiftwork.records.historian.grid import to_grid
from shiftwork.records.historian.plant_file.load import load_plant_file
from shiftwork.records.historian.samples import read_samples

ZONE = "Europe/Berlin"
NOW = "2025-10-29T10:30"
PLANT = f"""
name = "heater"
period = "1h"
time_zone = "{ZONE}"
[objective]
expression = "income - fuel_cost"
unit = "$/h"
[shifts.day]
start = "06:00"
stop = "22:00"
[shifts.night]
start = "22:00"
stop = "06:00"
names = ["C조"]
[tags.flow]
source = "FI-101"
role = "observation"
unit = "t/h"
description = "feed flow"
synonyms = ["유량", "원료 유량"]
[tags.cot]
source = "TI-101"
role = "observation"
unit = "C"
description = "outlet temperature"
synonyms = ["출구 온도"]
[tags.skin]
source = "TI-102"
role = "observation"
unit = "C"
synonyms = ["표면 온도"]
[tags.valve]
role = "action"
unit = "%"
bounds = [0, 100]
synonyms = ["밸브"]
[tags.income]
role = "objective"
unit = "$/h"
hold = true
[tags.fuel_cost]
role = "objective"
unit = "$/h"
hold = true
[tags.mode]
role = "state"
max_age = "30d"
[schedule]
[[schedule.furnaces]]
tube = "skin"
limit = 1000
mode = "mode"
cracking = "auto"
"""
SOURCES = {"flow": "FI-101", "cot": "TI-101", "skin": "TI-102", "valve": "valve"}
"""Name in the export of each tag that tests ask about."""


def write_export(folder: Path) -> None:
    """Write export.csv and plant.toml: irregular samples, bad values, silences, ten days."""
    (folder / "plant.toml").write_text(PLANT, encoding="utf-8")
    draw = random.Random(3)
    rows = ["tag,time,value,quality", "mode,2025-10-20T00:00:00Z,auto,192"]
    centre = {
        "FI-101": 50,
        "TI-101": 840,
        "TI-102": 900,
        "valve": 40,
        "income": 300,
        "fuel_cost": 90,
    }
    for tag, middle in centre.items():
        now, course = pd.Timestamp("2025-10-19T12:00:00Z"), 0.0
        while now < pd.Timestamp("2025-10-29T12:00:00Z"):
            course = 0.9 * course + draw.gauss(0, 4)
            quality = 0 if draw.random() < 0.02 else 192
            rows.append(f"{tag},{now.isoformat()},{middle + course:.4f},{quality}")
            now += pd.Timedelta(seconds=draw.choice([60, 180, 300, 900]))
    (folder / "export.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def course(
    path: Path, source: str, start: str, stop: str, straight: bool, oldest_s: float
) -> pd.Series:
    """Compute the course on a grid of seconds, at the middle of each: NaN where nothing is known."""
    rows = pd.read_csv(path)
    rows = rows[rows["tag"] == source]
    time = pd.to_datetime(rows["time"], utc=True, format="ISO8601")
    value = pd.to_numeric(rows["value"]).where(rows["quality"] == 192).to_numpy()
    known = pd.DataFrame({"time": time.dt.as_unit("us"), "value": value})
    known["until"], known["next"] = known["time"].shift(-1), known["value"].shift(-1)
    begin, end = (pd.Timestamp(t, tz=ZONE).tz_convert("UTC") for t in (start, stop))
    middle = pd.date_range(begin, end, freq="1s", inclusive="left").as_unit("us")
    grid = pd.DataFrame({"at": middle + pd.Timedelta("500ms")})
    grid = pd.merge_asof(grid, known, left_on="at", right_on="time")
    age = (grid["at"] - grid["time"]).dt.total_seconds()
    gap = (grid["until"] - grid["time"]).dt.total_seconds()
    line = grid["value"] + (grid["next"] - grid["value"]) * age / gap
    use_line = straight & grid["next"].notna() & (gap <= oldest_s)
    return grid["value"].where(~use_line, line).where(age < oldest_s)


def write_agent(folder: Path, to: Path, critics: bool = True) -> tuple[Agent, Critic, Episodes]:
    """Write an agent of random weights for the export in ``folder``, as learn writes folders."""
    plant = load_plant_file(folder / "plant.toml")
    grid = to_grid(read_samples([folder / "export.csv"], plant), plant)
    records = cut_episodes(grid, plant).episodes
    draw = np.random.default_rng(5)

    def nets(inputs: int, outputs: int, count: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
        sizes = (inputs, 16, 16, outputs)
        weights = [draw.normal(0, 0.6, (count, *pair)) for pair in pairwise(sizes)]
        biases = [draw.normal(0, 0.3, (count, 1, size)) for size in sizes[1:]]
        return [w.astype(np.float32) for w in weights], [b.astype(np.float32) for b in biases]

    inputs = records.observation.shape[1]
    weights, biases = nets(inputs, 1, 1)
    std = records.observation.std(0)
    agent = Agent(
        tuple(w[0] for w in weights),
        tuple(b[0, 0] for b in biases),
        records.observation.mean(0),
        np.where(std > 0, std, 1.0).astype(np.float32),
        np.array([0.2], np.float32),
        np.array([0.6], np.float32),
        records.observation_tags,
        records.action_tags,
    )
    own = nets(inputs + 1, 1, 4)
    critic = Critic(tuple(own[0]), tuple(own[1]), True, 200.0, np.zeros(0, np.float32), 3.0)

    def attach(temporary: Path) -> None:
        RecordsSeen.learn(records).save(temporary)
        if critics:
            critic.save(temporary)

    agent.save(to, card="", attach=attach)
    return agent, critic, records
